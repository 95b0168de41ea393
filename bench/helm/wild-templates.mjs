// Random templates from a seed whose functions take whatever comes: most of them fail, and the words of the failure are what
// they are for. Some are cut or have a character changed.

import { randomOf, values } from "./template-values.mjs";

const literals = [
  "nil",
  "true",
  "false",
  "0",
  "1",
  "-1",
  "42",
  "0x1F",
  "1_000",
  "1.5",
  "-0.0",
  "1e6",
  "1e21",
  "'a'",
  '""',
  '"abc"',
  '"1.2.3"',
  '"a,b,c"',
  '"héllo"',
  '"x\\ny\\n"',
  "`raw\\n`",
  '"%v-%d"',
  '"2006-01-02"',
  '"a: 1\\nb: [x]"',
  '"{\\"a\\":[1,2.5]}"',
  '"^a+b?$"',
];
const fields = [
  ".Values.text",
  ".Values.number",
  ".Values.float",
  ".Values.yes",
  ".Values.list",
  ".Values.map",
  ".Values.map.inner",
  ".Values.map.inner.deep",
  ".Values.missing",
  ".Values.missing.deep",
  ".Values.nothing",
  ".Values.empty",
  ".Values",
  ".Release.Name",
  ".Chart.Name",
  ".Template.Name",
  ".Values.big",
  "$.Values.list",
  "$.Values",
  ".",
];
// name, number of arguments
const functions = [
  ["quote", 1],
  ["squote", 1],
  ["upper", 1],
  ["lower", 1],
  ["title", 1],
  ["trim", 1],
  ["trimAll", 2],
  ["trimSuffix", 2],
  ["trimPrefix", 2],
  ["nospace", 1],
  ["initials", 1],
  ["swapcase", 1],
  ["repeat", 2],
  ["substr", 3],
  ["trunc", 2],
  ["abbrev", 2],
  ["contains", 2],
  ["hasPrefix", 2],
  ["hasSuffix", 2],
  ["replace", 3],
  ["plural", 3],
  ["snakecase", 1],
  ["camelcase", 1],
  ["kebabcase", 1],
  ["wrap", 2],
  ["indent", 2],
  ["nindent", 2],
  ["cat", 2],
  ["join", 2],
  ["splitList", 2],
  ["split", 2],
  ["splitn", 3],
  ["sortAlpha", 1],
  ["add", 2],
  ["sub", 2],
  ["mul", 2],
  ["div", 2],
  ["mod", 2],
  ["add1", 1],
  ["addf", 2],
  ["divf", 2],
  ["max", 2],
  ["min", 2],
  ["floor", 1],
  ["ceil", 1],
  ["round", 2],
  ["int", 1],
  ["int64", 1],
  ["float64", 1],
  ["toString", 1],
  ["toStrings", 1],
  ["toDecimal", 1],
  ["atoi", 1],
  ["default", 2],
  ["empty", 1],
  ["coalesce", 2],
  ["ternary", 3],
  ["list", 2],
  ["first", 1],
  ["last", 1],
  ["rest", 1],
  ["initial", 1],
  ["append", 2],
  ["prepend", 2],
  ["concat", 2],
  ["reverse", 1],
  ["uniq", 1],
  ["without", 2],
  ["has", 2],
  ["compact", 1],
  ["slice", 3],
  ["until", 1],
  ["untilStep", 3],
  ["seq", 2],
  ["dict", 2],
  ["get", 2],
  ["hasKey", 2],
  ["pluck", 2],
  ["keys", 1],
  ["values", 1],
  ["pick", 2],
  ["omit", 2],
  ["merge", 2],
  ["mergeOverwrite", 2],
  ["deepCopy", 1],
  ["dig", 3],
  ["set", 3],
  ["unset", 2],
  ["toYaml", 1],
  ["fromYaml", 1],
  ["fromYamlArray", 1],
  ["toJson", 1],
  ["fromJson", 1],
  ["toPrettyJson", 1],
  ["toRawJson", 1],
  ["toToml", 1],
  ["b64enc", 1],
  ["b64dec", 1],
  ["sha256sum", 1],
  ["adler32sum", 1],
  ["kindOf", 1],
  ["typeOf", 1],
  ["kindIs", 2],
  ["typeIs", 2],
  ["deepEqual", 2],
  ["regexMatch", 2],
  ["regexFind", 2],
  ["regexReplaceAll", 3],
  ["regexSplit", 3],
  ["semverCompare", 2],
  ["printf", 2],
  ["print", 2],
  ["println", 1],
  ["html", 1],
  ["js", 1],
  ["urlquery", 1],
  ["len", 1],
  ["index", 2],
  ["not", 1],
  ["and", 2],
  ["or", 2],
  ["eq", 2],
  ["ne", 2],
  ["lt", 2],
  ["le", 2],
  ["gt", 2],
  ["ge", 2],
  ["required", 2],
  ["tpl", 2],
  ["include", 2],
  ["base", 1],
  ["dir", 1],
  ["ext", 1],
  ["clean", 1],
  ["isAbs", 1],
  ["urlParse", 1],
  ["chunk", 2],
  ["mustToJson", 1],
  ["mustFirst", 1],
  ["all", 2],
  ["any", 2],
];
const texts = ["", " ", "\n", "a: ", "  - ", "x", "é\n", "{ }", "\t"];

class Writer {
  constructor(seed) {
    this.random = randomOf(seed);
    this.variables = [];
  }
  pick(list) {
    return list[Math.floor(this.random() * list.length)];
  }
  chance(share) {
    return this.random() < share;
  }
  atom() {
    if (this.variables.length > 0 && this.chance(0.2)) return this.pick(this.variables);
    return this.chance(0.5) ? this.pick(literals) : this.pick(fields);
  }
  operand(depth) {
    return depth > 0 && this.chance(0.5) ? `(${this.pipeline(depth - 1)})` : this.atom();
  }
  call(depth, missing = 0) {
    const [name, arity] = this.pick(functions);
    const count = Math.max(0, arity - missing + (this.chance(0.03) ? this.pick([-1, 1]) : 0));
    return [name, ...Array.from({ length: count }, () => this.operand(depth))].join(" ");
  }
  pipeline(depth) {
    let text = this.chance(0.75) ? this.call(depth) : this.operand(depth);
    while (this.chance(0.3)) text += ` | ${this.call(depth, 1)}`;
    return text;
  }
  action(inner) {
    return `{{${this.chance(0.15) ? "- " : ""}${inner}${this.chance(0.15) ? " -" : ""}}}`;
  }
  node(depth) {
    const roll = this.random();
    if (depth === 0 || roll < 0.45) return this.action(this.pipeline(2));
    if (roll < 0.55) return this.pick(texts);
    const scope = this.variables.length;
    const text = this.block(roll, depth);
    if (roll >= 0.62) this.variables.length = scope;
    return text;
  }
  block(roll, depth) {
    if (roll < 0.62) {
      const name =
        this.chance(0.3) && this.variables.length > 0 ? this.pick(this.variables) : `$v${this.variables.length}`;
      const sign = this.variables.includes(name) && this.chance(0.6) ? "=" : ":=";
      const text = this.action(`${name} ${sign} ${this.pipeline(1)}`);
      this.variables.push(name);
      return text;
    }
    const body = () => this.nodes(depth - 1);
    const end = this.action("end");
    if (roll < 0.74)
      return `${this.action(`if ${this.pipeline(1)}`)}${body()}${this.chance(0.3) ? `${this.action(`else if ${this.pipeline(1)}`)}${body()}` : ""}${this.chance(0.4) ? this.action("else") + body() : ""}${end}`;
    if (roll < 0.82)
      return `${this.action(`with ${this.pipeline(1)}`)}${body()}${this.chance(0.4) ? this.action("else") + body() : ""}${end}`;
    if (roll < 0.94) {
      const head = this.pick(["range ", "range $i, $e := ", "range $e := "]);
      const open = this.action(
        head + this.pick([".Values.list", ".Values.map", "until 3", "list 1 2", this.operand(1)]),
      );
      if (head.includes("$i")) this.variables.push("$i");
      if (head.includes("$e")) this.variables.push("$e");
      const stop = this.chance(0.2) ? this.action(this.pick(["break", "continue"])) : "";
      return `${open}${body()}${stop}${this.chance(0.3) ? this.action("else") + body() : ""}${end}`;
    }
    if (roll < 0.97) return this.action(`include "h" ${this.atom()}`);
    return this.action(`template "h" ${this.atom()}`);
  }
  nodes(depth) {
    let text = "";
    for (let i = 0; i < 1 + Math.floor(this.random() * 3); i++) text += this.pick(texts) + this.node(depth);
    return text;
  }
}

/** A template and its values; the same for the same seed. */
export function makeWildQuestion(seed) {
  const writer = new Writer(seed);
  let text = `{{define "h"}}[{{.}}]{{end}}${writer.nodes(2)}`;
  if (writer.chance(0.08)) {
    const at = Math.floor(writer.random() * text.length);
    text = writer.chance(0.5)
      ? text.slice(0, at)
      : text.slice(0, at) +
        writer.pick(["{{", "}}", '"', "(", ")", "|", ".", "$", "end", "\u0000", "€"]) +
        text.slice(at + 1);
  }
  return { text, values };
}
