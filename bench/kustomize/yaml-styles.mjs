// Writes data as YAML in every style people use: block and flow, all quotes, block scalars, comments, anchors, JSON. A scalar
// that must stand exactly as given is an Odd.

export class Odd {
  constructor(text) {
    this.text = text;
  }
}

export const oddTexts =
  "yes|\"yes\"|'no'|on|0777|\"0777\"|1e3|1.0|12:30:45|2024-01-02|2024-01-02T03:04:05Z|~|null|\"\"|''|true|True|\"true\"|0x1F|1_000|'it''s'|\"tab\\there\"|\"é😀\"|a:b|'a: b'|'# x'|plain text with words|'- x'|-1|+5|.5|1.|9007199254740993|!!str 12|\"trailing \"|$(VAR_A)|$$(VAR_A)|x-$(VAR_B)-y|{}|[]|'{}'|=|0o17|0b11|'.nan'|y|n|Y|No|NULL|Null|TRUE|Off|1e-7|123456789012345678901|0.1|-0|\"\\x41\\u00e9\"|'multi  space'|a#b|http://x:80/y?z=1|\"a\\nb\"|\"a\\n\"|\"\\ttab first\"|*.example.com'|%x|@at|`tick`|\"quo\\\"te\"|'''single'''|key=value|[a|-|?|!|&|---x"
    .split("|")
    .filter((one) => !/^([%@`[?!&*-]|-)$|^[%@`[&*]/.test(one))
    .map((one) => (one.endsWith("'") && !one.startsWith("'") ? one.slice(0, -1) : one));

const longText =
  "words that go on and on until the line is longer than eighty columns, as descriptions tend to be in practice";
export const texts = [
  "web",
  "nginx:1.19",
  "a b c",
  longText,
  `${longText}: ${longText}`,
  "two\nlines\n",
  "two\nlines",
  "\nleading break",
  "trailing breaks\n\n\n",
  "  indented\nless\n",
  "a\n\n  b\n\nc\n",
  '#!/bin/sh\nset -e\necho "$X"\n',
  "key: value\nlist:\n- a\n- b\n",
  '{"a": 1, "b": [true, null]}',
  "tab\there",
  "ünï😀",
  "trailing space \nx\n",
  "x".repeat(120),
  "",
  " ",
  "- dash",
  "colon: ",
  "'",
  '"',
  "a # b",
  "%d",
  "back\\slash",
  "\u0007bell",
  "nbsp\u00a0x",
  "line\u2028sep",
  "cr\r\nlf\r\n",
  "http://example.com/?a=b&c=<d>",
  "pre-$(VAR_A)/$(VAR_B)",
];

const simple = /^[A-Za-z_$./(][A-Za-z0-9_./ ()$=@-]*[A-Za-z0-9/_)]$|^[A-Za-z]$/;
const words = /^(y|n|yes|no|on|off|true|false|null|nan|inf)$/i;

/** YAML text of the data, a document without separator. */
export function writeYaml(data, random, { isPlain = false } = {}) {
  if (!isPlain && random.chance(0.05)) {
    const json = toJson(data);
    if (json !== undefined) return `${JSON.stringify(json, null, random.pick([0, 2]))}\n`;
  }
  const writer = new Writer(
    random,
    isPlain
      ? 0
      : random.weighted([
          [4, 0],
          [4, 0.02],
          [2, 0.15],
        ]),
  );
  return writer.document(data);
}

function toJson(data) {
  if (data instanceof Odd) return undefined;
  if (Array.isArray(data)) {
    const items = data.map(toJson);
    return items.includes(undefined) ? undefined : items;
  }
  if (typeof data !== "object" || data === null) return data;
  const entries = Object.entries(data).map(([key, value]) => [key, toJson(value)]);
  return entries.some(([, value]) => value === undefined) ? undefined : Object.fromEntries(entries);
}

class Writer {
  constructor(random, wildness) {
    this.random = random;
    this.wildness = wildness;
    this.anchors = [];
    this.count = 0;
    this.isListIndented = random.chance(0.3);
  }

  wild(factor = 1) {
    return this.random.chance(this.wildness * factor);
  }

  document(data) {
    const text = `${this.block(data, 0).replace(/^\n/, "")}\n`;
    return this.wild() ? `# about this\n${text}` : text;
  }

  comment(indent) {
    return this.wild(0.3) ? `${" ".repeat(indent)}# a comment: with "things"\n` : "";
  }

  end() {
    return this.wild(0.4) ? this.random.pick([" # why", "   # x: y", " #"]) : "";
  }

  /** Text that follows `key:` or `-`: a blank and a scalar, or a break and a block. */
  block(value, indent, isInList = false) {
    const isNode = typeof value === "object" && value !== null && !(value instanceof Odd);
    if (!isNode) return this.scalarWithAnchor(value, indent);
    const isEmpty = Object.keys(value).length === 0;
    if (isEmpty || this.wild(0.5)) {
      const flow = this.flow(value);
      if (flow !== undefined) return ` ${flow}${this.end()}`;
    }
    const anchor = !isInList && this.wild(0.4) ? { name: `a${this.count++}`, value } : undefined;
    const lines = Array.isArray(value) ? this.list(value, indent) : this.map(value, indent);
    // Named only once it is complete: nothing may hold itself.
    if (anchor !== undefined) this.anchors.push(anchor);
    const head = anchor !== undefined ? ` &${anchor.name}` : "";
    return `${head}${isInList ? "" : this.end()}\n${lines}`;
  }

  map(value, indent) {
    const pad = " ".repeat(indent);
    const merged = this.wild(0.3) ? this.anchors.find((one) => !Array.isArray(one.value)) : undefined;
    if (merged !== undefined) value = { ...value };
    const head = merged === undefined ? "" : `${pad}<<: *${merged.name}\n`;
    return head + this.fields(value, indent);
  }

  fields(value, indent) {
    const pad = " ".repeat(indent);
    let keys = Object.keys(value);
    if (this.wild(1)) keys = keys.reverse();
    return keys
      .map((key) => {
        const name = simple.test(key) && !words.test(key) ? key : key.includes("'") ? JSON.stringify(key) : `'${key}'`;
        const child = value[key];
        const isList = Array.isArray(child);
        const alias = this.aliasFor(child);
        const text = alias ?? this.block(child, isList && !this.isListIndented ? indent : indent + 2);
        return `${this.comment(indent)}${pad}${name}:${text}`;
      })
      .join("\n");
  }

  /** An anchor whose value is the same. */
  aliasFor(value) {
    if (this.anchors.length === 0 || value === null || typeof value !== "object" || value instanceof Odd)
      return undefined;
    const found = this.anchors.find((one) => JSON.stringify(one.value) === JSON.stringify(value));
    return found === undefined ? undefined : ` *${found.name}`;
  }

  list(value, indent) {
    const pad = " ".repeat(indent);
    return value
      .map((item) => {
        const isMap = typeof item === "object" && item !== null && !Array.isArray(item) && !(item instanceof Odd);
        const text = this.block(item, indent + 2, true);
        const head = this.comment(indent);
        if (!text.startsWith("\n")) return `${head}${pad}-${text}`;
        if (!isMap && !Array.isArray(item)) return `${head}${pad}-${text}`;
        // The first line of the block moves up beside the dash, unless a comment stands there.
        const first = text.slice(1);
        return /^\s*#/.test(first) ? `${head}${pad}-\n${first}` : `${head}${pad}- ${first.trimStart()}`;
      })
      .join("\n");
  }

  flow(value) {
    if (value instanceof Odd)
      return /[,\]}[{:#]/.test(value.text) && !/^['"]/.test(value.text) ? undefined : value.text;
    if (typeof value !== "object" || value === null) return this.flowScalar(value);
    const isList = Array.isArray(value);
    const parts = [];
    for (const [key, child] of Object.entries(value)) {
      const text = this.flow(child);
      if (text === undefined) return undefined;
      parts.push(isList ? text : `${simple.test(key) && !words.test(key) ? key : JSON.stringify(key)}: ${text}`);
    }
    const gap = this.wild(0.5) ? " " : "";
    return isList ? `[${gap}${parts.join(", ")}${gap}]` : `{${gap}${parts.join(", ")}${gap}}`;
  }

  flowScalar(value) {
    if (typeof value !== "string") return String(value);
    return simple.test(value) && !words.test(value) && !/[$()=]/.test(value) ? value : JSON.stringify(value);
  }

  scalarWithAnchor(value, indent) {
    const text = this.scalar(value, indent);
    if (this.wild(0.1) && !text.startsWith("!")) {
      const name = `a${this.count++}`;
      return ` &${name} ${text}`;
    }
    return ` ${text}${/^[|>]/.test(text) ? "" : this.end()}`;
  }

  scalar(value, indent) {
    if (value instanceof Odd) return value.text;
    if (typeof value !== "string")
      return value === null && this.wild(2) ? this.random.pick(["~", "null", "Null", ""]) : String(value);
    const { random } = this;
    const isClean = !/[\u0000-\u0008\u000b-\u001f\u2028]/.test(value);
    if (value.includes("\n") && isClean && random.chance(0.85)) return this.blockScalar(value, indent);
    if (simple.test(value) && !words.test(value)) {
      if (!this.wild(1)) return value;
      return random.pick([`'${value}'`, JSON.stringify(value), `!!str ${value}`]);
    }
    if (!value.includes("\n") && isClean && !value.includes("\t") && random.chance(0.5))
      return `'${value.replaceAll("'", "''")}'`;
    return JSON.stringify(value).replaceAll("\u2028", "\\u2028");
  }

  blockScalar(value, indent) {
    const { random } = this;
    const pad = " ".repeat(Math.max(indent, 1));
    const body = value.replace(/\n+$/, "");
    const tail = value.slice(body.length);
    const hint = /^[ \n]/.test(value) || body === "" ? String(Math.max(indent, 1)) : "";
    if (hint !== "" && Number(hint) > 9) return JSON.stringify(value);
    if (hint !== "") return JSON.stringify(value);
    const chomp = tail === "" ? "-" : tail === "\n" ? "" : "+";
    const mark = this.wild(1) && !/\n[ \t]|\t|\n\n| $/.test(body) ? ">" : "|";
    const lines = body.split(mark === ">" ? "\n" : "\n").map((line) => (line === "" ? "" : pad + line));
    const joined = lines.join(mark === ">" ? "\n\n" : "\n");
    const extra = chomp === "+" ? "\n".repeat(tail.length - 1) : "";
    return `${mark}${chomp}${random.chance(0.1) ? " # text" : ""}\n${joined}${extra}`;
  }
}
