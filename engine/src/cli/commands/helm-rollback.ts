// `keelson helm rollback NAME [REVISION]`: what `helm rollback` does, with its flags.

import { type Command, defineCommand } from "../command.ts";
import { historyMax, readServerSide } from "../helm/action-options.ts";
import { actionFlags, helmFlags, writeFlags } from "../helm/release-flags.ts";
import { commonOptions, readDryRun, readRevision, successOf, withReleases } from "../helm/releases.ts";
import { announceTarget } from "../target.ts";

export const command: Command = defineCommand({
  arguments: "NAME [REVISION]",
  arity: [1, 2],
  about: "Goes back to an earlier revision of a Helm release; without REVISION, to the one before the last.",
  examples: ["keelson helm rollback web -n shop", "keelson helm rollback web 3 --wait"],
  flags: {
    ...helmFlags,
    ...actionFlags,
    ...writeFlags,
    "cleanup-on-fail": { about: "remove what a failed rollback has created" },
    "history-max": { takes: "COUNT", about: "revisions that are kept; 0 for all (default 10, or $HELM_MAX_HISTORY)" },
    "server-side": {
      takes: "BOOL",
      bare: "true",
      about: "true, false, or auto (default): as that revision was applied",
    },
  },
  async run({ args, flags, io, ports }) {
    const [name = "", revision = "0"] = args;
    return withReleases(flags, { io, ports }, async (open) => {
      announceTarget(open.target, io);
      const result = await (await open.actions()).rollback({
        ...commonOptions(name, open, flags, io),
        ...historyMax(flags, io),
        revision: readRevision(revision),
        waitForJobs: flags["wait-for-jobs"],
        forceReplace: flags["force-replace"] || flags.force,
        forceConflicts: flags["force-conflicts"],
        cleanupOnFail: flags["cleanup-on-fail"],
        isDryRun: readDryRun(flags["dry-run"]),
        serverSide: readServerSide(flags["server-side"], true),
      });
      successOf(result);
      io.stdout.write("Rollback was a success! Happy Helming!\n");
      return 0;
    });
  },
});
