// JSON patch, RFC 6902, with the messages and the leniency of the library that kube-apiserver 1.36 links (json-patch
// v4.13): `replace` of an absent member adds it, `test` holds for an absent member and null, indices may be negative.
// The document is never changed: what an operation touches is copied on the way down, the rest is shared.

import { copyJson, equalJson, encodeJson, isObject, type Json, type JsonObject, setOwn } from "#kernel";
import { copiedBytesMax } from "./limits.ts";

/** A patch either applies whole, or not at all with the message that the API server gives. */
export type PatchResult = { ok: true; value: Json } | { ok: false; message: string };

type Container = Json[] | JsonObject;
type Found = { container: Container; key: string };

/** Carries a message out of an operation to `applyJsonPatch`. */
class Refusal extends Error {}

/** The document while operations run: which containers are already our own copies. */
class Draft {
  #root: Json;
  copiedBytes = 0;
  readonly #own = new Set<Container>();

  constructor(root: Json) {
    this.#root = this.#copy(root);
  }

  get root(): Json {
    return this.#root;
  }

  /** What takes the document's place belongs to the patch: it is copied as the document was. */
  set root(value: Json) {
    this.#root = this.#copy(value);
  }

  /** The container that holds the last part of `path`, made our own; undefined when the way there is missing. */
  find(path: string): Found | undefined {
    const parts = path.split("/");
    if (parts.length < 2 || !isContainer(this.root)) return undefined;
    let container: Container = this.root;
    for (const part of parts.slice(1, -1)) {
      const key = decodePart(part);
      const next = member(container, key);
      if (!isContainer(next)) return undefined;
      const copy = this.#copy(next) as Container;
      if (copy !== next) setMember(container, key, copy);
      container = copy;
    }
    return { container, key: decodePart(parts.at(-1) ?? "") };
  }

  #copy(value: Json): Json {
    if (!isContainer(value) || this.#own.has(value)) return value;
    const copy: Container = Array.isArray(value) ? [...value] : { ...value };
    this.#own.add(copy);
    return copy;
  }
}

function isContainer(value: Json | undefined): value is Container {
  return typeof value === "object" && value !== null;
}

function decodePart(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** A list index as Go's Atoi reads it. */
function parseIndex(key: string): number | undefined {
  return /^[+-]?\d+$/.test(key) ? Number(key) : undefined;
}

function invalidIndex(index: number): Refusal {
  return new Refusal(`Unable to access invalid index: ${index}: invalid index referenced`);
}

function notANumber(key: string): Refusal {
  return new Refusal(`strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`);
}

function indexIn(list: readonly Json[], key: string): number {
  const index = parseIndex(key);
  if (index === undefined) throw notANumber(key);
  if (index >= list.length || index < -list.length) throw invalidIndex(index);
  return index < 0 ? index + list.length : index;
}

/** The member, undefined when an object lacks it; a list throws a Refusal for an index it does not have. */
function member(container: Container, key: string): Json | undefined {
  if (!Array.isArray(container)) return Object.hasOwn(container, key) ? container[key] : undefined;
  const index = parseIndex(key);
  if (index === undefined || index >= container.length || index < -container.length) return undefined;
  return container[index < 0 ? index + container.length : index];
}

function memberOrRefuse(container: Container, key: string): Json | undefined {
  return Array.isArray(container) ? container[indexIn(container, key)] : member(container, key);
}

function setMember(container: Container, key: string, value: Json): void {
  if (Array.isArray(container)) container[indexIn(container, key)] = value;
  else setOwn(container, key, value);
}

function addMember(container: Container, key: string, value: Json): void {
  if (!Array.isArray(container)) return setOwn(container, key, value);
  if (key === "-") {
    container.push(value);
    return;
  }
  const index = parseIndex(key);
  if (index === undefined)
    throw new Refusal(`value was not a proper array index: '${key}': ${notANumber(key).message}`);
  const size = container.length + 1;
  if (index >= size || index < -size) throw invalidIndex(index);
  container.splice(index < 0 ? index + size : index, 0, value);
}

function removeMember(container: Container, key: string): void {
  if (Array.isArray(container)) container.splice(indexIn(container, key), 1);
  else if (!Object.hasOwn(container, key)) throw new Refusal(`Unable to remove nonexistent key: ${key}: missing value`);
  else delete container[key];
}

/** Runs `step`; a refusal inside is told with the words in front. */
function within<T>(words: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal(`${words}: ${error.message}`);
    throw error;
  }
}

type Operation = { kind: string; fields: JsonObject };
type Step = (draft: Draft, operation: Operation) => void;

function textField(operation: Operation, name: "path" | "from"): string {
  const value = operation.fields[name];
  if (typeof value === "string") return value;
  throw new Refusal(
    name === "path" ? "operation missing path field: missing value" : "operation, missing from field: missing value",
  );
}

function pathOf(operation: Operation): string {
  return within(`${operation.kind} operation failed to decode path`, () => textField(operation, "path"));
}

/** As `pathOf`, where the library says only that it is missing. */
function pathOrMissing(operation: Operation): string {
  if (typeof operation.fields["path"] === "string") return operation.fields["path"];
  throw new Refusal(`${operation.kind} operation failed to decode path: missing value`);
}

function fromOf(operation: Operation): string {
  return within(`${operation.kind} operation failed to decode from`, () => textField(operation, "from"));
}

function findOr(draft: Draft, path: string, otherwise: string): Found {
  const found = draft.find(path);
  if (found === undefined) throw new Refusal(`${otherwise}: missing value`);
  return found;
}

const steps: { [kind: string]: Step } = {
  add(draft, operation) {
    const path = pathOrMissing(operation);
    const { container, key } = findOr(draft, path, `add operation does not apply: doc is missing path: "${path}"`);
    within(`error in add for path: '${path}'`, () => addMember(container, key, operation.fields["value"] ?? null));
  },
  remove(draft, operation) {
    const path = pathOrMissing(operation);
    const { container, key } = findOr(draft, path, `remove operation does not apply: doc is missing path: "${path}"`);
    within(`error in remove for path: '${path}'`, () => removeMember(container, key));
  },
  replace(draft, operation) {
    const path = pathOf(operation);
    const value = operation.fields["value"] ?? null;
    if (path === "") {
      if (!isContainer(value)) throw new Refusal("replace operation value must be object or array");
      draft.root = value;
      return;
    }
    const { container, key } = findOr(draft, path, `replace operation does not apply: doc is missing path: ${path}`);
    if (Array.isArray(container) && member(container, key) === undefined)
      throw new Refusal(`replace operation does not apply: doc is missing key: ${path}: missing value`);
    setMember(container, key, value);
  },
  move(draft, operation) {
    const from = fromOf(operation);
    const source = findOr(draft, from, `move operation does not apply: doc is missing from path: ${from}`);
    const value = within(`error in move for path: '${source.key}'`, () => {
      const moved = memberOrRefuse(source.container, source.key);
      removeMember(source.container, source.key);
      return moved ?? null;
    });
    const path = pathOf(operation);
    const end = findOr(draft, path, `move operation does not apply: doc is missing destination path: ${path}`);
    within(`error in move for path: '${path}'`, () => addMember(end.container, end.key, value));
  },
  copy(draft, operation) {
    const from = fromOf(operation);
    const source = findOr(draft, from, `copy operation does not apply: doc is missing from path: ${from}`);
    const value = within(`error in copy for from: '${source.key}'`, () => memberOrRefuse(source.container, source.key));
    const path = pathOrMissing(operation);
    const end = findOr(draft, path, `copy operation does not apply: doc is missing destination path: ${path}`);
    draft.copiedBytes += encodeJson(value ?? null).length;
    if (draft.copiedBytes > copiedBytesMax)
      throw new Refusal(
        `Unable to complete the copy, the accumulated size increase of copy is ${draft.copiedBytes}, exceeding the limit ${copiedBytesMax}`,
      );
    // A copy of its own: the value may be what it is put into.
    within("error while adding value during copy", () => addMember(end.container, end.key, copyJson(value ?? null)));
  },
  test(draft, operation) {
    const path = pathOf(operation);
    const wanted = operation.fields["value"];
    if (!testHolds(draft, path, wanted)) throw new Refusal(`testing value ${path} failed: test failed`);
  },
};

function testHolds(draft: Draft, path: string, wanted: Json | undefined): boolean {
  if (path === "") return equalJson(draft.root, wanted);
  const { container, key } = findOr(draft, path, `test operation does not apply: is missing path: ${path}`);
  const value = within(`error in test for path: '${path}'`, () => memberOrRefuse(container, key));
  return equalJson(value ?? null, wanted ?? null);
}

/** Applies the operations in order to a copy of `document`. */
export function applyJsonPatch(document: Json, operations: readonly Json[]): PatchResult {
  const draft = new Draft(document);
  try {
    for (const fields of operations) {
      if (!isObject(fields)) throw new Refusal("Unexpected kind: unknown");
      const kind = typeof fields["op"] === "string" ? fields["op"] : "unknown";
      const step = Object.hasOwn(steps, kind) ? steps[kind] : undefined;
      if (step === undefined) throw new Refusal(`Unexpected kind: ${kind}`);
      step(draft, { kind, fields });
    }
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, message: error.message };
    throw error;
  }
  return { ok: true, value: draft.root };
}
