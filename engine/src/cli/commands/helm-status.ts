// `keelson helm status NAME`: a release, its objects as they stand, its tests and its notes, as `helm status` shows them.

import { type Command, defineCommand } from "../command.ts";
import { formatData, formatStatus, releaseData } from "../helm/print-release.ts";
import { formatLive, liveData, liveObjects } from "../helm/live-objects.ts";
import { helmFlags, outputFlag } from "../helm/release-flags.ts";
import { readRelease, withReleases } from "../helm/releases.ts";

export const command: Command = defineCommand({
  arguments: "NAME",
  arity: [1, 1],
  about: "Shows a Helm release: its status, its objects, its last tests and its notes.",
  examples: ["keelson helm status web -n shop", "keelson helm status web -o json"],
  flags: {
    ...helmFlags,
    ...outputFlag,
    revision: { takes: "NUMBER", about: "this revision (default: the newest)" },
  },
  async run({ args, flags, io, ports }) {
    const [name = ""] = args;
    return withReleases(flags, { io, ports }, async ({ storage, cluster, target }) => {
      const release = await readRelease(storage, name, flags.revision);
      const live = await liveObjects(release, cluster);
      if (flags.output === "table")
        io.stdout.write(formatStatus(release, io, { resources: await formatLive(live, target.http, io) }));
      else io.stdout.write(formatData(releaseData(release, { resources: liveData(live) }), flags.output));
      return 0;
    });
  },
});
