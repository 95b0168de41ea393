// age identities: X25519 and the post-quantum hybrid ones, one a line. https://age-encryption.org/v1

import { faultFrom } from "#kernel";
import { SecretsFault } from "../faults.ts";

const known = /^AGE-SECRET-KEY-(PQ-)?1[A-Z0-9]+$/;

/** The identities of a key file; empty lines and comments are left out. `name` is the Secret's key, for messages. */
export async function parseAgeIdentities(text: string, name: string): Promise<string[]> {
  const { Decrypter } = await import("age-encryption");
  const lines = text.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("#"));
  const decrypter = new Decrypter();
  lines.forEach((line, index) => {
    const at = `${name}, identity ${index + 1}`;
    if (!known.test(line)) throw unreadable(line, at);
    try {
      decrypter.addIdentity(line);
    } catch {
      throw unreadable(line, at);
    }
  });
  return lines;
}

function unreadable(line: string, at: string): SecretsFault {
  const isPlugin = line.startsWith("AGE-PLUGIN-");
  const isSsh = line.startsWith("-----BEGIN");
  const what = isPlugin ? "an age plugin's identity" : "an SSH key";
  return new SecretsFault({
    code: isPlugin || isSsh ? "key-unsupported" : "key-invalid",
    disposition: "stall",
    at,
    message: isPlugin || isSsh ? `is ${what}, which cannot be used here` : "is no age identity",
    hint: "make one with `age-keygen`; it begins with AGE-SECRET-KEY-1",
  });
}

/** Opens an armored age file with any of the identities. */
export async function unwrapWithAge(
  enc: string,
  identities: readonly string[],
  recipient: string,
): Promise<Uint8Array> {
  if (identities.length === 0) throw noMatch("no age identity is at hand");
  if (/^age1(?!pq1)[^1]*1/.test(recipient)) throw noMatch("is for an age plugin, which cannot be used here");
  const { Decrypter, armor } = await import("age-encryption");
  const decrypter = new Decrypter();
  try {
    for (const identity of identities) decrypter.addIdentity(identity);
    return await decrypter.decrypt(armor.decode(enc));
  } catch (thrown) {
    const { message } = faultFrom(thrown);
    if (/no identity matched/i.test(message)) throw noMatch("none of the age identities at hand fits");
    // The library's own messages may quote what it read.
    throw noMatch("the wrapped key is damaged, or an age identity is");
  }
}

function noMatch(message: string): SecretsFault {
  return new SecretsFault({ code: "sops-key-missing", disposition: "stall", message });
}
