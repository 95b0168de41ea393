// Keys that open what SOPS encrypted: age, PGP, and the key services of clouds and Vault.

export { type AskHttp, askOverNetwork, type HttpAnswer, type HttpQuestion } from "./http.ts";
export { type KeyData, keyedHash, Keyring, type KeyringOptions, openKeyring } from "./keyring.ts";
export type { AccountTokens, CloudServices as KeyServices } from "#clouds";
