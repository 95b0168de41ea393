// Whether an artifact is signed as an object asks: by one of some keys, or by an identity (source-controller 1.9 over
// cosign 3). Throws when it is not; then nothing of the artifact may be used.

import type { KeyObject } from "node:crypto";
import type { TrustedRoot } from "@sigstore/protobuf-specs";
import { ociFault } from "./faults.ts";
import { isSignedBy } from "./keyed-signatures.ts";
import { compileIdentities, type Identity, whyNotSigned } from "./keyless-signatures.ts";
import type { Repository } from "./reference.ts";
import type { Registry, RegistryCall } from "./registry.ts";
import { findSignatures, nameOfSigned } from "./signatures.ts";

/** Whose signatures count. */
export type Trust =
  | { is: "keys"; keys: readonly KeyObject[] }
  | { is: "identities"; root: TrustedRoot; identities: readonly Identity[] };

/** Throws Faults `oci-signature-absent`, `oci-signature-invalid`. */
export async function verifyCosign(
  registry: Registry,
  what: { signed: Repository & { digest: string }; trust: Trust },
  call: RegistryCall,
): Promise<void> {
  const { signed, trust } = what;
  const identities = trust.is === "identities" ? compileIdentities(trust.identities) : [];
  const found = await findSignatures(registry, signed, call);
  const at = nameOfSigned(signed);
  if (found.bundles.length + found.legacy.length === 0)
    throw ociFault({
      code: "oci-signature-absent",
      disposition: "retry",
      at,
      message: "no signatures found",
      hint: "sign the artifact with `cosign sign`",
    });
  const why =
    trust.is === "identities"
      ? whyNotSigned(found, signed.digest, { root: trust.root, identities })
      : trust.keys.some((key) => isSignedBy(key, found, signed.digest))
        ? undefined
        : "none is by a key in the Secret";
  if (why === undefined) return;
  throw ociFault({
    code: "oci-signature-invalid",
    disposition: "retry",
    at,
    message: "no matching signatures were found",
    hint: "check `verify`, and who signed the artifact",
    cause: new Error(why),
  });
}
