// Keys that open what SOPS encrypted: age, PGP, and the key services of clouds and Vault.

export type { AwsCredentials, AwsIdentity } from "./aws.ts";
export { presign as presignForAws, sign as signForAws } from "./aws.ts";
export { awsAccountIdentity, awsOwnIdentity } from "./aws-identity.ts";
export type { AzureIdentity } from "./azure.ts";
export { azureAccountIdentity, azureOwnIdentity } from "./azure-identity.ts";
export type { GcpIdentity } from "./gcp.ts";
export { gcpAccountIdentity, gcpOwnIdentity } from "./gcp-identity.ts";
export { askForJson, type AskHttp, askOverNetwork, type HttpAnswer, type HttpQuestion } from "./http.ts";
export { type KeyData, keyedHash, Keyring, type KeyringOptions, openKeyring } from "./keyring.ts";
export type { AccountTokens, KeyServices } from "./services.ts";
