// What keeps a cluster alive beside its API: garbage collection, namespaces, aggregation of roles, expiry.

export { type LifeOptions, startLife } from "./life.ts";
export { type Labels, matchesRequirement, matchesSelector, type Selector } from "./selector.ts";
