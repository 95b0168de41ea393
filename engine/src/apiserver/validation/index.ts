// What is wrong with objects of Kubernetes' own kinds.

export { validateBuiltin } from "./builtin.ts";
