// `keelson diff kustomization NAME --path DIR`: what would change if a folder on disk were committed. Exit 1: something.

import { resolve } from "node:path";
import { previewSteps } from "#delivery";
import { formatRef } from "#kernel";
import type { Action, Step } from "#plan";
import { type Command, defineCommand } from "../command.ts";
import type { Io, Style } from "../io.ts";
import { buildLocally, localBuildFlags, readKustomization } from "../local-build.ts";
import { targetFlags, withTarget } from "../target.ts";

export const command: Command = defineCommand({
  arguments: "NAME",
  arity: [1, 1],
  about:
    "Shows what would change if a folder on disk were what the Kustomization's source holds. Changes nothing; exit 1: differs.",
  examples: ["keelson diff kustomization apps --path ./apps/production"],
  flags: { ...targetFlags, ...localBuildFlags },
  async run({ args, flags, io, ports }) {
    const folder = flags.path === undefined ? undefined : resolve(io.folder, flags.path);
    return await withTarget(flags, { io, ports }, async ({ cluster, namespace }) => {
      const object = await readKustomization(args[0] ?? "", flags["kustomization-file"], { cluster, namespace, io });
      const { delivery, manifests } = await buildLocally(object, folder, cluster);
      const steps = (await previewSteps(delivery, manifests, cluster)).filter((step) => step.action !== "unchanged");
      const told = steps.filter((step) => step.action !== "skip");
      for (const step of told) printStep(step, io);
      if (told.length === 0) io.stderr.write(`no differences in ${manifests.length} objects\n`);
      return told.length === 0 ? 0 : 1;
    });
  },
});

const words: Readonly<Record<Action, { word: string; style: Style }>> = {
  create: { word: "created", style: "green" },
  configure: { word: "changed", style: "yellow" },
  recreate: { word: "deleted and created again", style: "red" },
  prune: { word: "deleted", style: "red" },
  fail: { word: "refused", style: "red" },
  unchanged: { word: "unchanged", style: "dim" },
  skip: { word: "left alone", style: "dim" },
};

function printStep(step: Step, io: Io): void {
  const { word, style } = words[step.action];
  const reason = step.action === "fail" ? `: ${step.reason}` : "";
  io.stdout.write(`► ${formatRef(step.ref)} ${io.stdout.style(style, `${word}${reason}`)}\n`);
  if (step.action === "create") return;
  for (const change of step.changes) {
    const [from, to] = [change.from ?? "(absent)", change.to ?? "(absent)"];
    io.stdout.write(`    ${change.path}: ${io.stdout.style("red", from)} → ${io.stdout.style("green", to)}\n`);
  }
}
