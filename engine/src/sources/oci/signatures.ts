// Where cosign puts signatures: bundles that refer to the manifest (cosign 3), or the layers of the tag `sha256-….sig`
// (cosign 2 and before). https://github.com/sigstore/cosign/blob/main/specs

import type { Descriptor } from "./manifest.ts";
import { signatureMost, signaturesMost } from "./limits.ts";
import { byDigest, formatReference, type Repository } from "./reference.ts";
import type { Registry, RegistryCall } from "./registry.ts";

/** A signature over a payload that names the manifest's digest. */
export type LegacySignature = { payload: Buffer; annotations: { [key: string]: string } };

export type FoundSignatures = {
  /** Sigstore bundles as JSON texts; where there are any, nothing else counts, as in Flux. */
  bundles: readonly Buffer[];
  legacy: readonly LegacySignature[];
};

type Signed = Repository & { digest: string };

const bundleType = "application/vnd.dev.sigstore.bundle";
const payloadType = "application/vnd.dev.cosign.simplesigning.v1+json";

export async function findSignatures(registry: Registry, signed: Signed, call: RegistryCall): Promise<FoundSignatures> {
  const bundles = await findBundles(registry, signed, call);
  return bundles.length > 0 ? { bundles, legacy: [] } : { bundles, legacy: await findLegacy(registry, signed, call) };
}

async function findBundles(registry: Registry, signed: Signed, call: RegistryCall): Promise<Buffer[]> {
  const referrers = await registry.referrers(signed, call);
  // A registry's list may leave the type out: then the manifest tells it.
  const candidates = referrers.filter((each) => each.artifactType === "" || each.artifactType.startsWith(bundleType));
  const bundles: Buffer[] = [];
  for (const candidate of candidates.slice(0, signaturesMost)) {
    const fetched = await registry.manifest(byDigest(signed, candidate.digest), call);
    if (!("manifest" in fetched)) continue;
    const layer = fetched.manifest.layers.find((each) => each.mediaType.startsWith(bundleType));
    if (layer === undefined) continue;
    bundles.push(await registry.blobBytes(signed, { descriptor: layer, sizeMost: signatureMost }, call));
  }
  return bundles;
}

async function findLegacy(registry: Registry, signed: Signed, call: RegistryCall): Promise<LegacySignature[]> {
  const { registry: host, name, isInsecure, digest } = signed;
  const tag = `${digest.replace(":", "-")}.sig`;
  const fetched = await registry.manifestIfAny({ registry: host, name, isInsecure, tag }, call);
  const layers = fetched !== undefined && "manifest" in fetched ? fetched.manifest.layers : [];
  const read = async (layer: Descriptor): Promise<LegacySignature> => ({
    payload: await registry.blobBytes(signed, { descriptor: layer, sizeMost: signatureMost }, call),
    annotations: layer.annotations,
  });
  return Promise.all(
    layers
      .filter((each) => each.mediaType === payloadType)
      .slice(0, signaturesMost)
      .map(read),
  );
}

/** Whether the payload that was signed is about this very manifest. */
export function isPayloadOf(payload: Buffer, digest: string): boolean {
  try {
    const { critical } = JSON.parse(payload.toString("utf8")) as {
      critical?: { type?: string; image?: { "docker-manifest-digest"?: string } };
    };
    const isSignature =
      critical?.type === "cosign container image signature" || critical?.type === "atomic container signature";
    return isSignature && critical?.image?.["docker-manifest-digest"] === digest;
  } catch {
    return false;
  }
}

/** Whether the in-toto statement that was signed is about this very manifest. */
export function isStatementOf(payloadType: string, payload: Buffer, digest: string): boolean {
  if (payloadType !== "application/vnd.in-toto+json") return false;
  try {
    const { _type, subject } = JSON.parse(payload.toString("utf8")) as {
      _type?: string;
      subject?: { digest?: { [algorithm: string]: string } }[];
    };
    const [algorithm = "", hex = ""] = digest.split(":");
    const isStatement = _type?.startsWith("https://in-toto.io/Statement/") === true;
    return isStatement && (subject ?? []).some((each) => each.digest?.[algorithm] === hex);
  } catch {
    return false;
  }
}

export function nameOfSigned(signed: Signed): string {
  return formatReference(signed);
}
