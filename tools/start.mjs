// `npm start`: builds what is stale, then runs `keelson up` in this very process, so that Ctrl-C reaches it at once.
import { fileURLToPath } from "node:url";
import { buildAll } from "./build.mjs";

await buildAll();
const command = new URL("../engine/bin/keelson.js", import.meta.url);
process.argv = [process.argv[0], fileURLToPath(command), "up", ...process.argv.slice(2)];
await import(command.href);
