// Expressions of policies and rules of definitions that are refused when they are written, and why.

import { patch, post, put, saved, type Script, unseen, get, withQuery } from "./steps.ts";

type Part = Record<string, unknown>;

const registration = "/apis/admissionregistration.k8s.io/v1";
const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

const matchConstraints = { resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"] }] };
const right = [{ expression: "true" }];

function policies(kind: "validating" | "mutating", specs: readonly Part[]): Script["steps"] {
  return specs.map((spec, index) => withQuery(post(`${registration}/${kind}admissionpolicies`, { metadata: { name: `expr-${kind}-${index}` }, spec: { matchConstraints, ...spec } }), "dryRun=All"));
}

const mutating = (mutation: Part): Part => ({ reinvocationPolicy: "Never", mutations: [mutation] });
const patching = (expression: string): Part => mutating({ patchType: "JSONPatch", jsonPatch: { expression } });
const applying = (expression: string): Part => mutating({ patchType: "ApplyConfiguration", applyConfiguration: { expression } });

function definition(name: string, schema: Part, more: Part = {}, spec: Part = {}): Part {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${name}.expr.example.com` },
    spec: { group: "expr.example.com", scope: "Cluster", names: { plural: name, singular: `${name}x`, kind: `K${name}`, listKind: `K${name}List` }, versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object", properties: { spec: schema } } }, ...more }], ...spec },
  };
}

const list = { type: "array", items: { type: "string" } };
const costly = [{ rule: "self.a.all(x, self.a.exists(y, x == y))" }];
const cheap = [{ rule: "self.a.size() > 0" }];

const unfit = ["double('x') > 1.0", "int('1.5') == 1", "bool('yes')", "uint(-1) == 1u", "string(b'\\xff') == ''", "timestamp(string('x')) == timestamp(0)", "'a'.find('[') == ''", "int(dyn([1])) == 1", "int('x')"];

export const expressionScripts: readonly Script[] = [
  {
    name: "expressions: of validating policies",
    steps: policies("validating", [
      ...["object.a +", "variables.x", "namespaceObject.metadata.nothing", "request.userInfo.name == 'a'", "request.name == 1", "authorizer.group(1)", "authorizer.requestResource.check('get')", "object.a.map(x, x)", "size(request) > 0", "params.a == 1", "[1, 'a'].size() > 0", "'a'.matches('(')", "duration('x') > duration('1s')", "cel.bind(x, 1, x == 1)", "object.list.sortBy(x, x.n)[0] == 1", "quantity('1').sign() > 0"].map((expression) => ({ validations: [{ expression }] })),
      { validations: [{ expression: "true", messageExpression: "1" }, { expression: "true", messageExpression: " " }, { expression: "true", messageExpression: "authorizer.path('/')" }] },
      { validations: [{ expression: "true", message: " " }, { expression: "true", message: "a\nb" }, { expression: "true", reason: "Odd" }, { expression: " " }] },
      { validations: right, matchConditions: [{ name: "a", expression: "variables.a == 1" }, { name: "a", expression: "object.a" }, { name: "a b", expression: "true" }, { name: "", expression: "" }] },
      { validations: [{ expression: "variables.a == 'x' && variables.b" }], variables: [{ name: "a", expression: "1" }, { name: "b", expression: "variables.a + 1" }, { name: "c-d", expression: "variables.e" }, { name: "e", expression: "" }] },
      { validations: right, auditAnnotations: [{ key: "a", valueExpression: "1" }, { key: "a b", valueExpression: "null" }, { key: "c", valueExpression: "" }, { key: "d", valueExpression: "object.x" }] },
      { validations: right, failurePolicy: "Odd" },
    ]),
  },
  {
    name: "expressions: of mutating policies",
    steps: policies("mutating", [
      ...["1", "[JSONPatch{op: 'add'}]", "[JSONPatch{op: 1}]", "[JSONPatch{other: 1}]", "object.a", "[]", "[Patch{op: 'add'}]", "[JSONPatch{op: 'add', path: jsonpatch.escapeKey('a/b'), value: object.a}]"].map(patching),
      ...["1", "Object{}", "Object{spec: Object.spec{a: 1}}", "Object{spec: Other{}}", "object", "Object.spec{}", "{'a': 1}"].map(applying),
    ]),
  },
  {
    name: "expressions: rules of definitions that change",
    steps: [
      post(definitions, definition("wides", { type: "object", properties: { a: list }, "x-kubernetes-validations": costly })),
      unseen(post(definitions, definition("wides", { type: "object", properties: { a: list }, "x-kubernetes-validations": cheap }))),
      patch(`${definitions}/wides.expr.example.com`, "json", [{ op: "add", path: "/spec/versions/0/schema/openAPIV3Schema/properties/spec/x-kubernetes-validations/-", value: { rule: "self.b == 1" } }]),
      patch(`${definitions}/wides.expr.example.com`, "json", [{ op: "add", path: "/spec/versions/0/schema/openAPIV3Schema/properties/spec/x-kubernetes-validations/-", value: costly[0] }]),
      patch(`${definitions}/wides.expr.example.com`, "json", [{ op: "add", path: "/spec/versions/0/schema/openAPIV3Schema/properties/spec/x-kubernetes-validations/-", value: { rule: "self.a.exists(x, x == 'a')", message: "no a" } }]),
    ],
  },
  {
    name: "expressions: constants that cannot be converted",
    steps: [
      ...unfit.map((rule, index) => withQuery(post(definitions, definition(`unfit${index}`, { type: "object", properties: { a: { type: "string" } }, "x-kubernetes-validations": [{ rule }, { rule: `oldSelf.a == '' || ${rule}` }, { rule: "self.a == ''", messageExpression: "string(int('x'))" }] })), "dryRun=All")),
      ...policies("validating", unfit.map((expression) => ({ validations: [{ expression, messageExpression: "string(int('x'))" }], matchConditions: [{ name: "a", expression }], variables: [{ name: "v", expression }], auditAnnotations: [{ key: "k", valueExpression: "string(double('x'))" }] }))),
      ...policies("mutating", ["[JSONPatch{op: 'add', path: '/a', value: int('x')}]"].map(patching)),
      ...policies("mutating", ["Object{a: int('x')}"].map(applying)),
      withQuery(post(`${registration}/validatingwebhookconfigurations`, { metadata: { name: "unfit" }, webhooks: [{ name: "a.example.com", clientConfig: { url: "https://127.0.0.1:1/x" }, sideEffects: "None", admissionReviewVersions: ["v1"], matchConditions: unfit.map((expression, index) => ({ name: `c${index}`, expression })) }] }), "dryRun=All"),
    ],
  },
  {
    name: "definitions: what may change",
    steps: [
      unseen(post(definitions, definition("stays", { type: "object", properties: { a: { type: "string" } } }))),
      { ...unseen(get("/apis/expr.example.com/v1/stays")), awaits: 200 },
      saved("d", get(`${definitions}/stays.expr.example.com`)),
      ...[{ names: { kind: "Other" } }, { names: { plural: "others" } }, { scope: "Namespaced" }, { group: "other.example.com" }, { names: { shortNames: ["st"] } }, { preserveUnknownFields: true }, { conversion: { strategy: "Odd" } }, { conversion: { strategy: "Webhook" } }, { conversion: { strategy: "None", webhook: { conversionReviewVersions: ["v1"], clientConfig: { url: "https://127.0.0.1:9/x" } } } }, { conversion: { strategy: "Webhook", webhook: { clientConfig: { url: "https://127.0.0.1:9/x" } } } }, { conversion: { strategy: "Webhook", webhook: { conversionReviewVersions: ["v2"], clientConfig: { url: "https://127.0.0.1:9/x" } } } }, { conversion: { strategy: "Webhook", webhook: { conversionReviewVersions: ["v1"], clientConfig: { url: "http://127.0.0.1:9/x" } } } }, { conversion: { strategy: "Webhook", webhook: { conversionReviewVersions: ["v1"], clientConfig: { service: { name: "a", namespace: "b" } } } } }, { versions: [] }].map((spec) => withQuery(patch(`${definitions}/stays.expr.example.com`, "merge", { spec }), "dryRun=All")),
      patch(`${definitions}/stays.expr.example.com/status`, "merge", { status: { storedVersions: [] } }),
      patch(`${definitions}/stays.expr.example.com/status`, "merge", { status: { storedVersions: ["v1", "v0"] } }),
      patch(`${definitions}/stays.expr.example.com`, "json", [{ op: "replace", path: "/spec/versions/0/name", value: "v2" }]),
      ...[{ selectableFields: [{ jsonPath: ".spec.a" }] }, { selectableFields: [{ jsonPath: ".spec.b" }] }, { selectableFields: [{ jsonPath: "spec.a" }] }, { selectableFields: [{ jsonPath: ".spec" }] }, { selectableFields: [{ jsonPath: ".metadata.name" }] }, { selectableFields: [{ jsonPath: ".spec.a" }, { jsonPath: ".spec.a" }] }, { subresources: { scale: { specReplicasPath: "spec.replicas", statusReplicasPath: ".spec.x" } } }, { subresources: { scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas", labelSelectorPath: "x" } } }, { additionalPrinterColumns: [{ name: "", type: "odd", jsonPath: "x" }] }, { additionalPrinterColumns: [{ name: "A", type: "string", jsonPath: ".spec.a", format: "odd" }, { name: "A", type: "date", jsonPath: ".spec['a" }] }, { deprecationWarning: "old" }, { deprecated: true, deprecationWarning: "" }, { deprecated: true, deprecationWarning: "x".repeat(300) }].map((more) => withQuery(put(`${definitions}/stays.expr.example.com`, { ...definition("stays", { type: "object", properties: { a: { type: "string" } } }, more), metadata: { name: "stays.expr.example.com", resourceVersion: "{{d.rv}}" } }), "dryRun=All")),
    ],
  },
];
