// Wires the engine over any cluster: sources, deliveries, and the HTTP port. What `up` and `run` have in common.

import { randomBytes, randomInt } from "node:crypto";
import { setMaxListeners } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { startArtifacts, type Artifacts } from "#artifacts";
import type { EngineOptions, RunningEngine } from "#cli";
import {
  type DeliveryOptions,
  type Engine,
  type EventInput,
  RemoteBases,
  startDelivery,
  startRenderPool,
} from "#delivery";
import { fluxDialect } from "#dialects/flux";
import { startReleases } from "#dialects/flux/releases";
import { deliveryLogs } from "#dialects/keelson";
import { type Clock, Fault, formatFault, formatRef } from "#kernel";
import { startChartThreads } from "#releases";
import { askOverNetwork, type KeyServices } from "#secrets/keys";
import { type HttpServer, startHttpServer } from "#server";
import { type Log, logTo, openLog } from "./log.ts";

/** What the embedded home gives beside: its log, and who made a version of an object. */
type Given = { log?: Log } & Pick<DeliveryOptions, "authorOf">;

/** Starts the engine; the log is opened where none is given. */
export async function openEngine(options: EngineOptions & Given, clock: Clock): Promise<RunningEngine> {
  const { cluster, dataFolder } = options;
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const log = options.log ?? ownLog(options, clock);
  const ending = new AbortController();
  const { signal } = ending;
  // One watch a kind ends with it.
  setMaxListeners(0, signal);
  const token = readToken(join(dataFolder, "token"));
  let artifacts: Artifacts | undefined;
  const http: HttpServer = await startHttpServer({
    cluster,
    clock,
    port: options.port,
    ...(options.host === undefined ? {} : { host: options.host }),
    ...options.console,
    hostNames: hostNamesOf(options),
    token,
    consoleFolder: options.consoleFolder,
    // The port must be known before sources can name their artifacts' addresses.
    artifacts: (request, response) => artifacts?.serve(request, response) ?? false,
    hook(link) {
      if (artifacts?.store.getTree(link) === undefined) return false;
      artifacts.hook(link);
      return true;
    },
    failed: (error) => log.error("http", error),
    logged: (message) => log.info("console", message),
    signal,
  });
  artifacts = startArtifacts({
    cluster,
    clock,
    folder: join(dataFolder, "sources"),
    environment: process.env,
    mirrors: options.mirrors,
    ...tunedSources(options),
    address: `http://${options.advertised ?? `127.0.0.1:${http.port}`}`,
    signal,
    random,
    failed: (source, fault) => tellFault({ log, http, clock }, source, fault),
    passed: (source, tookMs) => http.passed(source, tookMs),
  });
  await artifacts.ready;
  // One thread beside this one: rendering then never holds up the API server.
  const pool = startRenderPool({ clock, threads: 1 });
  const engine = startDelivery({
    ...reachOf(options, { clock, signal, log, http }),
    ...(options.authorOf === undefined ? {} : { authorOf: options.authorOf }),
    artifacts: artifacts.view,
    pool,
  });
  const renderer = startChartThreads(clock);
  const releases = startReleases({
    ...releasesOf(options, { clock, signal, log, http }, artifacts.view),
    renderer,
  });
  http.attach(engine, artifacts.history, releases);
  return {
    phases: (listener) => tellPhases(engine, listener),
    url: `http://127.0.0.1:${http.port}/?token=${token}`,
    async close() {
      ending.abort();
      await http.close();
      await Promise.all([engine.ended, releases.ended, artifacts.ended]);
      await Promise.all([pool.close(), renderer.close()]);
      if (options.log === undefined) log.close();
    },
  };
}

/** What flags say of sources. */
function tunedSources({ tuning }: EngineOptions) {
  if (tuning === undefined) return {};
  const { jitterPercent, hasObjectIdentity, flux } = tuning;
  const { isCrossNamespaceAllowed = true, watchSelector } = flux;
  return { jitter: jitterPercent / 100, hasObjectIdentity, isCrossNamespaceAllowed, selector: watchSelector };
}

/** Names beside loopback's that requests may ask for. */
function hostNamesOf({ advertised, console }: EngineOptions): string[] {
  const own = console?.oidc === undefined ? [] : [new URL(console.oidc.address).hostname];
  return advertised === undefined ? own : [...own, advertised.replace(/:\d+$/, "")];
}

type Told = { log: Log; http: HttpServer; clock: Clock };

/** To the log with the members that Flux's controllers write and `flux logs` filters by, and to the console. */
function tellEvent({ log, http, clock }: Told, { ref, isWarning, reason, message }: EventInput): void {
  const members = { controllerKind: ref.kind, namespace: ref.namespace, name: ref.name, reason };
  if (isWarning) log.error("delivery", new Fault({ code: reason, disposition: "retry", message }), members);
  else log.info("delivery", message, members);
  http.note(ref, { atMs: clock.now(), level: isWarning ? "error" : "info", message: `${reason}: ${message}` });
}

function tellFault(
  { log, http, clock }: Told,
  source: { kind: string; namespace: string; name: string },
  fault: Fault,
): void {
  log.error("sources", fault, { ...source });
  http.note(source, { atMs: clock.now(), level: "error", message: formatFault(fault) });
}

function ownLog({ logLine, dataFolder }: EngineOptions, clock: Clock): Log {
  return logLine === undefined ? openLog(join(dataFolder, "keelson.log"), clock) : logTo(logLine, clock);
}

/** What HelmReleases are given. */
function releasesOf(
  options: EngineOptions,
  context: { clock: Clock; signal: AbortSignal; log: Log; http: HttpServer },
  artifacts: Artifacts["view"],
): Parameters<typeof startReleases>[0] {
  const { clock, signal, log, http } = context;
  const { tuning } = options;
  const { flux } = tuning ?? {};
  return {
    cluster: options.cluster,
    artifacts,
    clock,
    signal,
    random,
    jitterPercent: tuning?.jitterPercent ?? 5,
    decryption: { services: keyServices(clock), ...tuning?.decryption },
    journal: deliveryLogs({ cluster: options.cluster, clock, logged: (message) => log.info("journal", message) }),
    logged: (message) => log.info("releases", message),
    told: (event) => tellEvent({ log, http, clock }, event),
    passed(key, tookMs) {
      const [namespace = "", name = ""] = key.split("/");
      http.passed({ kind: "HelmRelease", namespace, name }, tookMs);
    },
    ...(flux === undefined ? {} : { settings: settingsFrom(flux) }),
  };
}

/** The same flags mean the same for both of Flux's kinds. */
function settingsFrom(flux: NonNullable<EngineOptions["tuning"]>["flux"]) {
  const { isCrossNamespaceAllowed, defaultServiceAccount, defaultKubeConfigServiceAccount, watchSelector } = flux;
  const { isReadyExpressionAdditive, dependencyRetryMs } = flux;
  const given = {
    isCrossNamespaceAllowed,
    defaultServiceAccount,
    defaultKubeConfigServiceAccount,
    watchSelector,
    isReadyExpressionAdditive,
    dependencyRetryMs,
  };
  return JSON.parse(JSON.stringify(given)) as Partial<typeof given>;
}

/** What deliveries are given beside their sources. */
function reachOf(
  { cluster, dataFolder, mirrors, tuning }: EngineOptions,
  { clock, signal, log, http }: { clock: Clock; signal: AbortSignal; log: Log; http: HttpServer },
): Omit<DeliveryOptions, "artifacts" | "pool"> {
  const folder = join(dataFolder, "bases");
  return {
    cluster,
    dialects: [fluxDialect(tuning?.flux)],
    journal: deliveryLogs({ cluster, clock, logged: (message) => log.info("journal", message) }),
    decryption: { services: keyServices(clock), ...tuning?.decryption },
    remotes: new RemoteBases({ folder, cluster, clock, random, environment: process.env, signal, mirrors }),
    clock,
    signal,
    random,
    jitterPercent: tuning?.jitterPercent ?? 5,
    logged: (message) => log.info("delivery", message),
    told: (event) => tellEvent({ log, http, clock }, event),
    // group/kind/namespace/name
    passed(key, _, tookMs) {
      const [kind = "", namespace = "", name = ""] = key.split("/").slice(1);
      http.passed({ kind, namespace, name }, tookMs);
    },
  };
}

function tellPhases(engine: Engine, listener: Parameters<RunningEngine["phases"]>[0]): void {
  const tell = ({
    ref,
    phase,
    waitingFor,
  }: {
    ref: Parameters<typeof formatRef>[0];
    phase: string;
    waitingFor: string | undefined;
  }): void => listener({ key: formatRef(ref), phase, waitingFor: waitingFor ?? "" });
  for (const delivery of engine.snapshot().deliveries) tell(delivery);
  engine.subscribe(tell);
}

/** The console's token: made once for a data folder, so that an open page survives a restart. */
function readToken(path: string): string {
  const found = existsSync(path) ? readFileSync(path, "utf8").trim() : "";
  if (found !== "") return found;
  const token = randomBytes(24).toString("base64url");
  writeFileSync(path, `${token}\n`, { mode: 0o600 });
  return token;
}

/** Key services of clouds and Vault, asked as this process; VAULT_CACERT names an authority to trust. */
function keyServices(clock: Clock): KeyServices {
  const authority = process.env["VAULT_CACERT"];
  const trusted = authority === undefined || authority === "" ? undefined : readFileSync(authority, "utf8");
  return {
    ask: askOverNetwork(trusted),
    now: () => clock.now(),
    environment: process.env,
    readFile: (path) => readFile(path, "utf8"),
  };
}

/** From 0 to 1, for back-off and jitter. */
function random(): number {
  return randomInt(2 ** 32) / 2 ** 32;
}
