// The custom kinds that scripts use: one plain, one with everything a schema can say.

const gadgetSpec = {
  type: "object",
  required: ["mode"],
  properties: {
    mode: { type: "string", enum: ["slow", "fast"] },
    note: { type: "string", maxLength: 10 },
    level: { type: "integer", default: 3, minimum: 1, exclusiveMaximum: true, maximum: 10 },
    ratio: { type: "number", multipleOf: 0.5 },
    ports: {
      type: "array",
      maxItems: 4,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["port", "protocol"],
      items: {
        type: "object",
        required: ["name", "port"],
        properties: {
          name: { type: "string", pattern: "^[a-z]+$", maxLength: 8 },
          port: { type: "integer", format: "int32", minimum: 1, maximum: 65535 },
          protocol: { type: "string", default: "TCP", enum: ["TCP", "UDP"] },
        },
      },
    },
    tags: { type: "array", maxItems: 5, "x-kubernetes-list-type": "set", items: { type: "string", maxLength: 20 } },
    amount: { "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] },
    free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    limits: { type: "object", maxProperties: 3, additionalProperties: { type: "integer" } },
    window: {
      type: "object",
      default: {},
      properties: { start: { type: "string", default: "0s" }, end: { type: "string", format: "duration" } },
    },
    nothing: { type: "string", nullable: true },
    point: {
      type: "object",
      "x-kubernetes-map-type": "atomic",
      properties: { x: { type: "integer" }, y: { type: "integer" } },
      "x-kubernetes-validations": [{ rule: "self.x <= self.y", messageExpression: "self.y > 0 ? 'x is more than a positive y' : 'x is more than y'", fieldPath: ".x", reason: "FieldValueForbidden" }],
    },
    when: { type: "string", format: "date-time" },
    email: { type: "string", format: "email" },
    embedded: { type: "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true },
  },
  "x-kubernetes-validations": [
    { rule: "self.mode == oldSelf.mode || self.mode == 'fast'", message: "mode only ever gets fast" },
    { rule: "!has(self.tags) || self.tags.all(t, t != 'evil')" },
  ],
};

const conditions = {
  type: "array",
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["type"],
  items: {
    type: "object",
    required: ["type", "status"],
    properties: { type: { type: "string" }, status: { type: "string", enum: ["True", "False", "Unknown"] }, reason: { type: "string" } },
  },
};

const gadget = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "gadgets.example.com" },
  spec: {
    group: "example.com",
    scope: "Cluster",
    names: { plural: "gadgets", singular: "gadget", kind: "Gadget", shortNames: ["gdg"], categories: ["toys"] },
    versions: [
      {
        name: "v2",
        served: true,
        storage: true,
        subresources: { status: {} },
        selectableFields: [{ jsonPath: ".spec.mode" }],
        additionalPrinterColumns: [
          { name: "Mode", type: "string", jsonPath: ".spec.mode" },
          { name: "Level", type: "integer", jsonPath: ".spec.level", priority: 1 },
          { name: "First", type: "string", jsonPath: ".spec.ports[0].name", description: "the first port" },
          { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
          { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
        ],
        schema: {
          openAPIV3Schema: {
            type: "object",
            required: ["spec"],
            properties: { spec: gadgetSpec, status: { type: "object", default: { observed: -1 }, properties: { conditions, observed: { type: "integer" } } } },
          },
        },
      },
      {
        name: "v1",
        served: true,
        storage: false,
        deprecated: true,
        deprecationWarning: "example.com/v1 Gadget is old",
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { spec: { type: "object", properties: { mode: { type: "string" }, note: { type: "string" } } }, status: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
          },
        },
      },
    ],
  },
};

export const moreDefinitions: readonly object[] = [gadget];
