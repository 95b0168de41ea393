// What the rules of pods are made of: each adds what is wrong to a list, and costs next to nothing where nothing is.

import { type FieldError, forbidden, invalid, labelErrors, notSupported, required } from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";

export type Errors = FieldError[];

/** What of an older server's objects stays allowed on a change, because it was so before. */
export type Habit =
  | "huge pages"
  | "selector values"
  | "node affinity values"
  | "spread selector"
  | "token path"
  | "sysctls"
  | "volume devices"
  | "init resize policy"
  | "comparison operators"
  | "label policy"
  | "deletion cost";

/** One pod under examination. */
export type PodCheck = {
  errors: Errors;
  /** Errors that are forgiven where the live object has that habit too. */
  habits: Map<FieldError, Habit>;
  spec: JsonObject;
  /** Where the specification stands. */
  field: string;
  /** The pod itself; undefined for the template of another kind. */
  pod: { name: string; annotations: JsonObject } | undefined;
  /** The volumes without fault, by name. */
  volumes: Map<string, JsonObject>;
  /** Names that the pod's resource claims go by. */
  claims: ReadonlySet<string>;
};

export function tellHabit(check: PodCheck, habit: Habit, error: FieldError): void {
  check.errors.push(error);
  check.habits.set(error, habit);
}

/** Every message about one value, at one field. */
export function tellAll(errors: Errors, field: string, value: Json | undefined, messages: readonly string[]): void {
  for (const message of messages) errors.push(invalid(field, value, message));
}

export function isThere(value: Json | undefined): boolean {
  return value !== undefined && value !== null;
}

/** The objects of a list, each with the field it stands at. */
export function eachOf(
  list: Json | undefined,
  field: string,
  visit: (item: JsonObject, field: string, index: number) => void,
): void {
  if (!Array.isArray(list)) return;
  for (let index = 0; index < list.length; index++) {
    const item = list[index];
    visit(isObject(item) ? item : {}, `${field}[${index}]`, index);
  }
}

/** The texts of a list. */
export function textsOf(list: Json | undefined): string[] {
  return Array.isArray(list) ? list.map((text) => (typeof text === "string" ? text : "")) : [];
}

export function isEmptyList(list: Json | undefined): boolean {
  return !Array.isArray(list) || list.length === 0;
}

/** A text that must be there; true when it is. */
export function requireText(errors: Errors, value: Json | undefined, field: string, detail = ""): boolean {
  if (typeof value === "string" && value !== "") return true;
  errors.push(required(field, detail));
  return false;
}

/** A name that must be there and be a label. */
export function requireLabel(errors: Errors, value: Json | undefined, field: string): void {
  if (requireText(errors, value, field)) tellAll(errors, field, value, labelErrors(value as string));
}

/** A value of a closed list; one that is not set is left alone. */
export function oneOfWords(errors: Errors, value: Json | undefined, field: string, allowed: readonly string[]): void {
  if (value === undefined || value === null || allowed.includes(value as string)) return;
  errors.push(notSupported(field, value, allowed));
}

export type Bounds = { least: number; most: number };

/** A number within bounds; one that is not set is left alone. */
export function withinBounds(errors: Errors, value: Json | undefined, field: string, { least, most }: Bounds): void {
  if (typeof value !== "number" || (value >= least && value <= most)) return;
  errors.push(invalid(field, value, `must be between ${least} and ${most}, inclusive`));
}

export function notNegative(errors: Errors, value: Json | undefined, field: string): void {
  if (typeof value === "number" && value < 0) errors.push(invalid(field, value, "must be greater than or equal to 0"));
}

const modeMost = 0o777;

export function fileMode(errors: Errors, value: Json | undefined, field: string): void {
  if (typeof value !== "number" || (value >= 0 && value <= modeMost)) return;
  const detail = "must be a number between 0 and 0777 (octal), both inclusive";
  errors.push(invalid(field, value, detail));
}

export function forbidSet(errors: Errors, value: Json | undefined, field: string, detail: string): void {
  if (isThere(value)) errors.push(forbidden(field, detail));
}

/** No step upwards. */
export function noBacksteps(errors: Errors, path: string, field: string): void {
  if (hasBacksteps(path)) errors.push(invalid(field, path, "must not contain '..'"));
}

export function hasBacksteps(path: string): boolean {
  return path.includes("..") && path.split("/").includes("..");
}

/** A path below something. */
export function relativePath(errors: Errors, path: string, field: string): void {
  if (path.startsWith("/")) errors.push(invalid(field, path, "must be a relative path"));
  noBacksteps(errors, path, field);
}

/** A path below a volume's root, whose names that begin with two dots are the kubelet's own. */
export function volumePath(errors: Errors, path: string, field: string): void {
  relativePath(errors, path, field);
  if (path.startsWith("..") && !path.startsWith("../")) errors.push(invalid(field, path, "must not start with '..'"));
}

export type ContainerVisit = (container: JsonObject, field: string) => void;

const everyList = ["initContainers", "containers", "ephemeralContainers"] as const;

/** All containers, in the order in which Go visits them. */
export function visitContainers(spec: JsonObject, field: string, visit: ContainerVisit): void {
  for (const list of everyList) if (Array.isArray(spec[list])) eachOf(spec[list], `${field}.${list}`, visit);
}
