// Where files come from: one folder a kind of source. Import a unit by its own door, `#sources/git`.

export type { OpenTree, TreeHandle } from "./git/index.ts";
