// Pods that say which system they are for, and options that only Windows knows.

import { forbidden, invalid, notSupported, required, subdomainErrors } from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import { textOf } from "../fields.ts";
import { type Errors, forbidSet, isEmptyList, isThere, type PodCheck, tellAll, visitContainers } from "./checks.ts";

const credentialBytesMost = 64 * 1024;
const domainLengthLimit = 256;
const userLengthMost = 104;

const netBiosForm = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const domainForm =
  /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;

/** What is wrong with a user's name: `DOMAIN\USER` or `USER`. */
function userProblems(name: string): string[] {
  if (name === "") return ["runAsUserName cannot be an empty string"];
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\x00-\x1f\x7f]/.test(name)) return ["runAsUserName cannot contain control characters"];
  const parts = name.split("\\");
  if (parts.length > 2) return ["runAsUserName cannot contain more than one backslash"];
  const user = parts.at(-1) ?? "";
  const domain = parts.length === 2 ? (parts[0] ?? "") : undefined;
  const problems: string[] = [];
  if (domain !== undefined && domain.length >= domainLengthLimit)
    problems.push(`runAsUserName's Domain length must be under ${domainLengthLimit} characters`);
  if (domain !== undefined && !netBiosForm.test(domain) && !domainForm.test(domain))
    problems.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  if (user === "") problems.push("runAsUserName's User cannot be empty");
  if (user.length > userLengthMost)
    problems.push(`runAsUserName's User length must not be longer than ${userLengthMost} characters`);
  if (/^[. ]+$/.test(user)) problems.push("runAsUserName's User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user))
    problems.push(`runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`);
  return problems;
}

export function checkWindowsOptions(errors: Errors, options: Json | undefined, field: string): void {
  if (!isObject(options)) return;
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: credential, runAsUserName: user } = options;
  if (isThere(name)) tellAll(errors, `${field}.gmsaCredentialSpecName`, name, subdomainErrors(textOf(name)));
  const place = `${field}.gmsaCredentialSpec`;
  if (credential === "") errors.push(invalid(place, credential, "gmsaCredentialSpec cannot be an empty string"));
  else if (textOf(credential).length > credentialBytesMost)
    errors.push(invalid(place, credential, `gmsaCredentialSpec size must be under ${credentialBytesMost / 1024} KiB`));
  if (isThere(user)) tellAll(errors, `${field}.runAsUserName`, user, userProblems(textOf(user)));
}

function optionsOf(owner: JsonObject): JsonObject | undefined {
  const context = owner["securityContext"];
  const options = isObject(context) ? context["windowsOptions"] : undefined;
  return isObject(options) ? options : undefined;
}

/** Containers that are processes of the host: all of them or none, and on the host's network. */
export function checkHostProcesses(check: PodCheck): void {
  const { errors, spec, field } = check;
  const ofPod = optionsOf(spec)?.["hostProcess"];
  let count = 0;
  let onHost = 0;
  visitContainers(spec, field, (container, at) => {
    count += 1;
    const own = optionsOf(container)?.["hostProcess"];
    if (isThere(ofPod) && isThere(own) && ofPod !== own) {
      const detail = `pod hostProcess value must be identical if both are specified, was ${ofPod === true}`;
      errors.push(invalid(`${at}.securityContext.windowsOptions.hostProcess`, own, detail));
    }
    if ((own ?? ofPod) === true) onHost += 1;
  });
  if (onHost === 0) return;
  if (onHost !== count) {
    const detail = "If pod contains any hostProcess containers then all containers must be HostProcess containers";
    errors.push(invalid(field, "", detail));
  }
  if (spec["hostNetwork"] === true) return;
  const detail = "hostNetwork must be true if pod contains any hostProcess containers";
  errors.push(invalid(`${field}.hostNetwork`, false, detail));
}

const systems = ["linux", "windows"];

/** Members of a pod's context, or of the pod, that Windows has no use for; the last two stand beside the context. */
const notOfPods: readonly (readonly [string, string, "context" | "spec"])[] = [
  ["appArmorProfile", "securityContext.appArmorProfile", "context"],
  ["seLinuxOptions", "securityContext.seLinuxOptions", "context"],
  ["hostUsers", "hostUsers", "spec"],
  ["hostPID", "hostPID", "spec"],
  ["hostIPC", "hostIPC", "spec"],
  ["seccompProfile", "securityContext.seccompProfile", "context"],
  ["fsGroup", "securityContext.fsGroup", "context"],
  ["fsGroupChangePolicy", "securityContext.fsGroupChangePolicy", "context"],
  ["sysctls", "securityContext.sysctls", "context"],
  ["shareProcessNamespace", "shareProcessNamespace", "spec"],
  ["runAsUser", "securityContext.runAsUser", "context"],
  ["runAsGroup", "securityContext.runAsGroup", "context"],
  ["supplementalGroups", "securityContext.supplementalGroups", "context"],
  ["supplementalGroupsPolicy", "securityContext.supplementalGroupsPolicy", "context"],
  ["seLinuxChangePolicy", "securityContext.seLinuxChangePolicy", "context"],
];
const notOfContainers =
  "appArmorProfile seLinuxOptions seccompProfile capabilities readOnlyRootFilesystem privileged allowPrivilegeEscalation procMount runAsUser runAsGroup".split(
    " ",
  );
const notForWindows = "cannot be set for a windows pod";

function checkForWindows({ errors, spec, field }: PodCheck): void {
  const context = isObject(spec["securityContext"]) ? spec["securityContext"] : {};
  for (const [name, at, owner] of notOfPods) {
    const value = owner === "spec" ? spec[name] : context[name];
    const isPlain = name === "hostPID" || name === "hostIPC";
    const isSet = isPlain ? value === true : name === "sysctls" ? !isEmptyList(value) : isThere(value);
    if (isSet) errors.push(forbidden(`${field}.${at}`, notForWindows));
  }
  visitContainers(spec, field, (container, at) => {
    const own = container["securityContext"];
    if (!isObject(own)) return;
    for (const name of notOfContainers) forbidSet(errors, own[name], `${at}.securityContext.${name}`, notForWindows);
  });
}

function checkForLinux({ errors, spec, field }: PodCheck): void {
  const look = (owner: JsonObject, at: string): void => {
    if (optionsOf(owner) === undefined) return;
    errors.push(forbidden(`${at}.securityContext.windowsOptions`, "windows options cannot be set for a linux pod"));
  };
  look(spec, field);
  visitContainers(spec, field, look);
}

/** The system that the pod says it is for. */
export function systemOf(spec: JsonObject): string | undefined {
  return isObject(spec["os"]) ? textOf(spec["os"]["name"]) : undefined;
}

export function checkSystem(check: PodCheck, system: string | undefined): void {
  if (system === undefined) return;
  if (system === "") check.errors.push(required(`${check.field}.os.name`));
  else if (!systems.includes(system)) check.errors.push(notSupported(`${check.field}.os`, system, systems));
  else if (system === "linux") checkForLinux(check);
  else checkForWindows(check);
}
