// An immutable id of a source's content, in Flux's own text form: `main@sha1:<hex>`, `sha1:<hex>`, `1.2.3@sha256:<hex>`,
// or a bare chart version.

export type Revision = string;

export type RevisionParts = { label: string; algorithm: string; digest: string };

/** Splits a revision; parts that it lacks are "". The label may itself hold an `@`. */
export function parseRevision(revision: Revision): RevisionParts {
  const match = /^(?:(.*)@)?(sha1|sha256|sha384|sha512|blake3):([0-9a-f]+)$/.exec(revision);
  if (match === null) return { label: revision, algorithm: "", digest: "" };
  return { label: match[1] ?? "", algorithm: match[2] ?? "", digest: match[3] ?? "" };
}

export function formatRevision(label: string, algorithm: string, digest: string): Revision {
  return label === "" ? `${algorithm}:${digest}` : `${label}@${algorithm}:${digest}`;
}

/** For people: digests of 40 or more hex digits cut to 8, as Flux's CLI does. */
export function shortRevision(revision: Revision): string {
  return revision.replace(/[0-9a-f]{40,}/g, (hex) => hex.slice(0, 8));
}
