// `keelson resume KIND NAME...`: lets reconciliation go on, and waits for the first pass.

import { type Command, defineCommand } from "../command.ts";
import { knownKinds } from "../kinds.ts";
import { runSwitch, switchFlags } from "../suspension.ts";

export const command: Command = defineCommand({
  arguments: "KIND [NAME...]",
  arity: [1, 1000],
  about: "Resumes suspended deliveries or sources, and waits for their first pass.",
  examples: ["keelson resume kustomization apps", "keelson resume source git --all"],
  words: [...new Set(knownKinds.map((kind) => kind.words.at(-1)?.split(" ")[0] ?? ""))],
  flags: switchFlags,
  run: (invocation) => runSwitch(invocation, false),
});
