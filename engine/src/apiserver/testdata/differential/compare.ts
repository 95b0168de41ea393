// Runs scripts against a server and makes what it answers comparable: what no two servers share is blotted out, what they share stays.

import { Agent, request } from "node:https";
import type { Script, Step } from "./steps.ts";

export type Server = { url: string; token: string };
export type Asked = { code: number; body: string; warnings: string[]; contentType: string };

const agent = new Agent({ keepAlive: true, maxSockets: 16, rejectUnauthorized: false });

export function bodyText(step: Step): string | undefined {
  return step.body === undefined || typeof step.body === "string" ? step.body : JSON.stringify(step.body);
}

/** Sends one request; a watch is read until its object is seen. */
export function ask(server: Server, step: Step): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const text = bodyText(step);
    const headers = {
      authorization: `Bearer ${server.token}`,
      accept: "application/json",
      "user-agent": "differential/1.0",
      ...(text === undefined ? {} : { "content-type": step.contentType ?? "application/json", "content-length": String(Buffer.byteLength(text)) }),
      ...step.headers,
    };
    const sent = request(`${server.url}${step.path}`, { method: step.method, headers, agent: step.until === undefined ? agent : false, rejectUnauthorized: false }, (answer) => {
      let body = "";
      const finish = (): void => {
        const warnings = [answer.headers.warning ?? []].flat() as string[];
        resolve({ code: answer.statusCode ?? 0, body, warnings, contentType: answer.headers["content-type"] ?? "" });
      };
      answer.on("data", (chunk: Buffer) => {
        body += chunk.toString();
        if (step.until !== undefined && isLastSeen(body, step)) {
          answer.destroy();
          finish();
        }
      });
      answer.on("end", finish);
      answer.on("error", finish);
    });
    sent.setTimeout(60_000, () => sent.destroy(new Error(`no answer to ${step.method} ${step.path}`)));
    sent.on("error", reject);
    sent.end(text);
  });
}

/** True once the event of the last object, and the bookmark where one is due, are whole. */
function isLastSeen(body: string, { until, path }: Step): boolean {
  const isPresent = path.includes("sendInitialEvents=true") || !/[?&](resourceVersion=[^0]|sendInitialEvents)/.test(path);
  const isMarked = isPresent && path.includes("allowWatchBookmarks=true");
  return isWhole(body, `"name":"${until}"`) && (!isMarked || isWhole(body, "k8s.io/initial-events-end"));
}

function isWhole(body: string, mark: string): boolean {
  const at = body.lastIndexOf(mark);
  return at >= 0 && body.indexOf("\n", at) >= 0;
}

const rules: readonly [RegExp, string][] = [
  // Who issues tokens is a matter of the server's own settings.
  [/https:\/\/kubernetes\.default\.svc(\.cluster\.local)?/g, "ISSUER"],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "T"],
  [/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, "U"],
  [/kube-api-access-[a-z0-9]{5}\b/g, "kube-api-access-X"],
  [/\bA_[a-z0-9]{5}\b/g, "A_X"],
  [/gen-[a-z0-9]{5}\b/g, "gen-X"],
  [/10\.9[67]\.\d+\.\d+/g, "IP"],
  [/ey[A-Za-z0-9_-]+\.ey[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/g, "TOKEN"],
  [/audit-id[^"]*"[^"]*"/g, "AUDIT"],
];

function blotted(key: string, value: unknown): unknown {
  if (key === "resourceVersion" && typeof value === "string" && /^\d+$/.test(value) && value !== "0") return "V";
  if (key === "uid" && value === "admin") return undefined;
  if (key === "continue" && value !== "") return "C";
  if (key === "targetPort" && typeof value === "number" && value > 30_000) return 1;
  if (key === "storageVersionHash" || key === "serverAddress") return "H";
  if (key === "nodePort" || key === "healthCheckNodePort") return 1;
  return value;
}

/** The answer as data that two servers can share. */
export function normalised({ code, body, warnings, contentType }: Asked, step: Step): unknown {
  const type = contentType.split(";")[0] ?? "";
  const texts = step.until === undefined ? [body] : body.split("\n").filter((line) => line !== "");
  const parts = texts.map((text) => normalText(text));
  if (step.until !== undefined) return { code, events: sameBatch(parts) };
  return { code, type, body: parts[0], ...(warnings.length === 0 ? {} : { warnings: sortedWarnings(warnings) }) };
}

/** One header may hold several; what is found in Go's maps comes in any order. */
function sortedWarnings(headers: readonly string[]): string[] {
  return headers.flatMap((header) => blot(header).split(/, (?=299 - )/)).sort();
}

/** Events of the present state come in the order of their keys here and there; a bookmark's version is nobody's business. */
function sameBatch(events: unknown[]): unknown[] {
  return events.filter((event) => (event as { type?: string } | null)?.type !== "BOOKMARK" || JSON.stringify(event).includes("initial-events-end"));
}

function blot(text: string): string {
  let result = text;
  for (const [pattern, mark] of rules) result = result.replace(pattern, mark);
  return result.replace(/(Too large resource version: )\d+(, current: )\d+/g, "$1V$2V").replace(/(resourceVersion|resource version): ?"?\d+"?/gi, "$1: V").replace(/(ResourceVersion in [a-z ]+: )\d+/g, "$1V").replace(/\((\d{1,9})\)/g, "(V)");
}

function normalText(text: string): unknown {
  let data: unknown;
  try {
    data = JSON.parse(text, blotted);
  } catch {
    return blot(text);
  }
  return sorted(JSON.parse(blot(JSON.stringify(data))));
}

type Node = Record<string, unknown>;

/** Causes, managers and the like may stand in any order: Go's maps have none, and times decide for managers. */
function sorted(value: unknown): unknown {
  // What a patch left is shown whole, in an order of Go's own.
  if (typeof value === "string") return withoutDumps(value).replace(/Invalid value: "\{.*\}": /s, "Invalid value: PATCHED: ");
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const node = Object.fromEntries(Object.entries(value as Node).map(([key, member]) => [key, sorted(member)]));
  if (Array.isArray(node["managedFields"])) node["managedFields"] = byText(node["managedFields"]);
  // Some kinds check their metadata twice on a change, some three times: each cause is compared once.
  if (Array.isArray(node["causes"])) node["causes"] = [...new Set(byText(node["causes"]).map((cause) => JSON.stringify(cause)))].map((cause) => JSON.parse(cause) as unknown);
  if (node["kind"] === "Status" && typeof node["message"] === "string") node["message"] = sortedMessage(node["message"]);
  for (const name of ["resourceRules", "nonResourceRules"])
    if (Array.isArray(node[name])) node[name] = byText(node[name]);
  if (Array.isArray(node["cells"])) node["cells"] = node["cells"].map((cell) => (typeof cell === "string" && /^(\d+[smhdy])+$|^<unknown>$/.test(cell) ? "AGE" : cell));
  return node;
}

/** What the two servers cannot have alike, and what it is compared as. */
const incomparable: readonly (readonly [RegExp, string])[] = [
  // At the first undeclared field of a map Go stops, wherever its order has brought it.
  [/\): (errors:\n.*?|\.[^\n]*?)field not declared in schema.*$/s, "): SOME FIELD: field not declared in schema"],
  // A list or map that was stated empty is told from one that was not.
  [/Invalid value: (\[\]|null): either `defaultBackend`/, "Invalid value: NONE: either `defaultBackend`"],
  [/capacity: Unsupported value: (\{\}|null)|^Unsupported value: (\{\}|null): supported values: "storage"/, "EMPTY"],
  [/(^|parameters: )Invalid value: (\{\}|null): field is immutable/g, "$1EMPTY: field is immutable"],
  // After the refusal of a change stands a difference of two of Go's own structs, in a list of errors before the others.
  [/\n@@ .*$/s, ""],
  [/^(.* is invalid: )\[?.*Forbidden: .*(updates may not change|is immutable after creation).*$/s, "$1SEE CAUSES"],
  // What may not change is printed whole, as Go's own struct.
  [/(: \[?|, )spec: Invalid value: \{.*\}: field is immutable/gs, "$1spec: Invalid value: DUMP: field is immutable"],
  [/status\.allocation: Invalid value: \{.*\}: field is immutable/s, "status.allocation: Invalid value: DUMP: field is immutable"],
  [/spec\.template: Invalid value: \{.*?\}: field is immutable/gs, "spec.template: Invalid value: DUMP: field is immutable"],
  [/^Invalid value: \{.*"Spec":\{"Volumes":.*\}: field is immutable$/s, "Invalid value: DUMP: field is immutable"],
  [/^Invalid value: \{"(Spec|ObjectMeta|Name|spec|metadata|Attacher|attacher|Devices|devices|\w+":.*"Spec":\{"Devices)".*\}: field is immutable$/s, "Invalid value: DUMP: field is immutable"],
];

function withoutDumps(text: string): string {
  let result = text;
  for (const [pattern, mark] of incomparable) result = result.replace(pattern, mark);
  // What is wrong with several members of a map comes in any order.
  return result.replace(/(: errors:\n)(.*)$/s, (_, head: string, lines: string) => `${head}${lines.split("\n").sort().join("\n")}`);
}

function byText(list: readonly unknown[]): unknown[] {
  return [...list].sort((a, b) => (canonical(a) < canonical(b) ? -1 : 1));
}

/** JSON with its members in order: the two servers write them in orders of their own. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === "object" && member !== null && !Array.isArray(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member,
  );
}

/** `x is invalid: [b, a]` as `x is invalid: [a, b]`. */
function sortedMessage(message: string): string {
  const match = /^(.*?: \[)(.*)\]$/s.exec(message);
  if (match === null) return message;
  return `${match[1]}${(match[2] as string).split(", ").sort().join(", ")}]`;
}

/** The answers to a script, in order. */
export async function runScript(server: Server, script: Script): Promise<unknown[]> {
  const names = new Map<string, string>();
  const fill = (text: string): string => text.replace(/\{\{([\w.]+)\}\}/g, (_, name: string) => names.get(name) ?? "");
  const answers: unknown[] = [];
  for (const step of script.steps) {
    const text = bodyText(step);
    const filled: Step = { ...step, path: fill(step.path), ...(text === undefined ? {} : { body: fill(text) }) };
    let answer = await ask(server, filled);
    for (let tries = 0; isEarly(step, answer) && tries < 400; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      answer = await ask(server, filled);
    }
    if (step.save !== undefined) keep(names, step.save, answer.body);
    if (step.isUnseen !== true) answers.push({ asked: `${step.method} ${step.path}`, ...(normalised(answer, step) as object) });
  }
  return answers;
}

/** What the script waits for has not come about; or the real server makes its cache of a definition's objects anew. */
function isEarly({ awaits }: Step, { code, body }: Asked): boolean {
  return (awaits !== undefined && code !== awaits) || (code === 429 && body.includes("storage is (re)initializing"));
}

function keep(names: Map<string, string>, name: string, body: string): void {
  try {
    const { metadata, status } = JSON.parse(body) as { metadata?: { uid?: string; resourceVersion?: string; continue?: string }; status?: { token?: string } };
    if (metadata?.resourceVersion !== undefined) names.set(`${name}.rv`, metadata.resourceVersion);
    if (metadata?.continue !== undefined) names.set(`${name}.continue`, encodeURIComponent(metadata.continue));
    if (metadata?.uid !== undefined) names.set(`${name}.uid`, metadata.uid);
    if (status?.token !== undefined) names.set(`${name}.token`, status.token);
  } catch {
    // What is no JSON has nothing to keep.
  }
}

/** Where two answers differ: `path: expected ≠ found`. */
export function differences(expected: unknown, found: unknown, path = ""): string[] {
  if (Object.is(expected, found)) return [];
  if (typeof expected === "object" && typeof found === "object" && expected !== null && found !== null && Array.isArray(expected) === Array.isArray(found)) {
    const keys = [...new Set([...Object.keys(expected), ...Object.keys(found)])];
    return keys.flatMap((key) => differences((expected as Node)[key], (found as Node)[key], `${path}.${key}`));
  }
  return [`${path}: ${short(expected)} ≠ ${short(found)}`];
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? "absent";
  return text.length > 1200 ? `${text.slice(0, 1200)}…` : text;
}
