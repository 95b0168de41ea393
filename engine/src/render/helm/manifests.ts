// From rendered files to objects: documents, hooks, order. Mirrors pkg/release/v1/util of Helm 4.3.

import type { Json, JsonObject } from "#kernel";
import { compareStrings, GoError } from "#formats/gotemplate";
import { helmFault } from "./faults.ts";
import { basePath } from "./functions/paths.ts";
import { trimSpace, trimSpaceStart } from "./functions/space.ts";
import { parseAsGo } from "./functions/yaml.ts";
import { decodeStruct, type Shape, type Struct } from "./go-struct.ts";
import { headText } from "./quick-head.ts";

/** One document, where it came from, and what it says; the data of a long one is read when it is asked for. */
export type RenderedDocument = { path: string; content: string; kind: string; readonly data: Json };

export type HookEvent =
  | "pre-install"
  | "post-install"
  | "pre-delete"
  | "post-delete"
  | "pre-upgrade"
  | "post-upgrade"
  | "pre-rollback"
  | "post-rollback"
  | "test";

export type Hook = RenderedDocument & {
  name: string;
  events: HookEvent[];
  weight: number;
  deletePolicies: string[];
  outputLogPolicies: string[];
};

const events: { readonly [name: string]: HookEvent } = {
  "pre-install": "pre-install",
  "post-install": "post-install",
  "pre-delete": "pre-delete",
  "post-delete": "post-delete",
  "pre-upgrade": "pre-upgrade",
  "post-upgrade": "post-upgrade",
  "pre-rollback": "pre-rollback",
  "post-rollback": "post-rollback",
  test: "test",
  "test-success": "test",
};

/** Kinds in the order in which they are installed; others come after, by name. */
export const installOrder: readonly string[] =
  "PriorityClass Namespace NetworkPolicy ResourceQuota LimitRange PodSecurityPolicy PodDisruptionBudget ServiceAccount Secret SecretList ConfigMap StorageClass PersistentVolume PersistentVolumeClaim CustomResourceDefinition ClusterRole ClusterRoleList ClusterRoleBinding ClusterRoleBindingList Role RoleList RoleBinding RoleBindingList Service DaemonSet Pod ReplicationController ReplicaSet Deployment HorizontalPodAutoscaler StatefulSet Job CronJob IngressClass Ingress APIService MutatingWebhookConfiguration ValidatingWebhookConfiguration".split(
    " ",
  );

/** Kinds in the order in which they are removed. */
export const uninstallOrder: readonly string[] =
  "ValidatingWebhookConfiguration MutatingWebhookConfiguration APIService Ingress IngressClass Service CronJob Job StatefulSet HorizontalPodAutoscaler Deployment ReplicaSet ReplicationController Pod DaemonSet RoleBindingList RoleBinding RoleList Role ClusterRoleBindingList ClusterRoleBinding ClusterRoleList ClusterRole CustomResourceDefinition PersistentVolumeClaim PersistentVolume StorageClass ConfigMap SecretList Secret ServiceAccount PodDisruptionBudget PodSecurityPolicy LimitRange ResourceQuota NetworkPolicy Namespace PriorityClass".split(
    " ",
  );

const installRank: ReadonlyMap<string, number> = new Map(installOrder.map((kind, i) => [kind, i]));

/** Sorts by kind and keeps the order of equals. */
export function sortByKind<T extends { kind: string }>(documents: readonly T[]): T[] {
  return documents.toSorted((a, b) => {
    const first = installRank.get(a.kind);
    const second = installRank.get(b.kind);
    if (first === undefined && second === undefined) return compareStrings(a.kind, b.kind);
    if (first === undefined || second === undefined) return first === undefined ? 1 : -1;
    return first - second;
  });
}

/** Documents of a text: split at line starts with three dashes, whatever follows them; leading blanks dropped. */
export function splitManifests(text: string): string[] {
  const documents: string[] = [];
  const add = (document: string): void => {
    const trimmed = trimSpaceStart(document);
    if (trimmed !== "") documents.push(trimmed);
  };
  const all = `\n${trimSpaceStart(text)}`;
  let start = 1;
  for (let at = all.indexOf("\n---"); at >= 0; at = all.indexOf("\n---", start - 1)) {
    add(all.slice(start, at + 1));
    start = at + 4;
    while (all[start] === " " || all[start] === "\t") start++;
  }
  add(all.slice(start));
  return documents;
}

/** Hooks and other objects of all files, each in install order. */
export function sortManifests(files: ReadonlyMap<string, string>): { hooks: Hook[]; documents: RenderedDocument[] } {
  const hooks: Hook[] = [];
  const documents: RenderedDocument[] = [];
  for (const path of [...files.keys()].sort(compareStrings)) {
    if (basePath(path).startsWith("_")) continue;
    for (const content of splitManifests(files.get(path) as string)) {
      const document = readDocument(path, content);
      if (document.hook === undefined) documents.push(document.plain);
      else if (document.hook !== "unknown") hooks.push(document.hook);
    }
  }
  return { hooks: sortByKind(hooks), documents: sortByKind(documents) };
}

type Head = { kind: string; name: string; annotations: { [key: string]: string } };

function readDocument(path: string, content: string): { plain: RenderedDocument; hook: Hook | "unknown" | undefined } {
  try {
    const quick = content.length > quickLengthMin ? quickHead(content) : undefined;
    const data = quick === undefined ? parseAsGo(content) : undefined;
    const head = quick ?? readHead(data as Json);
    const make = (): RenderedDocument => newDocument(path, content, { kind: head.kind, data });
    return { plain: make(), hook: readHook(make, head) };
  } catch (error) {
    if (!(error instanceof GoError)) throw error;
    throw helmFault("helm-manifest", `YAML parse error on ${path}`, {
      cause: error,
      hint: "use --debug to see the text that was rendered",
    });
  }
}

/** Below this many characters, reading a document whole costs no more. */
const quickLengthMin = 2_000;

function quickHead(content: string): Head | undefined {
  const text = headText(content);
  if (text === undefined) return undefined;
  try {
    return readHead(parseAsGo(text));
  } catch (error) {
    // What is wrong is told of the whole document.
    if (error instanceof GoError) return undefined;
    throw error;
  }
}

function newDocument(
  path: string,
  content: string,
  known: { kind: string; data: Json | undefined },
): { path: string; content: string; kind: string; data: Json } {
  let { data } = known;
  return {
    path,
    content,
    kind: known.kind,
    get data() {
      return (data ??= parseAsGo(content));
    },
  };
}

const text: Shape = { type: "text" };

/** What Helm reads of each document. */
const headShape: Struct = {
  type: "struct",
  name: "util.SimpleHead",
  fields: {
    apiVersion: text,
    kind: text,
    metadata: {
      type: "struct",
      name: 'struct { Name string "json:\\"name\\""; Annotations map[string]string "json:\\"annotations\\"" }',
      fields: { name: text, annotations: { type: "map", name: "map[string]string" } },
    },
  },
};

function readHead(data: Json): Head {
  const { kind, metadata } = decodeStruct(headShape, data);
  const { name, annotations } = (metadata ?? {}) as JsonObject;
  return {
    kind: (kind as string | undefined) ?? "",
    name: (name as string | undefined) ?? "",
    annotations: (annotations as { [key: string]: string } | null | undefined) ?? {},
  };
}

function readHook(make: () => RenderedDocument, { name, annotations }: Head): Hook | "unknown" | undefined {
  const types = annotations["helm.sh/hook"];
  if (types === undefined) return undefined;
  const named = listOf(types).map((type) => events[type]);
  // One unknown event drops the object, silently as in Helm.
  if (named.includes(undefined)) return "unknown";
  const weight = annotations["helm.sh/hook-weight"] ?? "";
  // What is assigned leaves the data to be read later.
  return Object.assign(make(), {
    name,
    events: named as HookEvent[],
    weight: /^[+-]?\d+$/.test(weight) ? Number(weight) : 0,
    deletePolicies: listOf(annotations["helm.sh/hook-delete-policy"]),
    outputLogPolicies: listOf(annotations["helm.sh/hook-output-log-policy"]),
  });
}

function listOf(text: string | undefined): string[] {
  return text === undefined ? [] : text.split(",").map((part) => trimSpace(part).toLowerCase());
}
