// `keelson dependency build [CHART]`: charts/ from Chart.lock.

import { resolve } from "node:path";
import { buildDependencies } from "../chart-dependencies.ts";
import { chartAccess, chartAccessFlags } from "../chart-access.ts";
import { type Command, defineCommand } from "../command.ts";

export const command: Command = defineCommand({
  arguments: "[CHART]",
  arity: [0, 1],
  about:
    "Fills charts/ with the versions that Chart.lock names, as `helm dependency build` does. " +
    "Without a lock it does what `keelson dependency update` does.",
  examples: ["keelson dependency build ./charts/web"],
  flags: {
    ...chartAccessFlags,
    "skip-refresh": { about: "accepted: an index is always fetched, once", isHidden: true },
  },
  async run({ args, flags, io }) {
    const shown = args[0] ?? ".";
    await buildDependencies(resolve(io.folder, shown), {
      io,
      shown,
      access: chartAccess(flags, io),
      write: (text) => io.stdout.write(text),
    });
    return 0;
  },
});
