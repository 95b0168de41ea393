// Query parameters as the options of each verb.

import type { DeleteOptions, ListOptions, WatchOptions, WriteOptions } from "#cluster";
import { isObject, type Json } from "#kernel";
import { badRequest, invalid } from "#apiserver/registry";

export function isTrue(value: string | null): boolean {
  return value !== null && value !== "false" && value !== "0";
}

export function listOptions(query: URLSearchParams): ListOptions {
  const options: ListOptions = {};
  for (const name of ["labelSelector", "fieldSelector", "continue", "resourceVersion"] as const) {
    const value = query.get(name);
    if (value !== null && value !== "") options[name] = value;
  }
  const match = query.get("resourceVersionMatch");
  if (match === "Exact" || match === "NotOlderThan") options.resourceVersionMatch = match;
  else if (match !== null && match !== "")
    throw badRequest(
      `resourceVersionMatch: Unsupported value: ${JSON.stringify(match)}: supported values: "Exact", "NotOlderThan", ""`,
    );
  const limit = query.get("limit");
  if (limit !== null && limit !== "") options.limit = parseCount("limit", limit);
  return options;
}

export function watchOptions(query: URLSearchParams): WatchOptions {
  const { limit: _limit, continue: _continue, ...options } = listOptions(query);
  const initial = query.get("sendInitialEvents");
  return {
    ...options,
    allowBookmarks: isTrue(query.get("allowWatchBookmarks")),
    ...(initial === null ? {} : { sendInitialEvents: isTrue(initial) }),
  };
}

export function timeoutSeconds(query: URLSearchParams): number | undefined {
  const value = query.get("timeoutSeconds");
  return value === null || value === "" ? undefined : parseCount("timeoutSeconds", value);
}

function parseCount(name: string, text: string): number {
  if (!/^-?\d{1,15}$/.test(text))
    throw badRequest(
      `unable to convert query parameter ${name}: strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  return Number(text);
}

/** What all writes have; the manager defaults to the first word of the user agent, as kube-apiserver has it. */
export function writeOptions(query: URLSearchParams, userAgent: string, kind: string): WriteOptions {
  const validation = query.get("fieldValidation");
  return {
    fieldManager: query.get("fieldManager") ?? managerOf(userAgent),
    isDryRun: isDryRun(query.getAll("dryRun"), kind),
    ...(validation === "Ignore" || validation === "Warn" || validation === "Strict"
      ? { fieldValidation: validation }
      : {}),
  };
}

function managerOf(userAgent: string): string {
  const name = userAgent.split("/")[0] ?? "";
  return name.replace(/[^\x20-\x7e]/g, "").slice(0, 128) || "unknown";
}

function isDryRun(values: readonly string[], kind: string): boolean {
  const given = values.filter((value) => value !== "");
  if (given.some((value) => value !== "All"))
    throw invalid({ group: "meta.k8s.io", kind }, "", [
      { type: "NotSupported", field: "dryRun", value: [...given], detail: 'supported values: "All"' },
    ]);
  return given.length > 0;
}

/** Options of a deletion, from the body when there is one, else from the query. */
export function deleteOptions(query: URLSearchParams, body: Json | undefined): DeleteOptions {
  const given = isObject(body) ? body : {};
  const propagation = given.propagationPolicy ?? query.get("propagationPolicy");
  const grace = given.gracePeriodSeconds ?? query.get("gracePeriodSeconds");
  const orphan = given.orphanDependents ?? query.get("orphanDependents");
  const dryRun = Array.isArray(given.dryRun) ? given.dryRun.map(String) : query.getAll("dryRun");
  const options: DeleteOptions = { isDryRun: isDryRun(dryRun, "DeleteOptions") };
  if (propagation === "Foreground" || propagation === "Background" || propagation === "Orphan")
    options.propagation = propagation;
  else if (typeof propagation === "string" && propagation !== "")
    throw badRequest(
      `propagationPolicy: Unsupported value: ${JSON.stringify(propagation)}: supported values: "Background", "Foreground", "Orphan"`,
    );
  if (orphan === true || orphan === "true") options.propagation = "Orphan";
  if (grace !== null && grace !== undefined && grace !== "") options.gracePeriodSeconds = Number(grace);
  const { uid, resourceVersion } = isObject(given.preconditions) ? given.preconditions : {};
  if (typeof uid === "string" || typeof resourceVersion === "string")
    options.preconditions = {
      ...(typeof uid === "string" ? { uid } : {}),
      ...(typeof resourceVersion === "string" ? { resourceVersion } : {}),
    };
  return options;
}
