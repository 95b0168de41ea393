// Who asks and what they may do.

export { fixedToken, identityOf, type TokenReader } from "./authenticator.ts";
export { bootstrapRoles } from "./bootstrap.ts";
export { escalation } from "./escalation.ts";
export { impersonated } from "./impersonation.ts";
export { type PolicyRule, Rbac, type Verdict } from "./rbac.ts";
export { reviewHandlers } from "./reviews.ts";
export { ServiceAccountTokens } from "./service-accounts.ts";
