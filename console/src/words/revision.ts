// Revisions as people read them: `main@sha1:6c4d3e9d40…` is `main@6c4d3e9`.

/** The short form of a revision; texts that are none stay as they are. */
export function shortRevision(revision: string): string {
  return revision.replace(/\b(?:sha1|sha256):([0-9a-f]{7})[0-9a-f]*/g, "$1");
}

/** The commit or digest in a revision, short. */
export function shortId(revision: string): string {
  return /(?:sha1|sha256):([0-9a-f]{7})/.exec(revision)?.[1] ?? revision;
}

/** The first seven digits of a commit. */
export function shortCommit(id: string): string {
  return id.slice(0, 7);
}
