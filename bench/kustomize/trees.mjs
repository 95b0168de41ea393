// Random trees of kustomizations, by a grammar: several levels, all fields, every YAML style. Equal seeds give equal trees,
// as long as `builds` answers the same.
import { makeFields } from "./fields.mjs";
import { makeObject } from "./objects.mjs";
import { makeRandom } from "./random.mjs";
import { writeYaml } from "./yaml-styles.mjs";

/** Trees in which something fails teach little; this share of the failing levels stays as it is. */
const keptFailures = 0.12;

/**
 * One tree: files by path (`binary` in base64), and the folder to build. `builds(tree)` tells whether a tree builds; a level
 * that does not mostly loses the fields that make it fail.
 */
export function makeTree(seed, builds = () => true) {
  const random = makeRandom(seed);
  // `seen` holds the objects of each folder and of all below it, as they are named in their files.
  const world = {
    random,
    builds,
    files: {},
    binary: {},
    count: 0,
    variables: 0,
    names: [],
    made: [],
    taken: new Set(),
    seen: new Map(),
    density: random.pick([0.5, 1, 1, 1.8]),
    isDoomed: random.chance(keptFailures),
  };
  const bases = random.times(1 + random.int(2), (i) => makeLevel(world, `base${i}`, []));
  const components = makeComponents(world);
  // Two that stand over the same: their names tell them apart.
  let below = random.chance(0.1) ? ["left", "right"].map((one) => makeLevel(world, one, bases, [], one)) : bases;
  const levels = random.int(3);
  for (let i = 0; i < levels; i++) below = [makeLevel(world, `overlay${i}`, below, i === 0 ? components : [])];
  const path = makeLevel(world, "top", below, levels === 0 ? components : []);
  const reorder = random.chance(0.1) ? "none" : "legacy";
  return { files: world.files, binary: world.binary, path, reorder };
}

function makeLevel(world, folder, below, components = [], prefix = undefined) {
  const { random } = world;
  world.names = [...below, ...components].flatMap((one) => world.seen.get(one) ?? []);
  const head = {
    ...(random.chance(0.5) ? { apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization" } : {}),
    ...(random.chance(0.05) ? { metadata: { name: folder, annotations: { note: "of the file itself" } } } : {}),
    ...(prefix === undefined ? {} : { namePrefix: `${prefix}-` }),
  };
  const own = writeResources(world, folder, below.length === 0 ? 1 + random.int(4) : random.int(3));
  const resources = [...below.map((one) => `../${one}`), ...own];
  const isOld = random.chance(0.03) && below.length > 0;
  const start = {
    ...head,
    ...(isOld ? { bases: below.map((one) => `../${one}`), resources: own } : { resources }),
    ...(components.length > 0 ? { components: components.map((one) => `../${one}`) } : {}),
  };
  const fields = makeFields(world, folder).filter(([name]) => prefix === undefined || name !== "namePrefix");
  finish(world, folder, start, fields);
  return folder;
}

/** None, one, one that uses another, or two. */
function makeComponents(world) {
  const { random } = world;
  if (!random.chance(0.35)) return [];
  const inner = random.chance(0.25) ? [makeComponent(world, "inner")] : [];
  const first = makeComponent(world, "component", inner);
  return random.chance(0.2) ? [first, makeComponent(world, "second")] : [first];
}

function makeComponent(world, folder, inner = []) {
  const { random } = world;
  world.names = world.seen.get("base0") ?? [];
  const own = random.chance(0.4) ? writeResources(world, folder, 1) : [];
  const start = {
    apiVersion: "kustomize.config.k8s.io/v1alpha1",
    kind: "Component",
    ...(own.length > 0 ? { resources: own } : {}),
    ...(inner.length > 0 ? { components: inner.map((one) => `../${one}`) } : {}),
  };
  // What it works on is known only where it is used; there it is tried.
  const kept = world.builds;
  world.builds = () => true;
  finish(world, folder, start, makeFields(world, folder));
  world.builds = kept;
  world.seen.set(
    folder,
    world.names.filter((one) => !(world.seen.get("base0") ?? []).includes(one)),
  );
  return folder;
}

function writeResources(world, folder, count) {
  const { random, files } = world;
  return random.times(count, (i) => {
    const name = `r${i}.yaml`;
    const objects = random.times(1 + random.int(3), () => makeObject(world));
    const text = random.chance(0.06) ? writeYaml(listOf(random, objects), random) : writeAll(random, objects);
    files[`${folder}/${name}`] = random.chance(0.01) ? `\ufeff${text}` : text;
    return name;
  });
}

function writeAll(random, objects) {
  return join(
    random,
    objects.map((one) => writeYaml(one, random)),
  );
}

function listOf(random, objects) {
  const kind = random.pick(["List", "List", "ConfigMapList", "WidgetList", "ResourceList"]);
  const metadata = random.chance(0.3) ? { metadata: { name: "all" } } : {};
  return { apiVersion: kind === "ResourceList" ? "config.kubernetes.io/v1" : "v1", kind, ...metadata, items: objects };
}

/** Documents joined as people do it. */
function join(random, texts) {
  let text = texts.join(
    random.pick(["---\n", "---\n", "---\n# next\n", "\n---\n\n", "--- \n", "---\n---\n", "---  # note\n"]),
  );
  if (random.chance(0.15)) text = `---\n${text}`;
  if (random.chance(0.05)) text = text.replaceAll("\n", "\r\n");
  if (random.chance(0.03)) text = `${text}---\n`;
  if (random.chance(0.02)) text = `${text}...\n`;
  return text;
}

/** As many of the fields as build together with those before: halves that build are taken whole. */
function choose(kept, fields, builds) {
  const half = Math.ceil(fields.length / 2);
  let result = kept;
  for (const part of [fields.slice(0, half), fields.slice(half)]) {
    if (part.length === 0) continue;
    if (builds([...result, ...part])) result = [...result, ...part];
    else if (part.length > 1) result = choose(result, part, builds);
  }
  return result;
}

/** Writes the kustomization; fields that make it fail go, unless the tree may fail. */
function finish(world, folder, start, fields) {
  const { random } = world;
  const name = random.weighted([
    [18, "kustomization.yaml"],
    [1, "kustomization.yml"],
    [1, "Kustomization"],
  ]);
  const write = (chosen) => {
    const style = random.pick([true, true, false]);
    world.files[`${folder}/${name}`] = writeYaml({ ...start, ...Object.fromEntries(chosen) }, random, {
      isPlain: style,
    });
    return world.builds({ files: world.files, binary: world.binary, path: folder });
  };
  let kept = fields;
  if (!write(fields) && !world.isDoomed) {
    kept = choose([], fields, write);
    write(kept);
  }
  world.names.push(...world.made.splice(0));
  world.seen.set(folder, world.names);
}
