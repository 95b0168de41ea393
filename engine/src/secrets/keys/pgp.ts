// PGP private keys, armored and without a passphrase, as Flux takes them from a Secret. RFC 9580.

import { faultFrom } from "#kernel";
import { SecretsFault } from "../faults.ts";
import type { PrivateKey } from "openpgp";

/** The private keys of an armored text, which may hold several blocks. `name` is the Secret's key, for messages. */
export async function parsePgpKeys(armored: string, name: string): Promise<PrivateKey[]> {
  const { readPrivateKeys } = await import("openpgp");
  const blocks = armored.match(/-----BEGIN PGP PRIVATE KEY BLOCK-----[\s\S]*?-----END PGP PRIVATE KEY BLOCK-----/g);
  if (blocks === null) throw invalidKey(name, "holds no armored PGP private key");
  const keys: PrivateKey[] = [];
  for (const block of blocks) {
    try {
      keys.push(...(await readPrivateKeys({ armoredKeys: block })));
    } catch {
      throw invalidKey(name, "holds a PGP private key that cannot be read");
    }
  }
  for (const key of keys) if (!key.isDecrypted()) throw invalidKey(name, "holds a PGP private key with a passphrase");
  return keys;
}

function invalidKey(at: string, message: string): SecretsFault {
  return new SecretsFault({
    code: "key-invalid",
    disposition: "stall",
    at,
    message,
    hint: "export it with `gpg --armor --export-secret-keys`, from a key without passphrase",
  });
}

/** Opens an armored PGP message with any of the keys. */
export async function unwrapWithPgp(enc: string, keys: readonly PrivateKey[]): Promise<Uint8Array> {
  if (keys.length === 0) throw noMatch("no PGP private key is at hand");
  const { decrypt, readMessage } = await import("openpgp");
  try {
    const message = await readMessage({ armoredMessage: enc });
    const options = { message, decryptionKeys: [...keys], format: "binary" as const, expectSigned: false };
    const { data } = await decrypt(options);
    return data as Uint8Array;
  } catch (thrown) {
    const { message } = faultFrom(thrown);
    const isOther = /session key|decryption key|No decryption|none of the/i.test(message);
    throw noMatch(
      isOther ? "none of the PGP keys at hand fits" : "the wrapped key is damaged, or no PGP key at hand fits",
    );
  }
}

function noMatch(message: string): SecretsFault {
  return new SecretsFault({ code: "sops-key-missing", disposition: "stall", message });
}
