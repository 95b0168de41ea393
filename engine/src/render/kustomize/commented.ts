// kustomize writes each object before it reads it a last time, and go-yaml v3 writes the comments with it. Where they stand in
// front of a block or behind a value they change nothing. Elsewhere, as in brackets or behind the key of what a patch left
// empty, what follows them can end up at the beginning of a line, where it cannot be read, or is read as something else.

import { Composer, writeNodes, YamlFault, type YamlNode } from "#formats/yaml";
import { attempt, invalid } from "./faults.ts";

/** A comment that may move content, and what it belongs to. */
type Mover = { name: string; comment: string };

/** The tree as it is read once it was written; the same tree where no comment makes a difference. Throws where it cannot be read. */
export function readWritten(node: YamlNode): YamlNode {
  const mover = findMover(node, "the object");
  if (mover === undefined) return node;
  const text = writeNodes(node);
  const read = attempt(() => ({ root: new Composer(text).next() }));
  if (read.value?.root?.kind === node.kind) return read.value.root;
  const { name, comment } = (read.fault instanceof YamlFault ? lastBehindKey(text, read.fault) : undefined) ?? mover;
  throw invalid(`kustomize cannot read back what is left of ${name} behind a comment`, {
    ...(node.line > 0 ? { at: `line ${node.line}` } : {}),
    ...(read.fault === undefined ? {} : { cause: read.fault }),
    hint: `move the comment "${comment}" to a line of its own`,
  });
}

/** The last comment behind a key in front of the place where reading ended. */
function lastBehindKey(text: string, { line }: YamlFault): Mover | undefined {
  const found = text
    .split("\n", line)
    .map((one) => /^[ -]*(\S.*?): (#.*)$/.exec(one))
    .findLast((match) => match !== null);
  return found && { name: found[1] as string, comment: found[2] as string };
}

function findMover(node: YamlNode, name: string): Mover | undefined {
  if (node.kind === "scalar") return entersText(node) ? ownComment(node, name) : undefined;
  if (node.kind === "alias") return ownComment(node, name);
  if (isFlow(node)) {
    if (node.headComment !== "") return { name, comment: node.headComment };
    return findAmong(node.items, (item) => findComment(item, name));
  }
  if (node.lineComment !== "" || node.footComment !== "") return ownComment(node, name);
  if (node.kind === "list") return findAmong(node.items, (item) => findMover(item, name));
  for (let i = 0; i < node.items.length; i += 2) {
    const mover = findInPair(node.items[i] as YamlNode, node.items[i + 1] as YamlNode);
    if (mover !== undefined) return mover;
  }
  return undefined;
}

/** Of two comments behind the head of a block text, the second is written where the text begins, and is read as part of it. */
function entersText({ style, value, lineComment }: YamlNode): boolean {
  return lineComment.includes("\n") && (style === "literal" || style === "folded" || value.includes("\n"));
}

function findInPair(key: YamlNode, value: YamlNode): Mover | undefined {
  const own = { name: key.value, comment: key.lineComment };
  if (key.kind !== "scalar") return findComment(key, "a key") ?? findMover(value, "a key");
  if (key.lineComment === "") return findMover(value, key.value);
  // Of two comments the key's waits for the next key.
  if (value.kind === "scalar") return value.lineComment === "" ? undefined : own;
  return isFlow(value) || value.isTagged || value.anchor !== "" ? own : findMover(value, key.value);
}

/** Written in brackets: so are empty ones. */
function isFlow(node: YamlNode): boolean {
  return node.style === "flow" || node.items.length === 0;
}

function ownComment({ headComment, lineComment, footComment }: YamlNode, name: string): Mover | undefined {
  const comment = lineComment || headComment || footComment;
  return comment === "" ? undefined : { name, comment };
}

function findComment(node: YamlNode, name: string): Mover | undefined {
  return ownComment(node, name) ?? findAmong(node.items, (item) => findComment(item, name));
}

function findAmong(items: readonly YamlNode[], find: (item: YamlNode) => Mover | undefined): Mover | undefined {
  for (const item of items) {
    const mover = find(item);
    if (mover !== undefined) return mover;
  }
  return undefined;
}
