// NetworkPolicies (pkg/apis/networking/validation, v1.36).

import { type FieldError, invalid, notSupported, required } from "#api/crd";
import { isObject, type JsonObject } from "#kernel";
import { isWithin, networkErrors, networkFamily } from "./addresses.ts";
import { forbidden, itemsOf, part, portErrors, portOrNameErrors, textOf, textsOf } from "./fields.ts";
import { selectorErrors } from "./selectors.ts";

const directions = [
  ["ingress", "from"],
  ["egress", "to"],
] as const;
const policyTypes = ["Ingress", "Egress"];
const protocols = ["TCP", "UDP", "SCTP"];

/** Networks that stood there before may stay as they are, and so may what the labels of pods were asked. */
export function networkPolicyRules(object: JsonObject, live?: JsonObject): FieldError[] {
  const known = live === undefined ? [] : networksOf(live);
  const spec = part(object, "spec");
  const types = Array.isArray(spec["policyTypes"]) ? spec["policyTypes"] : [];
  const errors = selectorErrors(spec["podSelector"], "spec.podSelector");
  for (const [direction, peers] of directions)
    for (const { item, field } of itemsOf(spec[direction], `spec.${direction}`)) {
      errors.push(...itemsOf(item["ports"], `${field}.ports`).flatMap((port) => portRuleErrors(port.item, port.field)));
      errors.push(
        ...itemsOf(item[peers], `${field}.${peers}`).flatMap((peer) => peerErrors(peer.item, peer.field, known)),
      );
    }
  if (types.length > 2)
    return [...errors, invalid("spec.policyTypes", types, "may not specify more than two policyTypes")];
  return [
    ...errors,
    ...types.flatMap((type, index) =>
      policyTypes.includes(textOf(type)) ? [] : [notSupported(`spec.policyTypes[${index}]`, textOf(type), policyTypes)],
    ),
  ];
}

function portRuleErrors({ protocol, port, endPort }: JsonObject, field: string): FieldError[] {
  const errors = [
    ...(protocol === undefined || protocols.includes(textOf(protocol))
      ? []
      : [notSupported(`${field}.protocol`, textOf(protocol), protocols)]),
    ...portOrNameErrors(port, `${field}.port`),
  ];
  if (endPort === undefined) return errors;
  const at = `${field}.endPort`;
  if (port === undefined) return [...errors, invalid(at, endPort, "may not be specified when `port` is not specified")];
  if (typeof port !== "number")
    return [...errors, invalid(at, endPort, "may not be specified when `port` is non-numeric")];
  if (Number(endPort) < port) errors.push(invalid(at, port, "must be greater than or equal to `port`"));
  return [...errors, ...portErrors(endPort, at)];
}

/** Every network of a policy. */
function networksOf(policy: JsonObject): string[] {
  return directions.flatMap(([direction, peers]) =>
    itemsOf(part(policy, "spec")[direction], "").flatMap((rule) =>
      itemsOf(rule.item[peers], "").flatMap(({ item }) => {
        const { cidr, except } = part(item, "ipBlock");
        return [textOf(cidr), ...textsOf(except)];
      }),
    ),
  );
}

function peerErrors(peer: JsonObject, field: string, known: readonly string[]): FieldError[] {
  const named = ["podSelector", "namespaceSelector", "ipBlock"].filter((name) => isObject(peer[name]));
  const errors = ["podSelector", "namespaceSelector"].flatMap((name) => selectorErrors(peer[name], `${field}.${name}`));
  const block = peer["ipBlock"];
  if (isObject(block)) errors.push(...blockErrors(block, `${field}.ipBlock`, known));
  if (named.length === 0) errors.push(required(field, "must specify a peer"));
  else if (named.length > 1 && isObject(block))
    errors.push(forbidden(field, "may not specify both ipBlock and another peer"));
  return errors;
}

function blockErrors({ cidr, except }: JsonObject, field: string, known: readonly string[]): FieldError[] {
  const whole = textOf(cidr);
  if (whole === "") return [required(`${field}.cidr`)];
  const errors = networkErrors(whole, `${field}.cidr`, known);
  if (networkFamily(whole) === undefined) return errors;
  for (const [index, one] of textsOf(except).entries()) {
    const at = `${field}.except[${index}]`;
    errors.push(...networkErrors(one, at, known));
    if (networkFamily(one) !== undefined && !isWithin(one, whole))
      errors.push(invalid(at, one, "must be a strict subset of `cidr`"));
  }
  return errors;
}
