// Encrypted files and the keys that open them.

export { SecretsFault, type SecretsFaultCode } from "./faults.ts";
export { encryptedFileMost } from "./limits.ts";
