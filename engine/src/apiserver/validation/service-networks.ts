// ServiceCIDRs and IPAddresses: the networks of cluster addresses, and what each address is for (pkg/apis/networking/validation, v1.36).

import { type FieldError, invalid, pathSegmentErrors, required, subdomainErrors } from "#api/crd";
import { equalJson, isObject, type JsonObject } from "#kernel";
import { networkFamily, strictAddressErrors, strictNetworkErrors } from "./addresses.ts";
import { invalidAll, part, textOf, textsOf } from "./fields.ts";

const field = "spec.cidrs";
const fixed = "field is immutable";

/** A second network, of the other family, may be added later; nothing else changes. */
export function serviceNetworkRules(object: JsonObject, live?: JsonObject): FieldError[] {
  const networks = textsOf(part(object, "spec")["cidrs"]);
  if (live === undefined) return networksErrors(networks);
  const before = textsOf(part(live, "spec")["cidrs"]);
  const isAdded = before.length === 1 && networks.length === 2;
  if (before.length !== networks.length && !isAdded)
    return [invalid(field, networks.length === 0 ? null : networks, fixed)];
  const changed = before.flatMap((network, index) =>
    network === networks[index] ? [] : [invalid(`${field}[${index}]`, networks[index] ?? "", fixed)],
  );
  return [...changed, ...(isAdded ? networksErrors(networks) : [])];
}

function networksErrors(networks: readonly string[]): FieldError[] {
  if (networks.length === 0) return [required(field, "at least one CIDR required")];
  if (networks.length > 2) return [invalid(field, { CIDRs: [...networks] }, "may only hold up to 2 values")];
  const errors = networks.flatMap((network, index) => strictNetworkErrors(network, `${field}[${index}]`));
  const [first, second] = networks.map(networkFamily);
  if (networks.length < 2 || first === undefined || first !== second) return errors;
  const detail = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
  return [...errors, invalid(field, [...networks], detail)];
}

const parentField = "spec.parentRef";

/** An address is given to one object, once. */
export function addressObjectRules(object: JsonObject, live?: JsonObject): FieldError[] {
  const parent = part(object, "spec")["parentRef"];
  const before = live === undefined ? parent : part(live, "spec")["parentRef"];
  const changed = equalJson(parent ?? null, before ?? null) ? [] : [invalid(parentField, shown(parent), fixed)];
  const name = textOf(part(object, "metadata")["name"]);
  const unnamed = name === "" || live !== undefined ? changed : strictAddressErrors(name, "metadata.name");
  if (!isObject(parent)) return [...unnamed, required(parentField)];
  const group = textOf(parent["group"]);
  const errors = unnamed.concat(group === "" ? [] : invalidAll(`${parentField}.group`, group, subdomainErrors(group)));
  for (const member of ["resource", "name", "namespace"]) {
    const text = textOf(parent[member]);
    if (text !== "") errors.push(...invalidAll(`${parentField}.${member}`, text, pathSegmentErrors(text)));
    else if (member !== "namespace") errors.push(required(`${parentField}.${member}`));
  }
  return errors;
}

/** A reference as Go holds it. */
function shown(parent: unknown): JsonObject | null {
  if (!isObject(parent)) return null;
  const [Group, Resource, Namespace, Name] = ["group", "resource", "namespace", "name"].map((name) =>
    textOf(parent[name]),
  ) as [string, string, string, string];
  return { Group, Resource, Namespace, Name };
}
