// What the API server checks of a pod, and of the template of one (pkg/apis/core/validation, v1.36): the units of `pods/` in the
// order in which Go looks. Takes a decoded and defaulted object, without the fields of features that are off.

import {
  type FieldError,
  forbidden,
  invalid,
  labelErrors,
  qualifiedNameErrors,
  required,
  subdomainErrors,
  validateAnnotations,
  validateLabels,
} from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import { part, textOf } from "./fields.ts";
import { checkAnnotations, checkProfiles, mirrorAnnotation } from "./pods/annotations.ts";
import {
  eachOf,
  type Errors,
  isEmptyList,
  isThere,
  oneOfWords,
  type PodCheck,
  tellAll,
  visitContainers,
  withinBounds,
} from "./pods/checks.ts";
import {
  checkContainers,
  checkDebuggers,
  checkImageText,
  checkInitContainers,
  checkOwnDevices,
} from "./pods/containers.ts";
import { checkFileVolumes } from "./pods/environment.ts";
import { checkAliases, checkHostName, checkHostNetwork, checkNameServers, checkOwnNames } from "./pods/network.ts";
import { checkOverhead, checkPodResources } from "./pods/resources.ts";
import { checkAffinity, checkGates, checkNodeSelector, checkSpread, checkTolerations } from "./pods/scheduling.ts";
import { checkOwnUsers, checkPodSecurity } from "./pods/security.ts";
import { checkVolumes } from "./pods/volumes.ts";
import { checkHostProcesses, checkSystem, systemOf } from "./pods/windows.ts";

const restartPolicies = ["Always", "OnFailure", "Never"];
const namePolicies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const preemptionPolicies = ["PreemptLowerPriority", "Never"];

function newCheck(spec: JsonObject, field: string, pod?: JsonObject): PodCheck {
  const metadata = part(pod ?? {}, "metadata");
  const claims = new Set<string>();
  eachOf(spec["resourceClaims"], "", (claim) => void claims.add(textOf(claim["name"])));
  claims.delete("");
  return {
    errors: [],
    habits: new Map(),
    spec,
    field,
    pod: pod === undefined ? undefined : { name: textOf(metadata["name"]), annotations: part(metadata, "annotations") },
    volumes: new Map(),
    claims,
  };
}

/** A path of no name, as Go writes it. */
const noField = "[]";

/** A claim as Go holds it. */
function claimInGo(claim: JsonObject): Json {
  return {
    Name: claim["name"] ?? "",
    ResourceClaimName: claim["resourceClaimName"] ?? null,
    ResourceClaimTemplateName: claim["resourceClaimTemplateName"] ?? null,
  };
}

function checkClaims({ errors, spec, field, pod }: PodCheck): void {
  const seen = new Set<string>();
  eachOf(spec["resourceClaims"], `${field}.resourceClaims`, (claim, at) => {
    if (pod?.annotations[mirrorAnnotation] !== undefined)
      return void errors.push(forbidden(noField, "static pods do not support resource claims"));
    const { resourceClaimName: own, resourceClaimTemplateName: template } = claim;
    const name = textOf(claim["name"]);
    if (name === "") errors.push(required(`${at}.name`));
    else if (seen.has(name)) errors.push({ type: "Duplicate", field: `${at}.name`, value: name, detail: "" });
    else tellAll(errors, `${at}.name`, name, labelErrors(name));
    seen.add(name);
    const either = "`resourceClaimName` or `resourceClaimTemplateName`";
    if (isThere(own) && isThere(template))
      errors.push(invalid(at, claimInGo(claim), `at most one of ${either} may be specified`));
    if (!isThere(own) && !isThere(template))
      errors.push(
        invalid(at, claimInGo(claim), "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"),
      );
    for (const member of ["resourceClaimName", "resourceClaimTemplateName"])
      if (isThere(claim[member]))
        tellAll(errors, `${at}.${member}`, claim[member], subdomainErrors(textOf(claim[member])));
  });
}

function checkPolicies({ errors, spec, field }: PodCheck): void {
  oneOfWords(errors, spec["restartPolicy"], `${field}.restartPolicy`, restartPolicies);
  oneOfWords(errors, spec["dnsPolicy"], `${field}.dnsPolicy`, namePolicies);
}

/** Objects that the pod refers to by name. */
function checkReferences({ errors, spec, field }: PodCheck, members: readonly string[]): void {
  for (const member of members) {
    const name = textOf(spec[member]);
    if (name !== "") tellAll(errors, `${field}.${member}`, name, subdomainErrors(name));
  }
}

const deadline = { least: 1, most: 2 ** 31 - 1 };

/** The many single fields of a pod, after its containers and where it runs. */
function checkRest(check: PodCheck): void {
  const { errors, spec, field } = check;
  checkReferences(check, ["serviceAccountName", "nodeName"]);
  withinBounds(errors, spec["activeDeadlineSeconds"], `${field}.activeDeadlineSeconds`, deadline);
  checkOwnNames(check);
  if (spec["tolerations"] !== undefined) checkTolerations(check, spec["tolerations"], `${field}.tolerations`);
  checkAliases(check);
  checkReferences(check, ["priorityClassName"]);
  const runtime = spec["runtimeClassName"];
  if (isThere(runtime)) tellAll(errors, `${field}.runtimeClassName`, runtime, subdomainErrors(textOf(runtime)));
  const preemption = spec["preemptionPolicy"];
  if (preemption === "") errors.push(required(`${field}.preemptionPolicy`));
  else oneOfWords(errors, preemption, `${field}.preemptionPolicy`, preemptionPolicies);
  checkOverhead(check);
}

function checkReadinessGates({ errors, spec, field }: PodCheck): void {
  if (!Array.isArray(spec["readinessGates"])) return;
  eachOf(spec["readinessGates"], `${field}.readinessGates`, (gate, at) => {
    const type = textOf(gate["conditionType"]);
    tellAll(errors, `${at}.conditionType`, type, qualifiedNameErrors(type));
  });
}

function checkSpec(check: PodCheck): void {
  const { errors, spec, field } = check;
  const system = systemOf(spec);
  const ending = { graceSeconds: spec["terminationGracePeriodSeconds"], system };
  if (!isThere(ending.graceSeconds)) errors.push(required(`${field}.terminationGracePeriodSeconds`));
  checkVolumes(check);
  if (spec["resourceClaims"] !== undefined) checkClaims(check);
  checkContainers(check, ending);
  checkInitContainers(check, ending);
  checkDebuggers(check);
  checkPodResources(check, system);
  checkHostNetwork(check);
  checkPolicies(check);
  checkNodeSelector(errors, spec["nodeSelector"], `${field}.nodeSelector`);
  checkPodSecurity(check);
  checkAffinity(check);
  checkNameServers(check);
  checkReadinessGates(check);
  if (spec["schedulingGates"] !== undefined) checkGates(errors, spec["schedulingGates"], `${field}.schedulingGates`);
  checkSpread(check);
  checkHostProcesses(check);
  if (spec["hostUsers"] === false) {
    checkOwnUsers(check);
    visitContainers(spec, field, (container, at) => checkOwnDevices(check, container, at));
  }
  checkHostName(check);
  checkRest(check);
  checkSystem(check, system);
  visitContainers(spec, field, (container, at) => checkFileVolumes(errors, spec, container, at));
}

/** A token is of somebody. */
function checkTokens({ errors, spec }: PodCheck): void {
  if (textOf(spec["serviceAccountName"]) !== "") return;
  eachOf(spec["volumes"], "spec.volumes", (volume, at) => {
    if (!isObject(volume["projected"])) return;
    eachOf(volume["projected"]["sources"], `${at}.projected.sources`, (source, place) => {
      if (!isThere(source["serviceAccountToken"])) return;
      const detail = "must not be specified when serviceAccountName is not set";
      errors.push(forbidden(`${place}.serviceAccountToken`, detail));
    });
  });
}

/** What is asked of a pod and not of a template. */
function checkOnlyPod(check: PodCheck): void {
  checkTokens(check);
  for (const list of ["containers", "initContainers"])
    eachOf(check.spec[list], `spec.${list}`, (container, at) => checkImageText(check.errors, container, at));
}

function checkCreation(check: PodCheck): void {
  const { errors, spec, pod } = check;
  if (!isEmptyList(spec["ephemeralContainers"]))
    errors.push(forbidden("spec.ephemeralContainers", "cannot be set on create"));
  if (textOf(spec["nodeName"]) !== "" && !isEmptyList(spec["schedulingGates"]))
    errors.push(forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared"));
  checkProfiles(check, pod?.annotations);
}

function examinePod(pod: JsonObject, isNew: boolean): PodCheck {
  const check = newCheck(part(pod, "spec"), "spec", pod);
  checkAnnotations(check, check.pod?.annotations, "metadata.annotations");
  checkSpec(check);
  checkOnlyPod(check);
  if (isNew) checkCreation(check);
  return check;
}

/** What was wrong before in the same way is let through. */
function withoutHabits({ errors, habits }: PodCheck, before: () => PodCheck): Errors {
  if (habits.size === 0) return errors;
  const known = new Set(before().habits.values());
  return errors.filter((error) => {
    const habit = habits.get(error);
    return habit === undefined || !known.has(habit);
  });
}

/** A pod as it is made, or as it is changed. */
export function validatePod(pod: JsonObject, live: JsonObject | undefined): FieldError[] {
  const check = examinePod(pod, live === undefined);
  return live === undefined ? check.errors : withoutHabits(check, () => examinePod(live, false));
}

function examineTemplate(template: JsonObject, field: string): PodCheck {
  const metadata = part(template, "metadata");
  const check = newCheck(part(template, "spec"), `${field}.spec`);
  const { errors, spec } = check;
  if (isObject(metadata["labels"])) errors.push(...validateLabels(metadata["labels"], `${field}.labels`));
  const { annotations } = metadata;
  if (isObject(annotations)) {
    errors.push(...validateAnnotations(annotations, `${field}.annotations`));
    checkAnnotations(check, annotations, `${field}.annotations`);
  }
  checkSpec(check);
  checkProfiles(check, annotations);
  if (!isEmptyList(spec["ephemeralContainers"]))
    errors.push(forbidden(`${field}.spec.ephemeralContainers`, "ephemeral containers not allowed in pod template"));
  return check;
}

/** The template of the pods that another kind makes; `live` is what stood there. */
export function validateTemplate(template: JsonObject, field: string, live?: JsonObject): FieldError[] {
  const check = examineTemplate(template, field);
  return live === undefined ? check.errors : withoutHabits(check, () => examineTemplate(live, field));
}
