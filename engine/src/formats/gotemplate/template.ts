// The door to the language: parse a text into a set of templates, run one of them.

import { builtins } from "./builtins.ts";
import { compile } from "./compiler.ts";
import type { FunctionTable, GoFunction } from "./functions.ts";
import { namesOfTextMax, parsedCharactersMax, parsedTextsMax, surveyedTextMin } from "./limits.ts";
import { parseTemplate } from "./parser.ts";
import { parseSurveyed } from "./surveyed-parser.ts";
import { type Compiled, type MissingKey, newBudget, TemplateSet } from "./runtime.ts";
import type { Value } from "./values.ts";

/** Compiled texts by text, then by name and function set: charts are rendered again and again. */
const parsed = new Map<string, Map<string, Compiled[]>>();

/** Parses `text` as the template `name` and adds all it defines to `set`. */
export function addTemplate(set: TemplateSet, name: string, text: string): void {
  for (const template of compileText(set, name, text)) set.add(template);
}

function compileText({ functions, surveyor }: TemplateSet, name: string, text: string): Compiled[] {
  const key = `${functions.size} ${name}`;
  let byName = parsed.get(text);
  const known = byName?.get(key);
  if (known !== undefined) return known;
  const survey = text.length >= surveyedTextMin ? surveyor.survey(name, text) : undefined;
  const definitions =
    survey === undefined
      ? parseTemplate(name, text, (function_) => functions.has(function_))
      : parseSurveyed(name, text, survey);
  const compiled = definitions.map(compile);
  if (text.length > parsedCharactersMax / 8) return compiled;
  if (byName === undefined) makeRoom(text.length);
  if (byName === undefined || byName.size >= namesOfTextMax) parsed.set(text, (byName = new Map()));
  byName.set(key, compiled);
  return compiled;
}

/** Characters of all texts that are kept. */
let parsedCharacters = 0;

/** Forgets the oldest quarter where there is no room for a text of this length. */
function makeRoom(length: number): void {
  parsedCharacters += length;
  if (parsed.size < parsedTextsMax && parsedCharacters <= parsedCharactersMax) return;
  for (const oldest of parsed.keys()) {
    if (parsed.size <= parsedTextsMax * 0.75 && parsedCharacters <= parsedCharactersMax * 0.75) return;
    parsed.delete(oldest);
    parsedCharacters -= oldest.length;
  }
}

/** The built-in functions and some more. */
export function functionMap(more: FunctionTable = {}): Map<string, GoFunction> {
  const functions = new Map(builtinEntries);
  for (const name of Object.keys(more)) functions.set(name, more[name] as GoFunction);
  return functions;
}

const builtinEntries: readonly [string, GoFunction][] = Object.entries(builtins);

export type ExecuteOptions = {
  name?: string;
  functions?: FunctionTable;
  missingKey?: MissingKey;
  outputLengthMax?: number;
  /** Called now and then in loops; throws to stop. */
  checkTime?: () => void;
};

/** Parses and runs one template text, as Go's template.New(name).Parse(text).Execute(data). */
export function executeTemplate(text: string, data: Value, options: ExecuteOptions = {}): string {
  const name = options.name ?? "template";
  const set = new TemplateSet(functionMap(options.functions), {
    missingKey: options.missingKey ?? "default",
    budget: newBudget(options),
  });
  addTemplate(set, name, text);
  return set.execute(name, data);
}
