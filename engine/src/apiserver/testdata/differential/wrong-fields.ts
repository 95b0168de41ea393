// Every kind with each of its fields wrong in turn, by its schema: what is refused, in which words, and what is let through. Nothing is
// kept: every request is a dry run.

import { schemaFor } from "#api/kubernetes";
import { changed, changes, merged, type Taste } from "./field-walk.ts";
import { fieldSubjects, rareSubjects } from "./rare-subjects.ts";
import { post, type Script, type Step, unseen } from "./steps.ts";
import { type Subject, subjects } from "./subjects.ts";

/** Steps of one script. */
const stepsMost = 40;

/** What is likely wrong. */
const taste: Taste = {
  instead: (value) => {
    if (typeof value === "string") return [undefined, "", "Not Valid!", "x".repeat(300)];
    if (typeof value === "number") return [undefined, -1, 0, 70_000];
    return [undefined, ...(typeof value === "boolean" ? [!value] : [])];
  },
  lists: (value) => [[], [...value, ...value]],
  structures: [undefined, {}],
  unset: (node) => {
    if (node.type === "integer" || node.type === "number") return [-1];
    if (node.type === "boolean") return [true];
    return node.type === "int-or-string" ? [-1, "x y"] : ["Not Valid!"];
  },
  key: "a b",
  levelsBelow: 2,
  skipped: new Set(["apiVersion", "kind", "metadata", "status"]),
};

/** The bodies of one kind, each once. */
function bodies(subject: Subject, namespace: string): string[] {
  const { apiVersion, kind, base, parts } = subject;
  const slash = apiVersion.indexOf("/");
  const root = schemaFor(slash < 0 ? "" : apiVersion.slice(0, slash), apiVersion.slice(slash + 1), kind);
  if (root === undefined) return [];
  const told = new Set<string>();
  const found = new Set<string>();
  for (const part of [{}, ...parts]) {
    const whole = merged({ apiVersion, kind, metadata: { name: `wrong-${subject.id}` }, ...base }, part);
    for (const { at, value } of changes(root, whole, [], taste)) {
      const change = `${at.join(".")} ${JSON.stringify(value)}`;
      if (told.has(change)) continue;
      told.add(change);
      found.add(JSON.stringify(changed(whole, at, value)).replaceAll('"NS"', JSON.stringify(namespace)));
    }
  }
  return [...found];
}

function scriptsOf(subject: Subject): Script[] {
  const { apiVersion, plural, isNamespaced, kind, id } = subject;
  const namespace = `wrong-${id}`;
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const list = isNamespaced ? `${root}/namespaces/${namespace}/${plural}` : `${root}/${plural}`;
  const before = isNamespaced ? [unseen(post("/api/v1/namespaces", { metadata: { name: namespace } }))] : [];
  if (kind === "Pod") before.push(unseen(post(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: "default" } })));
  const steps: Step[] = bodies(subject, namespace).map((body) => post(`${list}?dryRun=All`, body));
  return Array.from({ length: Math.ceil(steps.length / stepsMost) }, (_, index) => ({
    name: `wrong/${id}: ${index}`,
    steps: [...before, ...steps.slice(index * stepsMost, (index + 1) * stepsMost)],
  }));
}

/** Every kind, each field of it. */
export function wrongFieldScripts(): readonly Script[] {
  return [...subjects, ...rareSubjects, ...fieldSubjects].flatMap(scriptsOf);
}
