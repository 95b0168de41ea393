// `keelson build kustomization NAME --path DIR`: what the engine would apply of a folder on disk, as YAML.

import { formatYaml } from "#formats/yaml";
import { asJson, type Manifest } from "#kernel";
import { resolve } from "node:path";
import { type Command, defineCommand } from "../command.ts";
import type { Io } from "../io.ts";
import { buildLocally, localBuildFlags, readKustomization } from "../local-build.ts";
import { targetFlags, withTarget } from "../target.ts";

export const command: Command = defineCommand({
  arguments: "NAME",
  arity: [1, 1],
  about:
    "Builds a Kustomization from a folder on disk as the engine would: patches, variables and owner labels included.",
  examples: [
    "keelson build kustomization apps --path ./apps/production",
    "keelson build kustomization apps --path ./apps --kustomization-file ./clusters/home/apps.yaml --dry-run",
  ],
  flags: { ...targetFlags, ...localBuildFlags, "dry-run": { about: "ask no cluster: no variables from objects" } },
  async run({ args, flags, io, ports }) {
    const folder = flags.path === undefined ? undefined : resolve(io.folder, flags.path);
    const name = args[0] ?? "";
    if (flags["dry-run"]) {
      const from = { cluster: undefined, namespace: "", io };
      const object = await readKustomization(name, flags["kustomization-file"], from);
      print((await buildLocally(object, folder, undefined)).manifests, io);
      return 0;
    }
    return await withTarget(flags, { io, ports }, async ({ cluster, namespace }) => {
      const object = await readKustomization(name, flags["kustomization-file"], { cluster, namespace, io });
      print((await buildLocally(object, folder, cluster)).manifests, io);
      return 0;
    });
  },
});

function print(manifests: readonly Manifest[], io: Io): void {
  for (const manifest of manifests) io.stdout.write(`---\n${formatYaml(asJson(manifest))}`);
}
