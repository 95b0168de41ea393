// Whose an object is: the label and the annotations by which Helm 4.3 knows a release's objects, and its words where they
// are missing (pkg/action/validate.go).

import type { Cluster, Resource, Status } from "#cluster";
import { isObject, type Json, type Manifest } from "#kernel";
import { releaseFault } from "./faults.ts";

export type Owner = { name: string; namespace: string };

/** What is wrong with an object's marks; empty when the release owns it. */
export function ownershipProblems(live: Manifest, release: Owner): string[] {
  const { labels, annotations } = live.metadata;
  return [
    requireValue("label", labels, ["app.kubernetes.io/managed-by", "Helm"]),
    requireValue("annotation", annotations, ["meta.helm.sh/release-name", release.name]),
    requireValue("annotation", annotations, ["meta.helm.sh/release-namespace", release.namespace]),
  ].filter((problem) => problem !== undefined);
}

function requireValue(what: string, from: unknown, [key, wanted]: [string, string]): string | undefined {
  const found = isObject(from as Json) ? (from as { [key: string]: Json })[key] : undefined;
  if (found === wanted) return undefined;
  const [quotedKey, quoted] = [JSON.stringify(key), JSON.stringify(wanted)];
  if (found === undefined) return `${what} validation error: missing key ${quotedKey}: must be set to ${quoted}`;
  return `${what} validation error: key ${quotedKey} must equal ${quoted}: current value is ${JSON.stringify(found)}`;
}

export type Claim = { resource: Resource; namespace: string; name: string };

/** The object when it exists. A Fault where it belongs to another, unless `isFree`. */
export async function claim(
  cluster: Cluster,
  { resource, namespace, name }: Claim,
  owner: Owner & { isFree: boolean; during: "install" | "update" },
): Promise<Manifest | undefined> {
  const answer = await cluster.get({ resource, namespace, name });
  const at = `${resource.kind} ${JSON.stringify(name)} in namespace ${JSON.stringify(namespace)}`;
  const before = `unable to continue with ${owner.during}: `;
  if (!answer.ok) {
    if (answer.status.code === 404) return undefined;
    throw failed(`${before}could not get information about the resource ${at}`, answer.status);
  }
  const problems = owner.isFree ? [] : ownershipProblems(answer.value, owner);
  if (problems.length > 0)
    throw releaseFault(
      "release-not-owned",
      `${before}${at} exists and cannot be imported into the current release: invalid ownership metadata; ${problems.join("; ")}`,
    );
  return answer.value;
}

export function describeUnknown({ apiVersion, kind, metadata }: Manifest): string {
  const { name, namespace = "" } = metadata;
  return `resource mapping not found for name: ${JSON.stringify(name)} namespace: ${JSON.stringify(namespace)} from "": no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}\nensure CRDs are installed first`;
}

export function failed(what: string, { message }: Status): Error {
  return releaseFault("release-cluster-failed", `${what}: ${message}`);
}
