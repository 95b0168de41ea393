// ValidatingAdmissionPolicies on both servers. Each policy is about objects of one label, so that scripts do not meet.

import { applied, patch, post, put, remove, type Script, type Step, unseen } from "./steps.ts";

const registration = "/apis/admissionregistration.k8s.io/v1";
const maps = "/api/v1/namespaces/default/configmaps";

type Part = Record<string, unknown>;

function map(script: string, name: string, data: Part = {}, more: Part = {}): Part {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: `${script}-${name}`, labels: { policy: script }, ...more }, data };
}

/** A policy with its binding, in force once a marked object is refused. */
function policy(script: string, spec: Part, binding: Part = {}): Step[] {
  const marker = { expression: "!('marker' in object.metadata.labels)", message: "marker" };
  const rules = [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["configmaps"] }];
  const { validations = [], matchConstraints = {}, ...rest } = spec as { validations?: unknown[]; matchConstraints?: Part };
  const whole = {
    metadata: { name: script },
    spec: { matchConstraints: { resourceRules: rules, objectSelector: { matchLabels: { policy: script } }, ...matchConstraints }, validations: [...validations, marker], ...rest },
  };
  return [
    post(`${registration}/validatingadmissionpolicies`, whole),
    unseen(post(`${registration}/validatingadmissionpolicybindings`, { metadata: { name: script }, spec: { policyName: script, validationActions: ["Deny"], ...binding } })),
    { ...unseen(post(maps, map(script, "marked", {}, { labels: { policy: script, marker: "x" } }))), awaits: 422 },
  ];
}

function clean(script: string): Step[] {
  return [unseen(remove(`${registration}/validatingadmissionpolicybindings/${script}`)), unseen(remove(`${registration}/validatingadmissionpolicies/${script}`))];
}

function script(name: string, spec: Part, steps: (id: string) => Step[], binding: Part = {}): Script {
  const id = `vap-${name.replaceAll(" ", "-")}`;
  return { name: `policy: ${name}`, steps: [...policy(id, spec, binding), ...steps(id), ...clean(id)] };
}

const create = (id: string, name: string, data: Part = {}): Step => post(maps, map(id, name, data));

/** A mutating policy with its binding, in force once a dry run comes back marked: its first mutation refuses marked objects. */
function mutating(name: string, spec: Part, steps: (id: string) => Step[], binding: Part = {}): Script {
  const id = `map-${name.replaceAll(" ", "-")}`;
  const { mutations = [], ...rest } = spec as { mutations?: unknown[] };
  const rules = [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["configmaps"] }];
  const marker = { patchType: "JSONPatch", jsonPatch: { expression: "'marker' in object.metadata.labels ? [JSONPatch{op: 'remove', path: '/data/none/none'}] : []" } };
  const whole = {
    metadata: { name: id },
    spec: { matchConstraints: { resourceRules: rules, objectSelector: { matchLabels: { policy: id } } }, failurePolicy: "Fail", reinvocationPolicy: "Never", ...rest, mutations: [marker, ...mutations] },
  };
  return {
    name: `mutating policy: ${name}`,
    steps: [
      post(`${registration}/mutatingadmissionpolicies`, whole),
      unseen(post(`${registration}/mutatingadmissionpolicybindings`, { metadata: { name: id }, spec: { policyName: id, ...binding } })),
      { ...unseen(post(maps, map(id, "marked", {}, { labels: { policy: id, marker: "x" } }))), awaits: 403 },
      ...steps(id),
      unseen(remove(`${registration}/mutatingadmissionpolicybindings/${id}`)),
      unseen(remove(`${registration}/mutatingadmissionpolicies/${id}`)),
    ],
  };
}

function jsonPatch(expression: string): Part {
  return { patchType: "JSONPatch", jsonPatch: { expression } };
}

function configuration(expression: string): Part {
  return { patchType: "ApplyConfiguration", applyConfiguration: { expression } };
}

function refusedPolicy(name: string, spec: Part): Step {
  const rules = [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"] }];
  return post(`${registration}/mutatingadmissionpolicies`, { metadata: { name }, spec: { matchConstraints: { resourceRules: rules }, failurePolicy: "Fail", reinvocationPolicy: "Never", mutations: [jsonPatch("[JSONPatch{op: 'remove', path: '/data/a'}]")], ...spec } });
}

const mutatingScripts: readonly Script[] = [
  mutating("patch", { mutations: [jsonPatch("[JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('a/b'), value: 'c'}, JSONPatch{op: 'test', path: '/data/a', value: '1'}, JSONPatch{op: 'replace', path: '/data/a', value: 'x' + object.data.a}]")] }, (id) => [create(id, "x", { a: "1" }), create(id, "y", { a: "2" }), create(id, "z", {}), patch(`${maps}/${id}-x`, "merge", { data: { a: "1" } }), applied(`${maps}/${id}-w`, "one", map(id, "w", { a: "1" }))]),
  mutating("configuration", { mutations: [configuration("Object{metadata: Object.metadata{annotations: {'made': 'by ' + request.userInfo.username}}, data: {'b': object.data.a}}"), configuration("has(object.data.c) ? Object{data: {'d': object.data.b}} : Object{}")] }, (id) => [create(id, "x", { a: "1" }), create(id, "y", { a: "2", c: "" }), post(`${maps}?dryRun=All`, map(id, "z", { a: "3" })), put(`${maps}/${id}-x`, map(id, "x", { a: "4", c: "" }))]),
  mutating("errors", { mutations: [jsonPatch("[JSONPatch{op: 'add', path: '/data/x', value: object.data.none}]"), jsonPatch("[JSONPatch{op: 'replace', path: '/data/nothing', value: 'x'}]")] }, (id) => [create(id, "x", { a: "1" })]),
  mutating("unknown fields", { mutations: [jsonPatch("[JSONPatch{op: 'add', path: '/unknown', value: 'x'}]")] }, (id) => [create(id, "x", { a: "1" })]),
  mutating("not of the schema", { mutations: [configuration("Object{unknown: 1}")] }, (id) => [create(id, "x", { a: "1" })]),
  mutating("conditions", { matchConditions: [{ name: "c", expression: "has(object.data) && has(object.data.b) || 'marker' in object.metadata.labels" }], variables: [{ name: "v", expression: "object.data.b + '!'" }], mutations: [configuration("Object{data: {'b': variables.v}}"), configuration("Object{data: {'b': variables.v}}")] }, (id) => [create(id, "x", { a: "1" }), create(id, "y", { b: "1" })]),
  mutating("again", { reinvocationPolicy: "IfNeeded", mutations: [jsonPatch("has(object.data.n) ? [JSONPatch{op: 'replace', path: '/data/n', value: object.data.n + 'n'}] : []")] }, (id) => [create(id, "x", { n: "1" }), create(id, "y", { a: "1" })]),
  { name: "mutating policy: refused", steps: [
    refusedPolicy("map-r1", { mutations: [] }), refusedPolicy("map-r2", { mutations: [{ patchType: "JSONPatch" }] }), refusedPolicy("map-r3", { mutations: [{ ...jsonPatch("[]"), patchType: "Other" }] }),
    refusedPolicy("map-r4", { mutations: [{ ...jsonPatch("[JSONPatch{op: 'add'}]"), ...configuration("Object{}") }] }), refusedPolicy("map-r5", { reinvocationPolicy: "Sometimes" }), refusedPolicy("map-r6", { mutations: [jsonPatch("''"), configuration("1")] }), refusedPolicy("map-r7", { mutations: [jsonPatch(" ")] }),
  ] },
];

export const policyScripts: readonly Script[] = [
  ...mutatingScripts,
  script("denies", { validations: [{ expression: "object.data.a == '1'" }] }, (id) => [create(id, "x", { a: "1" }), create(id, "y", { a: "2" }), create(id, "z", {}), put(`${maps}/${id}-x`, map(id, "x", { a: "3" })), patch(`${maps}/${id}-x`, "merge", { data: { a: "4" } }), applied(`${maps}/${id}-w`, "one", map(id, "w", { a: "5" }))]),
  script("message", { validations: [{ expression: "object.data.a == '1'", message: " a must be one " }] }, (id) => [create(id, "y", { a: "2" })]),
  script("message expression", { validations: [{ expression: "object.data.a == '1'", messageExpression: "'a is ' + object.data.a", message: "fallback" }, { expression: "!has(object.data.b)", messageExpression: "string(object.data.none)", message: "fallback" }] }, (id) => [create(id, "y", { a: "2" }), create(id, "z", { a: "1", b: "1" })]),
  script("reasons", { validations: [{ expression: "!has(object.data.f)", reason: "Forbidden" }, { expression: "!has(object.data.r)", reason: "RequestEntityTooLarge" }] }, (id) => [create(id, "f", { f: "" }), create(id, "r", { r: "" })]),
  script("several", { validations: [{ expression: "object.data.a == '1'" }, { expression: "object.data.b == '1'" }] }, (id) => [create(id, "y", { a: "2", b: "2" })]),
  script("errors", { validations: [{ expression: "object.data.a.size() > 100" }] }, (id) => [create(id, "y", { a: "2" }), post(maps, { ...map(id, "z"), data: undefined })]),
  script("failure ignored", { failurePolicy: "Ignore", validations: [{ expression: "object.data.none == 'x'" }] }, (id) => [create(id, "y", { a: "2" })]),
  script("warn", { validations: [{ expression: "object.data.a == '1'", message: "not one" }] }, (id) => [{ ...unseen(create(id, "t", {})) }, create(id, "y", { a: "2" })], { validationActions: ["Deny"] }),
  script("variables", { variables: [{ name: "a", expression: "object.data.a" }, { name: "both", expression: "variables.a + object.data.b" }], validations: [{ expression: "variables.both == '12'", messageExpression: "string(variables.both)" }] }, (id) => [create(id, "x", { a: "1", b: "2" }), create(id, "y", { a: "2", b: "2" }), create(id, "z", { a: "1" })]),
  script("match conditions", { matchConditions: [{ name: "only-b", expression: "has(object.data.b) || 'marker' in object.metadata.labels" }], validations: [{ expression: "object.data.a == '1'" }] }, (id) => [create(id, "x", { a: "2" }), create(id, "y", { a: "2", b: "" })]),
  script("match condition errors", { matchConditions: [{ name: "bad", expression: "object.data.b == 'x' || 'marker' in object.metadata.labels" }], validations: [{ expression: "false" }] }, (id) => [create(id, "x", { a: "2" }), create(id, "y", { b: "y" }), create(id, "z", { b: "x" })]),
  script("old object", { validations: [{ expression: "oldObject == null || oldObject.data.a == object.data.a", message: "a stays" }] }, (id) => [create(id, "x", { a: "2" }), patch(`${maps}/${id}-x`, "merge", { data: { a: "3" } }), patch(`${maps}/${id}-x`, "merge", { data: { b: "3" } })]),
  script("request", { validations: [{ expression: "request.operation == 'CREATE' && request.userInfo.username == 'admin' && request.resource.resource == 'configmaps' && request.namespace == 'default' && request.kind.kind == 'ConfigMap' && !request.dryRun" }, { expression: "false", messageExpression: "request.name + ' ' + request.operation + ' ' + request.resource.version + ' ' + string(request.dryRun)" }] }, (id) => [create(id, "x", {}), post(`${maps}?dryRun=All`, map(id, "x"))]),
  script("namespace object", { validations: [{ expression: "namespaceObject.metadata.name == 'default'" }, { expression: "namespaceObject.metadata.labels['kubernetes.io/metadata.name'] != 'default'" }] }, (id) => [create(id, "x", {})]),
  script("authorizer", { validations: [{ expression: "authorizer.group('apps').resource('deployments').namespace('default').check('create').allowed()" }, { expression: "authorizer.requestResource.check('delete').allowed()" }, { expression: "authorizer.path('/healthz').check('get').allowed()" }, { expression: "authorizer.serviceAccount('default', 'nobody').group('').resource('secrets').check('get').allowed()", message: "not for nobody" }] }, (id) => [create(id, "x", {})]),
  script("excluded", { matchConstraints: { excludeResourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["*"], resources: ["configmaps"], resourceNames: ["vap-excluded-free"] }] }, validations: [{ expression: "false" }] }, (id) => [create(id, "free", {}), create(id, "bound", {})]),
  script("params", { paramKind: { apiVersion: "v1", kind: "ConfigMap" }, validations: [{ expression: "object.data.a == params.data.a", messageExpression: "'must be ' + params.data.a" }] }, (id) => [unseen(post(maps, { metadata: { name: `${id}-params` }, data: { a: "7" } })), { ...unseen(post(`${maps}?dryRun=All`, map(id, "t", { a: "7" }))), awaits: 201 }, create(id, "x", { a: "7" }), create(id, "y", { a: "8" })], { paramRef: { name: "vap-params-params", namespace: "default", parameterNotFoundAction: "Deny" } }),
  script("audit", { auditAnnotations: [{ key: "a", valueExpression: "'x'" }], validations: [{ expression: "object.data.a == '1'" }] }, (id) => [create(id, "x", { a: "2" })]),
  script("binding matches", { validations: [{ expression: "object.data.a == '1'" }] }, (id) => [create(id, "x", { a: "2" }), create(id, "bound", { a: "2" })], { matchResources: { resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"], resourceNames: ["vap-binding-matches-bound", "vap-binding-matches-marked"] }] } }),
  script("libraries", { validations: [{ expression: "url('https://a.b/c').getHost() == 'a.b' && quantity('1Gi').isGreaterThan(quantity('1Mi')) && ip('10.0.0.1').family() == 4 && cidr('10.0.0.0/8').containsIP('10.1.1.1') && 'abc'.find('[bc]') == 'b' && [1, 2, 3].sum() == 6 && sets.contains([1, 2], [1]) && semver('1.2.3').isLessThan(semver('1.3.0')) && format.named('dns1123Label').hasValue() && object.?data.?zz.orValue('q') == 'q'" }, { expression: "!format.named('dns1123Label').value().validate('a-b').hasValue()" }, { expression: "[1, 2].all(i, v, v == i + 1) && {'a': 1}.transformList(k, v, k) == ['a']" }, { expression: "false", messageExpression: "'%s %d'.format(['x', 1]) + ' ' + ['b', 'a'].sort().join(',') + ' ' + 'Ab'.lowerAscii()" }] }, (id) => [create(id, "x", {})]),
  { name: "webhook: none answers", steps: [
    post(`${registration}/validatingwebhookconfigurations`, { metadata: { name: "hook-closed" }, webhooks: [{ name: "closed.example.com", clientConfig: { url: "https://127.0.0.1:9/x" }, rules: [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"] }], objectSelector: { matchLabels: { hook: "closed" } }, sideEffects: "None", admissionReviewVersions: ["v1"], timeoutSeconds: 2 }] }),
    { ...unseen(post(maps, { metadata: { name: "hook-closed-probe", labels: { hook: "closed" } } })), awaits: 500 },
    post(maps, { metadata: { name: "hook-closed-1", labels: { hook: "closed" } } }),
    post(maps, { metadata: { name: "hook-free-1" } }),
    unseen(remove(`${registration}/validatingwebhookconfigurations/hook-closed`)),
  ] },
  { name: "webhook: of a service", steps: [
    post(`${registration}/mutatingwebhookconfigurations`, { metadata: { name: "hook-service" }, webhooks: [{ name: "service.example.com", clientConfig: { service: { name: "nothing", namespace: "default", path: "/mutate" } }, rules: [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"] }], objectSelector: { matchLabels: { hook: "service" } }, sideEffects: "None", admissionReviewVersions: ["v1"], timeoutSeconds: 2 }] }),
    { ...unseen(post(maps, { metadata: { name: "hook-service-probe", labels: { hook: "service" } } })), awaits: 500 },
    post(maps, { metadata: { name: "hook-service-1", labels: { hook: "service" } } }),
    unseen(remove(`${registration}/mutatingwebhookconfigurations/hook-service`)),
  ] },
  { name: "policy: refused expressions", steps: ["nothing.x", "1", "object.x", "'a'"].map((expression, index) => post(`${registration}/validatingadmissionpolicies`, { metadata: { name: `vap-refused-${index}` }, spec: { matchConstraints: { resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"] }] }, validations: [{ expression }] } })) },
];
