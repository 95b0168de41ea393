// Walks a tree as SOPS does: decides value by value whether it is encrypted, decrypts it, and sums the MAC over all values
// in their order, comments left out (sops.go, Tree.Decrypt, 3.13.3).

import { createHash, timingSafeEqual } from "node:crypto";
import { RE2JS } from "re2js";
import { encodeUtf8, faultFrom } from "#kernel";
import { invalidFile, shownKey } from "../faults.ts";
import { treeDepthMost } from "../limits.ts";
import { decryptValue } from "./cipher.ts";
import type { Metadata, Rule } from "./metadata.ts";
import { Branch, type Item, Moment, Remark, type Value } from "./tree.ts";

/** `absent`: the file carries none, as `sops --ignore-mac` leaves some. */
export type MacState = "good" | "bad" | "absent";

export type DecryptedTree = { documents: Branch[]; mac: MacState };

/** sha256 of "sops": a MAC over encrypted values alone never equals one over all. */
const onlyEncryptedStart = createHash("sha256").update("sops").digest();

/** The plain tree of an encrypted one. Throws SecretsFault for a value that does not decrypt. */
export function decryptTree(documents: readonly Branch[], metadata: Metadata, key: Uint8Array): DecryptedTree {
  const walker = new Walker(metadata, key);
  const plain = documents.map((document) => walker.branch(document, [], [], 0));
  return { documents: plain, mac: walker.macState() };
}

type Comments = readonly (readonly string[])[];

class Walker {
  readonly #metadata: Metadata;
  readonly #key: Uint8Array;
  readonly #covers: Cover;
  readonly #hash = createHash("sha512");

  constructor(metadata: Metadata, key: Uint8Array) {
    this.#metadata = metadata;
    this.#key = key;
    this.#covers = coverOf(metadata.rule);
    if (metadata.isMacOnlyEncrypted) this.#hash.update(onlyEncryptedStart);
  }

  branch(branch: Branch, path: readonly string[], outer: Comments, depth: number): Branch {
    if (depth > treeDepthMost) throw invalidFile(`is nested deeper than ${treeDepthMost}`);
    let comments: string[] = [];
    const items: Item[] = [];
    for (const item of branch.items) {
      if (item.key instanceof Remark) {
        comments = [...comments, item.key.text];
        items.push({ key: this.#remark(item.key, path, [...outer, comments]), value: null });
        continue;
      }
      const value = this.#value(item.value, [...path, item.key], { comments: [...outer, comments], depth });
      items.push({ key: item.key, value });
      comments = [];
    }
    return new Branch(items);
  }

  #value(value: Value, path: readonly string[], place: { comments: Comments; depth: number }): Value {
    if (value === null) return null;
    if (value instanceof Branch) return this.branch(value, path, place.comments, place.depth + 1);
    if (value instanceof Remark) return this.#remark(value, path, place.comments);
    if (Array.isArray(value)) return this.#list(value, path, place);
    return this.#leaf(value as Exclude<Value, null | Branch | Remark | readonly Value[]>, path, place.comments);
  }

  #list(list: readonly Value[], path: readonly string[], place: { comments: Comments; depth: number }): Value[] {
    if (place.depth > treeDepthMost) throw invalidFile(`is nested deeper than ${treeDepthMost}`);
    let comments: string[] = [];
    return list.map((item) => {
      if (item instanceof Remark) {
        comments = [...comments, item.text];
        return this.#remark(item, path, [...place.comments, comments]);
      }
      const inner = { comments: [...place.comments, comments], depth: place.depth + 1 };
      comments = [];
      return this.#value(item, path, inner);
    });
  }

  #leaf(value: Value, path: readonly string[], comments: Comments): Value {
    const isEncrypted = this.#covers(path, comments, false);
    const plain = isEncrypted ? this.#decrypt(value, path) : value;
    // An encrypted comment in a list is text until it is decrypted.
    const counts = !(plain instanceof Remark) && (isEncrypted || !this.#metadata.isMacOnlyEncrypted);
    if (counts) this.#hash.update(bytesOf(plain));
    return plain;
  }

  #decrypt(value: Value, path: readonly string[]): Value {
    if (typeof value === "string") return decryptValue(value, this.#key, pathText(path));
    throw invalidFile(`${path.map(shownKey).join(".")} should be encrypted, but is no text`);
  }

  /** Older versions left comments plain: one that does not decrypt is taken as it is. */
  #remark(remark: Remark, path: readonly string[], comments: Comments): Remark {
    if (!this.#covers(path, comments, true)) return remark;
    try {
      const plain = decryptValue(remark.text, this.#key, pathText(path));
      // SOPS forgets where an encrypted comment stood: it comes back in a line of its own.
      if (plain instanceof Remark) return plain;
      return typeof plain === "string" ? new Remark(plain, remark.isInline) : remark;
    } catch (thrown) {
      faultFrom(thrown);
      return remark;
    }
  }

  macState(): MacState {
    const { mac, lastModified } = this.#metadata;
    if (mac === "") return "absent";
    const computed = this.#hash.digest("hex").toUpperCase();
    let stated: Value;
    try {
      stated = decryptValue(mac, this.#key, lastModified);
    } catch {
      return "bad";
    }
    if (typeof stated !== "string" || stated.length !== computed.length) return "bad";
    return timingSafeEqual(Buffer.from(stated), Buffer.from(computed)) ? "good" : "bad";
  }
}

function pathText(path: readonly string[]): string {
  return `${path.join(":")}:`;
}

/** A value as the MAC sees it: Go's text of it. */
function bytesOf(value: Value): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (value instanceof Moment) return encodeUtf8(value.text);
  if (typeof value === "boolean") return encodeUtf8(value ? "True" : "False");
  if (typeof value === "number") return encodeUtf8(plainFloat(value));
  return encodeUtf8(String(value as string | bigint));
}

/** Go's strconv.FormatFloat(value, 'f', -1, 64): never an exponent. */
export function plainFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (Object.is(value, -0)) return "-0";
  const text = String(value);
  const match = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  const shift = Number(exponent);
  const digits = whole + fraction;
  if (shift < 0) return `${sign}0.${"0".repeat(-shift - whole.length)}${digits}`;
  return `${sign}${digits.padEnd(whole.length + shift, "0")}`;
}

type Cover = (path: readonly string[], comments: Comments, isComment: boolean) => boolean;

/** Whether a value is encrypted, by the file's one rule. */
function coverOf(rule: Rule): Cover {
  if (rule.by === "suffix") {
    return (path) => path.some((part) => part.endsWith(rule.text)) === rule.isEncrypted;
  }
  const matches = matcherOf(rule.text);
  if (rule.by === "regex") return (path) => path.some(matches) === rule.isEncrypted;
  if (!rule.isEncrypted) return (_path, comments) => !comments.some((texts) => texts.some(matches));
  return (_path, comments, isComment) =>
    comments.some((texts, level) => {
      // A comment that asks for encryption stays plain itself.
      const isOwn = isComment && level === comments.length - 1;
      return (isOwn ? texts.slice(0, -1) : texts).some(matches);
    });
}

/** Go's syntax; as in SOPS, one that is no regular expression matches nothing. */
function matcherOf(expression: string): (text: string) => boolean {
  try {
    const compiled = RE2JS.compile(expression);
    return (text) => compiled.matcher(text).find();
  } catch {
    return () => false;
  }
}
