// The addresses and address families of a Service: which go together, and which may change (pkg/apis/core/validation,
// ValidateServiceClusterIPsRelatedFields and validateUpgradeDowngrade…, v1.36).

import { type FieldError, invalid, notSupported, required } from "#api/crd";
import type { JsonObject } from "#kernel";
import { addressErrors, familyOf } from "./addresses.ts";
import { duplicate, textOf, textsOf } from "./fields.ts";

const families = ["IPv4", "IPv6"];
const policies = ["PreferDualStack", "RequireDualStack", "SingleStack"];
const field = "spec.clusterIPs";

export function isHeadless(spec: JsonObject): boolean {
  const addresses = textsOf(spec["clusterIPs"]);
  return addresses.length === 1 && addresses[0] === "None";
}

/** What is wrong with them; asked before addresses are given, and of the whole Service again. */
export function clusterAddressErrors(spec: JsonObject, before?: JsonObject): FieldError[] {
  if (spec["type"] === "ExternalName") return [];
  const addresses = textsOf(spec["clusterIPs"]);
  const wanted = textsOf(spec["ipFamilies"]);
  const malformed = formErrors(addresses, textsOf(before?.["clusterIPs"]));
  const errors = [...firstErrors(spec, addresses), ...familyErrors(spec, wanted), ...malformed];
  if (addresses.length > 2) errors.push(invalid(field, addresses, "may only hold up to 2 values"));
  if (malformed.length > 0) return errors;
  const [first, ...others] = addresses.map(familyOf);
  if (others.includes(first as "IPv4") || others.length > 1)
    errors.push(invalid(field, addresses, "may specify no more than one IP for each IP family"));
  if (isHeadless(spec)) return errors;
  for (const [index, address] of addresses.entries()) {
    const family = wanted[index];
    if (families.includes(family ?? "") && familyOf(address) !== family)
      errors.push(
        invalid(`${field}[${index}]`, address, `expected an ${family} value as indicated by \`ipFamilies[${index}]\``),
      );
  }
  return errors;
}

/** The one address is the first of all. */
function firstErrors(spec: JsonObject, addresses: readonly string[]): FieldError[] {
  const one = textOf(spec["clusterIP"]);
  if (one === "")
    return addresses.length === 0
      ? []
      : [invalid(field, [...addresses], "must be empty when `clusterIP` is not specified")];
  if (addresses.length === 0) return [required(field)];
  return addresses[0] === one ? [] : [invalid(field, [...addresses], "first value must match `clusterIP`")];
}

function familyErrors(spec: JsonObject, wanted: readonly string[]): FieldError[] {
  const errors = wanted.flatMap((family, index) => [
    ...(families.includes(family) ? [] : [notSupported(`spec.ipFamilies[${index}]`, family, families)]),
    ...(wanted.indexOf(family) < index ? [duplicate(`spec.ipFamilies[${index}]`, family)] : []),
  ]);
  const policy = spec["ipFamilyPolicy"];
  if (policy !== undefined && !policies.includes(textOf(policy)))
    errors.push(notSupported("spec.ipFamilyPolicy", textOf(policy), policies));
  return errors;
}

function formErrors(addresses: readonly string[], known: readonly string[]): FieldError[] {
  return addresses.flatMap((address, index) => {
    if (index > 0 || address !== "None") return addressErrors(address, `${field}[${index}]`, known);
    return addresses.length > 1 ? [invalid(field, [...addresses], "'None' must be the first and only value")] : [];
  });
}

/** What may change: a second address or family comes and goes, the first stays. */
export function addressChangeErrors(spec: JsonObject, before: JsonObject): FieldError[] {
  if (spec["type"] === "ExternalName" || before["type"] === "ExternalName") return [];
  const [isBare, wasBare] = [isHeadless(spec), isHeadless(before)];
  if (isBare && wasBare) return [];
  return [...changedAddresses(spec, before), ...(isBare === wasBare ? changedFamilies(spec, before) : [])];
}

const once = "may not change once set";

function changedAddresses(spec: JsonObject, before: JsonObject): FieldError[] {
  const [next, old] = [textsOf(spec["clusterIPs"]), textsOf(before["clusterIPs"])];
  if (next.length === old.length)
    return old.flatMap((address, index) =>
      address === next[index] ? [] : [invalid(`${field}[${index}]`, next, once)],
    );
  const errors: FieldError[] = [];
  if (next.length === 0) errors.push(invalid(`${field}[0]`, next, "primary clusterIP can not be unset"));
  if (next.length > 0 && old.length > 0 && next[0] !== old[0]) errors.push(invalid(`${field}[0]`, next, once));
  if (next.length === 1 && old.length > 1) errors.push(...releaseErrors(spec, "clusterIP"));
  return errors;
}

function releaseErrors(spec: JsonObject, what: string): FieldError[] {
  const policy = spec["ipFamilyPolicy"] ?? null;
  const detail = `must be set to 'SingleStack' when releasing the secondary ${what}`;
  return policy === "SingleStack" ? [] : [invalid("spec.ipFamilyPolicy", policy, detail)];
}

function changedFamilies(spec: JsonObject, before: JsonObject): FieldError[] {
  const [next, old] = [textsOf(spec["ipFamilies"]), textsOf(before["ipFamilies"])];
  const at = "spec.ipFamilies[0]";
  if (next.length === old.length)
    return old.flatMap((family, index) => (family === next[index] ? [] : [invalid(at, next, once)]));
  const addresses = textsOf(spec["clusterIPs"]);
  const errors: FieldError[] = [];
  if (next.length < old.length && addresses.length === 0)
    errors.push(invalid(at, next, "primary ipFamily can not be unset"));
  if (next.length > 0 && old.length > 0 && next[0] !== old[0]) errors.push(invalid(at, addresses, once));
  if (next.length === 1 && old.length > 1) errors.push(...releaseErrors(spec, "ipFamily"));
  return errors;
}
