// The roles and bindings of a new control plane.

import type { Manifest } from "#kernel";
import { bootstrapRolesText } from "./data/bootstrap-roles.ts";
import type { PolicyRule } from "./rbac.ts";

type Role = {
  name: string;
  labels: Record<string, string>;
  rules: PolicyRule[];
  aggregationRule?: { clusterRoleSelectors: { matchLabels: Record<string, string> }[] };
};
type Data = { roles: Role[]; bindings: { name: string; role: string; groups: string[] }[] };

const bootstrapLabel = { "kubernetes.io/bootstrapping": "rbac-defaults" };
const bootstrapNote = { "rbac.authorization.kubernetes.io/autoupdate": "true" };
const apiGroup = "rbac.authorization.k8s.io";

/** ClusterRoles and ClusterRoleBindings, ready to be created. */
export function bootstrapRoles(): Manifest[] {
  const { roles, bindings } = JSON.parse(bootstrapRolesText) as Data;
  return [...roles.map((role) => roleObject(role, roles)), ...bindings.map(bindingObject)];
}

function roleObject(role: Role, all: readonly Role[]): Manifest {
  return {
    apiVersion: `${apiGroup}/v1`,
    kind: "ClusterRole",
    metadata: { name: role.name, labels: { ...bootstrapLabel, ...role.labels }, annotations: { ...bootstrapNote } },
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

function bindingObject({ name, role, groups }: Data["bindings"][number]): Manifest {
  return {
    apiVersion: `${apiGroup}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name, labels: { ...bootstrapLabel }, annotations: { ...bootstrapNote } },
    roleRef: { apiGroup, kind: "ClusterRole", name: role },
    subjects: groups.map((group) => ({ apiGroup, kind: "Group", name: group })),
  };
}
