// What sources have fetched, by source: the one place where deliveries learn of a new revision. A new artifact is told of
// before its object's status is written.

import { changedPaths as comparePaths, handleKey, openTree, type OpenTree, type TreeHandle } from "#sources/git";
import { type Revision, sha256Hex } from "#kernel";

/** Names the object that a source is. */
export type SourceName = { kind: string; namespace: string; name: string };

/** A file that an artifact is served as; `path` is below the folder of archives. */
export type StoredFile = { path: string; digest: string; size: number };

/** What a source offers at a revision. */
export type Artifact = SourceName & {
  revision: Revision;
  /** Where the files come from, when the revision itself does not say so: of generated artifacts. */
  originRevision?: Revision;
  /** Its files; absent where it is one file: an index, a packed chart. */
  tree?: TreeHandle;
  /** What it is served as; absent until its archive has been written once. */
  file?: StoredFile;
  /** First line of the commit's message. */
  subject?: string;
  /** Where it was fetched from, of an artifact that somebody else made. */
  url?: string;
};

/** One that consists of files. */
export type TreeArtifact = Artifact & { tree: TreeHandle };

export type ArtifactListener = {
  changed?(artifact: Artifact, previous: Artifact | undefined): void;
  removed?(artifact: Artifact): void;
};

/** An artifact of any kind as the file it is served as. */
export type ArtifactFile = {
  revision: string;
  originRevision: string | undefined;
  /** `sha256:…` of the bytes. */
  digest: string;
  url: string;
  /** Checked against the digest; throws Fault `archive-invalid` when they cannot be had. */
  bytes(): Promise<Uint8Array>;
};

/** What the loops over deliveries and releases ask of sources. */
export interface ArtifactView {
  /** The files of a source that has such. */
  get(source: SourceName): { revision: string; originRevision: string | undefined; source: OpenableTree } | undefined;
  /** The files of a source at a revision that it offered before; undefined where they cannot be had any more. */
  at(
    source: SourceName,
    revision: string,
  ): Promise<{ revision: string; originRevision: string | undefined; source: OpenableTree } | undefined>;
  /** The artifact of any kind, once it stands in storage. */
  file(source: SourceName): ArtifactFile | undefined;
  subscribe(listener: (source: SourceName) => void): () => void;
  /** Why a source offers nothing, in words. */
  whyNot(source: SourceName): Promise<string>;
}

export type OpenableTree = { hash: string; open(): Promise<OpenTree>; handle: TreeHandle };

/** In memory only: all of it is rebuilt from mirrors and objects. */
export class ArtifactStore {
  readonly #artifacts = new Map<string, Artifact>();
  readonly #listeners = new Set<ArtifactListener>();

  get(source: SourceName): Artifact | undefined {
    return this.#artifacts.get(keyOf(source));
  }

  /** The artifact, if it consists of files. */
  getTree(source: SourceName): TreeArtifact | undefined {
    const artifact = this.get(source);
    return artifact?.tree === undefined ? undefined : { ...artifact, tree: artifact.tree };
  }

  values(): Artifact[] {
    return [...this.#artifacts.values()];
  }

  /** Calls `changed` at once for all there are, then for what follows. The function returned ends it. */
  subscribe(listener: ArtifactListener): () => void {
    for (const artifact of this.#artifacts.values()) listener.changed?.(artifact, undefined);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** True when it differs from what was there; only then is anyone told. */
  put(artifact: Artifact): boolean {
    const key = keyOf(artifact);
    const previous = this.#artifacts.get(key);
    this.#artifacts.set(key, artifact);
    if (previous !== undefined && isSame(previous, artifact)) return false;
    for (const listener of this.#listeners) listener.changed?.(artifact, previous);
    return true;
  }

  remove(source: SourceName): void {
    const artifact = this.#artifacts.get(keyOf(source));
    if (artifact === undefined) return;
    this.#artifacts.delete(keyOf(source));
    for (const listener of this.#listeners) listener.removed?.(artifact);
  }

  /** Files that differ between two artifacts, in time proportional to the change. */
  async changedPaths(before: Artifact, after: Artifact): Promise<string[]> {
    return before.tree === undefined || after.tree === undefined ? [] : comparePaths(before.tree, after.tree);
  }
}

function keyOf(source: SourceName): string {
  return `${source.kind}/${source.namespace}/${source.name}`;
}

/** A file that is written only now changes nothing for those who read the tree. */
function isSame(a: Artifact, b: Artifact): boolean {
  if (a.revision !== b.revision || a.originRevision !== b.originRevision) return false;
  if (a.tree === undefined || b.tree === undefined) return a.tree === b.tree && a.file?.digest === b.file?.digest;
  return handleKey(a.tree) === handleKey(b.tree);
}

/** The artifact's files as something that can be opened here, or in a worker by its handle. */
export function openableTree(handle: TreeHandle): OpenableTree {
  return { hash: sha256Hex(handleKey(handle)), open: () => openTree(handle), handle };
}
