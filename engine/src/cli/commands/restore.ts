// `keelson restore FILE`: what `keelson backup` wrote, into a data folder that has no control plane's data yet.

import { resolve } from "node:path";
import { formatTime } from "#kernel";
import { usage } from "../arguments.ts";
import { type Command, defineCommand } from "../command.ts";
import { lockHome } from "../home-file.ts";

export const command: Command = defineCommand({
  arguments: "FILE",
  arity: [1, 1],
  about:
    "Puts a backup into a data folder without a control plane's data: objects, uids and revisions are as they were.\n" +
    "Nothing is overwritten. Sealed Secrets need the key they were sealed with: in the backup, or in DIR/pki already.",
  examples: ["keelson restore fleet.backup --data ./restored", "keelson up --data ./restored"],
  flags: { data: { takes: "DIR", about: "data folder to fill", default: "./.keelson" } },
  async run({ args: [file = ""], flags, io, ports }) {
    if (ports.restore === undefined) throw usage("`restore` is not part of this build");
    const dataFolder = resolve(io.folder, flags.data);
    const since = formatTime(io.clock.now());
    const lock = lockHome(dataFolder, { pid: process.pid, since, kubeconfig: "", url: "", api: "" });
    try {
      const report = await ports.restore({ dataFolder, file: resolve(io.folder, file) });
      io.stdout.write(`${report.keys} objects at revision ${report.revision} are restored in ${dataFolder}\n`);
    } finally {
      lock.release();
    }
    return 0;
  },
});
