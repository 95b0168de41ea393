// Health by a delivery's own CEL expressions, for kinds whose status nothing else can read: Flux's `healthCheckExprs`
// (fluxcd/pkg runtime/cel). The generation that was observed comes first, then inProgress, failed, current, in this order.

import { compileCel, evaluateCel } from "#formats/cel";
import { asJson, type Manifest, splitApiVersion } from "#kernel";
import { assessGeneration } from "./generic.ts";
import { current, failed, type Finding, inProgress } from "./health.ts";

export type HealthExpressions = {
  /** Its group counts, not its version. */
  apiVersion: string;
  /** Absent: every kind of the group. */
  kind?: string;
  inProgress?: string;
  failed?: string;
  current: string;
};

/** The first expressions that are meant for the object's kind. */
export function expressionsFor(
  object: Manifest,
  all: readonly HealthExpressions[] | undefined,
): HealthExpressions | undefined {
  const { group } = splitApiVersion(object.apiVersion);
  return all?.find(
    ({ apiVersion, kind }) =>
      splitApiVersion(apiVersion).group === group && (kind === undefined || kind === "" || kind === object.kind),
  );
}

/** What is wrong with the expressions themselves, before any object is seen; undefined when they can be read. */
export function checkExpressions(expressions: HealthExpressions): string | undefined {
  for (const name of ["current", "failed", "inProgress"] as const) {
    const expression = expressions[name] ?? "";
    if (expression === "") {
      if (name === "current") return "expression current not specified";
      continue;
    }
    const compiled = compileCel(expression);
    if ("message" in compiled) return `failed to parse the expression ${name}: ${compiled.message}`;
  }
  return undefined;
}

export function assessByExpressions(object: Manifest, expressions: HealthExpressions): Finding {
  const behind = assessGeneration(object);
  if (behind !== undefined) return behind;
  const decisions = [
    [expressions.inProgress, inProgress("InProgress", "is in progress, as its health expression says")],
    [expressions.failed, failed("Failed", "has failed, as its health expression says")],
    [expressions.current, current("is current, as its health expression says")],
  ] as const;
  for (const [expression, finding] of decisions) {
    if (expression === undefined || expression === "") continue;
    const answer = evaluateCel(expression, asJson(object));
    if (!answer.ok || typeof answer.value !== "boolean")
      return unknown(expression, answer.ok ? "it gives no boolean" : answer.message);
    if (answer.value) return finding;
  }
  return inProgress("InProgress", "none of its health expressions holds yet");
}

function unknown(expression: string, why: string): Finding {
  const message = `its health expression "${expression}" cannot be evaluated: ${why}`;
  return { kstatus: "Unknown", reason: "ExpressionFailed", message };
}
