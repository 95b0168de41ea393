// What a variable or a file may be taken from: a field of the pod, a resource of a container.

import { invalid, notSupported, qualifiedNameErrors } from "#api/crd";
import { canonicalQuantity } from "#api/kubernetes";
import type { Json, JsonObject } from "#kernel";
import { nanos, textOf } from "../fields.ts";
import { type Errors, requireText, tellAll } from "./checks.ts";

/** Fields of a pod by their names in the downward API. */
const fieldLabels: ReadonlySet<string> = new Set([
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.restartPolicy",
  "spec.serviceAccountName",
  "spec.schedulerName",
  "status.phase",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
  "spec.host",
]);

/** `metadata.labels['a']` in two parts. */
function subscripted(path: string): { path: string; key: string } | undefined {
  const open = path.indexOf("['");
  return open > 0 && path.endsWith("']") && open + 2 <= path.length - 2
    ? { path: path.slice(0, open), key: path.slice(open + 2, -2) }
    : undefined;
}

/** A field of the pod, one of those that are `shown` here or a member of its labels or annotations. */
export function checkFieldReference(
  errors: Errors,
  reference: JsonObject,
  field: string,
  shown: readonly string[],
): void {
  const [version, path] = [textOf(reference["apiVersion"]), textOf(reference["fieldPath"])];
  if (!requireText(errors, version, `${field}.apiVersion`)) return;
  if (!requireText(errors, path, `${field}.fieldPath`)) return;
  const member = subscripted(path);
  const wrong = conversionError(version, path, member?.path);
  if (wrong !== undefined) errors.push(invalid(`${field}.fieldPath`, path, `error converting fieldPath: ${wrong}`));
  else if (member !== undefined)
    tellAll(
      errors,
      field,
      member.path === "metadata.annotations" ? member.key.toLowerCase() : member.key,
      qualifiedNameErrors(member.path === "metadata.annotations" ? member.key.toLowerCase() : member.key),
    );
  else {
    const known = path === "spec.host" ? "spec.nodeName" : path;
    if (!shown.includes(known)) errors.push(notSupported(`${field}.fieldPath`, known, shown));
  }
}

function conversionError(version: string, path: string, subscriptedPath: string | undefined): string | undefined {
  if (version !== "v1") return `unsupported pod version: ${version}`;
  if (subscriptedPath !== undefined)
    return subscriptedPath === "metadata.annotations" || subscriptedPath === "metadata.labels"
      ? undefined
      : `field label does not support subscript: ${path}`;
  return fieldLabels.has(path) ? undefined : `field label not supported: ${path}`;
}

const resourcePaths: readonly string[] = [
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
];

function isHugePages(resource: string): boolean {
  return resource.startsWith("limits.hugepages-") || resource.startsWith("requests.hugepages-");
}

/** A container's request or limit; in a volume the container must be named. */
// oxlint-disable-next-line max-params -- a reference, where it stands and whether in a volume
export function checkResourceReference(
  errors: Errors,
  reference: JsonObject,
  field: string,
  isInVolume: boolean,
): void {
  const resource = textOf(reference["resource"]);
  if (isInVolume && textOf(reference["containerName"]) === "") requireText(errors, "", `${field}.containerName`);
  else if (resource === "") requireText(errors, "", `${field}.resource`);
  else if (!resourcePaths.includes(resource) && !isHugePages(resource))
    errors.push(notSupported(`${field}.resource`, resource, resourcePaths));
  checkDivisor(errors, resource, reference["divisor"], `${field}.divisor`);
}

const sizes = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

function divisorsOf(resource: string): { values: readonly string[]; of: string } | undefined {
  if (isHugePages(resource)) return { values: sizes, of: "hugepages" };
  if (resource.endsWith(".cpu")) return { values: ["1m", "1"], of: "cpu" };
  if (resource.endsWith(".memory")) return { values: sizes, of: "memory" };
  return resource.endsWith(".ephemeral-storage") ? { values: sizes, of: "local ephemeral storage" } : undefined;
}

// oxlint-disable-next-line max-params -- a divisor, what it divides and where it stands
function checkDivisor(errors: Errors, resource: string, divisor: Json | undefined, field: string): void {
  if (divisor === undefined || nanos(divisor) === 0n) return;
  const allowed = resourcePaths.includes(resource) || isHugePages(resource) ? divisorsOf(resource) : undefined;
  const text = canonicalQuantity(String(divisor as string | number)) ?? "";
  if (allowed === undefined || allowed.values.includes(text)) return;
  const list = allowed.of === "cpu" ? "1m and 1" : allowed.values.join(", ");
  errors.push(invalid(field, resource, `only divisor's values ${list} are supported with the ${allowed.of} resource`));
}
