// `keelson completion SHELL`: a script that asks `keelson __complete` at every TAB, so that it never goes out of date.

import { usage } from "../arguments.ts";
import { defineCommand, type Command } from "../command.ts";

const scripts: Readonly<Record<string, string>> = {
  bash: `# keelson completion for bash: source <(keelson completion bash)
_keelson() {
  local IFS=$'\\n'
  COMPREPLY=($(keelson __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _keelson keelson
`,
  zsh: `#compdef keelson
# keelson completion for zsh: source <(keelson completion zsh)
_keelson() {
  local -a found
  found=("\${(@f)$(keelson __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[1]}" ]]; then compadd -a found; else _files; fi
}
compdef _keelson keelson
`,
  fish: `# keelson completion for fish: keelson completion fish | source
function __keelson_complete
  set -l words (commandline -opc) (commandline -ct)
  keelson __complete -- $words[2..-1] 2>/dev/null
end
complete -c keelson -a '(__keelson_complete)'
`,
};

export const command: Command = defineCommand({
  arguments: "SHELL",
  arity: [1, 1],
  words: Object.keys(scripts),
  about: "Prints a completion script for bash, zsh or fish.",
  examples: ["source <(keelson completion bash)", "keelson completion fish | source"],
  flags: {},
  run({ args, io }) {
    const script = Object.hasOwn(scripts, args[0] ?? "") ? scripts[args[0] ?? ""] : undefined;
    if (script === undefined) throw usage(`no completion for ${args[0]}`, `one of: ${Object.keys(scripts).join(", ")}`);
    io.stdout.write(script);
    return Promise.resolve(0);
  },
});
