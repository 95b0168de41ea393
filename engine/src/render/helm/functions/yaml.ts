// YAML as the functions of Helm read and write it: sigs.k8s.io/yaml, and go-yaml v3 for toYamlPretty.

import { encodeJson, Fault, type Json } from "#kernel";
import { compareKeys, formatYaml, parseYaml, YamlFault } from "#formats/yaml";
import { formatShortest } from "#formats/go-numbers";
import { byteLength, Bytes, bytesOf, GoError, isList, isMap, type Value, GoObject } from "#formats/gotemplate";
import { encodeBase64 } from "./base64.ts";
import { describeJson, errorMap } from "./json.ts";
import { toPlain, toValidData } from "./plain.ts";
import { quickYaml } from "./quick-yaml.ts";
import { keyProblem } from "./yaml-keys.ts";
import { Duration } from "./duration.ts";
import { GoTime } from "./time.ts";

/** A byte that is no character. */
const loneByte = /(?<![\ud800-\udbff])[\udc80-\udcff]/;

/** The same, as it stands or as the writer of YAML escapes it. */
const writtenByte = /(?<![\ud800-\udbff])[\udc80-\udcff]|\\uDC[89A-F][0-9A-F]/;

/** What JSON writes as it stands and YAML reads otherwise, as the writer of YAML escapes it. */
const writtenControl = /\\N|\\x[789]|\\uFFF[EF]/;

/** Numbers that JSON does not have, as they are written. */
const noNumber = /\.(?:nan|inf)/;

/** What goes to YAML goes through JSON first. */
function failUnlessFinite(value: Json): void {
  if (typeof value === "number" && !Number.isFinite(value))
    throw new GoError(`error marshaling into JSON: json: unsupported value: ${formatShortest(value)}`);
  if (typeof value !== "object" || value === null) return;
  for (const inner of Object.values(value)) failUnlessFinite(inner);
}

function plainOf(value: Value): Json {
  try {
    return toPlain(value);
  } catch (error) {
    throw error instanceof GoError ? new GoError(`error marshaling into JSON: ${error.message}`) : error;
  }
}

/** toYaml: no line end at the end. Throws for what JSON cannot hold. */
export function toYaml(value: Value): string {
  const plain = plainOf(value);
  let text = formatYaml(plain);
  if (noNumber.test(text)) failUnlessFinite(plain);
  const data = writtenByte.test(text) ? toValidData(plain) : plain;
  if (writtenControl.test(text)) text = formatYaml(throughJson(data));
  else if (data !== plain) text = formatYaml(data);
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}

/** What sigs.k8s.io/yaml writes is read from JSON's text as YAML: U+0085 ends a line there, other controls may not stand there. */
function throughJson(value: Json): Json {
  try {
    return parseYaml(encodeJson(value));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const problem = yamlProblem(error).replace("error converting YAML to JSON: ", "");
    throw new GoError(problem);
  }
}

/** Numbers of values are float64: long integers lose digits, as in Go. */
export function toFloats(value: Json): Value {
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = toFloats(value[i] as Json) as Json;
    return value;
  }
  for (const key of Object.keys(value)) {
    const member = value[key] as Json;
    if (typeof member === "bigint" || (typeof member === "object" && member !== null))
      value[key] = toFloats(member) as Json;
  }
  return value;
}

function parse(text: string): Value {
  return toFloats(parseAsGo(text));
}

/** A YAML text as data. What is wrong with it comes in go-yaml's words. */
export function parseAsGo(text: string): Json {
  const plain = quickYaml(text);
  if (plain !== undefined) return plain;
  const octets = octetProblem(text);
  if (octets !== undefined) throw new GoError(octets);
  try {
    return parseYaml(text);
  } catch (error) {
    if (error instanceof Fault) throw new GoError(yamlProblem(error));
    throw error;
  }
}

/** Our words for what go-yaml calls otherwise. */
const goWords: readonly (readonly [RegExp, string])[] = [
  [/ in a (flow|quoted text)$/, ""],
  [/^a tab stands where indentation is expected$/, "found character that cannot start any token"],
];

/** What it says without a line. */
const withoutPlace = /^(unknown anchor|control characters|cannot decode|anchor|map merge|!!binary|document contains)/;

/** go-yaml's words for a parse error. */
export function yamlProblem(fault: Fault): string {
  const noNumberFound = /^unsupported value: (-?)(Infinity|NaN)/.exec(fault.message);
  if (noNumberFound !== null) {
    const [, minus, name] = noNumberFound;
    return `error converting YAML to JSON: json: unsupported value: ${name === "NaN" ? name : `${minus || "+"}Inf`}`;
  }
  if (fault instanceof YamlFault && fault.entry !== undefined)
    return `error converting YAML to JSON: ${keyProblem(fault.entry)}`;
  const message = goWords.reduce((words, [ours, theirs]) => words.replace(ours, theirs), fault.message);
  if (withoutPlace.test(message)) return `error converting YAML to JSON: yaml: ${message}`;
  const line = fault instanceof YamlFault ? fault.namedLine : 0;
  return `error converting YAML to JSON: yaml: ${line === 0 ? "" : `line ${line}: `}${message}`;
}

/** What is wrong with bytes that are no character, in go-yaml's words; undefined where all are. */
export function octetProblem(text: string): string | undefined {
  const at = text.search(loneByte);
  if (at < 0) return undefined;
  const first = text.charCodeAt(at) - 0xdc00;
  const size =
    first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xc0 && first < 0xe0 ? 2 : 0;
  const rest = bytesOf(text.slice(at, at + 4));
  const what =
    size === 0
      ? "invalid leading UTF-8 octet"
      : rest.length < size
        ? "incomplete UTF-8 octet sequence"
        : "invalid trailing UTF-8 octet";
  return `error converting YAML to JSON: yaml: ${what}`;
}

/** fromYaml: errors become the entry "Error". */
export function fromYaml(text: string): Value {
  try {
    const value = parse(text);
    if (value === null) return {};
    if (isMap(value)) return value;
    return errorMap(
      `error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${describeJson(value)} into Go value of type map[string]interface {}`,
    );
  } catch (error) {
    if (error instanceof GoError) return errorMap(error.message);
    throw error;
  }
}

/** fromYamlArray: an error becomes the only item. */
export function fromYamlArray(text: string): Value {
  try {
    const value = parse(text);
    if (value === null) return [];
    if (isList(value)) return value;
    return [
      `error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${describeJson(value)} into Go value of type []interface {}`,
    ];
  } catch (error) {
    if (error instanceof GoError) return [error.message];
    throw error;
  }
}

/** toYamlPretty: go-yaml v3 with an indent of two: lists stand indented below their key, lines do not fold. */
export function toYamlPretty(value: Value): string {
  const lines: string[] = [];
  writePretty(value, "", lines);
  return lines.join("\n");
}

function writePretty(value: Value, indent: string, lines: string[]): void {
  const block = blockOf(value);
  if (block === undefined) lines.push(prettyScalar(value, "  "));
  else if (isList(block)) for (const item of block) writeItem(item, indent, lines);
  else for (const entry of block.entries) writeEntry(entry, indent, lines);
}

/** What takes lines of its own: items of a list, entries of a map by their keys' order, fields of a struct as they are declared. */
function blockOf(value: Value): Value[] | { entries: [key: string, value: Value][] } | undefined {
  if (isList(value)) return value.length > 0 ? value : undefined;
  // Here go-yaml knows no texts of bytes, only lists of numbers.
  if (value instanceof Bytes) return blockOf([...value.bytes].map(BigInt));
  if (value instanceof GoObject) {
    const fields = value.exported();
    if (fields?.length === 0) return undefined;
    if (fields !== undefined) return { entries: fields.map(([name, field]) => [name.toLowerCase(), field]) };
    const plain = value.plain();
    return isList(plain) || isMap(plain) ? blockOf(plain) : undefined;
  }
  if (!isMap(value)) return undefined;
  const keys = Object.keys(value).sort(compareKeys);
  return keys.length > 0 ? { entries: keys.map((key) => [key, value[key]]) } : undefined;
}

/** What stands behind a mark: an item of a list, or the value of a key that has lines of its own. */
function writeItem(item: Value, indent: string, lines: string[], mark = "-"): void {
  if (blockOf(item) === undefined) {
    lines.push(`${indent}${mark} ${prettyScalar(item, `${indent}  `)}`);
    return;
  }
  const start = lines.length;
  writePretty(item, `${indent}  `, lines);
  lines[start] = `${indent}${mark} ${(lines[start] as string).slice(indent.length + 2)}`;
}

function writeEntry([key, value]: readonly [string, Value], indent: string, lines: string[]): void {
  const long = longKey(key);
  if (long !== undefined) {
    lines.push(`${indent}? ${long.replace(lineStart, `$&${indent}`)}`);
    writeItem(value, indent, lines, ":");
    return;
  }
  const head = `${indent}${prettyScalar(key, indent)}:`;
  if (blockOf(value) === undefined) lines.push(`${head} ${prettyScalar(value, `${indent}  `)}`);
  else {
    lines.push(head);
    writePretty(value, `${indent}  `, lines);
  }
}

const lineEnd = /[\n\u0085\u2028\u2029]/;
const lineStart = /[\n\u2028\u2029](?=[^\n])/g;

/** What go-yaml takes for a simple key at most, in bytes. */
const simpleKeyBytesMax = 128;

/** A key that go-yaml sets apart with a question mark, as it stands behind that. */
function longKey(key: string): string | undefined {
  if (!lineEnd.test(key) && (key.length * 3 <= simpleKeyBytesMax || byteLength(key) <= simpleKeyBytesMax))
    return undefined;
  return key.includes("\n") ? /^\? ([^]*)\n: null\n$/.exec(formatYaml({ [key]: null }))?.[1] : prettyScalar(key, "");
}

function prettyScalar(value: Value, indent: string): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "number") return prettyNumber(value);
  if (value instanceof GoTime) return value.plain() as string;
  if (value instanceof Duration) return value.print();
  if (value instanceof Bytes) return "[]";
  if (value instanceof GoObject) return prettyScalar(value.plain(), indent);
  if (typeof value !== "string") return formatYaml(value as Json).trimEnd();
  if (loneByte.test(value)) return prettyBinary(value, indent);
  if (!value.includes("\n"))
    return formatYaml(value)
      .trimEnd()
      .replace(/\\?\n +\\?/g, " ");
  return formatYaml({ a: value })
    .slice(3)
    .trimEnd()
    .split("\n")
    .map((line, i) => (i > 0 && line !== "" ? indent + line.slice(2) : line))
    .join("\n");
}

/** A line of base 64, as go-yaml breaks it. */
const base64Line = /.{1,70}/g;

/** What is no text is written as its bytes. */
function prettyBinary(text: string, indent: string): string {
  const lines = encodeBase64(bytesOf(text)).match(base64Line) ?? [];
  if (lines.length === 1) return `!!binary ${lines[0]}`;
  return `!!binary |${lines.map((line) => `\n${indent}${line}`).join("")}`;
}

function prettyNumber(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
  return formatShortest(value);
}
