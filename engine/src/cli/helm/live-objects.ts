// A release's objects as they stand, as `helm status` shows them: by version and kind, with the Pods that its workloads select;
// for people in the columns that the server gives.

import type { Cluster, HttpCluster, Resource, Target } from "#cluster";
import {
  asJson,
  fieldOf,
  formatAge,
  isObject,
  type Json,
  type JsonObject,
  type Manifest,
  splitApiVersion,
} from "#kernel";
import { type Release, releaseObjects } from "#releases";
import type { Io } from "../io.ts";
import { sorted } from "./print-release.ts";

type Live = { target: Target; object: Manifest };

/** A group of objects; that of Pods also says how the server knows their list. */
export type LiveGroup = { title: string; live: Live[]; version?: string };

const workloads = new Set(["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController", "Job"]);

/** What is there of it, by title in order. */
export async function liveObjects(release: Release, cluster: Cluster): Promise<LiveGroup[]> {
  const groups = new Map<string, LiveGroup>();
  const group = (title: string): LiveGroup => {
    const found = groups.get(title) ?? { title, live: [] };
    groups.set(title, found);
    return found;
  };
  const discovery = await cluster.discover();
  if (!discovery.ok) return [];
  const pods = discovery.value.byKind("", "Pod");
  for (const { apiVersion, kind, metadata } of await releaseObjects(release, cluster)) {
    const { group: apiGroup, version } = splitApiVersion(apiVersion);
    const resource = discovery.value.byKind(apiGroup, kind, version);
    if (resource === undefined) continue;
    const namespace = resource.isNamespaced ? (metadata.namespace ?? "") : "";
    const target = { resource, namespace, name: metadata.name };
    const answer = await cluster.get(target);
    if (!answer.ok) continue;
    group(`${version}/${kind}`).live.push({ target, object: answer.value });
    if (pods !== undefined && workloads.has(kind))
      await addPods(group("v1/Pod(related)"), answer.value, { cluster, pods, namespace });
  }
  return [...groups.values()].sort((a, b) => (a.title < b.title ? -1 : 1));
}

async function addPods(
  group: LiveGroup,
  workload: Manifest,
  { cluster, pods, namespace }: { cluster: Cluster; pods: Resource; namespace: string },
): Promise<void> {
  const labels = fieldOf(workload, "spec", "selector", "matchLabels") ?? fieldOf(workload, "spec", "selector");
  if (!isObject(labels)) return;
  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${String(value as string)}`)
    .sort()
    .join(",");
  const answer = await cluster.list(pods, { namespace, labelSelector });
  if (!answer.ok) return;
  group.version = answer.value.resourceVersion;
  for (const object of answer.value.items)
    group.live.push({ target: { resource: pods, namespace, name: object.metadata.name }, object });
}

/** For `-o json` and `-o yaml`: Pods come as one list. */
export function liveData(groups: readonly LiveGroup[]): JsonObject {
  return Object.fromEntries(
    groups.map(({ title, live, version }) => {
      const objects = live.map(({ object }) => sorted(asJson(object)));
      const list = { apiVersion: "v1", items: objects, kind: "PodList", metadata: { resourceVersion: version ?? "" } };
      return [title, version === undefined ? objects : [list]];
    }),
  );
}

/** For people. Columns are as wide as kubectl makes them, and never narrower than for the rows before. */
export async function formatLive(groups: readonly LiveGroup[], http: HttpCluster | undefined, io: Io): Promise<string> {
  let text = "";
  for (const { title, live } of groups) {
    text += `==> ${title}\n`;
    let header = "";
    const widths: number[] = [];
    for (const one of live) {
      const { columns, row } = await rowOf(one, http, io);
      if (header !== columns.join()) text += line(columns, columns, row, widths);
      header = columns.join();
      text += line(row, row, row, widths);
    }
    text += "\n";
  }
  return text;
}

function line(cells: readonly string[], first: readonly string[], second: readonly string[], widths: number[]): string {
  for (const [at, cell] of first.entries())
    widths[at] = Math.max(widths[at] ?? 0, 6, cell.length + 3, (second[at] ?? "").length + 3);
  return `${cells.map((cell, at) => (at === cells.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join("")}\n`;
}

async function rowOf(
  { target, object }: Live,
  http: HttpCluster | undefined,
  io: Io,
): Promise<{ columns: string[]; row: string[] }> {
  const answer = await http?.table(target);
  const table = answer?.ok === true ? tableOf(answer.value) : undefined;
  const age = formatAge(io.clock.now() - Date.parse(object.metadata.creationTimestamp ?? ""));
  return table ?? { columns: ["NAME", "AGE"], row: [object.metadata.name, age] };
}

function tableOf(table: Json): { columns: string[]; row: string[] } | undefined {
  const definitions = fieldOf(table, "columnDefinitions");
  const rows = fieldOf(table, "rows");
  if (!Array.isArray(definitions) || !Array.isArray(rows)) return undefined;
  const cells = fieldOf(rows[0] ?? null, "cells");
  const shown = definitions.flatMap((definition, at) => (fieldOf(definition, "priority") === 0 ? [at] : []));
  return {
    columns: shown.map((at) => String(fieldOf(definitions[at] ?? null, "name") as string).toUpperCase()),
    row: shown.map((at) => cellText(Array.isArray(cells) ? cells[at] : undefined)),
  };
}

function cellText(cell: Json | undefined): string {
  return cell === null || cell === undefined ? "<none>" : (String(cell as string).split("\n")[0] ?? "");
}
