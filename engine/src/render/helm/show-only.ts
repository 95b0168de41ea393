// --show-only and --name-template: what `helm template` does besides rendering.

import { bytesOf, define, executeTemplate, GoError, type GoMap, stringOf } from "#formats/gotemplate";
import { helmFault } from "./faults.ts";
import { type FunctionEnvironment, seededEnvironment } from "./functions/environment.ts";
import { chartFunctions } from "./functions/table.ts";
import { splitManifests } from "./manifests.ts";
import { compilePathPattern } from "./match.ts";

/** Of `helm template`'s output only the documents that the patterns name, in the order of the patterns. */
export function showOnly(output: Uint8Array, patterns: readonly string[]): Uint8Array {
  const documents = splitManifests(stringOf(output));
  let text = "";
  for (const pattern of patterns) {
    const matcher = compile(pattern);
    const found = documents.filter((document) => {
      const path = /# Source: [^/]+\/(.+)/.exec(document)?.[1];
      return path !== undefined && matcher?.test(path) === true;
    });
    if (found.length === 0) throw helmFault("helm-option", `could not find template ${pattern} in chart`);
    for (const document of found) text += `---\n${document}\n`;
  }
  return bytesOf(text);
}

function compile(pattern: string): RegExp | undefined {
  try {
    return compilePathPattern(pattern);
  } catch (error) {
    if (error instanceof GoError) return undefined;
    throw error;
  }
}

/** A release's name from a template. */
export function renderNameTemplate(
  template: string,
  environment: FunctionEnvironment = seededEnvironment("keelson", 0),
): string {
  const fail = define("string", (words: string) => {
    throw new GoError(words);
  });
  return executeTemplate(template, undefined, {
    name: "name-template",
    functions: { ...Object.fromEntries(chartFunctions(environment)), fail },
  });
}

/** A time of RFC 3339 by one of Go's layouts. */
export function formatGoTime(time: string, layout: string): string {
  const template = '{{ toDate "2006-01-02T15:04:05.999999999Z07:00" .time | date .layout }}';
  return renderText(template, { time, layout });
}

/** A text of a command line with charts' functions over some data. */
export function renderText(template: string, data: { [name: string]: unknown } | undefined, seed = "keelson"): string {
  return executeTemplate(template, data as GoMap | undefined, {
    name: "template",
    functions: Object.fromEntries(chartFunctions(seededEnvironment(seed, 0))),
  });
}
