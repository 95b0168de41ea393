// go-yaml v3 writes each object before kustomize reads it a last time, and the comments behind values with it. Where a patch
// left a list or map empty, or another value than the one a comment stood behind, it writes the comment first and the value
// at the beginning of the next line, which cannot be read. This follows where its emitter puts them (emitterc.go).

import type { YamlNode } from "#formats/yaml";
import { invalid } from "./faults.ts";

/** Throws where the tree cannot be read back once it is written, for its comments' sake. */
export function checkLineComments(root: YamlNode): void {
  if (hasComment(root)) new CommentWriter().writeValue(root);
}

function hasComment(node: YamlNode): boolean {
  return node.lineComment !== "" || node.items.some(hasComment);
}

function isCollection(node: YamlNode): boolean {
  return node.kind === "map" || node.kind === "list";
}

class CommentWriter {
  /** A comment that waits for the end of the line. */
  #pending = "";
  /** One behind a key: it goes behind the value, or in front of a block. */
  #behindKey = "";

  /** A root, or what stands behind a dash or a key that has no comment left. */
  writeValue(node: YamlNode): void {
    if (node.kind === "map") this.#writeMap(node);
    else if (node.kind === "list") this.#writeList(node);
    else this.#pending = node.lineComment || this.#pending;
  }

  #writeMap(node: YamlNode): void {
    if (isFlow(node)) return this.#writeFlow(node);
    for (let i = 0; i < node.items.length; i += 2) {
      const key = node.items[i] as YamlNode;
      const comment = key.lineComment || this.#pending;
      this.#pending = "";
      if (comment !== "") this.#behindKey = comment;
      this.#writeMember(key, node.items[i + 1] as YamlNode);
    }
    this.#pending = node.lineComment || this.#pending;
  }

  #writeMember(key: YamlNode, value: YamlNode): void {
    if (value.kind === "scalar") {
      // Of two comments the key's waits for the next key.
      if (value.lineComment === "") this.#behindKey = "";
      return;
    }
    if (isCollection(value) && value.style !== "flow" && this.#behindKey !== "") {
      const comment = this.#behindKey;
      this.#behindKey = "";
      if (value.items.length === 0) throw unreadable(key, comment);
    }
    this.writeValue(value);
    if (value.kind === "alias") this.#pending = "";
  }

  #writeList(node: YamlNode): void {
    if (isFlow(node)) return this.#writeFlow(node);
    for (const item of node.items) {
      if (isCollection(item)) {
        if (this.#pending !== "" && isFlow(item)) throw unreadable(item, this.#pending);
        this.#pending = "";
      }
      this.writeValue(item);
      if (!isCollection(item)) this.#pending = "";
    }
  }

  /** In brackets every comment ends a line, and the next goes on; only one in front of another bracket does harm. */
  #writeFlow(node: YamlNode): void {
    const isMap = node.kind === "map";
    node.items.forEach((item, i) => {
      const isValue = isMap && i % 2 === 1;
      if (isCollection(item)) {
        if (this.#pending !== "") throw unreadable(item, this.#pending);
        this.#writeFlow(item);
      } else {
        this.#pending = item.lineComment || this.#pending;
        if (isValue || !isMap) this.#pending = "";
      }
    });
    this.#pending = "";
  }
}

/** Written in brackets: so are empty ones. */
function isFlow(node: YamlNode): boolean {
  return node.style === "flow" || node.items.length === 0;
}

function unreadable(node: YamlNode, comment: string): Error {
  const at = node.line > 0 ? { at: `line ${node.line}` } : {};
  const what = node.kind === "scalar" ? node.value : "a list or map";
  return invalid(`kustomize cannot read back what is left of ${what} behind a comment`, {
    ...at,
    hint: `move the comment "${comment}" to a line of its own`,
  });
}
