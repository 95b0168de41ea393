// Random texts with comments everywhere, read to nodes and written again by keelson and by go-yaml v3 as kyaml uses it; every
// difference in a node, a place, a comment or the text is shown. Needs the engine built and oracles/build.mjs kustomize-nodes.
//
//   npm run proof -- kustomize-comments [count] [first seed]
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeProgress } from "../progress.mjs";
import { commentedText } from "./commented.mjs";

const { readDocument } = await import("../../engine/dist/render/kustomize/read.js");
const { writeNodes } = await import("../../engine/dist/formats/yaml/index.js");
const { formatFault } = await import("../../engine/dist/kernel/index.js");

const [count = "50000", first = "1"] = process.argv.slice(2);
const oracle = join(process.env.KEELSON_ORACLES ?? "oracles/bin", "kustomize-nodes");
const batchSize = 2_000;

const kinds = { 2: "list", 4: "map", 8: "scalar", 16: "alias" };
const styles = { 0: "plain", 2: "double", 4: "single", 8: "literal", 16: "folded", 32: "flow" };

function theirs(node) {
  const items = (node.Content ?? []).map(theirs);
  const { Tag: tag, Value: value, Anchor: anchor, Line: line, Column: column } = node;
  const comments = [node.HeadComment, node.LineComment, node.FootComment];
  return [kinds[node.Kind], styles[node.Style & ~1], node.Style & 1, tag, value, anchor, line, column, comments, items];
}

function mine(node) {
  const { kind, style, isTagged, tag, value, anchor, line, column } = node;
  const comments = [node.headComment, node.lineComment, node.footComment];
  return [kind, style, isTagged ? 1 : 0, tag, value, anchor, line, column, comments, node.items.map(mine)];
}

function ours(text) {
  try {
    const document = readDocument(text);
    if (document === undefined) return { err: "nothing" };
    const { headComment, footComment } = document.comments;
    return {
      tree: [headComment, footComment, mine(document.root)],
      out: writeNodes(document.root, { headComment, footComment }),
    };
  } catch (thrown) {
    return thrown.code === undefined ? { crash: thrown.stack } : { err: formatFault(thrown) };
  }
}

const progress = makeProgress(`kustomize-comments from seed ${first}`);
const total = { made: 0, equal: 0, bothFail: 0, tree: 0, text: 0, error: 0, crash: 0 };
const shown = [];
for (let seed = Number(first); seed < Number(first) + Number(count); seed += batchSize) {
  const size = Math.min(batchSize, Number(first) + Number(count) - seed);
  const texts = Array.from({ length: size }, (_, i) => commentedText(seed + i));
  const run = spawnSync(oracle, { input: texts.map((one) => JSON.stringify(one)).join("\n"), maxBuffer: 2 ** 30 });
  const answers = run.stdout
    .toString()
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
  answers.forEach((want, i) => {
    const got = ours(texts[i]);
    total.made++;
    if (got.crash === undefined && want.err !== "" && got.err !== undefined) return total.bothFail++;
    let what = "crash";
    if (got.crash === undefined) {
      if (want.err !== "" || got.err !== undefined) what = "error";
      else {
        const { HeadComment, FootComment, Content } = want.tree;
        if (JSON.stringify([HeadComment, FootComment, theirs(Content[0])]) !== JSON.stringify(got.tree)) what = "tree";
        else if (want.out !== got.out) what = "text";
        else return total.equal++;
      }
    }
    total[what]++;
    shown.push({ seed: seed + i, what, text: texts[i], got, want });
    if (shown.length <= 12) {
      console.log(
        `seed ${seed + i}: ${what}\n${JSON.stringify(texts[i])}\n  ours ${JSON.stringify(got.err ?? got.crash ?? got.out)}\n  real ${JSON.stringify(want.err || want.out)}`,
      );
      if (what === "tree")
        console.log(
          `  ours ${JSON.stringify(got.tree)}\n  real ${JSON.stringify([want.tree.HeadComment, want.tree.FootComment, theirs(want.tree.Content[0])])}`,
        );
    }
  });
  progress(`${total.made} of ${count} texts, ${shown.length} different`);
}
const { made, equal, bothFail, tree, text, error, crash } = total;
const differ = `${tree + text + error} differ`;
console.log(`${made} texts: ${equal} give equal nodes and text, ${bothFail} fail in both, ${differ}; ${crash} crashes`);
writeFileSync(join(tmpdir(), "keelson-kustomize-comments.json"), JSON.stringify(shown.slice(0, 200), null, 1));
process.exitCode = shown.length > 0 ? 1 : 0;
