// Rules on writes that look beyond one kind, in the order of kube-apiserver's plugins.

export { creationDefaults } from "./defaults.ts";
export type { Sources } from "./expressions.ts";
export { validatingPolicies } from "./policies.ts";
export { type PostReview, webhooks } from "./webhooks.ts";
export { podAccounts, podPriorities, podTolerations } from "./pods.ts";
