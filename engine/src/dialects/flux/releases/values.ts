// The values of a release: those of objects in their order, then the inline ones, then single values at their paths, as Flux
// composes them (fluxcd/pkg/chartutil 1.27). Pure: the objects were read before.

import type { ValuesReference } from "#api/flux";
import { GoError, type GoMap, type Value } from "#formats/gotemplate";
import { Fault } from "#kernel";
import { loadValues, mergeValues, setValues } from "#render/helm";
import { ReleaseKindFault } from "./faults.ts";

/** What an object holds under its keys; or the API's words for why it is not there. */
export type ValuesObject = { data: ReadonlyMap<string, string> } | { missing: string };

/** A values file that is no object: of a source. */
export type ValuesFile = { label: string; text: string };

export type ValuesParts = {
  namespace: string;
  references: readonly ValuesReference[];
  /** The object that a reference names. */
  objectOf: (reference: ValuesReference) => ValuesObject;
  /** They count above the references, and below the inline values. */
  files: readonly ValuesFile[];
  /** Belongs to the caller no longer: what is set at a path may be set in it. */
  inline: GoMap;
};

/** The values as one map. Throws ReleaseKindFault for a reference that cannot be resolved. */
export function composeValues({ namespace, references, objectOf, files, inline }: ValuesParts): GoMap {
  let top = inline;
  if (files.length > 0) {
    const below = files.reduce((values, file) => mergeValues(values, valuesOf(file)), {} as GoMap);
    top = mergeValues(below, inline);
  }
  let result: GoMap = {};
  for (const reference of references) {
    const text = textOf(reference, namespace, objectOf(reference));
    if (text === undefined) continue;
    const failed = (message: string): Error => unresolved(reference, namespace, message);
    if (reference.targetPath === undefined || reference.targetPath === "") {
      result = mergeValues(
        result,
        withWords(failed, () => loadValues(text)),
      );
      continue;
    }
    // Maps that only the inline values have are shared from here on, as in Go: so what is set below wins over them as well.
    result = mergeValues(result, top);
    withWords(failed, () => setAtPath(result, reference, text));
  }
  return mergeValues(result, top);
}

/** The text under the reference's key; undefined where it is optional and absent. */
function textOf(reference: ValuesReference, namespace: string, object: ValuesObject): string | undefined {
  const text = "data" in object ? object.data.get(keyOf(reference)) : undefined;
  if (text !== undefined) return text;
  if (reference.optional === true) return undefined;
  throw unresolved(reference, namespace, "missing" in object ? object.missing : "key not found");
}

function keyOf({ valuesKey }: ValuesReference): string {
  return valuesKey === undefined || valuesKey === "" ? "values.yaml" : valuesKey;
}

function unresolved(reference: ValuesReference, namespace: string, why: string): ReleaseKindFault {
  const optional = reference.optional === true ? " optional" : "";
  const where = `${reference.kind} chart values reference '${namespace}/${reference.name}'`;
  return new ReleaseKindFault({
    code: "values-unresolved",
    disposition: "retry",
    message: `could not resolve${optional} ${where} with key '${keyOf(reference)}': ${why}`,
    hint: "correct the object or the reference; with the label reconcile.fluxcd.io/watch=Enabled a change is seen at once",
  });
}

function valuesOf({ label, text }: ValuesFile): GoMap {
  const failed = (message: string): Error =>
    new ReleaseKindFault({
      code: "values-unresolved",
      disposition: "retry",
      at: label,
      message: `could not read the values file: ${message}`,
      hint: "correct the file",
    });
  return withWords(failed, () => loadValues(text));
}

function withWords<T>(failed: (message: string) => Error, run: () => T): T {
  try {
    return run();
  } catch (thrown) {
    if (thrown instanceof GoError) throw failed(thrown.message);
    if (thrown instanceof Fault) throw failed([thrown, thrown.cause].flatMap(messageOf).join(": "));
    throw thrown;
  }
}

function messageOf(thrown: unknown): string[] {
  return thrown instanceof Error ? [thrown.message] : [];
}

/** As `--set`: types are inferred; but quoted text is text, and literal text is taken to the letter. */
function setAtPath(values: GoMap, { targetPath = "", literal }: ValuesReference, text: string): void {
  if (literal === true) {
    setValues(values, `${targetPath}=${text.replace(/[\\,[\]{}]/g, "\\$&")}`, "string");
    return;
  }
  const isQuoted = ["'", '"'].some((mark) => text.startsWith(mark) && text.endsWith(mark));
  if (isQuoted) setValues(values, `${targetPath}=${text.replace(/^['"]+|['"]+$/g, "")}`, "string");
  else setValues(values, `${targetPath}=${text}`, "typed");
}

/** JSON of an object's spec as values: numbers are float64. A copy. */
export function inlineValues(spec: unknown): GoMap {
  return spec === undefined ? {} : (copy(spec as Value) as GoMap);
}

function copy(value: Value): Value {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(copy);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, copy(member as Value)]));
}
