// What a release may be called, and which labels its user may give it.

import type { ApplyFlags } from "./contract.ts";
import { releaseFault } from "./faults.ts";
import { releaseNameLengthMost } from "./limits.ts";
import { systemLabels } from "./record.ts";

const namePattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

export function checkName(name: string, before = ""): void {
  if (name.length <= releaseNameLengthMost && namePattern.test(name)) return;
  throw releaseFault(
    "release-name",
    `${before}release name ${JSON.stringify(name)}: invalid release name, must match regex ${namePattern.source} and the length must not be longer than ${releaseNameLengthMost}`,
  );
}

/** Labels of Helm's own are refused. */
export function checkLabels(labels: ApplyFlags["labels"]): void {
  if (Object.keys(labels ?? {}).some((key) => systemLabels.includes(key)))
    throw releaseFault(
      "release-options",
      `user supplied labels contains system reserved label name. System labels: [${systemLabels.join(" ")}]`,
    );
}
