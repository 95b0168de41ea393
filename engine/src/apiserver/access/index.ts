// Who asks and what they may do.

export { anonymous, fixedToken, identityOf, type TokenReader } from "./authenticator.ts";
export { impersonated } from "./impersonation.ts";
