// `keelson doctor`: looks at the machine, the target and everything in it, and says what is wrong and what to do.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { fluxKinds } from "#api/flux";
import type { Cluster, Discovery } from "#cluster";
import type { Manifest } from "#kernel";
import { discover, valueOf } from "../answers.ts";
import { type Command, defineCommand } from "../command.ts";
import { exitCodeOf } from "../exit.ts";
import { conditionOf, heldOf, isSuspended, readiness } from "../flux-objects.ts";
import type { Io } from "../io.ts";
import { knownKinds } from "../kinds.ts";
import { oneLine } from "../table.ts";
import { connectTarget, targetFlags } from "../target.ts";
import { faultFrom, formatFault } from "#kernel";

export const command: Command = defineCommand({
  about: "Looks for what is wrong: tools on this machine, the target, its definitions, deliveries and sources.",
  flags: targetFlags,
  async run({ flags, io, ports }) {
    const findings = await checkMachine(ports.version);
    try {
      const connected = await connectTarget(flags, { io, ports });
      try {
        findings.push(...(await checkTarget(connected.cluster, connected.label)));
      } finally {
        connected.close();
      }
    } catch (thrown) {
      const fault = faultFrom(thrown);
      findings.push({
        state: "bad",
        text: formatFault(fault),
        ...(fault.hint === undefined ? {} : { hint: fault.hint }),
      });
      print(findings, io);
      return exitCodeOf(thrown);
    }
    print(findings, io);
    return findings.some((finding) => finding.state === "bad") ? 1 : 0;
  },
});

type Finding = { state: "good" | "odd" | "bad"; text: string; hint?: string };

async function checkMachine(version: string): Promise<Finding[]> {
  const git = await promisify(execFile)("git", ["--version"]).then(
    ({ stdout }) => stdout.trim().replace("git version ", ""),
    () => undefined,
  );
  return [
    { state: "good", text: `keelson ${version} on Node ${process.versions.node}` },
    git === undefined
      ? { state: "bad", text: "git was not found", hint: "install git: Git sources are fetched with it" }
      : { state: "good", text: `git ${git}` },
  ];
}

async function checkTarget(cluster: Cluster, label: string): Promise<Finding[]> {
  const discovery = await discover(cluster);
  const findings: Finding[] = [{ state: "good", text: `${label} answers: Kubernetes ${discovery.serverVersion}` }];
  const missing = fluxKinds.filter((kind) => discovery.byKind(kind.group, kind.kind) === undefined);
  if (missing.length === 0) findings.push({ state: "good", text: `all ${fluxKinds.length} Flux kinds are served` });
  else
    findings.push({
      state: missing.length === fluxKinds.length ? "bad" : "odd",
      text: `not served: ${missing.map((kind) => kind.kind).join(", ")}`,
      hint: "`keelson run --install-definitions` brings the missing definitions",
    });
  return [...findings, ...(await checkObjects(cluster, discovery))];
}

async function checkObjects(cluster: Cluster, discovery: Discovery): Promise<Finding[]> {
  const findings: Finding[] = [];
  let healthy = 0;
  for (const kind of knownKinds) {
    const resource = discovery.byKind(kind.group, kind.kind);
    if (resource === undefined || kind.kind === "Alert" || kind.kind === "Provider") continue;
    const { items } = valueOf(await cluster.list(resource), `listing ${resource.plural}`);
    const problems = items.flatMap(problemOf);
    healthy += items.length - problems.length;
    findings.push(...problems);
  }
  return [{ state: "good", text: `${healthy} deliveries and sources are ready` }, ...findings];
}

function problemOf(object: Manifest): Finding[] {
  const name = `${object.kind}/${object.metadata.namespace ?? ""}/${object.metadata.name}`;
  const hint = `keelson events --for ${object.kind}/${object.metadata.name} -n ${object.metadata.namespace ?? ""}`;
  if (isSuspended(object)) return [{ state: "odd", text: `${name} is suspended` }];
  const held = heldOf(object);
  if (held !== undefined) return [{ state: "odd", text: `${name} is held: ${held}`, hint }];
  const drifted = conditionOf(object, "Drifted");
  if (drifted?.status === "True") return [{ state: "odd", text: `${name}: ${drifted.message}`, hint }];
  const { ready, message } = readiness(object);
  if (ready === "True") return [];
  const reason = conditionOf(object, "Ready")?.reason ?? "";
  const isWaiting = reason === "" || ready === "Unknown" || reason === "DependencyNotReady";
  return [{ state: isWaiting ? "odd" : "bad", text: `${name}: ${message}`, hint }];
}

function print(findings: readonly Finding[], io: Io): void {
  const marks = {
    good: io.stdout.style("green", "✔"),
    odd: io.stdout.style("yellow", "!"),
    bad: io.stdout.style("red", "✗"),
  };
  for (const { state, text, hint } of findings)
    io.stdout.write(
      `${marks[state]} ${oneLine(text)}\n${hint === undefined ? "" : `  ${io.stdout.style("dim", hint)}\n`}`,
    );
}
