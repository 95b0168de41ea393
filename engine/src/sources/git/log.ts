// Commits as people read them: who, when, why, and which files. Read from a mirror that holds history.

import type { GitMirror, MirrorCall } from "./mirror.ts";
import { historyTip } from "./mirror.ts";

export type CommitFacts = {
  id: string;
  author: string;
  email: string;
  committer: string;
  /** When it was committed. */
  atMs: number;
  subject: string;
  body: string;
};

/** `paths`: what it changed against its first parent. */
export type LoggedCommit = CommitFacts & { parents: readonly string[]; paths: readonly string[] };

/** Reads the text of a commit object; undefined where it is none. */
export function parseCommit(id: string, text: string): CommitFacts | undefined {
  const end = text.indexOf("\n\n");
  const head = end < 0 ? text : text.slice(0, end);
  const person = (role: string): RegExpExecArray | null => new RegExp(`^${role} (.*?) ?<(.*?)> (\\d+)`, "m").exec(head);
  const [author, committer] = [person("author"), person("committer")];
  if (author === null || committer === null) return undefined;
  const [subject = "", ...rest] = end < 0 ? [] : text.slice(end + 2).split("\n");
  return {
    id,
    author: author[1] ?? "",
    email: author[2] ?? "",
    committer: committer[1] ?? "",
    atMs: Number(committer[3]) * 1000,
    subject,
    body: rest.join("\n").trim(),
  };
}

const [record, field] = ["\u001E", "\u001F"];
const format = `%x1e${["%H", "%P", "%an", "%ae", "%cn", "%ct", "%s", "%b"].join("%x1f")}%x1f`;

/**
 * The first-parent line of a history, newest first. `from` is a commit of it; without, its tip. `paths` leaves those that
 * changed one of them. The oldest commit of a history that was cut has no files, since what it changed is not known.
 */
export async function readLog(
  mirror: GitMirror,
  asked: { from?: string; most: number; paths?: readonly string[] },
  call: MirrorCall,
): Promise<{ commits: LoggedCommit[]; isWhole: boolean }> {
  const paths = asked.paths ?? [];
  const args = ["--literal-pathspecs", "log", `--format=${format}`, "-z", "--name-only", "--first-parent"];
  const merges = ["--diff-merges=first-parent", "--no-renames", "-n", String(asked.most)];
  const text = await mirror.inHistory([...args, ...merges, asked.from ?? historyTip, "--", ...paths], call);
  const isShallow = (await mirror.inHistory(["rev-parse", "--is-shallow-repository"], call)).trim() === "true";
  const commits = text.split(record).slice(1).map(parseRecord);
  const isWhole = commits.length < asked.most && !isShallow;
  // git shows all files of a commit whose parent was cut off as added by it.
  return {
    commits: commits.map((one) => (isShallow && one.parents.length === 0 ? { ...one, paths: [] } : one)),
    isWhole,
  };
}

function parseRecord(text: string): LoggedCommit {
  const [
    id = "",
    parents = "",
    author = "",
    email = "",
    committer = "",
    at = "0",
    subject = "",
    body = "",
    files = "",
  ] = text.split(field);
  return {
    id,
    parents: parents.split(" ").filter((each) => each !== ""),
    author,
    email,
    committer,
    atMs: Number(at) * 1000,
    subject,
    body: body.trim(),
    paths: files
      .split("\0")
      .map((path) => path.replace(/^\n/, ""))
      .filter((path) => path !== ""),
  };
}
