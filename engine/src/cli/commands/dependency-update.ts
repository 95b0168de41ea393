// `keelson dependency update [CHART]`: charts/ and Chart.lock from Chart.yaml.

import { resolve } from "node:path";
import { updateDependencies } from "../chart-dependencies.ts";
import { chartAccess, chartAccessFlags } from "../chart-access.ts";
import { type Command, defineCommand } from "../command.ts";

export const command: Command = defineCommand({
  arguments: "[CHART]",
  arity: [0, 1],
  about:
    "Resolves the dependencies in Chart.yaml, fills charts/ with them and writes Chart.lock, as `helm dependency update` does. " +
    "Repositories are addresses (http, https), folders (file://) or names in Helm's own repositories.yaml (@name).",
  examples: ["keelson dependency update ./charts/web"],
  flags: {
    ...chartAccessFlags,
    "skip-refresh": { about: "accepted: an index is always fetched, once", isHidden: true },
  },
  async run({ args, flags, io }) {
    const shown = args[0] ?? ".";
    await updateDependencies(resolve(io.folder, shown), {
      io,
      shown,
      access: chartAccess(flags, io),
      write: (text) => io.stdout.write(text),
    });
    return 0;
  },
});
