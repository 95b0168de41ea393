// Groups of the Kubernetes community are protected: a definition in one must say where it was approved (apiextensions-apiserver,
// apihelpers and controller/apiapproval, v0.36).

import type { Manifest } from "#kernel";
import { type FieldError, invalid, required } from "./field-error.ts";

const annotation = "api-approved.kubernetes.io";
const see = "see https://github.com/kubernetes/enhancements/pull/1111";

type Approval = { state: "Missing" | "Unapproved" | "Approved" | "Invalid"; reason: string };

function isProtected(group: string): boolean {
  return /(^|\.)(k8s|kubernetes)\.io$/.test(group);
}

function approvalOf(definition: Manifest): Approval {
  const value = definition.metadata.annotations?.[annotation] ?? "";
  const asked = `protected groups must have approval annotation ${JSON.stringify(annotation)}`;
  if (value === "") return { state: "Missing", reason: `${asked}, ${see}` };
  if (value.startsWith("unapproved")) return { state: "Unapproved", reason: `not approved: ${JSON.stringify(value)}` };
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#\s]+\S*$/.test(value))
    return { state: "Approved", reason: `approved in ${value}` };
  return { state: "Invalid", reason: `${asked} with either a URL or a reason starting with "unapproved", ${see}` };
}

/** The condition KubernetesAPIApprovalPolicyConformant; undefined for groups that are not protected. */
export function approvalCondition(
  definition: Manifest,
): { type: string; status: "True" | "False"; reason: string; message: string } | undefined {
  if (!isProtected(groupOf(definition))) return undefined;
  const { state, reason } = approvalOf(definition);
  const type = "KubernetesAPIApprovalPolicyConformant";
  return { type, status: state === "Approved" ? "True" : "False", reason: `${state}Annotation`, message: reason };
}

/** What is wrong with the approval; an update that leaves it as it was is not judged. */
export function approvalErrors(definition: Manifest, live: Manifest | undefined): FieldError[] {
  if (!isProtected(groupOf(definition))) return [];
  const { state, reason } = approvalOf(definition);
  if (live !== undefined && approvalOf(live).state === state) return [];
  const field = `metadata.annotations[${annotation}]`;
  if (state === "Missing") return [required(field, reason)];
  return state === "Invalid" ? [invalid(field, definition.metadata.annotations?.[annotation] ?? "", reason)] : [];
}

function groupOf(definition: Manifest): string {
  const { group } = (definition.spec ?? {}) as { group?: unknown };
  return typeof group === "string" ? group : "";
}
