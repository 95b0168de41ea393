// `keelson check`: the state of an installation, in Flux's manner; with --pre, whether a cluster is fit for one.

import { resolve } from "node:path";
import type { Cluster } from "#cluster";
import { assess } from "#health";
import type { Manifest } from "#kernel";
import { discover, valueOf } from "../answers.ts";
import { type Command, defineCommand } from "../command.ts";
import { fieldOf } from "../flux-objects.ts";
import { findNeighbours } from "../flux-neighbours.ts";
import { readRunningHome } from "../home-file.ts";
import { findInstallation, isOurs } from "../installation/find.ts";
import { questionsOfInstalling } from "../installation/rights.ts";
import type { Io } from "../io.ts";
import { prettyJson } from "../print-objects.ts";
import { type ConnectedTarget, targetFlags, withTarget } from "../target.ts";

/** The oldest server that Flux 2.9's kinds and our requests are made for. */
const oldestMinor = 33;

export const command: Command = defineCommand({
  about:
    "Checks an installation: the server, the definitions of Flux's kinds, and what runs the engine.\n" +
    "With --pre: whether a cluster is fit for an installation and the account may install.",
  examples: ["keelson check --pre", "keelson check -o json"],
  flags: {
    ...targetFlags,
    pre: { about: "only whether the cluster is fit for an installation" },
    output: { short: "o", takes: "FORMAT", about: "print as", choices: ["json"] },
  },
  async run({ flags, io, ports }) {
    return await withTarget(flags, { io, ports }, async (target) => {
      const findings = await checkServer(target.cluster);
      if (flags.pre) findings.push(...(await checkRights(target)), ...(await checkNeighbours(target.cluster)));
      else findings.push(...(await checkEngine(target, io)));
      const isGood = findings.every(({ state }) => state !== "bad");
      if (flags.output === "json") io.stdout.write(`${prettyJson({ ok: isGood, findings })}\n`);
      else print(findings, flags.pre ? "prerequisites" : "checks", io);
      return isGood ? 0 : 1;
    });
  },
});

type Finding = { state: "good" | "odd" | "bad"; part: string; text: string };

async function checkServer(cluster: Cluster): Promise<Finding[]> {
  const { serverVersion } = await discover(cluster);
  const minor = Number(/^v?1\.(\d+)/.exec(serverVersion)?.[1] ?? 0);
  const isFit = minor >= oldestMinor;
  const text = `Kubernetes ${serverVersion} ${isFit ? ">=" : "is older than"} 1.${oldestMinor}`;
  return [{ state: isFit ? "good" : "bad", part: "prerequisites", text }];
}

async function checkRights(target: ConnectedTarget): Promise<Finding[]> {
  const refused: string[] = [];
  for (const question of questionsOfInstalling(target.namespace)) {
    const { isAllowed } = valueOf(await target.cluster.review(question), "asking what this account may do");
    if (!isAllowed) refused.push(`${question.verb} ${question.resource}`);
  }
  if (refused.length === 0) return [{ state: "good", part: "prerequisites", text: "this account may install" }];
  return [{ state: "bad", part: "prerequisites", text: `this account may not ${refused.join(", ")}` }];
}

async function checkNeighbours(cluster: Cluster): Promise<Finding[]> {
  const neighbours = await findNeighbours(cluster);
  if (neighbours.length === 0) return [];
  const names = neighbours.map(({ namespace, name }) => `${namespace}/${name}`).join(", ");
  const text = `Flux's controllers run here: ${names}; --take-over scales them to zero`;
  return [{ state: "odd", part: "prerequisites", text }];
}

async function checkEngine(target: ConnectedTarget, io: Io): Promise<Finding[]> {
  const { definitions, deployments, isBootstrapped } = await findInstallation(target.cluster, target.namespace);
  const findings = deployments.map((each) => deploymentFinding(each, io));
  const home = await readRunningHome(resolve(io.folder, ".keelson"));
  if (home !== undefined && target.label.includes(home.api))
    findings.push({ state: "good", part: "engine", text: `this home: process ${home.pid}, since ${home.since}` });
  if (findings.length === 0)
    findings.push({
      state: "bad",
      part: "engine",
      text: `nothing in namespace ${target.namespace} runs the engine; \`keelson install\` or \`keelson run\` does`,
    });
  const origin = isBootstrapped ? "bootstrapped from a repository" : "installed by hand";
  if (deployments.some(isOurs)) findings.push({ state: "good", part: "engine", text: origin });
  if (definitions.length === 0)
    findings.push({ state: "bad", part: "definitions", text: "none of Flux's kinds is defined" });
  return [...findings, ...definitions.map(definitionFinding)];
}

function deploymentFinding(deployment: Manifest, io: Io): Finding {
  const { name } = deployment.metadata;
  const isIdle = fieldOf(deployment, "spec", "replicas") === 0;
  if (isIdle) return { state: "odd", part: "engine", text: `${name}: scaled to zero` };
  const health = assess(deployment, { now: io.clock.now() });
  const images = fieldOf(deployment, "spec", "template", "spec", "containers");
  const image = Array.isArray(images) ? (images as { image?: string }[]).map((each) => each.image).join(", ") : "";
  if (health.status === "healthy")
    return { state: "good", part: "engine", text: `${name}: deployment ready (${image})` };
  return { state: "bad", part: "engine", text: `${name}: ${health.message}` };
}

/** A definition whose stored versions are not all served needs a migration before they can be dropped. */
function definitionFinding(definition: Manifest): Finding {
  const stored = fieldOf(definition, "status", "storedVersions");
  const versions = Array.isArray(stored) ? stored.map(String) : [];
  const text = `${definition.metadata.name}/${versions.join(",")}`;
  const state = versions.length === 0 ? "bad" : versions.length === 1 ? "good" : "odd";
  return {
    state,
    part: "definitions",
    text: versions.length === 1 ? text : `${text}: ${oddVersions(versions.length)}`,
  };
}

function oddVersions(count: number): string {
  return count === 0 ? "not established" : "stored in more than one version";
}

function print(findings: readonly Finding[], what: string, io: Io): void {
  const style: typeof io.stdout.style = (name, text) => io.stdout.style(name, text);
  const marks = { good: style("green", "✔"), odd: style("yellow", "!"), bad: style("red", "✗") };
  let part = "";
  for (const finding of findings) {
    if (finding.part !== part) io.stdout.write(`${style("cyan", "►")} checking ${finding.part}\n`);
    part = finding.part;
    io.stdout.write(`${marks[finding.state]} ${finding.text}\n`);
  }
  const isGood = findings.every(({ state }) => state !== "bad");
  io.stdout.write(isGood ? `${marks.good} all ${what} passed\n` : `${marks.bad} not all ${what} passed\n`);
}
