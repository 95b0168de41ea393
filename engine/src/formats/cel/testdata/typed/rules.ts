// A schema with all that one can declare, and random rules over its values: most are right, some are broken in one place.

export const schema = {
  type: "object",
  required: ["name", "ports"],
  properties: {
    name: { type: "string", maxLength: 20 },
    text: { type: "string" },
    mode: { type: "string", enum: ["slow", "fastest"] },
    count: { type: "integer" },
    ratio: { type: "number" },
    on: { type: "boolean" },
    when: { type: "string", format: "date-time" },
    day: { type: "string", format: "date" },
    wait: { type: "string", format: "duration" },
    data: { type: "string", format: "byte", maxLength: 9 },
    amount: { "x-kubernetes-int-or-string": true },
    free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    any: { "x-kubernetes-preserve-unknown-fields": true },
    "a-b.c/d": { type: "string" },
    namespace: { type: "string" },
    tags: { type: "array", maxItems: 5, items: { type: "string", maxLength: 7 } },
    words: { type: "array", items: { type: "string" } },
    nums: { type: "array", maxItems: 8, items: { type: "integer" } },
    ports: { type: "array", items: { type: "object", required: ["port"], properties: { port: { type: "integer" }, proto: { type: "string", maxLength: 3 }, hosts: { type: "array", items: { type: "string" } } } } },
    labels: { type: "object", additionalProperties: { type: "string" } },
    limits: { type: "object", maxProperties: 4, additionalProperties: { type: "integer" } },
    nested: { type: "object", additionalProperties: { type: "object", properties: { x: { type: "string" }, ys: { type: "array", maxItems: 3, items: { type: "string", maxLength: 2 } } } } },
    emb: { type: "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true },
  },
};


let seed = 1;
const below = (n: number): number => {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return (seed >>> 8) % n;
};
const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
let locals: { name: string; type: string }[] = [];
let fresh = 0;

const leaves: Record<string, string[]> = {
  string: ["self.name", "self.text", "self.mode", "'abc'", "''", '"é\\n"', "self.a__dash__b__dot__c__slash__d", "self.__namespace__", "self.metadata.name", "self.kind", "oldSelf.text", "self.emb.kind", "r'a.b'"],
  int: ["self.count", "1", "-3", "0x1f", "size(self.tags)", "self.ports[0].port", "self.limits['a']"],
  bool: ["self.on", "true", "has(self.text)", "has(self.ports[0].proto)", "has(self.labels.app)"],
  double: ["self.ratio", "1.5", "double(self.count)"],
  timestamp: ["self.when", "self.day", "timestamp('2020-01-01T00:00:00Z')"],
  duration: ["self.wait", "duration('1h')"],
  bytes: ["self.data", "b'abc'"],
  dyn: ["self.amount", "dyn(self.name)"],
  "list(string)": ["self.tags", "self.words", "['a', 'bcd']", "self.ports[0].hosts", "self.nested['a'].ys"],
  "list(int)": ["self.nums", "[1, 2, 3]"],
  "list(port)": ["self.ports", "oldSelf.ports"],
  "map(string)": ["self.labels", "{'a': self.name, 'b': 'c'}"],
  "map(int)": ["self.limits", "{'a': 1}"],
};

function gen(type: string, depth: number): string {
  const own = locals.filter((l) => l.type === type);
  if (own.length > 0 && below(3) === 0) return pick(own).name;
  if (depth <= 0 || below(6) === 0) {
    const l = leaves[type];
    if (l !== undefined) return pick(l);
  }
  const d = depth - 1;
  const g = (t: string): string => gen(t, d);
  if (below(8) === 0) return `(${g("bool")} ? ${g(type)} : ${g(type)})`;
  if (below(100) === 0) return bind(type, d);
  if (below(40) === 0) return `self.?${pick(["text", "name", "labels", "count"])}.${pick(["hasValue()", "orValue(1)", `orValue(${g("string")})`])}`;
  if (below(60) === 0) return g(pick(Object.keys(leaves)));
  const list = options[type];
  return list === undefined ? pick(leaves[type] ?? ["self.none"]) : pick(list)(g, d);
}
function withLocal(type: string, run: (name: string) => string): string {
  const name = `v${fresh++}`;
  locals.push({ name, type });
  const out = run(name);
  locals.pop();
  return out;
}
function bind(type: string, d: number): string {
  const inner = pick(Object.keys(leaves));
  const value = gen(inner, d);
  return withLocal(inner, (n) => `cel.bind(${n}, ${value}, ${gen(type, d)})`);
}
const lists: [string, string][] = [["list(string)", "string"], ["list(int)", "int"], ["list(port)", "port"], ["map(string)", "string"], ["map(int)", "string"]];
function fold(name: string, body: string, d: number): string {
  const [range, item] = pick(lists);
  const r = gen(range, d);
  return withLocal(item, (n) => `${r}.${name}(${n}, ${item === "port" && below(2) === 0 ? portBool(n, d) : gen(body, d)})`);
}
function portBool(n: string, d: number): string {
  return pick([`${n}.port > ${gen("int", d)}`, `${n}.proto == ${gen("string", d)}`, `has(${n}.proto)`, `${n}.hosts.all(h, h.startsWith(${gen("string", d)}))`]);
}
type G = (t: string) => string;
const options: Record<string, ((g: G, d: number) => string)[]> = {
  bool: [
    (g) => `${g("bool")} && ${g("bool")}`, (g) => `${g("bool")} || ${g("bool")}`, (g) => `!(${g("bool")})`,
    (g) => { const t = pick(["string", "int", "bool", "double", "timestamp", "list(string)", "map(string)", "bytes", "dyn"]); return `${g(t)} ${pick(["==", "!="])} ${g(t)}`; },
    (g) => { const t = pick(["string", "int", "double", "timestamp", "duration"]); return `${g(t)} ${pick(["<", "<=", ">", ">="])} ${g(t)}`; },
    (g) => `${g("string")} in ${g("list(string)")}`, (g) => `${g("int")} in ${g("list(int)")}`, (g) => `${g("string")} in ${g("map(string)")}`,
    (g) => `${g("string")}.${pick(["startsWith", "endsWith", "contains", "matches"])}(${g("string")})`,
    (_, d) => fold(pick(["all", "exists", "exists_one"]), "bool", d),
    (g) => `isURL(${g("string")})`, (g) => `isQuantity(${g("string")})`, (g) => `isIP(${g("string")})`, (g) => `${g("list(string)")}.isSorted()`,
    (g) => `sets.contains(${g("list(string)")}, ${g("list(string)")})`,
    (g) => `quantity(${g("string")}).isLessThan(quantity(${g("string")}))`,
    (g) => `url(${g("string")}) == url(${g("string")})`, (g) => `ip(${g("string")}) == ip(${g("string")})`,
    (g) => `cidr(${g("string")}).containsIP(${pick([g("string"), `ip(${g("string")})`])})`, (g) => `cidr(${g("string")}).containsCIDR(${g("string")})`,
    (g) => `!format.dns1123Label().validate(${g("string")}).hasValue()`, (g) => `ip.isCanonical(${g("string")})`,
    (g) => `${g("map(string)")}.all(k, v, k == v)`, (g) => `${g("list(string)")}.exists(i, v, i > 1 && v == 'a')`,
    (g) => `self.nested.all(k, self.nested[k].x == ${g("string")})`, (g) => `type(${g("dyn")}) == string`,
    (g) => `optional.of(${g("string")}).optMap(v, v + 'a').orValue('') == ${g("string")}`,
    (g) => `${g("list(string)")}[?0].orValue('x') == ${g("string")}`, (g) => `self.?labels[?'a'].orValue('') == ${g("string")}`,
  ],
  string: [
    (g) => `${g("string")} + ${g("string")}`, (g) => `string(${g(pick(["int", "bool", "double", "timestamp", "dyn", "bytes"]))})`,
    (g) => `${g("string")}.${pick(["lowerAscii()", "upperAscii()", "trim()", "substring(1)", "substring(0, 2)", "charAt(0)"])}`,
    (g) => `${g("string")}.replace(${g("string")}, ${g("string")})`, (g) => `${g("list(string)")}.join(${pick(["", "','", g("string")])})`,
    (g) => `${g("list(string)")}[${g("int")}]`, (g) => `${g("map(string)")}[${g("string")}]`, (g) => `self.labels.app`, (g) => `${g("string")}.find(${g("string")})`,
    (g) => `strings.quote(${g("string")})`, (g) => `'%s %d'.format([${g("string")}, ${g(pick(["int", "string", "dyn"]))}])`, (g) => `url(${g("string")}).getHost()`,
    (g) => `${g("list(string)")}.max()`, (g) => `self.ports.map(p, p.proto)[0]`,
  ],
  int: [
    (g) => `${g("int")} ${pick(["+", "-", "*", "/", "%"])} ${g("int")}`, (g) => `-${g("int").replace(/^-/, "")}`, (g) => `size(${g(pick(["string", "list(string)", "map(string)", "bytes"]))})`,
    (g) => `${g(pick(["string", "list(string)"]))}.size()`, (g) => `int(${g(pick(["string", "double", "timestamp"]))})`, (g) => `${g("list(int)")}.${pick(["sum()", "min()", "max()"])}`,
    (g) => `${g("string")}.indexOf(${g("string")})`, (g) => `${g("list(string)")}.indexOf(${g("string")})`, (g) => `${g("map(int)")}['a']`, (g) => `${g("list(int)")}[0]`,
    (g) => `${g("timestamp")}.getFullYear()`, (g) => `${g("duration")}.getSeconds()`,
  ],
  double: [(g) => `${g("double")} ${pick(["+", "-", "*", "/"])} ${g("double")}`, (g) => `double(${g("string")})`],
  timestamp: [(g) => `${g("timestamp")} + ${g("duration")}`, (g) => `timestamp(${g("string")})`],
  duration: [(g) => `${g("duration")} + ${g("duration")}`, (g) => `${g("timestamp")} - ${g("timestamp")}`, (g) => `duration(${g("string")})`],
  bytes: [(g) => `${g("bytes")} + ${g("bytes")}`, (g) => `bytes(${g("string")})`],
  "list(string)": [
    (g) => `${g("list(string)")} + ${g("list(string)")}`, (g) => `[${g("string")}, ${g("string")}]`, (g) => `${g("string")}.split(${g("string")}${pick(["", ", 2"])})`,
    (_, d) => fold("map", "string", d), (g) => withLocal("string", (n) => `${g("list(string)")}.filter(${n}, ${g("bool")})`), (g) => `${g("string")}.findAll(${g("string")})`,
    (g) => `self.labels.map(k, k)`, (g) => `${g("list(string)")}.sort()`, (g) => `${g("list(string)")}.distinct()`, (g) => withLocal("string", (n) => `${g("list(string)")}.map(${n}, ${g("bool")}, ${g("string")})`),
    (g) => `${g("list(string)")}.transformList(i, v, v + 'x')`, (g) => `${g("list(string)")}.slice(0, 1)`, (g) => `[${g("list(string)")}].flatten()`, (g) => `self.words.sortBy(w, size(w))`,
  ],
  "list(int)": [(g) => `${g("list(int)")} + ${g("list(int)")}`, (g) => `[${g("int")}, ${g("int")}]`, (_, d) => fold("map", "int", d), () => "lists.range(5)"],
  "map(string)": [(g) => `{${g("string")}: ${g("string")}}`, (g) => `${g("map(string)")}.transformMap(k, v, k + v)`],
  dyn: [(g) => `dyn(${g(pick(["string", "int", "list(string)"]))})`, (g) => `(${g("bool")} ? dyn(1) : dyn('a'))`],
};
function broken(text: string): string {
  if (below(4) !== 0) return text;
  const at = below(text.length);
  return pick([
    () => text.slice(0, at) + text.slice(at + 1),
    () => text.replace(/self\.(\w+)/, "self.$1x"),
    () => text.replace(/\b(\d+)\b/, "'$1'"),
    () => text.replace("==", "<"),
    () => text.replace(/\bself\b/, "selfx"),
    () => text.replace(/\.(\w+)\(/, ".$1x("),
  ])();
}


/** The same rules for the same seed. */
export function randomRules(from: number, count: number): string[] {
  seed = from;
  fresh = 0;
  const rules = Array.from({ length: count }, () => {
    locals = [];
    return broken(gen("bool", 1 + below(5)));
  });
  return rules.filter((rule) => rule.trim() !== "" && rule.length < 2000);
}
