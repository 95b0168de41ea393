// A pod's containers: what is asked of all of them, and of those that run with the pod, before it, or are added to debug it.

import { forbidden, invalid, notSupported, required } from "#api/crd";
import { isStatedEmpty } from "#api/kubernetes";
import { isObject, type Json, type JsonObject } from "#kernel";
import { textOf } from "../fields.ts";
import {
  eachOf,
  type Errors,
  isEmptyList,
  isThere,
  oneOfWords,
  type PodCheck,
  requireLabel,
  requireText,
  tellHabit,
} from "./checks.ts";
import { checkVariableObjects, checkVariables } from "./environment.ts";
import { checkHandlers, type Ending, forbidHandlers } from "./handlers.ts";
import { checkVolumeUse } from "./mounts.ts";
import { checkHostPorts, checkPorts } from "./network.ts";
import { checkContainerResources } from "./resources.ts";
import { checkSecurity } from "./security.ts";

const messagePolicies = ["File", "FallbackToLogsOnError"];
const pullPolicies = ["Always", "IfNotPresent", "Never"];

/** What is asked of every container. */
function checkCommon(check: PodCheck, container: JsonObject, field: string): void {
  const { errors } = check;
  requireLabel(errors, container["name"], `${field}.name`);
  requireText(errors, container["image"], `${field}.image`);
  checkPolicy(errors, container["terminationMessagePolicy"], `${field}.terminationMessagePolicy`, messagePolicies);
  if (container["ports"] !== undefined) checkPorts(errors, container["ports"], `${field}.ports`);
  if (container["env"] !== undefined) checkVariables(errors, container["env"], `${field}.env`);
  if (container["envFrom"] !== undefined) checkVariableObjects(errors, container["envFrom"], `${field}.envFrom`);
  checkVolumeUse(check, container, field);
  checkPolicy(errors, container["imagePullPolicy"], `${field}.imagePullPolicy`, pullPolicies);
  checkContainerResources(check, container["resources"], `${field}.resources`);
  if (container["resizePolicy"] !== undefined) checkResizing(check, container["resizePolicy"], `${field}.resizePolicy`);
  checkSecurity(errors, container["securityContext"], `${field}.securityContext`, check.spec["hostUsers"] !== false);
}

function checkPolicy(errors: Errors, policy: Json | undefined, field: string, allowed: readonly string[]): void {
  if (allowed.includes(policy as string)) return;
  if (requireText(errors, policy, field)) errors.push(notSupported(field, policy as string, allowed));
}

const resized = ["cpu", "memory"];
const restarts = ["NotRequired", "RestartContainer"];

/** What becomes of a container whose resources change. */
function checkResizing({ errors, spec }: PodCheck, policies: Json | undefined, field: string): void {
  const seen = new Set<string>();
  eachOf(policies, field, (policy, at) => {
    const [name, restart] = [textOf(policy["resourceName"]), textOf(policy["restartPolicy"])];
    if (seen.has(name)) errors.push({ type: "Duplicate", field: at, value: name, detail: "" });
    seen.add(name);
    checkPolicy(errors, name, field, resized);
    checkPolicy(errors, restart, field, restarts);
    if (spec["restartPolicy"] === "Never" && restart !== "NotRequired")
      errors.push(invalid(field, restart, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
  });
}

const restartPolicies = ["Always", "Never", "OnFailure"];
const restartActions = ["Restart", "RestartAllContainers"];
const codeOperators = ["In", "NotIn"];
const restartRulesMost = 20;
const exitCodesMost = 255;

function tooMany(errors: Errors, list: Json | undefined, field: string, most: number): void {
  if (Array.isArray(list) && list.length > most)
    errors.push({ type: "TooMany", field, value: list.length, detail: `must have at most ${most} items` });
}

/** When one container is started again, beside what its pod says of all. */
function checkRestarts(errors: Errors, container: JsonObject, field: string): void {
  const { restartPolicy: policy, restartPolicyRules: rules } = container;
  if (isThere(policy)) oneOfWords(errors, policy, `${field}.restartPolicy`, restartPolicies);
  else if (isEmptyList(rules)) return;
  else errors.push(required(`${field}.restartPolicy`, "must specify restartPolicy when restart rules are used"));
  const place = `${field}.restartPolicyRules`;
  tooMany(errors, rules, place, restartRulesMost);
  eachOf(rules, place, (rule, at) => {
    const action = textOf(rule["action"]);
    const codes = rule["exitCodes"];
    if (!restartActions.includes(action)) errors.push(notSupported(`${at}.action`, action, restartActions));
    if (!isObject(codes)) return void errors.push(required(`${at}.exitCodes`, "must be specified"));
    const operator = textOf(codes["operator"]);
    if (!codeOperators.includes(operator))
      errors.push(notSupported(`${at}.exitCodes.operator`, operator, codeOperators));
    tooMany(errors, codes["values"], `${at}.exitCodes.values`, exitCodesMost);
  });
}

/** Only a missing policy is told where no rule would be looked at either. */
function checkInitRestarts(errors: Errors, container: JsonObject, field: string): void {
  if (isThere(container["restartPolicy"])) checkRestarts(errors, container, field);
  else if (!isEmptyList(container["restartPolicyRules"]))
    errors.push(required(`${field}.restartPolicy`, "must specify restartPolicy when restart rules are used"));
}

function namesOf(list: Json | undefined): Set<string> {
  const names = new Set<string>();
  if (Array.isArray(list)) for (const one of list) names.add(isObject(one) ? textOf(one["name"]) : "");
  return names;
}

/** The containers that run with the pod. */
export function checkContainers(check: PodCheck, ending: Ending): void {
  const { errors, spec } = check;
  const field = `${check.field}.containers`;
  if (isEmptyList(spec["containers"])) return void errors.push(required(field));
  const seen = new Set<string>();
  eachOf(spec["containers"], field, (container, at) => {
    checkCommon(check, container, at);
    const name = textOf(container["name"]);
    if (seen.has(name)) errors.push({ type: "Duplicate", field: `${at}.name`, value: name, detail: "" });
    seen.add(name);
    checkHandlers(errors, container, at, ending);
    checkRestarts(errors, container, at);
  });
  checkHostPorts(errors, spec["containers"] as Json[], field);
}

const notForOthers = "must not be set to 'RestartContainer' for non-sidecar initContainers";

/** The containers that run before the others, or start before them and stay. */
export function checkInitContainers(check: PodCheck, ending: Ending): void {
  const { errors, spec } = check;
  if (isEmptyList(spec["initContainers"])) return;
  const field = `${check.field}.initContainers`;
  const seen = namesOf(spec["containers"]);
  eachOf(spec["initContainers"], field, (container, at) => {
    const name = textOf(container["name"]);
    checkCommon(check, container, at);
    checkInitRestarts(errors, container, at);
    if (seen.has(name)) errors.push({ type: "Duplicate", field: `${at}.name`, value: name, detail: "" });
    else if (name !== "") seen.add(name);
    checkHostPorts(errors, [container], field);
    if (container["restartPolicy"] === "Always") return checkHandlers(errors, container, at, ending);
    forbidHandlers(errors, container, at);
    eachOf(container["resizePolicy"], `${at}.resizePolicy`, (policy, place) => {
      if (policy["restartPolicy"] !== "RestartContainer") return;
      tellHabit(check, "init resize policy", invalid(`${place}.restartPolicy`, "RestartContainer", notForOthers));
    });
  });
}

/** What a container for debugging cannot have: nothing may rely on it. */
const notForDebuggers =
  "ports resources resizePolicy restartPolicy restartPolicyRules livenessProbe readinessProbe startupProbe lifecycle".split(
    " ",
  );
const notForDebuggersText = "cannot be set for an Ephemeral Container";

/** The containers that are added to look at the others. */
export function checkDebuggers(check: PodCheck): void {
  const { errors, spec } = check;
  if (isEmptyList(spec["ephemeralContainers"])) return;
  const targets = new Set([...namesOf(spec["containers"]), ...namesOf(spec["initContainers"])]);
  const seen = new Set(targets);
  eachOf(spec["ephemeralContainers"], `${check.field}.ephemeralContainers`, (container, at) => {
    checkCommon(check, container, at);
    checkImageText(errors, container, at);
    const [name, target] = [textOf(container["name"]), textOf(container["targetContainerName"])];
    if (seen.has(name)) errors.push({ type: "Duplicate", field: `${at}.name`, value: name, detail: "" });
    seen.add(name);
    if (target !== "" && !targets.has(target))
      errors.push({ type: "NotFound", field: `${at}.targetContainerName`, value: target, detail: "" });
    for (const member of notForDebuggers)
      if (isSet(container[member], member)) errors.push(forbidden(`${at}.${member}`, notForDebuggersText));
    eachOf(container["volumeMounts"], `${at}.volumeMounts`, (mount, place) => {
      for (const member of ["subPath", "subPathExpr"])
        if (textOf(mount[member]) !== "") errors.push(forbidden(`${place}.${member}`, notForDebuggersText));
    });
  });
}

/** Resources are always there: what is in them counts, be it stated empty. */
function isSet(value: Json | undefined, member: string): boolean {
  if (member !== "resources" || !isObject(value)) return isThere(value);
  return Object.keys(value).length > 0 || ["limits", "requests"].some((name) => isStatedEmpty(value, name));
}

/** In a pod, not in a template, an image has no space around it. */
export function checkImageText(errors: Errors, container: JsonObject, field: string): void {
  const image = textOf(container["image"]);
  if (image !== image.trim())
    errors.push(invalid(`${field}.image`, image, "must not have leading or trailing whitespace"));
}

/** Devices do not go with users of the pod's own. */
export function checkOwnDevices(check: PodCheck, container: JsonObject, field: string): void {
  if (isEmptyList(container["volumeDevices"])) return;
  tellHabit(check, "volume devices", forbidden(`${field}.volumeDevices`, "when `hostUsers` is false"));
}
