// A pod's volumes: one source each, names that stand once, and what the rest of the pod may mount.

import { forbidden, invalid, labelErrors, required, subdomainErrors } from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import { textOf } from "../fields.ts";
import { checkClaimTemplate } from "./claim-templates.ts";
import { eachOf, type Errors, oneOfWords, type PodCheck, requireText, tellAll } from "./checks.ts";
import { checkDownwardApi, checkProjected } from "./projections.ts";
import { earlySources, lateSources, middleSources } from "./volume-sources.ts";

/** A volume's source, where it stands and in which pod. */
type Source = { value: JsonObject; field: string; volume: JsonObject; at: string; check: PodCheck };
type SourceRule = { member: string; at: string; secondAt: string; look: (errors: Errors, source: Source) => void };

const secondText = "may not specify more than 1 volume type";
const pullPolicies = ["Always", "IfNotPresent", "Never"];

function checkEphemeral(errors: Errors, { value, field, volume, at, check }: Source): void {
  const template = value["volumeClaimTemplate"];
  if (isObject(template)) checkClaimTemplate(errors, template, `${field}.volumeClaimTemplate`);
  else errors.push(required(`${field}.volumeClaimTemplate`));
  const name = textOf(volume["name"]);
  const pod = check.pod?.name ?? "";
  if (pod === "" || name === "") return;
  for (const message of subdomainErrors(`${pod}-${name}`))
    errors.push(invalid(`${at}.name`, name, `PVC name ${JSON.stringify(`${pod}-${name}`)}: ${message}`));
}

function checkImage(errors: Errors, { value, field, check }: Source): void {
  if (check.pod !== undefined) requireText(errors, value["reference"], `${field}.reference`);
  oneOfWords(errors, value["pullPolicy"], `${field}.pullPolicy`, pullPolicies);
}

const longestTarget = 64;

/** The name of a volume and its portal become one name, where the initiator has one. */
function checkTargetLength(errors: Errors, { value, volume, at }: Source): void {
  const name = textOf(volume["name"]);
  if (value["initiatorName"] === undefined || `${name}:${textOf(value["targetPortal"])}`.length <= longestTarget)
    return;
  const detail =
    "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
  errors.push(invalid(`${at}.name`, name, detail));
}

function plain(sources: typeof earlySources): SourceRule[] {
  return sources.map(({ member, at = member, secondAt = member, check }) => ({
    member,
    at,
    secondAt,
    look: (errors, { value, field }) => check(errors, value, field),
  }));
}

const rules: readonly SourceRule[] = [
  ...plain(earlySources),
  {
    member: "downwardAPI",
    at: "downwardAPI",
    secondAt: "downwarAPI",
    look: (errors, { value, field }) => checkDownwardApi(errors, value, field),
  },
  ...plain(middleSources),
  {
    member: "projected",
    at: "projected",
    secondAt: "projected",
    look: (_errors, { value, field, check }) => checkProjected(check, value, field),
  },
  ...plain(lateSources),
  { member: "ephemeral", at: "ephemeral", secondAt: "ephemeral", look: checkEphemeral },
  { member: "image", at: "image", secondAt: "image", look: checkImage },
];
const places: ReadonlyMap<string, number> = new Map(rules.map(({ member }, index) => [member, index]));

/** The sources a volume names, in the order in which they are looked at. */
function sourcesOf(volume: JsonObject): SourceRule[] {
  const found: number[] = [];
  for (const member of Object.keys(volume)) {
    const place = isObject(volume[member]) ? places.get(member) : undefined;
    if (place !== undefined) found.push(place);
  }
  return found.sort((a, b) => a - b).map((place) => rules[place] as SourceRule);
}

function checkSources(check: PodCheck, volume: JsonObject, at: string): void {
  const sources = sourcesOf(volume);
  for (const [index, { member, at: own, secondAt, look }] of sources.entries()) {
    const source = { value: volume[member] as JsonObject, field: `${at}.${own}`, volume, at, check };
    if (index > 0) check.errors.push(forbidden(`${at}.${secondAt}`, secondText));
    else look(check.errors, source);
    if (member === "iscsi") checkTargetLength(check.errors, source);
  }
  if (sources.length === 0) check.errors.push(required(at, "must specify a volume type"));
}

/** Names of the claims that are made for the pod's ephemeral volumes. */
function claimsMade({ pod }: PodCheck, volumes: Json | undefined): ReadonlySet<string> {
  const made = new Set<string>();
  if (pod === undefined || pod.name === "" || !Array.isArray(volumes)) return made;
  for (const volume of volumes)
    if (isObject(volume) && isObject(volume["ephemeral"])) made.add(`${pod.name}-${textOf(volume["name"])}`);
  return made;
}

/** Looks at the volumes; those without fault may be mounted. */
export function checkVolumes(check: PodCheck): void {
  const { spec, errors, volumes } = check;
  if (!Array.isArray(spec["volumes"])) return;
  const made = claimsMade(check, spec["volumes"]);
  eachOf(spec["volumes"], `${check.field}.volumes`, (volume, at) => {
    const before = errors.length;
    checkSources(check, volume, at);
    const name = textOf(volume["name"]);
    if (requireText(errors, name, `${at}.name`)) tellAll(errors, `${at}.name`, name, labelErrors(name));
    if (volumes.has(name)) errors.push({ type: "Duplicate", field: `${at}.name`, value: name, detail: "" });
    if (errors.length === before) volumes.set(name, volume);
    const claim = volume["persistentVolumeClaim"];
    if (made.size === 0 || !isObject(claim) || !made.has(textOf(claim["claimName"]))) return;
    const detail = "must not reference a PVC that gets created for an ephemeral volume";
    errors.push(invalid(`${at}.persistentVolumeClaim.claimName`, claim["claimName"], detail));
  });
}
