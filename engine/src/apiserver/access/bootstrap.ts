// The roles and bindings of a new control plane.

import type { Manifest } from "#kernel";
import { bootstrapRolesText } from "./data/bootstrap-roles.ts";
import type { PolicyRule } from "./rbac.ts";

/** Without a namespace it is for the whole cluster. */
type Role = {
  name: string;
  namespace?: string;
  labels: Record<string, string>;
  rules: PolicyRule[];
  aggregationRule?: { clusterRoleSelectors: { matchLabels: Record<string, string> }[] };
};
type Subject = { kind: string; name: string; namespace?: string };
type Binding = { name: string; namespace?: string; role: string; subjects: Subject[] };
type Data = { roles: Role[]; bindings: Binding[] };

const bootstrapLabel = { "kubernetes.io/bootstrapping": "rbac-defaults" };
const bootstrapNote = { "rbac.authorization.kubernetes.io/autoupdate": "true" };
const apiGroup = "rbac.authorization.k8s.io";

/** Roles and bindings, of the cluster and of its own namespaces, ready to be created. */
export function bootstrapRoles(): Manifest[] {
  const { roles, bindings } = JSON.parse(bootstrapRolesText) as Data;
  return [...roles.map((role) => roleObject(role, roles)), ...bindings.map(bindingObject)];
}

function roleObject(role: Role, all: readonly Role[]): Manifest {
  return {
    apiVersion: `${apiGroup}/v1`,
    kind: role.namespace === undefined ? "ClusterRole" : "Role",
    metadata: metadataOf(role, role.labels),
    ...(role.aggregationRule === undefined ? {} : { aggregationRule: role.aggregationRule }),
    rules: rulesOf(role, all),
  };
}

/** An aggregated role holds the rules of what it selects, those of aggregated ones too. */
function rulesOf(role: Role, all: readonly Role[]): PolicyRule[] {
  if (role.aggregationRule === undefined) return role.rules;
  const selectors = role.aggregationRule.clusterRoleSelectors.map((selector) => Object.entries(selector.matchLabels));
  const selected = all.filter((other) =>
    selectors.some((pairs) => pairs.every(([key, value]) => other.labels[key] === value)),
  );
  return selected.flatMap((other) => rulesOf(other, all));
}

function metadataOf({ name, namespace }: Role | Binding, labels: Record<string, string> = {}): Manifest["metadata"] {
  const own = { name, labels: { ...bootstrapLabel, ...labels }, annotations: { ...bootstrapNote } };
  return namespace === undefined ? own : { ...own, namespace };
}

function bindingObject(binding: Binding): Manifest {
  const { namespace, role, subjects } = binding;
  const kind = namespace === undefined ? "ClusterRole" : "Role";
  return {
    apiVersion: `${apiGroup}/v1`,
    kind: `${kind}Binding`,
    metadata: metadataOf(binding),
    roleRef: { apiGroup, kind, name: role },
    ...(subjects.length === 0 ? {} : { subjects: subjects.map(subjectObject) }),
  };
}

function subjectObject(subject: Subject): Record<string, string> {
  return subject.kind === "ServiceAccount" ? { ...subject } : { apiGroup, ...subject };
}
