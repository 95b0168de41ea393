// Drift of a release: each of its objects is compared with what the API server would make of it, by dry run, and put right by
// what differs, with no new revision (helm-controller 1.6, internal/action/diff.go).

import type { DriftIgnoreRule, HelmRelease } from "#api/flux";
import type { Cluster, Resource, Status } from "#cluster";
import { asJson, isObject, type JsonObject, type Manifest, refOf } from "#kernel";
import { compareForApply } from "#plan";
import { selects } from "../selector.ts";
import { ReleaseKindFault } from "./faults.ts";
import { difference, type Operation, without } from "./json-difference.ts";
import { helmManager } from "./names.ts";

/** How one object differs from the release; `removed`: it is not there. */
export type ObjectDrift =
  | { is: "unchanged" | "excluded" | "removed"; object: Manifest; resource: Resource }
  | { is: "changed"; object: Manifest; live: Manifest; resource: Resource; operations: readonly Operation[] };

export type DriftContext = {
  cluster: Cluster;
  resourceOf: (object: Manifest) => Promise<Resource | undefined>;
  ignore: readonly DriftIgnoreRule[];
};

const switchKey = "helm.toolkit.fluxcd.io/driftDetection";

/** Compares objects one by one. What could not be compared is thrown only where nothing else differs, as in Flux. */
export async function findDrift(objects: readonly Manifest[], context: DriftContext): Promise<ObjectDrift[]> {
  const found: ObjectDrift[] = [];
  const failures: ReleaseKindFault[] = [];
  for (const object of objects) {
    const answer = await compareObject(object, context);
    if (answer instanceof ReleaseKindFault) failures.push(answer);
    else found.push(answer);
  }
  const first = failures[0];
  if (first === undefined || found.some(isDrift)) return found;
  throw first;
}

export function isDrift(drift: ObjectDrift): boolean {
  return drift.is === "changed" || drift.is === "removed";
}

/** One object beside what the server would make of it now. */
export async function compareObject(object: Manifest, context: DriftContext): Promise<ObjectDrift | ReleaseKindFault> {
  const resource = await context.resourceOf(object);
  if (resource === undefined)
    return failed(object, `no matches for kind "${object.kind}" in version "${object.apiVersion}"`);
  const pointers = context.ignore.filter((rule) => selects(rule.target, object)).flatMap((rule) => rule.paths);
  if (isSwitchedOff(object) || pointers.includes("")) return { is: "excluded", object, resource };
  const target = targetOf(object, resource);
  const live = await context.cluster.get(target);
  if (!live.ok && live.status.code !== 404) return refused(object, live.status);
  if (live.ok && isSwitchedOff(live.value)) return { is: "excluded", object, resource };
  const options = { fieldManager: helmManager, isForced: true, isDryRun: true };
  const predicted = await context.cluster.apply(target, normalised(object), options);
  if (!predicted.ok) return refused(object, predicted.status);
  if (!live.ok) return { is: "removed", object, resource };
  const [from, to] = [live.value, predicted.value].map((each) => without(asJson(each), pointers));
  const operations = [...markOperations(from ?? {}, to ?? {}), ...difference(contentOf(from), contentOf(to))];
  return operations.length === 0
    ? { is: "unchanged", object, resource }
    : { is: "changed", object, live: live.value, resource, operations };
}

function targetOf(object: Manifest, resource: Resource) {
  return {
    resource,
    namespace: resource.isNamespaced ? (object.metadata.namespace ?? "") : "",
    name: object.metadata.name,
  };
}

function isSwitchedOff({ metadata }: Manifest): boolean {
  return [metadata.labels, metadata.annotations].some((marks) => marks?.[switchKey]?.toLowerCase() === "disabled");
}

/** What a Secret says in plain text is said as the server keeps it; a status is nobody's wish. */
export function normalised(object: Manifest): Manifest {
  const { status: _, ...rest } = object as Manifest & { status?: unknown };
  const plain = object.kind === "Secret" && object.apiVersion === "v1" ? object["stringData"] : undefined;
  if (object.kind === "CustomResourceDefinition") return object;
  if (!isObject(plain)) return rest as Manifest;
  const encoded = Object.entries(plain).map(([key, value]) => [
    key,
    Buffer.from(String(value as string)).toString("base64"),
  ]);
  const { stringData: _data, ...secret } = rest as Manifest & { stringData?: unknown };
  const data = isObject(object["data"]) ? object["data"] : {};
  return { ...secret, data: { ...data, ...Object.fromEntries(encoded) } } as Manifest;
}

/** Labels and annotations that are missing or other; what is there besides is no drift. */
function markOperations(from: JsonObject, to: JsonObject): Operation[] {
  return difference(marksOf(from), marksOf(to)).filter(({ op }) => op !== "remove");
}

function marksOf(object: JsonObject): JsonObject {
  const metadata = isObject(object["metadata"]) ? object["metadata"] : {};
  const { name, annotations, labels } = metadata;
  return { metadata: JSON.parse(JSON.stringify({ name, annotations, labels })) as JsonObject };
}

function contentOf(object: JsonObject | undefined): JsonObject {
  const { metadata: _m, status: _s, ...content } = object ?? {};
  return content;
}

/** Brings back what is gone and undoes what was changed; tells of what it did. */
export async function correct(
  drift: readonly ObjectDrift[],
  cluster: Cluster,
): Promise<{ done: string[]; failures: string[] }> {
  const result: { done: string[]; failures: string[] } = { done: [], failures: [] };
  const inOrder = [...drift].sort(
    (a, b) =>
      Number(b.is === "removed") - Number(a.is === "removed") || compareForApply(refOf(a.object), refOf(b.object)),
  );
  for (const one of inOrder) {
    if (!isDrift(one)) continue;
    const target = targetOf(one.object, one.resource);
    const options = { fieldManager: helmManager };
    const answer =
      one.is === "changed"
        ? await cluster.patch(target, { type: "json", patch: one.operations as unknown as JsonObject[] }, options)
        : await cluster.create(target, normalised(one.object), options);
    const name = resourceName(one.object);
    const word = one.is === "changed" ? "patch" : "creation";
    if (answer.ok) result.done.push(`${name} ${one.is === "changed" ? "configured" : "created"}`);
    else result.failures.push(`${name} ${word} failure: ${withoutSecret(one.object, answer.status)}`);
  }
  return result;
}

/** A refusal may repeat a Secret's value: then only its reason is told. */
function withoutSecret({ kind }: Manifest, { code, message }: Status): string {
  return kind === "Secret" && code === 422 ? message.slice(message.lastIndexOf(":") + 1).trim() : message;
}

/** `Deployment/shop/web`. */
export function resourceName(object: Manifest): string {
  const { namespace = "", name } = object.metadata;
  return [object.kind, ...(namespace === "" ? [] : [namespace]), name].join("/");
}

/** A line for each object that differs or is left out. */
export function describeDrift(drift: readonly ObjectDrift[]): string {
  return drift
    .flatMap((one) => (one.is === "unchanged" ? [] : [`${resourceName(one.object)} ${wordsOf(one)}`]))
    .join("\n");
}

function wordsOf(one: ObjectDrift): string {
  if (one.is !== "changed") return one.is;
  const count = (op: Operation["op"]): number => one.operations.filter((operation) => operation.op === op).length;
  return `changed (${count("add")} additions, ${count("replace")} changes, ${count("remove")} removals)`;
}

export function ignoreRulesOf({ spec }: HelmRelease): readonly DriftIgnoreRule[] {
  return spec.driftDetection?.ignore ?? [];
}

export function detectsDrift({ spec }: HelmRelease): boolean {
  const mode = spec.driftDetection?.mode ?? "disabled";
  return mode === "enabled" || mode === "warn";
}

function failed(object: Manifest, message: string): ReleaseKindFault {
  return new ReleaseKindFault({
    code: "release-state-unknown",
    disposition: "retry",
    message: `unable to determine cluster state: ${resourceName(object)} dry-run failed: ${message}`,
  });
}

function refused(object: Manifest, status: Status): ReleaseKindFault {
  return failed(object, withoutSecret(object, status));
}
