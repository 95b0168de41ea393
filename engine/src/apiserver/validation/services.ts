// Services and EndpointSlices (pkg/apis/core and discovery validation, v1.36).

import { type FieldError, invalid, required } from "#api/crd";
import { encodeJson, type JsonObject } from "#kernel";
import { itemsOf, oneOf, portErrors, portNameErrors, portOrNameErrors, textOf, part } from "./fields.ts";

export function serviceRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const type = textOf(spec["type"]);
  const errors: FieldError[] = [];
  const ports = itemsOf(spec["ports"], "spec.ports");
  const isHeadless = spec["clusterIP"] === "None";
  if (ports.length === 0 && !isHeadless && type !== "ExternalName") errors.push(required("spec.ports"));
  if (type === "ExternalName" && textOf(spec["externalName"]) === "") errors.push(required("spec.externalName"));
  const names = new Set<string>();
  for (const { item, field } of ports)
    errors.push(...servicePortErrors(item, { field, isNamed: ports.length > 1, names }));
  errors.push(...repeatedPorts(ports));
  return [
    ...errors,
    ...oneOf(spec["sessionAffinity"], "spec.sessionAffinity", ["ClientIP", "None"]),
    ...oneOf(type, "spec.type", ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]),
  ];
}

function servicePortErrors(
  port: JsonObject,
  at: { field: string; isNamed: boolean; names: Set<string> },
): FieldError[] {
  const { field, isNamed, names } = at;
  const errors: FieldError[] = [];
  const name = textOf(port["name"]);
  if (name === "" && isNamed) errors.push(required(`${field}.name`));
  if (name !== "") {
    errors.push(
      ...portNameErrors(name)
        .filter(() => !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name))
        .map((message) => invalid(`${field}.name`, name, message)),
    );
    if (names.has(name)) errors.push({ type: "Duplicate", field: `${field}.name`, value: name, detail: "" });
    names.add(name);
  }
  return [
    ...errors,
    ...portErrors(port["port"], `${field}.port`),
    ...oneOf(port["protocol"], `${field}.protocol`, ["SCTP", "TCP", "UDP"]),
    ...portOrNameErrors(port["targetPort"], `${field}.targetPort`),
  ];
}

/** Two ports of one number and protocol. */
function repeatedPorts(ports: readonly { item: JsonObject; field: string }[]): FieldError[] {
  const seen = new Set<string>();
  return ports.flatMap(({ item, field }) => {
    const key = `${textOf(item["protocol"])} ${encodeJson(item["port"] ?? 0)}`;
    const isRepeated = seen.has(key);
    seen.add(key);
    if (!isRepeated) return [];
    const value = {
      Name: "",
      Protocol: item["protocol"] ?? "",
      AppProtocol: null,
      Port: item["port"] ?? 0,
      TargetPort: 0,
      NodePort: 0,
    };
    return [{ type: "Duplicate", field, value, detail: "" } satisfies FieldError];
  });
}

export function endpointSliceRules(object: JsonObject): FieldError[] {
  const type = textOf(object["addressType"]);
  if (type === "") return [required("addressType")];
  const names = new Set<string>();
  const errors = oneOf(type, "addressType", ["FQDN", "IPv4", "IPv6"]);
  for (const { item, field } of itemsOf(object["endpoints"], "endpoints"))
    if (!Array.isArray(item["addresses"]) || item["addresses"].length === 0)
      errors.push(required(`${field}.addresses`, "must contain at least 1 address"));
  for (const { item, field } of itemsOf(object["ports"], "ports")) {
    const name = textOf(item["name"]);
    if (names.has(name)) errors.push({ type: "Duplicate", field: `${field}.name`, value: name, detail: "" });
    names.add(name);
  }
  return errors;
}
