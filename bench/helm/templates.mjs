// Random templates from a seed whose functions get arguments of their types, so that most of them render: every function that
// gives the same each time, in pipelines and parentheses, with variables, conditions, loops, definitions, include, tpl, printf
// and trim markers. One in twenty is wild: any argument for any function (wild-templates.mjs).
import { moreAtoms, moreCalls, oddFormat } from "./template-methods.mjs";
import { randomOf, values } from "./template-values.mjs";
import { makeWildQuestion } from "./wild-templates.mjs";

/** What stands for a value of each type. Types: see `calls`. */
const atoms = {
  S: `"" "abc" "Hello World_foo-bar" "a,b,,c" "  x  " "x\\ny\\n" \`raw\\n\` "1.5" "true" "$1" .Values.text .Values.empty .Release.Name .Chart.Name .Values.image.tag .Values.multiline .Values.unicode .Values.quoted .Values.map.b .Template.Name .Values.image.repository "-" "/" "héllo" .Release.Namespace "http_server-ID42x" .Values.labels.tier`,
  W: `"," "-" "a" "" "." "/" " " "o" "l"`,
  I: `0 1 2 3 5 10 -1 100 42 (int .Values.number) (len .Values.list) (int 2.9) 0x1F 'a' 1_000`,
  L: `(int64 7) (add 1 2) (int64 .Values.big) (mul 3 4) (int64 -1)`,
  F: `1.5 -0.5 .Values.float .Values.number (float64 3) 1e6 1e21 0.1 2.0 .Values.big (float64 "1e-7") 100.0`,
  N: `0 1 3 -2 1.5 .Values.number .Values.float (int64 7) "7" "1.5" .Values.big 42 (float64 2) .Values.zero`,
  B: `true false .Values.yes .Values.no (not true) (eq 1 1) .Release.IsInstall`,
  K: `"a" "b" "inner" "deep" "list" "zz" "name" "cpu" "tier"`,
  ls: `.Values.names (list "b" "a" "c" "a") (splitList "," "x,y,z") (list) (list "é" "" "B") .Values.emptyList (keys .Values.map | sortAlpha)`,
  li: `(until 4) (list 1 2 3) (list) .Values.ports (untilStep 10 0 -3) (list 3 1 2)`,
  la: `.Values.list .Values.env (list nil "" 0 1 false) (list 1 "a" 2.5 (dict "k" "v")) .Values.floats (list (list 1) (list 2 "x")) .Values.emptyList (tuple 1 2)`,
  lm: `.Values.env (list (dict "a" 1) (dict "a" 2 "b" "x")) (list .Values.map .Values.labels)`,
  M: `.Values.map .Values.labels .Values.resources .Values.image (dict) (dict "a" 1 "b" "x") (dict "a" (dict "b" (dict "c" 3)) "list" (list 1 2)) .Values.emptyMap .Values.map.inner (dict "x" nil "y" 1.5)`,
  A: `.Values.nothing .Values.missing .Values.list .Values.map 1 1.5 "abc" true .Values.big .Values.empty (list) (dict) .Values.env .Values.quoted (int64 7) .Values.multiline 'x' "" .Values.floats .Values.names`,
  Y: `"a: 1\\nb: [x, 2.5, null]\\n" "- 1\\n- two\\n- {c: d}\\n" "" "x: yes\\ny: 010\\nz: 1e3\\n" "bad: [" "t: 2020-01-02\\nu: |\\n  text\\n" (toYaml .Values.map) (toYaml .Values.env) "a: &x {b: 1}\\nc: *x\\n" "{}" "n: 12345678901234567890" .Values.multiline`,
  J: `"{\\"a\\":[1,2.5,null],\\"b\\":\\"<&>\\"}" "[1,\\"x\\",{}]" "{" "null" "3" (toJson .Values.map) (toJson .Values.env) "{\\"n\\":12345678901234567890}"`,
  O: `"a = 1\\nb = \\"x\\"\\n[c]\\nd = [1, 2]\\n" "x" "" (toToml .Values.map)`,
  R: `"^a+b?$" "[a-z]+" "(\\\\w+)-(\\\\w+)" "o" "\\\\d+" "" "(?i)HELLO" "[^,]*" "(a)|(b)" "^$" "\\\\bx" "l{2}"`,
  P: `"/a//b/../c.tar.gz" "a/b/c" "" "." "../x" "/" .Template.Name .Template.BasePath "x.y/z"`,
  V: `"1.2.3" "1.2.3-rc.1+b5" "v2.0" .Capabilities.KubeVersion.Version "0.0.1" "1" "10.20.30-alpha"`,
  C: `">=1.2.0" "^1" "~1.2.3" "1.x" ">1 <3 || >=5-0" "1.2.3 - 2" "*" "!=1.2.3" ">=1.20-0" "=1.2.3, <2"`,
  D: `"1h30m" "90s" "2" "1.5h" 3600 "250ms" "-5m" "36h"`,
  T: `(toDate "2006-01-02" "2020-02-29") (toDate "2006-01-02 15:04:05" "1999-12-31 23:59:58")`,
  Z: `"2006-01-02" "Jan _2 15:04:05 2006" "02/01/06 03:04PM MST" "Monday, 2 January" "15h" "2006-01-02T15:04:05Z07:00"`,
  U: `"https://user:pw@host:8080/a/b?q=1&r=x%20y#frag" "http://h" "/rel/path?x" "mailto:a@b" "" "//h/p"`,
  X: `"aGVsbG8=" "" "!!" (b64enc .Values.text) "aGVsbG8"`,
  H: `"{{ . }}" "{{ .Values.text | quote }}" .Values.template "plain" "{{ range until 2 }}{{ . }},{{ end }}" "{{ include \\"h\\" .Values.map }}" "{{ define \\"q\\" }}x{{ end }}{{ template \\"q\\" }}" "{{ with .Values.image }}{{ .tag }}{{ end }}" "{{ $.Values.float }}" "{{ tpl .Values.template . }}"`,
  G: `$`,
};
splitAll(atoms, splitAtoms);
splitAll(moreAtoms, splitAtoms);

function splitAll(table, split) {
  for (const [type, text] of Object.entries(table)) table[type] = split(text);
}

function splitAtoms(text) {
  return text.match(/\([^()]*(?:\([^()]*(?:\([^()]*\)[^()]*)*\)[^()]*)*\)|"(?:[^"\\]|\\.)*"|`[^`]*`|'[^']*'|\S+/g);
}

/** name, its arguments' types; a type with + may come more than once. By the type of the result. */
const calls = {
  S: `seq I I|unixEpoch T|durationSeconds D|durationHours D|durationNanoseconds D|upper S|lower S|title S|untitle S|trim S|nospace S|initials S|swapcase S|snakecase S|kebabcase S|camelcase S|trimAll W S|trimSuffix W S|trimPrefix W S|substr I I S|trunc I S|abbrev I S|abbrevboth I I S|wrap I S|wrapWith I W S|repeat i S|replace W S S|replace W W S|indent i S|nindent i S|plural S S I|cat A+|quote A+|squote A+|toString A|join W ls|join W la|join W li|printf p|print A+|println A+|html A+|js S|urlquery A+|b64enc S|b64dec X|b32enc S|b32dec S|sha1sum S|sha256sum S|sha512sum S|adler32sum S|toYaml A|mustToYaml A|toYamlPretty A|toJson A|mustToJson A|toPrettyJson A|toRawJson A|toToml M|regexFind R S|regexReplaceAll R S S|regexReplaceAllLiteral R S S|regexQuoteMeta S|mustRegexFind R S|base P|dir P|clean P|ext P|osBase P|osDir P|osClean P|osExt P|date Z T|dateInZone Z T "UTC"|htmlDate T|htmlDateInZone T "UTC"|duration I|durationRound D|typeOf A|kindOf A|ternary S S B|default S S|default S A|coalesce S+|include "h" A|include "deep" G|include "loop" i|tpl H G|tpl H G|required "must" S|first ls|last ls|durationMinutes D|durationDays D|getHostByName S|derivePassword 1 "long" "p" "user" "s"|urlJoin (urlParse~U)|index ls 0|.Files.Get P|.Values.AsMap.text|.Capabilities.KubeVersion.Major`,
  I: `int N|len S|len la|len M|len ls|atoi S|index (list 3 1 2) 1|int L|int F|int S`,
  L: `int64 N|min N N+|max N N+|add N N+|sub N N|mul N N+|div N (int~5)|mod N (int~3)|add1 N|biggest N N|toDecimal S|add I L`,
  F: `float64 N|addf N N|subf N N|mulf N N|divf N (float64~4)|add1f N|maxf N N|minf N N|ceil N|floor N|round N i|index .Values.floats 1`,
  B: `not A|and A A|or A A|eq S S|eq I I|ne S S|lt I I|le F F|gt S S|ge I I|eq A A|contains W S|hasPrefix W S|hasSuffix W S|empty A|hasKey M K|has S ls|has A la|all A+|any A+|kindIs "string" A|kindIs "map" A|typeIs "float64" A|typeIsLike "string" A|deepEqual A A|deepEqual la la|regexMatch R S|mustRegexMatch R S|semverCompare C V|isAbs P|osIsAbs P|.Capabilities.APIVersions.Has S|.Capabilities.APIVersions.Has "apps/v1"|eq S S S|and B B B|or B B B`,
  ls: `sortAlpha ls|sortAlpha la|splitList W S|toStrings la|toStrings li|uniq ls|reverse ls|compact ls|initial ls|rest ls|append ls S|prepend ls S|without ls S+|concat ls ls|regexFindAll R S -1|regexFindAll R S I|regexSplit R S -1|regexSplit R S I|slice ls 0|keys (dict~"k"~1)|pluck K M M|.Files.Lines P`,
  li: `until i|untilStep I I I|list I+|reverse li|uniq li|rest li|append li I|concat li li|mustReverse li|compact li`,
  la: `list A+|tuple A+|uniq la|reverse la|compact la|initial la|rest la|append la A|push la A|prepend la A|mustAppend la A|without la A|concat la ls|concat li la|chunk k la|slice la 1|slice la 0 1|values (dict~"k"~A)|pluck K M M|fromYamlArray Y|fromJsonArray J|fromJson J|deepCopy la|default la A|coalesce la la|ternary la la B|mustUniq la|mustCompact la|mustSlice la 0`,
  M: `dict K A|dict K A K A|set (deepCopy~M) K A|unset (deepCopy~M) K|pick M K+|omit M K+|merge (dict) M M|mergeOverwrite (dict) M M|mustMerge (dict) M M|mustMergeOverwrite (dict) M M|merge (deepCopy~M) M|deepCopy M|fromYaml Y|fromJson J|mustFromJson (toJson~M)|fromToml O|urlParse U|default (dict) M|dict "x" A "y" (dict~K~A)|ternary M M B`,
  A: `split W S|splitn W 2 S|.Capabilities.KubeVersion|get M K|dig K K S M|dig K A M|first la|last la|index la 0|index M K|coalesce A+|default A A|ternary A A B|fromYaml Y|fromJson J|semver V|toDate Z S|mustFirst li|or A A|and A A|typeOf A|index .Values.env 2 "valueFrom"|deepCopy A|mustLast ls`,
};
// Arguments that must stay small: counts (i) and chunk sizes (k).
atoms.i = splitAtoms("0 1 2 3 5 (int~2)".replaceAll("~", " "));
atoms.k = splitAtoms("1 2 3");
const splitCalls = (text) => text.split("|").map((call) => call.split(" "));
splitAll(calls, splitCalls);
splitAll(moreCalls, splitCalls);

const verbs = {
  S: ["%s", "%q", "%v", "%x", "%10s", "%-10s|", "%.3s", "%X", "%+q", "%#v", "%T", "%%%s", "% x", "%[1]s", "%5.2s"],
  I: [
    "%d",
    "%v",
    "%5d",
    "%-5d|",
    "%05d",
    "%x",
    "%X",
    "%o",
    "%b",
    "%+d",
    "%c",
    "%q",
    "%U",
    "%#x",
    "%e",
    "%s",
    "%t",
    "%T",
    "% d",
  ],
  F: ["%f", "%.2f", "%g", "%e", "%v", "%8.3f", "%-8.1f|", "%+g", "%G", "%E", "%08.2f", "%d", "%s", "%#v", "%.0f", "%T"],
  B: ["%t", "%v", "%q", "%d", "%5t", "%T"],
  la: ["%v", "%s", "%d", "%q", "%#v", "%x", "%T"],
  M: ["%v", "%s", "%q", "%T"],
  A: ["%v", "%s", "%d", "%T", "%+v", "%q"],
};

const texts = ["", " ", "\n", "a: ", "  - ", "x", "é\n", "{ }", "\t", "\n  key: ", "---\n", "\r\n", "- "];
const types = ["S", "S", "S", "I", "L", "F", "B", "ls", "li", "la", "M", "A"];

class Writer {
  constructor(seed) {
    this.random = randomOf(seed);
    this.variables = [];
    /** One in three writes the calls of template-methods.mjs, too. */
    this.isOdd = seed % 3 === 0;
  }
  pick(list) {
    return list[Math.floor(this.random() * list.length)];
  }
  chance(share) {
    return this.random() < share;
  }
  /** A value of the type: a variable, an atom, or a call in parentheses. */
  operand(type, depth) {
    if (/^["(.\d-]/.test(type))
      return type.replace(/~([A-Z]\w*)/g, (_, inner) => ` ${this.operand(inner, 0)}`).replaceAll("~", " ");
    const known = this.variables.filter((variable) => variable.type === type);
    if (known.length > 0 && this.chance(0.3)) return this.pick(known).name;
    if (calls[type] !== undefined && depth > 0 && this.chance(0.45)) return `(${this.pipeline(type, depth - 1)})`;
    // Now and then something of another type, as people write it.
    if (this.chance(0.01)) return this.pick(atoms[this.pick(types)]);
    return this.filled(this.pick(this.choice(atoms, moreAtoms, type)));
  }
  /** Of two tables, the one to pick from. */
  choice(usual, more, type) {
    const isMore = usual[type] === undefined || (this.isOdd && more[type] !== undefined && this.chance(0.5));
    return (isMore ? more : usual)[type];
  }
  /** A word with operands where @ names their types. */
  filled(word) {
    return word.replace(/@([A-Z]\d?|l[aism])/g, (_, type) => this.operand(type, 0));
  }
  call(type, depth) {
    const [name, ...parameters] = this.pick(this.choice(calls, moreCalls, type));
    if (parameters[0] === "p") return [name, ...this.format(depth)];
    if (parameters[0] === "q")
      return [name, `"${oddFormat(this.pick.bind(this), this.chance.bind(this))}"`, ...this.operands(1, 3)];
    const words = [this.filled(name)];
    for (const parameter of parameters) {
      const isMany = parameter.endsWith("+") && parameter.length > 1;
      const one = isMany ? parameter.slice(0, -1) : parameter;
      for (let i = 0; i < (isMany ? 1 + Math.floor(this.random() * 3) : 1); i++) words.push(this.operand(one, depth));
    }
    return words;
  }
  /** Of times and pointers printf may show addresses, so none are among them. */
  operands(depth, most) {
    const count = Math.floor(this.random() * (most + 1));
    return Array.from({ length: count }, () => this.operand(this.pick(types.slice(0, -1)), depth));
  }
  /** printf's format with arguments for its verbs. */
  format(depth) {
    const chosen = Array.from({ length: 1 + Math.floor(this.random() * 3) }, () => this.pick(Object.keys(verbs)));
    const text = chosen.map((type) => this.pick(verbs[type])).join(this.pick(["", " ", "-", ": "]));
    return [`"${text}"`, ...chosen.map((type) => this.operand(type, depth))];
  }
  /** A call, often with its last argument piped into it. */
  pipeline(type, depth) {
    const words = this.call(type, depth);
    if (words.length < 2 || !this.chance(0.5)) return words.join(" ");
    const last = words.pop();
    const piped = last.startsWith("(") && last.endsWith(")") && this.chance(0.6) ? last.slice(1, -1) : last;
    return `${balanced(piped) ? piped : last} | ${words.join(" ")}`;
  }
  expression(type, depth) {
    return this.chance(0.8) && calls[type] !== undefined ? this.pipeline(type, depth) : this.operand(type, depth);
  }
  action(inner) {
    const [left, right] = [
      this.chance(0.2) ? "- " : this.pick(["", " "]),
      this.chance(0.2) ? " -" : this.pick(["", " "]),
    ];
    return `{{${left}${inner}${right}}}`;
  }
  print() {
    const type = this.pick(types);
    return this.action(this.expression(type, 2));
  }
  nodes(depth) {
    let text = "";
    for (let i = 0; i < 1 + Math.floor(this.random() * 3); i++) text += this.pick(texts) + this.node(depth);
    return text + this.pick(texts);
  }
  /** A body whose variables end with it. */
  body(depth) {
    const scope = this.variables.length;
    const text = this.nodes(depth);
    this.variables.length = scope;
    return text;
  }
  node(depth) {
    const roll = this.random();
    if (depth === 0 || roll < 0.4) return this.print();
    if (roll < 0.5) return this.assignment();
    if (roll < 0.62) return this.condition(depth - 1);
    if (roll < 0.72) return this.context(depth - 1);
    if (roll < 0.9) return this.loop(depth - 1);
    if (roll < 0.93)
      return this.action(this.chance(0.6) ? 'template "deep" $' : `template "h" ${this.operand("A", 1)}`);
    if (roll < 0.96)
      return `{{${this.chance(0.5) ? "- " : ""}/* a comment ${this.pick(["", "}", "{{ x"])} */${this.chance(0.5) ? " -" : ""}}}`;
    return this.yaml();
  }
  /** As charts write it: a block of YAML put in at an indent. */
  yaml() {
    const value = this.operand(this.pick(["M", "la", "lm"]), 1);
    return `{{- with ${value} }}\nkey:\n  {{- toYaml . | nindent ${this.pick([2, 4, 8])} }}\n{{- end }}`;
  }
  assignment() {
    const same = this.variables.filter((variable) => variable.name.startsWith("$v"));
    if (same.length > 0 && this.chance(0.4)) {
      const { name, type } = this.pick(same);
      return this.action(`${name} = ${this.expression(type, 1)}`);
    }
    const type = this.pick(types);
    const name = `$v${this.variables.length}`;
    const text = this.action(`${name} := ${this.expression(type, 2)}`);
    this.variables.push({ name, type });
    return text;
  }
  condition(depth) {
    const test = () => this.expression(this.pick(["B", "B", "A", "S", "la"]), 1);
    let text = `${this.action(`if ${this.chance(0.1) ? `$c := ${test()}` : test()}`)}${this.body(depth)}`;
    while (this.chance(0.25)) text += `${this.action(`else if ${test()}`)}${this.body(depth)}`;
    return `${text}${this.chance(0.5) ? this.action("else") + this.body(depth) : ""}${this.action("end")}`;
  }
  context(depth) {
    const type = this.pick(["M", "S", "la", "A", "I"]);
    const named = this.chance(0.4);
    const name = `$w${this.variables.length}`;
    const head = this.action(`with ${named ? `${name} := ` : ""}${this.expression(type, 1)}`);
    if (named) this.variables.push({ name, type });
    const inner = this.inside(() => this.body(depth));
    if (named) this.variables.pop();
    const other = this.chance(0.2)
      ? `${this.action(`else with ${this.expression("S", 1)}`)}${this.inside(() => this.body(depth))}`
      : "";
    return `${head}${this.chance(0.4) ? this.action(this.pick([".", "toYaml .", "quote ."])) : ""}${inner}${other}${this.chance(0.3) ? this.action("else") + this.body(depth) : ""}${this.action("end")}`;
  }
  /** Where the dot is another thing, fields are asked of $. */
  inside(write) {
    return write().replace(/(^|[\s({|])\.(Values|Release|Chart|Template|Capabilities|Files)\b/g, "$1$.$2");
  }
  loop(depth) {
    const type = this.pick(["la", "ls", "li", "M", "lm", "i"]);
    const element = { la: "A", ls: "S", li: "I", M: "A", lm: "M", i: "I" }[type];
    const count = this.variables.length;
    const [key, value] = [`$k${count}`, `$e${count}`];
    const form = this.pick(["", `${value} := `, `${key}, ${value} := `]);
    const head = this.action(`range ${type === "i" ? form.replace(/^.*, /, "") : form}${this.operand(type, 1)}`);
    if (form.includes(",") && type !== "i") this.variables.push({ name: key, type: type === "M" ? "S" : "I" });
    if (form !== "") this.variables.push({ name: value, type: element });
    const shown = this.chance(0.5) ? this.action(this.pick([".", "toJson .", "print ."])) : "";
    const stop = this.chance(0.2)
      ? `${this.action(`if ${this.operand("B", 1)}`)}${this.action(this.pick(["break", "continue"]))}${this.action("end")}`
      : "";
    const inner = this.inside(() => stop + this.body(depth));
    this.variables.length = count;
    return `${head}${shown}${inner}${this.chance(0.3) ? this.action("else") + this.body(depth) : ""}${this.action("end")}`;
  }
}

/** True when no parenthesis closes before it opens. */
function balanced(text) {
  let depth = 0;
  for (const character of text.replace(/"(?:[^"\\]|\\.)*"|`[^`]*`/g, "")) {
    if (character === "(") depth++;
    if (character === ")" && --depth < 0) return false;
  }
  return depth === 0;
}

const definitions =
  '{{define "h"}}[{{.}}]{{end}}{{- define "deep" -}}{{ with .Values }}{{ .text }}{{ include "h" .image.tag }}{{ else }}none{{ end }}{{- end -}}' +
  '{{ define "loop" }}{{ if gt (int .) 0 }}{{ . }}{{ include "loop" (sub . 1) }}{{ end }}{{ end }}';

/** A template and its values; the same for the same seed. */
export function makeQuestion(seed) {
  if (seed % 20 === 0) return makeWildQuestion(seed);
  const writer = new Writer(seed);
  return { text: definitions + writer.body(writer.isOdd ? 1 : 3), values };
}
