// What the console's server is given by the rooms below, where they run in this process. Without them it shows what the
// cluster says, and says what it cannot show.

import type { Commit, Link } from "#api/console";
import type { Engine, SourceTree } from "#delivery";

/** The engine, as far as the console looks at it. */
export type EngineView = Pick<Engine, "snapshot" | "subscribe" | "objects" | "looking">;

/** A commit with the files it changed. */
export type LoggedCommit = Commit & { paths: readonly string[] };

/** What a source was, as far as Git or the mirror knows. */
export interface SourceHistory {
  /** The commit of a revision that was fetched; never asks the server. */
  commit(source: Link, revision: string): Promise<Commit | undefined>;
  /** The log up to what the source offers, newest first; asks the server when it is not at hand. */
  log(source: Link, most: number): Promise<{ commits: readonly LoggedCommit[]; isWhole: boolean }>;
  /** The files at a revision of that log. */
  tree(source: Link, revision: string): Promise<SourceTree | undefined>;
  /** The commit that last changed one of these files, seen from a revision. */
  lastChange(source: Link, revision: string, paths: readonly string[]): Promise<Commit | undefined>;
  /** Why nothing can be committed there; undefined: it can. */
  whyNoCommits(source: Link): Promise<string | undefined>;
  /** Commits changes onto the branch that the source follows. */
  commitTo(source: Link, change: CommitRequest): Promise<{ commit: string; isPushed: boolean }>;
}

export type CommitRequest = {
  author: { name: string; email: string };
  message: string;
  edit: (read: (path: string) => Promise<string | undefined>) => Promise<Readonly<Record<string, string | null>>>;
};
