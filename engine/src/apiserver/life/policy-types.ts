// Checks the expressions of ValidatingAdmissionPolicies against the types of the objects that they are about, and says in their status
// what does not fit, as kube-controller-manager does (apiserver/pkg/admission/plugin/policy/validating/typechecking.go, v1.36).

import { convertNode, customSchemas } from "#api/crd";
import { builtinSchemas, schemaFor } from "#api/kubernetes";
import { type Cluster, type Discovery, Informer, type Resource } from "#cluster";
import { WorkQueue } from "#controller";
import { admissionVariables, type CelType, composedVariables, declareCel, inspectCel } from "#formats/cel";
import { asManifest, type Clock, isObject, type JsonObject, type Manifest, splitApiVersion } from "#kernel";
import { refused } from "./faults.ts";
import { checkedTypesMax, retryBackOff } from "./limits.ts";

type Rule = { apiGroups?: string[]; apiVersions?: string[]; resources?: string[] };
type Policy = Manifest & {
  spec?: {
    matchConstraints?: { resourceRules?: Rule[] };
    paramKind?: { apiVersion: string; kind: string };
    validations?: { expression?: string; messageExpression?: string }[];
    variables?: { name: string; expression: string }[];
  };
  status?: { observedGeneration?: number };
};
type Kind = { group: string; version: string; kind: string; plural: string };

const fieldManager = "validatingadmissionpolicy-status";

export class PolicyTypes {
  readonly queue: WorkQueue;
  readonly #cluster: Cluster;
  readonly #resource: Resource;
  readonly #policies: Informer<Policy>;

  constructor(cluster: Cluster, clock: Clock, resource: Resource) {
    this.#cluster = cluster;
    this.#resource = resource;
    this.queue = new WorkQueue({ clock, backOff: retryBackOff });
    this.#policies = new Informer({ cluster, clock, resource, keep: (object) => object as Policy });
  }

  async start(signal: AbortSignal): Promise<void> {
    void this.#policies.run(signal);
    await this.#policies.synced;
    const due = (policy: Policy): void => {
      if (isDue(policy)) this.queue.add(policy.metadata.name, "drift");
    };
    for (const policy of this.#policies.values()) due(policy);
    this.#policies.subscribe({ changed: (policy) => due(policy), deleted: () => undefined });
  }

  async reconcile(name: string): Promise<void> {
    const policy = this.#policies.get("", name);
    if (policy === undefined || !isDue(policy)) return;
    const warnings = await this.#warnings(policy);
    const status: JsonObject = { observedGeneration: policy.metadata.generation ?? 0, typeChecking: {} };
    if (warnings.length > 0) status.typeChecking = { expressionWarnings: warnings };
    const { apiVersion, kind } = policy;
    const manifest = asManifest({ apiVersion, kind, metadata: { name }, status });
    const target = { resource: this.#resource, namespace: "", name, subresource: "status" };
    const answer = await this.#cluster.apply(target, manifest, { fieldManager, isForced: true });
    if (!answer.ok && answer.status.code !== 404) throw refused(`checking the types of ${name}`, answer.status);
  }

  async #warnings(policy: Policy): Promise<JsonObject[]> {
    const { validations = [], variables = [], paramKind } = policy.spec ?? {};
    const discovered = await this.#cluster.discover();
    if (!discovered.ok) throw refused("discovery", discovered.status);
    const params = paramKind === undefined ? undefined : await this.#paramType(discovered.value, paramKind);
    const scopes: { kind: Kind; variables: Map<string, CelType> }[] = [];
    for (const kind of kindsOf(policy, discovered.value)) {
      const object = await this.#typeOf(kind);
      if (object === undefined) continue;
      const scope = { object, hasParams: paramKind !== undefined, hasAuthorizer: true };
      const known = admissionVariables(params === undefined ? scope : { ...scope, params });
      known.set("variables", composedVariables(variables, known));
      scopes.push({ kind, variables: known });
    }
    return validations.flatMap((validation, index) =>
      (["expression", "messageExpression"] as const).flatMap((member) => {
        const expression = validation[member] ?? "";
        const wrong = expression === "" ? [] : scopes.flatMap((scope) => wrongIn(expression, scope));
        const fieldRef = `spec.validations[${index}].${member}`;
        return wrong.length === 0 ? [] : [{ fieldRef, warning: wrong.join("\n") }];
      }),
    );
  }

  async #paramType(
    discovery: Discovery,
    { apiVersion, kind }: Pick<Manifest, "apiVersion" | "kind">,
  ): Promise<CelType | undefined> {
    const { group, version } = splitApiVersion(apiVersion);
    const found = discovery.byKind(group, kind, version);
    return found === undefined ? undefined : this.#typeOf({ group, version, kind, plural: found.plural });
  }

  /** The type of a kind's objects; undefined for one that no schema tells of. */
  async #typeOf({ group, version, kind, plural }: Kind): Promise<CelType | undefined> {
    const builtin = schemaFor(group, version, kind);
    if (builtin !== undefined) return declareCel(builtinSchemas, builtin, kind, true)?.type;
    const schema = await this.#customSchema(`${plural}.${group}`, version);
    return schema === undefined ? undefined : declareCel(customSchemas, convertNode(schema), kind, true)?.type;
  }

  async #customSchema(name: string, version: string): Promise<JsonObject | undefined> {
    const discovered = await this.#cluster.discover();
    const resource = discovered.ok
      ? discovered.value.byKind("apiextensions.k8s.io", "CustomResourceDefinition")
      : undefined;
    if (resource === undefined) return undefined;
    const answer = await this.#cluster.get({ resource, namespace: "", name });
    if (!answer.ok) return undefined;
    const { versions } = answer.value["spec"] as { versions?: { name: string; schema?: JsonObject }[] };
    const schema = versions?.find((one) => one.name === version)?.schema?.["openAPIV3Schema"];
    return isObject(schema) ? schema : undefined;
  }
}

/** Once for each generation. */
function isDue({ metadata, status }: Policy): boolean {
  return (metadata.generation ?? 0) > (status?.observedGeneration ?? 0);
}

function wrongIn(
  expression: string,
  { kind: { group, version, kind }, variables }: { kind: Kind; variables: ReadonlyMap<string, CelType> },
): string[] {
  const found = inspectCel(expression, variables);
  return found.ok ? [] : [`${group}/${version}, Kind=${kind}: ${found.message}\n`];
}

const isWild = (names: readonly string[]): boolean => names.some((name) => name.includes("*"));

/** The kinds that a policy names: none of a rule with a wildcard. */
function kindsOf(policy: Policy, { resources }: Discovery): Kind[] {
  const found = new Map<string, Kind>();
  for (const rule of policy.spec?.matchConstraints?.resourceRules ?? []) {
    const { apiGroups = [], apiVersions = [], resources: plurals = [] } = rule;
    if (isWild(apiGroups) || isWild(apiVersions)) continue;
    const named = plurals.filter((plural) => !/[*/]/.test(plural));
    const matching = resources.filter(
      ({ group, version, plural }) =>
        apiGroups.includes(group) && apiVersions.includes(version) && named.includes(plural),
    );
    for (const { group, version, kind, plural } of matching.slice(0, checkedTypesMax))
      found.set(`${group}/${version}/${kind}`, { group, version, kind, plural });
  }
  const order = ({ group, version, kind }: Kind): string => `${group}\0${version}\0${kind}`;
  return [...found.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
}
