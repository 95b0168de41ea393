// Where a pod may run: labels of nodes, affinities, tolerations, spread, gates.

import {
  forbidden,
  invalid,
  labelErrors,
  labelValueErrors,
  notSupported,
  qualifiedNameErrors,
  required,
  subdomainErrors,
} from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import { textOf } from "../fields.ts";
import { selectorErrors } from "../selectors.ts";
import {
  eachOf,
  type Errors,
  isEmptyList,
  isThere,
  oneOfWords,
  type PodCheck,
  tellAll,
  tellHabit,
  textsOf,
} from "./checks.ts";

/** Labels that a node must have. */
export function checkNodeSelector(errors: Errors, selector: Json | undefined, field: string): void {
  if (!isObject(selector)) return;
  for (const key in selector) {
    tellAll(errors, field, key, qualifiedNameErrors(key));
    tellAll(errors, field, selector[key], labelValueErrors(textOf(selector[key])));
  }
}

const valuesNeeded = "must be specified when `operator` is 'In' or 'NotIn'";
const valuesFree = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
const valueSingle = "must be specified single value when `operator` is 'Lt' or 'Gt'";

/** A demand on a node's labels. `ofValues`: what is told of values that no label has. */
// oxlint-disable-next-line max-params -- a demand, where it stands and what to do with its values
function checkNodeLabel(errors: Errors, demand: JsonObject, field: string, ofValues: (errors: Errors) => void): void {
  const [operator, values] = [textOf(demand["operator"]), textsOf(demand["values"])];
  const place = `${field}.values`;
  switch (operator) {
    case "In":
    case "NotIn":
      if (values.length === 0) errors.push(required(place, valuesNeeded));
      break;
    case "Exists":
    case "DoesNotExist":
      if (values.length > 0) errors.push(forbidden(place, valuesFree));
      break;
    case "Gt":
    case "Lt":
      if (values.length !== 1) errors.push(required(place, valueSingle));
      break;
    default:
      errors.push(invalid(`${field}.operator`, operator, "not a valid selector operator"));
  }
  const key = textOf(demand["key"]);
  tellAll(errors, `${field}.key`, key, qualifiedNameErrors(key));
  const found: Errors = [];
  for (const [index, value] of values.entries()) tellAll(found, `${place}[${index}]`, value, labelValueErrors(value));
  if (found.length > 0) ofValues(found);
}

/** A demand on a node's fields, of which there is its name. */
function checkNodeField(errors: Errors, demand: JsonObject, field: string): void {
  const [operator, values] = [textOf(demand["operator"]), textsOf(demand["values"])];
  if (operator !== "In" && operator !== "NotIn")
    errors.push(invalid(`${field}.operator`, operator, "not a valid selector operator"));
  else if (values.length !== 1) {
    const detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(required(`${field}.values`, detail));
  }
  const key = textOf(demand["key"]);
  if (key !== "metadata.name") errors.push(invalid(`${field}.key`, key, "not a valid field selector key"));
  else
    for (const [index, value] of values.entries())
      tellAll(errors, `${field}.values[${index}]`, value, subdomainErrors(value));
}

type Term = { term: JsonObject; field: string; ofValues: (errors: Errors) => void };

function checkNodeTerm(errors: Errors, { term, field, ofValues }: Term): void {
  eachOf(term["matchExpressions"], `${field}.matchExpressions`, (demand, at) =>
    checkNodeLabel(errors, demand, at, ofValues),
  );
  eachOf(term["matchFields"], `${field}.matchFields`, (demand, at) => checkNodeField(errors, demand, at));
}

/** What only some clusters can meet is let through. */
const unheard = (): void => undefined;

function checkWeight(errors: Errors, item: JsonObject, field: string): void {
  const weight = item["weight"] ?? 0;
  if (typeof weight === "number" && (weight <= 0 || weight > 100))
    errors.push(invalid(`${field}.weight`, weight, "must be in the range 1-100"));
}

const mandatory = "requiredDuringSchedulingIgnoredDuringExecution";
const preferred = "preferredDuringSchedulingIgnoredDuringExecution";

/** The nodes that are fit, by terms of which one must hold. `ofValues`: what is told of values that no label has. */
// oxlint-disable-next-line max-params -- a choice of nodes, where it stands and what to do with its values
export function checkNodeTerms(
  errors: Errors,
  nodes: Json | undefined,
  field: string,
  ofValues: (errors: Errors) => void,
): void {
  if (!isObject(nodes)) return;
  const at = `${field}.nodeSelectorTerms`;
  if (isEmptyList(nodes["nodeSelectorTerms"])) errors.push(required(at, "must have at least one node selector term"));
  eachOf(nodes["nodeSelectorTerms"], at, (term, place) => checkNodeTerm(errors, { term, field: place, ofValues }));
}

function checkNodeAffinity(check: PodCheck, affinity: JsonObject, field: string): void {
  const { errors } = check;
  checkNodeTerms(errors, affinity[mandatory], `${field}.${mandatory}`, (found) => {
    for (const error of found) tellHabit(check, "node affinity values", error);
  });
  eachOf(affinity[preferred], `${field}.${preferred}`, (item, at) => {
    checkWeight(errors, item, at);
    const term = isObject(item["preference"]) ? item["preference"] : {};
    checkNodeTerm(errors, { term, field: `${at}.preference`, ofValues: unheard });
  });
}

function keyErrors(errors: Errors, keys: Json | undefined, field: string, selector: Json | undefined): void {
  if (isEmptyList(keys)) return;
  if (!isObject(selector))
    return void errors.push(forbidden(field, "must not be specified when labelSelector is not set"));
  for (const [index, key] of textsOf(keys).entries())
    tellAll(errors, `${field}[${index}]`, key, qualifiedNameErrors(key));
}

/** Labels of the pod's own that are chosen by as well: each once. */
function checkLabelKeys(errors: Errors, term: JsonObject, field: string): void {
  const { matchLabelKeys: matched, mismatchLabelKeys: avoided, labelSelector: selector } = term;
  if (!isThere(matched) && !isThere(avoided)) return;
  keyErrors(errors, matched, `${field}.matchLabelKeys`, selector);
  keyErrors(errors, avoided, `${field}.mismatchLabelKeys`, selector);
  const keys = textsOf(matched);
  if (isObject(selector)) {
    const seen = new Set(Object.keys(isObject(selector["matchLabels"]) ? selector["matchLabels"] : {}));
    eachOf(selector["matchExpressions"], "", (expression) => {
      const key = textOf(expression["key"]);
      const index = keys.lastIndexOf(key);
      if (index >= 0 && seen.has(key))
        errors.push(invalid(`${field}[${index}]`, key, "exists in both matchLabelKeys and labelSelector"));
      seen.add(key);
    });
  }
  const others = new Set(textsOf(avoided));
  for (const [index, key] of keys.entries())
    if (others.has(key))
      errors.push(
        invalid(`${field}.matchLabelKeys[${index}]`, key, "exists in both matchLabelKeys and mismatchLabelKeys"),
      );
}

function checkSelector(check: PodCheck, selector: Json | undefined, field: string): void {
  if (!isObject(selector)) return;
  for (const error of selectorErrors(selector, field))
    if (error.field.startsWith(`${field}.matchExpressions`) && error.field.includes(".values["))
      tellHabit(check, "selector values", error);
    else check.errors.push(error);
}

/** Pods to be near to, or far from. */
function checkPodTerm(check: PodCheck, term: JsonObject, field: string): void {
  const { errors } = check;
  checkSelector(check, term["labelSelector"], `${field}.labelSelector`);
  checkSelector(check, term["namespaceSelector"], `${field}.namespaceSelector`);
  for (const name of textsOf(term["namespaces"])) tellAll(errors, `${field}.namespace`, name, labelErrors(name));
  checkLabelKeys(errors, term, field);
  const key = textOf(term["topologyKey"]);
  if (key === "") errors.push(required(`${field}.topologyKey`, "can not be empty"));
  tellAll(errors, `${field}.topologyKey`, key, qualifiedNameErrors(key));
}

function checkPodAffinity(check: PodCheck, affinity: JsonObject, field: string): void {
  eachOf(affinity[mandatory], `${field}.${mandatory}`, (term, at) => checkPodTerm(check, term, at));
  eachOf(affinity[preferred], `${field}.${preferred}`, (item, at) => {
    checkWeight(check.errors, item, at);
    const term = isObject(item["podAffinityTerm"]) ? item["podAffinityTerm"] : {};
    checkPodTerm(check, term, `${at}.podAffinityTerm`);
  });
}

export function checkAffinity(check: PodCheck): void {
  const { affinity } = check.spec;
  if (!isObject(affinity)) return;
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity;
  const field = `${check.field}.affinity`;
  if (isObject(nodeAffinity)) checkNodeAffinity(check, nodeAffinity, `${field}.nodeAffinity`);
  if (isObject(podAffinity)) checkPodAffinity(check, podAffinity, `${field}.podAffinity`);
  if (isObject(podAntiAffinity)) checkPodAffinity(check, podAntiAffinity, `${field}.podAntiAffinity`);
}

export function checkGates(errors: Errors, gates: Json | undefined, field: string): void {
  const seen = new Set<string>();
  eachOf(gates, field, (gate, at) => {
    const name = textOf(gate["name"]);
    tellAll(errors, at, name, qualifiedNameErrors(name));
    if (seen.has(name)) errors.push({ type: "Duplicate", field: at, value: name, detail: "" });
    seen.add(name);
  });
}

const actions = ["DoNotSchedule", "ScheduleAnyway"];
const nodePolicies = ["Honor", "Ignore"];

function checkDomains(errors: Errors, constraint: JsonObject, field: string): void {
  const least = constraint["minDomains"];
  const action = textOf(constraint["whenUnsatisfiable"]);
  if (typeof least !== "number") return;
  if (least <= 0) errors.push(invalid(field, least, "must be greater than zero"));
  if (action === "DoNotSchedule") return;
  const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`;
  errors.push(invalid(field, least, detail));
}

function isSame(constraint: JsonObject, other: Json): boolean {
  return (
    isObject(other) &&
    ["topologyKey", "whenUnsatisfiable"].every((name) => textOf(constraint[name]) === textOf(other[name]))
  );
}

/** How evenly pods are spread. */
export function checkSpread(check: PodCheck): void {
  const { errors, spec } = check;
  const constraints = spec["topologySpreadConstraints"];
  if (!Array.isArray(constraints)) return;
  eachOf(constraints, `${check.field}.topologySpreadConstraints`, (constraint, at, index) => {
    const skew = constraint["maxSkew"] ?? 0;
    const [key, action] = [textOf(constraint["topologyKey"]), textOf(constraint["whenUnsatisfiable"])];
    if (typeof skew === "number" && skew <= 0) errors.push(invalid(`${at}.maxSkew`, skew, "must be greater than zero"));
    if (key === "") errors.push(required(`${at}.topologyKey`, "can not be empty"));
    if (!actions.includes(action)) errors.push(notSupported(`${at}.whenUnsatisfiable`, action, actions));
    if (constraints.slice(index + 1).some((other) => isSame(constraint, other)))
      errors.push({
        type: "Duplicate",
        field: `${at}.{topologyKey, whenUnsatisfiable}`,
        value: `{${key}, ${action}}`,
        detail: "",
      });
    checkDomains(errors, constraint, `${at}.minDomains`);
    oneOfWords(errors, constraint["nodeAffinityPolicy"], `${at}.nodeAffinityPolicy`, nodePolicies);
    oneOfWords(errors, constraint["nodeTaintsPolicy"], `${at}.nodeTaintsPolicy`, nodePolicies);
    checkLabelKeys(errors, { ...constraint, mismatchLabelKeys: [] }, at);
    for (const error of selectorErrors(constraint["labelSelector"], `${at}.labelSelector`))
      tellHabit(check, "spread selector", error);
  });
}

const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
const forAll = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';

function checkOperator(check: PodCheck, toleration: JsonObject, field: string): void {
  const { errors } = check;
  const [operator, value] = [textOf(toleration["operator"]), textOf(toleration["value"])];
  const place = `${field}.operator`;
  switch (operator) {
    case "":
    case "Equal": {
      const wrong = labelValueErrors(value);
      if (wrong.length > 0) errors.push(invalid(place, value, wrong.join(";")));
      return;
    }
    case "Exists":
      if (value !== "") errors.push(invalid(place, value, "value must be empty when `operator` is 'Exists'"));
      return;
    case "Lt":
    case "Gt":
      tellHabit(check, "comparison operators", notSupported(place, operator, ["Equal", "Exists", "Lt", "Gt"]));
      return;
    default:
      errors.push(notSupported(place, operator, ["Equal", "Exists"]));
  }
}

export function checkTolerations(check: PodCheck, tolerations: Json | undefined, field: string): void {
  const { errors } = check;
  eachOf(tolerations, field, (toleration, at) => {
    const [key, effect] = [textOf(toleration["key"]), textOf(toleration["effect"])];
    if (key !== "") tellAll(errors, `${at}.key`, key, qualifiedNameErrors(key));
    else if (toleration["operator"] !== "Exists")
      errors.push(invalid(`${at}.operator`, toleration["operator"] ?? "", forAll));
    if (isThere(toleration["tolerationSeconds"]) && effect !== "NoExecute")
      errors.push(invalid(`${at}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
    checkOperator(check, toleration, at);
    if (effect !== "") oneOfWords(errors, effect, `${at}.effect`, effects);
  });
}
