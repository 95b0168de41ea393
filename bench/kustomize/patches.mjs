// Random patches and replacements, made from the objects they are meant for, so that most of them apply.
import { images, isLeaf, labels, names, namespaces, odd, pathsOf, valueAt } from "./objects.mjs";
import { Odd, texts, writeYaml } from "./yaml-styles.mjs";

const mergeKeys = {
  containers: "name",
  initContainers: "name",
  env: "name",
  volumes: "name",
  volumeMounts: "mountPath",
  ports: "containerPort",
  webhooks: "name",
  imagePullSecrets: "name",
};

export function anyTarget(world, kinds) {
  const { random } = world;
  const known = kinds === undefined ? world.names : world.names.filter((one) => kinds.includes(one.kind));
  if (known.length > 0 && random.chance(0.995)) return random.pick(known);
  return { apiVersion: "apps/v1", kind: "Deployment", name: random.pick(names), namespace: "", object: {} };
}

/** A selector's fields for a target. */
export function selectorOf(world, target, { needsName = false } = {}) {
  const { random } = world;
  const group = target.apiVersion.includes("/") ? target.apiVersion.split("/")[0] : "";
  const version = target.apiVersion.split("/").at(-1);
  return {
    ...(random.chance(0.2) && group !== "" ? { group } : {}),
    ...(random.chance(0.2) ? { version } : {}),
    ...(random.chance(0.85) || !needsName
      ? {
          kind: random.weighted([
            [8, target.kind],
            [1, `${target.kind.slice(0, 4)}.*`],
            [1, `${target.kind}|Pod`],
          ]),
        }
      : {}),
    ...(needsName || random.chance(0.5)
      ? {
          name: random.weighted([
            [8, target.name],
            [1, ".*"],
            [1, `${target.name.slice(0, 2)}.*`],
            [1, `(${target.name}|other)`],
          ]),
        }
      : {}),
    ...(random.chance(0.05)
      ? { labelSelector: random.pick(["app=web", "tier", "!env", "app in (web, api)", "app!=db,tier notin (x)"]) }
      : {}),
    ...(random.chance(0.03) ? { annotationSelector: random.pick(["note", "b=web", "!note"]) } : {}),
    ...(target.namespace !== "" && random.chance(0.4)
      ? { namespace: target.namespace }
      : random.chance(0.02)
        ? { namespace: random.pick(namespaces) }
        : {}),
  };
}

function changed(random, value) {
  if (value instanceof Odd || isLeaf(value))
    return random.chance(0.5) ? odd(random) : random.pick(["x", 7, true, null, 1.5, "7"]);
  return value;
}

/** A part of the data with some of it changed: what a person writes as a strategic merge patch. */
function partOf(random, data, depth = 0) {
  if (Array.isArray(data) || isLeaf(data)) return changed(random, data);
  const part = {};
  for (const [key, value] of Object.entries(data)) {
    if (!random.chance(depth < 2 ? 0.5 : 0.4)) continue;
    part[key] = partOfField(random, key, value, depth);
  }
  if (random.chance(0.15)) part[random.pick(["added", "zeta", "a.b/c"])] = odd(random);
  if (depth > 0 && random.chance(0.02)) part.$patch = random.pick(["replace", "delete", "merge"]);
  return part;
}

function partOfField(random, key, value, depth) {
  if (random.chance(0.04)) return null;
  if (!Array.isArray(value)) return partOf(random, value, depth + 1);
  if (isLeaf(value[0]) || value.length === 0)
    return random.chance(0.5) ? value : random.times(1 + random.int(2), () => random.pick(texts));
  const mergeKey = mergeKeys[key] ?? "name";
  const items = random.some(value, 0.6).map((item) => {
    if (typeof item !== "object" || item === null || Array.isArray(item)) return item;
    const made = partOf(random, item, depth + 1);
    const id =
      key === "ports" && item.port !== undefined
        ? "port"
        : item[mergeKey] === undefined
          ? Object.keys(item)[0]
          : mergeKey;
    if (typeof made !== "object" || made === null) return { [id]: item[id] };
    return {
      [id]: item[id],
      ...made,
      ...(random.chance(0.95) ? { [id]: item[id] } : {}),
      ...(random.chance(0.05) ? { $patch: "delete" } : {}),
    };
  });
  if (random.chance(0.3))
    items.push({
      [mergeKey]: mergeKey === "containerPort" ? 9999 : "new",
      ...(mergeKey === "name" ? { image: random.pick(images) } : {}),
    });
  if (random.chance(0.05)) items.unshift({ $patch: "replace" });
  return items;
}

/** Data of a strategic merge patch for one known object. */
export function mergePatch(world, target = anyTarget(world)) {
  const { random } = world;
  const { object = {} } = target;
  const patch = {
    apiVersion: target.apiVersion,
    kind: target.kind,
    metadata: { name: target.name, ...(target.namespace === "" ? {} : { namespace: target.namespace }) },
  };
  if (random.chance(0.05)) return { ...patch, $patch: "delete" };
  const metadata = object.metadata ?? {};
  if (random.chance(0.3)) patch.metadata.labels = { ...partOf(random, metadata.labels ?? {}, 2), new: "label" };
  if (random.chance(0.2)) patch.metadata.annotations = { note: random.pick([null, "x", "1"]) };
  for (const [key, value] of Object.entries(object))
    if (!["apiVersion", "kind", "metadata"].includes(key) && random.chance(0.8))
      patch[key] = partOfField(random, key, value, 0);
  return patch;
}

function pointer(path) {
  return path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

const simpleOperations = [
  [{ op: "add", path: "/metadata/annotations/x", value: "1" }],
  [{ op: "add", path: "/metadata/labels", value: { app: "web" } }],
  [
    { op: "add", path: "/metadata/labels", value: {} },
    { op: "remove", path: "/metadata/labels" },
  ],
  [{ op: "test", path: "/metadata/generateName", value: null }],
  [{ op: "copy", from: "/metadata/name", path: "/metadata/annotations/copied" }],
  [
    {
      op: "add",
      path: "/extra",
      value: [1, 2.5, new Odd("yes"), null, 1000000, new Odd("1e9"), new Odd("1.0"), "12:30"],
    },
  ],
  [
    { op: "add", path: "/moved", value: 1 },
    { op: "move", from: "/moved", path: "/back" },
  ],
  [{ op: "replace", path: "/metadata/name", value: "renamed" }],
  [{ op: "add", path: "/metadata/annotations/a~1b", value: "multi\nline\n" }],
  [{ op: "add", path: "/metadata/namespace", value: "patched" }],
];

/** Operations that mostly apply to the target. */
export function jsonPatch(world, target) {
  const { random } = world;
  const paths = pathsOf(target.object ?? {}).filter((path) => !["apiVersion", "kind", "metadata"].includes(path[0]));
  const operations = random.times(1 + random.int(2), () => {
    if (paths.length === 0 || random.chance(0.35)) return random.pick(simpleOperations);
    const path = random.pick(paths);
    const value = valueAt(target.object, path);
    const { length } = path;
    return random.weighted([
      [4, [{ op: "replace", path: pointer(path), value: changed(random, value) }]],
      [
        2,
        [
          {
            op: "add",
            path: pointer([
              ...path.slice(0, -1),
              typeof path[length - 1] === "number" ? random.pick(["-", 0]) : "added",
            ]),
            value: odd(random),
          },
        ],
      ],
      [1, [{ op: "remove", path: pointer(path) }]],
      [1, [{ op: "copy", from: pointer(path), path: "/copied" }]],
      [0.3, [{ op: "add", path: pointer([...path, "below"]), value: 1 }]],
    ]);
  });
  return operations.flat();
}

function fieldPath(random, path, data) {
  let text = "";
  let node = data;
  for (const part of path) {
    const name = typeof node?.[part] === "object" ? node[part]?.name : undefined;
    let written = String(part);
    if (typeof part === "number")
      written = random.weighted([
        [2, String(part)],
        [2, typeof name === "string" ? `[name=${name}]` : String(part)],
        [1, "*"],
      ]);
    else if (/[./]/.test(part)) written = random.pick([`[${part}]`, part.replaceAll(".", "\\.")]);
    text += (text === "" ? "" : ".") + written;
    node = node?.[part];
  }
  return text;
}

function options(random, isSource) {
  const create = isSource ? {} : { create: true };
  return random.weighted([
    [4, undefined],
    [isSource ? 0 : 4, create],
    [1, { delimiter: ":", index: random.int(2), ...create }],
    [1, { delimiter: "/", index: random.int(2) }],
    [0.6, { delimiter: "-", index: isSource ? 0 : random.pick([-1, 0, 3]) }],
    [0.3, { delimiter: "." }],
    [0.2, { encoding: "base64" }],
  ]);
}

export function replacement(world) {
  const { random } = world;
  const source = anyTarget(world);
  const target = anyTarget(world);
  const sourcePaths = pathsOf(source.object).filter(
    (path) =>
      isLeaf(valueAt(source.object, path)) ||
      (random.chance(0.2) && path[0] !== "metadata") ||
      (random.chance(0.2) && path.length === 2 && ["labels", "annotations"].includes(path[1])),
  );
  const targetPaths = pathsOf(target.object).filter(
    (path) => random.chance(0.1) || isLeaf(valueAt(target.object, path)),
  );
  const sourceOptions = options(random, true);
  const from = random.chance(0.15)
    ? { sourceValue: random.pick(["fixed", "7", "yes", "a:b", "line\nbreak"]) }
    : {
        source: {
          ...selectorOf({ random }, source, { needsName: true }),
          kind: source.kind,
          name: source.name,
          labelSelector: undefined,
          annotationSelector: undefined,
          group: undefined,
          ...(sourcePaths.length > 0 && random.chance(0.7)
            ? { fieldPath: fieldPath(random, random.pick(sourcePaths), source.object).replaceAll("*", "0") }
            : {}),
          ...(sourceOptions === undefined ? {} : { options: sourceOptions }),
        },
      };
  const to = random.times(1 + random.int(2), () => {
    const chosen = options(random, false);
    const paths = random.times(1 + random.int(2), () =>
      targetPaths.length > 0 && random.chance(0.8)
        ? fieldPath(random, random.pick(targetPaths), target.object)
        : random.pick([
            "metadata.labels.app",
            "metadata.annotations.note",
            "metadata.annotations.[example.com/a]",
            "spec.template.spec.containers.*.image",
            "spec.template.spec.containers.[name=main].image",
            "metadata.name",
            "metadata.namespace",
            "spec.made.here",
          ]),
    );
    // A field of the text inside a field, where there is such text.
    if (target.object?.spec?.config !== undefined ? random.chance(0.6) : random.chance(0.1))
      paths.push(
        random.pick([
          "spec.config.b.d",
          "spec.config.a",
          "spec.json.a.b",
          "spec.json.l.0",
          "spec.config.b.c",
          "spec.config.e",
        ]),
      );
    return {
      select: selectorOf(world, target),
      ...(random.chance(0.1)
        ? {
            reject: random.times(1 + random.int(2), () =>
              random.pick([
                { name: random.pick(names) },
                { kind: "Pod" },
                { labelSelector: "app=web" },
                { annotationSelector: "note" },
                { namespace: random.pick(namespaces) },
                { group: "apps", version: "v1" },
                { kind: "ConfigMap", name: `${random.pick(names)}.*` },
              ]),
            ),
          }
        : {}),
      fieldPaths: paths,
      ...(chosen === undefined ? {} : { options: chosen }),
    };
  });
  return clean({ ...from, targets: to });
}

function clean(data) {
  return JSON.parse(JSON.stringify(data));
}

/** An entry of `patches`, with its file where it has one. */
export function patchEntry(world, folder) {
  const { random, files } = world;
  const target = anyTarget(world);
  const isJson = random.chance(0.4);
  const isMany = !isJson && random.chance(0.1);
  const operations = isJson ? jsonPatch(world, target) : [];
  const isStrict = isJson && random.chance(0.2) && !JSON.stringify(operations).includes('{"text":');
  const text = isJson
    ? isStrict
      ? JSON.stringify(operations)
      : writeYaml(operations, random)
    : isMany
      ? [mergePatch(world, target), mergePatch(world)].map((one) => writeYaml(one, random)).join("---\n")
      : writeYaml(mergePatch(world, target), random);
  const entry = {};
  if (random.chance(0.4)) {
    entry.path = `patch${world.count++}.yaml`;
    files[`${folder}/${entry.path}`] = text;
  } else entry.patch = text;
  if (isJson || (!isMany && random.chance(0.3)))
    entry.target = isJson
      ? { kind: target.kind, name: target.name, ...(random.chance(0.2) ? selectorOf(world, target) : {}) }
      : selectorOf(world, target);
  if (random.chance(0.05))
    entry.options = random.pick([
      { allowNameChange: true },
      { allowKindChange: true },
      { allowNameChange: true, allowKindChange: true },
    ]);
  return entry;
}

export { labels };
