// Custom resources: what their definitions add to the server.

export { compareVersions, type Definition } from "./definition.ts";
export { cleanupFinalizer, Definitions } from "./definitions.ts";
