// Scripts written by hand for what random ones do not reach: admission policies and webhooks, access, tokens, quotas, data in base64,
// parts of pods, definitions that change, versions of lists and watches.

import { accessScripts } from "./access-scripts.ts";
import { policyScripts } from "./policy-scripts.ts";
import { bodyScripts } from "./body-scripts.ts";
import { cornerScripts } from "./corner-scripts.ts";
import { deviceScripts } from "./device-scripts.ts";
import { escalationScripts } from "./escalation-scripts.ts";
import { expressionScripts } from "./expression-scripts.ts";
import { ownershipScripts } from "./ownership-scripts.ts";
import { podMeaningScripts } from "./pod-meaning-scripts.ts";
import { podPartScripts } from "./pod-part-scripts.ts";
import type { Script } from "./steps.ts";
import { schemaScripts } from "./schema-scripts.ts";
import { statusScripts } from "./status-scripts.ts";
import { versionScripts } from "./version-scripts.ts";
import { webhookUrlScripts } from "./webhook-url-scripts.ts";

export const handScripts: readonly Script[] = [...policyScripts, ...accessScripts, ...bodyScripts, ...deviceScripts, ...cornerScripts, ...ownershipScripts, ...escalationScripts, ...expressionScripts, ...podPartScripts, ...podMeaningScripts, ...versionScripts, ...schemaScripts, ...webhookUrlScripts, ...statusScripts];
