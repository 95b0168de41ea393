// What is wrong with values by their schema, in the words and the order of the library that Helm uses
// (santhosh-tekuri/jsonschema v6): what several branches say stands below the keyword that asked them.

import type { ErrorObject } from "ajv";

/**
 * One line, and what stands below it. `at` is the place in the values, `schema` the one in the schema; `refers` are the
 * places that its branches refer to.
 */
type Problem = {
  at: string;
  keyword: string;
  schema: string;
  words: string;
  below: Problem[];
  refers: readonly string[];
};

/** All problems, a line each. */
export function describeErrors(errors: readonly ErrorObject[]): string {
  const problems = nest(errors.filter((error) => !isBehindType(error, errors)).flatMap(problemsOf));
  const [only, ...others] = grouped(problems, "");
  // A group that is all there is needs no line of its own, unless another schema was asked for it.
  const isGroup =
    others.length === 0 && only?.keyword === group && !only.below.some((one) => isReferred.test(one.schema));
  return `${print(isGroup ? only.below : problems, isGroup ? only.at : "", "").join("\n")}\n`;
}

/** A value of another type than its schema wants is looked at no further. */
function isBehindType({ keyword, instancePath, schemaPath }: ErrorObject, errors: readonly ErrorObject[]): boolean {
  const end = schemaPath.lastIndexOf("/");
  return (
    keyword !== "type" &&
    errors.some(
      (other) =>
        other.keyword === "type" &&
        other.instancePath === instancePath &&
        other.schemaPath === `${schemaPath.slice(0, end)}/type`,
    )
  );
}

function print(problems: readonly Problem[], place: string, padding: string): string[] {
  const lines = grouped(problems, place)
    .sort(inOrder)
    .flatMap(({ at, words, below }) => [`${padding}- at '${at}': ${words}`, ...print(below, at, `${padding}  `)]);
  return saidOnce(lines, padding);
}

const isReferred = /^#\/(\$defs|definitions)\//;

/** What stands for the keyword of several problems of one value. */
const group = "several";

/** Several problems below one place have a line in common, which names the place. */
function grouped(problems: readonly Problem[], place: string): Problem[] {
  const here: Problem[] = [];
  const deeper = new Map<string, Problem[]>();
  for (const problem of joined(problems)) {
    const step = problem.at.startsWith(`${place}/`) ? problem.at.slice(place.length + 1).split("/", 1)[0] : undefined;
    if (step === undefined) here.push(problem);
    else deeper.set(step, [...(deeper.get(step) ?? []), problem]);
  }
  for (const [step, below] of deeper) {
    const at = `${place}/${step}`;
    const inner = grouped(below, at);
    if (inner.length === 1) here.push(...inner);
    else here.push({ at, keyword: group, schema: "", words: "validation failed", below, refers: [] });
  }
  return here;
}

/** The same thing said twice, as by a schema that is referred to twice, is said once. */
function saidOnce(lines: readonly string[], padding: string): string[] {
  if (lines.some((line) => line.startsWith(`${padding}  `))) return [...lines];
  return [...new Set(lines)];
}

/** Keywords of which each error names one thing, and one line names all. */
function joined(problems: readonly Problem[]): Problem[] {
  const all: Problem[] = [];
  for (const problem of problems) {
    const same = all.find(
      ({ at, keyword, schema, words }) =>
        at === problem.at && keyword === problem.keyword && schema === problem.schema && lists[keyword]?.(words, ""),
    );
    const words = same === undefined ? undefined : lists[problem.keyword]?.(same.words, problem.words);
    if (same !== undefined && typeof words === "string") same.words = words;
    else all.push({ ...problem });
  }
  return all;
}

const names = (words: string): string => /'.*'/s.exec(words)?.[0] ?? "";

/** How two messages of a keyword become one. */
const lists: { [keyword: string]: (words: string, more: string) => string } = {
  required: (words, more) => `missing properties ${names(words)}, ${names(more)}`,
  additionalProperties: (words, more) =>
    `additional properties ${names(words)}, ${names(more)} not allowed`.replace(/, (?= not)/, ""),
};

/** Errors of branches go below the keyword that has branches. */
function nest(problems: readonly Problem[]): Problem[] {
  const parents = [...problems.filter(({ keyword }) => hasBranches.has(keyword)), ...allOfs(problems)];
  // The innermost first.
  parents.sort((a, b) => b.schema.length - a.schema.length);
  const top: Problem[] = [];
  for (const problem of [...problems, ...parents.filter((one) => !problems.includes(one))]) {
    const parent = parents.find((one) => one !== problem && isBelow(problem, one));
    (parent?.below ?? top).push(problem);
  }
  for (const parent of parents) parent.below = branches(parent);
  return top;
}

function isBelow(problem: Problem, parent: Problem): boolean {
  if (problem.at !== parent.at && !problem.at.startsWith(`${parent.at}/`)) return false;
  if (problem.schema.startsWith(`${parent.schema}/`)) return true;
  // Where a branch refers to another schema, that one's place is named.
  const branch = parent.refers.findIndex((target) => target !== "" && problem.schema.startsWith(`${target}/`));
  if (branch < 0) return false;
  problem.schema = `${parent.schema}/${branch}${problem.schema.slice((parent.refers[branch] as string).length)}`;
  return true;
}

const hasBranches: ReadonlySet<string> = new Set(["anyOf", "oneOf", "propertyNames"]);

/** `allOf` reports its branches alone. */
function allOfs(problems: readonly Problem[]): Problem[] {
  const found = new Map<string, Problem>();
  for (const { at, schema } of problems)
    for (let end = schema.indexOf("/allOf/"); end >= 0; end = schema.indexOf("/allOf/", end + 1)) {
      const path = `${schema.slice(0, end)}/allOf`;
      const deeper = steps(schema.slice(path.length));
      const place = at
        .split("/")
        .slice(0, at.split("/").length - deeper)
        .join("/");
      const key = `${path} ${place}`;
      if (!found.has(key))
        found.set(key, { at: place, keyword: "allOf", schema: path, words: "'allOf' failed", below: [], refers: [] });
    }
  return [...found.values()];
}

/** How many steps into the values a way through a schema makes. */
function steps(schema: string): number {
  return (
    schema.match(/\/(properties|patternProperties|prefixItems)\/[^/]+|\/(items|additionalProperties)(?=\/)/g)?.length ??
    0
  );
}

/** A branch with several problems gets a line of its own. */
function branches({ schema, keyword, at, below: all }: Problem): Problem[] {
  // A name stands nowhere in the values.
  if (keyword === "propertyNames") return all.map((problem) => ({ ...problem, at: "" }));
  const byBranch = new Map<string, Problem[]>();
  for (const problem of all) {
    const branch = problem.schema.slice(schema.length + 1).split("/")[0] ?? "";
    byBranch.set(branch, [...(byBranch.get(branch) ?? []), problem]);
  }
  return [...byBranch].flatMap(([branch, problems]) => {
    const lines = grouped(problems, at);
    if (lines.length < 2) return lines.map((one) => ({ ...one, keyword: `${keyword}/${branch}` }));
    return [
      {
        at,
        keyword: `${keyword}/${branch}`,
        schema: `${schema}/${branch}`,
        words: "validation failed",
        below: lines,
        refers: [],
      },
    ];
  });
}

/** In which order keywords are looked at; what the value holds comes where `properties` stands. */
const order: readonly string[] = (
  "false schema|type|const|enum|format|minProperties|maxProperties|required|minItems|maxItems|uniqueItems|minLength|maxLength|pattern|" +
  "minimum|maximum|exclusiveMinimum|exclusiveMaximum|multipleOf|properties|additionalProperties|additionalItems|propertyNames|contains|" +
  "dependencies|dependentRequired|not|allOf|anyOf|oneOf"
).split("|");

function inOrder(a: Problem, b: Problem): number {
  const [first, second] = [a.at.split("/"), b.at.split("/")];
  let common = 0;
  while (common < first.length && common < second.length && first[common] === second[common]) common++;
  const [x, y] = [first[common], second[common]];
  if (x !== undefined && y !== undefined) return x.localeCompare(y, "en", { numeric: true }) || (x < y ? -1 : 1);
  return rank(a, x) - rank(b, y);
}

function rank({ keyword }: Problem, deeper: string | undefined): number {
  if (deeper !== undefined) return order.indexOf("properties");
  const branch = /^\w+\/(\d+)$/.exec(keyword);
  if (branch !== null) return Number(branch[1]);
  const place = order.indexOf(keyword);
  return place < 0 ? order.length : place;
}

function refersTo(branches: unknown): string[] {
  if (!Array.isArray(branches)) return [];
  return branches.map((branch: unknown) => {
    const target = (branch as { $ref?: unknown } | null)?.$ref;
    return typeof target === "string" ? target : "";
  });
}

/** An error's lines; none where others say all. */
function problemsOf(error: ErrorObject): Problem[] {
  const { keyword, params, data, instancePath, schemaPath } = error;
  const one = (words: string, at = instancePath, as = keyword): Problem[] => [
    {
      at,
      keyword: as,
      schema: schemaPath,
      words,
      below: [],
      refers: hasBranches.has(keyword) ? refersTo(error.schema) : [],
    },
  ];
  const from = Number(params["limit"]);
  const rest = Array.isArray(data) ? data.map((_, i) => i).filter((i) => i >= from) : [];
  switch (keyword) {
    case "if":
    case "dependentSchemas":
      return [];
    // What no keyword has spoken of is refused one by one.
    case "items":
    case "unevaluatedItems":
      return rest.flatMap((i) => one("false schema", `${instancePath}/${i}`));
    case "unevaluatedProperties":
      return one("false schema", `${instancePath}/${String(params["unevaluatedProperty"])}`);
    case "minimum":
      return params["comparison"] === ">"
        ? one(limited("exclusiveMinimum", error), instancePath, "exclusiveMinimum")
        : one(wordsOf(error));
    case "maximum":
      return params["comparison"] === "<"
        ? one(limited("exclusiveMaximum", error), instancePath, "exclusiveMaximum")
        : one(wordsOf(error));
    default:
      return one(wordsOf(error));
  }
}

function limited(keyword: string, { data, params }: ErrorObject): string {
  const size = typeof data === "number" ? JSON.stringify(data) : String(sizeOf(data));
  return `${keyword}: got ${size}, want ${String(params["limit"] ?? params["multipleOf"])}`;
}

function wordsOf(error: ErrorObject): string {
  const { keyword, params, data } = error;
  switch (keyword) {
    case "type":
      return `got ${typeName(data)}, want ${[params["type"] as string | string[]].flat().sort(byType).join(" or ")}`;
    case "required":
      return `missing property '${String(params["missingProperty"])}'`;
    case "additionalProperties":
      return `additional properties '${String(params["additionalProperty"])}' not allowed`;
    case "enum":
      return allowed(params["allowedValues"] as unknown[]) ?? "'enum' failed";
    case "const":
      return allowed([params["allowedValue"]]) ?? "'const' failed";
    case "minLength":
    case "maxLength":
    case "minItems":
    case "maxItems":
    case "minProperties":
    case "maxProperties":
    case "minimum":
    case "maximum":
    case "exclusiveMinimum":
    case "exclusiveMaximum":
    case "multipleOf":
      return limited(keyword, error);
    case "pattern":
      return `'${String(data)}' does not match pattern '${String(params["pattern"])}'`;
    case "format":
      return `'${String(data)}' is not valid ${String(params["format"])}`;
    case "uniqueItems":
      return `items at ${Math.min(Number(params["i"]), Number(params["j"]))} and ${Math.max(Number(params["i"]), Number(params["j"]))} are equal`;
    case "oneOf":
      return `'oneOf' failed, ${Array.isArray(params["passingSchemas"]) ? `subschemas ${params["passingSchemas"].join(", ")} matched` : "none matched"}`;
    case "propertyNames":
      return `invalid propertyName '${String(params["propertyName"])}'`;
    case "dependencies":
    case "dependentRequired":
      return `properties '${String(params["missingProperty"])}' required, if '${String(params["property"])}' exists`;
    case "contains":
      return "no items match contains schema";
    case "additionalItems":
      return `last ${(data as unknown[]).length - Number(params["limit"])} additionalItem(s) not allowed`;
    case "false schema":
      return "false schema";
    default:
      return `'${keyword}' failed`;
  }
}

const types: readonly string[] = ["null", "boolean", "number", "integer", "string", "array", "object"];

function byType(a: string, b: string): number {
  return types.indexOf(a) - types.indexOf(b);
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** Undefined where a value is a list or a map. */
function allowed(values: readonly unknown[]): string | undefined {
  if (values.some((value) => typeof value === "object" && value !== null)) return undefined;
  const shown = values.map((value) =>
    typeof value === "string" ? `'${value}'` : value === null ? "<nil>" : JSON.stringify(value),
  );
  return `value must be ${shown.length === 1 ? "" : "one of "}${shown.join(", ")}`;
}

function sizeOf(value: unknown): number {
  if (typeof value === "string") return Array.from(value).length;
  return Array.isArray(value) ? value.length : Object.keys(value as object).length;
}
