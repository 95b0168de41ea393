// The server's own certificates and secrets.

export { loadIdentity, type ServerIdentity } from "./identity-files.ts";
