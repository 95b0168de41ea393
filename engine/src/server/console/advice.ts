// What a condition means and what to do about it, in plain words. Where nothing need be done, nothing is said.

import type { Condition } from "#kernel";

/** By reason, where Ready is not True, or for conditions that stand only when something is to be done. */
const advices: Readonly<Record<string, string>> = {
  ArtifactFailed: "The source could not be read. Look at the source's own page: its condition says why.",
  BuildFailed:
    "What is in Git cannot be built. Mend the file that the message names and commit; nothing was changed in the cluster.",
  ReconciliationFailed:
    "The cluster refused something. The message names the object and the field; mend it in Git, or ask who guards that rule.",
  HealthCheckFailed:
    "It was applied, but did not become healthy. Open the objects marked as degraded or progressing, and look at their events.",
  PruneFailed:
    "Something that left Git could not be deleted. Often a finalizer waits for its controller: look at the object that is named.",
  DependencyNotReady: "It waits for another delivery. Mend that one; this one follows by itself.",
  DependencyCycle: "These deliveries wait for each other. Remove one of their dependsOn entries.",
  GitOperationFailed:
    "The repository could not be read. Is the address right, the server up, and the key or token still valid?",
  AuthenticationFailed: "The server refused the credentials. Renew the Secret that the source names.",
  URLInvalid: "The address is not one that can be read. Correct spec.url.",
  DecryptionFailed: "An encrypted file could not be opened. Is the key in the Secret that the delivery names?",
  DriftDetected:
    "Somebody changed this in the cluster. Heal it to put back what Git says, or accept it to keep what runs.",
  ApprovalRequired: "A revision waits for somebody's word. Look at its plan, then approve it.",
  FreezeWindow:
    "Nothing new is applied in this window. It goes on by itself; approving the revision applies it before.",
  PruneLimitExceeded:
    "This revision would delete more than is allowed at once. Look at its plan; approve it if that is meant.",
  Paused: "Somebody paused it. Remove the annotation keelson.dev/pause to go on.",
  Pinned: "It is held at an earlier revision. Take the pin away to follow the source again.",
  StorageOperationFailed: "The fetched content could not be stored. Is the disk full?",
  VerificationError: "A signature is missing or wrong. Nothing unsigned is served; sign the commit or the artifact.",
  InvalidChartReference: "There is no such chart or version. Check the chart's name and version range.",
  ChartPullError: "The chart could not be fetched. Look at the chart's and the repository's pages.",
  InstallFailed:
    "The release could not be installed. The message says which object failed; mend the chart or its values.",
  UpgradeFailed:
    "The release could not be upgraded. The message says which object failed; mend the chart or its values.",
  RollbackFailed: "The last good release could not be put back. Look at the events of its objects.",
  TestFailed: "A test of the release failed. Look at the test Pod's log.",
  Progressing: "Work is going on. Nothing need be done.",
  ProgressingWithRetry: "The last try failed; it is tried again by itself.",
};

/** What to do about a condition; "" where nothing need be done. */
export function adviceFor({ type, status, reason }: Pick<Condition, "type" | "status" | "reason">): string {
  const isGood = type === "Ready" || type === "Healthy" || type === "SourceVerified" || type === "ArtifactInStorage";
  if (isGood ? status === "True" : status !== "True") return "";
  if (isGood && status === "Unknown") return "Work is going on. Nothing need be done.";
  const found = Object.hasOwn(advices, reason) ? advices[reason] : undefined;
  if (found !== undefined) return found;
  if (type === "Stalled") return "Trying again would not help: its spec must change. The message says what is wrong.";
  return isGood ? "Look at the message, and at the events below." : "";
}
