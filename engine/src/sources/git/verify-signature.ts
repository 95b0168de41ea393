// Whether a commit or tag was signed by somebody trusted.

import { verifyPgpSignature } from "./pgp-signature.ts";
import type { SignedObject } from "./signed-object.ts";
import { parseSshSigners, type Verdict, verifySshSignature } from "./ssh-signature.ts";

/** Key texts of a Secret: armored key rings, and lines of SSH public keys. */
export type TrustedKeys = { pgp: readonly string[]; ssh: readonly string[] };

/** The key that signed, or why the object counts as unsigned. `now` is milliseconds. */
export async function verifySignature(signed: SignedObject, keys: TrustedKeys, now: number): Promise<Verdict> {
  const signature = signed.signature.trim();
  if (signature === "") return { why: "it is not signed" };
  const problems: string[] = [];
  const verdict = await verdictOf({ ...signed, signature }, keys, { now, problems });
  if ("key" in verdict || problems.length === 0) return verdict;
  return { why: `${verdict.why} (${[...new Set(problems)].join(", ")})` };
}

async function verdictOf(
  { signature, payload }: SignedObject,
  keys: TrustedKeys,
  { now, problems }: { now: number; problems: string[] },
): Promise<Verdict> {
  if (signature.startsWith("-----BEGIN PGP SIGNATURE-----")) {
    if (keys.pgp.length === 0) return { why: "it has a PGP signature, and the Secret has no key that ends in .asc" };
    return verifyPgpSignature(signature, payload, keys.pgp, { now, problems });
  }
  if (signature.startsWith("-----BEGIN SSH SIGNATURE-----")) {
    if (keys.ssh.length === 0)
      return { why: "it has an SSH signature, and the Secret has no key that ends in .sshpub" };
    const signers = keys.ssh.flatMap((text) => parseSshSigners(text, problems));
    return verifySshSignature(signature, payload, signers, now);
  }
  if (signature.startsWith("-----BEGIN SIGNED MESSAGE-----")) return { why: "X.509 signatures are not accepted" };
  return { why: "its signature is of an unknown kind" };
}
