// OpenPGP signatures over commits and tags. The library is loaded when the first one is checked. Beyond what it checks
// itself, the signing key must be valid now, not only when it signed: a key revoked or expired since is not trusted.

import type { PublicKey } from "openpgp";
import { pgpKeysMost } from "./limits.ts";
import type { Verdict } from "./ssh-signature.ts";

const keyBlock = /-----BEGIN PGP PUBLIC KEY BLOCK-----[\s\S]*?-----END PGP PUBLIC KEY BLOCK-----/g;

/** Checks a detached signature with the keys of armored key rings; `problems` gathers rings that cannot be read. */
export async function verifyPgpSignature(
  signature: string,
  payload: Buffer,
  rings: readonly string[],
  { now, problems }: { now: number; problems: string[] },
): Promise<Verdict> {
  const openpgp = await import("openpgp");
  const keys: PublicKey[] = [];
  for (const ring of rings) {
    const blocks = ring.match(keyBlock) ?? [];
    if (blocks.length === 0) problems.push("a key ring is not armored");
    for (const armoredKeys of blocks) {
      const read = await openpgp.readKeys({ armoredKeys }).catch(() => undefined);
      if (read === undefined) problems.push("a key ring cannot be read");
      else keys.push(...read.map((key) => key.toPublic()));
    }
    if (keys.length > pgpKeysMost) return { why: `more than ${pgpKeysMost} PGP keys are given` };
  }
  let parsed: Awaited<ReturnType<typeof openpgp.readSignature>>;
  try {
    parsed = await openpgp.readSignature({ armoredSignature: signature });
  } catch {
    return { why: "the PGP signature is damaged" };
  }
  const date = new Date(now);
  const message = await openpgp.createMessage({ binary: new Uint8Array(payload) });
  const { signatures } = await openpgp.verify({
    message,
    signature: parsed,
    verificationKeys: keys,
    date,
    format: "binary",
  });
  let why = "it carries no PGP signature";
  for (const each of signatures) {
    const key = keys.find((candidate) => candidate.getKeys(each.keyID).length > 0);
    const problem =
      key === undefined
        ? `it was signed with the PGP key ${hex(each.keyID)}, which is not among the trusted ones`
        : await problemOf(key, each, date);
    if (problem === undefined && key !== undefined) return { key: hex(key.getKeyID()) };
    why = problem ?? why;
  }
  return { why };
}

type Checked = { keyID: Parameters<PublicKey["getKeys"]>[0]; verified: Promise<unknown> };

/** undefined: the signature is good and its key is to be trusted now. */
async function problemOf(key: PublicKey, signature: Checked, date: Date): Promise<string | undefined> {
  const name = signature.keyID === undefined ? hex(key.getKeyID()) : hex(signature.keyID);
  // The state of the key first: a revoked key's signature fails in the library too, with less to say.
  if (await key.isRevoked(undefined, undefined, date)) return `the PGP key ${hex(key.getKeyID())} is revoked`;
  const expires = await key.getExpirationTime().catch(() => null);
  if (expires instanceof Date && expires <= date) return `the PGP key ${hex(key.getKeyID())} has expired`;
  try {
    await key.getSigningKey(signature.keyID, date);
  } catch (error) {
    return `the PGP key ${name} may not sign: ${messageOf(error)}`;
  }
  try {
    await signature.verified;
    return undefined;
  } catch (error) {
    return `the PGP signature by the key ${name} is not good: ${messageOf(error)}`;
  }
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/^Error: /, "").slice(0, 200);
}

function hex(id: { toHex(): string } | undefined): string {
  return (id?.toHex() ?? "").toUpperCase();
}
