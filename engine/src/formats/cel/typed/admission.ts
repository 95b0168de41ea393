// The variables of admission expressions and their types (apiserver/pkg/admission/plugin/cel, v1.36): the request and the namespace have
// types of their own; objects and parameters are of any, unless somebody knows better.

import type { Declared } from "./declared.ts";
import { inspectCel } from "./inspect.ts";
import { libraryType } from "./signatures.ts";
import { bool, type CelType, dyn, int, listOf, mapOf, simpleType, stringType } from "./types.ts";

/** An object with these fields and no others. */
export function structOf(name: string, fields: Readonly<Record<string, CelType>>): CelType {
  const field = (wanted: string): Declared | undefined => {
    const type = Object.hasOwn(fields, wanted) ? fields[wanted] : undefined;
    return type === undefined ? undefined : { type, elementsMax: 0, bytesMin: 0 };
  };
  const declared: Declared = { type: dyn, elementsMax: 0, bytesMin: 0, field };
  declared.type = { kind: "struct", name, parameters: [], declared };
  return declared.type;
}

function textsOf(...names: string[]): Record<string, CelType> {
  return Object.fromEntries(names.map((name) => [name, stringType]));
}

const timestamp = simpleType("timestamp") ?? dyn;
const texts = listOf(stringType);
const labels = mapOf(stringType, stringType);

const kind = structOf("kubernetes.GroupVersionKind", textsOf("group", "version", "kind"));
const resource = structOf("kubernetes.GroupVersionResource", textsOf("group", "version", "resource"));

const request = structOf("kubernetes.AdmissionRequest", {
  ...textsOf("subResource", "requestSubResource", "name", "namespace", "operation"),
  kind,
  resource,
  requestKind: kind,
  requestResource: resource,
  userInfo: structOf("kubernetes.UserInfo", {
    ...textsOf("username", "uid"),
    groups: texts,
    extra: mapOf(stringType, texts),
  }),
  dryRun: bool,
  options: dyn,
});

const condition = { ...textsOf("status", "type", "message", "reason"), lastTransitionTime: timestamp };

const namespace = structOf("kubernetes.Namespace", {
  metadata: structOf("kubernetes.NamespaceMetadata", {
    ...textsOf("name", "generateName", "namespace", "UID", "resourceVersion"),
    labels,
    annotations: labels,
    finalizers: texts,
    creationTimestamp: timestamp,
    deletionTimestamp: timestamp,
    deletionGracePeriodSeconds: int,
    generation: int,
  }),
  spec: structOf("kubernetes.NamespaceSpec", { finalizers: texts }),
  status: structOf("kubernetes.NamespaceStatus", {
    conditions: listOf(structOf("kubernetes.NamespaceCondition", condition)),
    phase: stringType,
  }),
});

export type AdmissionScope = {
  /** Of the object and of what it was; any when it is not known. */
  object?: CelType;
  params?: CelType;
  hasParams: boolean;
  hasAuthorizer: boolean;
};

/** The variables of one expression, by name. */
export function admissionVariables({ object, params, hasParams, hasAuthorizer }: AdmissionScope): Map<string, CelType> {
  const variables = new Map<string, CelType>([
    ["object", object ?? dyn],
    ["oldObject", object ?? dyn],
    ["request", request],
    ["namespaceObject", namespace],
  ]);
  if (hasParams) variables.set("params", params ?? dyn);
  if (hasAuthorizer) {
    variables.set("authorizer", libraryType("kubernetes.authorization.Authorizer"));
    variables.set("authorizer.requestResource", libraryType("kubernetes.authorization.ResourceCheck"));
  }
  return variables;
}

/** `variables`, of what each named expression gives over those before it; one that gives nothing is of any type. */
export function composedVariables(
  named: readonly { name: string; expression: string }[],
  variables: ReadonlyMap<string, CelType>,
): CelType {
  const fields: Record<string, CelType> = {};
  for (const { name, expression } of named) {
    const known = new Map([...variables, ["variables", structOf(variablesName, { ...fields })] as const]);
    const found = inspectCel(expression, known);
    fields[name] = found.ok ? found.result : dyn;
  }
  return structOf(variablesName, fields);
}

const variablesName = "kubernetes.variables";
