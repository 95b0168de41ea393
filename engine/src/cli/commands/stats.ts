// `keelson stats`: how many of each kind run, fail or are suspended, and how much their sources hold.

import { discover, valueOf } from "../answers.ts";
import { type Command, defineCommand } from "../command.ts";
import { conditionOf, fieldOf, isSuspended } from "../flux-objects.ts";
import { knownKinds } from "../kinds.ts";
import { formatTable } from "../table.ts";
import { targetFlags, withTarget } from "../target.ts";

export const command: Command = defineCommand({
  about: "Counts deliveries and sources: running, failing, suspended, and the size of what was fetched.",
  flags: { ...targetFlags, "all-namespaces": { short: "A", about: "of all namespaces" } },
  async run({ flags, io, ports }) {
    return await withTarget(flags, { io, ports }, async ({ cluster, namespace }) => {
      const discovery = await discover(cluster);
      const rows: string[][] = [];
      for (const kind of knownKinds) {
        const resource = discovery.byKind(kind.group, kind.kind);
        if (resource === undefined) continue;
        const options = { namespace: flags["all-namespaces"] ? "" : namespace };
        const { items } = valueOf(await cluster.list(resource, options), `listing ${resource.plural}`);
        const suspended = items.filter(isSuspended).length;
        const failing = items.filter((object) => conditionOf(object, "Ready")?.status === "False").length;
        const sizes = items.map((object) => Number(fieldOf(object, "status", "artifact", "size") ?? 0));
        const size = sizes.reduce((sum, one) => sum + one, 0);
        rows.push([
          kind.kind,
          `${items.length - suspended}`,
          `${failing}`,
          `${suspended}`,
          size === 0 ? "-" : formatSize(size),
        ]);
      }
      io.stdout.write(
        formatTable({ header: ["RECONCILERS", "RUNNING", "FAILING", "SUSPENDED", "STORAGE"], rows }, io.stdout),
      );
      return 0;
    });
  },
});

function formatSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
