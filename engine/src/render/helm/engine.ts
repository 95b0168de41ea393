// Runs a chart's templates: all parsed into one set, the deepest first, then each file run in that order.

import {
  addTemplate,
  byteLength,
  compareStrings,
  define,
  defineScoped,
  GoError,
  type GoFunction,
  type GoMap,
  isMap,
  mapGet,
  namedMap,
  newBudget,
  quote,
  stringOf,
  TemplateExecError,
  TemplateParseError,
  TemplateSet,
  type Value,
} from "#formats/gotemplate";
import type { Capabilities } from "./capabilities.ts";
import { type Chart, chartPath, isLibrary } from "./chart.ts";
import { formatExecError, formatParseError, markWarning } from "./errors.ts";
import { helmFault } from "./faults.ts";
import { Files } from "./files.ts";
import type { FunctionEnvironment } from "./functions/environment.ts";
import { basePath } from "./functions/paths.ts";
import { chartFunctions } from "./functions/table.ts";
import { toYaml } from "./functions/yaml.ts";
import { includeDepthMax } from "./limits.ts";
import { metadataMap } from "./metadata.ts";

/** Answers `lookup`: the object, a list when `name` is "", or undefined when there is none. */
export type Lookup = (apiVersion: string, kind: string, namespace: string, name: string) => GoMap | undefined;

export type EngineOptions = {
  environment: FunctionEnvironment;
  lookup?: Lookup | undefined;
  isStrict?: boolean;
  outputLengthMax?: number;
  checkTime?: () => void;
};

export type RenderInput = { chart: Chart; values: GoMap; release: GoMap; capabilities: Capabilities };

type Renderable = { text: string; scope: GoMap; basePath: string };

/** What each template file gives, by its path. */
export function renderTemplates(input: RenderInput, options: EngineOptions): Map<string, string> {
  const renderables = new Map<string, Renderable>();
  collect(input.chart, { Values: input.values, Release: input.release, Capabilities: input.capabilities }, renderables);
  const names = [...renderables.keys()].sort(byDepthDescending);
  const set = newTemplateSet(options);
  for (const name of names) parseFile(set, name, (renderables.get(name) as Renderable).text);
  const rendered = new Map<string, string>();
  for (const name of names) {
    if (basePath(name).startsWith("_")) continue;
    rendered.set(name, runFile(set, name, renderables.get(name) as Renderable));
  }
  return rendered;
}

function byDepthDescending(a: string, b: string): number {
  const depth = (name: string): number => name.split("/").length;
  return depth(b) - depth(a) || compareStrings(b, a);
}

function parseFile(set: TemplateSet, name: string, text: string): void {
  try {
    addTemplate(set, name, text);
  } catch (error) {
    if (!(error instanceof TemplateParseError)) throw error;
    throw helmFault("helm-template", formatParseError(name, error));
  }
}

function runFile(set: TemplateSet, name: string, renderable: Renderable): string {
  renderable.scope["Template"] = namedMap(
    { Name: name, BasePath: renderable.basePath },
    "common.Values",
    () => undefined,
  );
  try {
    return withoutNoValue(set.execute(name, renderable.scope, "gotpl"));
  } catch (error) {
    if (!(error instanceof TemplateExecError)) throw error;
    throw helmFault("helm-template", formatExecError(name, error));
  }
}

/** Go prints "<no value>" for what a map lacks; Helm removes that text wherever it stands. */
function withoutNoValue(text: string): string {
  return text.includes("<no value>") ? text.replaceAll("<no value>", "") : text;
}

/** Gathers the templates of a chart and its subcharts, with the values each sees. */
function collect(chart: Chart, above: GoMap, renderables: Map<string, Renderable>): GoMap {
  const subcharts: GoMap = {};
  const values = chart.parent === undefined ? above["Values"] : valuesOf(above, chart.metadata.name);
  const scope: GoMap = {
    Chart: metadataMap(chart.metadata, chart.parent === undefined),
    Files: new Files(chart.files),
    Release: above["Release"],
    Capabilities: above["Capabilities"],
    Values: valuesView(isMap(values) ? values : {}),
    Subcharts: subcharts,
  };
  for (const dependency of chart.dependencies)
    subcharts[dependency.metadata.name] = collect(dependency, scope, renderables);
  const path = chartPath(chart);
  const view = valuesView(scope);
  for (const file of chart.templates) {
    if (isLibrary(chart) && !basePath(file.name).startsWith("_")) continue;
    renderables.set(`${path}/${file.name}`, {
      text: stringOf(file.data),
      scope: view,
      basePath: `${path}/templates`,
    });
  }
  return scope;
}

function valuesOf(above: GoMap, name: string): Value {
  const values = above["Values"];
  return isMap(values) ? mapGet(values, name) : undefined;
}

/** A map as Helm's type Values, with its methods. */
function valuesView(map: GoMap): GoMap {
  return namedMap(map, "common.Values", (name) => valuesMethod(map, name));
}

function valuesMethod(map: GoMap, name: string): GoFunction | undefined {
  switch (name) {
    case "AsMap":
      return define("", () => map);
    case "YAML":
      return define("", () => `${toYaml(map)}\n`);
    case "Table":
      return define("string", (path: string) => {
        const table = path.split(".").reduce<Value>((at, key) => (isMap(at) ? mapGet(at, key) : undefined), map);
        if (isMap(table)) return valuesView(table);
        throw new GoError(`${quote(path.split(".").at(-1) ?? "")} is not a table`);
      });
    case "PathValue":
      return define("string", (path: string) => pathValue(map, path));
    default:
      return undefined;
  }
}

function pathValue(map: GoMap, path: string): Value {
  if (path === "") throw new GoError("YAML path cannot be empty");
  const value = path.split(".").reduce<Value>((at, key) => (isMap(at) ? mapGet(at, key) : undefined), map);
  if (value === undefined || isMap(value)) throw new GoError(`${quote(path.split(".").at(-1) ?? "")} is not a value`);
  return value;
}

function newTemplateSet(options: EngineOptions): TemplateSet {
  const functions = chartFunctions(options.environment);
  for (const [name, fn] of Object.entries(renderFunctions(options.lookup))) functions.set(name, fn);
  return new TemplateSet(functions, {
    missingKey: options.isStrict === true ? "error" : "zero",
    budget: newBudget(options),
  });
}

/** The functions bound to one render. */
function renderFunctions(lookup: Lookup | undefined): { [name: string]: GoFunction } {
  const included = new Map<string, number>();
  return {
    include: defineScoped("string, any", (set: TemplateSet, name: string, data: Value) =>
      include(included, { set, name, data }),
    ),
    tpl: defineScoped("string, any", expandText),
    required: define("string, any", (warning: string, value: Value) => {
      if (value === null || value === "") throw new GoError(markWarning(warning));
      return value;
    }),
    fail: define("string", (warning: string) => {
      throw new GoError(markWarning(warning));
    }),
    lookup: define(
      "string, string, string, string",
      (...[apiVersion, kind, namespace, name]: [string, string, string, string]) =>
        lookup?.(apiVersion, kind, namespace, name) ?? {},
    ),
  };
}

function include(included: Map<string, number>, call: { set: TemplateSet; name: string; data: Value }): string {
  const { name } = call;
  const depth = included.get(name) ?? 0;
  if (depth > includeDepthMax)
    throw new GoError(`rendering template has a nested reference name: ${name}: unable to execute template`);
  included.set(name, depth + 1);
  try {
    // A nil handed to a template is no value there: its fields are empty, not an error.
    return call.set.execute(name, call.data ?? undefined, "gotpl");
  } finally {
    included.set(name, depth);
  }
}

/** tpl: the text becomes a template that sees all others; what it defines is forgotten afterwards. */
function expandText(set: TemplateSet, text: string, data: Value): string {
  if (!text.includes("{{")) return withoutNoValue(text);
  const inner = set.clone();
  try {
    addTemplate(inner, "gotpl", text);
  } catch (error) {
    if (!(error instanceof TemplateParseError)) throw error;
    throw new GoError(`cannot parse template ${quote(text)}: ${error.message}`, { cause: error });
  }
  try {
    return withoutNoValue(inner.execute("gotpl", data ?? undefined));
  } catch (error) {
    if (!(error instanceof TemplateExecError)) throw error;
    throw new GoError(`error during tpl function execution for ${quote(shorten(text))}: ${error.message}`, {
      cause: error,
    });
  }
}

/** Error texts quote the template; a long one would bury the reason, and quotes of quotes grow without bound. */
function shorten(text: string): string {
  return byteLength(text) > 4_096 ? `${text.slice(0, 4_096)}…` : text;
}
