// Nodes, and the runtimes that pods choose on them (pkg/apis/core and node validation, v1.36).

import {
  type FieldError,
  invalid,
  labelErrors,
  labelValueErrors,
  notSupported,
  qualifiedNameErrors,
  required,
} from "#api/crd";
import { equalJson, isObject, type Json, type JsonObject } from "#kernel";
import { networkErrors, networkFamily } from "./addresses.ts";
import { duplicate, forbidden, invalidAll, itemsOf, nanos, part, textOf, textsOf } from "./fields.ts";
import type { PodCheck } from "./pods/checks.ts";
import { checkContainerResources, isCountedResource } from "./pods/resources.ts";
import { checkTolerations } from "./pods/scheduling.ts";
import { labelsErrors } from "./selectors.ts";

const taintEffects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

export function nodeRules(object: JsonObject, live?: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const networks = textsOf(spec["podCIDRs"]);
  const [first, second] = networks.map(networkFamily);
  const isPair = networks.length === 2 && first !== undefined && second !== undefined && first !== second;
  const field = "spec.podCIDRs";
  return [
    ...taintsErrors(itemsOf(spec["taints"], "metadata.taints")),
    ...nodeAmountErrors(part(object, "status")),
    ...networks.flatMap((network, index) => networkErrors(network, `${field}[${index}]`)),
    ...(networks.length > 1 && !isPair
      ? [invalid(field, networks, "may specify no more than one CIDR for each IP family")]
      : []),
    ...(live === undefined ? [] : nodeChangeErrors(object, live)),
  ];
}

function taintsErrors(taints: readonly { item: JsonObject; field: string }[]): FieldError[] {
  const seen = new Set<string>();
  return taints.flatMap(({ item, field }) => {
    const [key, value, effect] = [textOf(item["key"]), textOf(item["value"]), textOf(item["effect"])];
    const wrongValue = labelValueErrors(value).join(";");
    const isTwice = seen.has(`${effect} ${key}`);
    seen.add(`${effect} ${key}`);
    const shown = { Key: key, Value: value, Effect: effect, TimeAdded: item["timeAdded"] ?? null };
    return [
      ...invalidAll(`${field}.key`, key, qualifiedNameErrors(key)),
      ...(wrongValue === "" ? [] : [invalid(`${field}.value`, value, wrongValue)]),
      ...(effect === "" ? [required(`${field}.effect`)] : []),
      ...(effect === "" || taintEffects.includes(effect)
        ? []
        : [notSupported(`${field}.effect`, effect, taintEffects)]),
      ...(isTwice ? [{ ...duplicate(field, shown), detail: "taints must be unique by key and effect pair" }] : []),
    ];
  });
}

/** What a node has, in amounts that can be, and what it can do. */
export function nodeAmountErrors(status: JsonObject): FieldError[] {
  const amounts = ["capacity", "allocatable"].flatMap((list) =>
    Object.entries(part(status, list)).flatMap(([name, amount]) =>
      amountErrors(name, amount, `status.${list}.${name}`),
    ),
  );
  return [...amounts, ...featureErrors(textsOf(status["declaredFeatures"]), "status.declaredFeatures")];
}

const featureLengthMost = 253;
const featureText =
  "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes";

function featureProblem(name: string): string | undefined {
  if (name.length > featureLengthMost) return `must be no more than ${featureLengthMost} characters`;
  return /^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/.test(name) ? undefined : featureText;
}

/** What a node says it can do: in order, each once. */
function featureErrors(names: readonly string[], field: string): FieldError[] {
  return names.flatMap((name, index) => {
    const [at, problem, before] = [`${field}[${index}]`, featureProblem(name), names[index - 1]];
    const errors =
      problem === undefined ? [] : [invalid(at, name, `invalid feature name ${JSON.stringify(name)}: ${problem}`)];
    if (before === name) errors.push(duplicate(at, name));
    else if (before !== undefined && before > name)
      errors.push(invalid(at, name, "list must be sorted alphabetically"));
    return errors;
  });
}

/** An amount of a resource: not below nothing, and whole where things are counted. */
export function amountErrors(name: string, amount: Json, field: string): FieldError[] {
  const isWhole = (nanos(amount) / 1_000_000n) % 1000n === 0n;
  return [
    ...(nanos(amount) < 0n ? [invalid(field, amount, "must be greater than or equal to 0")] : []),
    ...(isCountedResource(name) && !isWhole ? [invalid(field, amount, "must be an integer")] : []),
  ];
}

/** What a node is given once; of its status, what stands there twice. */
export function nodeChangeErrors(object: JsonObject, live: JsonObject): FieldError[] {
  const [spec, before] = [part(object, "spec"), part(live, "spec")];
  const [networks, old] = [textsOf(spec["podCIDRs"]), textsOf(before["podCIDRs"])];
  const text = 'node updates may not change podCIDR except from "" to valid';
  const changed = networks.length === old.length ? old.filter((network, index) => network !== networks[index]) : [""];
  const provider = textOf(before["providerID"]);
  const isOther = provider !== "" && provider !== textOf(spec["providerID"]);
  return [
    ...nodeAddressErrors(part(object, "status")),
    ...(old.length === 0 ? [] : changed.map(() => forbidden("spec.podCIDRs", text))),
    ...(isOther
      ? [forbidden("spec.providerID", 'node updates may not change providerID except from "" to valid')]
      : []),
    ...(textOf(spec["externalID"]) === textOf(before["externalID"])
      ? []
      : [forbidden("spec.externalID", "may not be updated")]),
  ];
}

function nodeAddressErrors(status: JsonObject): FieldError[] {
  const addresses = itemsOf(status["addresses"], "status.addresses").map(({ item, field }) => {
    return { field, shown: { Type: textOf(item["type"]), Address: textOf(item["address"]) } };
  });
  return addresses.flatMap(({ field, shown }, index) =>
    addresses.slice(0, index).some((one) => equalJson(one.shown, shown)) ? [duplicate(field, shown)] : [],
  );
}

/** Where a RuntimeClass's pods run, and what they cost beside their containers. */
export function runtimeClassRules(object: JsonObject): FieldError[] {
  const handler = textOf(object["handler"]);
  const errors = handler === "" ? [required("handler")] : invalidAll("handler", handler, labelErrors(handler));
  const check: PodCheck = {
    errors,
    habits: new Map(),
    spec: {},
    field: "",
    pod: undefined,
    volumes: new Map(),
    claims: new Set(),
  };
  const { overhead, scheduling } = object;
  if (isObject(overhead)) checkContainerResources(check, { limits: overhead["podFixed"] ?? {} }, "overhead");
  if (!isObject(scheduling)) return errors;
  errors.push(...labelsErrors(scheduling["nodeSelector"], "scheduling.nodeSelector"));
  checkTolerations(check, scheduling["tolerations"], "scheduling.tolerations");
  return [...errors, ...repeatedTolerations(itemsOf(scheduling["tolerations"], "scheduling.tolerations"))];
}

function repeatedTolerations(tolerations: readonly { item: JsonObject; field: string }[]): FieldError[] {
  const seen: JsonObject[] = [];
  return tolerations.flatMap(({ item, field }) => {
    const [Key, Operator, Value, Effect] = ["key", "operator", "value", "effect"].map((name) => textOf(item[name])) as [
      string,
      string,
      string,
      string,
    ];
    const key = { Key, Operator, Value, Effect };
    const isTwice = seen.some((one) => equalJson(one, key));
    seen.push(key);
    return isTwice ? [duplicate(field, { ...key, TolerationSeconds: item["tolerationSeconds"] ?? null })] : [];
  });
}
