// Damages one file of a tree: lines cut, doubled, moved, indented, or signs put among them that mean something in YAML.
import { makeRandom } from "./random.mjs";

const signs = [
  "\n",
  "  ",
  "- ",
  ": ",
  "{",
  "}",
  "[",
  "]",
  "null",
  "'",
  '"',
  "#",
  "|\n",
  ">-\n",
  "&a ",
  "*a",
  "<<: ",
  "\t",
  "---\n",
  "!!str ",
  "\u0000",
  "?",
  "%",
  "@",
  ",",
  "\u2028",
  "\ufeff",
  "~",
  "0x",
  "é",
];

export function damage(tree, seed) {
  const random = makeRandom(seed + 0x5eed);
  const paths = Object.keys(tree.files);
  const path = random.pick(paths);
  let text = tree.files[path];
  for (let i = 0; i <= random.int(3); i++) text = damageOnce(text, random);
  return { ...tree, files: { ...tree.files, [path]: text } };
}

function damageOnce(text, random) {
  const lines = text.split("\n");
  const at = random.int(lines.length);
  const place = random.int(text.length + 1);
  return random.pick([
    () => lines.filter((_, i) => i !== at).join("\n"),
    () => lines.toSpliced(at, 0, lines[random.int(lines.length)]).join("\n"),
    () => lines.map((line, i) => (i === at ? `${random.pick([" ", "  ", "\t"])}${line}` : line)).join("\n"),
    () => lines.map((line, i) => (i === at ? line.replace(/^ {1,2}/, "") : line)).join("\n"),
    () => text.slice(0, place) + random.pick(signs) + text.slice(place),
    () => text.slice(0, place) + text.slice(place + 1 + random.int(6)),
    () => text.slice(0, place),
    () => lines.map((line, i) => (i === at ? line.replace(/: .*/, `: ${random.pick(signs)}`) : line)).join("\n"),
  ])();
}
