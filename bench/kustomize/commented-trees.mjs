// Random kustomizations whose objects hold comments everywhere: patches and replacements move what stands beside them, text
// inside fields is written anew, and the hash of what a generator made counts them.
import { commentedPart, commentedText } from "./commented.mjs";
import { makeRandom } from "./random.mjs";

const keys = ["a", "b", "c", "d-e", "k", '"q r"', "f"];
const values = [
  "null",
  "{}",
  "[]",
  "x",
  "{a: 1}",
  "[y]",
  "{a: null, b: z} # p1",
  "\n    # p2\n    a: 2 # p3\n    b: null\n",
];

/** A tree that `makeTree` could give: files by path. */
export function makeCommentedTree(seed) {
  const random = makeRandom(seed ^ 0x5bd1e995);
  const make = random.weighted([
    [4, embedded],
    [4, patched],
    [2, hashed],
  ]);
  const files = Object.entries(make(random, seed)).map(([name, text]) => [`t/${name}`, text]);
  return { files: Object.fromEntries(files), binary: {}, path: "t" };
}

/** A path into a text: mostly one that leads somewhere, found by the names and dashes at the beginnings of its lines. */
function somePath(random, text) {
  const name = /^(?:---)?\s*(- +)?["']?([a-z][-a-z ]*?)["']?:/m.exec(text);
  if (name !== null && random.chance(0.8)) {
    const first = [...(name[1] === undefined ? [] : [random.pick(["0", "*"])]), name[2]];
    return [...first, ...random.times(random.int(2), () => random.pick(["a", "b", "0", "*"]))].join(".");
  }
  return random
    .times(1 + random.int(3), () =>
      random.pick([...keys.map((one) => one.replaceAll('"', "")), "0", "1", "*", "[a=1]"]),
    )
    .join(".");
}

function embedded(random, seed) {
  const text = random.chance(0.5) ? commentedPart(seed) : commentedText(seed);
  const options = random.pick(["", "", "", "    options: {create: true}\n", "    options: {delimiter: x, index: 1}\n"]);
  const paths = random.times(1 + random.int(2), () => `data.x.${somePath(random, text)}`);
  const source = random.chance(0.7)
    ? "- sourceValue: new\n"
    : `- source: {kind: Widget, name: s, fieldPath: spec.${random.pick(["m", "l", "v"])}}\n`;
  return {
    "kustomization.yaml": `resources: [x.yaml, s.yaml]\nreplacements:\n${source}  targets:\n  - select: {kind: ConfigMap}\n    fieldPaths: ${JSON.stringify(paths)}\n${options}`,
    "x.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  x: ${JSON.stringify(text)}\n`,
    "s.yaml": `# s\napiVersion: v1\nkind: Widget\nmetadata:\n  name: s\nspec:\n  # h\n  m: # k\n    a: 1 # l\n    # f\n\n  l: [x, # i\n    y] # e\n  v: w # v\n`,
  };
}

/** The text as the value of a field. */
function indented(text) {
  return text
    .replaceAll("\r\n", "\n")
    .split("\n")
    .map((line) => (line === "" ? "" : `  ${line}`))
    .join("\n");
}

function object(kind, name, random, seed) {
  const body = `${random.chance(0.2) ? "" : "\n"}${indented(random.chance(0.9) ? commentedPart(seed) : commentedText(seed))}`;
  return `${random.pick(["", "# top\n", "# top\n\n# more\n"])}apiVersion: v1\nkind: ${kind} # kind\nmetadata:\n  # meta\n  name: ${name}\n  # foot\n\nspec:${body}\n`;
}

function patched(random, seed) {
  const name = random.pick(["x", "y"]);
  const fields = new Set(random.times(1 + random.int(3), () => random.pick(keys)));
  const merge = `apiVersion: v1\nkind: Widget\nmetadata: {name: ${name}}\nspec:\n${[...fields].map((key) => `  ${random.chance(0.3) ? "# head\n  " : ""}${key}: ${random.pick(values)}`).join("\n")}\n`;
  const whole = `${object("Widget", name, random, seed + 1)}`;
  const patches = random.chance(0.3) ? whole : merge;
  return {
    "kustomization.yaml": `resources: [x.yaml]\npatches:\n- path: p.yaml\n${random.pick(["", "namePrefix: p-\n", "commonAnnotations: {n: v}\n", "labels: [{pairs: {l: v}}]\n"])}`,
    "x.yaml": object("Widget", name, random, seed),
    "p.yaml": patches,
  };
}

/** A generated object that a patch gives another kind: its hash counts all nodes with their comments. */
function hashed(random, seed) {
  const patch = `${random.chance(0.5) ? "# over\n" : ""}apiVersion: v1\nkind: Widget\nmetadata:\n  name: x # n\nspec:\n${indented(random.chance(0.9) ? commentedPart(seed) : commentedText(seed))}\n# end\n`;
  return {
    "kustomization.yaml": `configMapGenerator:\n- name: x\n  literals: [a=b]\npatches:\n- path: p.yaml\n  target: {kind: ConfigMap}\n  options: {allowKindChange: ${random.chance(0.9)}}\n`,
    "p.yaml": patch,
  };
}
