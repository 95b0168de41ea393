// The file of mirrors: YAML with a list `mirrors`, each entry checked whole before any is used.

import { parseYaml } from "#formats/yaml";
import { isObject, type Json, type JsonObject } from "#kernel";
import { mirrorFault } from "./faults.ts";
import { mirrorsTextMost, rulesMost } from "./limits.ts";
import { type MirrorMap, type MirrorRule, type MirrorSecretRef, splitUrl } from "./mirror-map.ts";

const schemes = ["https", "http", "ssh", "file", "oci"];
const secretMembers = ["secretRef", "certSecretRef", "proxySecretRef"] as const;
const flagMembers = ["passCredentials", "insecure"] as const;

/** Reads the text of a file named `at`; throws Fault `mirrors-invalid` that lists all that is wrong. */
export function parseMirrors(text: string, at: string): MirrorMap {
  if (text.length > mirrorsTextMost) throw invalid(at, [`it is longer than ${mirrorsTextMost} bytes`]);
  let content: Json;
  try {
    content = parseYaml(text);
  } catch (cause) {
    throw invalid(at, ["it is no YAML"], cause);
  }
  const list = content === null ? [] : isObject(content) ? content["mirrors"] : undefined;
  if (!Array.isArray(list)) throw invalid(at, ["it has no list `mirrors`"]);
  if (list.length > rulesMost) throw invalid(at, [`it has more than ${rulesMost} entries`]);
  const problems: string[] = [];
  const rules = list.map((entry, i) => parseRule(entry, `mirrors[${i}]`, problems));
  for (const [i, rule] of rules.entries()) {
    const first = rules.findIndex((other) => other.from === rule.from);
    if (first < i && rule.from !== "") problems.push(`mirrors[${i}].from is the same as that of mirrors[${first}]`);
  }
  if (problems.length > 0) throw invalid(at, problems);
  return rules.toSorted((a, b) => lengthOf(b) - lengthOf(a));
}

/** Parts of the path count first; at equal length a rule for one user comes before that for all. */
function lengthOf(rule: MirrorRule): number {
  const prefix = splitUrl(rule.from);
  return (prefix?.parts.length ?? 0) * 2 + (prefix?.user === "" ? 0 : 1);
}

function parseRule(entry: Json, at: string, problems: string[]): MirrorRule {
  if (!isObject(entry)) {
    problems.push(`${at} is no object`);
    return { from: "", to: "", passCredentials: false, insecure: false };
  }
  const known = ["from", "to", ...secretMembers, ...flagMembers];
  for (const name of Object.keys(entry)) if (!known.includes(name)) problems.push(`${at}.${name} is no known member`);
  const rule: MirrorRule = {
    from: parseAddress(entry, "from", at, problems),
    to: parseAddress(entry, "to", at, problems),
    passCredentials: false,
    insecure: false,
  };
  for (const name of flagMembers) {
    if (entry[name] === undefined) continue;
    if (typeof entry[name] === "boolean") rule[name] = entry[name];
    else problems.push(`${at}.${name} is neither true nor false`);
  }
  for (const name of secretMembers) {
    const secret = entry[name] === undefined ? undefined : parseSecretRef(entry[name], `${at}.${name}`, problems);
    if (secret !== undefined) rule[name] = secret;
  }
  return rule;
}

function parseAddress(entry: JsonObject, name: "from" | "to", at: string, problems: string[]): string {
  const value = entry[name];
  const split = typeof value === "string" ? splitUrl(value.trim()) : undefined;
  if (typeof value !== "string" || split === undefined || !schemes.includes(split.scheme)) {
    problems.push(`${at}.${name} is no URL of the schemes ${schemes.join(", ")}`);
    return "";
  }
  const text = value.trim();
  if (split.scheme !== "file" && split.host === "") problems.push(`${at}.${name} names no host`);
  // Its text would show in status and events; a Secret does not.
  if (/^[^/]*\/\/[^/]*:[^/@]*@/.test(text)) problems.push(`${at}.${name} holds a password; use secretRef`);
  if (split.suffix !== "") problems.push(`${at}.${name} has a query or fragment`);
  return text.startsWith("/") ? `file://${text}` : text;
}

function parseSecretRef(value: Json, at: string, problems: string[]): MirrorSecretRef | undefined {
  const { name, namespace } = isObject(value) ? value : {};
  if (typeof name === "string" && typeof namespace === "string" && name !== "" && namespace !== "")
    return { name, namespace };
  problems.push(`${at} needs a name and a namespace`);
  return undefined;
}

function invalid(at: string, problems: readonly string[], cause?: unknown): Error {
  return mirrorFault({
    code: "mirrors-invalid",
    disposition: "stall",
    at,
    message: `the file of mirrors cannot be used: ${problems.slice(0, 20).join("; ")}`,
    hint: "write `mirrors:` and below it entries with `from` and `to`, two URL prefixes",
    cause,
  });
}
