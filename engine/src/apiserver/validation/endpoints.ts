// Endpoints (pkg/apis/core/validation, v1.36).

import {
  type FieldError,
  invalid,
  labelErrors,
  notSupported,
  qualifiedNameErrors,
  required,
  subdomainErrors,
} from "#api/crd";
import { equalJson, type JsonObject } from "#kernel";
import { invalidAll, isAddress, itemsOf, textOf } from "./fields.ts";

/** Subsets that stay as they are may be as they should not. */
export function endpointsRules(object: JsonObject, live?: JsonObject): FieldError[] {
  if (live !== undefined && equalJson(object["subsets"] ?? null, live["subsets"] ?? null)) return [];
  return itemsOf(object["subsets"], "subsets").flatMap(({ item, field }) => {
    const lists = ["addresses", "notReadyAddresses"].flatMap((name) => itemsOf(item[name], `${field}.${name}`));
    const ports = itemsOf(item["ports"], `${field}.ports`);
    return [
      ...(lists.length === 0 ? [required(field, "must specify `addresses` or `notReadyAddresses`")] : []),
      ...lists.flatMap((one) => addressErrors(one.item, one.field)),
      ...ports.flatMap((one) => portErrors(one.item, one.field, ports.length > 1)),
    ];
  });
}

function addressErrors({ ip, hostname, nodeName }: JsonObject, field: string): FieldError[] {
  const [address, host, node] = [textOf(ip), textOf(hostname), textOf(nodeName)];
  return [
    ...(isAddress(address)
      ? []
      : [invalid(`${field}.ip`, address, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")]),
    ...(host === "" ? [] : invalidAll(`${field}.hostname`, host, labelErrors(host))),
    ...(nodeName === undefined ? [] : invalidAll(`${field}.nodeName`, node, subdomainErrors(node))),
    ...placeErrors(address, `${field}.ip`),
  ];
}

/** Addresses that nobody else can reach. */
const unreachable: readonly (readonly [RegExp, string])[] = [
  [/^127\.|^::1$/, "may not be in the loopback range (127.0.0.0/8, ::1/128)"],
  [/^169\.254\.|^fe[89ab]/i, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"],
  [/^224\.0\.0\.|^ff.2:/i, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"],
];

function placeErrors(address: string, field: string): FieldError[] {
  if (!isAddress(address)) return [invalid(field, address, "must be a valid IP address")];
  const errors = unreachable
    .filter(([range]) => range.test(address))
    .map(([, detail]) => invalid(field, address, detail));
  if (address === "0.0.0.0" || address === "::")
    errors.push(invalid(field, address, `may not be unspecified (${address})`));
  return errors;
}

const protocols = ["SCTP", "TCP", "UDP"];

function portErrors(port: JsonObject, field: string, needsName: boolean): FieldError[] {
  const [name, protocol] = [textOf(port["name"]), textOf(port["protocol"])];
  const number = Number(port["port"] ?? 0);
  const application = port["appProtocol"];
  return [
    ...(name !== ""
      ? invalidAll(`${field}.name`, name, labelErrors(name))
      : needsName
        ? [required(`${field}.name`)]
        : []),
    ...(number >= 1 && number <= 65_535
      ? []
      : [invalid(`${field}.port`, number, "must be between 1 and 65535, inclusive")]),
    ...(protocol === ""
      ? [required(`${field}.protocol`)]
      : protocols.includes(protocol)
        ? []
        : [notSupported(`${field}.protocol`, protocol, protocols)]),
    ...(application === undefined
      ? []
      : invalidAll(`${field}.appProtocol`, textOf(application), qualifiedNameErrors(textOf(application)))),
  ];
}
