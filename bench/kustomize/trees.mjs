// Random trees of kustomizations, by a grammar: several levels, all fields, and the odd values that YAML allows. Equal seeds
// give equal trees.

/** A small generator of random numbers (mulberry32). */
export function makeRandom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    int: (limit) => Math.floor(next() * limit),
    chance: (share) => next() < share,
    pick: (list) => list[Math.floor(next() * list.length)],
  };
}

const names = ["web", "api", "db", "cache", "web-config", "a1"];
const namespaces = ["shop", "prod", "default", "kube-system"];
const images = ["nginx", "nginx:1.19", "quay.io/org/app:v1", "localhost:5000/app@sha256:abc123", "busybox:latest"];
const oddTexts = [
  "yes",
  '"yes"',
  "'no'",
  "on",
  "0777",
  '"0777"',
  "1e3",
  "1.0",
  "12:30:45",
  "2024-01-02",
  "~",
  "null",
  '""',
  "''",
  "true",
  '"true"',
  "0x1F",
  "1_000",
  "'it''s'",
  '"tab\\there"',
  '"é😀"',
  "a: b".replace(": ", ":"),
  "'a: b'",
  "'# x'",
  "plain text with words",
  "'- x'",
  "-1",
  "+5",
  ".5",
  "1.",
  "9007199254740993",
  "18446744073709551616",
  "!!str 12",
  "word ".repeat(30).trim(),
  '"trailing "',
  "$(VAR_A)",
  "$$(VAR_A)",
  "x-$(VAR_B)-y",
  "{}",
  "[]",
  "'{}'",
  "=",
  "<<",
  "0o17",
  "0b11",
  "1e400",
  "-.inf",
  "'.nan'",
  "y",
  "n",
  "Y",
  "No",
];
const blocks = [
  "|\n  line one\n    indented\n  last\n",
  "|-\n  no end\n",
  ">\n  folded\n  text\n\n  para\n",
  "|+\n  keep\n\n",
  ">-\n  a\n    more\n  b\n",
];

function indent(text, by) {
  const pad = " ".repeat(by);
  return text
    .split("\n")
    .map((line) => (line === "" ? "" : pad + line))
    .join("\n");
}

/** One tree: files by path, and the folder to build. */
export function makeTree(seed) {
  const random = makeRandom(seed);
  const files = {};
  // `seen` holds the objects of each folder and of all below it, as they are named in their files.
  const world = { random, files, count: 0, names: [], seen: new Map() };
  const bases = Array.from({ length: 1 + random.int(2) }, (_, i) => makeLevel(world, `base${i}`, []));
  const components = random.chance(0.3) ? [makeComponent(world, "component")] : [];
  let below = bases;
  const levels = random.int(3);
  for (let i = 0; i < levels; i++) below = [makeLevel(world, `overlay${i}`, below, components)];
  const path = makeLevel(world, "top", below, levels === 0 ? components : []);
  return { files, path };
}

function makeLevel(world, folder, below, components = []) {
  const { random, files } = world;
  const lines = [];
  world.names = [...below, ...components].flatMap((one) => world.seen.get(one) ?? []);
  if (random.chance(0.5)) lines.push("apiVersion: kustomize.config.k8s.io/v1beta1", "kind: Kustomization");
  const resources = below.map((one) => `../${one}`);
  const own = below.length === 0 ? 1 + random.int(4) : random.int(3);
  for (let i = 0; i < own; i++) {
    const name = `r${i}.yaml`;
    files[`${folder}/${name}`] = Array.from({ length: 1 + random.int(2) }, () => makeObject(world)).join("---\n");
    resources.push(name);
  }
  if (resources.length > 0) lines.push("resources:", ...resources.map((one) => `- ${one}`));
  if (components.length > 0) lines.push("components:", ...components.map((one) => `- ../${one}`));
  addFields(world, folder, lines);
  if (folder === "top" && random.chance(0.1))
    lines.push("buildMetadata:", "- originAnnotations", ...(random.chance(0.5) ? ["- transformerAnnotations"] : []));
  if (folder === "top" && random.chance(0.15))
    lines.push("sortOptions:", `  order: ${random.pick(["fifo", "legacy"])}`);
  files[`${folder}/kustomization.yaml`] = `${lines.join("\n")}\n`;
  world.seen.set(folder, world.names);
  return folder;
}

function makeComponent(world, folder) {
  world.names = [];
  const lines = ["apiVersion: kustomize.config.k8s.io/v1alpha1", "kind: Component"];
  if (world.random.chance(0.4)) {
    world.files[`${folder}/extra.yaml`] = makeObject(world);
    lines.push("resources:", "- extra.yaml");
  }
  addFields(world, folder, lines);
  world.files[`${folder}/kustomization.yaml`] = `${lines.join("\n")}\n`;
  world.seen.set(folder, world.names);
  return folder;
}

const kinds = [
  ["apps/v1", "Deployment"],
  ["apps/v1", "Deployment"],
  ["apps/v1", "StatefulSet"],
  ["apps/v1", "DaemonSet"],
  ["batch/v1", "Job"],
  ["batch/v1", "CronJob"],
  ["v1", "Pod"],
  ["v1", "Service"],
  ["v1", "ConfigMap"],
  ["v1", "Secret"],
  ["v1", "ServiceAccount"],
  ["rbac.authorization.k8s.io/v1", "Role"],
  ["rbac.authorization.k8s.io/v1", "RoleBinding"],
  ["rbac.authorization.k8s.io/v1", "ClusterRole"],
  ["rbac.authorization.k8s.io/v1", "ClusterRoleBinding"],
  ["networking.k8s.io/v1", "Ingress"],
  ["autoscaling/v2", "HorizontalPodAutoscaler"],
  ["v1", "PersistentVolumeClaim"],
  ["v1", "Namespace"],
  ["apiextensions.k8s.io/v1", "CustomResourceDefinition"],
  ["example.com/v1", "Widget"],
  ["networking.k8s.io/v1", "NetworkPolicy"],
  ["policy/v1", "PodDisruptionBudget"],
  ["admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"],
];

function makeObject(world) {
  const { random } = world;
  const [apiVersion, kind] = random.pick(kinds);
  const name = random.chance(0.5) ? random.pick(names) : `${random.pick(names)}-${random.int(30)}`;
  const namespace = random.chance(0.25) ? random.pick(namespaces) : "";
  world.names.push({ apiVersion, kind, name, namespace });
  const lines = [`apiVersion: ${apiVersion}`, `kind: ${kind}`, "metadata:", `  name: ${name}`];
  if (namespace !== "") lines.push(`  namespace: ${namespace}`);
  if (random.chance(0.4)) lines.push("  labels:", ...entries(random, 4, ["app", "tier", "env"]));
  if (random.chance(0.3)) lines.push("  annotations:", ...entries(random, 4, ["note", "example.com/a", "b"]));
  lines.push(...bodyOf(world, kind));
  return `${lines.join("\n")}\n`;
}

function entries(random, by, keys) {
  return keys
    .filter(() => random.chance(0.6))
    .map((key) => `${" ".repeat(by)}${key}: ${random.chance(0.3) ? random.pick(oddTexts) : random.pick(names)}`);
}

function bodyOf(world, kind) {
  const { random } = world;
  switch (kind) {
    case "Deployment":
    case "StatefulSet":
    case "DaemonSet":
      return [
        "spec:",
        ...(random.chance(0.5) ? [`  replicas: ${random.int(5)}`] : []),
        "  selector:",
        "    matchLabels:",
        `      app: ${random.pick(names)}`,
        "  template:",
        ...indent(podTemplate(world), 4).split("\n"),
        ...(kind === "StatefulSet" && random.chance(0.5)
          ? [
              "  volumeClaimTemplates:",
              "  - metadata:",
              "      name: data",
              "    spec:",
              "      storageClassName: fast",
            ]
          : []),
      ];
    case "Job":
      return ["spec:", "  template:", ...indent(podTemplate(world), 4).split("\n")];
    case "CronJob":
      return [
        "spec:",
        '  schedule: "* * * * *"',
        "  jobTemplate:",
        "    spec:",
        "      template:",
        ...indent(podTemplate(world), 8).split("\n"),
      ];
    case "Pod":
      return ["spec:", ...indent(podSpec(world), 2).split("\n")];
    case "Service":
      return [
        "spec:",
        "  selector:",
        `    app: ${random.pick(names)}`,
        "  ports:",
        ...ports(random, "port").map((line) => `  ${line}`),
      ];
    case "ConfigMap":
      return random.chance(0.9) ? ["data:", ...data(random)] : [];
    case "Secret":
      return [
        "type: Opaque",
        random.chance(0.5) ? "stringData:" : "data:",
        "  password: aGVsbG8=",
        ...(random.chance(0.3) ? ["  other: eA=="] : []),
      ];
    case "Role":
    case "ClusterRole":
      return [
        "rules:",
        '- apiGroups: [""]',
        "  resources: [configmaps]",
        "  resourceNames:",
        `  - ${random.pick(names)}`,
        "  verbs: [get]",
      ];
    case "RoleBinding":
    case "ClusterRoleBinding":
      return [
        "roleRef:",
        "  apiGroup: rbac.authorization.k8s.io",
        `  kind: ${random.pick(["Role", "ClusterRole"])}`,
        `  name: ${random.pick(names)}`,
        "subjects:",
        ...Array.from(
          { length: 1 + random.int(2) },
          () =>
            `- kind: ServiceAccount\n  name: ${random.pick([...names, "default"])}${random.chance(0.6) ? `\n  namespace: ${random.pick(namespaces)}` : ""}`,
        ),
      ];
    case "Ingress":
      return [
        "spec:",
        "  rules:",
        "  - host: example.com",
        "    http:",
        "      paths:",
        "      - path: /",
        "        backend:",
        "          service:",
        `            name: ${random.pick(names)}`,
        "  tls:",
        `  - secretName: ${random.pick(names)}`,
      ];
    case "HorizontalPodAutoscaler":
      return [
        "spec:",
        "  scaleTargetRef:",
        "    apiVersion: apps/v1",
        `    kind: ${random.pick(["Deployment", "StatefulSet"])}`,
        `    name: ${random.pick(names)}`,
        "  maxReplicas: 3",
      ];
    case "PersistentVolumeClaim":
      return ["spec:", `  volumeName: ${random.pick(names)}`, "  storageClassName: fast"];
    case "Widget":
      return [
        "spec:",
        `  image: ${random.pick(images)}`,
        ...entries(random, 2, ["size", "mode", "when"]),
        "  containers:",
        "  - name: w",
        `    image: ${random.pick(images)}`,
        "  list:",
        ...Array.from({ length: 1 + random.int(3) }, () => `  - ${random.pick(oddTexts)}`),
        "  nested:",
        `    configMapRef: {name: ${random.pick(names)}}`,
        `    text: ${indent(random.pick(blocks), 4).trimStart()}`,
      ];
    case "NetworkPolicy":
      return [
        "spec:",
        "  podSelector:",
        "    matchLabels:",
        `      app: ${random.pick(names)}`,
        "  ingress:",
        "  - from:",
        "    - podSelector: {matchLabels: {tier: x}}",
      ];
    case "PodDisruptionBudget":
      return ["spec:", "  minAvailable: 50%", "  selector:", "    matchLabels: {app: web}"];
    case "CustomResourceDefinition":
      return [
        "spec:",
        "  group: example.com",
        "  names: {kind: Widget, plural: widgets}",
        "  conversion:",
        "    webhook:",
        "      clientConfig:",
        `        service: {name: ${random.pick(names)}, namespace: ${random.pick(namespaces)}}`,
      ];
    case "ValidatingWebhookConfiguration":
      return [
        "webhooks:",
        "- name: a.example.com",
        "  clientConfig:",
        "    service:",
        `      name: ${random.pick(names)}`,
        `      namespace: ${random.pick(namespaces)}`,
      ];
    default:
      return [];
  }
}

function data(random) {
  return Array.from(
    { length: 1 + random.int(4) },
    (_, i) =>
      `  k${i}${random.chance(0.2) ? ".yaml" : ""}: ${random.chance(0.3) ? indent(random.pick(blocks), 2).trimStart() : random.pick(oddTexts)}`,
  );
}

function ports(random, key) {
  return Array.from(
    { length: 1 + random.int(2) },
    (_, i) =>
      `- ${key}: ${random.pick([80, 8080, 443])}${random.chance(0.5) ? `\n    name: p${i}`.replace("    ", key === "port" ? "    " : "  ") : ""}${random.chance(0.4) ? `\n${key === "port" ? "    " : "  "}protocol: ${random.pick(["TCP", "UDP"])}` : ""}`,
  );
}

function podTemplate(world) {
  const { random } = world;
  return ["metadata:", "  labels:", `    app: ${random.pick(names)}`, "spec:", indent(podSpec(world), 2)].join("\n");
}

function podSpec(world) {
  const { random } = world;
  const lines = [];
  if (random.chance(0.3)) lines.push(`serviceAccountName: ${random.pick(names)}`);
  if (random.chance(0.2)) lines.push("initContainers:", "- name: init", `  image: ${random.pick(images)}`);
  lines.push("containers:");
  for (let i = 0; i <= random.int(2); i++) {
    lines.push(`- name: ${random.pick(["main", "side"])}${i === 0 ? "" : i}`, `  image: ${random.pick(images)}`);
    if (random.chance(0.4))
      lines.push("  args:", ...Array.from({ length: 1 + random.int(2) }, () => `  - ${random.pick(oddTexts)}`));
    if (random.chance(0.5))
      lines.push(
        "  env:",
        "  - name: A",
        `    value: ${random.pick(oddTexts)}`,
        "  - name: B",
        "    valueFrom:",
        "      configMapKeyRef:",
        `        name: ${random.pick(names)}`,
        "        key: k0",
      );
    if (random.chance(0.3)) lines.push("  envFrom:", `  - secretRef: {name: ${random.pick(names)}}`);
    if (random.chance(0.4))
      lines.push(
        "  ports:",
        ...ports(random, "containerPort")
          .flatMap((one) => one.split("\n"))
          .map((line) => `  ${line}`),
      );
    if (random.chance(0.2)) lines.push("  resources: {limits: {cpu: 100m, memory: 1Gi}}");
    if (random.chance(0.2)) lines.push("  volumeMounts:", "  - mountPath: /x", "    name: v");
  }
  if (random.chance(0.3)) lines.push("volumes:", "- name: v", "  configMap:", `    name: ${random.pick(names)}`);
  if (random.chance(0.15)) lines.push("tolerations:", "- key: a", "  operator: Exists");
  return lines.join("\n");
}

function addFields(world, folder, lines) {
  const { random, files } = world;
  const add = (share, make) => {
    if (random.chance(share)) lines.push(...make());
  };
  add(0.3, () => [`namespace: ${random.pick(namespaces)}`]);
  add(0.3, () => [`namePrefix: ${random.pick(["pre-", "x-", "dev-"])}`]);
  add(0.2, () => [`nameSuffix: ${random.pick(["-v1", "-s"])}`]);
  add(0.15, () => ["commonLabels:", `  app: ${random.pick(names)}`, ...(random.chance(0.3) ? ['  num: "12"'] : [])]);
  add(0.2, () => [
    "labels:",
    "- pairs:",
    `    owner: ${random.pick(names)}`,
    ...(random.chance(0.3) ? ["  includeSelectors: true"] : []),
    ...(random.chance(0.3) ? ["  includeTemplates: true"] : []),
    ...(random.chance(0.1) ? ["  fields:", "  - path: spec/extra", "    create: true", "    kind: Widget"] : []),
  ]);
  add(0.2, () => ["commonAnnotations:", `  note: ${random.pick(['"yes"', "text", '"1"'])}`]);
  add(0.3, () => [
    "images:",
    `- name: ${random.pick(["nginx", "quay.io/org/app", "localhost:5000/app", "busybox", "ngin."])}`,
    ...random.pick([
      ["  newTag: '2.0'"],
      ["  newName: other/img"],
      ["  digest: sha256:def"],
      ["  newName: o", "  newTag: v3"],
      ["  tagSuffix: -x"],
    ]),
  ]);
  const scaled = world.names.filter((one) => one.kind === "Deployment" || one.kind === "StatefulSet");
  if (scaled.length > 0)
    add(0.12, () => ["replicas:", `- name: ${random.pick(scaled).name}`, `  count: ${random.int(9)}`]);
  add(0.3, () => ["configMapGenerator:", ...generator(world, folder, "cm")]);
  add(0.2, () => ["secretGenerator:", ...generator(world, folder, "sec")]);
  add(0.15, () => [
    "generatorOptions:",
    ...random.pick([
      ["  disableNameSuffixHash: true"],
      ["  labels: {gen: 'true'}"],
      ["  annotations: {gen: a}", "  immutable: true"],
    ]),
  ]);
  add(0.45, () => ["patches:", ...Array.from({ length: 1 + random.int(2) }, () => patchEntry(world, folder)).flat()]);
  add(0.12, () => ["patchesStrategicMerge:", "- |-", ...indent(mergePatch(world), 2).trimEnd().split("\n")]);
  add(0.08, () => [
    "patchesJson6902:",
    "- target:",
    ...targetOf(world, "    ", true),
    "  patch: |-",
    ...indent(jsonPatch(random), 4).trimEnd().split("\n"),
  ]);
  add(0.2, () => ["replacements:", ...replacement(world)]);
  add(0.06, () => variable(world));
  add(0.06, () => ["transformers:", "- |-", ...indent(plugin(random), 2).trimEnd().split("\n")]);
  add(0.04, () => {
    files[`${folder}/config.yaml`] =
      "nameReference:\n- kind: ConfigMap\n  fieldSpecs:\n  - kind: Widget\n    path: spec/nested/configMapRef/name\nimages:\n- path: spec/image\n  kind: Widget\n";
    return ["configurations:", "- config.yaml"];
  });
}

function generator(world, folder, prefix) {
  const { random, files } = world;
  const lines = [`- name: ${random.chance(0.7) ? `${prefix}${world.count++}` : random.pick(names)}`];
  const known = world.names.filter((one) => one.kind === (prefix === "cm" ? "ConfigMap" : "Secret"));
  if (known.length > 0 && random.chance(0.3)) {
    const old = random.pick(known);
    lines[0] = `- name: ${old.name}`;
    if (old.namespace !== "") lines.push(`  namespace: ${old.namespace}`);
    lines.push(`  behavior: ${random.pick(["merge", "replace"])}`);
  } else {
    if (random.chance(0.1)) lines.push(`  namespace: ${random.pick(namespaces)}`);
    if (random.chance(0.1)) lines.push("  behavior: create");
  }
  if (random.chance(0.7))
    lines.push(
      "  literals:",
      ...Array.from(
        { length: 1 + random.int(2) },
        (_, i) => `  - ${random.pick([`a${i}=b`, `k${i}="quoted"`, `e${i}=`, `m${i}='x=y'`])}`,
      ),
    );
  if (random.chance(0.3)) {
    files[`${folder}/data.txt`] = random.pick([
      "hello\n",
      "no end",
      "a\n\nb\n",
      "",
      "tab\tx\n",
      "line  \n",
      "\u0001x",
      "é\n",
      `${"x".repeat(100)}\n`,
    ]);
    lines.push("  files:", `  - ${random.pick(["data.txt", "key=data.txt"])}`);
  }
  if (random.chance(0.2)) {
    files[`${folder}/vars.env`] = random.pick([
      "A=1\nB=two words\n# c\n\n  C = x\n",
      "X\nY=\n",
      '\ufeffQ="q"\r\nR=r\n',
    ]);
    lines.push("  envs:", "  - vars.env");
  }
  if (random.chance(0.2))
    lines.push(
      "  options:",
      ...random.pick([
        ["    disableNameSuffixHash: true"],
        ["    labels: {l: v}"],
        ["    annotations: {a: v}", "    immutable: true"],
      ]),
    );
  return lines;
}

function anyTarget(world) {
  const { random } = world;
  return world.names.length > 0 && random.chance(0.98)
    ? random.pick(world.names)
    : { apiVersion: "apps/v1", kind: "Deployment", name: random.pick(names), namespace: "" };
}

function targetOf(world, pad, needsName) {
  const { random } = world;
  const target = anyTarget(world);
  const lines = [];
  if (random.chance(0.8) || !needsName)
    lines.push(
      `${pad}kind: ${random.chance(0.8) ? target.kind : random.pick([".*", "Deploy.*", "Deployment|StatefulSet"])}`,
    );
  if (needsName || random.chance(0.5))
    lines.push(`${pad}name: ${random.chance(0.7) ? target.name : random.pick([".*", "web.*", "(web|api)"])}`);
  if (random.chance(0.1))
    lines.push(`${pad}labelSelector: ${random.pick(['"app=web"', '"tier"', '"!env"', '"app in (web, api)"'])}`);
  if (random.chance(0.05)) lines.push(`${pad}namespace: ${random.pick(namespaces)}`);
  return lines;
}

function patchEntry(world, folder) {
  const { random, files } = world;
  const isJson = random.chance(0.45);
  const text = isJson ? jsonPatch(random) : mergePatch(world);
  const lines = [];
  const onWorkloads = isJson && text.includes("/spec");
  if (random.chance(0.3)) {
    const name = `patch${world.count++}.yaml`;
    files[`${folder}/${name}`] = text;
    lines.push(`- path: ${name}`);
  } else lines.push("- patch: |-", ...indent(text, 4).trimEnd().split("\n"));
  if (onWorkloads && random.chance(0.95)) lines.push("  target:", "    kind: Deployment|StatefulSet|DaemonSet");
  else if (isJson || random.chance(0.4)) lines.push("  target:", ...targetOf(world, "    ", false));
  if (!isJson && random.chance(0.05)) lines.push("  options:", "    allowNameChange: true");
  return lines;
}

function jsonPatch(random) {
  const operations = [
    '- op: add\n  path: /metadata/annotations/x\n  value: "1"',
    "- op: add\n  path: /metadata/labels\n  value: {app: web}",
    "- op: replace\n  path: /spec/replicas\n  value: 7",
    "- op: add\n  path: /spec/template/spec/containers/-\n  value: {name: added, image: nginx}",
    "- op: add\n  path: /metadata/labels\n  value: {}\n- op: remove\n  path: /metadata/labels",
    "- op: add\n  path: /spec/extra\n  value: [1, 2.5, yes, null, 1000000, 1e9]",
    "- op: replace\n  path: /spec/template/spec/containers/0/image\n  value: busybox:9",
    "- op: test\n  path: /metadata/generateName\n  value: null",
    "- op: copy\n  from: /metadata/name\n  path: /metadata/annotations",
    "- op: add\n  path: /spec/moved\n  value: 1\n- op: move\n  from: /spec/moved\n  path: /spec/back",
    "- op: replace\n  path: /metadata/name\n  value: renamed",
    "- op: add\n  path: /metadata/annotations/a~1b\n  value: |\n    multi\n    line",
  ];
  return `${Array.from({ length: 1 + random.int(2) }, () => random.pick(operations)).join("\n")}\n`;
}

function mergePatch(world) {
  const { random } = world;
  const target = anyTarget(world);
  const lines = [`apiVersion: ${target.apiVersion}`, `kind: ${target.kind}`, "metadata:", `  name: ${target.name}`];
  if (target.namespace) lines.push(`  namespace: ${target.namespace}`);
  if (random.chance(0.05)) return `${lines.join("\n")}\n$patch: delete\n`;
  if (random.chance(0.3)) lines.push("  labels:", ...entries(random, 4, ["app", "new"]));
  if (random.chance(0.2)) lines.push("  annotations:", `    note: ${random.pick(["null", "x", "~", "'1'", "2"])}`);
  const isWorkload = ["Deployment", "StatefulSet", "DaemonSet"].includes(target.kind);
  if (isWorkload) {
    lines.push(
      "spec:",
      ...(random.chance(0.4) ? [`  replicas: ${random.pick([3, "null", '"4"'])}`] : []),
      "  template:",
      "    spec:",
    );
    if (random.chance(0.2)) lines.push("      serviceAccountName: null", "      nodeSelector: {disk: ssd}");
    lines.push(
      "      containers:",
      ...(random.chance(0.1) ? ["      - $patch: replace"] : []),
      `      - name: ${random.pick(["main", "side", "new"])}${random.chance(0.2) ? 1 : ""}`,
    );
    lines.push(random.chance(0.1) ? "        $patch: delete" : `        image: ${random.pick(images)}`);
    if (random.chance(0.4))
      lines.push(
        "        env:",
        "        - name: A",
        `          value: ${random.pick(oddTexts)}`,
        ...(random.chance(0.3) ? ["        - name: B", "          $patch: delete"] : []),
      );
    if (random.chance(0.3))
      lines.push(
        "        ports:",
        `        - containerPort: ${random.pick([80, 8080, 9090])}`,
        ...(random.chance(0.5) ? ["          protocol: TCP"] : []),
        ...(random.chance(0.5) ? ["          name: z"] : []),
      );
    if (random.chance(0.2)) lines.push("        args: [x, 'y']");
    if (random.chance(0.2))
      lines.push(
        "      volumes:",
        "      - name: v",
        "        emptyDir: {}",
        ...(random.chance(0.3) ? ["        configMap: null"] : []),
      );
    if (random.chance(0.1)) lines.push("      tolerations:", "      - key: b");
  } else if (target.kind === "Service")
    lines.push("spec:", "  ports:", ...ports(random, "port").map((line) => `  ${line}`));
  else if (target.kind === "ConfigMap")
    lines.push("data:", ...data(random), ...(random.chance(0.3) ? ["  k0: null"] : []));
  else if (target.kind === "Widget") lines.push("spec:", "  list:", "  - one", ...entries(random, 2, ["size", "more"]));
  else if (random.chance(0.5)) lines.push("spec:", `  added: ${random.pick(oddTexts)}`);
  return `${lines.join("\n")}\n`;
}

function sourcePaths(kind) {
  if (["Deployment", "StatefulSet", "DaemonSet"].includes(kind))
    return [
      "spec.template.spec.containers.0.image",
      "spec.template.spec.containers.[name=main].image",
      "spec.selector",
      "spec.template.metadata.labels.app",
      "metadata.name",
    ];
  if (kind === "ConfigMap") return ["data.k0", "data", "metadata.name"];
  if (kind === "Widget") return ["spec.image", "spec.list.0", "spec.nested.text", "spec.list", "spec.containers"];
  return ["metadata.name", "kind"];
}

function replacement(world) {
  const { random } = world;
  const source = anyTarget(world);
  const target = anyTarget(world);
  const lines = random.chance(0.15)
    ? ["- sourceValue: fixed"]
    : [
        "- source:",
        `    kind: ${source.kind}`,
        `    name: ${source.name}`,
        ...(random.chance(0.6) ? [`    fieldPath: ${random.pick(sourcePaths(source.kind))}`] : []),
        ...(random.chance(0.2) ? ["    options:", "      delimiter: ':'", `      index: ${random.int(2)}`] : []),
      ];
  lines.push(
    "  targets:",
    "  - select:",
    `      kind: ${target.kind}`,
    ...(random.chance(0.5) ? [`      name: ${target.name}`] : []),
    ...(random.chance(0.1) ? ["    reject:", `    - name: ${random.pick(names)}`] : []),
    "    fieldPaths:",
    `    - ${random.pick(["metadata.labels.app", "metadata.annotations.note", "spec.template.spec.containers.[name=main].image", "spec.template.spec.containers.*.image", "data.k0", "spec.replicas", "metadata.annotations.[example.com/a]", "spec.template.spec.containers.0.env.[name=A].value", "spec.list.0"])}`,
  );
  if (random.chance(0.8))
    lines.push(
      "    options:",
      ...random.pick([
        ["      create: true"],
        ["      create: true"],
        ["      create: true"],
        ["      delimiter: ':'", "      index: 1"],
        ["      delimiter: '/'", "      index: -1"],
        ["      create: true", "      delimiter: '-'", "      index: 0"],
      ]),
    );
  return lines;
}

function variable(world) {
  const { random } = world;
  const source = anyTarget(world);
  return [
    "vars:",
    `- name: ${random.pick(["VAR_A", "VAR_B"])}`,
    "  objref:",
    `    apiVersion: ${source.apiVersion}`,
    `    kind: ${source.kind}`,
    `    name: ${source.name}`,
    ...(random.chance(0.4)
      ? [
          "  fieldref:",
          `    fieldpath: ${random.pick(["metadata.name", "kind", ...(source.kind === "ConfigMap" ? ["data.k0"] : [])])}`,
        ]
      : []),
  ];
}

function plugin(random) {
  return random.pick([
    "apiVersion: builtin\nkind: NamespaceTransformer\nmetadata:\n  name: x\n  namespace: plug\nunsetOnly: true\nfieldSpecs:\n- path: metadata/namespace\n  create: true\n",
    "apiVersion: builtin\nkind: PrefixTransformer\nmetadata:\n  name: x\nprefix: plug-\nfieldSpecs:\n- path: metadata/name\n",
    "apiVersion: builtin\nkind: LabelTransformer\nmetadata:\n  name: x\nlabels:\n  plug: in\nfieldSpecs:\n- path: metadata/labels\n  create: true\n",
    "apiVersion: builtin\nkind: AnnotationsTransformer\nmetadata:\n  name: x\nannotations:\n  plug: '1'\nfieldSpecs:\n- path: metadata/annotations\n  create: true\n",
    'apiVersion: builtin\nkind: PatchTransformer\nmetadata:\n  name: x\npatch: \'[{"op": "add", "path": "/metadata/annotations/p", "value": "q"}]\'\ntarget:\n  kind: Deployment\n',
    "apiVersion: builtin\nkind: ImageTagTransformer\nmetadata:\n  name: x\nimageTag:\n  name: nginx\n  newTag: 9\n",
  ]);
}
