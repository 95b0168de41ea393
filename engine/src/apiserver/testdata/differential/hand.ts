// Scripts written by hand for what random ones do not reach: admission policies and webhooks, access, tokens, quotas, data in base64.

import { accessScripts } from "./access-scripts.ts";
import { policyScripts } from "./policy-scripts.ts";
import { bodyScripts } from "./body-scripts.ts";
import { expressionScripts } from "./expression-scripts.ts";
import type { Script } from "./steps.ts";

export const handScripts: readonly Script[] = [...policyScripts, ...accessScripts, ...bodyScripts, ...expressionScripts];
