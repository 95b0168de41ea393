// `keelson backup FILE`: the embedded control plane's data as one file, also while it runs.

import { resolve } from "node:path";
import { usage } from "../arguments.ts";
import { type Command, defineCommand } from "../command.ts";

export const command: Command = defineCommand({
  arguments: "FILE",
  arity: [1, 1],
  about:
    "Writes all objects of the embedded control plane to FILE, as they are at one moment; it may go on running.\n" +
    "Secrets stay sealed: they open only with pki/encryption.key of the data folder. --with-keys puts the folder's keys\n" +
    "into the file too; whoever has such a file has everything.",
  examples: ["keelson backup fleet.backup", "keelson backup --data /srv/keelson --with-keys whole.backup"],
  flags: {
    data: { takes: "DIR", about: "data folder of `keelson up`", default: "./.keelson" },
    "with-keys": { about: "put the data folder's keys into the file" },
  },
  async run({ args: [file = ""], flags, io, ports }) {
    if (ports.backUp === undefined) throw usage("`backup` is not part of this build");
    const target = resolve(io.folder, file);
    const dataFolder = resolve(io.folder, flags.data);
    const report = await ports.backUp({ dataFolder, file: target, withKeys: flags["with-keys"] });
    io.stdout.write(`${report.keys} objects at revision ${report.revision} are in ${target}\n`);
    if (!report.hasKeys) io.stdout.write(`Secrets in it are sealed: keep ${dataFolder}/pki/encryption.key beside it\n`);
    return 0;
  },
});
