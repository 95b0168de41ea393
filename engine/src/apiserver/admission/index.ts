// Rules on writes that look beyond one kind, in the order of kube-apiserver's plugins.

export { creationDefaults } from "./defaults.ts";
export { devices } from "./devices.ts";
export type { Sources } from "./expressions.ts";
export { mutatingPolicies } from "./mutations.ts";
export { validatingPolicies } from "./policies.ts";
export { webhooks } from "./webhooks.ts";
export { limitRanges } from "./limit-ranges.ts";
export { podAccounts, podPriorities, podRuntimes, podTolerations } from "./pods.ts";
export { quotas } from "./quotas.ts";
