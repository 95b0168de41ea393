// What becomes of a certificate request: approval says what was decided, the status holds the certificate, and neither touches the other
// (pkg/registry/certificates/certificates/strategy.go and pkg/apis/certificates/validation, v1.36).

import { X509Certificate } from "node:crypto";
import { type FieldError, invalid, notSupported, required } from "#api/crd";
import { copyJson, isObject, type Json, type JsonObject, type Manifest, textOf } from "#kernel";
import { statusOf } from "./members.ts";

/** Conditions that no write of the status adds, changes or takes away. */
const decisions = ["Approved", "Denied"];
/** Conditions that stay, and are true or not there. */
const lasting = [...decisions, "Failed"];
const states = ["False", "True", "Unknown"];
const conditionsField = "status.conditions";

function conditionsOf(object: Manifest): JsonObject[] {
  const { conditions } = statusOf(object);
  return (Array.isArray(conditions) ? conditions : []).map((one) => (isObject(one) ? one : {}));
}

function ofType(conditions: readonly JsonObject[], type: string): JsonObject[] {
  return conditions.filter((one) => textOf(one, "type") === type);
}

/** What a write of the status, or of the approval, may change. */
export function keepCertificateStatus(
  draft: Manifest,
  live: Manifest,
  { subresource, now }: { subresource: string; now: string },
): void {
  const given = conditionsOf(draft);
  const kept = subresource === "status" ? withDecisions(given, conditionsOf(live)) : given;
  const conditions = kept.map((one) => stamped(one, conditionsOf(live), now));
  const { conditions: _, ...rest } =
    subresource === "status" ? statusOf(draft) : (copyJson(statusOf(live)) as JsonObject);
  draft.status = { ...rest, ...(conditions.length === 0 ? {} : { conditions }) };
}

/** Decisions as they were, where there are as many of each. */
function withDecisions(next: readonly JsonObject[], old: readonly JsonObject[]): JsonObject[] {
  const result = [...next];
  for (const type of decisions) {
    const before = ofType(old, type);
    if (before.length !== ofType(next, type).length) continue;
    for (const [index, one] of next.entries())
      if (textOf(one, "type") === type) result[index] = copyJson(before.shift() as Json) as JsonObject;
  }
  return result;
}

function stamped(condition: JsonObject, old: readonly JsonObject[], now: string): JsonObject {
  const same = old.find(
    (one) =>
      textOf(one, "type") === textOf(condition, "type") &&
      textOf(one, "status") === textOf(condition, "status") &&
      (one.lastTransitionTime ?? null) !== null,
  );
  return {
    ...condition,
    lastUpdateTime: condition.lastUpdateTime ?? now,
    lastTransitionTime: condition.lastTransitionTime ?? same?.lastTransitionTime ?? now,
  };
}

/** What is wrong with a status, or an approval, that was written. */
export function certificateStatusErrors(draft: Manifest, live: Manifest, subresource: string): FieldError[] {
  const [next, old] = [conditionsOf(draft), conditionsOf(live)];
  const [certificate, before] = [draft, live].map((object) => textOf(statusOf(object), "certificate")) as [
    string,
    string,
  ];
  const wasWrong = before !== "" && certificateProblem(before) !== undefined;
  const problem = wasWrong ? undefined : certificateProblem(certificate);
  const isReset = subresource === "status" && before !== "" && certificate !== before;
  return [
    ...conditionErrors(next, old),
    ...(problem === undefined ? [] : [invalid("status.certificate", "<certificate data>", problem)]),
    ...decisionErrors(next, old, subresource),
    ...(isReset ? [forbidden("status.certificate", "updates may not modify existing certificate content")] : []),
  ];
}

function forbidden(field: string, detail: string): FieldError {
  return { type: "Forbidden", field, detail };
}

function typesOf(conditions: readonly JsonObject[]): string[] {
  return conditions.map((one) => textOf(one, "type"));
}

/** What was wrong before may stay so. */
function conditionErrors(next: readonly JsonObject[], old: readonly JsonObject[]): FieldError[] {
  const [types, before] = [typesOf(next), typesOf(old)];
  const hadBoth = decisions.every((type) => before.includes(type));
  const hadTwice = new Set(before).size < before.length;
  return next.flatMap((condition, index) => {
    const [type, state, field] = [types[index] as string, textOf(condition, "status"), `${conditionsField}[${index}]`];
    const allowed = lasting.includes(type) ? ["True"] : states;
    const other = decisions.find((one) => one !== type) as string;
    const isContrary = decisions.includes(type) && types.slice(0, index).includes(other);
    return [
      ...(type === "" && !before.includes("") ? [required(`${field}.type`)] : []),
      ...(state === "" ? [required(`${field}.status`)] : []),
      ...(state !== "" && !allowed.includes(state) ? [notSupported(`${field}.status`, state, allowed)] : []),
      ...(isContrary && !hadBoth
        ? [invalid(conditionsField, type, "Approved and Denied conditions are mutually exclusive")]
        : []),
      ...(types.indexOf(type) < index && !hadTwice
        ? [{ type: "Duplicate" as const, field: `${field}.type`, value: type, detail: "" }]
        : []),
    ];
  });
}

function decisionErrors(next: readonly JsonObject[], old: readonly JsonObject[], subresource: string): FieldError[] {
  const grows = (type: string): number => ofType(next, type).length - ofType(old, type).length;
  return [
    ...lasting
      .filter((type) => grows(type) < 0)
      .map((type) => forbidden(conditionsField, `updates may not remove a condition of type "${type}"`)),
    ...decisions
      .filter((type) => subresource !== "approval" && grows(type) > 0)
      .map((type) => forbidden(conditionsField, `updates may not add a condition of type "${type}"`)),
  ];
}

const block = /-----BEGIN ([^\n-]+)-----\n((?:[^\n:]+: [^\n]*\n)*)([A-Za-z0-9+/=\s]*?)-----END \1-----/g;

/** What is wrong with a certificate as it stands in a status: PEM in base64. */
function certificateProblem(encoded: string): string | undefined {
  if (encoded === "") return undefined;
  const blocks = [...Buffer.from(encoded, "base64").toString("latin1").matchAll(block)];
  for (const [text, type, headers] of blocks) {
    if (type !== "CERTIFICATE") return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`;
    if (headers !== "") return "no PEM block headers are permitted";
    if (!isCertificate(text)) return "x509: malformed certificate";
  }
  return blocks.length === 0 ? "must contain at least one CERTIFICATE PEM block" : undefined;
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).raw.length > 0;
  } catch {
    return false;
  }
}
