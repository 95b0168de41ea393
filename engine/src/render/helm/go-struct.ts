// YAML's data as Go's structs hold it: sigs.k8s.io/yaml writes scalars out where Go has text, encoding/json finds members by
// names of any case, the last by Go's order of texts winning, goes on behind what does not fit, and tells the first of it.

import { isObject, type Json, type JsonObject } from "#kernel";
import { formatShortest, shortestSingle } from "#formats/go-numbers";
import { compareStrings, GoError } from "#formats/gotemplate";

/** What Go has at a place; `name` is its type's, as errors tell it. */
export type Shape =
  | { type: "text" }
  | { type: "switch" }
  | { type: "any" }
  | { type: "time"; check: (text: string) => void }
  | { type: "list"; name: string; of: Shape }
  | { type: "map"; name: string }
  | Struct;

export type Struct = { type: "struct"; name: string; fields: { readonly [name: string]: Shape } };

/** A name of "v2.Metadata" is "Metadata" where a member of it is meant; a struct without a name has none. */
function shortName(name: string): string {
  return /^[\w.]+$/.test(name) ? name.slice(name.lastIndexOf(".") + 1) : "";
}

const typeNames = { text: "string", switch: "bool", any: "interface {}", time: "time.Time" } as const;

function typeNameOf(shape: Shape): string {
  return "name" in shape ? shape.name : typeNames[shape.type];
}

function valueName(value: Json): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return typeof value === "bigint" ? "number" : typeof value;
}

function decodeProblem(reason: string): GoError {
  return new GoError(`error unmarshaling JSON: while decoding JSON: ${reason}`);
}

/** `value` as the struct holds it, on top of what is there already: members that Go's type lacks are left out. */
export function decodeStruct(struct: Struct, value: Json, previous: JsonObject = {}): JsonObject {
  const decoder = new Decoder();
  const decoded = decoder.decode(struct, value, previous, { struct: "", path: "" });
  if (decoder.problem !== undefined) throw decodeProblem(decoder.problem);
  return decoded as JsonObject;
}

/** The struct whose member is being read, and the names that lead to it. */
type Place = { struct: string; path: string };

class Decoder {
  problem: string | undefined;

  decode(shape: Shape, value: Json, previous: Json | undefined, place: Place): Json | undefined {
    switch (shape.type) {
      case "any":
        return value;
      case "text":
        return this.#text(value, previous, place);
      case "switch":
        if (value === null || typeof value === "boolean") return value ?? previous;
        return this.#unfit(shape, value, previous, place);
      case "time":
        return readTime(shape.check, value) ?? previous;
      case "list":
        if (value === null) return null;
        if (!Array.isArray(value)) return this.#unfit(shape, value, previous, place);
        return value.map((item, i) =>
          this.#item(shape.of, item, Array.isArray(previous) ? previous[i] : undefined, place),
        );
      case "map":
        if (value === null) return null;
        if (!isObject(value)) return this.#unfit(shape, value, previous, place);
        return this.#map(value, isObject(previous) ? previous : {}, place);
      case "struct":
        if (value === null) return previous === undefined ? null : previous;
        if (!isObject(value)) return this.#unfit(shape, value, previous, place);
        return this.#struct(shape, value, isObject(previous) ? previous : {}, place);
    }
  }

  #unfit(shape: Shape, value: Json, previous: Json | undefined, place: Place): Json | undefined {
    const at = place.path === "" ? "Go value" : `Go struct field ${place.struct}.${place.path}`;
    this.problem ??= `json: cannot unmarshal ${valueName(value)} into ${at} of type ${typeNameOf(shape)}`;
    return previous;
  }

  #text(value: Json, previous: Json | undefined, place: Place): Json | undefined {
    if (value === null) return previous;
    if (typeof value === "object") return this.#unfit({ type: "text" }, value, previous, place);
    return scalarText(value);
  }

  /** What Go keeps in a list when nothing can be read is the zero of its type. */
  #item(shape: Shape, value: Json, previous: Json | undefined, place: Place): Json {
    if (shape.type === "struct" && value === null) return null;
    return this.decode(shape, value, previous, place) ?? (shape.type === "text" ? "" : null);
  }

  #map(value: JsonObject, previous: JsonObject, place: Place): JsonObject {
    const entries = Object.keys(value)
      .sort(compareStrings)
      .map((key) => [key, this.#item({ type: "text" }, value[key] as Json, undefined, place)]);
    return { ...previous, ...(Object.fromEntries(entries) as JsonObject) };
  }

  #struct(shape: Struct, value: JsonObject, previous: JsonObject, place: Place): JsonObject {
    const decoded: { [name: string]: Json } = { ...previous };
    for (const [key, name] of membersOf(shape, value)) {
      const inner = { struct: shortName(shape.name), path: place.path === "" ? name : `${place.path}.${name}` };
      const item = this.decode(shape.fields[name] as Shape, value[key] as Json, decoded[name], inner);
      if (item !== undefined) decoded[name] = item;
    }
    return decoded;
  }
}

/** The keys that name a member, and the members, in Go's order of keys. */
function membersOf(shape: Struct, value: JsonObject): [key: string, name: string][] {
  const found: [string, string][] = [];
  for (const key of Object.keys(value)) {
    const name = Object.hasOwn(shape.fields, key) ? key : foldedName(shape, key);
    if (name !== undefined) found.push([key, name]);
  }
  return found.length < 2 ? found : found.sort(([a], [b]) => compareStrings(a, b));
}

function foldedName({ fields }: Struct, key: string): string | undefined {
  // Go folds the long s too.
  const folded = key.toLowerCase().replaceAll("ſ", "s");
  return Object.keys(fields).find((name) => name.toLowerCase() === folded);
}

/** Go's time.Time ends the decoding where a text is none. */
function readTime(check: (text: string) => void, value: Json): string | undefined {
  if (value === null) return undefined;
  if (typeof value !== "string") throw decodeProblem("Time.UnmarshalJSON: input is not a JSON string");
  try {
    check(value);
  } catch (error) {
    if (error instanceof GoError) throw decodeProblem(error.message);
    throw error;
  }
  return value;
}

/** A scalar where Go has text; a float is written with the precision of a float32. */
function scalarText(value: string | number | bigint | boolean): string {
  if (typeof value !== "number") return String(value);
  return Number.isSafeInteger(value) ? String(value) : formatShortest(shortestSingle(value));
}
