// Reads the objects that values come from, in the release's own namespace and with the engine's own rights.

import type { HelmRelease, ValuesReference } from "#api/flux";
import type { Cluster } from "#cluster";
import type { Kinds } from "#delivery";
import type { GoMap } from "#formats/gotemplate";
import { isObject, type Manifest } from "#kernel";
import { ReleaseKindFault } from "./faults.ts";
import { composeValues, inlineValues, type ValuesFile, type ValuesObject } from "./values.ts";

type Home = { cluster: Cluster; kinds: Kinds };

export type ValuesExtras = {
  /** Files of sources. */
  files: readonly ValuesFile[];
  /** Decrypts what SOPS encrypted; the text itself where it is plain. */
  plain: (text: string, label: string) => Promise<string>;
};

/** All values of a release as one map. */
export async function readValues(object: HelmRelease, home: Home, extras: ValuesExtras): Promise<GoMap> {
  const namespace = object.metadata.namespace ?? "";
  const references = object.spec.valuesFrom ?? [];
  const objects = new Map<string, ValuesObject>();
  for (const reference of references) {
    const key = keyOf(reference);
    if (!objects.has(key)) objects.set(key, await decrypted(await readOne(reference, namespace, home), key, extras));
  }
  return composeValues({
    namespace,
    references,
    objectOf: (reference) => objects.get(keyOf(reference)) ?? { missing: "resource not found" },
    files: extras.files,
    inline: inlineValues(object.spec.values),
  });
}

async function decrypted(object: ValuesObject, label: string, { plain }: ValuesExtras): Promise<ValuesObject> {
  if ("missing" in object) return object;
  const data = new Map<string, string>();
  for (const [key, text] of object.data) data.set(key, await plain(text, `${label} ${key}`));
  return { data };
}

function keyOf({ kind, name }: ValuesReference): string {
  return `${kind}/${name}`;
}

async function readOne({ kind, name }: ValuesReference, namespace: string, home: Home): Promise<ValuesObject> {
  const target = await home.kinds.target({ group: "", version: "v1", kind, namespace, name });
  const answer = await home.cluster.get(target);
  if (answer.ok) return { data: textsOf(answer.value, kind === "Secret") };
  if (answer.status.code === 404) return { missing: answer.status.message };
  throw new ReleaseKindFault({ code: "values-unresolved", disposition: "retry", message: answer.status.message });
}

function textsOf(object: Manifest, isEncoded: boolean): ReadonlyMap<string, string> {
  const data = isObject(object["data"]) ? Object.entries(object["data"]) : [];
  return new Map(
    data.flatMap(([key, value]): [string, string][] => {
      if (typeof value !== "string") return [];
      return [[key, isEncoded ? Buffer.from(value, "base64").toString("utf8") : value]];
    }),
  );
}
