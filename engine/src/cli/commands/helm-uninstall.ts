// `keelson helm uninstall NAME …`: what `helm uninstall` does, with its flags.

import { type Command, defineCommand } from "../command.ts";
import { actionFlags, helmFlags } from "../helm/release-flags.ts";
import { commonOptions, successOf, withReleases } from "../helm/releases.ts";
import { announceTarget } from "../target.ts";

export const command: Command = defineCommand({
  arguments: "NAME …",
  arity: [1, 100],
  about:
    "Removes Helm releases: their objects, but for those with the resource policy `keep` and those of others, and their\n" +
    "records unless --keep-history.",
  examples: ["keelson helm uninstall web -n shop --wait", "keelson helm uninstall web --keep-history"],
  flags: {
    ...helmFlags,
    ...actionFlags,
    "keep-history": { about: "keep the records, so that it can be rolled back" },
    "ignore-not-found": { about: "a release that is not there is no failure" },
    "dry-run": { about: "change nothing; say what would stay" },
    cascade: {
      takes: "HOW",
      about: "what becomes of dependents",
      choices: ["background", "foreground", "orphan"],
      default: "background",
    },
  },
  async run({ args, flags, io, ports }) {
    return withReleases(flags, { io, ports }, async (open) => {
      announceTarget(open.target, io);
      for (const name of args) {
        const result = await (await open.actions()).uninstall({
          ...commonOptions(name, open, flags, io),
          keepHistory: flags["keep-history"],
          ignoreNotFound: flags["ignore-not-found"],
          isDryRun: flags["dry-run"],
          propagation: flags.cascade as "background" | "foreground" | "orphan",
        });
        successOf(result);
        if (result.ok && result.kept !== undefined) io.stdout.write(`${result.kept}\n`);
        io.stdout.write(`release ${JSON.stringify(name)} uninstalled\n`);
      }
      return 0;
    });
  },
});
