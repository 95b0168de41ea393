// `keelson version`: of this program; no server is asked.

import { defineCommand, type Command } from "../command.ts";

export const command: Command = defineCommand({
  about: "Prints the version of keelson and of the Node it runs on.",
  flags: { output: { short: "o", takes: "FORMAT", about: "print as", choices: ["text", "json"], default: "text" } },
  run({ flags, io, ports }) {
    const versions = { keelson: ports.version, node: process.versions.node };
    if (flags.output === "json") io.stdout.write(`${JSON.stringify(versions, null, 2)}\n`);
    else io.stdout.write(`keelson ${versions.keelson} (node ${versions.node})\n`);
    return Promise.resolve(0);
  },
});
