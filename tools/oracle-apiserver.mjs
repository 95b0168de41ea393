// Starts a real etcd and kube-apiserver out of the folder in KEELSON_ORACLES, on free loopback ports, with a data folder of
// their own that is removed at the end. Used to record what the real server answers; nothing else depends on it.
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { leash } from "./leash.mjs";
import { freePort } from "./free-port.mjs";

/** True when both binaries are there. */
export function hasOracle() {
  const folder = process.env.KEELSON_ORACLES;
  return folder !== undefined && ["etcd", "kube-apiserver"].every((name) => existsSync(join(folder, name)));
}

/**
 * Starts both; resolves once /readyz answers. `ask(method, path, options)` gives `{ code, body, warnings }`. `fsync`: etcd waits for
 * the disk, as in production; answers do not depend on it, figures do. `pids` names the processes, for those who weigh them.
 * `withServiceAccounts`: pods get theirs by admission; `flags`: more flags for kube-apiserver.
 */
export async function startOracle({ fsync = false, withServiceAccounts = false, flags = [] } = {}) {
  const begun = performance.now();
  if (!hasOracle())
    throw new Error(
      "etcd and kube-apiserver are not in the folder that KEELSON_ORACLES names: CONTRIBUTING.md says how to build them",
    );
  const folder = process.env.KEELSON_ORACLES;
  const data = mkdtempSync(join(tmpdir(), "keelson-oracle-"));
  const [client, peer, port] = [await freePort(), await freePort(), await freePort()];
  const etcd = spawn(
    join(folder, "etcd"),
    [
      `--data-dir=${data}/etcd`,
      `--listen-client-urls=http://127.0.0.1:${client}`,
      `--advertise-client-urls=http://127.0.0.1:${client}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
      "--log-level=error",
      ...(fsync ? [] : ["--unsafe-no-fsync"]),
    ],
    { stdio: "ignore" },
  );
  const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs1", format: "pem" });
  writeFileSync(join(data, "sa.key"), key);
  writeFileSync(join(data, "tokens"), 'oracle,admin,admin,"system:masters"\n');
  const server = spawn(
    join(folder, "kube-apiserver"),
    [
      `--etcd-servers=http://127.0.0.1:${client}`,
      `--secure-port=${port}`,
      "--bind-address=127.0.0.1",
      `--cert-dir=${data}/certs`,
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${data}/sa.key`,
      `--service-account-signing-key-file=${data}/sa.key`,
      `--token-auth-file=${data}/tokens`,
      "--authorization-mode=RBAC",
      "--service-cluster-ip-range=10.96.0.0/16",
      "--allow-privileged=true",
      ...(withServiceAccounts ? [] : ["--disable-admission-plugins=ServiceAccount"]),
      ...flags,
      "--v=0",
    ],
    { stdio: "ignore" },
  );
  const ask = (method, path, options = {}) => send({ port, method, path, ...options });
  const release = leash({ pids: [server.pid, etcd.pid], folders: [data] });
  const stop = () => {
    release();
    server.kill("SIGKILL");
    etcd.kill("SIGKILL");
    rmSync(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  for (let tries = 0; tries < 1200; tries++) {
    const ready = await ask("GET", "/readyz").catch(() => undefined);
    if (ready?.code === 200) {
      const pids = [etcd.pid, server.pid];
      const readyMs = performance.now() - begun;
      return { ask, stop, port, url: `https://127.0.0.1:${port}`, token: "oracle", pids, readyMs };
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  stop();
  throw new Error("kube-apiserver did not become ready within 60 s");
}

function send({ port, method, path, body, contentType = "application/json", headers = {} }) {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: "127.0.0.1",
        port,
        method,
        path,
        rejectUnauthorized: false,
        headers: {
          authorization: "Bearer oracle",
          accept: "application/json",
          "content-type": contentType,
          ...headers,
        },
      },
      (answer) => {
        const chunks = [];
        answer.on("data", (chunk) => chunks.push(chunk));
        answer.on("end", () =>
          resolve({
            code: answer.statusCode,
            body: Buffer.concat(chunks).toString("utf8"),
            warnings: [answer.headers.warning ?? []].flat(),
          }),
        );
      },
    );
    call.on("error", reject);
    call.end(body === undefined || typeof body === "string" ? body : JSON.stringify(body));
  });
}
