// EndpointSlices (pkg/apis/discovery/validation, v1.36).

import {
  type FieldError,
  invalid,
  labelErrors,
  labelValueErrors,
  notSupported,
  qualifiedNameErrors,
  required,
  subdomainErrors,
} from "#api/crd";
import { equalJson, type Json, type JsonObject } from "#kernel";
import { addressErrors, familyOf, strictAddressErrors, unreachableErrors } from "./addresses.ts";
import { duplicate, invalidAll, itemsOf, part, textOf, textsOf } from "./fields.ts";
import { oneOfStated } from "./match-resources.ts";
import { labelsErrors } from "./selectors.ts";

const types = ["FQDN", "IPv4", "IPv6"];
const protocols = ["SCTP", "TCP", "UDP"];
/** As the real server has them: of a slice, of an endpoint, of a hint. */
const most = { endpoints: 1000, ports: 20_000, addresses: 100, labels: 16, hints: 8 };

/** Endpoints that stay as they are may be as they should not. */
export function endpointSliceRules(object: JsonObject, live?: JsonObject): FieldError[] {
  const type = textOf(object["addressType"]);
  const areSame = live !== undefined && equalJson(object["endpoints"] ?? null, live["endpoints"] ?? null);
  return [
    ...(type === "" ? [required("addressType")] : []),
    ...(type === "" || types.includes(type) ? [] : [notSupported("addressType", type, types)]),
    ...portsErrors(object["ports"]),
    ...(areSame ? [] : endpointsErrors(object["endpoints"], type).filter((error) => !isOwnAddress(object, error))),
  ];
}

/** This server's own slice says where it listens: at home that is loopback. */
function isOwnAddress(slice: JsonObject, { detail }: FieldError): boolean {
  const { name, namespace } = part(slice, "metadata");
  return name === "kubernetes" && namespace === "default" && detail.startsWith("may not be in the loopback range");
}

function tooMany(field: string, count: number, limit: number): FieldError {
  return { type: "TooMany", field, value: count, detail: `must have at most ${limit} items` };
}

function portsErrors(value: Json | undefined): FieldError[] {
  const ports = itemsOf(value, "ports");
  if (ports.length > most.ports) return [tooMany("ports", ports.length, most.ports)];
  const names = ports.map(({ item }) => textOf(item["name"]));
  return ports.flatMap(({ item, field }, index) => {
    const [name, application] = [names[index] as string, item["appProtocol"]];
    return [
      ...(name === "" ? [] : invalidAll(`${field}.name`, name, labelErrors(name))),
      ...(names.indexOf(name) < index ? [duplicate(`${field}.name`, name)] : []),
      ...oneOfStated(item["protocol"], `${field}.protocol`, protocols),
      ...(application === undefined
        ? []
        : invalidAll(`${field}.appProtocol`, textOf(application), qualifiedNameErrors(textOf(application)))),
    ];
  });
}

function endpointsErrors(value: Json | undefined, type: string): FieldError[] {
  const endpoints = itemsOf(value, "endpoints");
  if (endpoints.length > most.endpoints) return [tooMany("endpoints", endpoints.length, most.endpoints)];
  return endpoints.flatMap(({ item, field }) => {
    const addresses = textsOf(item["addresses"]);
    const at = `${field}.addresses`;
    const [node, host] = [item["nodeName"], item["hostname"]];
    return [
      ...(addresses.length === 0 ? [required(at, "must contain at least 1 address")] : []),
      ...(addresses.length > most.addresses ? [tooMany(at, addresses.length, most.addresses)] : []),
      ...addresses.flatMap((address, index) => addressTypeErrors(address, { type, at, field: `${at}[${index}]` })),
      ...(node === undefined ? [] : invalidAll(`${field}.nodeName`, textOf(node), subdomainErrors(textOf(node)))),
      ...topologyErrors(item["deprecatedTopology"], `${field}.deprecatedTopology`),
      ...(host === undefined ? [] : invalidAll(`${field}.hostname`, textOf(host), labelErrors(textOf(host)))),
      ...hintsErrors(part(item, "hints"), `${field}.hints`),
    ];
  });
}

type Place = { type: string; at: string; field: string };

function addressTypeErrors(address: string, { type, at, field }: Place): FieldError[] {
  if (type === "FQDN") return domainErrors(address, field);
  if (type !== "IPv4" && type !== "IPv6") return [];
  const errors = type === "IPv4" ? addressErrors(address, field) : strictAddressErrors(address, field);
  if (errors.length > 0) return errors;
  const isOther = familyOf(address) !== type;
  return [
    ...(isOther ? [invalid(at, address, `must be an ${type} address`)] : []),
    ...unreachableErrors(address, field),
  ];
}

function domainErrors(text: string, field: string): FieldError[] {
  if (text === "") return [required(field)];
  const name = text.replace(/\.$/, "");
  const wrong = subdomainErrors(name);
  if (wrong.length > 0) return [invalid(field, name, wrong.join(","))];
  const labels = name.split(".");
  if (labels.length < 2)
    return [invalid(field, name, "should be a domain with at least two segments separated by dots")];
  const odd = labels.find((label) => labelErrors(label).length > 0);
  return odd === undefined ? [] : [invalid(field, odd, labelErrors(odd).join(","))];
}

function topologyErrors(topology: Json | undefined, field: string): FieldError[] {
  const count = Object.keys(typeof topology === "object" && topology !== null ? topology : {}).length;
  return [...(count > most.labels ? [tooMany(field, count, most.labels)] : []), ...labelsErrors(topology, field)];
}

/** For whom an endpoint is meant. */
function hintsErrors(hints: JsonObject, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [list, wrong] of [
    ["forZones", labelValueErrors],
    ["forNodes", subdomainErrors],
  ] as const) {
    const names = itemsOf(hints[list], `${field}.${list}`).map(({ item }) => textOf(item["name"]));
    if (names.length > most.hints) return [...errors, tooMany(`${field}.${list}`, names.length, most.hints)];
    for (const [index, name] of names.entries()) {
      const at = `${field}.${list}[${index}].name`;
      if (names.indexOf(name) < index) errors.push(duplicate(at, name));
      errors.push(...invalidAll(at, name, wrong(name)));
    }
  }
  return errors;
}
