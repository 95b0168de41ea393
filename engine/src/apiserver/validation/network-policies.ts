// NetworkPolicies (pkg/apis/networking/validation, v1.36).

import { type FieldError, invalid, required } from "#api/crd";
import { isObject, type JsonObject } from "#kernel";
import { cidrErrors, forbidden, itemsOf, oneOf, part, portErrors, portOrNameErrors, textOf } from "./fields.ts";
import { selectorErrors } from "./selectors.ts";

export function networkPolicyRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const types = Array.isArray(spec["policyTypes"]) ? spec["policyTypes"] : [];
  const errors = selectorErrors(spec["podSelector"], "spec.podSelector");
  for (const [direction, peers] of [
    ["ingress", "from"],
    ["egress", "to"],
  ] as const)
    for (const { item, field } of itemsOf(spec[direction], `spec.${direction}`)) {
      errors.push(...itemsOf(item["ports"], `${field}.ports`).flatMap((port) => portRuleErrors(port.item, port.field)));
      errors.push(...itemsOf(item[peers], `${field}.${peers}`).flatMap((peer) => peerErrors(peer.item, peer.field)));
    }
  if (types.length > 2)
    return [...errors, invalid("spec.policyTypes", types, "may not specify more than two policyTypes")];
  return [
    ...errors,
    ...types.flatMap((type, index) => oneOf(type, `spec.policyTypes[${index}]`, ["Ingress", "Egress"])),
  ];
}

function portRuleErrors({ protocol, port, endPort }: JsonObject, field: string): FieldError[] {
  const errors = [
    ...oneOf(protocol, `${field}.protocol`, ["SCTP", "TCP", "UDP"]),
    ...portOrNameErrors(port, `${field}.port`),
  ];
  if (endPort === undefined) return errors;
  const at = `${field}.endPort`;
  if (port === undefined) return [...errors, invalid(at, endPort, "may not be specified when `port` is not specified")];
  if (typeof port !== "number")
    return [...errors, invalid(at, endPort, "may not be specified when `port` is non-numeric")];
  if (Number(endPort) < port) errors.push(invalid(at, endPort, "must be greater than or equal to `port`"));
  return [...errors, ...portErrors(endPort, at)];
}

function peerErrors(peer: JsonObject, field: string): FieldError[] {
  const named = ["podSelector", "namespaceSelector", "ipBlock"].filter((name) => isObject(peer[name]));
  const errors = ["podSelector", "namespaceSelector"].flatMap((name) => selectorErrors(peer[name], `${field}.${name}`));
  const block = peer["ipBlock"];
  if (isObject(block)) errors.push(...blockErrors(block, `${field}.ipBlock`));
  if (named.length === 0) errors.push(required(field, "must specify a peer"));
  else if (named.length > 1 && isObject(block))
    errors.push(forbidden(field, "may not specify both ipBlock and another peer"));
  return errors;
}

function blockErrors({ cidr, except }: JsonObject, field: string): FieldError[] {
  if (textOf(cidr) === "") return [required(`${field}.cidr`)];
  const left = Array.isArray(except) ? except : [];
  return [
    ...cidrErrors(cidr, `${field}.cidr`),
    ...left.flatMap((one, index) => cidrErrors(one, `${field}.except[${index}]`)),
  ];
}
