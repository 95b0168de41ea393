// What kustomizations bring along to be obeyed: field rules of `configurations`, definitions of `crds`, a schema for `openapi`.
import { writeYaml } from "./yaml-styles.mjs";

/** Rules for some of the lists there are. */
function configuration(random) {
  const all = {
    nameReference: [
      { kind: "ConfigMap", version: "v1", fieldSpecs: [{ kind: "Widget", path: "spec/nested/configMapRef/name" }] },
      {
        kind: "Secret",
        fieldSpecs: [
          { kind: "Widget", path: "spec/nested/secretName" },
          { path: "spec/secretName", kind: "Certificate" },
        ],
      },
      { kind: "Widget", group: "example.com", fieldSpecs: [{ path: "spec/issuerRef/name", kind: "Certificate" }] },
      { kind: "Certificate", fieldSpecs: [{ path: "metadata/annotations/note" }, { path: "spec/items/value" }] },
    ].filter(() => random.chance(0.8)),
    images: [{ path: "spec/image", kind: "Widget" }],
    commonLabels: [{ path: "spec/selector/labels", create: true, kind: "Widget" }],
    labels: [{ path: "spec/onlyLabels", create: true, kind: "Widget" }],
    commonAnnotations: [{ path: "spec/notes", create: true, group: "example.com" }],
    namePrefix: [{ path: "spec/nested/text", kind: "Widget" }],
    nameSuffix: [{ path: "spec/size", kind: "Widget" }],
    namespace: [
      { path: "spec/namespace", create: true, kind: "Widget" },
      { path: "metadata/name", kind: "Namespace", create: true },
    ],
    replicas: [{ path: "spec/size", create: true, kind: "Widget" }],
    varReference: [
      { path: "spec/nested/text", kind: "Widget" },
      { path: "data", kind: "ConfigMap" },
      { path: "metadata/annotations" },
    ],
    templateLabels: [{ path: "spec/tpl", create: true, kind: "Widget" }],
    volumeClaimTemplateLabels: [{ path: "spec/claims", create: true, kind: "Widget" }],
  };
  return Object.fromEntries(random.some(Object.entries(all), 0.35));
}

const crd = {
  "example.com/v1.Widget": {
    Schema: {
      properties: {
        apiVersion: { type: "string" },
        kind: { type: "string" },
        metadata: { type: "object" },
        spec: { $ref: "example.com/v1.WidgetSpec" },
      },
    },
  },
  "example.com/v1.WidgetSpec": {
    Schema: {
      properties: {
        nested: { $ref: "example.com/v1.Nested", "x-kubernetes-annotation": "" },
        image: { type: "string", "x-kubernetes-identity": "" },
        marks: { "x-kubernetes-label-selector": "" },
      },
    },
  },
  "example.com/v1.Nested": {
    Schema: {
      properties: {
        configMapRef: { "x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": "ConfigMap" },
        secretRef: {
          "x-kubernetes-object-ref-api-version": "v1",
          "x-kubernetes-object-ref-kind": "Secret",
          "x-kubernetes-object-ref-name-key": "secretName",
        },
      },
    },
  },
};

const openapi = {
  definitions: {
    "com.example.v1.Widget": {
      type: "object",
      properties: {
        spec: {
          type: "object",
          properties: {
            items: {
              type: "array",
              items: { type: "object" },
              "x-kubernetes-patch-merge-key": "id",
              "x-kubernetes-patch-strategy": "merge",
            },
            containers: {
              type: "array",
              items: { $ref: "#/definitions/com.example.Container" },
              "x-kubernetes-patch-merge-key": "name",
              "x-kubernetes-patch-strategy": "merge",
            },
            list: { type: "array", items: { type: "string" }, "x-kubernetes-patch-strategy": "merge" },
          },
        },
      },
      "x-kubernetes-group-version-kind": [{ group: "example.com", kind: "Widget", version: "v1" }],
    },
    "com.example.Container": { type: "object", properties: { name: { type: "string" } } },
  },
};

/** Files of `configurations`, one or two. */
export function configurations({ random, files }, folder) {
  return random.times(random.chance(0.2) ? 2 : 1, (i) => {
    const name = `config${i === 0 ? "" : i}.yaml`;
    files[`${folder}/${name}`] = writeYaml(configuration(random), random);
    return name;
  });
}

/** The file of definitions for `crds`, as JSON or YAML. */
export function crds({ random, files }, folder) {
  const name = random.pick(["crd.json", "crd.json", "crd.yaml"]);
  files[`${folder}/${name}`] = name === "crd.json" ? JSON.stringify(crd) : writeYaml(crd, random, { isPlain: true });
  return [name];
}

/** The value of `openapi`. */
export function schema({ random, files }, folder) {
  if (random.chance(0.2)) return { version: "v1.21.2" };
  const name = random.pick(["schema.json", "schema.json", "schema.yaml"]);
  const isJson = name === "schema.json";
  files[`${folder}/${name}`] = isJson ? JSON.stringify(openapi) : writeYaml(openapi, random, { isPlain: true });
  return { path: name };
}
