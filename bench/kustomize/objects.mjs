// Random Kubernetes objects as data: kinds that kustomize's tables know and kinds they do not, with odd values among them.
import { Odd, oddTexts, texts } from "./yaml-styles.mjs";

export const names = ["web", "api", "db", "cache", "web-config", "a1"];
export const namespaces = ["shop", "prod", "default", "kube-system"];
export const images = [
  "nginx",
  "nginx:1.19",
  "quay.io/org/app:v1",
  "localhost:5000/app@sha256:abc123",
  "busybox:latest",
  "gcr.io/p/nginx:1",
  "nginx@sha256:0123",
  "registry:5000/a/b:v1@sha256:aa",
];

export function odd(random) {
  return random.chance(0.7) ? new Odd(random.pick(oddTexts)) : random.pick(texts);
}

/** A string, whatever else it looks like. */
export function oddString(random) {
  return random.chance(0.5) ? random.pick(names) : random.pick(texts);
}

export function labels(random, keys = ["app", "tier", "env", "app.kubernetes.io/name"]) {
  return Object.fromEntries(random.some(keys, 0.6).map((key) => [key, random.pick(names)]));
}

function annotations(random) {
  const keys = ["note", "example.com/a", "b", "kubernetes.io/change-cause"];
  const own = random.some(keys, 0.5).map((key) => [key, random.chance(0.4) ? odd(random) : random.pick(texts)]);
  return Object.fromEntries(random.chance(0.05) ? [...own, random.pick(meaningful)] : own);
}

/** Annotations that mean something to kustomize, or look as if. */
const meaningful = [
  ["config.kubernetes.io/local-config", "true"],
  ["config.kubernetes.io/local-config", "false"],
  ["config.kubernetes.io/index", "0"],
  ["config.kubernetes.io/path", "a.yaml"],
  ["config.k8s.io/id", "1"],
  ["config.kubernetes.io/origin", "path: elsewhere.yaml\n"],
  ["internal.config.kubernetes.io/index", "1"],
  ["internal.config.kubernetes.io/prefixes", "pre-"],
  ["internal.config.kubernetes.io/own", "kept"],
  ["kustomize.config.k8s.io/needs-hash", "true"],
  ["kustomize.config.k8s.io/behavior", "merge"],
];

function optional(random, share, make) {
  return random.chance(share) ? make() : {};
}

function container(random, i) {
  return {
    name: `${random.pick(["main", "side"])}${i === 0 ? "" : i}`,
    image: random.pick(images),
    ...optional(random, 0.3, () => ({ args: random.times(1 + random.int(3), () => random.pick(texts)) })),
    ...optional(random, 0.1, () => ({ command: ["sh", "-c", "echo $(VAR_A)"] })),
    ...optional(random, 0.4, () => ({
      env: [
        { name: "A", value: random.chance(0.5) ? odd(random) : random.pick(texts) },
        { name: "B", valueFrom: { configMapKeyRef: { name: random.pick(names), key: "k0" } } },
        { name: "C", valueFrom: { secretKeyRef: { name: random.pick(names), key: "k0" } } },
        { name: "D", value: "$(VAR_A)" },
      ].filter(() => random.chance(0.6)),
    })),
    ...optional(random, 0.3, () => ({
      envFrom: [{ secretRef: { name: random.pick(names) } }, { configMapRef: { name: random.pick(names) } }],
    })),
    ...optional(random, 0.4, () => ({ ports: ports(random, "containerPort") })),
    ...optional(random, 0.2, () => ({ resources: { limits: { cpu: "100m", memory: "1Gi" } } })),
    ...optional(random, 0.2, () => ({ volumeMounts: [{ mountPath: "/x", name: "v" }] })),
    ...optional(random, 0.1, () => ({ livenessProbe: { httpGet: { path: "/", port: random.pick(["http", 80]) } } })),
  };
}

export function ports(random, key) {
  return random.times(1 + random.int(3), (i) => ({
    [key]: random.pick([80, 8080, 443]) + (random.chance(0.8) ? i : 0),
    ...optional(random, 0.5, () => ({ name: `p${i}` })),
    ...optional(random, 0.4, () => ({ protocol: random.pick(["TCP", "UDP"]) })),
  }));
}

function podSpec(random) {
  return {
    ...optional(random, 0.3, () => ({ serviceAccountName: random.pick(names) })),
    ...optional(random, 0.1, () => ({ serviceAccount: random.pick(names) })),
    ...optional(random, 0.2, () => ({ initContainers: [{ name: "init", image: random.pick(images) }] })),
    containers: random.times(1 + random.int(3), (i) => container(random, i)),
    ...optional(random, 0.3, () => ({
      volumes: [
        { name: "v", configMap: { name: random.pick(names) } },
        { name: "s", secret: { secretName: random.pick(names) } },
        { name: "c", persistentVolumeClaim: { claimName: random.pick(names) } },
        { name: "p", projected: { sources: [{ configMap: { name: random.pick(names) } }] } },
      ].filter(() => random.chance(0.6)),
    })),
    ...optional(random, 0.15, () => ({
      tolerations: [
        { key: "a", operator: "Exists" },
        { key: "b", effect: "NoSchedule" },
      ],
    })),
    ...optional(random, 0.15, () => ({ imagePullSecrets: [{ name: random.pick(names) }] })),
    ...optional(random, 0.1, () => ({ priorityClassName: random.pick(names) })),
    ...optional(random, 0.1, () => ({
      affinity: {
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 1, podAffinityTerm: { topologyKey: "h", labelSelector: { matchLabels: labels(random) } } },
          ],
        },
      },
    })),
    ...optional(random, 0.1, () => ({
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: "zone",
          whenUnsatisfiable: "DoNotSchedule",
          labelSelector: { matchLabels: { app: "web" } },
        },
      ],
    })),
  };
}

function podTemplate(random) {
  return {
    metadata: {
      labels: { app: random.pick(names), ...labels(random) },
      ...optional(random, 0.2, () => ({ annotations: annotations(random) })),
    },
    spec: podSpec(random),
  };
}

function workload(random) {
  return {
    spec: {
      ...optional(random, 0.6, () => ({ replicas: random.int(5) })),
      selector: { matchLabels: { app: random.pick(names) } },
      template: podTemplate(random),
      ...optional(random, 0.2, () => ({
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: random.pick([1, "25%"]) } },
      })),
    },
  };
}

function dataOf(random) {
  return Object.fromEntries(
    random.times(1 + random.int(4), (i) => [
      `k${i}${random.chance(0.2) ? ".yaml" : ""}`,
      random.chance(0.3) ? odd(random) : random.pick(texts),
    ]),
  );
}

function role(random) {
  return {
    rules: [
      {
        apiGroups: [""],
        resources: [random.pick(["configmaps", "secrets", "services"])],
        ...optional(random, 0.7, () => ({ resourceNames: random.times(1 + random.int(2), () => random.pick(names)) })),
        verbs: ["get"],
      },
    ],
  };
}

function binding(random) {
  return {
    roleRef: {
      apiGroup: "rbac.authorization.k8s.io",
      kind: random.pick(["Role", "ClusterRole"]),
      name: random.pick(names),
    },
    subjects: random.times(1 + random.int(2), () => ({
      kind: random.pick(["ServiceAccount", "ServiceAccount", "User", "Group"]),
      name: random.pick([...names, "default"]),
      ...optional(random, 0.6, () => ({ namespace: random.pick(namespaces) })),
    })),
  };
}

function webhooks(random) {
  return {
    webhooks: random.times(1 + random.int(2), (i) => ({
      name: `w${i}.example.com`,
      clientConfig: { service: { name: random.pick(names), namespace: random.pick(namespaces), path: "/x" } },
      ...optional(random, 0.3, () => ({ namespaceSelector: { matchLabels: labels(random) } })),
    })),
  };
}

/** Kind by kind: apiVersions, and what stands beside metadata. */
/** YAML inside a field, with what node trees carry along: comments in every place, anchors, styles, several documents. */
const configTexts = [
  "a: 1 # first\n# about b\nb:\n  c: [x, y]\n  d: 'q'\n",
  "# head\n\na: &one 1\nb:\n  d: *one # again\n  c: # list\n  - x\n  # last\n# foot\n",
  'a: 1\nb: &b\n    d: "q"   # wide\n    c:\n        - x # one\n        -   y\ne: *b\n',
  "a: |\n  text # no comment\nb: # behind\n  # inside\n  d: q\n\n  # apart\n\n  c: []\ne: ~ # nothing\n",
  "a: >-\n  folded\n  text\nb: {d: q, c: [x]} # flow\ne: !!str 5\n# end\n",
  "# head\n\na: &x true # at a\nb: {c: [x, y], d: q} # flow\ne: *x\n# foot\n",
  "&root\na: 1\nb: &b # behind\n  d: q\n  c:\n  -\n    # inside\n    - x\n",
  "a: !!str 1\nb:\n    # apart\n\n    d: >\n      two\n\n      parts\n    c: []\n",
  "---\n# start\na: '1'\nb:\n- c\n",
  "a: 1\n---\na: 2\n",
  "b:\n  d: long long long long long long long long long long long long long long long long long long long long text\n",
];

const kinds = {
  Deployment: [["apps/v1", "apps/v1", "apps/v1", "extensions/v1beta1"], workload],
  StatefulSet: [
    ["apps/v1"],
    (random) => {
      const made = workload(random);
      made.spec.serviceName = random.pick(names);
      if (random.chance(0.5))
        made.spec.volumeClaimTemplates = [
          {
            metadata: { name: "data", ...optional(random, 0.3, () => ({ labels: labels(random) })) },
            spec: { storageClassName: random.pick(names) },
          },
        ];
      return made;
    },
  ],
  DaemonSet: [["apps/v1"], workload],
  ReplicaSet: [["apps/v1"], workload],
  Job: [["batch/v1"], (random) => ({ spec: { template: podTemplate(random), backoffLimit: 1 } })],
  CronJob: [
    ["batch/v1", "batch/v1beta1"],
    (random) => ({ spec: { schedule: "* * * * *", jobTemplate: { spec: { template: podTemplate(random) } } } }),
  ],
  Pod: [["v1"], (random) => ({ spec: podSpec(random) })],
  Service: [
    ["v1"],
    (random) => ({
      spec: {
        selector: { app: random.pick(names) },
        ports: ports(random, "port"),
        ...optional(random, 0.2, () => ({ type: "ClusterIP", clusterIP: "None" })),
      },
    }),
  ],
  ConfigMap: [["v1"], (random) => (random.chance(0.9) ? { data: dataOf(random) } : {})],
  Secret: [
    ["v1"],
    (random) => ({
      type: random.pick(["Opaque", "kubernetes.io/tls"]),
      ...optional(random, 0.6, () => ({ data: { password: "aGVsbG8=", other: "eA==" } })),
      ...optional(random, 0.5, () => ({ stringData: { user: random.pick(texts), password: "p" } })),
    }),
  ],
  ServiceAccount: [
    ["v1"],
    (random) =>
      optional(random, 0.4, () => ({
        secrets: [{ name: random.pick(names) }],
        imagePullSecrets: [{ name: random.pick(names) }],
      })),
  ],
  Role: [["rbac.authorization.k8s.io/v1"], role],
  ClusterRole: [
    ["rbac.authorization.k8s.io/v1"],
    (random) =>
      random.chance(0.2)
        ? { aggregationRule: { clusterRoleSelectors: [{ matchLabels: labels(random) }] }, rules: [] }
        : role(random),
  ],
  RoleBinding: [["rbac.authorization.k8s.io/v1"], binding],
  ClusterRoleBinding: [["rbac.authorization.k8s.io/v1"], binding],
  Ingress: [
    ["networking.k8s.io/v1", "networking.k8s.io/v1", "extensions/v1beta1"],
    (random) => ({
      spec: {
        ...optional(random, 0.2, () => ({ ingressClassName: random.pick(names) })),
        rules: [
          {
            host: random.chance(0.15) ? "$(VAR_A).example.com" : "example.com",
            http: {
              paths: [
                { path: "/", backend: { service: { name: random.pick(names), port: { number: 80 } } } },
                { path: "/old", backend: { serviceName: random.pick(names), servicePort: 80 } },
              ].filter((_, i) => i === 0 || random.chance(0.3)),
            },
          },
        ],
        tls: [{ secretName: random.pick(names) }],
      },
    }),
  ],
  HorizontalPodAutoscaler: [
    ["autoscaling/v2", "autoscaling/v1"],
    (random) => ({
      spec: {
        scaleTargetRef: {
          apiVersion: "apps/v1",
          kind: random.pick(["Deployment", "StatefulSet"]),
          name: random.pick(names),
        },
        maxReplicas: 3,
      },
    }),
  ],
  PersistentVolumeClaim: [
    ["v1"],
    (random) => ({ spec: { volumeName: random.pick(names), storageClassName: random.pick(names) } }),
  ],
  PersistentVolume: [
    ["v1"],
    (random) => ({
      spec: {
        storageClassName: random.pick(names),
        claimRef: { name: random.pick(names), namespace: random.pick(namespaces) },
      },
    }),
  ],
  StorageClass: [["storage.k8s.io/v1"], () => ({ provisioner: "p" })],
  PriorityClass: [["scheduling.k8s.io/v1"], () => ({ value: 100 })],
  IngressClass: [["networking.k8s.io/v1"], () => ({ spec: { controller: "c" } })],
  Namespace: [["v1"], () => ({})],
  ResourceQuota: [["v1"], () => ({ spec: { hard: { pods: "10" } } })],
  LimitRange: [["v1"], () => ({ spec: { limits: [{ type: "Container", default: { cpu: "1" } }] } })],
  NetworkPolicy: [
    ["networking.k8s.io/v1"],
    (random) => ({
      spec: {
        podSelector: { matchLabels: { app: random.pick(names) } },
        ingress: [{ from: [{ podSelector: { matchLabels: { tier: "x" } } }, { namespaceSelector: {} }] }],
        ...optional(random, 0.4, () => ({ egress: [{ to: [{ podSelector: { matchLabels: { tier: "y" } } }] }] })),
      },
    }),
  ],
  PodDisruptionBudget: [
    ["policy/v1", "policy/v1beta1"],
    () => ({ spec: { minAvailable: "50%", selector: { matchLabels: { app: "web" } } } }),
  ],
  CustomResourceDefinition: [
    ["apiextensions.k8s.io/v1"],
    (random) => ({
      spec: {
        group: "example.com",
        names: { kind: "Widget", plural: "widgets" },
        conversion: {
          strategy: "Webhook",
          webhook: { clientConfig: { service: { name: random.pick(names), namespace: random.pick(namespaces) } } },
        },
        versions: [
          {
            name: "v1",
            served: true,
            schema: { openAPIV3Schema: { type: "object", properties: { containers: { type: "array" } } } },
          },
        ],
      },
    }),
  ],
  APIService: [
    ["apiregistration.k8s.io/v1"],
    (random) => ({
      spec: { group: "g", version: "v1", service: { name: random.pick(names), namespace: random.pick(namespaces) } },
    }),
  ],
  MutatingWebhookConfiguration: [["admissionregistration.k8s.io/v1"], webhooks],
  ValidatingWebhookConfiguration: [["admissionregistration.k8s.io/v1"], webhooks],
  ValidatingAdmissionPolicyBinding: [
    ["admissionregistration.k8s.io/v1"],
    (random) => ({ spec: { policyName: random.pick(names) } }),
  ],
  ValidatingAdmissionPolicy: [["admissionregistration.k8s.io/v1"], () => ({ spec: { failurePolicy: "Fail" } })],
  Widget: [
    ["example.com/v1", "example.com/v1", "v1"],
    (random) => ({
      spec: {
        image: random.pick(images),
        size: odd(random),
        when: odd(random),
        containers: [{ name: "w", image: random.pick(images) }],
        list: random.times(1 + random.int(3), () => odd(random)),
        nested: {
          configMapRef: { name: random.pick(names) },
          text: random.pick(texts),
          secretName: random.pick(names),
        },
        items: [
          { id: "one", value: odd(random) },
          { id: "two", value: random.pick(texts) },
        ],
        ...optional(random, 0.2, () => ({ config: random.pick(configTexts) })),
        ...optional(random, 0.2, () => ({ json: '{"a": {"b": "c"}, "l": [1, 2]}' })),
      },
    }),
  ],
  Certificate: [
    ["cert-manager.io/v1"],
    (random) => ({
      spec: { secretName: random.pick(names), issuerRef: { name: random.pick(names) }, dnsNames: ["a.example.com"] },
    }),
  ],
};

const kindNames = [
  ...Object.keys(kinds),
  "Deployment",
  "Deployment",
  "Deployment",
  "ConfigMap",
  "ConfigMap",
  "Service",
  "Widget",
];

/** An object; `world.names` gets its name. */
export function makeObject(world) {
  const { random } = world;
  const kind = random.pick(kindNames);
  const [apiVersions, body] = kinds[kind];
  const apiVersion = random.pick(apiVersions);
  let name = random.chance(0.4) ? random.pick(names) : `${random.pick(names)}-${world.count++}`;
  const namespace = random.chance(0.2) ? random.pick(namespaces) : "";
  // Two objects of one name are a conflict, which is worth little more than once.
  if (world.taken.has(`${kind}/${name}`) && random.chance(0.97)) name = `${name}-${world.count++}`;
  world.taken.add(`${kind}/${name}`);
  const object = {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === "" ? {} : { namespace }),
      ...optional(random, 0.4, () => ({ labels: labels(random) })),
      ...optional(random, 0.3, () => ({ annotations: annotations(random) })),
    },
    ...body(random),
  };
  world.names.push({ apiVersion, kind, name, namespace, object });
  return object;
}

/** Paths of all nodes of the data: lists of keys and indexes. */
export function pathsOf(data, path = []) {
  const paths = path.length === 0 ? [] : [path];
  if (typeof data !== "object" || data === null || data instanceof Odd) return paths;
  for (const [key, value] of Object.entries(data))
    paths.push(...pathsOf(value, [...path, Array.isArray(data) ? Number(key) : key]));
  return paths;
}

export function valueAt(data, path) {
  return path.reduce((node, key) => node?.[key], data);
}

export function isLeaf(value) {
  return typeof value !== "object" || value === null || value instanceof Odd;
}
