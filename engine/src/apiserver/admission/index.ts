// Rules on writes that look beyond one kind, in the order of kube-apiserver's plugins.

export { creationDefaults } from "./defaults.ts";
export { podAccounts, podPriorities, podTolerations } from "./pods.ts";
