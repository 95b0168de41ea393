// Query parameters as the options of each verb.

import type { DeleteOptions, ListOptions, WatchOptions, WriteOptions } from "#cluster";
import { encodeUtf8, isObject, type Json } from "#kernel";
import { type FieldError, invalid as invalidValue, notSupported, required } from "#api/crd";
import { badRequest, invalid } from "#apiserver/registry";
import { managerBytesMax } from "../limits.ts";

export function isTrue(value: string | null): boolean {
  return value !== null && value.toLowerCase() !== "false" && value !== "0";
}

export function listOptions(query: URLSearchParams): ListOptions {
  const options = selection(query);
  const match = query.get("resourceVersionMatch") ?? "";
  const errors = matchErrors(query, match);
  if (query.get("sendInitialEvents") !== null)
    errors.push(forbiddenOption("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  refuseOptions(errors);
  if (match === "Exact" || match === "NotOlderThan") options.resourceVersionMatch = match;
  const limit = query.get("limit");
  if (limit !== null && limit !== "") options.limit = parseCount(limit);
  return options;
}

function selection(query: URLSearchParams): ListOptions {
  const options: ListOptions = {};
  for (const name of ["labelSelector", "fieldSelector", "continue", "resourceVersion"] as const) {
    const value = query.get(name);
    if (value !== null && value !== "") options[name] = value;
  }
  return options;
}

function forbiddenOption(field: string, detail: string): FieldError {
  return { type: "Forbidden", field, detail };
}

function refuseOptions(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid({ group: "meta.k8s.io", kind: "ListOptions" }, "", errors);
}

const matchField = "resourceVersionMatch";

function matchErrors(query: URLSearchParams, match: string): FieldError[] {
  if (match === "") return [];
  const version = query.get("resourceVersion") ?? "";
  const errors: FieldError[] = [];
  if (version === "")
    errors.push(forbiddenOption(matchField, `${matchField} is forbidden unless resourceVersion is provided`));
  if ((query.get("continue") ?? "") !== "")
    errors.push(forbiddenOption(matchField, `${matchField} is forbidden when continue is provided`));
  if (match !== "Exact" && match !== "NotOlderThan")
    errors.push(notSupported(matchField, match, ["Exact", "NotOlderThan", ""]));
  if (match === "Exact" && version === "0")
    errors.push(forbiddenOption(matchField, `${matchField} "exact" is forbidden for resourceVersion "0"`));
  return errors;
}

export function watchOptions(query: URLSearchParams): WatchOptions {
  const { continue: _continue, ...options } = selection(query);
  const initial = query.get("sendInitialEvents");
  const match = query.get("resourceVersionMatch") ?? "";
  const errors: FieldError[] = [];
  if (initial !== null && match !== "NotOlderThan")
    errors.push(forbiddenOption(matchField, `sendInitialEvents requires setting ${matchField} to NotOlderThan`));
  if (match !== "" && initial === null)
    errors.push(
      forbiddenOption(matchField, `${matchField} is forbidden for watch unless sendInitialEvents is provided`),
    );
  if (match !== "" && match !== "NotOlderThan") errors.push(notSupported(matchField, match, ["NotOlderThan"]));
  refuseOptions(errors);
  return {
    ...options,
    allowBookmarks: isTrue(query.get("allowWatchBookmarks")),
    ...(match === "NotOlderThan" ? { resourceVersionMatch: match } : {}),
    ...(initial === null ? {} : { sendInitialEvents: isTrue(initial) }),
  };
}

export function timeoutSeconds(query: URLSearchParams): number | undefined {
  const value = query.get("timeoutSeconds");
  return value === null || value === "" ? undefined : parseCount(value);
}

function parseCount(text: string): number {
  if (!/^-?\d{1,15}$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

/** What a write may say of itself; `kind` names its options in refusals. */
export type OptionsKind = "CreateOptions" | "UpdateOptions" | "PatchOptions";

/** What all writes have; the manager defaults to the first word of the user agent, as kube-apiserver has it. */
export function writeOptions(
  query: URLSearchParams,
  userAgent: string,
  kind: OptionsKind,
  isApply?: boolean,
): WriteOptions {
  const dryRun = query.getAll("dryRun");
  const manager = query.get("fieldManager") ?? "";
  const validation = query.get("fieldValidation") ?? "";
  const errors = [
    ...(isApply === undefined ? [] : patchErrors(query, manager, isApply)),
    ...managerErrors(manager),
    ...dryRunErrors(dryRun),
    ...(validationModes.has(validation)
      ? []
      : [notSupported("fieldValidation", validation, ["", "Ignore", "Strict", "Warn"])]),
  ];
  if (errors.length > 0) throw invalid({ group: "meta.k8s.io", kind }, "", errors);
  return {
    fieldManager: manager === "" ? managerOf(userAgent) : manager,
    isDryRun: dryRun.length > 0,
    fieldValidation: validation === "Ignore" || validation === "Strict" ? validation : "Warn",
  };
}

const validationModes: ReadonlySet<string> = new Set(["", "Ignore", "Strict", "Warn"]);

function patchErrors(query: URLSearchParams, manager: string, isApply: boolean): FieldError[] {
  if (!isApply)
    return query.get("force") === null
      ? []
      : [{ type: "Forbidden", field: "force", detail: "may not be specified for non-apply patch" }];
  return manager === "" ? [required("fieldManager", "is required for apply patch")] : [];
}

/** What nearly all managers are called. */
const plainText = /^[\x20-\x7e]*$/;

/** A manager's name is bounded and printable. */
function managerErrors(manager: string): FieldError[] {
  if (manager.length <= managerBytesMax && plainText.test(manager)) return [];
  if (encodeUtf8(manager).length > managerBytesMax)
    return [{ type: "TooLong", field: "fieldManager", detail: `may not be more than ${managerBytesMax} bytes` }];
  const runes = Array.from(manager);
  const at = runes.findIndex((rune) => !isPrintable(rune));
  if (at < 0) return [];
  const rune = runes[at] as string;
  const code = (rune.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0");
  return [invalidValue("fieldManager", manager, `invalid character U+${code} (at position ${at})`)];
}

function isPrintable(rune: string): boolean {
  return rune === " " || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(rune);
}

function managerOf(userAgent: string): string {
  const name = userAgent.split("/")[0] ?? "";
  return name.replace(/[^\x20-\x7e]/g, "").slice(0, managerBytesMax) || "unknown";
}

function dryRunErrors(values: readonly string[]): FieldError[] {
  if (values.every((value) => value === "All")) return [];
  return [{ type: "NotSupported", field: "dryRun", value: [...values], detail: 'supported values: "All"' }];
}

const propagations = ["Foreground", "Background", "Orphan"] as const;

/** Options of a deletion, from the body when there is one, else from the query. */
export function deleteOptions(query: URLSearchParams, body: Json | undefined): DeleteOptions {
  const given = isObject(body) ? body : {};
  const isInBody = body !== undefined;
  const propagation = isInBody ? given.propagationPolicy : query.get("propagationPolicy");
  const grace = isInBody ? given.gracePeriodSeconds : parseInt64(query.get("gracePeriodSeconds"));
  const orphan = isInBody ? given.orphanDependents : query.get("orphanDependents");
  const dryRun = Array.isArray(given.dryRun) ? given.dryRun.map(String) : isInBody ? [] : query.getAll("dryRun");
  const isOrphan =
    orphan === undefined || orphan === null
      ? undefined
      : orphan === true || isTrue(typeof orphan === "string" ? orphan : "false");
  const policy = typeof propagation === "string" && propagation !== "" ? propagation : undefined;
  refuseDeletion(policy, isOrphan, dryRun);
  const options: DeleteOptions = { isDryRun: dryRun.length > 0 };
  const known = propagations.find((one) => one === policy);
  if (known !== undefined) options.propagation = known;
  else if (isOrphan !== undefined) options.propagation = isOrphan ? "Orphan" : "Background";
  if (grace !== null && grace !== undefined) options.gracePeriodSeconds = Number(grace);
  const { uid, resourceVersion } = isObject(given.preconditions) ? given.preconditions : {};
  if (typeof uid === "string" || typeof resourceVersion === "string")
    options.preconditions = {
      ...(typeof uid === "string" ? { uid } : {}),
      ...(typeof resourceVersion === "string" ? { resourceVersion } : {}),
    };
  return options;
}

function refuseDeletion(policy: string | undefined, isOrphan: boolean | undefined, dryRun: readonly string[]): void {
  const errors: FieldError[] = [];
  if (isOrphan !== undefined && policy !== undefined)
    errors.push(
      invalidValue("propagationPolicy", policy, "orphanDependents and deletionPropagation cannot be both set"),
    );
  if (policy !== undefined && !propagations.some((one) => one === policy))
    errors.push(notSupported("propagationPolicy", policy, [...propagations, "nil"]));
  errors.push(...dryRunErrors(dryRun));
  if (errors.length > 0) throw invalid({ group: "meta.k8s.io", kind: "DeleteOptions" }, "", errors);
}

function parseInt64(text: string | null): number | undefined {
  if (text === null || text === "") return undefined;
  if (/^[+-]?\d{1,15}$/.test(text)) return Number(text);
  throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}
