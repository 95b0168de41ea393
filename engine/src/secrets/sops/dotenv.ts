// Environment files: one `KEY=value` a line, `\n` for a line break in a value, `#` lines are comments.

import { decodeUtf8Strict, encodeUtf8 } from "#kernel";
import { invalidFile, shownKey } from "../faults.ts";
import { unflatten } from "./flatten.ts";
import { scalarText } from "./scalar-text.ts";
import { Branch, type Item, Remark, textOrBytes } from "./tree.ts";

const prefix = "sops_";

/** One document. The values keep bytes that are no UTF-8. */
export function parseDotenv(bytes: Uint8Array): Branch[] {
  const items: Item[] = [];
  for (const line of linesOf(bytes)) {
    if (line.length === 0) continue;
    const text = Buffer.from(line).toString("latin1");
    if (text.startsWith("#")) {
      items.push({ key: new Remark(Buffer.from(line.subarray(1)).toString("utf8")), value: null });
      continue;
    }
    const at = text.indexOf("=");
    if (at < 0) throw invalidFile("a line of the environment file has no =");
    const value = Buffer.from(text.slice(at + 1).replaceAll("\\n", "\n"), "latin1");
    const key = decodeUtf8Strict(line.subarray(0, at)) ?? text.slice(0, at);
    items.push({ key, value: textOrBytes(value) });
  }
  return [new Branch(items)];
}

function* linesOf(bytes: Uint8Array): Iterable<Uint8Array> {
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(10, start);
    yield bytes.subarray(start, end < 0 ? bytes.length : end);
    if (end < 0) return;
    start = end + 1;
  }
}

/** Takes the metadata out of the one document. */
export function splitDotenv(documents: readonly Branch[]): { documents: Branch[]; metadata: Branch | undefined } {
  const items = documents[0]?.items ?? [];
  const isMeta = (item: Item): boolean => typeof item.key === "string" && item.key.startsWith(prefix);
  const flat = items.filter(isMeta).map((item) => ({ ...item, key: (item.key as string).slice(prefix.length) }));
  const rest = new Branch(items.filter((item) => !isMeta(item)));
  return { documents: [rest], metadata: flat.length === 0 ? undefined : unflatten(flat) };
}

/** A flat tree as an environment file. */
export function formatDotenv(documents: readonly Branch[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { key, value } of documents[0]?.items ?? []) {
    if (key instanceof Remark) {
      parts.push(encodeUtf8(`#${key.text}\n`));
      continue;
    }
    const text = scalarText(value);
    if (text === undefined)
      throw invalidFile(`${shownKey(key)} is a list or mapping, which an environment file cannot hold`);
    parts.push(encodeUtf8(`${key}=`), typeof text === "string" ? encodeUtf8(text.replaceAll("\n", "\\n")) : text);
    parts.push(encodeUtf8("\n"));
  }
  return Buffer.concat(parts);
}
