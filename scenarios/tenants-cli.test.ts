// The same fleet of tenants seen by Flux's real command and by ours, word for word where both speak of the same.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configMap } from "./fixtures.ts";
import { type Answer, hasKubectl, Home, run, until } from "./home.ts";
import { Repository, serveOverHttp } from "./repository.ts";

const flux = join(process.env["KEELSON_ORACLES"] ?? "", "flux");
const hasFluxCommand = process.env["KEELSON_ORACLES"] !== undefined && existsSync(flux);

function tenant(name: string, url: string): string {
  const of = (each: string, more: string): string => `---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: ${each}, namespace: ${name}, labels: {team: ${name}}}
spec: {interval: 1h, retryInterval: 1h, prune: true, path: ./${each}, targetNamespace: ${name}, sourceRef: {kind: GitRepository, name: own}${more}}
`;
  return `apiVersion: v1
kind: Namespace
metadata: {name: ${name}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: own, namespace: ${name}}
spec: {interval: 1h, url: "${url}", ref: {branch: main}}
${of("good", "")}${of("next", `, dependsOn: [{name: good}]`)}${of("broken", "")}${of("asleep", ", suspend: true")}`;
}

describe.skipIf(!hasFluxCommand || !hasKubectl)("tenants, by flux and by keelson", () => {
  const repository = new Repository();
  let served: Awaited<ReturnType<typeof serveOverHttp>> | undefined;
  let home: Home;

  beforeAll(async () => {
    repository
      .write({
        "good/a.yaml": configMap("good", { a: "b" }, "team-a"),
        "next/a.yaml": `${configMap("next", { a: "b" }, "elsewhere")}---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n`,
        "broken/a.yaml": "hello: world\n",
        "asleep/a.yaml": configMap("asleep", { a: "b" }, "team-a"),
      })
      .commit("the tenants");
    served = await serveOverHttp(repository);
    home = new Home({ args: ["--no-example"] });
    home.start();
    await home.ready();
    const texts = ["team-a", "team-b"].map((name) => tenant(name, served?.url ?? "")).join("---\n");
    await until("the fleet to be taken", async () => {
      const answer = await home.kubectl(["apply", "--server-side", "-f", "-"], texts);
      if (answer.status !== 0) throw new Error(answer.err);
      return true;
    });
    for (const namespace of ["team-a", "team-b"]) {
      await until("the fleet to be delivered", async () => {
        const next = await home.condition("kustomization", "next", "Ready", namespace);
        const broken = await home.condition("kustomization", "broken", "Ready", namespace);
        if (next?.status === "True" && broken?.status === "False") return true;
        throw new Error(JSON.stringify([next, broken]));
      });
    }
  }, 240_000);

  afterAll(async () => {
    await home[Symbol.asyncDispose]();
    served?.close();
    repository[Symbol.dispose]();
  });

  const fluxed = (...words: string[]): Promise<Answer> =>
    run(flux, words, { env: { ...process.env, KUBECONFIG: home.kubeconfig }, timeoutMs: 60_000 });

  /** What both print for the same words, with the same status. */
  async function both(line: string): Promise<{ theirs: string; ours: string }> {
    const [theirs, ours] = [await fluxed(...line.split(" ")), await home.keelson(line.split(" "))];
    expect(ours.status, `${line}: ${ours.err}`).toBe(theirs.status);
    const shown = ({ out, err }: Answer): string => `${out}${err}`.replace(/^target: .*\n/m, "");
    return { theirs: shown(theirs), ours: shown(ours) };
  }

  it.each([
    "get kustomizations -n team-a",
    "get kustomizations -A",
    "get ks good -n team-a",
    "get sources git -A",
    "get kustomizations -n team-a --status-selector ready=false",
    "get kustomizations -A -l team=team-b",
    "get kustomizations -A --no-header",
    "get all -n team-a",
    "trace configmap good -n team-a",
    "trace service web -n team-a",
  ])("%s: the same words in the same order", async (line) => {
    const { theirs, ours } = await both(line);
    expect(wordsOf(ours)).toEqual(wordsOf(theirs));
  });

  it("tree: the same objects, with their health beside", async () => {
    const { theirs, ours } = await both("tree kustomization next -n team-a");
    expect(wordsOf(ours.replaceAll(/ healthy$/gm, ""))).toEqual(wordsOf(theirs));
  });

  it("stats: the same counts, and of kinds that flux leaves out", async () => {
    const { theirs, ours } = await both("stats -A");
    for (const line of wordsOf(theirs)) expect(wordsOf(ours)).toContain(line);
  });

  it("export: the same text, with durations as they were written", async () => {
    const { theirs, ours } = await both("export kustomization next -n team-a");
    expect(ours).toBe(theirs.replaceAll("1h0m0s", "1h"));
  });

  it("build and diff: the same objects, the same verdict", async () => {
    const { theirs, ours } = await both(`build kustomization next -n team-a --path ${repository.path}/next`);
    const names = (text: string): string[] => text.split("\n").filter((line) => /^(kind:| {2}name)/.test(line));
    expect(names(ours)).toEqual(names(theirs));
    await both(`diff kustomization good -n team-a --path ${repository.path}/good`);
    const other = await both(`diff kustomization good -n team-a --path ${repository.path}/next`);
    const verdicts = (text: string): string[] =>
      text
        .split("\n")
        .filter((line) => line.startsWith("►"))
        .map((line) => line.replace(/ (drifted|changed)$/, ""));
    expect(verdicts(other.ours)).toEqual(verdicts(other.theirs));
  });

  it("events: the same events of a tenant", async () => {
    const { theirs, ours } = await both("events -n team-a");
    for (const reason of ["NewArtifact", "DependencyNotReady", "BuildFailed", "ReconciliationSucceeded"]) {
      expect(theirs).toContain(reason);
      expect(ours.split(reason).length, reason).toBe(theirs.split(reason).length);
    }
  });

  it.each([
    "events --for Kustomization/good -n team-a",
    "events --for gitrepository/own -n team-b",
    "events --for Kustomization -n team-a --types Warning",
    "events --for Kustomization -A --types warning",
  ])("%s: the same lines, its source's too", async (line) => {
    const { theirs, ours } = await both(line);
    // How long ago they were depends on when it is asked, and so does their order within one second.
    const lines = (text: string): string[] =>
      wordsOf(text)
        .map((each) => each.replace(/^(team-\S+ )?\d[\dhms]*( \(x\d+ over [^)]*\))? /, "$1"))
        .sort();
    expect(lines(ours)).toEqual(lines(theirs));
    if (line.includes("Kustomization/")) expect(theirs).toContain("GitRepository/own");
  });

  it.each(["kustomization good", "kustomization next --with-source", "source git own"])(
    "reconcile %s: the same end",
    async (line) => {
      const { theirs, ours } = await both(`reconcile ${line} -n team-a`);
      const done = (text: string): string[] => text.split("\n").filter((each) => / revision /.test(each));
      expect(done(ours)).toEqual(done(theirs));
      expect(done(ours).length).toBeGreaterThan(0);
    },
  );

  it.each(["get kustomizations nobody", "reconcile kustomization asleep", "reconcile kustomization nobody"])(
    "%s: the same refusal",
    async (line) => {
      await both(`${line} -n team-a`);
    },
  );

  it.each(["trace configmap nobody", "tree kustomization nobody", "export kustomization nobody"])(
    "%s: nothing is found",
    async (line) => {
      expect((await both(`${line} -n team-a`)).theirs).toContain("not found");
    },
  );

  it("what one suspends the other resumes", { timeout: 240_000 }, async () => {
    const ended = async (run: Promise<Answer>): Promise<string> => {
      const { status, out, err } = await run;
      expect(status, `${out}${err}`).toBe(0);
      return `${out}${err}`;
    };
    const asleep = "kustomization next -n team-b".split(" ");
    await ended(home.keelson(["suspend", ...asleep]));
    expect((await fluxed("reconcile", ...asleep)).err).toContain("resource is suspended");
    expect(await ended(fluxed("resume", ...asleep))).toContain("applied revision main@sha1:");
    await ended(fluxed("suspend", ...asleep));
    expect((await home.keelson(["reconcile", ...asleep])).status).toBe(1);
    expect(await ended(home.keelson(["resume", ...asleep]))).toContain("applied revision main@sha1:");
    const source = "source git own -n team-b".split(" ");
    await ended(fluxed("suspend", ...source));
    expect(await ended(home.keelson(["resume", ...source]))).toContain("fetched revision main@sha1:");
  });
});

/** Lines as words, however wide their columns are. */
function wordsOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim().replaceAll(/\s+/g, " "))
    .filter((line) => line !== "");
}
