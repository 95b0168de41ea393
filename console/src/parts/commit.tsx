// A commit in a line: its short id, what it says, by whom, when.

import type { JSX } from "preact";
import type { Commit } from "../wire/types.ts";
import { shortCommit } from "../words/revision.ts";
import { Ago } from "./when.tsx";

export function CommitLine({ commit }: { commit: Commit }): JSX.Element {
  const id = <code>{shortCommit(commit.id)}</code>;
  return (
    <span class="commit">
      {commit.url === undefined ? (
        id
      ) : (
        <a href={commit.url} target="_blank" rel="noreferrer">
          {id}
        </a>
      )}{" "}
      <span class="commit-subject" title={commit.body}>
        {commit.subject}
      </span>{" "}
      <span class="soft">
        {commit.author}, <Ago atMs={commit.atMs} />
      </span>
    </span>
  );
}
