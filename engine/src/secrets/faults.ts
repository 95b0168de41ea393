// What can go wrong with encrypted content. No message carries a value, decrypted or not.

import { Fault, type FaultOptions } from "#kernel";

export type SecretsFaultCode =
  | "sops-invalid"
  | "sops-key-missing"
  | "sops-value-undecryptable"
  | "sops-mac-mismatch"
  | "sops-too-large"
  | "key-invalid"
  | "key-unsupported"
  | "key-service-refused"
  | "key-service-unreachable";

export class SecretsFault extends Fault<SecretsFaultCode> {
  constructor(options: FaultOptions<SecretsFaultCode>) {
    super(options);
  }
}

/** A key as a message may show it: in a damaged file a value can stand where a key should. */
export function shownKey(key: string): string {
  return /^[A-Za-z0-9_.-]{1,64}$/.test(key) ? key : "…";
}

/** A file that SOPS did not write, or that was damaged since. */
export function invalidFile(message: string, cause?: unknown): SecretsFault {
  return new SecretsFault({
    code: "sops-invalid",
    disposition: "stall",
    message,
    hint: "encrypt the file again with sops",
    ...(cause === undefined ? {} : { cause }),
  });
}
