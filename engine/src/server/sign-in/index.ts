// Signing in to the console by OpenID Connect.

export { SignIn } from "./desk.ts";
export type { SignInCode } from "./faults.ts";
export type { OidcOptions } from "./oidc.ts";
