// `keelson suspend KIND NAME...`: stops reconciliation; what runs stays as it is.

import { type Command, defineCommand } from "../command.ts";
import { knownKinds } from "../kinds.ts";
import { runSwitch, switchFlags } from "../suspension.ts";

export const command: Command = defineCommand({
  arguments: "KIND [NAME...]",
  arity: [1, 1000],
  about: "Suspends deliveries or sources: nothing is fetched or applied for them until they are resumed.",
  examples: ["keelson suspend kustomization apps", "keelson suspend source git --all"],
  words: [...new Set(knownKinds.map((kind) => kind.words.at(-1)?.split(" ")[0] ?? ""))],
  flags: switchFlags,
  run: (invocation) => runSwitch(invocation, true),
});
