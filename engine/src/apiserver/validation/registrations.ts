// What is wrong with an APIService, which says who serves a version of a group (kube-aggregator pkg/apis/apiregistration/validation, v1.36).

import { dns1035Errors, type FieldError, invalid, pathSegmentErrors, required, subdomainErrors } from "#api/crd";
import { isObject, type JsonObject } from "#kernel";
import { invalidAll, part, textOf } from "./fields.ts";

const groupPriorityMax = 20_000;
const versionPriorityMax = 1_000;
const portMax = 65_535;

export function registrationRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const [group, version] = [textOf(spec["group"]), textOf(spec["version"])];
  const errors = nameErrors(textOf(part(object, "metadata")["name"]), `${version}.${group}`);
  if (group === "" && version !== "v1")
    errors.push(required("spec.group", "only v1 may have an empty group and it better be legacy kube"));
  if (group !== "") errors.push(...invalidAll("spec.group", group, subdomainErrors(group)));
  errors.push(...invalidAll("spec.version", version, dns1035Errors(version)));
  for (const [name, most] of [
    ["groupPriorityMinimum", groupPriorityMax],
    ["versionPriority", versionPriorityMax],
  ] as const) {
    const value = typeof spec[name] === "number" ? spec[name] : 0;
    if (value <= 0 || value > most)
      errors.push(invalid(`spec.${name}`, value, `must be positive and less than ${most}`));
  }
  return [...errors, ...(isObject(spec["service"]) ? serviceErrors(spec, spec["service"]) : localErrors(spec))];
}

function nameErrors(name: string, wanted: string): FieldError[] {
  if (name === "" || name === wanted || pathSegmentErrors(name).length > 0) return [];
  return [invalid("metadata.name", name, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`)];
}

/** What this server serves itself is reached without a connection. */
function localErrors(spec: JsonObject): FieldError[] {
  const bytes = bundleBytes(spec);
  return [
    ...(bytes > 0 ? [invalid("spec.caBundle", `${bytes} bytes`, "local APIServices may not have a caBundle")] : []),
    ...(spec["insecureSkipTLSVerify"] === true
      ? [invalid("spec.insecureSkipTLSVerify", true, "local APIServices may not have insecureSkipTLSVerify")]
      : []),
  ];
}

/** Bytes of the bundle, which is base64. */
function bundleBytes(spec: JsonObject): number {
  const text = textOf(spec["caBundle"]);
  return Math.floor((text.replace(/=+$/, "").length * 3) / 4);
}

function serviceErrors(spec: JsonObject, service: JsonObject): FieldError[] {
  const port = typeof service["port"] === "number" ? service["port"] : 0;
  return [
    ...["namespace", "name"]
      .filter((name) => textOf(service[name]) === "")
      .map((name) => required(`spec.service.${name}`)),
    ...(port < 1 || port > portMax
      ? [invalid("spec.service.port", port, `port is not valid: must be between 1 and ${portMax}, inclusive`)]
      : []),
    ...(spec["insecureSkipTLSVerify"] === true && bundleBytes(spec) > 0
      ? [invalid("spec.insecureSkipTLSVerify", true, "may not be true if caBundle is present")]
      : []),
  ];
}
