// fmt.Sprintf with every verb and flag. https://pkg.go.dev/fmt (Go 1.26)

import { bytesOf, stringOf } from "./bytes.ts";
import { printfWidthMax } from "./limits.ts";
import { type Flags, pad } from "./printf-flags.ts";
import { formatFloatVerb } from "./printf-floats.ts";
import { printValue, quote, quoteCharacter, sortedKeys } from "./print.ts";
import {
  Bytes,
  Complex,
  type GoMap,
  goTypeOf,
  GoObject,
  Integer,
  isMap,
  isNilContainer,
  type Rangeable,
  type Value,
} from "./values.ts";

/** Formats `args` by `format`; mistakes show in the text, as in Go. */
export function sprintf(format: string, args: readonly Value[]): string {
  return new Printer(format, args).run();
}

class Printer {
  readonly #format: string;
  readonly #args: readonly Value[];
  #at = 0;
  #argument = 0;
  #isReordered = false;
  #isIndexBad = false;
  #hasIndexJustRead = false;

  constructor(format: string, args: readonly Value[]) {
    this.#format = format;
    this.#args = args;
  }

  run(): string {
    let text = "";
    for (;;) {
      const percent = this.#format.indexOf("%", this.#at);
      text += this.#format.slice(this.#at, percent < 0 ? undefined : percent);
      if (percent < 0) break;
      this.#at = percent + 1;
      text += this.#directive();
    }
    if (!this.#isReordered && this.#argument < this.#args.length) text += this.#extra();
    return text;
  }

  #extra(): string {
    const rest = this.#args.slice(this.#argument);
    const parts = rest.map((arg) =>
      arg === null || arg === undefined ? "<nil>" : `${goTypeOf(arg)}=${printValue(arg)}`,
    );
    return `%!(EXTRA ${parts.join(", ")})`;
  }

  #directive(): string {
    this.#isIndexBad = false;
    const flags = this.#flags();
    this.#hasIndexJustRead = false;
    this.#index();
    let note = this.#width(flags);
    note += this.#precision(flags);
    if (!this.#hasIndexJustRead) this.#index();
    const verb =
      this.#at < this.#format.length ? String.fromCodePoint(this.#format.codePointAt(this.#at) as number) : "";
    if (verb === "") return `${note}%!(NOVERB)`;
    this.#at += verb.length;
    if (verb === "%") return `${note}%`;
    if (this.#isIndexBad) return `${note}%!${verb}(BADINDEX)`;
    if (this.#argument >= this.#args.length) return `${note}%!${verb}(MISSING)`;
    return note + formatArgument(this.#args[this.#argument++], verb, flags);
  }

  #flags(): Flags {
    const flags: Flags = {
      plus: false,
      minus: false,
      sharp: false,
      space: false,
      zero: false,
      width: undefined,
      precision: undefined,
    };
    for (; ; this.#at++) {
      const character = this.#format[this.#at];
      if (character === "#") flags.sharp = true;
      else if (character === "0") flags.zero = true;
      else if (character === "+") flags.plus = true;
      else if (character === "-") flags.minus = true;
      else if (character === " ") flags.space = true;
      else return flags;
    }
  }

  /** Reads "[n]", the index of the next argument. */
  #index(): void {
    if (this.#format[this.#at] !== "[") return;
    this.#isReordered = true;
    const close = this.#format.indexOf("]", this.#at);
    const digits = close < 0 ? "" : this.#format.slice(this.#at + 1, close);
    const n = /^\d+$/.test(digits) ? Number(digits) : 0;
    this.#at = close < 0 ? this.#at + 1 : close + 1;
    if (n < 1 || n > this.#args.length) this.#isIndexBad = true;
    else this.#argument = n - 1;
    this.#hasIndexJustRead = true;
  }

  #width(flags: Flags): string {
    if (this.#format[this.#at] === "*") {
      this.#at++;
      this.#hasIndexJustRead = false;
      const width = this.#starArgument();
      if (width === undefined) return "%!(BADWIDTH)";
      flags.width = Math.abs(width);
      if (width < 0) flags.minus = true;
      return "";
    }
    const width = this.#digits();
    if (width !== undefined && this.#hasIndexJustRead) this.#isIndexBad = true;
    flags.width = width;
    return "";
  }

  #precision(flags: Flags): string {
    if (this.#format[this.#at] !== ".") return "";
    this.#at++;
    if (this.#hasIndexJustRead) this.#isIndexBad = true;
    this.#hasIndexJustRead = false;
    this.#index();
    if (this.#format[this.#at] !== "*") {
      flags.precision = this.#digits() ?? 0;
      return "";
    }
    this.#at++;
    this.#hasIndexJustRead = false;
    const precision = this.#starArgument();
    if (precision === undefined) return "%!(BADPREC)";
    if (precision >= 0) flags.precision = precision;
    return precision < 0 ? "%!(BADPREC)" : "";
  }

  #digits(): number | undefined {
    const match = /^\d+/.exec(this.#format.slice(this.#at, this.#at + 12));
    if (match === null) return undefined;
    this.#at += match[0].length;
    return Math.min(Number(match[0]), printfWidthMax);
  }

  #starArgument(): number | undefined {
    if (this.#argument >= this.#args.length) return undefined;
    const value = this.#args[this.#argument++];
    const n = typeof value === "bigint" ? value : value instanceof Integer ? value.value : undefined;
    return n === undefined || n > printfWidthMax || n < -printfWidthMax ? undefined : Number(n);
  }
}

/** One argument by one verb. */
function formatArgument(value: Value, verb: string, flags: Flags): string {
  if (verb === "T" && value !== null && value !== undefined) return formatString(goTypeOf(value), "s", flags);
  if (value === null || value === undefined) return "vT".includes(verb) ? pad("<nil>", flags) : `%!${verb}(<nil>)`;
  // Only errors are wrapped, and there are none here; its flags are those of %v.
  if (verb === "w") return badVerb(value, verb, { ...flags, plus: false });
  if (verb === "p" && !Array.isArray(value) && !isMap(value)) return badVerb(value, verb, flags);
  if (verb === "p") return `%!p(${goTypeOf(value)}=${printValue(value)})`;
  if (value instanceof GoObject) {
    const parts = value.parts();
    if (parts !== undefined) return formatStruct(value, parts, { verb, flags });
  }
  // With %v the plus sign asks for field names, not for signs.
  return formatByType(value, verb, verb === "v" && flags.plus ? { ...flags, plus: false } : flags, 0);
}

function formatByType(value: Value, verb: string, flags: Flags, depth: number): string {
  // What holds it takes no width.
  if (value === null || value === undefined) return depth > 0 ? "<nil>" : pad("<nil>", flags);
  if (typeof value === "string") return formatString(value, verb, flags);
  if (typeof value === "boolean")
    return verb === "t" || verb === "v" ? pad(String(value), flags) : badVerb(value, verb, flags);
  if (typeof value === "bigint") return formatInteger(value, verb, flags) ?? badVerb(value, verb, flags);
  if (typeof value === "number") return formatFloatVerb(value, verb, flags) ?? badVerb(value, verb, flags);
  return formatObject(value, verb, flags, depth);
}

function badVerb(value: Value, verb: string, flags: Flags): string {
  const shown =
    typeof value === "number"
      ? formatFloatVerb(value, "g", flags)
      : value instanceof Integer
        ? formatInteger(value.value, "d", flags)
        : formatByType(value, "v", { ...flags, sharp: flags.sharp && verb === "w" }, 0);
  return `%!${verb}(${goTypeOf(value)}=${shown})`;
}

function formatObject(value: Value[] | GoMap | GoObject, verb: string, flags: Flags, depth: number): string {
  if (
    value instanceof Integer &&
    value.goType === value.kind &&
    value.kind.startsWith("u") &&
    verb === "v" &&
    flags.sharp
  )
    return formatInteger(value.value, "x", flags) ?? "";
  if (value instanceof Integer && value.goType === value.kind)
    return formatInteger(value.value, verb, flags) ?? badVerb(value, verb, flags);
  if (value instanceof Bytes) return formatBytes(value, verb, flags);
  if (value instanceof Complex) {
    const part = { ...flags, width: undefined };
    const real = formatFloatVerb(value.real, verb, part);
    const imaginary = formatFloatVerb(value.imaginary, verb, { ...part, plus: true });
    return real === undefined || imaginary === undefined
      ? badVerb(value, verb, flags)
      : pad(`(${real}${imaginary}i)`, flags);
  }
  if (value instanceof GoObject && value.kind === "map" && "entries" in value)
    return formatMap(value.goType, (value as GoObject & Rangeable).entries(), verb, { flags, depth });
  if (value instanceof GoObject) return formatOpaque(value, verb, { flags, isInside: depth > 0 });
  const isSyntax = verb === "v" && flags.sharp;
  if (isSyntax && isNilContainer(value)) return `${goTypeOf(value)}(nil)`;
  if (Array.isArray(value)) {
    const items = value.map((item) => formatByType(item, verb, flags, depth + 1));
    return isSyntax ? `${goTypeOf(value)}{${items.map(asSyntax).join(", ")}}` : `[${items.join(" ")}]`;
  }
  const entries = sortedKeys(value).map((key): [string, Value] => [key, value[key]]);
  return formatMap(goTypeOf(value), entries, verb, { flags, depth });
}

function formatMap(
  type: string,
  entries: readonly (readonly [Value, Value])[],
  verb: string,
  { flags, depth }: { flags: Flags; depth: number },
): string {
  const texts = entries.map(
    ([key, value]) => `${formatByType(key, verb, flags, depth + 1)}:${formatByType(value, verb, flags, depth + 1)}`,
  );
  return verb === "v" && flags.sharp ? `${type}{${texts.map(asSyntax).join(", ")}}` : `map[${texts.join(" ")}]`;
}

function asSyntax(text: string): string {
  return text.replace(/(^|:)<nil>$/, "$1interface {}(nil)");
}

function formatStruct(
  { goType }: GoObject,
  parts: readonly (readonly [string, Value])[],
  { verb, flags }: { verb: string; flags: Flags },
): string {
  const isSyntax = verb === "v" && flags.sharp;
  const isNamed = isSyntax || (verb === "v" && flags.plus);
  const inner = verb === "v" ? { ...flags, plus: false } : flags;
  const texts = parts.map(([name, value]) => {
    const text = formatByType(value, verb, inner, 1);
    return isNamed ? `${name}:${text}` : text;
  });
  const before = goType.startsWith("*") ? "&" : "";
  return isSyntax ? `${before}${goType.replace(/^\*/, "")}{${texts.join(", ")}}` : `${before}{${texts.join(" ")}}`;
}

/** A value with a String or Error method is formatted as that text by the verbs for text. */
function formatOpaque(value: GoObject, verb: string, { flags, isInside }: { flags: Flags; isInside: boolean }): string {
  const isSyntax = verb === "v" && flags.sharp;
  const syntax = isSyntax ? value.goSyntax() : undefined;
  if (syntax !== undefined) return syntax;
  if (verb === "v" && isInside && !(isSyntax && value instanceof Integer))
    return formatString(value.printInside(), "s", flags);
  // An error, and Go's own syntax, show the number behind a name.
  if (isSyntax && value instanceof Integer) return formatInteger(value.value, "d", flags) ?? "";
  const hidden = isSyntax || !"vsxXq".includes(verb) ? value.hidden() : undefined;
  if (hidden !== undefined) return formatStruct(value, hidden, { verb, flags });
  // Inside of others a pointer is an address, which has no form as a text.
  if (isInside && "sq".includes(verb) && value.kind === "ptr" && value.method("String") === undefined)
    return badVerb(value, verb, flags);
  if ("vsxXq".includes(verb)) return formatString(value.print(), verb === "v" ? "s" : verb, flags);
  if (value instanceof Integer) return formatInteger(value.value, verb, flags) ?? badVerb(value, verb, flags);
  return badVerb(value, verb, flags);
}

function formatBytes(value: Bytes, verb: string, flags: Flags): string {
  if (verb === "v" || verb === "d") return value.print();
  return formatString(stringOf(value.bytes), verb, flags);
}

function formatString(text: string, verb: string, flags: Flags): string {
  switch (verb) {
    case "v":
      return flags.sharp ? pad(quote(truncate(text, flags)), flags) : pad(truncate(text, flags), flags);
    case "s":
      return pad(truncate(text, flags), flags);
    case "q":
      return pad(formatQuoted(truncate(text, flags), flags), flags);
    case "x":
    case "X":
      return pad(formatHexBytes(text, verb, flags), flags);
    default:
      return badVerb(text, verb, flags);
  }
}

function truncate(text: string, flags: Flags): string {
  if (flags.precision === undefined) return text;
  return Array.from(text).slice(0, flags.precision).join("");
}

function formatQuoted(text: string, flags: Flags): string {
  if (flags.sharp && canBackquote(text)) return `\`${text}\``;
  let quoted = '"';
  for (const character of text) quoted += quoteCharacter(character, '"', flags.plus);
  return `${quoted}"`;
}

function canBackquote(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return !/[\x00-\x08\x0a-\x1f\x7f`\ufeff\udc80-\udcff]/.test(text);
}

function formatHexBytes(text: string, verb: "x" | "X", flags: Flags): string {
  let bytes = bytesOf(text);
  if (flags.precision !== undefined) bytes = bytes.slice(0, flags.precision);
  const pairs = [...bytes].map((byte) => byte.toString(16).padStart(2, "0"));
  const prefix = flags.sharp && pairs.length > 0 ? "0x" : "";
  const hex = flags.space ? pairs.map((pair) => prefix + pair).join(" ") : prefix + pairs.join("");
  return verb === "X" ? hex.toUpperCase() : hex;
}

const bases: { readonly [verb: string]: number } = { v: 10, d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };

function formatInteger(value: bigint, verb: string, flags: Flags): string | undefined {
  if (verb === "c") return pad(characterOf(value), flags);
  if (verb === "q") return pad(`'${quoteCharacter(characterOf(value), "'", flags.plus)}'`, flags);
  if (verb === "U") return formatUnicode(value, flags);
  const base = bases[verb];
  if (base === undefined) return undefined;
  const isNegative = value < 0n;
  let digits = (isNegative ? -value : value).toString(base);
  if (flags.precision === 0 && value === 0n) return pad("", { ...flags, zero: false });
  if (verb === "X") digits = digits.toUpperCase();
  const sign = isNegative ? "-" : flags.plus ? "+" : flags.space ? " " : "";
  let size = flags.precision ?? 0;
  if (flags.precision === undefined && flags.zero && !flags.minus && flags.width !== undefined)
    size = flags.width - (sign === "" ? 0 : 1);
  digits = digits.padStart(size, "0");
  if (flags.sharp) digits = withPrefix(digits, verb);
  if (verb === "O") digits = `0o${digits}`;
  return pad(sign + digits, { ...flags, zero: false });
}

function withPrefix(digits: string, verb: string): string {
  if (verb === "b") return `0b${digits}`;
  if (verb === "o" || verb === "O") return digits.startsWith("0") ? digits : `0${digits}`;
  if (verb === "x" || verb === "X") return `0${verb}${digits}`;
  return digits;
}

function characterOf(value: bigint): string {
  return value < 0n || value > 0x10ffffn || (value >= 0xd800n && value < 0xe000n)
    ? "\ufffd"
    : String.fromCodePoint(Number(value));
}

function formatUnicode(value: bigint, flags: Flags): string {
  const hex = BigInt.asUintN(64, value)
    .toString(16)
    .toUpperCase()
    .padStart(Math.max(4, flags.precision ?? 4), "0");
  const character = characterOf(value);
  const shown = flags.sharp && quoteCharacter(character, "'") === character ? ` '${character}'` : "";
  return pad(`U+${hex}${shown}`, { ...flags, zero: false });
}
