// `keelson helm test NAME`: what `helm test` does, with its flags.

import { parseYaml } from "#formats/yaml";
import { fieldOf, textOf } from "#kernel";
import type { Release } from "#releases";
import { type Command, defineCommand } from "../command.ts";
import { formatStatus } from "../helm/print-release.ts";
import { actionFlags, helmFlags } from "../helm/release-flags.ts";
import { successOf, withReleases } from "../helm/releases.ts";
import type { Io } from "../io.ts";
import { type ConnectedTarget, readTimeout } from "../target.ts";

export const command: Command = defineCommand({
  arguments: "NAME",
  arity: [1, 1],
  about: "Runs the tests of a Helm release.",
  examples: ["keelson helm test web -n shop --logs", "keelson helm test web --filter '!name=slow'"],
  flags: {
    ...helmFlags,
    timeout: { takes: "DURATION", about: "how long each test may take", default: "5m" },
    logs: { about: "print what the test Pods wrote" },
    resume: actionFlags.resume,
    filter: { takes: "name=NAME", isList: true, about: "only these tests, or with !name=NAME all but these" },
  },
  async run({ args, flags, io, ports }) {
    const [name = ""] = args;
    return withReleases(flags, { io, ports }, async (open) => {
      let logs = "";
      const result = await (await open.actions()).test({
        name,
        namespace: open.namespace,
        timeoutMs: readTimeout(flags.timeout),
        signal: io.signal,
        ...(flags.resume ? { onPending: "resume" } : {}),
        filters: readFilters(flags.filter),
        ...(flags.logs
          ? {
              beforeRemoval: async (release) => {
                logs = await podLogs(release, open.target, io);
              },
            }
          : {}),
      });
      if (result.release !== undefined) io.stdout.write(formatStatus(result.release, io, { hideNotes: true }));
      if (logs !== "") io.stdout.write(`\n${logs}`);
      successOf(result);
      return 0;
    });
  },
});

function readFilters(texts: readonly string[]): { only: string[]; except: string[] } {
  const after = (pattern: RegExp): string[] =>
    texts.filter((text) => pattern.test(text)).map((text) => text.replace(pattern, ""));
  return { only: after(/^name=/), except: after(/^!\s?name=/) };
}

async function podLogs(release: Release, { http }: ConnectedTarget, { signal }: Io): Promise<string> {
  if (http === undefined) return "";
  let text = "";
  for (const hook of release.hooks ?? []) {
    if (hook.kind !== "Pod" || !hook.events.includes("test") || hook.last_run.started_at === undefined) continue;
    const pod = parseYaml(hook.manifest);
    const containers = [fieldOf(pod, "spec", "initContainers"), fieldOf(pod, "spec", "containers")].flatMap((list) =>
      Array.isArray(list) ? list.map((container) => textOf(container, "name")) : [],
    );
    for (const container of containers) {
      let log = "";
      for await (const piece of http.log({ namespace: release.namespace, name: hook.name }, { container }, signal)) {
        if (typeof piece !== "string") break;
        log += piece;
      }
      if (log !== "") text += `POD LOGS: ${hook.name} (${container})\n${log}\n`;
    }
  }
  return text;
}
