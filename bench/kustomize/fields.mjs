// Random fields of kustomizations: each entry of the table gives a field's value for a folder, and writes the files it names.
import { images, isLeaf, labels, names, namespaces, odd, pathsOf, valueAt } from "./objects.mjs";
import { anyTarget, jsonPatch, mergePatch, patchEntry, replacement, selectorOf } from "./patches.mjs";
import { configurations, crds, schema } from "./rules.mjs";
import { texts, writeYaml } from "./yaml-styles.mjs";

function stringLabels(random) {
  return {
    app: random.pick(names),
    ...(random.chance(0.3) ? { num: "12" } : {}),
    ...(random.chance(0.2) ? { on: "yes" } : {}),
  };
}

const fieldSpecs = [
  { path: "spec/extra", create: true, kind: "Widget" },
  { path: "spec/template/metadata/labels", create: true, kind: "Deployment" },
  { path: "metadata/labels", create: true },
];

function image(world) {
  const { random } = world;
  return {
    name: random.pick([
      "nginx",
      "quay.io/org/app",
      "localhost:5000/app",
      "busybox",
      "ngin.",
      ".*nginx",
      "gcr.io/p/nginx",
      "registry:5000/a/b",
    ]),
    ...random.pick([
      { newTag: "2.0" },
      { newName: "other/img" },
      { digest: "sha256:def" },
      { newName: "o", newTag: "v3" },
      { tagSuffix: "-x" },
      { newName: "registry:5000/b", digest: "sha256:1" },
      { newTag: "1", digest: "sha256:2" },
      { newName: "a", tagSuffix: "-y" },
    ]),
  };
}

function generatorOptions(random) {
  return random.pick([
    { disableNameSuffixHash: true },
    { labels: { gen: "true", l: "all" } },
    { annotations: { gen: "a" }, immutable: true },
    { labels: { x: "1" }, annotations: { "a.b/c": "multi\nline" } },
  ]);
}

function generator(world, folder, kind) {
  const { random, files } = world;
  const made = {
    name: random.chance(0.8)
      ? `${kind === "ConfigMap" ? "cm" : "sec"}${world.count++}`
      : `${random.pick(names)}-${kind[0].toLowerCase()}`,
  };
  const known = world.names.filter((one) => one.kind === kind);
  if (known.length > 0 && random.chance(0.3)) {
    const old = random.pick(known);
    made.name = old.name;
    if (old.namespace !== "") made.namespace = old.namespace;
    made.behavior = random.pick(["merge", "merge", "replace"]);
  } else {
    if (random.chance(0.1)) made.namespace = random.pick(namespaces);
    if (random.chance(0.1)) made.behavior = "create";
    world.made.push({
      apiVersion: "v1",
      kind,
      name: made.name,
      namespace: made.namespace ?? "",
      object: { metadata: { name: made.name }, data: { a0: "b" } },
    });
  }
  if (random.chance(0.7))
    made.literals = random.times(1 + random.int(2), (i) =>
      random.pick([
        `a${i}=b`,
        `k${i}="quoted"`,
        `e${i}=`,
        `m${i}='x=y'`,
        `l${i}=two\nlines\n`,
        `n${i}=12`,
        `q${i}="half`,
        `u${i}=ünï😀`,
        `h${i}=<&>\u2028`,
      ]),
    );
  if (random.chance(0.3)) {
    const file = `data${world.count++}.txt`;
    files[`${folder}/${file}`] = random.pick([
      ...texts,
      "hello\n",
      "no end",
      "line  \n",
      "é\n",
      `${"x".repeat(200)}\n`,
      "a: b\n# c\n",
      "\ufeffbom\n",
      "{{ tpl }}\n",
    ]);
    made.files = [random.pick([file, `key=${file}`])];
    if (random.chance(0.1)) {
      world.binary[`${folder}/blob.bin`] = Buffer.from(
        random.times(3 + random.int(90), () => random.int(256)),
      ).toString("base64");
      made.files.push("blob.bin");
    }
  }
  if (random.chance(0.2)) {
    const file = `vars${world.count++}.env`;
    files[`${folder}/${file}`] = random.pick([
      "A=1\nB=two words\n# c\n\n  C = x\n",
      "X\nY=\n",
      '\ufeffQ="q"\r\nR=r\r\n',
      "A=b=c\n\tT=1",
      "S='s'\nU=ü\n",
    ]);
    if (random.chance(0.5)) made.envs = [file];
    else made.env = file;
  }
  if (random.chance(0.2)) made.options = generatorOptions(random);
  if (kind === "Secret" && random.chance(0.2)) made.type = "kubernetes.io/tls";
  return made;
}

function variable(world) {
  const { random } = world;
  const source = anyTarget(world);
  const paths = pathsOf(source.object ?? {}).filter(
    (path) => isLeaf(valueAt(source.object, path)) && path.every((part) => !/[./]/.test(part)),
  );
  const name = `VAR_${"AB"[world.variables++] ?? world.variables}`;
  return {
    name,
    objref: {
      apiVersion: source.apiVersion,
      kind: source.kind,
      name: source.name,
      ...(source.namespace === "" ? {} : { namespace: source.namespace }),
    },
    ...(paths.length > 0 && random.chance(0.5)
      ? {
          fieldref: {
            fieldpath: random
              .pick(paths)
              .map((part, i) => (typeof part === "number" ? `[${part}]` : i === 0 ? part : `.${part}`))
              .join("")
              .replaceAll(".[", "["),
          },
        }
      : {}),
  };
}

function plugin(world, folder) {
  const { random, files } = world;
  const named = (kind, fields, metadata = {}) => ({
    apiVersion: "builtin",
    kind,
    metadata: { name: `p${world.count++}`, ...metadata },
    ...fields,
  });
  const target = anyTarget(world);
  const makers = [
    () =>
      named(
        "NamespaceTransformer",
        {
          unsetOnly: random.chance(0.5),
          ...(random.chance(0.5)
            ? { setRoleBindingSubjects: random.pick(["defaultOnly", "allServiceAccounts", "none"]) }
            : {}),
          fieldSpecs: [
            { path: "metadata/namespace", create: true },
            { path: "subjects/namespace", kind: "RoleBinding" },
          ],
        },
        { namespace: "plug" },
      ),
    () => named("PrefixTransformer", { prefix: "plug-", fieldSpecs: [{ path: "metadata/name" }] }),
    () =>
      named("SuffixTransformer", {
        suffix: "-plug",
        fieldSpecs: [{ path: "metadata/name", kind: random.pick(["Deployment", "ConfigMap"]) }],
      }),
    () => named("PrefixSuffixTransformer", { prefix: "a-", suffix: "-z", fieldSpecs: [{ path: "metadata/name" }] }),
    () =>
      named("LabelTransformer", {
        labels: { plug: "in", n: random.pick(["1", "on"]) },
        fieldSpecs: [random.pick(fieldSpecs), { path: "metadata/labels", create: true }],
      }),
    () =>
      named("AnnotationsTransformer", {
        annotations: { plug: "1" },
        fieldSpecs: [{ path: "metadata/annotations", create: true }],
      }),
    () =>
      named("PatchTransformer", {
        patch: JSON.stringify([{ op: "add", path: "/metadata/annotations/p", value: "q" }]),
        target: { kind: "Deployment" },
      }),
    () =>
      named("PatchTransformer", {
        patch: writeYaml(mergePatch(world, target), random),
        ...(random.chance(0.3) ? { target: selectorOf(world, target) } : {}),
      }),
    () => named("PatchStrategicMergeTransformer", { patches: writeYaml(mergePatch(world, target), random) }),
    () => {
      const path = `in-plugin${world.count++}.yaml`;
      files[`${folder}/${path}`] = writeYaml(mergePatch(world, target), random);
      return random.pick([
        named("PatchTransformer", { path }),
        named("PatchStrategicMergeTransformer", { paths: [path] }),
      ]);
    },
    () =>
      named("PatchJson6902Transformer", {
        target: {
          ...selectorOf(world, target),
          kind: target.kind,
          name: target.name,
          version: target.apiVersion.split("/").at(-1),
        },
        jsonOp: writeYaml(jsonPatch(world, target), random),
      }),
    () =>
      named("ImageTagTransformer", {
        imageTag: image(world),
        fieldSpecs: random.chance(0.5) ? [{ path: "spec/image", kind: "Widget" }] : [],
      }),
    () =>
      named("ReplicaCountTransformer", {
        replica: { name: anyTarget(world, ["Deployment", "StatefulSet"]).name, count: 3 },
        fieldSpecs: [
          { path: "spec/replicas", create: true, kind: "Deployment" },
          { path: "spec/replicas", create: true, kind: "StatefulSet" },
        ],
      }),
    () => named("ReplacementTransformer", { replacements: [replacement(world)] }),
    () =>
      named("ValueAddTransformer", {
        value: "va",
        targets: [
          {
            fieldPath: random.pick(["metadata/annotations/added", "metadata/namespace", "spec/path"]),
            ...(random.chance(0.5) ? { selector: selectorOf(world, target) } : {}),
            ...(random.chance(0.3) ? { filePathPosition: random.int(3) } : {}),
          },
        ],
      }),
    () => named("HashTransformer", {}),
    () => named("SortOrderTransformer", { sortOptions: { order: random.pick(["fifo", "legacy"]) } }),
  ];
  const made = random.times(random.chance(0.2) ? 2 : 1, () => random.pick(makers)());
  return place(world, folder, made, files);
}

/** A transformer that mostly changes nothing: what a validator changes is an error. */
function validator(world, folder) {
  const { random } = world;
  if (random.chance(0.15)) return plugin(world, folder);
  const fieldSpecs = [{ path: "spec/none", kind: "Nothing" }];
  const metadata = { name: `check${world.count++}` };
  const made = random.pick([
    { apiVersion: "builtin", kind: "LabelTransformer", metadata, labels: { checked: "yes" }, fieldSpecs },
    { apiVersion: "builtin", kind: "AnnotationsTransformer", metadata, annotations: { checked: "yes" }, fieldSpecs },
    { apiVersion: "builtin", kind: "PrefixTransformer", metadata, prefix: "x-", fieldSpecs },
    { apiVersion: "builtin", kind: "ImageTagTransformer", metadata, imageTag: { name: "no/such", newTag: "1" } },
    { apiVersion: "builtin", kind: "ReplacementTransformer", metadata, replacements: [] },
  ]);
  return place(world, folder, [made], world.files);
}

/** Plugins stand inline, in a file or in a folder of their own, one or many in a text. */
function place(world, folder, made) {
  const { random, files } = world;
  const text = made.map((one) => writeYaml(one, random)).join("---\n");
  const name = `plugin${world.count++}`;
  if (random.chance(0.4)) return [text];
  if (random.chance(0.7)) {
    files[`${folder}/${name}.yaml`] = text;
    return [`${name}.yaml`];
  }
  files[`${folder}/${name}/p.yaml`] = text;
  files[`${folder}/${name}/kustomization.yaml`] =
    `resources:\n- p.yaml\n${random.chance(0.3) ? "nameSuffix: -x\n" : ""}`;
  return [name];
}

function generatorPlugin(world, folder) {
  const { random } = world;
  const made = random.pick([
    () => ({
      apiVersion: "builtin",
      kind: "ConfigMapGenerator",
      metadata: { name: `gen${world.count++}` },
      literals: ["a=b", "c=1"],
      ...(random.chance(0.3) ? { options: generatorOptions(random) } : {}),
    }),
    () => {
      const kind = random.pick(["ConfigMap", "Secret"]);
      const { name, namespace, ...rest } = generator(world, folder, kind);
      const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
      return { apiVersion: "builtin", kind: `${kind}Generator`, metadata, ...rest };
    },
    () => ({
      apiVersion: "builtin",
      kind: "SecretGenerator",
      metadata: { name: `gen${world.count++}`, ...(random.chance(0.3) ? { namespace: "shop" } : {}) },
      literals: ["p=q"],
      type: "Opaque",
    }),
    () => ({
      apiVersion: "builtin",
      kind: "IAMPolicyGenerator",
      metadata: { name: `gen${world.count++}` },
      cloud: "gke",
      kubernetesService: { name: `ksa${world.count++}`, namespace: "shop" },
      serviceAccount: { name: "gsa", projectId: "proj" },
    }),
  ])();
  return place(world, folder, [made]);
}

function sortOptions(random) {
  return random.weighted([
    [2, { order: "fifo" }],
    [2, { order: "legacy" }],
    [
      2,
      {
        order: "legacy",
        legacySortOptions: {
          orderFirst: random.some(["Widget", "Deployment", "Service", "Namespace"], 0.7),
          orderLast: random.some(["ConfigMap", "Secret", "Role"], 0.7),
        },
      },
    ],
  ]);
}

/** Field by field: how often, and a function that gives its value; `isTop` fields stand at the top more often. */
const table = [
  ["namespace", 0.25, ({ random }) => random.pick(namespaces)],
  ["namePrefix", 0.3, ({ random }) => random.pick(["pre-", "x-", "dev-", "1"])],
  ["nameSuffix", 0.2, ({ random }) => random.pick(["-v1", "-s"])],
  ["commonLabels", 0.12, ({ random }) => stringLabels(random)],
  [
    "labels",
    0.25,
    ({ random }) =>
      random.times(1 + random.int(2), () => ({
        pairs: { owner: random.pick(names), ...(random.chance(0.2) ? stringLabels(random) : {}) },
        ...(random.chance(0.3) ? { includeSelectors: true } : {}),
        ...(random.chance(0.3) ? { includeTemplates: true } : {}),
        ...(random.chance(0.15) ? { includeVolumeClaimTemplates: true } : {}),
        ...(random.chance(0.1) ? { fields: [random.pick(fieldSpecs)] } : {}),
      })),
  ],
  [
    "commonAnnotations",
    0.2,
    ({ random }) => ({
      note: random.pick(["yes", "text", "1", "multi\nline\n"]),
      ...(random.chance(0.2) ? { "a.b/c": "x" } : {}),
    }),
  ],
  ["images", 0.3, (world) => world.random.times(1 + world.random.int(2), () => image(world))],
  ["imageTags", 0.02, () => [{ name: "nginx", newTag: "legacy" }]],
  ["replicas", 0.15, (world) => replicas(world)],
  [
    "configMapGenerator",
    0.3,
    (world, folder) => world.random.times(1 + world.random.int(2), () => generator(world, folder, "ConfigMap")),
  ],
  ["secretGenerator", 0.2, (world, folder) => [generator(world, folder, "Secret")]],
  ["generatorOptions", 0.15, ({ random }) => generatorOptions(random)],
  ["patches", 0.5, (world, folder) => world.random.times(1 + world.random.int(2), () => patchEntry(world, folder))],
  ["patchesStrategicMerge", 0.12, (world, folder) => merges(world, folder)],
  [
    "patchesJson6902",
    0.1,
    (world, folder) => {
      const target = anyTarget(world);
      const version = target.apiVersion.split("/").at(-1);
      const patch = writeYaml(jsonPatch(world, target), world.random);
      const isFile = world.random.chance(0.3);
      if (isFile) world.files[`${folder}/json-patch.yaml`] = patch;
      return [
        {
          target: { ...selectorOf(world, target), kind: target.kind, name: target.name, version },
          ...(isFile ? { path: "json-patch.yaml" } : { patch }),
        },
      ];
    },
  ],
  ["replacements", 0.3, (world, folder) => replacements(world, folder)],
  ["vars", 0.08, (world) => [variable(world)]],
  ["transformers", 0.15, (world, folder) => plugin(world, folder)],
  ["generators", 0.08, (world, folder) => generatorPlugin(world, folder)],
  ["validators", 0.05, (world, folder) => validator(world, folder)],
  ["configurations", 0.1, configurations],
  ["crds", 0.06, crds],
  ["openapi", 0.06, schema],
  [
    "buildMetadata",
    0.1,
    ({ random }) => random.some(["originAnnotations", "transformerAnnotations", "managedByLabel"], 0.6),
  ],
  ["sortOptions", 0.1, ({ random }) => sortOptions(random)],
];

function replicas(world) {
  const kinds = ["Deployment", "StatefulSet", "ReplicaSet", ...(world.random.chance(0.2) ? ["Widget"] : [])];
  const known = world.names.filter((one) => kinds.includes(one.kind));
  return known.length === 0 ? undefined : [{ name: world.random.pick(known).name, count: world.random.int(9) }];
}

function merges(world, folder) {
  const { random, files } = world;
  return random.times(1 + random.int(2), () => {
    const text = writeYaml(mergePatch(world), random);
    if (random.chance(0.5)) return text;
    const name = `merge${world.count++}.yaml`;
    files[`${folder}/${name}`] = random.chance(0.3) ? `${text}---\n${writeYaml(mergePatch(world), random)}` : text;
    return name;
  });
}

function replacements(world, folder) {
  const { random, files } = world;
  return random.times(1 + random.int(2), () => {
    const made = replacement(world);
    if (random.chance(0.8)) return made;
    const name = `replacement${world.count++}.yaml`;
    files[`${folder}/${name}`] = writeYaml(random.chance(0.5) ? made : [made, replacement(world)], random);
    return { path: name };
  });
}

/** The fields of one kustomization, in random order, without `resources` and `components`. */
export function makeFields(world, folder) {
  const fields = [];
  for (const [name, share, make] of table) {
    if (!world.random.chance(share * world.density)) continue;
    const value = make(world, folder);
    if (value !== undefined) fields.push([world.random.chance(0.01) ? name.toUpperCase() : name, value]);
  }
  return fields;
}

export { images, labels, odd };
