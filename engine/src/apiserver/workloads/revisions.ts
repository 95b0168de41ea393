// ControllerRevisions: the history of a template that StatefulSets and DaemonSets keep, and `kubectl rollout undo` reads.

import { equalJson, type Json, type JsonObject, type Manifest } from "#kernel";
import { controllerReference } from "./claiming.ts";
import { contentHash } from "./hash.ts";
import { compareText } from "./pod-facts.ts";
import type { ControllerRevision, Template } from "./types.ts";
import { controllerManager, type World } from "./world.ts";

export const revisionHashLabel = "controller-revision-hash";
const statefulHashLabel = "controller.kubernetes.io/hash";

export type Versioned = Manifest & {
  spec: { template: Template; revisionHistoryLimit?: number };
  status?: { collisionCount?: number };
};

/** The revision of the owner's present template, made or renewed where needed; undefined: try again. */
export async function syncRevision(world: World, owner: Versioned): Promise<ControllerRevision | undefined> {
  const all = revisionsOf(world, owner);
  const data = dataOf(owner.spec.template);
  const newest = all.at(-1);
  const equal = all.findLast((revision) => equalJson(revision.data, data));
  if (equal !== undefined && equal === newest) return equal;
  const number = (newest?.revision ?? 0) + 1;
  if (equal !== undefined) return world.revisions.update({ ...equal, revision: number }, controllerManager);
  return world.revisions.create(draftOf(owner, data, number), controllerManager);
}

/** Oldest first. */
export function revisionsOf(world: World, owner: Manifest): ControllerRevision[] {
  return world.revisions
    .ownedBy(owner)
    .sort((a, b) => a.revision - b.revision || compareText(a.metadata.name, b.metadata.name));
}

/** Deletes the oldest beyond the limit, but none that is named in `live`. */
export async function trimRevisions(world: World, owner: Versioned, live: ReadonlySet<string>): Promise<void> {
  const idle = revisionsOf(world, owner).filter(({ metadata }) => !live.has(metadata.name));
  const surplus = idle.length - (owner.spec.revisionHistoryLimit ?? 10);
  for (const revision of idle.slice(0, Math.max(0, surplus))) await world.revisions.delete(revision);
}

/** The template that a revision stands for. */
export function templateOf(revision: ControllerRevision): Template {
  const spec = revision.data?.["spec"] as JsonObject | undefined;
  const { $patch: _, ...template } = (spec?.["template"] ?? {}) as JsonObject;
  return template as unknown as Template;
}

/** The label value of pods of this revision. */
export function hashOf(revision: ControllerRevision): string {
  const { labels } = revision.metadata;
  return labels?.[revisionHashLabel] ?? labels?.[statefulHashLabel] ?? "";
}

function dataOf(template: Template): JsonObject {
  const plain = JSON.parse(JSON.stringify(template)) as JsonObject;
  return { spec: { template: { ...plain, $patch: "replace" } } };
}

function draftOf(owner: Versioned, data: JsonObject, number: number): ControllerRevision {
  const hash = contentHash(data as Json, owner.status?.collisionCount);
  const label = owner.kind === "DaemonSet" ? revisionHashLabel : statefulHashLabel;
  return {
    apiVersion: "apps/v1",
    kind: "ControllerRevision",
    metadata: {
      name: `${owner.metadata.name.slice(0, 252 - hash.length)}-${hash}`,
      namespace: owner.metadata.namespace ?? "",
      labels: { ...owner.spec.template.metadata?.labels, [label]: hash },
      ...(owner.metadata.annotations === undefined ? {} : { annotations: { ...owner.metadata.annotations } }),
      ownerReferences: [controllerReference(owner)],
    },
    data,
    revision: number,
  };
}
