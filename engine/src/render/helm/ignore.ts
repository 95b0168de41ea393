// .helmignore, as Helm 4 reads it: Go file patterns, no **, the first rule that fits decides, negation as Helm has it.

import { GoError } from "#formats/gotemplate";
import { helmFault } from "./faults.ts";
import { trimSpace } from "./functions/space.ts";
import { compilePathPattern } from "./match.ts";

type Rule = { isNegated: boolean; isFolderOnly: boolean; matches(path: string): boolean };

export type IgnoreRules = readonly Rule[];

/** The rules of a file, and Helm's own one for hidden templates. */
export function parseIgnoreRules(text: string): IgnoreRules {
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  return [...lines, "templates/.?*"].flatMap(parseRule);
}

function parseRule(line: string): Rule[] {
  let rule = trimSpace(line);
  if (rule === "" || rule.startsWith("#")) return [];
  if (rule.includes("**"))
    throw helmFault("chart-load", "double-star (**) syntax is not supported", { at: ".helmignore" });
  const isNegated = rule.startsWith("!");
  if (isNegated) rule = rule.slice(1);
  const isFolderOnly = rule.endsWith("/");
  if (isFolderOnly) rule = rule.slice(0, -1);
  const isWhole = rule.includes("/");
  const pattern = compile(rule.startsWith("/") ? rule.slice(1) : rule);
  const matches = (path: string): boolean => pattern.test(isWhole ? path : path.slice(path.lastIndexOf("/") + 1));
  return [{ isNegated, isFolderOnly, matches }];
}

function compile(rule: string): RegExp {
  try {
    return compilePathPattern(rule);
  } catch (error) {
    if (error instanceof GoError) throw helmFault("chart-load", `${error.message}: ${rule}`, { at: ".helmignore" });
    throw error;
  }
}

export function isIgnored(rules: IgnoreRules, path: string, isFolder: boolean): boolean {
  for (const rule of rules) {
    if (rule.isNegated) {
      if ((rule.isFolderOnly && !isFolder) || !rule.matches(path)) return true;
      continue;
    }
    if (rule.isFolderOnly && !isFolder) continue;
    if (rule.matches(path)) return true;
  }
  return false;
}
