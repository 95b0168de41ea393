// What a chart has looked up counts as an input of its release: a mark on the record says what the answers were, so that whoever
// comes later can tell that they are others now. Answers about the release's own objects are left out: they follow from it.

import { parseYaml } from "#formats/yaml";
import { canonicalJson, isObject, type Json, type JsonObject, sha256Hex, splitApiVersion, textOf } from "#kernel";
import { splitManifests } from "#render/helm";
import type { LookupAnswer, ReleaseRendering } from "./chart-renderer.ts";
import type { Release } from "./contract.ts";
import { ownershipProblems } from "./ownership.ts";

/** The label of a record that was rendered with answers of its cluster. Digests of them: whole, and without what changes by itself. */
export const lookedUpLabel = "keelson.dev/looked-up";

type Owner = { name: string; namespace: string };
type Identity = { group: string; kind: string; namespace: string; name: string };

/** Digits of each digest: both fit into a label. */
const digestLength = 24;

/** "" where nothing was looked up that is not the release's own. */
export function lookedUpMark(
  rendering: Pick<ReleaseRendering, "text" | "hooks">,
  { lookups, owner }: { lookups: readonly LookupAnswer[]; owner: Owner },
): string {
  if (lookups.length === 0) return "";
  const isOwn = ownedBy(rendering, owner);
  const answers = lookups.flatMap((lookUp): Json[] => {
    const { apiVersion, kind, namespace, name } = lookUp;
    const { group } = splitApiVersion(apiVersion);
    const identity = { group, kind, namespace, name };
    const found = ("found" in lookUp ? lookUp.found : undefined) ?? null;
    if (name !== "" && isOwn(identity, found)) return [];
    const items = isObject(found) ? found["items"] : undefined;
    const said =
      name === "" && Array.isArray(items) ? items.filter((item) => !isOwnItem(item, identity, isOwn)) : found;
    return [[apiVersion, kind, namespace, name, said]];
  });
  if (answers.length === 0) return "";
  return [true, false].map((isWhole) => digestOf(answers.map((answer) => steady(answer, isWhole)))).join(".");
}

/** True where the answers are others, for what was rendered: where chance had a part, only what does not change by itself counts. */
export function isOtherMark(before: string, now: string, isVolatile: boolean): boolean {
  const at = isVolatile ? 1 : 0;
  return before.split(".")[at] !== now.split(".")[at];
}

/** True when a rendering comes out otherwise than the record says. */
export function rendersOtherwise(made: Release, last: Release): boolean {
  const texts = ({ manifest, hooks }: Release): string =>
    JSON.stringify([manifest, (hooks ?? []).map((hook) => [hook.path, hook.manifest])]);
  return texts(made) !== texts(last);
}

type IsOwn = (identity: Identity, live: Json | undefined) => boolean;

function ownedBy({ text, hooks: made }: Pick<ReleaseRendering, "text" | "hooks">, owner: Owner): IsOwn {
  const own = new Set<string>();
  for (const document of splitManifests(text)) {
    const object = parseYaml(document);
    const { group } = splitApiVersion(textOf(object, "apiVersion"));
    own.add(keyOf({ group, kind: textOf(object, "kind"), namespace: "", name: textOf(object, "metadata", "name") }));
  }
  const hooks = new Set(made.map(({ kind, name }) => `${kind}/${name}`));
  return (identity, live) => {
    const isHere = identity.namespace === "" || identity.namespace === owner.namespace;
    if (isHere && (own.has(keyOf({ ...identity, namespace: "" })) || hooks.has(`${identity.kind}/${identity.name}`)))
      return true;
    return isObject(live) && isMarkedBy(live, owner);
  };
}

/** Helm's marks, or a record of the release itself. */
function isMarkedBy(live: JsonObject, owner: Owner): boolean {
  const metadata = isObject(live["metadata"]) ? live["metadata"] : {};
  const labels = isObject(metadata["labels"]) ? metadata["labels"] : {};
  if (labels["owner"] === "helm" && labels["name"] === owner.name) return true;
  return ownershipProblems({ metadata } as unknown as Parameters<typeof ownershipProblems>[0], owner).length === 0;
}

function isOwnItem(item: Json, { group, kind }: Identity, isOwn: IsOwn): boolean {
  const metadata = isObject(item) && isObject(item["metadata"]) ? item["metadata"] : {};
  const [namespace = "", name = ""] = [metadata["namespace"], metadata["name"]] as (string | undefined)[];
  return isOwn({ group, kind, namespace, name }, item);
}

function keyOf({ group, kind, namespace, name }: Identity): string {
  return [group, kind, namespace, name].join("/");
}

function digestOf(answers: Json): string {
  return sha256Hex(canonicalJson(answers)).slice(0, digestLength);
}

const bookkeeping = ["resourceVersion", "managedFields", "generation"];

/** Without the server's book-keeping; where it is not whole, without what controllers report as well. */
function steady(value: Json, isWhole: boolean): Json {
  if (Array.isArray(value)) return value.map((each) => steady(each, isWhole));
  if (!isObject(value)) return value;
  const { metadata, status, ...rest } = value;
  const members: JsonObject = { ...rest };
  if (Array.isArray(rest["items"])) members["items"] = steady(rest["items"], isWhole);
  if (isObject(metadata))
    members["metadata"] = Object.fromEntries(Object.entries(metadata).filter(([key]) => !bookkeeping.includes(key)));
  if (isWhole && status !== undefined) members["status"] = status;
  return members;
}
