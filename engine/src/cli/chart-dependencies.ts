// charts/ and Chart.lock of a chart on disk, built as `helm dependency` builds them (pkg/downloader/manager.go of Helm 4.3), with
// its words. Repositories need not be added first: an address in Chart.yaml is enough.

import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import { Fault, formatFault } from "#kernel";
import {
  type Chart,
  type Dependency,
  exactVersion,
  formatLock,
  isInRange,
  loadChartArchive,
  loadChartTree,
  type Lock,
  lockDigest,
  lockDigestOfHelm2,
  lockedDependency,
  lockOf,
  newestInRange,
  packChart,
} from "#render/helm";
import { archiveSeconds } from "./chart-files.ts";
import type { ChartAccess } from "./chart-access.ts";
import { ChartNetwork, type Download, folderUrl } from "./chart-network.ts";
import type { CliCode } from "./faults.ts";
import type { Io } from "./io.ts";
import { chartTree } from "./local-tree.ts";
import { isSameUrl, type NamedRepository } from "./named-repositories.ts";
import { chartOfLayout, isOciLayout } from "./oci-layout.ts";
import { checkProvenance } from "./provenance.ts";

export type DependencyOptions = {
  io: Io;
  write(text: string): void;
  access: ChartAccess;
  /** The chart's folder as the user wrote it; for messages. */
  shown?: string;
};

type Work = DependencyOptions & {
  folder: string;
  shown: string;
  chart: Chart;
  requested: Dependency[];
  network: ChartNetwork;
};

/** Resolves what Chart.yaml asks for, fills charts/ and writes Chart.lock. */
export async function updateDependencies(folder: string, options: DependencyOptions): Promise<void> {
  await working(begin(folder, options), update);
}

async function update(work: Work): Promise<void> {
  if (work.chart.metadata.dependencies === null) return;
  resolveAliases(work);
  await refresh(work);
  const locked = await resolveVersions(work);
  await fillCharts(work, locked);
  const digest = lockDigest(work.requested, locked);
  if (lockOf(work.chart)?.digest === digest) return;
  writeLock(work, { generated: new Date(work.io.clock.now()).toISOString(), digest, dependencies: locked });
}

/** Fills charts/ with the very versions that Chart.lock names. Without a lock it updates. */
export async function buildDependencies(folder: string, options: DependencyOptions): Promise<void> {
  await working(begin(folder, options), build);
}

async function working(work: Work, run: (work: Work) => Promise<void>): Promise<void> {
  try {
    await run(work);
  } finally {
    work.network.close();
  }
}

async function build(work: Work): Promise<void> {
  const lock = lockOf(work.chart);
  if (lock === undefined) return update(work);
  // Helm 2 took its digest before names of repositories were replaced by their addresses.
  const digestOfHelm2 = lockDigestOfHelm2(work.requested);
  resolveAliases(work);
  checkLock(work, lock, digestOfHelm2);
  await fillCharts(work, lock.dependencies ?? []);
}

function begin(folder: string, options: DependencyOptions): Work {
  const shown = options.shown ?? folder;
  if (!existsSync(folder)) throw fault("not-found", `could not find ${shown}: no such file or directory`);
  if (!statSync(folder).isDirectory()) throw fault("usage", "only unpacked charts can be updated");
  const chart = loadChartTree(chartTree(folder), "");
  return {
    ...options,
    folder,
    shown,
    chart,
    requested: chart.metadata.dependencies ?? [],
    network: new ChartNetwork(options.io, options.access, (text) => options.write(text)),
  };
}

function fault(
  code: CliCode,
  message: string,
  more: { at?: string; hint?: string; cause?: unknown } = {},
): Fault<CliCode> {
  return new Fault({ code, disposition: "stall", message, ...more });
}

/** Replaces @name and alias:name by the address, and checks that each repository can be one. */
function resolveAliases(work: Work): void {
  const missing: string[] = [];
  for (const dependency of work.requested) {
    const { repository } = dependency;
    if (repository === "") continue;
    if (repository.startsWith("file://")) localPath(work, repository);
    else if (!repository.startsWith("oci://")) {
      const name = /^(?:@|alias:)(.*)$/.exec(repository)?.[1];
      const found = work.network.named.find((entry) =>
        name === undefined ? isSameUrl(entry.url, repository) : entry.name === name,
      );
      if (name !== undefined && found !== undefined) dependency.repository = found.url;
      else if (found === undefined && !URL.canParse(repository)) missing.push(repository);
    }
  }
  if (missing.length > 0) throw unknownRepositories(missing);
}

function unknownRepositories(missing: readonly string[]): Fault<CliCode> {
  const isPlainName = missing.some((name) => !name.includes("//") && !/^(@|alias:)/.test(name));
  return fault(
    "not-found",
    `no repository definition for ${missing.join(", ")}. Please add them via 'helm repo add'`,
    isPlainName ? { hint: 'repositories must be URLs or aliases: "https://charts.example.com/" or "@example"' } : {},
  );
}

/** The path behind file://, relative to the chart. */
function localPath(work: Work, repository: string): string {
  const path = repository.replace(/^file:\/\//, "");
  const full = resolve(work.folder, path);
  if (existsSync(full)) return full;
  throw fault("not-found", `directory ${path.startsWith("/") ? full : join(work.shown, path)} not found`);
}

/** The chart behind file://: its own folder, or the version in an image layout. */
function localChart(path: string, version: string): Chart {
  if (isOciLayout(path)) return loadChartArchive(chartOfLayout(path, version).bytes);
  return loadChartTree(chartTree(path), "");
}

/** The repository of a dependency on the network or in a folder with an index; undefined for a chart's own folder. */
function repositoryUrl(work: Work, dependency: Dependency): string | undefined {
  if (!dependency.repository.startsWith("file://")) return dependency.repository;
  const path = localPath(work, dependency.repository);
  const isRepository = !existsSync(join(path, "Chart.yaml")) && existsSync(join(path, "index.yaml"));
  return isRepository ? folderUrl(path) : undefined;
}

/** Fetches the index of each repository, and says so. */
async function refresh(work: Work): Promise<void> {
  const urls = new Set(work.requested.map((item) => item.repository).filter((url) => /^https?:/.test(url)));
  const isNamed = (url: string): NamedRepository | undefined =>
    work.network.named.find((entry) => isSameUrl(entry.url, url));
  const unmanaged = [...urls].filter((url) => isNamed(url) === undefined);
  if (unmanaged.length > 0) work.write("Getting updates for unmanaged Helm repositories...\n");
  for (const url of unmanaged) await refreshOne(work, url, url);
  if (unmanaged.length === urls.size) return;
  work.write("Hang tight while we grab the latest from your chart repositories...\n");
  for (const url of urls) {
    const named = isNamed(url);
    if (named !== undefined) await refreshOne(work, url, named.name);
  }
  work.write("Update Complete. ⎈Happy Helming!⎈\n");
}

async function refreshOne(work: Work, url: string, name: string): Promise<void> {
  try {
    await work.network.index(url);
    work.write(`...Successfully got an update from the ${JSON.stringify(name)} chart repository\n`);
  } catch (thrown) {
    const why = reasonOf(thrown);
    work.write(`...Unable to get an update from the ${JSON.stringify(name)} chart repository:\n\t${why}\n`);
    throw thrown;
  }
}

async function resolveVersions(work: Work): Promise<Dependency[]> {
  const locked: Dependency[] = [];
  const missing: string[] = [];
  for (const dependency of work.requested) {
    const version = await resolveVersion(work, dependency);
    if (version === undefined) missing.push(describe(dependency));
    else locked.push(lockedDependency(dependency.name, dependency.repository, version));
  }
  if (missing.length === 0) return locked;
  throw fault(
    "not-found",
    `can't get a valid version for ${missing.length} subchart(s): ${missing.join(", ")}. Make sure a matching chart version exists in the repo, or change the version constraint in Chart.yaml`,
  );
}

function describe({ name, repository, version }: Dependency): string {
  return `${JSON.stringify(name)} (repository ${JSON.stringify(repository)}, version ${JSON.stringify(version)})`;
}

async function resolveVersion(work: Work, dependency: Dependency): Promise<string | undefined> {
  const { name, repository, version } = dependency;
  // Also checks that the range can be read, whatever is found.
  isInRange(version, "0.0.0", name);
  if (repository === "") {
    if (!existsSync(join(work.folder, "charts", name)))
      throw fault("not-found", `directory ${join(work.shown, "charts", name)} not found`);
    return version;
  }
  if (repository.startsWith("oci://")) return (await work.network.findInRegistry(repository, name, version)).version;
  const url = repositoryUrl(work, dependency);
  if (url === undefined) {
    const found = localChart(localPath(work, repository), version).metadata.version;
    return isInRange(version, found, name) ? found : undefined;
  }
  const versions = (await work.network.index(url)).get(name);
  if (versions === undefined) throw fault("not-found", `${name} chart not found in repo ${repository}`);
  return newestInRange(versions, version)?.version;
}

function checkLock(work: Work, lock: Lock, digestOfHelm2: string): void {
  if (lockDigest(work.requested, lock.dependencies ?? []) === lock.digest) return;
  if (work.chart.metadata.apiVersion !== "v1")
    throw fault(
      "failed",
      "the lock file (Chart.lock) is out of sync with the dependencies file (Chart.yaml). Please update the dependencies with 'helm dependency update'",
      { hint: `keelson dependency update ${work.shown}` },
    );
  work.io.stderr.write("warning: a valid Helm v3 hash was not found. Checking against Helm v2 hash...\n");
  if (digestOfHelm2 !== lock.digest)
    throw fault(
      "failed",
      "the lock file (requirements.lock) is out of sync with the dependencies file (requirements.yaml). Please update the dependencies",
      { hint: `keelson dependency update ${work.shown}` },
    );
}

/** Brings every archive together beside charts/, and changes charts/ only when all are there. */
async function fillCharts(work: Work, locked: readonly Dependency[]): Promise<void> {
  const target = join(work.folder, "charts");
  if (existsSync(target) && !statSync(target).isDirectory())
    throw fault("failed", `${JSON.stringify(target)} is not a directory`);
  mkdirSync(target, { recursive: true });
  const incoming = mkdtempSync(join(work.folder, "tmpcharts-"));
  try {
    work.write(`Saving ${locked.length} charts\n`);
    const seen = new Set<string>();
    for (const dependency of locked) await bring(work, dependency, { incoming, seen });
    moveCharts(work, locked, { incoming, target });
  } catch (thrown) {
    if (thrown instanceof Fault) work.write(`Save error occurred:  ${reasonOf(thrown)}\n`);
    throw thrown;
  } finally {
    rmSync(incoming, { recursive: true, force: true });
  }
}

/** The chain of what failed in one line. */
function reasonOf(thrown: unknown): string {
  return formatFault(thrown).replaceAll(/\s*\n\s*/g, " ");
}

async function bring(work: Work, dependency: Dependency, into: { incoming: string; seen: Set<string> }): Promise<void> {
  const { name, repository, version } = dependency;
  if (repository === "") return checkOwn(work, dependency);
  if (repository.startsWith("oci://")) return bringFromRegistry(work, dependency, into);
  const url = repositoryUrl(work, dependency);
  if (url === undefined) return pack(work, dependency, into.incoming);
  const found = exactVersion((await work.network.index(url)).get(name) ?? [], version);
  if (found === undefined)
    throw fault(
      "not-found",
      `could not find : chart ${name} not found in ${repository}: chart ${JSON.stringify(name)} version ${JSON.stringify(version)} not found in ${repository} repository`,
    );
  const address = work.network.archiveUrl(url, found);
  if (into.seen.has(address)) return work.write(`Already downloaded ${name} from repo ${repository}\n`);
  work.write(`Downloading ${name} from repo ${repository}\n`);
  await keep(work, await work.network.archive(url, found), into.incoming);
  into.seen.add(address);
}

async function bringFromRegistry(
  work: Work,
  { name, repository, version }: Dependency,
  into: { incoming: string; seen: Set<string> },
): Promise<void> {
  const found = await work.network.findInRegistry(repository, name, version);
  const address = `${repository}/${name}:${found.version}`;
  if (into.seen.has(address)) return work.write(`Already downloaded ${name} from repo ${repository}\n`);
  work.write(`Downloading ${name} from repo ${repository}\n`);
  await keep(work, await work.network.pull(found), into.incoming);
  into.seen.add(address);
}

/** Writes what came, once it is known to be a chart and, where that is asked for, to be signed. */
async function keep(work: Work, { name, url, bytes, provenance }: Download, incoming: string): Promise<void> {
  checkArchive(bytes, url);
  writeFileSync(join(incoming, name), bytes);
  if (provenance === undefined) return;
  await checkProvenance({ name, bytes }, provenance, { keyring: work.access.keyring, nowMs: work.io.clock.now() });
  writeFileSync(join(incoming, `${name}.prov`), provenance);
}

/** A chart that came over the network must be one before it replaces another. */
function checkArchive(bytes: Uint8Array, url: string): void {
  try {
    loadChartArchive(bytes, basename(url));
  } catch (thrown) {
    throw fault("refused", "what the repository sent is no chart", { at: url, cause: thrown });
  }
}

/** A dependency without a repository stands in charts/ already. */
function checkOwn(work: Work, { name, version }: Dependency): void {
  work.write(`Dependency ${name} did not declare a repository. Assuming it exists in the charts directory\n`);
  const shown = join(work.shown, "charts", name);
  const folder = join(work.folder, "charts", name);
  if (!existsSync(folder)) throw fault("not-found", `unable to load chart '${shown}': no such file or directory`);
  const found = loadChartTree(chartTree(folder), "").metadata.version;
  if (!isInRange(version, found, name))
    throw fault("failed", `dependency ${name} at version ${found} does not satisfy the constraint ${version}`);
}

function pack(work: Work, dependency: Dependency, incoming: string): void {
  const { name, repository, version } = dependency;
  const chart = localChart(localPath(work, repository), version);
  const found = chart.metadata.version;
  if (!isInRange(version, found, name)) throw fault("not-found", `can't get a valid version for dependency ${name}`);
  const seconds = archiveSeconds(work.io);
  const packed = packChart(chart, seconds === undefined ? {} : { seconds });
  writeFileSync(join(incoming, packed.name), packed.bytes);
}

/** Moves what came into charts/ and deletes packed charts that nothing asks for any more. */
function moveCharts(work: Work, locked: readonly Dependency[], folders: { incoming: string; target: string }): void {
  const before = readdirSync(folders.target, { withFileTypes: true });
  const moved = readdirSync(folders.incoming);
  for (const name of moved) renameSync(join(folders.incoming, name), join(folders.target, name));
  work.write("Deleting outdated charts\n");
  const own = new Set(locked.filter((item) => item.repository === "").map((item) => item.name));
  for (const entry of before) {
    if (entry.isDirectory() || entry.name.endsWith(".prov") || moved.includes(entry.name)) continue;
    const path = join(folders.target, entry.name);
    const chart = readArchive(work, path, entry.name);
    if (chart !== undefined && !own.has(chart.metadata.name)) rmSync(path);
  }
}

function readArchive(work: Work, path: string, name: string): Chart | undefined {
  try {
    return loadChartArchive(new Uint8Array(readFileSync(path)), name);
  } catch (thrown) {
    const reason = thrown instanceof Fault ? formatFault(thrown) : String(thrown);
    work.write(`Could not verify ${join(work.shown, "charts", name)} for deletion: ${reason} (Skipping)\n`);
    return undefined;
  }
}

function writeLock(work: Work, lock: Lock): void {
  const name = work.chart.metadata.apiVersion === "v1" ? "requirements.lock" : "Chart.lock";
  const path = join(work.folder, name);
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true)
    throw fault("refused", `the ${name} file is a symlink`, { at: path, hint: "replace it by a file" });
  writeFileSync(path, formatLock(lock));
}
