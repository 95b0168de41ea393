// A built-in object as the API server has it after decoding: unknown members dropped and named, defaults filled in, empty members
// left out where Go leaves them out, zero members written where Go writes them, quantities in canonical form.

import { isObject, type Json, type JsonObject, type SchemaNode, type SchemaRef, setOwn } from "#kernel";
import { base64Error, canonicalBase64 } from "./base64.ts";
import { builtinSchemas } from "./builtin.ts";
import { defaultsOf } from "./defaults.ts";
import { cutNumber, dataMisfit, decodesItself, fits, textMisfit } from "./misfits.ts";
import { canonicalQuantity, quantityProblem } from "./quantity.ts";
import { canonicalTime, timeProblem } from "./time.ts";

export type Decoded = {
  object: JsonObject;
  /** Paths of members that the kind does not have, sorted. */
  unknown: string[];
  /** Go's words for the first value of a wrong type, undefined when all fit. */
  error: string | undefined;
  /** Empty lists that the store gives back as null; `forgetEmpty` makes them so. */
  emptied: readonly Emptied[];
};

/** A member of an object. */
export type Emptied = { parent: JsonObject; name: string };

export type DecodeOptions = {
  /** False: an object that has its defaults already, or a status. */ withDefaults?: boolean;
  /** The object is data that Go takes over, as a strategic merge patch or an apply leaves it, not text that it decodes. */
  isData?: boolean;
};

/** The way to the value in hand, kept as parts: text is made of it only when there is something to say. */
type Walk = {
  unknown: string[];
  error: string | undefined;
  /** What ended the decoding. */
  end: string | undefined;
  emptied: Emptied[];
  withDefaults: boolean;
  isData: boolean;
  /** Names of members and places in lists. */
  path: (string | number)[];
  /** Names of declared members alone, as Go names a field. */
  fields: string[];
  /** The innermost struct. */
  struct: string;
};

/** Decodes an object of the kind that `root` names (see `schemaFor`). Does not change what it is given. */
export function decodeBuiltin(object: JsonObject, root: string, options: DecodeOptions = {}): Decoded {
  const { withDefaults = true, isData = false } = options;
  const place = { path: [], fields: [], struct: typeName(root) };
  const walk: Walk = { unknown: [], error: undefined, end: undefined, emptied: [], withDefaults, isData, ...place };
  const decoded = decode(object, root, walk);
  const { unknown, emptied } = walk;
  const error = walk.end ?? walk.error;
  if (unknown.length > 1) unknown.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return { object: decoded as JsonObject, unknown, error, emptied };
}

/** Makes the object, a copy of the decoded one down to its first members, what the store would give back of it. */
export function forgetEmpty(object: JsonObject, { object: decoded, emptied }: Decoded): void {
  for (const { parent, name } of emptied) (parent === decoded ? object : parent)[name] = null;
}

/** Members that were stated as empty objects, and are left out as if they had not been. */
const statedEmpty = new WeakMap<JsonObject, Set<string>>();

function noteEmpty(decoded: JsonObject, name: string): void {
  const names = statedEmpty.get(decoded) ?? new Set();
  statedEmpty.set(decoded, names.add(name));
}

/** True of a decoded object whose member was stated, and had nothing in it: to Go that is not the same as none. */
export function isStatedEmpty(decoded: JsonObject, name: string): boolean {
  return statedEmpty.get(decoded)?.has(name) === true;
}

/** The last part of a definition's name: its Go type. */
function typeName(definition: string): string {
  return definition.slice(definition.lastIndexOf(".") + 1);
}

/** What decoding does to the members of one type, made once. */
type Plan = {
  rule: ((object: JsonObject) => void) | undefined;
  defaults: readonly (readonly [string, Json])[];
  always: readonly (readonly [string, Json])[];
  omitted: ReadonlySet<string>;
  /** Members that are null when they are empty. */
  nulls: ReadonlySet<string>;
};

const plans = new WeakMap<SchemaNode, Plan>();

function planOf(node: SchemaNode, ref: SchemaRef): Plan {
  const known = plans.get(node);
  if (known !== undefined) return known;
  const defaults: [string, Json][] = [];
  for (const [name, below] of Object.entries(node.properties ?? {}))
    if (typeof below !== "string" && below.default !== undefined && !isZero(below.default))
      defaults.push([name, below.default]);
  const plan: Plan = {
    rule: typeof ref === "string" ? defaultsOf(ref) : undefined,
    defaults,
    always: Object.entries(node.always ?? {}),
    omitted: new Set(node.omitEmpty),
    nulls: new Set(Object.keys(node.always ?? {}).filter((name) => node.always?.[name] === null)),
  };
  plans.set(node, plan);
  return plan;
}

function decode(value: Json, ref: SchemaRef, walk: Walk): Json {
  if (value === null) return null;
  const node = builtinSchemas.resolve(ref);
  if (!fits(value, node)) {
    const cut = walk.isData ? cutNumber(value, node) : undefined;
    if (cut !== undefined) return cut;
    if (walk.isData) walk.error ??= dataMisfit(value, ref);
    else if (decodesItself(ref)) stop(walk, textMisfit(value, ref, walk));
    else walk.error ??= textMisfit(value, ref, walk);
    return value;
  }
  if (Array.isArray(value)) return node.items === undefined ? value : decodeList(value, node.items, walk);
  if (isObject(value)) return decodeMap(value, { node, ref }, walk);
  if (node.format === "byte" && typeof value === "string") {
    const problem = base64Error(value);
    if (problem !== undefined) walk.error ??= walk.isData ? `error decoding from json: ${problem}` : problem;
    return canonicalBase64(value);
  }
  if (node.format === "quantity") return decodeQuantity(value as string | number, walk);
  if (typeof value === "string" && typeof ref === "string" && timeTypes.has(ref))
    return decodeTime(value, ref.endsWith("MicroTime"), walk);
  return value;
}

const timeTypes: ReadonlySet<string> = new Set([
  "io.k8s.apimachinery.pkg.apis.meta.v1.Time",
  "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime",
]);

/** What a type says that decodes itself ends Go's decoding of a text; what is found before is forgotten. */
function stop(walk: Walk, problem: string): void {
  if (walk.isData) walk.error ??= problem;
  else walk.end ??= problem;
}

function decodeTime(value: string, isMicro: boolean, walk: Walk): Json {
  const problem = timeProblem(value, isMicro);
  if (problem === undefined) return canonicalTime(value, isMicro);
  stop(walk, problem);
  return value;
}

function decodeQuantity(value: string | number, walk: Walk): Json {
  const canonical = canonicalQuantity(value);
  if (canonical === undefined) stop(walk, quantityProblem(String(value).trim()));
  return canonical ?? value;
}

function decodeList(items: readonly Json[], ref: SchemaRef, walk: Walk): Json {
  const decoded: Json[] = [];
  for (const [index, item] of items.entries()) {
    walk.path.push(index);
    decoded.push(decode(item === null ? zeroOf(ref) : item, ref, walk));
    walk.path.pop();
  }
  return decoded;
}

/** What Go decodes a null in a list or a map into: an empty struct, an empty text, a zero. */
function zeroOf(ref: SchemaRef): Json {
  const { type, format, properties } = builtinSchemas.resolve(ref);
  if (format === "quantity") return "0";
  if (typeof ref === "string" && timeTypes.has(ref)) return null;
  if (properties !== undefined) return {};
  if (type === "string" && format !== "byte") return "";
  return type === "integer" || type === "number" ? 0 : type === "boolean" ? false : null;
}

type Typed = { node: SchemaNode; ref: SchemaRef };

function decodeMap(value: JsonObject, { node, ref }: Typed, walk: Walk): Json {
  if (node.properties === undefined && node.additional === undefined) return value;
  if (isMapOfTexts(node) && hasTextsAlone(value)) return { ...value };
  const plan = planOf(node, ref);
  const filled =
    node.properties === undefined ? withZeros(value, node.additional) : fill(value, plan, walk.withDefaults);
  if (node.properties !== undefined && node.additional === undefined) tellUnknownNulls(value, node.properties, walk);
  const outer = walk.struct;
  const definition = typeof ref === "string" ? ref : node.repeats;
  const decoded: JsonObject = {};
  for (const name in filled) {
    const isDeclared = node.properties !== undefined && Object.hasOwn(node.properties, name);
    const below = isDeclared ? node.properties?.[name] : node.additional;
    walk.path.push(name);
    if (isDeclared) walk.fields.push(node.embedded === undefined ? name : embeddedName(node.embedded, name));
    if (isDeclared && definition !== undefined) walk.struct = typeName(definition);
    if (below === undefined) walk.unknown.push(pathText(walk.path));
    else {
      const next = below === true ? (filled[name] as Json) : decode(filled[name] as Json, below, walk);
      // An empty list that Go always writes comes back from the store as none at all; who stated it owns it all the same.
      if (Array.isArray(next) && next.length === 0 && plan.nulls.has(name))
        walk.emptied.push({ parent: decoded, name });
      if (!plan.omitted.has(name) || !isZero(next)) setOwn(decoded, name, next);
      else if (isObject(next)) noteEmpty(decoded, name);
    }
    walk.path.pop();
    if (isDeclared) walk.fields.pop();
    walk.struct = outer;
  }
  return decoded;
}

function embeddedName(embedded: Readonly<Record<string, string>>, name: string): string {
  return Object.hasOwn(embedded, name) ? `${embedded[name]}.${name}` : name;
}

/** Labels, annotations, data: what has nothing to decode in it. */
function isMapOfTexts({ properties, additional }: SchemaNode): boolean {
  if (properties !== undefined || additional === undefined || additional === true) return false;
  const { type, format } = builtinSchemas.resolve(additional);
  return type === "string" && format === undefined;
}

function hasTextsAlone(value: JsonObject): boolean {
  for (const name in value) if (typeof value[name] !== "string") return false;
  return true;
}

function pathText(path: readonly (string | number)[]): string {
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`))
    .join("")
    .slice(1);
}

/** A null in a map is the zero of what the map holds. */
function withZeros(value: JsonObject, below: SchemaRef | true | undefined): JsonObject {
  if (below === undefined || below === true || !hasNull(value)) return value;
  const zero = zeroOf(below);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, member ?? zero]));
}

function hasNull(value: JsonObject): boolean {
  for (const name in value) if (value[name] === null) return true;
  return false;
}

/** A copy without nulls, with what the type gives when nothing is stated. */
function fill(value: JsonObject, plan: Plan, withDefaults: boolean): JsonObject {
  const filled: JsonObject = {};
  for (const name in value) if (value[name] !== null) setOwn(filled, name, value[name] as Json);
  if (withDefaults) {
    plan.rule?.(filled);
    for (const [name, fallback] of plan.defaults)
      if (!Object.hasOwn(filled, name) || (filled[name] === "" && plan.omitted.has(name))) filled[name] = fallback;
  }
  for (const [name, zero] of plan.always) if (!Object.hasOwn(filled, name)) filled[name] = zero;
  return filled;
}

/** A null says nothing, yet its name must be known. */
function tellUnknownNulls(value: JsonObject, properties: Readonly<Record<string, SchemaRef>>, walk: Walk): void {
  for (const name in value)
    if (value[name] === null && !Object.hasOwn(properties, name)) walk.unknown.push(pathText([...walk.path, name]));
}

function isZero(value: Json): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (!isObject(value)) return value === "" || value === 0 || value === false || value === null;
  for (const _ in value) return false;
  return true;
}
