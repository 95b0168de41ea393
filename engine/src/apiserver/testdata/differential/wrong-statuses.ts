// The status of every kind with each of its fields wrong in turn, by its schema: what is refused, in which words, and what is let through,
// by a whole object and by every kind of patch. The status that they start from is written first; the rest are dry runs.

import { schemaFor } from "#api/kubernetes";
import { type Change, changed, changes, type Taste, type Value } from "./field-walk.ts";
import { statusSubjects } from "./full-statuses.ts";
import { applied, patch, post, put, remove, saved, type Script, type Step, unseen, withQuery } from "./steps.ts";
import type { Part, Subject } from "./subjects.ts";

/** Steps of one script. */
const stepsMost = 60;

const moments: readonly Value[] = [undefined, null, "", "soon", "2020-13-01T00:00:00Z", "2020-01-01", "2021-02-03T04:05:06+01:00", "2021-02-03T04:05:06.789Z", "1969-01-01T00:00:00Z", 5, {}];

/** What is likely wrong, of the right type and of others. */
const taste: Taste = {
  instead: (value, node) => {
    if (node.format === "date-time") return moments;
    if (typeof value === "string") return [undefined, null, "", "Not Valid!", "other", "x".repeat(300), 5, ...(node.enum ?? [])];
    if (typeof value === "number") return [undefined, null, -1, 0, 7, 70_000, 2_147_483_648, 1.5, "x"];
    return [undefined, null, ...(typeof value === "boolean" ? [!value, "x", 1] : [])];
  },
  lists: (value) => [null, [], [...value, ...value], [null], "x", {}],
  structures: [undefined, null, {}, "x", []],
  unset: (node) => {
    if (node.format === "date-time") return ["soon"];
    if (node.type === "integer" || node.type === "number") return [-1, 3];
    if (node.type === "boolean") return [true];
    return node.type === "int-or-string" ? [-1, "x y"] : ["Not Valid!", "1Gi"];
  },
  key: "a b",
  levelsBelow: 2,
  skipped: new Set(["apiVersion", "kind", "metadata", "spec"]),
};

/** What no schema knows of, and a status that is none. */
const oddities: readonly Change[] = [
  { at: ["status"], value: undefined },
  { at: ["status"], value: null },
  { at: ["status"], value: "x" },
  { at: ["status"], value: [] },
  { at: ["status", "noSuchField"], value: 1 },
  { at: ["status", "conditions"], value: [{}] },
  { at: ["status", "conditions"], value: [{ type: "A", status: "True", noSuchField: 1 }] },
];

/** A merge patch that brings one change about; a list is given whole. */
function patchOf(start: Value, { at, value }: Change): Value {
  const firstIndex = at.findIndex((name) => /^\d+$/.test(name));
  const path = firstIndex < 0 ? at : at.slice(0, firstIndex);
  const after = firstIndex < 0 ? (value ?? null) : path.reduce((node, name) => (node as Part)[name], changed(start, at, value));
  return path.reduceRight<Value>((inner, name) => ({ [name]: inner }), after);
}

/** A change as each kind of request makes it, in turn. */
function request(path: string, whole: (object: Value) => Part, start: Part, change: Change, turn: number): Step {
  const object = changed(start, change.at, change.value);
  const pointer = `/${change.at.map((name) => name.replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`;
  const operation = change.value === undefined ? { op: "remove", path: pointer } : { op: "add", path: pointer, value: change.value };
  switch (turn % 4) {
    case 0:
      return patch(path, "merge", patchOf(start, change));
    case 1:
      return patch(path, "strategic", patchOf(start, change));
    case 2:
      return patch(path, "json", [operation]);
    default:
      return applied(path, "one", withoutVersion(whole(object)), "&force=true");
  }
}

function withoutVersion(object: Part): Part {
  const { resourceVersion: _, ...metadata } = object["metadata"] as Part;
  return { ...object, metadata };
}

function scriptsOf(subject: Subject): Script[] {
  const { apiVersion, kind, plural, isNamespaced, id, base, status = [] } = subject;
  const slash = apiVersion.indexOf("/");
  const root = schemaFor(slash < 0 ? "" : apiVersion.slice(0, slash), apiVersion.slice(slash + 1), kind) ?? {};
  const namespace = `status-${id}`;
  const list = `${slash < 0 ? "/api" : "/apis"}/${apiVersion}${isNamespaced ? `/namespaces/${namespace}` : ""}/${plural}`;
  const told = new Set<string>();
  return status.flatMap((given, number) => {
    const start = { ...base, status: given };
    const all = [...changes(root, start, [], taste), ...oddities].filter(({ at, value }) => {
      const key = `${at.join(".")} ${JSON.stringify(value)}`;
      return !told.has(key) && told.add(key) !== undefined;
    });
    const parts = Array.from({ length: Math.ceil((all.length * 2) / stepsMost) }, (_, index) => all.slice((index * stepsMost) / 2, ((index + 1) * stepsMost) / 2));
    return parts.map((part, index) => {
      const named = (base["metadata"] as Part | undefined)?.["name"];
      const name = typeof named === "string" ? named : `s-${id}-${number}-${index}`;
      const path = `${list}/${name}/status`;
      const whole = (object: Value): Part => ({ ...(object as Part), apiVersion, kind, metadata: { ...((object as Part)["metadata"] as Part | undefined), name, resourceVersion: "{{a.rv}}" } });
      const text = (step: Step): Step => ({ ...step, body: JSON.stringify(step.body).replaceAll('"NS"', JSON.stringify(namespace)) });
      const before = isNamespaced ? [unseen(post("/api/v1/namespaces", { metadata: { name: namespace } }))] : [];
      if (kind === "Pod") before.push(unseen(post(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: "default" } })));
      const made = saved("a", unseen(text(post(list, withoutVersion(whole(base))))));
      const written = saved("a", text(put(path, whole(start))));
      const tried = part.flatMap((change, turn) => [
        withQuery(put(path, whole(changed(start, change.at, change.value))), `dryRun=All${turn % 7 === 3 ? "&fieldValidation=Strict" : ""}`),
        withQuery(request(path, whole, start, change, turn), "dryRun=All"),
      ]);
      const after = isNamespaced ? [] : [unseen(remove(`${list}/${name}`))];
      return { name: `status/${id}: ${number}-${index}`, steps: [...before, made, written, ...tried.map(text), ...after] };
    });
  });
}

/** Every kind with a status, each field of it. */
export function wrongStatusScripts(): readonly Script[] {
  return statusSubjects.flatMap(scriptsOf);
}
