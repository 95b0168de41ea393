// What a Kustomization or HelmRelease depends on: others of its kind by spec.dependsOn, and objects of any kind by an annotation, since
// Flux's definition has no field for them.

import type { DependencyRef } from "#api/flux";
import { type Delivery, type Dependency, deliveryKey } from "#delivery";
import { parseYaml } from "#formats/yaml";
import {
  faultFrom,
  formatRef,
  isObject,
  type Json,
  type Manifest,
  refOf,
  splitApiVersion,
  textOf,
  type VersionedRef,
} from "#kernel";
import { FluxFault } from "./faults.ts";

/** A YAML list of `{apiVersion, kind, name, namespace, readyExpr}`; the namespace may be left out. */
export const dependsOnMark = "keelson.dev/depends-on";

export type DependencyOptions = { isCrossNamespaceAllowed: boolean; isReadyExpressionAdditive: boolean };

/** Everything that must be ready first. Throws FluxFault for an annotation that cannot be read. */
export function dependenciesOf(
  object: Manifest,
  spec: { dependsOn?: readonly DependencyRef[] },
  options: DependencyOptions,
): Delivery["dependsOn"] {
  const own = refOf(object);
  const more = options.isReadyExpressionAdditive ? { isAdditive: true } : {};
  const alike = (spec.dependsOn ?? []).map(({ name, namespace = own.namespace, readyExpr }): Dependency => {
    const ref = { ...own, namespace, name };
    const label = `${namespace}/${name}`;
    // Another tenant's reasons are not told.
    const told = options.isCrossNamespaceAllowed || namespace === own.namespace ? {} : { isDiscreet: true };
    return { key: deliveryKey(ref), ref, label, ...expression(readyExpr), ...more, ...told };
  });
  const text = object.metadata.annotations?.[dependsOnMark];
  return text === undefined ? alike : [...alike, ...annotated(text, own, options)];
}

function expression(readyExpression: string | undefined): { readyExpression?: string } {
  return readyExpression === undefined || readyExpression === "" ? {} : { readyExpression };
}

function annotated(text: string, own: VersionedRef, options: DependencyOptions): Dependency[] {
  const value = parse(text);
  if (!Array.isArray(value)) throw unreadable("is no list");
  return value.map((item) => {
    const [kind, name] = [textOf(item, "kind"), textOf(item, "name")];
    if (!isObject(item) || kind === "" || name === "") throw unreadable("an entry has no kind or no name");
    const { group, version } = splitApiVersion(textOf(item, "apiVersion") || "v1");
    const namespace = textOf(item, "namespace") || own.namespace;
    if (!options.isCrossNamespaceAllowed && namespace !== own.namespace)
      throw unreadable(`${kind} ${namespace}/${name} is in another namespace, and such references have been blocked`);
    const ref = { group, version, kind, namespace, name };
    return { key: deliveryKey(ref), ref, label: formatRef(ref), ...expression(textOf(item, "readyExpr")) };
  });
}

function parse(text: string): Json {
  try {
    return parseYaml(text);
  } catch (thrown) {
    throw unreadable(faultFrom(thrown).message);
  }
}

function unreadable(message: string): FluxFault {
  return new FluxFault({
    code: "spec-invalid",
    disposition: "stall",
    at: dependsOnMark,
    message,
    hint: "write a YAML list of {apiVersion, kind, name, namespace, readyExpr}",
  });
}
