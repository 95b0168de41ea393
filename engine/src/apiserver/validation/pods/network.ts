// A pod's names and addresses: host name, aliases, name servers, ports of the host.

import { forbidden, invalid, labelErrors, notSupported, required, subdomainErrors } from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import { addressErrors } from "../addresses.ts";
import { portErrors, portNameErrors, textOf } from "../fields.ts";
import { eachOf, type Errors, isEmptyList, type PodCheck, tellAll, textsOf } from "./checks.ts";

const protocols = ["SCTP", "TCP", "UDP"];

/** The ports of one container. */
export function checkPorts(errors: Errors, ports: Json | undefined, field: string): void {
  const seen = new Set<string>();
  eachOf(ports, field, (port, at) => {
    const name = textOf(port["name"]);
    if (name !== "") {
      const wrong = portNameErrors(name);
      tellAll(errors, `${at}.name`, name, wrong);
      if (wrong.length === 0 && seen.has(name))
        errors.push({ type: "Duplicate", field: `${at}.name`, value: name, detail: "" });
      if (wrong.length === 0) seen.add(name);
    }
    if (!port["containerPort"]) errors.push(required(`${at}.containerPort`));
    else errors.push(...portErrors(port["containerPort"], `${at}.containerPort`));
    if (port["hostPort"]) errors.push(...portErrors(port["hostPort"], `${at}.hostPort`));
    const protocol = textOf(port["protocol"]);
    if (protocol === "") errors.push(required(`${at}.protocol`));
    else if (!protocols.includes(protocol)) errors.push(notSupported(`${at}.protocol`, protocol, protocols));
  });
}

/** Ports of the host that these containers take at one time: each once. */
export function checkHostPorts(errors: Errors, containers: readonly Json[], field: string): void {
  const taken = new Set<string>();
  eachOf(containers as Json[], field, (container, at) => {
    if (!Array.isArray(container["ports"])) return;
    eachOf(container["ports"], `${at}.ports`, (port, place) => {
      const number = port["hostPort"];
      if (typeof number !== "number" || number === 0) return;
      const text = `${textOf(port["protocol"])}/${textOf(port["hostIP"])}/${number}`;
      if (taken.has(text)) errors.push({ type: "Duplicate", field: `${place}.hostPort`, value: text, detail: "" });
      taken.add(text);
    });
  });
}

/** On the host's network a container's port is the host's. */
export function checkHostNetwork({ errors, spec, field, pod }: PodCheck): void {
  if (spec["hostNetwork"] !== true) return;
  eachOf(spec["containers"], `${field}.containers`, (container, at) =>
    eachOf(container["ports"], `${at}.ports`, (port, place) => {
      const [host, own] = [port["hostPort"] ?? 0, port["containerPort"] ?? 0];
      if (host !== own && (pod !== undefined || host !== 0))
        errors.push(invalid(`${place}.hostPort`, host, "must match `containerPort` when `hostNetwork` is true"));
    }),
  );
}

const serversMost = 3;
const searchesMost = 32;
const searchCharactersMost = 2048;
const underscored = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const searchForm = new RegExp(`^${underscored}(\\.${underscored})*$`);
const searchText = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${underscored}(\\.${underscored})*')`;
const nameLengthMost = 253;

function checkSearch(errors: Errors, text: string, field: string): void {
  if (text === ".") return;
  const search = text.endsWith(".") ? text.slice(0, -1) : text;
  if (search.length > nameLengthMost)
    errors.push(invalid(field, search, `must be no more than ${nameLengthMost} characters`));
  if (!searchForm.test(search)) errors.push(invalid(field, search, searchText));
}

export function checkNameServers({ errors, spec, field: parent }: PodCheck): void {
  const { dnsConfig: config, dnsPolicy: policy } = spec;
  const field = `${parent}.dnsConfig`;
  if (policy === "None") {
    if (!isObject(config))
      return void errors.push(required(field, "must provide `dnsConfig` when `dnsPolicy` is None"));
    const detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
    if (isEmptyList(config["nameservers"])) return void errors.push(required(`${field}.nameservers`, detail));
  }
  if (isObject(config)) checkNameConfig(errors, config, field);
}

function checkNameConfig(errors: Errors, config: JsonObject, field: string): void {
  const [servers, searches] = [textsOf(config["nameservers"]), textsOf(config["searches"])];
  if (servers.length > serversMost)
    errors.push(invalid(`${field}.nameservers`, servers, `must not have more than ${serversMost} nameservers`));
  for (const [index, server] of servers.entries())
    errors.push(...addressErrors(server, `${field}.nameservers[${index}]`));
  const place = `${field}.searches`;
  if (searches.length > searchesMost)
    errors.push(invalid(place, searches, `must not have more than ${searchesMost} search paths`));
  if (searches.join(" ").length > searchCharactersMost) {
    const detail = `must not have more than ${searchCharactersMost} characters (including spaces) in the search list`;
    errors.push(invalid(place, searches, detail));
  }
  for (const [index, search] of searches.entries()) checkSearch(errors, search, `${place}[${index}]`);
  eachOf(config["options"], `${field}.options`, (option, at) => {
    if (textOf(option["name"]) === "") errors.push(required(at, "must not be empty"));
  });
}

export function checkAliases({ errors, spec, field }: PodCheck): void {
  if (!Array.isArray(spec["hostAliases"])) return;
  eachOf(spec["hostAliases"], `${field}.hostAliases`, (alias, at) => {
    errors.push(...addressErrors(textOf(alias["ip"]), `${at}.ip`));
    for (const [index, name] of textsOf(alias["hostnames"]).entries())
      tellAll(errors, `${at}.hostnames[${index}]`, name, subdomainErrors(name));
  });
}

const hostNameMost = 64;

/** A name that stands for the pod's own everywhere. */
export function checkHostName({ errors, spec, field: parent }: PodCheck): void {
  const name = spec["hostnameOverride"];
  const field = `${parent}.hostnameOverride`;
  if (typeof name !== "string") return;
  if (spec["setHostnameAsFQDN"] === true)
    errors.push(forbidden(field, "may not be specified when setHostnameAsFQDN is true"));
  if (spec["hostNetwork"] === true) errors.push(forbidden(field, "may not be specified when hostNetwork is true"));
  if (name.length > hostNameMost)
    errors.push({ type: "TooLong", field, detail: `may not be more than ${hostNameMost} bytes` });
  tellAll(errors, field, name, subdomainErrors(name));
}

/** The pod's names below its domain. */
export function checkOwnNames({ errors, spec, field }: PodCheck): void {
  for (const member of ["hostname", "subdomain"]) {
    const name = textOf(spec[member]);
    if (name !== "") tellAll(errors, `${field}.${member}`, name, labelErrors(name));
  }
}
