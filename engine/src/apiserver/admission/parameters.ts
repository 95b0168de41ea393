// The parameters of a policy: the objects that a binding names or selects.

import { fieldOf, isObject, type JsonObject, type Manifest, textOf } from "#kernel";
import { type Registry, storageKey, storagePrefix } from "#apiserver/registry";
import { selectsLabels } from "./matching.ts";
import { labelsOf } from "./request.ts";

/** One evaluation for each; `undefined` stands for a policy without parameters. `error`: the binding cannot be used. */
export type Parameters = { ok: true; values: (Manifest | undefined)[] } | { ok: false; error: string };

export function parametersOf(registry: Registry, policy: Manifest, binding: Manifest, namespace: string): Parameters {
  const kind = fieldOf(policy, "spec", "paramKind");
  const ref = fieldOf(binding, "spec", "paramRef");
  if (!isObject(kind) || !isObject(ref)) return { ok: true, values: [undefined] };
  const apiVersion = textOf(kind, "apiVersion");
  const slash = apiVersion.indexOf("/");
  const group = slash < 0 ? "" : apiVersion.slice(0, slash);
  const served = registry.table.findKind(group, apiVersion.slice(slash + 1), textOf(kind, "kind"));
  if (served === undefined)
    return {
      ok: false,
      error: `paramKind kind \`&ParamKind{APIVersion:${apiVersion},Kind:${textOf(kind, "kind")},}\` not known`,
    };
  const named = textOf(ref, "namespace");
  const { isNamespaced } = served.resource;
  const place = isNamespaced ? named || namespace : "";
  if (isNamespaced && place === "")
    return {
      ok: false,
      error: "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources",
    };
  if (!isNamespaced && named !== "")
    return { ok: false, error: "paramRef.namespace must not be provided for a cluster-scoped `paramKind`" };
  const values = found(registry, served, place, ref);
  if (values.length === 0 && ref.parameterNotFoundAction === "Deny")
    return { ok: false, error: "no params found for policy binding with `Deny` parameterNotFoundAction" };
  return { ok: true, values };
}

type Served = NonNullable<ReturnType<Registry["table"]["find"]>>;

function found(registry: Registry, served: Served, namespace: string, ref: JsonObject): Manifest[] {
  const collection = registry.collection(served.storage);
  const name = textOf(ref, "name");
  if (name !== "") {
    const stored = collection.get(storageKey(served.storage, namespace, name));
    return stored === undefined ? [] : [registry.view(served, stored.object)];
  }
  const prefix = storagePrefix(served.storage) + (namespace === "" ? "" : `${namespace}/`);
  return [...collection.range(prefix)]
    .map(({ object }) => registry.view(served, object))
    .filter((object) => selectsLabels(ref.selector, labelsOf(object)));
}
