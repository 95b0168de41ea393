// Asks a compiled schema about a value. Which keywords speak first, what an error of several branches names, and what counts as
// evaluated follow the library that Helm uses (santhosh-tekuri/jsonschema v6.0.3), so that its words come out.

import { compareStrings, quote } from "#formats/gotemplate";
import type { SchemaNode } from "./compile.ts";
import {
  compareNumbers,
  type Data,
  type DataMap,
  equalData,
  isDataList,
  isDataMap,
  isMultiple,
  NumberText,
} from "./data.ts";
import { formatChecks } from "./formats.ts";
import { allInQuotes, count, inQuotes, pointerTo, type Problem, shown } from "./problems.ts";

/** How the way to a schema went on: for cycles, and for references that look back. */
type Scope = { node: SchemaNode; keyword: string; depth: number; above: Scope | undefined };

/** When a schema is judged by its metaschema: which one holds at a place, by the pointer of the place. */
export type Meta = { node: SchemaNode; at: (pointer: string) => SchemaNode | undefined };

/** Members and items of which no keyword has spoken; undefined where nobody asks. */
type Unevaluated = { names: Set<string> | undefined; indexes: Set<number> | undefined };

/** All that is wrong with a value; empty where it fits. */
export function validate(node: SchemaNode, value: Data, meta?: Meta): readonly Problem[] {
  const scope: Scope = { node, keyword: "", depth: 0, above: undefined };
  const problem = new Asker({ scope, meta, at: [] }, value, unevaluatedOf(value, node, false)).ask();
  if (problem === undefined) return [];
  return problem.kind === "group" ? problem.below : [problem];
}

function unevaluatedOf(value: Data, node: SchemaNode, isAsked: boolean): Unevaluated {
  const { inner, flags, lists, version } = node;
  let [names, indexes]: [Set<string> | undefined, Set<number> | undefined] = [undefined, undefined];
  if (isDataMap(value)) {
    const hasRest = inner.has("additionalProperties") || flags.has("additionalProperties");
    if (!hasRest && (isAsked || inner.has("unevaluatedProperties"))) names = new Set(value.keys());
  } else if (isDataList(value)) {
    const hasAll =
      inner.has("items") || (version < 2020 && (inner.has("additionalItems") || flags.has("additionalItems")));
    const first = lists.get(version < 2020 ? "items" : "prefixItems")?.length ?? 0;
    if (!hasAll && (isAsked || inner.has("unevaluatedItems")) && first < value.length)
      indexes = new Set(value.map((_, i) => i).slice(first));
  }
  return { names, indexes };
}

function isAllEvaluated({ names, indexes }: Unevaluated): boolean {
  return (names?.size ?? 0) === 0 && (indexes?.size ?? 0) === 0;
}

type Surroundings = { scope: Scope; meta: Meta | undefined; at: readonly string[] };

/** One value at one schema. */
class Asker {
  readonly #around: Surroundings;
  readonly #node: SchemaNode;
  readonly #value: Data;
  readonly #unevaluated: Unevaluated;
  readonly #problems: Problem[] = [];

  constructor(around: Surroundings, value: Data, unevaluated: Unevaluated) {
    this.#around = around;
    this.#node = around.scope.node;
    this.#value = value;
    this.#unevaluated = unevaluated;
  }

  /** What is wrong; undefined where nothing is. */
  ask(): Problem | undefined {
    const node = this.#node;
    if (node.verdict !== undefined) return node.verdict ? undefined : this.#problem("false schema");
    const first = this.#cycle() ?? this.#firstProblem();
    if (first !== undefined) return first;
    if (node.reference !== undefined) {
      const problem = this.#askReference(node.reference, "$ref");
      // In older drafts a reference stands for the whole schema.
      if (node.version < 2019) return problem;
      this.#add(problem);
    }
    if (isDataMap(this.#value)) this.#askObject(this.#value);
    else if (isDataList(this.#value)) this.#askList(this.#value);
    else if (typeof this.#value === "string") this.#askText(this.#value);
    else if (this.#value instanceof NumberText) this.#askNumber(this.#value);
    if (node.version >= 2019) this.#askLaterReferences();
    this.#askBranches();
    if (node.version >= 2019) this.#askUnevaluated();
    if (this.#problems.length <= 1) return this.#problems[0];
    return { at: this.#around.at, kind: "group", words: "validation failed", below: this.#problems };
  }

  get unevaluated(): Unevaluated {
    return this.#unevaluated;
  }

  #problem(words: string, below: readonly Problem[] = []): Problem {
    return { at: this.#around.at, kind: "other", words, below };
  }

  #fail(words: string, below?: readonly Problem[]): void {
    this.#problems.push(this.#problem(words, below));
  }

  #add(problem: Problem | undefined): void {
    if (problem !== undefined) this.#problems.push(problem);
  }

  /** A schema that leads to itself without a step into the value. */
  #cycle(): Problem | undefined {
    const { scope } = this.#around;
    for (let above = scope.above; above !== undefined && above.depth === scope.depth; above = above.above)
      if (above.node === scope.node)
        return this.#problem(
          `both ${wayTo(scope)} and ${wayTo(above)} resolve to ${quote(scope.node.location)} causing reference cycle`,
        );
    return undefined;
  }

  /** Of these, one ends it. */
  #firstProblem(): Problem | undefined {
    const { types, constant, choices, format } = this.#node;
    const value = this.#value;
    const type = typeOf(value);
    const isTyped =
      types === undefined ||
      types.has(type) ||
      (types.has("integer") && value instanceof NumberText && value.isInteger);
    if (!isTyped) return this.#problem(`got ${type}, want ${Array.from(types).join(" or ")}`);
    if (constant !== undefined && !equalData(value, constant.value))
      return this.#problem(isScalar(constant.value) ? `value must be ${shown(constant.value)}` : "'const' failed");
    if (choices !== undefined && !choices.some((choice) => equalData(value, choice)))
      return this.#problem(choicesWords(choices));
    if (format === undefined || typeof value !== "string") return undefined;
    const reason = formatChecks.get(format)?.(value);
    return reason === undefined ? undefined : this.#problem(`${inQuotes(value)} is not valid ${format}: ${reason}`);
  }

  // Schemas below, and beside.

  /** The same value at another schema; what that one evaluates counts here, too. */
  #askSelf(node: SchemaNode, keyword = ""): Problem | undefined {
    const { scope, at } = this.#around;
    const asker = this.#askerOf(node, { keyword, depth: scope.depth, at }, this.#value);
    const problem = asker.ask();
    if (problem === undefined) this.#merge(asker.unevaluated);
    return problem;
  }

  #askInner(node: SchemaNode, value: Data, step: string): Problem | undefined {
    const { scope, at } = this.#around;
    return this.#askerOf(node, { keyword: "", depth: scope.depth + 1, at: [...at, step] }, value).ask();
  }

  #askerOf(node: SchemaNode, way: { keyword: string; depth: number; at: readonly string[] }, value: Data): Asker {
    const { scope, meta } = this.#around;
    const isSame = way.depth === scope.depth;
    const other = node === meta?.node ? meta.at(pointerTo(way.at)) : undefined;
    const asked = isSame && !isAllEvaluated(this.#unevaluated);
    const unevaluated = unevaluatedOf(value, node, asked);
    const inner: Scope = { node: other ?? node, keyword: way.keyword, depth: way.depth, above: scope };
    return new Asker(
      { scope: inner, meta: other === undefined || meta === undefined ? meta : { ...meta, node: other }, at: way.at },
      value,
      unevaluated,
    );
  }

  #merge(other: Unevaluated): void {
    const { names, indexes } = this.#unevaluated;
    for (const name of names ?? []) if (other.names?.has(name) !== true) names?.delete(name);
    for (const index of indexes ?? []) if (other.indexes?.has(index) !== true) indexes?.delete(index);
  }

  #askReference(node: SchemaNode, keyword: string): Problem | undefined {
    const problem = this.#askSelf(node, keyword);
    if (problem === undefined) return undefined;
    const below = problem.kind === "group" ? problem.below : [problem];
    return { at: this.#around.at, kind: "reference", words: "validation failed", below };
  }

  #askLaterReferences(): void {
    const { recursiveReference: recursive, dynamicReference: dynamic } = this.#node;
    if (recursive !== undefined) {
      const target = recursive.recursiveAnchor
        ? this.#outermost(recursive, (node) => (node.resource.recursiveAnchor ? node : undefined))
        : recursive;
      this.#add(this.#askReference(target, "$recursiveRef"));
    }
    if (dynamic !== undefined) {
      const { node, anchor } = dynamic;
      const isDynamic = anchor !== "" && node.dynamicAnchor === anchor;
      const target = isDynamic ? this.#outermost(node, (one) => one.resource.dynamicAnchors.get(anchor)) : node;
      this.#add(this.#askReference(target, "$dynamicRef"));
    }
  }

  /** The first on the way here that means something. */
  #outermost(usual: SchemaNode, meaning: (node: SchemaNode) => SchemaNode | undefined): SchemaNode {
    let found = usual;
    for (let scope: Scope | undefined = this.#around.scope; scope !== undefined; scope = scope.above)
      found = meaning(scope.node) ?? found;
    return found;
  }

  // Objects.

  #askObject(object: DataMap): void {
    const { required, version } = this.#node;
    this.#countAtLeast("minProperties", object.size);
    this.#countAtMost("maxProperties", object.size);
    const missing = required.filter((name) => !object.has(name));
    if (missing.length > 0)
      this.#fail(`missing ${missing.length === 1 ? "property" : "properties"} ${allInQuotes(missing)}`);
    this.#askDependencies(object, "dependencies");
    this.#askMembers(object);
    if (version === 4) return;
    const names = this.#node.inner.get("propertyNames");
    if (names !== undefined) this.#askNames(object, names);
    if (version === 6) return;
    this.#askDependencies(object, "dependentSchemas");
  }

  /** Names and schemas that a name asks for. */
  #askDependencies(object: DataMap, keyword: "dependencies" | "dependentSchemas"): void {
    for (const [name, node] of this.#node.named.get(keyword) ?? [])
      if (object.has(name)) this.#add(this.#askSelf(node));
    const needed = keyword === "dependencies" ? this.#node.dependencies : this.#node.dependentRequired;
    for (const [name, others] of needed) {
      const missing = others.filter((other) => !object.has(other));
      if (object.has(name) && missing.length > 0)
        this.#fail(`properties ${allInQuotes(missing)} required, if ${inQuotes(name)} exists`);
    }
  }

  #askMembers(object: DataMap): void {
    const { named, patterns, inner, flags } = this.#node;
    const properties = named.get("properties");
    const rest = inner.get("additionalProperties");
    const flag = flags.get("additionalProperties");
    const refused: string[] = [];
    for (const name of Array.from(object.keys()).sort(compareStrings)) {
      const value = object.get(name) as Data;
      const known = [
        properties?.get(name),
        ...patterns.map(({ pattern, node }) => (pattern.test(name) ? node : undefined)),
      ].filter((node) => node !== undefined);
      for (const node of known) this.#add(this.#askInner(node, value, name));
      if (known.length === 0 && rest !== undefined) this.#add(this.#askInner(rest, value, name));
      if (known.length === 0 && flag === false) refused.push(name);
      if (known.length > 0 || rest !== undefined || flag !== undefined) this.#unevaluated.names?.delete(name);
    }
    if (refused.length > 0) this.#fail(`additional properties ${allInQuotes(refused)} not allowed`);
  }

  #askNames(object: DataMap, node: SchemaNode): void {
    const { meta, at } = this.#around;
    const other = node === meta?.node ? meta.at(pointerTo(at)) : undefined;
    for (const name of Array.from(object.keys()).sort(compareStrings)) {
      const below = validate(other ?? node, name, meta);
      if (below.length > 0)
        this.#problems.push({ at, kind: "other", words: `invalid propertyName ${inQuotes(name)}`, below });
    }
  }

  // Lists.

  #askList(list: readonly Data[]): void {
    this.#countAtLeast("minItems", list.length);
    this.#countAtMost("maxItems", list.length);
    const twice = this.#node.isUnique ? duplicatesIn(list) : undefined;
    if (twice !== undefined) this.#fail(`items at ${count(twice[0])} and ${count(twice[1])} are equal`);
    this.#askItems(list);
    const contained = this.#node.inner.get("contains");
    if (contained !== undefined) this.#askContained(list, contained);
  }

  #askItems(list: readonly Data[]): void {
    const { version, inner, lists, flags } = this.#node;
    const first = lists.get(version < 2020 ? "items" : "prefixItems") ?? [];
    const known = Math.min(first.length, list.length);
    for (let i = 0; i < known; i++) this.#add(this.#askInner(first[i] as SchemaNode, list[i] as Data, String(i)));
    const rest = lists.has("items") && version < 2020 ? inner.get("additionalItems") : inner.get("items");
    for (let i = known; rest !== undefined && i < list.length; i++)
      this.#add(this.#askInner(rest, list[i] as Data, String(i)));
    if (flags.get("additionalItems") === false && known < list.length)
      this.#fail(`last ${count(list.length - known)} additionalItem(s) not allowed`);
  }

  #askContained(list: readonly Data[], node: SchemaNode): void {
    const { counts, version } = this.#node;
    const below: Problem[] = [];
    const matched: number[] = [];
    for (const [i, item] of list.entries()) {
      const problem = this.#askInner(node, item, String(i));
      if (problem !== undefined) {
        below.push(problem);
        continue;
      }
      matched.push(i);
      if (version >= 2020) this.#unevaluated.indexes?.delete(i);
    }
    const least = counts.get("minContains");
    const most = counts.get("maxContains");
    const where = `matched ${count(matched.length)} items at ${matched.join(" ")}`;
    if (least === undefined && matched.length === 0) this.#fail("no items match contains schema", below);
    if (least !== undefined && matched.length < least)
      this.#fail(
        `min ${count(least)} items required to match contains schema, but ${matched.length === 0 ? "none matched" : where}`,
        below,
      );
    if (most !== undefined && matched.length > most)
      this.#fail(`max ${count(most)} items required to match contains schema, but ${where}`);
  }

  #countAtLeast(keyword: string, size: number): void {
    const want = this.#node.counts.get(keyword);
    if (want !== undefined && size < want) this.#fail(`${keyword}: got ${count(size)}, want ${count(want)}`);
  }

  #countAtMost(keyword: string, size: number): void {
    const want = this.#node.counts.get(keyword);
    if (want !== undefined && size > want) this.#fail(`${keyword}: got ${count(size)}, want ${count(want)}`);
  }

  // Texts and numbers.

  #askText(text: string): void {
    const { counts, pattern } = this.#node;
    if (counts.has("minLength") || counts.has("maxLength")) {
      const length = Array.from(text).length;
      this.#countAtLeast("minLength", length);
      this.#countAtMost("maxLength", length);
    }
    if (pattern !== undefined && !pattern.test(text))
      this.#fail(`${inQuotes(text)} does not match pattern ${inQuotes(pattern.text)}`);
  }

  #askNumber(value: NumberText): void {
    for (const [keyword, isWrong] of numberChecks) {
      const want = this.#node.numbers.get(keyword);
      if (want !== undefined && isWrong(value, want))
        this.#fail(`${keyword}: got ${value.format()}, want ${want.format()}`);
    }
  }

  // Branches.

  #askBranches(): void {
    const { inner, lists } = this.#node;
    const not = inner.get("not");
    if (not !== undefined && this.#askSelf(not) === undefined) this.#fail("'not' failed");
    const all = (lists.get("allOf") ?? []).flatMap((node) => this.#askSelf(node) ?? []);
    if (all.length > 0) this.#fail("'allOf' failed", all);
    this.#askAny(lists.get("anyOf") ?? []);
    this.#askOne(lists.get("oneOf") ?? []);
    const condition = inner.get("if");
    if (condition === undefined) return;
    const branch = inner.get(this.#askSelf(condition) === undefined ? "then" : "else");
    if (branch !== undefined) this.#add(this.#askSelf(branch));
  }

  #askAny(nodes: readonly SchemaNode[]): void {
    const below: Problem[] = [];
    let hasMatched = nodes.length === 0;
    for (const node of nodes) {
      const problem = this.#askSelf(node);
      if (problem !== undefined) below.push(problem);
      else hasMatched = true;
      // Others may still evaluate what nobody has.
      if (problem === undefined && isAllEvaluated(this.#unevaluated)) break;
    }
    if (!hasMatched) this.#fail("'anyOf' failed", below);
  }

  #askOne(nodes: readonly SchemaNode[]): void {
    const below: Problem[] = [];
    let matched = -1;
    for (const [i, node] of nodes.entries()) {
      const problem = this.#askSelf(node);
      if (problem !== undefined) below.push(problem);
      else if (matched >= 0) return this.#fail(`'oneOf' failed, subschemas ${count(matched)}, ${count(i)} matched`);
      else matched = i;
    }
    if (matched < 0 && nodes.length > 0) this.#fail("'oneOf' failed, none matched", below);
  }

  #askUnevaluated(): void {
    const { names, indexes } = this.#unevaluated;
    const value = this.#value;
    const ofNames = this.#node.inner.get("unevaluatedProperties");
    if (ofNames !== undefined && isDataMap(value)) {
      for (const name of Array.from(names ?? []).sort(compareStrings))
        this.#add(this.#askInner(ofNames, value.get(name) as Data, name));
      names?.clear();
    }
    const ofItems = this.#node.inner.get("unevaluatedItems");
    if (ofItems === undefined || !isDataList(value)) return;
    for (const index of indexes ?? []) this.#add(this.#askInner(ofItems, value[index] as Data, String(index)));
    indexes?.clear();
  }
}

const numberChecks: readonly [string, (value: NumberText, want: NumberText) => boolean][] = [
  ["minimum", (value, want) => compareNumbers(value, want) < 0],
  ["maximum", (value, want) => compareNumbers(value, want) > 0],
  ["exclusiveMinimum", (value, want) => compareNumbers(value, want) <= 0],
  ["exclusiveMaximum", (value, want) => compareNumbers(value, want) >= 0],
  ["multipleOf", (value, want) => !isMultiple(value, want)],
];

function typeOf(value: Data): string {
  if (value === null) return "null";
  if (value instanceof NumberText) return "number";
  if (isDataList(value)) return "array";
  return isDataMap(value) ? "object" : typeof value;
}

function isScalar(value: Data): boolean {
  return !isDataList(value) && !isDataMap(value);
}

function choicesWords(choices: readonly Data[]): string {
  if (!choices.every(isScalar)) return "'enum' failed";
  return `value must be ${choices.length === 1 ? "" : "one of "}${choices.map(shown).join(", ")}`;
}

function duplicatesIn(list: readonly Data[]): [number, number] | undefined {
  for (let i = 1; i < list.length; i++)
    for (let j = 0; j < i; j++) if (equalData(list[i] as Data, list[j] as Data)) return [j, i];
  return undefined;
}

/** The keywords that lead to a schema. */
function wayTo(scope: Scope): string {
  let way = "";
  for (let at = scope; at.above !== undefined; at = at.above)
    way = `${at.keyword === "" ? at.node.location.slice(at.above.node.location.length) : `/${at.keyword}`}${way}`;
  return way;
}
