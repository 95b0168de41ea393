// The built-in kinds: what is served and each kind's own rules.

export { builtinServed } from "./builtins.ts";
export { serviceAddresses } from "./service-addresses.ts";
