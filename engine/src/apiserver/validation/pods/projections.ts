// Volumes put together from several sources: files of the downward API, and projected volumes.

import { invalid, required } from "#api/crd";
import { isObject, type JsonObject } from "#kernel";
import { textOf } from "../fields.ts";
import { eachOf, type Errors, fileMode, isThere, type PodCheck, requireText, tellHabit, volumePath } from "./checks.ts";
import { checkFieldReference, checkResourceReference } from "./references.ts";
import { checkKeyPaths } from "./volume-sources.ts";

const shownFields: readonly string[] = [
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
];

/** One file of the downward API; its errors do not say which of several it is. */
function checkFile(errors: Errors, file: JsonObject, field: string): void {
  const { fieldRef, resourceFieldRef } = file;
  requireText(errors, file["path"], `${field}.path`);
  volumePath(errors, textOf(file["path"]), `${field}.path`);
  if (isObject(fieldRef)) {
    checkFieldReference(errors, fieldRef, `${field}.fieldRef`, shownFields);
    if (isObject(resourceFieldRef))
      errors.push(invalid(field, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"));
  } else if (isObject(resourceFieldRef))
    checkResourceReference(errors, resourceFieldRef, `${field}.resourceFieldRef`, true);
  else errors.push(required(field, "one of fieldRef and resourceFieldRef is required"));
  fileMode(errors, file["mode"], `${field}.mode`);
}

export function checkDownwardApi(errors: Errors, source: JsonObject, field: string): void {
  fileMode(errors, source["defaultMode"], `${field}.defaultMode`);
  eachOf(source["items"], field, (file) => checkFile(errors, file, field));
}

/** Paths that the sources so far have taken. */
type Taken = { paths: Set<string>; field: string };

function take(errors: Errors, path: string, { paths, field }: Taken, shown = path): void {
  if (path === "") return;
  if (paths.has(path)) errors.push(invalid(field, shown, "conflicting duplicate paths"));
  else paths.add(path);
}

// oxlint-disable-next-line max-params -- a source with keys, where it stands and what is taken
function checkKeys(errors: Errors, source: JsonObject, field: string, taken: Taken): void {
  const name = textOf(source["name"]);
  requireText(errors, name, `${field}.name`);
  if (!isThere(source["items"])) return;
  checkKeyPaths(errors, source, field);
  eachOf(source["items"], field, (item) => take(errors, textOf(item["path"]), taken, name));
}

const tokenSecondsLeast = 600;
const tokenSecondsMost = 2 ** 32;

function checkToken(check: PodCheck, token: JsonObject, field: string, at: string): void {
  const seconds = token["expirationSeconds"];
  const [least, most] = [
    "may not specify a duration less than 10 minutes",
    "may not specify a duration larger than 2^32 seconds",
  ];
  const place = `${field}.expirationSeconds`;
  if (typeof seconds === "number" && seconds < tokenSecondsLeast) check.errors.push(invalid(place, seconds, least));
  if (typeof seconds === "number" && seconds > tokenSecondsMost) check.errors.push(invalid(place, seconds, most));
  const path = textOf(token["path"]);
  if (!requireText(check.errors, path, `${at}.path`)) return;
  const found: Errors = [];
  volumePath(found, path, `${at}.path`);
  for (const error of found) tellHabit(check, "token path", error);
}

const sourceMembers = ["secret", "configMap", "downwardAPI", "serviceAccountToken"] as const;

function checkSource(check: PodCheck, source: JsonObject, { at, taken }: { at: string; taken: Taken }): void {
  const { errors } = check;
  let count = 0;
  for (const member of sourceMembers) {
    const value = source[member];
    if (!isObject(value)) continue;
    count += 1;
    const field = `${at}.${member}`;
    if (member === "serviceAccountToken") checkToken(check, value, field, taken.field);
    else if (member === "downwardAPI")
      eachOf(value["items"], field, (file) => {
        checkFile(errors, file, field);
        take(errors, textOf(file["path"]), taken);
      });
    else checkKeys(errors, value, field, taken);
  }
  if (count > 1)
    errors.push({ type: "Forbidden", field: at, detail: "may not specify more than 1 volume type per source" });
}

export function checkProjected(check: PodCheck, volume: JsonObject, field: string): void {
  fileMode(check.errors, volume["defaultMode"], `${field}.defaultMode`);
  const taken: Taken = { paths: new Set(), field };
  eachOf(volume["sources"], `${field}.sources`, (source, at) => checkSource(check, source, { at, taken }));
}
