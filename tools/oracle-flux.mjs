// Flux's real controllers out of the folder in KEELSON_ORACLES, started against a Kubernetes API, each as a process with a
// storage folder and free loopback ports of its own. Their definitions must be applied first: `fluxDefinitionFiles` names them.
// And Flux's libraries, asked for what they make of an input.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { leash } from "./leash.mjs";
import { freePort } from "./free-port.mjs";

const names = ["source", "kustomize", "helm"];

/** True when the named controllers are there. */
export function hasFlux(controllers = names) {
  const folder = process.env.KEELSON_ORACLES;
  return folder !== undefined && controllers.every((name) => existsSync(join(folder, `flux-${name}-controller`)));
}

/** Paths of the CustomResourceDefinitions that the named controllers need. */
export function fluxDefinitionFiles(controllers = names) {
  return controllers.flatMap((name) => {
    const folder = join(process.env.KEELSON_ORACLES, `flux-${name}-controller-definitions`);
    return readdirSync(folder)
      .filter((file) => file.endsWith(".yaml"))
      .map((file) => join(folder, file));
  });
}

/** True when `flux-answer` is there. */
export function hasFluxAnswer() {
  const folder = process.env.KEELSON_ORACLES;
  return folder !== undefined && existsSync(join(folder, "flux-answer"));
}

/** What Flux's own libraries make of each question: `{result}` or `{error}`. See oracles/flux-answer/main.go. */
export function askFlux(questions) {
  const input = questions.map((question) => JSON.stringify(question)).join("\n");
  const program = join(process.env.KEELSON_ORACLES, "flux-answer");
  const done = spawnSync(program, [], { input, encoding: "utf8", maxBuffer: 1 << 30 });
  const answers = done.stdout.split("\n").filter((line) => line !== "");
  if (answers.length !== questions.length)
    throw new Error(`flux-answer gave ${answers.length} answers to ${questions.length} questions: ${done.stderr}`);
  return answers.map((line) => JSON.parse(line));
}

/**
 * Starts one controller. `kubeconfig` is a file; `folder` takes its storage and its log; `storage` is where it serves artifacts. `stop()` resolves once it has gone;
 * with `{ isSudden: true }` it is killed.
 */
export async function startFluxController(name, { kubeconfig, folder, args = [], env = {} }) {
  const own = join(folder, name);
  mkdirSync(own, { recursive: true });
  const [metrics, health, storage] = [await freePort(), await freePort(), await freePort()];
  const storageArgs = [
    `--storage-path=${own}`,
    `--storage-addr=127.0.0.1:${storage}`,
    `--storage-adv-addr=127.0.0.1:${storage}`,
  ];
  const log = openSync(join(folder, `${name}.log`), "a");
  const child = spawn(
    join(process.env.KEELSON_ORACLES, `flux-${name}-controller`),
    [
      `--metrics-addr=127.0.0.1:${metrics}`,
      `--health-addr=127.0.0.1:${health}`,
      "--events-addr=",
      "--watch-all-namespaces=true",
      "--log-level=info",
      "--enable-leader-election=false",
      ...(name === "source" ? storageArgs : []),
      ...args,
    ],
    {
      env: { ...process.env, KUBECONFIG: kubeconfig, RUNTIME_NAMESPACE: "flux-system", ...env },
      stdio: ["ignore", log, log],
    },
  );
  const release = leash({ pids: [child.pid] });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  const stop = async ({ isSudden = false } = {}) => {
    child.kill(isSudden ? "SIGKILL" : "SIGTERM");
    await gone;
    release();
  };
  return { stop, logFile: join(folder, `${name}.log`), storage: `127.0.0.1:${storage}` };
}
