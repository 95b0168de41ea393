// What the console and the server speak of: plain data in JSON, no Kubernetes objects. Times are milliseconds since 1970.
// Texts never hold a secret's value: the server masks them, the same value always by the same mark.

/** A delivery or a source. */
export type Link = { kind: string; namespace: string; name: string };

/** Any object. `cluster` is absent for the cluster that the engine lives in. */
export type ObjectLink = Link & { group: string; cluster?: string };

export type Health = "healthy" | "progressing" | "degraded" | "suspended" | "missing" | "unknown";

/** A commit as Git has it; a source that is not Git has none. */
export type Commit = {
  id: string;
  author: string;
  email: string;
  /** Where another one committed it. */
  committer?: string;
  /** When it was committed. */
  atMs: number;
  subject: string;
  /** The rest of the message. */
  body?: string;
  /** Its page on the Git host, where the URL's form is known. */
  url?: string;
};

/** What a Kubernetes Event says. */
export type Happening = {
  key: string;
  atMs: number;
  about: Link;
  reason: string;
  message: string;
  isBad: boolean;
  count: number;
};

/** Every refusal and every failure, as the body of the answer; the HTTP status says which. */
export type Refusal = {
  /** What failed and why, in words for people. */
  message: string;
  /** What to do about it. */
  hint?: string;
  code: RefusalCode;
};

/**
 * 401 signed-out · 403 denied (rights lack), read-only, foreign (a page of another origin) · 404 absent · 409 moved (the plan
 * shown is no longer what would be done), not-possible (in this state) · 400 malformed · 413 too-large · 429 busy ·
 * 502 failed (the cluster or Git refused) · 503 not-ready · 500 internal
 */
export type RefusalCode =
  | "signed-out"
  | "denied"
  | "read-only"
  | "foreign"
  | "absent"
  | "moved"
  | "not-possible"
  | "malformed"
  | "too-large"
  | "busy"
  | "failed"
  | "not-ready"
  | "internal";
