// What tidy allows and bans, as data. Each entry says why, so that the message can.

/** npm packages, the folders that may import them, and the line of reason each dependency owes. */
export const packages: Readonly<Record<string, { folders: readonly string[]; reason: string }>> = {
  "@noble/hashes": {
    folders: ["kernel", "render", "formats"],
    reason: "audited synchronous digests for the pure rings",
  },
  "@noble/curves": {
    folders: ["render"],
    reason: "keys and signatures of Helm's certificate functions in a pure ring",
  },
  "@noble/ciphers": { folders: ["render"], reason: "AES for Helm's encryptAES in a pure ring" },
  "@sigstore/bundle": { folders: ["sources"], reason: "signatures of cosign 3, and older ones in the same form" },
  "@sigstore/core": { folders: ["sources"], reason: "extensions of certificates and lists of revoked ones, in ASN.1" },
  "@sigstore/protobuf-specs": { folders: ["sources"], reason: "the form of Sigstore's trust roots" },
  "@sigstore/tuf": { folders: ["sources"], reason: "the public Sigstore's trust root, kept current as TUF asks" },
  "@sigstore/verify": {
    folders: ["sources"],
    reason: "certificates, logs and times of keyless signatures, by Sigstore's own hand",
  },
  "@hono/node-server": { folders: ["server"], reason: "Hono on node:http" },
  "@marcbachmann/cel-js": {
    folders: ["formats"],
    reason: "the CEL language; Kubernetes' libraries are registered on it",
  },
  "age-encryption": { folders: ["secrets"], reason: "age decryption in JavaScript" },
  bcryptjs: { folders: ["render"], reason: "Helm's bcrypt and htpasswd in a pure ring" },
  commander: { folders: ["cli"], reason: "argument parsing and help" },
  fflate: { folders: ["render", "formats"], reason: "synchronous gunzip in a pure ring" },
  hono: { folders: ["server"], reason: "routing for the console's port" },
  jose: { folders: ["server"], reason: "ID tokens of OpenID Connect and the keys they are signed by" },
  "js-yaml": { folders: ["formats"], reason: "YAML scanning under our Go-compatible schema" },
  lmdb: { folders: ["store"], reason: "the embedded transactional store" },
  re2js: {
    folders: ["api", "formats", "render", "secrets", "sources"],
    reason: "regular expressions of Go's syntax, linear in time",
  },
  openpgp: {
    folders: ["cli", "secrets", "sources"],
    reason: "OpenPGP: signatures of commits, tags and charts, SOPS data keys",
  },
};

/** Calls that a ring may not make, with what to use instead. */
export const bannedCalls: readonly { pattern: RegExp; instead: string; allowed: readonly string[] }[] = [
  { pattern: /\bDate\.now\(/, instead: "an injected Clock", allowed: ["cli", "server", ""] },
  { pattern: /\bnew Date\(\)/, instead: "an injected Clock", allowed: ["cli", "server", ""] },
  { pattern: /\bMath\.random\(/, instead: "an injected source of randomness", allowed: [] },
  {
    pattern: /\bprocess\.(env|argv|cwd\(|exit\(|stdout|stderr)/,
    instead: "options handed in by main.ts or cli",
    allowed: ["cli", "server", ""],
  },
  { pattern: /\bhomedir\(/, instead: "a path handed in by main.ts or cli", allowed: ["cli", ""] },
  { pattern: /\bconsole\.(log|error|warn|info)\(/, instead: "an injected log", allowed: [] },
  {
    pattern: /\bJSON\.stringify\((manifest|object|live|desired)\b/,
    instead: "encodeJson of #kernel, which keeps long integers",
    allowed: [],
  },
];

/** Names a folder may not have: each becomes the largest one. */
export const bannedFolders: readonly string[] = ["utils", "util", "common", "helpers", "shared", "lib", "misc"];

export const limits: { functionLines: number; fileLines: number } = { functionLines: 70, fileLines: 600 };
