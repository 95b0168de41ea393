// Annotations that mean something of a pod: deprecated ways to say what has a field now, and what controllers go by.

import { forbidden, invalid } from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import { textOf } from "../fields.ts";
import { type Errors, type PodCheck, relativePath, tellHabit, visitContainers } from "./checks.ts";
import { checkTolerations } from "./scheduling.ts";

export const mirrorAnnotation = "kubernetes.io/config.mirror";
const tolerationsAnnotation = "scheduler.alpha.kubernetes.io/tolerations";
const costAnnotation = "controller.kubernetes.io/pod-deletion-cost";
const seccompOfPod = "seccomp.security.alpha.kubernetes.io/pod";
const seccompOfContainer = "container.seccomp.security.alpha.kubernetes.io/";
export const appArmorOfContainer = "container.apparmor.security.beta.kubernetes.io/";

/** A cost that is no number of 32 bits counts as none. */
function isCost(text: string): boolean {
  if (!/^(0|-\d+|[1-9]\d*)$/.test(text)) return false;
  const cost = Number(text);
  return cost >= -(2 ** 31) && cost < 2 ** 31;
}

/** Annotations of a pod or of the template of one. */
export function checkAnnotations(check: PodCheck, annotations: Json | undefined, field: string): void {
  if (!isObject(annotations)) return;
  const { errors, spec } = check;
  for (const key in annotations) {
    if (!key.includes("kubernetes.io/")) continue;
    const value = textOf(annotations[key]);
    if (key === mirrorAnnotation && textOf(spec["nodeName"]) === "")
      errors.push(invalid(`${field}[${key}]`, value, "must set spec.nodeName if mirror pod annotation is set"));
    else if (key === tolerationsAnnotation && value !== "") checkTolerationsText(check, value, field);
    else if (key === costAnnotation && !isCost(value))
      tellHabit(check, "deletion cost", invalid(`${field}[${key}]`, value, "must be a 32bit integer"));
    else if (key === seccompOfPod || key.startsWith(seccompOfContainer)) checkSeccomp(errors, value, `${field}.${key}`);
    else if (key.startsWith(appArmorOfContainer)) checkAppArmor(check, key, value, `${field}[${key}]`);
  }
}

function checkTolerationsText(check: PodCheck, text: string, field: string): void {
  let tolerations: Json;
  try {
    tolerations = JSON.parse(text) as Json;
  } catch (error) {
    // The words are those of the parser: ours are not Go's.
    return void check.errors.push(invalid(field, tolerationsAnnotation, (error as Error).message));
  }
  checkTolerations(check, tolerations, `${field}.${tolerationsAnnotation}`);
}

function checkSeccomp(errors: Errors, profile: string, field: string): void {
  if (["runtime/default", "docker/default", "unconfined"].includes(profile)) return;
  if (profile.startsWith("localhost/")) relativePath(errors, profile.slice("localhost/".length), field);
  else errors.push(invalid(field, profile, "must be a valid seccomp profile"));
}

// oxlint-disable-next-line max-params -- an annotation and where it stands
function checkAppArmor(check: PodCheck, key: string, profile: string, field: string): void {
  const name = key.slice(appArmorOfContainer.length);
  let isKnown = false;
  visitContainers(check.spec, "", (container) => {
    isKnown ||= textOf(container["name"]) === name;
  });
  if (!isKnown) check.errors.push(invalid(field, name, "container not found"));
  const isForm = ["", "runtime/default", "unconfined"].includes(profile) || profile.startsWith("localhost/");
  if (!isForm) check.errors.push(invalid(field, profile, `invalid AppArmor profile name: ${JSON.stringify(profile)}`));
}

type Words = { kind: string; defaults: readonly string[] };

const seccompWords: Words = { kind: "seccomp", defaults: ["runtime/default", "docker/default"] };
const appArmorWords: Words = { kind: "apparmor", defaults: ["runtime/default"] };

/** A profile that an annotation names as well must be the same there. */
// oxlint-disable-next-line max-params -- a profile, the annotation, where the profile stands and the words of its kind
function checkMatch(errors: Errors, profile: JsonObject, annotation: string, field: string, words: Words): void {
  const different = (): void =>
    void errors.push(forbidden(`${field}.type`, `${words.kind} type in annotation and field must match`));
  const type = textOf(profile["type"]);
  if (type === "Unconfined") {
    if (annotation !== "unconfined") different();
  } else if (type === "RuntimeDefault") {
    if (!words.defaults.includes(annotation)) different();
  } else if (type === "Localhost") {
    if (!annotation.startsWith("localhost/")) different();
    else if (annotation.slice("localhost/".length) !== profile["localhostProfile"]) {
      const detail = `${words.kind} profile in annotation and field must match`;
      errors.push(forbidden(`${field}.localhostProfile`, detail));
    }
  }
}

function profileOf(owner: JsonObject, name: string): JsonObject | undefined {
  const context = owner["securityContext"];
  const profile = isObject(context) ? context[name] : undefined;
  return isObject(profile) ? profile : undefined;
}

/** Fields and annotations that say the same must agree, when a pod is made. */
export function checkProfiles({ errors, spec, field }: PodCheck, annotations: Json | undefined): void {
  if (!isObject(annotations) || !Object.keys(annotations).some((key) => key.includes("security."))) return;
  const ofPod = profileOf(spec, "seccompProfile");
  if (ofPod !== undefined && typeof annotations[seccompOfPod] === "string")
    checkMatch(errors, ofPod, annotations[seccompOfPod], `${field}.securityContext.seccompProfile`, seccompWords);
  visitContainers(spec, field, (container, at) => {
    const profile = profileOf(container, "seccompProfile");
    const said = annotations[`${seccompOfContainer}${textOf(container["name"])}`];
    if (profile !== undefined && typeof said === "string")
      checkMatch(errors, profile, said, `${at}.securityContext.seccompProfile`, seccompWords);
  });
  if (isObject(spec["os"]) && spec["os"]["name"] === "windows") return;
  visitContainers(spec, field, (container, at) => {
    const profile = profileOf(container, "appArmorProfile") ?? profileOf(spec, "appArmorProfile");
    const said = annotations[`${appArmorOfContainer}${textOf(container["name"])}`];
    if (profile !== undefined && typeof said === "string")
      checkMatch(errors, profile, said, `${at}.securityContext.appArmorProfile`, appArmorWords);
  });
}
