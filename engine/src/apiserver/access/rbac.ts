// Role based access control: the rules that an identity's bindings give it, as kube-apiserver's RBAC authorizer reads them.

import type { AccessQuestion, Identity } from "#cluster";
import type { Manifest } from "#kernel";
import type { Registry, Storage } from "#apiserver/registry";

export type PolicyRule = {
  verbs: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
};

export type Verdict = { isAllowed: boolean; reason: string };

type Subject = { kind: string; name: string; namespace?: string };
type RoleRef = { kind: string; name: string };
type Binding = Manifest & { subjects?: Subject[]; roleRef: RoleRef };
type Role = Manifest & { rules?: PolicyRule[] };

const group = "rbac.authorization.k8s.io";

function storageOf(plural: string, kind: string, isNamespaced: boolean): Storage {
  return { group, plural, kind, apiVersion: `${group}/v1`, isNamespaced };
}

const storages = {
  clusterRoles: storageOf("clusterroles", "ClusterRole", false),
  roles: storageOf("roles", "Role", true),
  clusterBindings: storageOf("clusterrolebindings", "ClusterRoleBinding", false),
  bindings: storageOf("rolebindings", "RoleBinding", true),
};

export class Rbac {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  decide(identity: Identity, question: AccessQuestion): Verdict {
    if (identity.groups.includes("system:masters")) return { isAllowed: true, reason: "" };
    for (const granted of this.#grants(identity, question.namespace ?? ""))
      if (covers(granted.rule, question)) return { isAllowed: true, reason: granted.reason };
    return { isAllowed: false, reason: refusalText(identity, question) };
  }

  decidePath(identity: Identity, verb: string, path: string): Verdict {
    if (identity.groups.includes("system:masters")) return { isAllowed: true, reason: "" };
    for (const granted of this.#grants(identity, ""))
      if (coversPath(granted.rule, verb, path)) return { isAllowed: true, reason: granted.reason };
    return {
      isAllowed: false,
      reason: `User ${JSON.stringify(identity.user)} cannot ${verb} path ${JSON.stringify(path)}`,
    };
  }

  /** Every rule an identity has in a namespace ("" for the cluster alone). */
  rulesFor(identity: Identity, namespace: string): PolicyRule[] {
    const everything: PolicyRule[] = [
      { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
      { verbs: ["*"], nonResourceURLs: ["*"] },
    ];
    const own = [...this.#grants(identity, namespace)].map((granted) => granted.rule);
    return identity.groups.includes("system:masters") ? [...everything, ...own] : own;
  }

  *#grants(identity: Identity, namespace: string): Iterable<{ rule: PolicyRule; reason: string }> {
    for (const { object } of this.#registry.collection(storages.clusterBindings).range(`${group}/clusterrolebindings/`))
      yield* this.#granted(identity, object as Binding, "");
    if (namespace === "") return;
    const prefix = `${group}/rolebindings/${namespace}/`;
    for (const { object } of this.#registry.collection(storages.bindings).range(prefix))
      yield* this.#granted(identity, object as Binding, namespace);
  }

  *#granted(identity: Identity, binding: Binding, namespace: string): Iterable<{ rule: PolicyRule; reason: string }> {
    const subject = (binding.subjects ?? []).find((one) => isSubject(identity, one, namespace));
    if (subject === undefined) return;
    const { kind, name } = binding.roleRef;
    const where = namespace === "" ? "ClusterRoleBinding" : "RoleBinding";
    const bindingName = namespace === "" ? binding.metadata.name : `${binding.metadata.name}/${namespace}`;
    const reason = `RBAC: allowed by ${where} "${bindingName}" of ${kind} "${name}" to ${subject.kind} "${subjectName(subject, namespace)}"`;
    for (const rule of this.#role(binding.roleRef, namespace)?.rules ?? []) yield { rule, reason };
  }

  #role(ref: RoleRef, namespace: string): Role | undefined {
    const isLocal = ref.kind === "Role";
    const storage = isLocal ? storages.roles : storages.clusterRoles;
    const key = isLocal ? `${group}/roles/${namespace}/${ref.name}` : `${group}/clusterroles/${ref.name}`;
    return this.#registry.collection(storage).get(key)?.object as Role | undefined;
  }
}

function subjectName({ kind, name, namespace }: Subject, ofBinding: string): string {
  return kind === "ServiceAccount" ? `${name}/${namespace ?? ofBinding}` : name;
}

function isSubject(identity: Identity, subject: Subject, namespace: string): boolean {
  switch (subject.kind) {
    case "User":
      return subject.name === identity.user;
    case "Group":
      return identity.groups.includes(subject.name);
    case "ServiceAccount":
      return identity.user === `system:serviceaccount:${subject.namespace ?? namespace}:${subject.name}`;
    default:
      return false;
  }
}

function has(list: readonly string[] | undefined, value: string): boolean {
  return list !== undefined && (list.includes("*") || list.includes(value));
}

export function covers(rule: PolicyRule, question: AccessQuestion): boolean {
  if (!has(rule.verbs, question.verb) || !has(rule.apiGroups, question.group)) return false;
  const names = rule.resourceNames ?? [];
  if (names.length > 0 && !names.includes(question.name ?? "")) return false;
  const { resource, subresource } = question;
  if (subresource === undefined || subresource === "") return has(rule.resources, resource);
  return has(rule.resources, `${resource}/${subresource}`) || (rule.resources ?? []).includes(`*/${subresource}`);
}

function coversPath(rule: PolicyRule, verb: string, path: string): boolean {
  if (!has(rule.verbs, verb)) return false;
  return (rule.nonResourceURLs ?? []).some(
    (url) => url === "*" || url === path || (url.endsWith("*") && path.startsWith(url.slice(0, -1))),
  );
}

function refusalText(identity: Identity, question: AccessQuestion): string {
  const { subresource = "", namespace = "" } = question;
  const resource = subresource === "" ? question.resource : `${question.resource}/${subresource}`;
  const where = namespace === "" ? "at the cluster scope" : `in the namespace ${JSON.stringify(namespace)}`;
  return `User ${JSON.stringify(identity.user)} cannot ${question.verb} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(question.group)} ${where}`;
}
