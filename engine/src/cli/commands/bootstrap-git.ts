// `keelson bootstrap git`: a repository that states the whole installation, and a cluster that follows it. Whatever is there
// already is kept; run again, it changes what its flags changed and nothing else.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kustomizeGroup, parseDuration, sourceGroup } from "#api/flux";
import type { Discovery } from "#cluster";
import { Fault, type Manifest } from "#kernel";
import { commitFiles, type FileChanges, parseGitUrl, type ReadFile } from "#sources/git";
import { discover, resourceOf, valueIfFound } from "../answers.ts";
import { usage } from "../arguments.ts";
import { type Credentials, findCredentials, readSecret, secretManifest } from "../bootstrap/credentials.ts";
import {
  componentsText,
  filesIn,
  kustomizationText,
  type SyncOptions,
  syncManifests,
  syncText,
} from "../bootstrap/layout.ts";
import { fleetRootManager } from "../fleet-root.ts";
import { type Command, defineCommand, type FlagValues } from "../command.ts";
import type { CliCode } from "../faults.ts";
import { conditionOf, textOf } from "../flux-objects.ts";
import { findNeighbours, refuseNeighbours, stopNeighbours } from "../flux-neighbours.ts";
import { applyInOrder, waitHealthy } from "../installation/apply.ts";
import { installationFlags, installationManifests } from "../installation/manifests.ts";
import type { Io } from "../io.ts";
import type { Ports } from "../ports.ts";
import { announceTarget, type ConnectedTarget, targetFlags, withTarget } from "../target.ts";
import { requestReconcile, say, targetOf, waitUntil } from "../waiting.ts";

const flags = {
  ...targetFlags,
  ...installationFlags,
  url: { takes: "URL", about: "the repository: ssh, https, http (file too in an embedded home)" },
  branch: { takes: "NAME", about: "branch to write to and to follow", default: "main" },
  path: { takes: "FOLDER", about: "folder of this cluster in the repository", default: "" },
  interval: { takes: "DURATION", about: "how often to look at the repository", default: "1m0s" },
  "secret-name": { takes: "NAME", about: "Secret with the repository's credentials", default: "flux-system" },
  username: { short: "u", takes: "NAME", about: "user of an https repository" },
  password: { short: "p", takes: "TEXT", about: "password or token of it, or passphrase of the key ($GIT_PASSWORD)" },
  "bearer-token": { takes: "TEXT", about: "token sent as a bearer ($GIT_BEARER_TOKEN)" },
  "private-key-file": { takes: "FILE", about: "SSH key to use; a new one is made when it is absent" },
  "ssh-key-algorithm": { takes: "NAME", about: "kind of a new key", choices: ["ecdsa", "rsa"], default: "ecdsa" },
  "known-hosts-file": { takes: "FILE", about: "host keys of the SSH server; asked of the server when it is absent" },
  "ca-file": { takes: "FILE", about: "authority of an https server" },
  "author-name": { takes: "NAME", about: "author of the commits", default: "Keelson" },
  "author-email": { takes: "ADDRESS", about: "address of the author", default: "keelson@localhost" },
  "commit-message-appendix": { takes: "TEXT", about: "added to each commit message, for example [skip ci]" },
  "recurse-submodules": { about: "the repository has submodules to fetch" },
  "allow-insecure-http": { about: "allow http, which shows credentials to the network" },
  "take-over": { about: "scale Flux's own controllers to zero first" },
  silent: { short: "s", about: "do not wait until somebody has allowed a new key" },
} as const;

type Flags = FlagValues<typeof flags>;

export const command: Command = defineCommand({
  about:
    "Writes what runs Keelson and what follows the repository into the repository, brings both to the cluster and waits\n" +
    "until the cluster is what the repository says. Without --image the repository states the definitions alone, for a home\n" +
    "(`keelson up`) or an engine that runs elsewhere (`keelson run`).",
  examples: [
    "keelson bootstrap git --url ssh://git@example.org/fleet.git --path clusters/production --image registry/keelson:0.1.0",
    "GIT_PASSWORD=$TOKEN keelson bootstrap git --url https://example.org/fleet.git -u git --branch main",
  ],
  flags,
  async run({ flags: given, io, ports }) {
    const url = checkUrl(given);
    if (parseDuration(given.interval) === undefined)
      throw usage(`--interval cannot be ${JSON.stringify(given.interval)}`, "for example 1m0s");
    return await withTarget(given, { io, ports }, async (target) => {
      announceTarget(target, io);
      const scratch = await mkdtemp(join(tmpdir(), "keelson-bootstrap-"));
      try {
        await new Bootstrap({ target, given, io, ports, url, scratch }).run();
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
      return 0;
    });
  },
});

function checkUrl(given: Flags): string {
  if (given.url === undefined) throw usage("which repository?", "--url ssh://git@HOST/PATH or https://HOST/PATH");
  const { scheme, url } = parseGitUrl(given.url);
  if (scheme === "http" && !given["allow-insecure-http"])
    throw usage("http shows credentials to the network", "use https, or allow it with --allow-insecure-http");
  return url;
}

type Context = { target: ConnectedTarget; given: Flags; io: Io; ports: Ports; url: string; scratch: string };

class Bootstrap {
  readonly #context: Context;
  readonly #path: string;
  readonly #namespace: string;

  constructor(context: Context) {
    this.#context = context;
    this.#path = context.given.path.replace(/^(\.?\/)+/, "").replace(/\/+$/, "");
    this.#namespace = context.target.namespace;
    if (this.#path.split("/").includes("..")) throw usage("--path leads out of the repository");
  }

  async run(): Promise<void> {
    const { target, given, io, ports } = this.#context;
    await this.#clearTheWay();
    const discovery = await discover(target.cluster);
    const place = { namespace: this.#namespace, name: given["secret-name"] };
    const credentials = await findCredentials(
      this.#credentialOptions(),
      await readSecret(target.cluster, discovery, place),
    );
    await this.#allowKey(credentials);
    const installed = this.#installation(ports);
    const files = filesIn(this.#path);
    await this.#push(credentials, "what runs it", async () => ({
      [files.components]: componentsText(installed, ports.version),
    }));
    if (!(await this.#isFollowing(discovery))) {
      say.start(io, `installing in ${this.#namespace} namespace`);
      await applyInOrder(target.cluster, installed, { isDryRun: false, tell: () => {} });
      say.done(io, "installed");
    }
    const sync = this.#sync(credentials);
    if (credentials.secret !== undefined)
      await this.#apply([secretManifest(place, credentials.secret)], `Secret ${place.name}`);
    const head = await this.#push(credentials, "what follows the repository", async (read) => ({
      [files.sync]: syncText(sync),
      [files.kustomization]: (await read(files.kustomization)) ?? kustomizationText(),
    }));
    await this.#apply(syncManifests(sync), "GitRepository and Kustomization flux-system");
    await this.#waitFor(head, await discover(target.cluster));
    if (given.image !== undefined)
      await waitHealthy({ cluster: target.cluster, manifests: installed, timeoutMs: target.timeoutMs, io });
    say.done(io, "bootstrap finished: the cluster is what the repository says");
  }

  async #clearTheWay(): Promise<void> {
    const { target, given, io } = this.#context;
    await this.#refuseHomeOfAnother();
    const neighbours = await findNeighbours(target.cluster);
    if (neighbours.length === 0) return;
    if (!given["take-over"]) throw refuseNeighbours(neighbours);
    await stopNeighbours(target.cluster, neighbours);
    say.done(io, `${neighbours.map(({ name }) => name).join(", ")} scaled to zero`);
  }

  /** `keelson up --repo` pins its home to that repository; two roots would undo each other's work. */
  async #refuseHomeOfAnother(): Promise<void> {
    const { target, url } = this.#context;
    const discovery = await discover(target.cluster);
    if (discovery.byKind(sourceGroup, "GitRepository") === undefined) return;
    const source = await target.cluster.get(this.#address(discovery, sourceGroup, "GitRepository"));
    const found = valueIfFound(source, "reading GitRepository flux-system");
    const isPinned = found?.metadata.managedFields?.some(({ manager }) => manager === fleetRootManager) ?? false;
    const followed = textOf(found, "spec", "url");
    if (!isPinned || followed === url) return;
    throw new Fault<CliCode>({
      code: "busy",
      disposition: "stall",
      message: `this home follows ${followed}`,
      hint: "`keelson up --no-example --data FOLDER` starts one that follows nothing yet",
    });
  }

  #credentialOptions(): Parameters<typeof findCredentials>[0] {
    const { given, io } = this.#context;
    return {
      url: given.url ?? "",
      username: given.username,
      password: given.password ?? io.env["GIT_PASSWORD"],
      bearerToken: given["bearer-token"] ?? io.env["GIT_BEARER_TOKEN"],
      privateKeyFile: given["private-key-file"],
      knownHostsFile: given["known-hosts-file"],
      caFile: given["ca-file"],
      keyAlgorithm: given["ssh-key-algorithm"] === "rsa" ? "rsa" : "ecdsa",
      folder: io.folder,
    };
  }

  /** A new key opens nothing until somebody has put it on the server. */
  async #allowKey({ newKey }: Credentials): Promise<void> {
    const { given, io } = this.#context;
    if (newKey === undefined) return;
    say.done(io, "made a new key; allow it on the server, with the right to write:");
    io.stdout.write(`${newKey}\n`);
    if (given.silent) return;
    if (!io.stderr.isTerminal)
      throw usage(
        "nobody is here to allow the key",
        "--private-key-file names one that is allowed already; --silent goes on",
      );
    io.stderr.write("Press Enter and end the input (Ctrl-D) when the key is allowed: ");
    await io.readInput();
  }

  #installation(ports: Ports): Manifest[] {
    const { given } = this.#context;
    const manifests = installationManifests({
      namespace: this.#namespace,
      image: given.image ?? "",
      version: ports.version,
      imagePullSecret: given["image-pull-secret"],
      hasNetworkPolicy: given["network-policy"] === "true",
      tolerationKeys: given["toleration-keys"],
    });
    if (given.image !== undefined) return manifests;
    return manifests.filter(({ kind }) => kind === "Namespace" || kind === "CustomResourceDefinition");
  }

  #sync(credentials: Credentials): SyncOptions {
    const { given, url } = this.#context;
    return {
      namespace: this.#namespace,
      url,
      branch: given.branch,
      path: this.#path,
      interval: given.interval,
      secret: credentials.secret === undefined ? undefined : given["secret-name"],
      recursesSubmodules: given["recurse-submodules"],
    };
  }

  async #push(credentials: Credentials, what: string, edit: (read: ReadFile) => Promise<FileChanges>): Promise<string> {
    const { given, io, url, scratch } = this.#context;
    say.start(io, `committing ${what} to ${given.branch}`);
    const appendix = given["commit-message-appendix"];
    const { commit, isPushed } = await commitFiles({
      url,
      branch: given.branch,
      access: credentials.access,
      environment: io.env,
      folder: scratch,
      author: { name: given["author-name"], email: given["author-email"] },
      message: `Keelson: ${what}\n${appendix === undefined ? "" : `\n${appendix}\n`}`,
      edit,
      signal: io.signal,
    });
    say.done(io, isPushed ? `pushed ${commit}` : `it is there already, at ${commit}`);
    return commit;
  }

  /** True where an engine has applied the repository before: what is installed is then changed through it. */
  async #isFollowing(discovery: Discovery): Promise<boolean> {
    const { target } = this.#context;
    if (discovery.byKind(kustomizeGroup, "Kustomization") === undefined) return false;
    const delivery = await target.cluster.get(this.#address(discovery, kustomizeGroup, "Kustomization"));
    const found = valueIfFound(delivery, "reading Kustomization flux-system");
    return textOf(found, "status", "lastAppliedRevision") !== "";
  }

  async #apply(manifests: readonly Manifest[], what: string): Promise<void> {
    const { target, io } = this.#context;
    await applyInOrder(target.cluster, manifests, { isDryRun: false, tell: () => {} });
    say.done(io, `${what} applied`);
  }

  #address(discovery: Discovery, group: string, kind: string): ReturnType<typeof targetOf> {
    return targetOf(resourceOf(discovery, { group, kind }), this.#namespace, "flux-system");
  }

  /** Both have come to the commit, or past it. */
  async #waitFor(head: string, discovery: Discovery): Promise<void> {
    const { target, io, given } = this.#context;
    const revision = `${given.branch}@${head.length === 64 ? "sha256" : "sha1"}:${head}`;
    const source = this.#address(discovery, sourceGroup, "GitRepository");
    const delivery = this.#address(discovery, kustomizeGroup, "Kustomization");
    await requestReconcile(target.cluster, source, io);
    say.wait(io, `waiting for ${revision}`);
    await waitUntil(
      { target: source, io, connected: target },
      (object) => textOf(object, "status", "artifact", "revision") === revision,
    );
    await requestReconcile(target.cluster, delivery, io);
    await waitUntil({ target: delivery, io, connected: target }, (object) => hasApplied(object, revision));
    say.done(io, `applied ${revision}`);
  }
}

function hasApplied(object: Manifest, revision: string): boolean {
  if (textOf(object, "status", "lastAttemptedRevision") !== revision) return false;
  const ready = conditionOf(object, "Ready");
  if (ready?.status === "False")
    throw new Fault<CliCode>({
      code: "failed",
      disposition: "stall",
      at: "Kustomization/flux-system",
      message: ready.message,
      hint: "mend the repository and run it again",
    });
  return ready?.status === "True";
}
