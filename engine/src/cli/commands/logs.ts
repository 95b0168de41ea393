// `keelson logs`: what the engine writes, of a home from its file, of an installation from its Pods. JSON lines with the
// members that Flux's controllers write, shown in `flux logs`' form.

import { createReadStream, statSync, watch } from "node:fs";
import { dirname, join } from "node:path";
import { parseDuration } from "#api/flux";
import type { HttpCluster } from "#cluster";
import { Fault, isObject } from "#kernel";
import { discover, refusal, resourceOf, valueOf } from "../answers.ts";
import { usage } from "../arguments.ts";
import { type Command, defineCommand, type FlagValues } from "../command.ts";
import type { CliCode } from "../faults.ts";
import { readRunningHome } from "../home-file.ts";
import { findInstallation } from "../installation/find.ts";
import type { Io } from "../io.ts";
import { type ConnectedTarget, targetFlags, withTarget } from "../target.ts";

const flags = {
  ...targetFlags,
  "all-namespaces": { short: "A", about: "of objects of all namespaces" },
  kind: { takes: "KIND", about: "only of objects of this kind, for example Kustomization" },
  name: { takes: "NAME", about: "only of the object of this name" },
  level: { takes: "LEVEL", about: "only of this level", choices: ["info", "error", "debug"] },
  since: { takes: "DURATION", about: "only what is younger: 10m, 2h" },
  tail: { takes: "NUMBER", about: "only so many of the last lines; -1: all", default: "-1" },
  follow: { short: "f", about: "go on printing what comes" },
  output: { short: "o", takes: "FORMAT", about: "print as", choices: ["json"] },
} as const;

type Flags = FlagValues<typeof flags>;

export const command: Command = defineCommand({
  about: "Shows the engine's log: of the home that runs here, or of the Pods that run it in a cluster.",
  examples: [
    "keelson logs -f",
    "keelson logs --kind Kustomization --name apps --since 10m",
    "keelson logs --level error -A",
  ],
  flags,
  async run({ flags: given, io, ports }) {
    const filter = new Filter(given, io);
    return await withTarget(given, { io, ports }, async (target) => {
      const home = await readRunningHome(join(io.folder, ".keelson"));
      const file =
        home !== undefined && target.label.includes(home.api) ? join(dirname(home.kubeconfig), "keelson.log") : "";
      const lines = file === "" ? podLines(target, given, io) : fileLines(file, given, io);
      const show = (line: string): void => {
        const shown = filter.show(line, target.namespace);
        if (shown !== undefined) io.stdout.write(`${shown}\n`);
      };
      await printLast(lines, readTail(given.tail), {
        show,
        isShown: (line) => filter.show(line, target.namespace) !== undefined,
      });
      return 0;
    });
  },
});

/** `undefined` in the stream ends what was there before; what comes after it is new. */
type LineStream = AsyncIterable<string | undefined>;

function readTail(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number)) return number;
  throw usage(`--tail cannot be ${JSON.stringify(text)}`, "a whole number");
}

type Printing = { show: (line: string) => void; isShown: (line: string) => boolean };

async function printLast(lines: LineStream, tail: number, { show, isShown }: Printing): Promise<void> {
  let kept: string[] | undefined = tail < 0 ? undefined : [];
  for await (const line of lines) {
    if (line !== undefined && kept === undefined) show(line);
    else if (line !== undefined && isShown(line)) {
      kept?.push(line);
      if ((kept?.length ?? 0) > tail) kept?.shift();
    } else if (line === undefined) {
      kept?.forEach(show);
      kept = undefined;
    }
  }
  kept?.forEach(show);
}

/** Which lines are wanted, and how they look. */
class Filter {
  readonly #flags: Flags;
  readonly #sinceMs: number;

  constructor(given: Flags, io: Io) {
    this.#flags = given;
    const age = given.since === undefined ? Number.POSITIVE_INFINITY : parseDuration(given.since);
    if (age === undefined) throw usage(`--since cannot be ${JSON.stringify(given.since)}`, "for example 10m");
    this.#sinceMs = io.clock.now() - age;
  }

  /** undefined: not wanted. A line that is no JSON is shown as it is, unless something is asked for. */
  show(line: string, namespace: string): string | undefined {
    const { kind, name, level, output } = this.#flags;
    const entry = parseEntry(line);
    if (entry === undefined) return kind === undefined && name === undefined && level === undefined ? line : undefined;
    const own = (member: string): string => (typeof entry[member] === "string" ? entry[member] : "");
    if (kind !== undefined && own("controllerKind").toLowerCase() !== kind.toLowerCase()) return undefined;
    if (name !== undefined && own("name") !== name) return undefined;
    if (level !== undefined && own("level") !== level) return undefined;
    const isElsewhere = own("namespace") !== "" && own("namespace") !== namespace;
    if (isElsewhere && !this.#flags["all-namespaces"]) return undefined;
    if (Date.parse(own("ts")) < this.#sinceMs) return undefined;
    if (output === "json") return line;
    const object = own("name") === "" ? own("logger") : `${own("controllerKind")}/${own("name")}.${own("namespace")}`;
    const text = [own("msg"), own("error")].filter((part) => part !== "").join(" ");
    return `${own("ts")} ${own("level")} ${object} - ${text}`;
  }
}

function parseEntry(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value as never) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

async function* fileLines(path: string, given: Flags, io: Io): LineStream {
  for (const older of [`${path}.1`, path]) yield* linesBetween(older, 0, sizeOf(older));
  if (!given.follow) return;
  yield undefined;
  let at = sizeOf(path);
  const woken = new Waker();
  const watcher = watch(path, () => woken.wake());
  io.signal.addEventListener("abort", () => woken.wake(), { once: true });
  try {
    while (!io.signal.aborted) {
      const size = sizeOf(path);
      if (size > at) yield* linesBetween(path, at, size);
      at = size;
      await woken.wait();
    }
  } finally {
    watcher.close();
  }
}

/** Remembers one call of `wake` that comes before `wait`. */
class Waker {
  #isWoken = false;
  #resolve: (() => void) | undefined;

  wake(): void {
    this.#isWoken = true;
    this.#resolve?.();
  }

  async wait(): Promise<void> {
    if (!this.#isWoken) await new Promise<void>((resolve) => (this.#resolve = resolve));
    this.#isWoken = false;
    this.#resolve = undefined;
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

async function* linesBetween(path: string, start: number, end: number): AsyncIterable<string> {
  if (end <= start) return;
  yield* linesOf(createReadStream(path, { start, end: end - 1, encoding: "utf8" }) as AsyncIterable<string>);
}

async function* linesOf(pieces: AsyncIterable<string>): AsyncIterable<string> {
  let rest = "";
  for await (const piece of pieces) {
    const parts = (rest + piece).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
  if (rest !== "") yield rest;
}

/** Of each Pod in turn; followed, of the first alone: one Pod runs the engine. */
async function* podLines(target: ConnectedTarget, given: Flags, io: Io): LineStream {
  const { http, namespace } = target;
  const pods = await enginePods(target);
  if (http === undefined || pods.length === 0)
    throw new Fault<CliCode>({
      code: "not-found",
      disposition: "stall",
      message: `no Pod in namespace ${namespace} runs the engine`,
      hint: "the log of `keelson up` and `keelson run` stands in keelson.log of their data folders",
    });
  const tail = readTail(given.tail);
  const last = given.follow && tail >= 0 ? { tailLines: tail } : {};
  // What a server sends of a followed log is not divided into old and new: it picks the last lines itself.
  if (given.follow) yield undefined;
  for (const name of given.follow ? pods.slice(0, 1) : pods) {
    const options = { container: "manager", isFollowed: given.follow, ...last };
    yield* linesOf(piecesOf(http, { namespace, name }, options, io));
  }
}

async function* piecesOf(
  http: HttpCluster,
  pod: { namespace: string; name: string },
  options: Parameters<HttpCluster["log"]>[1],
  io: Io,
): AsyncIterable<string> {
  for await (const piece of http.log(pod, options, io.signal)) {
    if (typeof piece !== "string") throw refusal(piece, `reading the log of Pod ${pod.name}`);
    yield piece;
  }
}

async function enginePods({ cluster, namespace }: ConnectedTarget): Promise<string[]> {
  const { deployments } = await findInstallation(cluster, namespace);
  if (deployments.length === 0) return [];
  const resource = resourceOf(await discover(cluster), { group: "", kind: "Pod", version: "v1" });
  const list = await cluster.list(resource, { namespace, labelSelector: "app.kubernetes.io/part-of=flux" });
  return valueOf(list, "listing the engine's Pods").items.map((pod) => pod.metadata.name);
}
