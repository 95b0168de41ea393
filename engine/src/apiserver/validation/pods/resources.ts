// What containers and pods ask for: names and amounts of resources, requests below limits, claims.

import { invalid, labelErrors, notSupported, qualifiedNameErrors, required } from "#api/crd";
import { canonicalQuantity, containerSums, quantityNanos, sumText } from "#api/kubernetes";
import { isObject, type Json, type JsonObject } from "#kernel";
import { nanos, textOf } from "../fields.ts";
import { eachOf, type Errors, type PodCheck, tellAll, tellHabit } from "./checks.ts";

const nanosOfOne = 1_000_000_000n;
const hugePages = "hugepages-";

const computed: ReadonlySet<string> = new Set(["cpu", "memory", "ephemeral-storage"]);
const counted: ReadonlySet<string> = new Set(
  "pods resourcequotas services replicationcontrollers secrets configmaps persistentvolumeclaims services.nodeports services.loadbalancers".split(
    " ",
  ),
);
const standard: ReadonlySet<string> = new Set([
  ...computed,
  ...counted,
  "requests.cpu",
  "requests.memory",
  "requests.ephemeral-storage",
  "requests.storage",
  "limits.cpu",
  "limits.memory",
  "limits.ephemeral-storage",
  "storage",
]);

function isNative(name: string): boolean {
  return !name.includes("/") || name.includes("kubernetes.io/");
}

/** A resource of somebody's own domain, which is counted in whole numbers. */
function isExtended(name: string): boolean {
  if (isNative(name) || name.startsWith("requests.")) return false;
  return qualifiedNameErrors(`requests.${name}`).length === 0;
}

/** A resource of which there are things, not amounts. */
export function isCountedResource(name: string): boolean {
  return counted.has(name) || isExtended(name);
}

export function canBeShared(name: string): boolean {
  return isNative(name) && !name.startsWith(hugePages);
}

/** True when the name is well formed and known. */
export function checkResourceName(errors: Errors, name: string, field: string): boolean {
  const wrong = qualifiedNameErrors(name);
  tellAll(errors, field, name, wrong);
  if (wrong.length > 0) return false;
  if (name.includes("/") || standard.has(name)) return true;
  if (name.startsWith(hugePages) || name.startsWith(`requests.${hugePages}`)) return true;
  errors.push(invalid(field, name, "must be a standard resource type or fully qualified"));
  return false;
}

export function checkContainerResource(errors: Errors, name: string, field: string): void {
  if (computed.has(name)) return;
  checkResourceName(errors, name, field);
  if (!name.includes("/")) {
    if (!name.startsWith(hugePages)) errors.push(invalid(field, name, "must be a standard resource for containers"));
  } else if (!isNative(name) && !isExtended(name))
    errors.push(invalid(field, name, "doesn't follow extended resource name standard"));
}

const podResources = ["cpu", "hugepages-", "memory"];

function checkPodResource(errors: Errors, name: string, field: string): void {
  if (!checkResourceName(errors, name, field)) return;
  if (name === "cpu" || name === "memory" || name.startsWith(hugePages)) return;
  errors.push(notSupported(field, name, podResources));
}

function shown(amount: Json | undefined): string {
  return (typeof amount === "string" || typeof amount === "number" ? canonicalQuantity(amount) : undefined) ?? "0";
}

/** An amount, as the resource is counted. */
function checkAmount(errors: Errors, name: string, amount: Json, field: string): void {
  // Most amounts are plainly none of the wrong ones.
  if (computed.has(name) && typeof amount === "string" && !amount.startsWith("-")) return;
  const size = nanos(amount);
  if (size < 0n) errors.push(invalid(field, shown(amount), "must be greater than or equal to 0"));
  if (size % nanosOfOne !== 0n && !computed.has(name) && (counted.has(name) || isExtended(name)))
    errors.push(invalid(field, shown(amount), "must be an integer"));
}

/** Memory in large pages is asked for by whole pages. */
function checkPages(check: PodCheck, name: string, amount: Json, field: string): void {
  if (!name.startsWith(hugePages) || isDivisible(name, nanos(amount))) return;
  const detail = `${shown(amount)} is not positive integer multiple of ${name}`;
  tellHabit(check, "huge pages", invalid(field, shown(amount), detail));
}

function isDivisible(name: string, size: bigint): boolean {
  const page = quantityNanos(name.slice(hugePages.length));
  if (page === undefined || page <= 0n || page % nanosOfOne !== 0n) return false;
  // Go rounds up to whole bytes first.
  const bytes = size >= 0n ? (size + nanosOfOne - 1n) / nanosOfOne : size / nanosOfOne;
  return bytes % (page / nanosOfOne) === 0n;
}

type NameCheck = typeof checkContainerResource;

const whole = /^\d+/;

/** Which of two amounts is more; those of one unit need no more than their digits. */
function compare(one: Json, other: Json): number {
  const [a, b] = [digitsOf(one), digitsOf(other)];
  if (a !== undefined && b !== undefined && a.unit === b.unit) return a.count - b.count;
  const [left, right] = [nanos(one), nanos(other)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function digitsOf(amount: Json): { count: number; unit: string } | undefined {
  const digits = typeof amount === "string" ? whole.exec(amount)?.[0] : undefined;
  if (digits === undefined || digits.length > 15) return undefined;
  const unit = (amount as string).slice(digits.length);
  return unit.startsWith(".") ? undefined : { count: Number(digits), unit };
}

/** Requests may not be more than limits; what cannot be shared is limited to just what is asked. */
// oxlint-disable-next-line max-params -- a request, its limit and where they stand
function checkRequest(errors: Errors, name: string, [request, limit]: [Json, Json | undefined], field: string): void {
  if (limit === undefined) {
    if (!canBeShared(name))
      errors.push(required(`${field}.limits`, "Limit must be set for non overcommitable resources"));
    return;
  }
  if (request === limit) return;
  const order = compare(request, limit);
  const place = `${field}.requests`;
  if (order !== 0 && !canBeShared(name))
    errors.push(invalid(place, shown(request), `must be equal to ${name} limit of ${shown(limit)}`));
  else if (order > 0)
    errors.push(invalid(place, shown(request), `must be less than or equal to ${name} limit of ${shown(limit)}`));
}

function mapOf(value: Json | undefined): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

/** Limits, requests and claims together. */
// oxlint-disable-next-line max-params -- what is asked for, where it stands and how its names are looked at
function checkRequirements(check: PodCheck, resources: JsonObject, field: string, checkName: NameCheck): void {
  const { errors } = check;
  const [limits, requests] = [mapOf(resources["limits"]), mapOf(resources["requests"])];
  let hasPages = false;
  let hasBasics = false;
  const look = (name: string, amount: Json, at: string): void => {
    checkName(errors, name, at);
    checkAmount(errors, name, amount, at);
    hasPages ||= name.startsWith(hugePages);
    hasBasics ||= name === "cpu" || name === "memory";
  };
  for (const name in limits) {
    const at = `${field}.limits[${name}]`;
    look(name, limits[name] as Json, at);
    checkPages(check, name, limits[name] as Json, at);
  }
  for (const name in requests) {
    const at = `${field}.requests[${name}]`;
    look(name, requests[name] as Json, at);
    checkRequest(errors, name, [requests[name] as Json, limits?.[name]], field);
    checkPages(check, name, requests[name] as Json, at);
  }
  if (hasPages && !hasBasics) errors.push({ type: "Forbidden", field, detail: "HugePages require cpu or memory" });
  if (resources["claims"] !== undefined) checkClaims(check, resources["claims"], `${field}.claims`);
}

/** The names of claims that the pod has, each once, whole or by request. */
function checkClaims({ errors, claims }: PodCheck, list: Json | undefined, field: string): void {
  const seen = new Set<string>();
  eachOf(list, field, (claim, at) => {
    const [name, request] = [textOf(claim["name"]), textOf(claim["request"])];
    const twice = (value: string): void => void errors.push({ type: "Duplicate", field: at, value, detail: "" });
    if (name === "") return void errors.push(required(at));
    if (seen.has(name)) twice(name);
    else {
      const key = request === "" ? name : `${name}/${request}`;
      if (request !== "") tellAll(errors, `${at}.request`, request, labelErrors(request));
      if (seen.has(key)) twice(key);
      else if (request === "") for (const other of seen) if (other.startsWith(`${name}/`)) twice(name);
      seen.add(key);
    }
    if (claims.has(name)) return;
    const known = claims.size === 0 ? " which is empty" : `: ${[...claims].sort().join(", ")}`;
    const detail = `must be one of the names in pod.spec.resourceClaims${known}`;
    errors.push({ type: "NotFound", field: at, value: name, detail });
  });
}

export function checkContainerResources(check: PodCheck, resources: Json | undefined, field: string): void {
  if (isObject(resources)) checkRequirements(check, resources, field, checkContainerResource);
}

/** What running the pod costs beside its containers. */
export function checkOverhead(check: PodCheck): void {
  const { overhead } = check.spec;
  if (isObject(overhead))
    checkRequirements(check, { limits: overhead }, `${check.field}.overhead`, checkContainerResource);
}

export function checkPodResources(check: PodCheck, system: string | undefined): void {
  const { errors, spec } = check;
  const { resources } = spec;
  const field = `${check.field}.resources`;
  if (!isObject(resources)) return;
  if (system === "windows")
    return void errors.push({ type: "Forbidden", field, detail: "may not be set for a windows pod" });
  if (resources["claims"] !== undefined)
    errors.push({
      type: "Forbidden",
      field: `${field}.claims`,
      detail: "claims may not be set for Resources at pod-level",
    });
  checkRequirements(check, resources, field, checkPodResource);
  checkConsistency(errors, spec, resources, field);
}

// oxlint-disable-next-line max-params -- a pod's specification, its own resources and where they stand
function checkConsistency(errors: Errors, spec: JsonObject, resources: JsonObject, field: string): void {
  const [limits, requests] = [mapOf(resources["limits"]) ?? {}, mapOf(resources["requests"]) ?? {}];
  const compare = (part: "requests" | "limits", own: JsonObject): void => {
    for (const [name, amount] of containerSums(spec, part)) {
      if (own[name] === undefined || amount.nanos <= nanos(own[name])) continue;
      if (part === "limits" && !name.startsWith(hugePages)) continue;
      const detail = `must be greater than or equal to aggregate container ${part} of ${sumText(amount)}`;
      errors.push(invalid(`${field}.${part}[${name}]`, shown(own[name]), detail));
    }
  };
  compare("requests", requests);
  compare("limits", limits);
  eachOf(spec["containers"], `${field}.containers`, (container, at) => {
    const own = isObject(container["resources"]) ? mapOf(container["resources"]["limits"]) : undefined;
    for (const name in own)
      if (limits[name] !== undefined && nanos(own[name]) > nanos(limits[name]))
        errors.push(
          invalid(
            `${at}[${name}].limits`,
            shown(own[name]),
            `must be less than or equal to pod limits of ${shown(limits[name])}`,
          ),
        );
  });
}
