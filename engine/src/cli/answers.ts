// A cluster's refusals as faults: the one place where a command line tells them apart.

import type { Answer, Cluster, Discovery, Resource, Status } from "#cluster";
import { Fault } from "#kernel";
import type { CliCode } from "./faults.ts";

/** The value, or the refusal as a Fault that says what was asked. */
export function valueOf<T>(answer: Answer<T>, asked: string): T {
  if (answer.ok) return answer.value;
  throw refusal(answer.status, asked);
}

/** As `valueOf`, but what is not there is undefined. */
export function valueIfFound<T>(answer: Answer<T>, asked: string): T | undefined {
  if (!answer.ok && answer.status.code === 404) return undefined;
  return valueOf(answer, asked);
}

/** A refusal as a Fault; the class of its code decides the exit code. */
export function refusal(status: Status, asked: string): Fault<CliCode> {
  const fault = (code: CliCode, hint?: string): Fault<CliCode> =>
    new Fault<CliCode>({
      code,
      disposition: "stall",
      message: asked,
      cause: new Error(status.message === "" ? `the server answered ${status.code} ${status.reason}` : status.message),
      ...(hint === undefined ? {} : { hint }),
    });
  if (status.code === 0) return fault("not-reachable", "is the server running? `keelson up` starts one here");
  if (status.code === 401) return fault("not-permitted", "the credentials in the kubeconfig are not accepted");
  if (status.code === 403) return fault("not-permitted", "ask for the permission, or use another context (--context)");
  if (status.code === 404) return fault("not-found");
  return fault("refused");
}

/** All that the server offers. */
export async function discover(cluster: Cluster): Promise<Discovery> {
  return valueOf(await cluster.discover(), `asking ${cluster.name} what it serves`);
}

/** The resource of a kind; Fault `not-found` when the server does not serve it. */
export function resourceOf(discovery: Discovery, kind: { group: string; kind: string; version?: string }): Resource {
  const resource = discovery.byKind(kind.group, kind.kind, kind.version);
  if (resource !== undefined) return resource;
  const name = kind.group === "" ? kind.kind : `${kind.kind}.${kind.group}`;
  throw new Fault<CliCode>({
    code: "not-found",
    disposition: "stall",
    message: `the server has no kind ${name}`,
    hint: "`keelson doctor` shows which definitions are missing",
  });
}
