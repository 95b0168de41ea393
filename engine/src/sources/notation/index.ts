// Signatures of the Notary Project: envelopes in a registry, judged by a trust policy document and trusted certificates.

export type { NotationFaultCode } from "./faults.ts";
export { parseTrustPolicy, type TrustPolicyDocument } from "./trust-policy.ts";
export { type NotationOutcome, type NotationTrust, parseCertificates, verifyNotation } from "./verify.ts";
