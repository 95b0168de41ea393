// OCI registries: names, credentials, tags, manifests, layers, signatures.

export { type Trust, verifyCosign } from "./cosign.ts";
export type { OciFaultCode } from "./faults.ts";
export { parsePublicKey } from "./keyed-signatures.ts";
export type { Identity } from "./keyless-signatures.ts";
export { type Credentials, Keychain, parseDockerConfig, soleLogin } from "./keychain.ts";
export { type Descriptor, type Index, type Manifest, manifestForPlatform } from "./manifest.ts";
export {
  byDigest,
  formatReference,
  formatRepository,
  parseRepository,
  type Pinned,
  type Reference,
  type Repository,
  tagged,
} from "./reference.ts";
export { type FetchedManifest, Registry, type RegistryCall } from "./registry.ts";
export { parseTrustRoot, PublicTrustRoot } from "./trust-root.ts";
export { chartLayerType, isFull, newestTag, type TagRange } from "./versions.ts";
