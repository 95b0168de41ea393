// Probes and hooks of containers: what they do, and how often.

import { forbidden, invalid, notSupported, required } from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import { portErrors, portNameErrors, textOf } from "../fields.ts";
import { eachOf, type Errors, forbidSet, isEmptyList, isThere, notNegative, requireText, tellAll } from "./checks.ts";

/** What a hook is told by: how long the pod may take to end, and the system it runs on. */
export type Ending = { graceSeconds: Json | undefined; system: string | undefined };

function checkPort(errors: Errors, port: Json | undefined, field: string): void {
  if (typeof port === "string") tellAll(errors, field, port, portNameErrors(port));
  else errors.push(...portErrors(port ?? 0, field));
}

const headerForm = /^[-A-Za-z0-9]+$/;
const headerText =
  "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";
const schemes = ["HTTP", "HTTPS"];

function checkRequest(errors: Errors, request: JsonObject, field: string): void {
  requireText(errors, request["path"], `${field}.path`);
  checkPort(errors, request["port"], `${field}.port`);
  const scheme = textOf(request["scheme"]);
  if (!schemes.includes(scheme)) errors.push(notSupported(`${field}.scheme`, scheme, schemes));
  eachOf(request["httpHeaders"], field, (header) => {
    const name = textOf(header["name"]);
    if (!headerForm.test(name)) errors.push(invalid(`${field}.httpHeaders`, name, headerText));
  });
}

function checkSleep(errors: Errors, sleep: JsonObject, field: string, { graceSeconds }: Ending): void {
  const seconds = sleep["seconds"] ?? 0;
  if (typeof seconds !== "number" || typeof graceSeconds !== "number") return;
  if (seconds >= 0 && seconds <= graceSeconds) return;
  const detail = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`;
  errors.push(invalid(field, seconds, detail));
}

const probeHandlers = ["exec", "httpGet", "tcpSocket", "grpc"] as const;
const hookHandlers = ["exec", "httpGet", "tcpSocket", "sleep"] as const;
type Handler = (typeof probeHandlers)[number] | (typeof hookHandlers)[number];

type Handled = { names: readonly Handler[]; ending: Ending };

/** One of the handlers, and only one. */
function checkHandler(errors: Errors, owner: JsonObject, field: string, { names, ending }: Handled): void {
  let count = 0;
  for (const name of names) {
    const handler = owner[name];
    if (!isObject(handler)) continue;
    const at = `${field}.${name}`;
    count += 1;
    if (count > 1) errors.push(forbidden(at, "may not specify more than 1 handler type"));
    else checkOneHandler(errors, name, { handler, at, ending });
  }
  if (count === 0) errors.push(required(field, "must specify a handler type"));
}

type OneHandler = { handler: JsonObject; at: string; ending: Ending };

function checkOneHandler(errors: Errors, name: Handler, { handler, at, ending }: OneHandler): void {
  switch (name) {
    case "exec":
      if (isEmptyList(handler["command"])) errors.push(required(`${at}.command`));
      return;
    case "httpGet":
      return checkRequest(errors, handler, at);
    case "sleep":
      return checkSleep(errors, handler, at, ending);
    case "grpc":
    case "tcpSocket":
      return checkPort(errors, handler["port"], `${at}.port`);
  }
}

const counts = ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"];
const noEnding: Ending = { graceSeconds: undefined, system: undefined };
const probed: Handled = { names: probeHandlers, ending: noEnding };

function checkProbe(errors: Errors, probe: JsonObject, field: string): void {
  checkHandler(errors, probe, field, probed);
  for (const name of counts) if (probe[name] !== undefined) notNegative(errors, probe[name], `${field}.${name}`);
  const grace = probe["terminationGracePeriodSeconds"];
  if (typeof grace === "number" && grace <= 0)
    errors.push(invalid(`${field}.terminationGracePeriodSeconds`, grace, "must be greater than 0"));
}

/** The probes that end a container look for one success. */
function checkEndingProbe(errors: Errors, probe: Json | undefined, field: string): void {
  if (!isObject(probe)) return;
  checkProbe(errors, probe, field);
  const successes = probe["successThreshold"] ?? 0;
  if (successes !== 1) errors.push(invalid(`${field}.successThreshold`, successes, "must be 1"));
}

function checkReadiness(errors: Errors, probe: Json | undefined, field: string): void {
  if (!isObject(probe)) return;
  checkProbe(errors, probe, field);
  const grace = probe["terminationGracePeriodSeconds"];
  if (isThere(grace))
    errors.push(invalid(`${field}.terminationGracePeriodSeconds`, grace, "must not be set for readinessProbes"));
}

function checkLifecycle(errors: Errors, lifecycle: Json | undefined, field: string, ending: Ending): void {
  if (!isObject(lifecycle)) return;
  for (const name of ["postStart", "preStop"])
    if (isObject(lifecycle[name]))
      checkHandler(errors, lifecycle[name], `${field}.${name}`, { names: hookHandlers, ending });
}

/** Hooks and probes of a container that runs as long as its pod does. */
export function checkHandlers(errors: Errors, container: JsonObject, field: string, ending: Ending): void {
  checkLifecycle(errors, container["lifecycle"], `${field}.lifecycle`, ending);
  checkEndingProbe(errors, container["livenessProbe"], `${field}.livenessProbe`);
  checkReadiness(errors, container["readinessProbe"], `${field}.readinessProbe`);
  checkEndingProbe(errors, container["startupProbe"], `${field}.startupProbe`);
}

const forLongRunners = "may not be set for init containers without restartPolicy=Always";

/** A container that ends before the others begin has none of them. */
export function forbidHandlers(errors: Errors, container: JsonObject, field: string): void {
  for (const name of ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"])
    forbidSet(errors, container[name], `${field}.${name}`, forLongRunners);
}
