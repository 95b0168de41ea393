// Random schemas of every draft, good and bad, and random values through helm and keelson: what is refused, and in which words. Lines are
// compared without their order, which Go's maps have none of. Needs the engine built and helm-batch in KEELSON_ORACLES.
//
//   npm run proof -- helm-schemas [count] [first seed]
import { ask } from "./compare.mjs";

const { renderChart, memoryTree } = await import("../../engine/dist/render/helm/index.js");
const { formatFault } = await import("../../engine/dist/kernel/index.js");

const [count = "2000", first = "1"] = process.argv.slice(2);
const batchSize = 250;

const drafts = [
  "http://json-schema.org/draft-04/schema#",
  "http://json-schema.org/draft-06/schema#",
  "http://json-schema.org/draft-07/schema",
  "https://json-schema.org/draft/2019-09/schema",
  "https://json-schema.org/draft/2020-12/schema",
  undefined,
];
const names = ["a", "b", "c", "long name", "x/y", "t~u", "é"];
const types = ["null", "boolean", "number", "integer", "string", "array", "object"];
const texts = [
  "",
  "abc",
  "2020-02-29",
  "2021-02-29",
  "10:00:00Z",
  "2020-01-01T10:00:60+01:00",
  "1.2.3-a+b",
  "a@b.c",
  "x'y\"z",
  "http://a/b",
  "::1",
  "1.2.3.4",
  "é𝄞",
  "P1D",
  "/a~2",
  "[",
  "a.b-",
];
const numbers = [0, 1, 2, 3, 7, -1, 0.1, 0.3, 1.5, 1000, 1e6, 123456.75, 1e30, 1e-7, 9007199254740993];
const formats =
  "date time date-time duration email hostname ipv4 ipv6 uri uri-reference uri-template uuid json-pointer relative-json-pointer regex semver period nonsense".split(
    " ",
  );
const patterns = ["^a", "b$", "^[a-c]+$", ".", "\\d", "(?i)A", "[", "a{2}"];

class Maker {
  #state;
  constructor(seed) {
    this.#state = (seed * 2654435761) >>> 0;
    for (let i = 0; i < 4; i++) this.below(2);
  }
  below(limit) {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }
  chance(part) {
    return this.below(1000) < part * 1000;
  }
  pick(list) {
    return list[this.below(list.length)];
  }
  some(make, most = 3) {
    return Array.from({ length: this.below(most + 1) }, make);
  }
  value(depth = 0) {
    const kind = this.below(depth > 2 ? 4 : 7);
    if (kind === 0) return this.pick([null, true, false]);
    if (kind === 1) return this.pick(numbers);
    if (kind <= 3) return this.pick(texts);
    if (kind === 4) return this.some(() => this.value(depth + 1), 4);
    return Object.fromEntries(this.some(() => [this.pick(names), this.value(depth + 1)], 4));
  }
  reference() {
    return this.pick([
      "#",
      "#/$defs/d",
      "#/definitions/d",
      "#/$defs/e",
      "#anchor",
      "#/properties/a",
      "#/nowhere",
      "other.json",
      "#/$defs/d/properties/a",
      "urn:x:y",
      "https://example.com/inner",
    ]);
  }
  wrong() {
    return this.pick([null, 1, -1, 1.5, "text", [], {}, ["a", "a"], true]);
  }
  keyword(depth) {
    const inner = () => this.schema(depth + 1);
    const table = {
      type: () => (this.chance(0.7) ? this.pick(types) : this.some(() => this.pick(types))),
      enum: () => this.some(() => this.value(2), 4),
      const: () => this.value(2),
      required: () => this.some(() => this.pick(names)),
      properties: () => Object.fromEntries(this.some(() => [this.pick(names), inner()], 4)),
      patternProperties: () => Object.fromEntries(this.some(() => [this.pick(patterns), inner()], 2)),
      additionalProperties: inner,
      propertyNames: inner,
      dependencies: () =>
        Object.fromEntries(
          this.some(() => [this.pick(names), this.chance(0.5) ? this.some(() => this.pick(names)) : inner()], 2),
        ),
      dependentRequired: () =>
        Object.fromEntries(this.some(() => [this.pick(names), this.some(() => this.pick(names))], 2)),
      dependentSchemas: () => Object.fromEntries(this.some(() => [this.pick(names), inner()], 2)),
      items: () => (this.chance(0.6) ? inner() : this.some(inner)),
      prefixItems: () => this.some(inner),
      additionalItems: inner,
      contains: inner,
      minContains: () => this.below(3),
      maxContains: () => this.below(3),
      unevaluatedItems: inner,
      unevaluatedProperties: inner,
      allOf: () => [inner(), ...this.some(inner, 2)],
      anyOf: () => [inner(), ...this.some(inner, 2)],
      oneOf: () => [inner(), ...this.some(inner, 2)],
      not: inner,
      if: inner,
      // oxlint-disable-next-line unicorn/no-thenable
      then: inner,
      else: inner,
      minimum: () => this.pick(numbers),
      maximum: () => this.pick(numbers),
      exclusiveMinimum: () => (this.chance(0.8) ? this.pick(numbers) : true),
      exclusiveMaximum: () => (this.chance(0.8) ? this.pick(numbers) : true),
      multipleOf: () => this.pick(numbers.filter((number) => number > 0)),
      minLength: () => this.below(5),
      maxLength: () => this.below(5),
      minItems: () => this.below(4),
      maxItems: () => this.below(4),
      uniqueItems: () => this.chance(0.8),
      minProperties: () => this.below(4),
      maxProperties: () => this.below(4),
      pattern: () => this.pick(patterns),
      format: () => this.pick(formats),
      $ref: () => this.reference(),
      $dynamicRef: () => this.reference(),
      $recursiveRef: () => "#",
      title: () => "t",
      default: () => this.value(2),
      contentEncoding: () => "base64",
    };
    const name = this.pick(Object.keys(table));
    return [name, this.chance(0.02) ? this.wrong() : table[name]()];
  }
  schema(depth = 0) {
    if (this.chance(0.08) && depth > 0) return this.chance(0.6);
    const schema = Object.fromEntries(
      Array.from({ length: 1 + this.below(depth > 2 ? 1 : 3) }, () => this.keyword(depth)),
    );
    if (depth > 0 && this.chance(0.04))
      Object.assign(
        schema,
        this.pick([
          { $anchor: "anchor" },
          { $dynamicAnchor: "anchor" },
          { $id: "inner" },
          { id: "#anchor" },
          { $id: "https://example.com/inner" },
        ]),
      );
    return schema;
  }
  root() {
    const schema = this.schema();
    const draft = this.pick(drafts);
    const definitions = { d: this.schema(1), e: this.schema(1) };
    return {
      ...(draft === undefined ? {} : { $schema: draft }),
      ...(this.chance(0.1) ? { $recursiveAnchor: true } : {}),
      ...(this.chance(0.1) ? { $id: "https://example.com/root" } : {}),
      ...(this.chance(0.5) ? { $defs: definitions } : { definitions }),
      ...schema,
    };
  }
}

function makeCase(seed) {
  const maker = new Maker(seed);
  const values = Object.fromEntries(names.filter(() => maker.chance(0.6)).map((name) => [name, maker.value()]));
  return {
    "top/Chart.yaml": "apiVersion: v2\nname: top\nversion: 0.1.0\n",
    "top/values.yaml": JSON.stringify(values),
    "top/values.schema.json": JSON.stringify(maker.root()),
  };
}

function ours(files) {
  const chart = Object.fromEntries(Object.entries(files).map(([path, text]) => [path.slice(4), text]));
  try {
    renderChart(memoryTree(chart), { releaseName: "r" });
    return "fits";
  } catch (thrown) {
    return thrown.name === "Fault" ? formatFault(thrown) : `crash: ${thrown.stack}`;
  }
}

/** "fits", or what the real one says, for each chart. */
async function answersTo(charts) {
  const answers = await ask(charts.map((files) => ({ files, flags: [] })));
  return answers.map(({ ok, error }) => (ok ? "fits" : error));
}

/** The lines below one another as a tree, siblings in order of their text; names in a line, too. */
function inOrder(text) {
  const root = { line: "", below: [] };
  const open = [root];
  for (const line of text.trimEnd().split("\n")) {
    const depth = /^( *)- at/.test(line) ? line.search(/\S/) / 2 + 1 : 0;
    // Where a name is wrong, the real one's place is that of whatever it looked at last.
    const placed = line.replace(/- at '.*': (?=invalid propertyName)/, "- ");
    const sorted = placed.replace(/(?<=additional properties )'.*'(?= not allowed)/, (all) =>
      all.split(", ").sort().join(", "),
    );
    const node = { line: sorted, below: [] };
    open.length = Math.min(open.length, Math.max(depth, 1));
    open.at(-1).below.push(node);
    if (depth > 0) open.push(node);
  }
  const write = (node) => [node.line, ...node.below.map(write).sort()].join("\n");
  return write(root);
}

/** How often what differs is asked again: of some answers one order in ten is ours. */
const turns = 100;

const totals = { fits: 0, refused: 0, otherWords: 0, different: 0, unsteady: 0, crashed: 0 };
const shown = [];
const last = Number(first) + Number(count);
for (let seed = Number(first); seed < last; seed += batchSize) {
  const cases = Array.from({ length: Math.min(batchSize, last - seed) }, (_, i) => makeCase(seed + i));
  const answers = await answersTo(cases);
  if (answers.length < cases.length) throw new Error(`helm-batch ended at seed ${seed + answers.length}`);
  for (const [i, files] of cases.entries()) {
    const got = ours(files);
    const want = answers[i];
    let verdict = want === "fits" ? "fits" : "refused";
    // We fetch nothing, and which of two broken references is met first is a matter of Go's maps.
    if (want.includes("HTTP request failed") || (got.includes("schemas are not fetched") && want !== "fits")) continue;
    if (got.startsWith("crash")) verdict = "crashed";
    else if ((got === "fits") !== (want === "fits")) verdict = "different";
    else if (inOrder(got) !== inOrder(want)) verdict = "otherWords";
    if (verdict === "different" || verdict === "otherWords") {
      const again = await answersTo(Array.from({ length: turns }, () => files));
      if (again.some((answer) => inOrder(answer) === inOrder(got))) verdict = "unsteady";
    }
    totals[verdict]++;
    if (["crashed", "different", "otherWords"].includes(verdict))
      shown.push({ seed: seed + i, verdict, files, got, want });
  }
}
console.log(JSON.stringify(totals));
shown.sort((a, b) => (a.verdict < b.verdict ? -1 : 1));
for (const { seed, verdict, files, got, want } of shown.slice(0, 12))
  console.log(
    `${seed} ${verdict}\n  ${files["top/values.schema.json"]}\n  ${files["top/values.yaml"]}\n  ours ${inOrder(got).slice(0, 3000)}\n  helm ${inOrder(want).slice(0, 3000)}`,
  );
process.exit(totals.different + totals.crashed + totals.otherWords > 0 ? 1 : 0);
