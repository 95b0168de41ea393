// `keelson up`: the embedded home: a control plane, the engine, and a fleet to deliver, until interrupted.

import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Fault, formatTime } from "#kernel";
import { usage } from "../arguments.ts";
import { type Command, defineCommand, type FlagValues } from "../command.ts";
import { consoleFlags, readConsoleTuning } from "../console-flags.ts";
import { engineFlags, readTuning } from "../engine-flags.ts";
import { ensureExampleRepository, runGit } from "../example-repository.ts";
import type { CliCode } from "../faults.ts";
import { applyFleetRoot, type FleetRoot, readFleetRoot } from "../fleet-root.ts";
import { textOf } from "../flux-objects.ts";
import { type HomeFile, lockHome } from "../home-file.ts";
import type { Io } from "../io.ts";
import { mirrorsFlag, readMirrors } from "../mirrors-file.ts";
import { LiveView } from "../live/live-view.ts";
import { checkPortFree } from "../port-holder.ts";
import { endWithin, localTime, readPort, untilAborted } from "../running.ts";
import { claimOwnCluster } from "../sole-engine.ts";
import type { Home, Ports } from "../ports.ts";

const flags = {
  data: { takes: "DIR", about: "folder for everything the home keeps", default: "./.keelson" },
  repo: { takes: "URL", about: "deliver this repository: a URL or a local path (default: an example)" },
  branch: { takes: "NAME", about: "its branch (default: a local repository's current one, else main)" },
  path: { takes: "PATH", about: "the folder in it to start from", default: "./" },
  "target-namespace": { takes: "NAME", about: "put all objects of --repo into this namespace" },
  "no-example": { about: "without --repo: deliver nothing" },
  "kubeconfig-out": { takes: "FILE", about: "where to write the kubeconfig (default: in the data folder)" },
  "api-port": { takes: "PORT", about: "port of the Kubernetes API, 0: any free one", default: "7443" },
  port: { takes: "PORT", about: "port of the console, webhooks and metrics, 0: any free one", default: "7440" },
  ...mirrorsFlag,
  ...engineFlags,
  ...consoleFlags,
} as const;

type Flags = FlagValues<typeof flags>;

export const command: Command = defineCommand({
  about:
    "Starts a GitOps system here: a Kubernetes-compatible control plane with simulated workloads, and the engine that keeps\n" +
    "it equal to a Git repository. Stops on Ctrl-C; the next start goes on where it was.",
  examples: [
    "keelson up",
    "keelson up --repo https://github.com/you/fleet --branch main --path clusters/production",
    "keelson up --repo ../fleet --path clusters/staging --port 0 --api-port 0",
  ],
  flags,
  async run({ flags: given, io, ports }) {
    const { openHome } = ports;
    // Asked for now, so that an interrupt during the start ends it in order too.
    const { signal } = io;
    if (openHome === undefined) throw usage("`up` is not part of this build");
    const folder = resolve(io.folder, given.data);
    const [apiPort, port] = [readPort("--api-port", given["api-port"]), readPort("--port", given.port)];
    const kubeconfig = resolve(io.folder, given["kubeconfig-out"] ?? join(folder, "kubeconfig"));
    const file: HomeFile = { pid: process.pid, since: formatTime(io.clock.now()), kubeconfig, url: "", api: "" };
    const asked = given.repo === undefined ? undefined : await readRepository(given, io);
    const mirrors = await readMirrors(given.mirrors, { current: io.folder, data: folder });
    const tuning = readTuning(given);
    const lock = lockHome(folder, file);
    const view = new LiveView({
      output: io.stdout,
      clock: io.clock,
      title: `Keelson ${ports.version}  ${shown(folder, io)}`,
      formatTime: localTime,
    });
    let home: Home | undefined;
    try {
      await checkPortFree(apiPort, "--api-port");
      await checkPortFree(port, "--port");
      const kubeconfigOut = given["kubeconfig-out"] === undefined ? undefined : kubeconfig;
      const consoleFolder = ports.consoleFolder ?? "";
      const step = (text: string): void => view.step(text);
      const console = { version: ports.version, ...readConsoleTuning(given, io.folder) };
      home = await openHome({
        dataFolder: folder,
        apiPort,
        port,
        kubeconfigOut,
        consoleFolder,
        mirrors,
        tuning,
        console,
        step,
      });
      if (signal.aborted) return 0;
      const selector = tuning.flux.watchSelector;
      const holder = `keelson up, process ${process.pid}`;
      await claimOwnCluster({ cluster: home.cluster, clock: io.clock, holder, selector });
      lock.write({ ...file, kubeconfig: home.kubeconfig, url: home.url, api: home.api });
      const fleet = await startFleet({ asked, given, folder, home, ports, view });
      view.step("");
      view.footer(addresses(home, io), thingsToTry(fleet, home, io));
      await view.follow(home.cluster, signal, home.phases);
      await untilAborted(signal);
      return 0;
    } finally {
      view.close();
      if (home !== undefined) await endWithin(home, io);
      lock.release();
    }
  },
});

/** What `--repo` names. A local path must be a repository that has commits. */
async function readRepository(given: Flags, io: Io): Promise<FleetRoot> {
  const repo = given.repo ?? "";
  if (/^(https?|ssh|file):\/\//.test(repo)) return { url: repo, branch: given.branch ?? "main", ...rootOf(given) };
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(repo))
    throw usage(`--repo cannot be ${JSON.stringify(repo)}`, "a URL begins with https, http, ssh or file");
  const scp = /^([\w.-]+@)?([\w.-]+):(?!\/\/)(.+)$/.exec(repo);
  if (scp !== null && !existsSync(resolve(io.folder, repo)))
    return { url: `ssh://${scp[1] ?? ""}${scp[2]}/${scp[3]}`, branch: given.branch ?? "main", ...rootOf(given) };
  const folder = resolve(io.folder, repo);
  const branch = given.branch ?? (await runGit(folder, "symbolic-ref", "--short", "HEAD").catch(() => undefined));
  const commit = await runGit(folder, "rev-parse", "--verify", `refs/heads/${branch ?? "main"}`).catch(() => undefined);
  if (commit === undefined) throw await notRepository(folder, branch ?? "main");
  return { url: pathToFileURL(folder).href, branch: branch ?? "main", ...rootOf(given) };
}

async function notRepository(folder: string, branch: string): Promise<Fault<CliCode>> {
  const isThere = existsSync(folder);
  const hasGit = await runGit(".", "version").then(
    () => true,
    () => false,
  );
  const repository = isThere ? `no Git repository with a branch ${branch}` : "there is no such folder";
  return new Fault<CliCode>({
    code: "not-found",
    disposition: "stall",
    at: folder,
    message: isThere && !hasGit ? "git, which reads repositories, was not found" : repository,
    hint:
      isThere && !hasGit
        ? "install git, and see that it is in PATH"
        : "--repo takes a URL, or the folder of a repository with at least one commit",
  });
}

function rootOf(given: Flags): { path: string; targetNamespace?: string } {
  const namespace = given["target-namespace"];
  return { path: given.path, ...(namespace === undefined ? {} : { targetNamespace: namespace }) };
}

type Fleet = { repository: string; isExample: boolean };
type Start = { asked: FleetRoot | undefined; given: Flags; folder: string; home: Home; ports: Ports; view: LiveView };

/** What is asked for, else what was there before, else the example. */
async function startFleet({ asked, given, folder, home, ports, view }: Start): Promise<Fleet> {
  const example = join(folder, "example");
  if (asked !== undefined) {
    view.step(`delivering ${asked.url}, branch ${asked.branch}, from ${asked.path}`);
    await applyFleetRoot(home.cluster, asked);
    return { repository: asked.url, isExample: false };
  }
  const before = await readFleetRoot(home.cluster);
  if (before !== undefined) {
    const url = textOf(before, "spec", "url");
    return { repository: url, isExample: url === pathToFileURL(example).href };
  }
  if (given["no-example"] || ports.exampleFolder === undefined) return { repository: "", isExample: false };
  view.step("making the example repository");
  await ensureExampleRepository(example, ports.exampleFolder);
  await applyFleetRoot(home.cluster, { url: pathToFileURL(example).href, branch: "main", path: "./clusters/home" });
  return { repository: example, isExample: true };
}

function addresses(home: Home, io: Io): string[] {
  const bold = (text: string): string => io.stdout.style("bold", text);
  return [
    `  ${bold("Console")}   ${home.url}`,
    `  ${bold("kubectl")}   kubectl --kubeconfig ${typed(home.kubeconfig, io)} get pods -A`,
    `  ${bold("keelson")}   npx keelson get all -A${targetFlag(home, io)}`,
  ];
}

/** Three commands a new user can copy: each shows another side of the engine. */
function thingsToTry(fleet: Fleet, home: Home, io: Io): string[] {
  const kubectl = `kubectl --kubeconfig ${typed(home.kubeconfig, io)}`;
  const heading = (text: string): string => `  ${io.stdout.style("bold", text)}`;
  if (!fleet.isExample) {
    const tree =
      fleet.repository === ""
        ? []
        : ["", heading("Look around"), `    npx keelson tree kustomization flux-system${targetFlag(home, io)}`];
    return [...tree, `    ${kubectl} get events -A`, "", "  Ctrl-C stops; the next start goes on here."];
  }
  const folder = pathOf(fleet.repository);
  const repository = typed(folder, io);
  const file = typed(join(folder, "apps/production/kustomization.yaml"), io);
  return [
    heading("Three things to try"),
    "  1 commit a change:",
    `    perl -pi -e 's/count: 3/count: 5/' ${file}`,
    `    git -C ${repository} commit -am "production: five web pods"`,
    "  2 edit an object, and see it put right:",
    `    ${kubectl} -n shop-production scale deployment web --replicas 9`,
    "  3 break something, see that what runs is left alone, and take it back:",
    `    echo 'replicas: [' >> ${file}`,
    `    git -C ${repository} commit -am "oops"`,
    `    git -C ${repository} revert --no-edit HEAD`,
    "",
    io.stdout.style("dim", "  Workloads are simulated: no image runs. Ctrl-C stops; the next start goes on here."),
  ];
}

function pathOf(repository: string): string {
  return repository.startsWith("file://") ? decodeURIComponent(new URL(repository).pathname) : repository;
}

/** Behind a command of ours that is to find this home: nothing where the home is the one that is looked for here. */
function targetFlag(home: Home, io: Io): string {
  const isFound = home.kubeconfig === resolve(io.folder, ".keelson/kubeconfig");
  return isFound ? "" : ` --kubeconfig ${typed(home.kubeconfig, io)}`;
}

/** A path as one would read it here. */
function shown(path: string, io: Io): string {
  const short = relative(io.folder, path);
  return short.startsWith("..") ? path : short;
}

/** A path as one would type it into a shell here. */
function typed(path: string, io: Io): string {
  const text = shown(path, io);
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
