// Credential plugins: a command that prints an ExecCredential. Its answer is kept until it expires or is refused, and
// several requests that need it share one run. https://kubernetes.io/docs/reference/config-api/client-authentication.v1/

import { execFile } from "node:child_process";
import { type Clock, decodeJson, encodeJson, Fault, isObject, type JsonObject } from "#kernel";
import type { Credential, Credentials } from "./credentials.ts";
import type { ClusterFaultCode } from "./faults.ts";
import { expirySkewMs, pluginOutputMost, pluginTimeoutMs } from "./limits.ts";

export type ExecPlugin = {
  apiVersion: string;
  command: string;
  args: readonly string[];
  /** Added to the caller's own. */
  environment: Readonly<Record<string, string>>;
  installHint: string;
  /** What the plugin is told of the cluster, when it asks for it. */
  cluster?: JsonObject;
};

export type ExecOptions = { clock: Clock; environment: Readonly<Record<string, string | undefined>> };

/** Credentials from a plugin. */
export function execCredentials(plugin: ExecPlugin, options: ExecOptions): Credentials {
  let known: { credential: Credential; expiresMs: number } | undefined;
  let running: Promise<Credential> | undefined;
  const renew = async (): Promise<Credential> => {
    const answer = parseAnswer(await run(plugin, options.environment), plugin);
    known = answer;
    return answer.credential;
  };
  return {
    current: () => {
      if (known !== undefined && known.expiresMs - expirySkewMs > options.clock.now())
        return Promise.resolve(known.credential);
      running ??= renew().finally(() => {
        running = undefined;
      });
      return running;
    },
    refused: () => {
      known = undefined;
    },
  };
}

function run(plugin: ExecPlugin, environment: ExecOptions["environment"]): Promise<string> {
  const spec = { interactive: false, ...(plugin.cluster === undefined ? {} : { cluster: plugin.cluster }) };
  const info = encodeJson({ apiVersion: plugin.apiVersion, kind: "ExecCredential", spec });
  const env = { ...environment, ...plugin.environment, KUBERNETES_EXEC_INFO: info };
  const limits = { env, timeout: pluginTimeoutMs, maxBuffer: pluginOutputMost, windowsHide: true };
  return new Promise((resolve, reject) => {
    execFile(plugin.command, [...plugin.args], limits, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const isAbsent = error.code === "ENOENT";
      const said = stderr.trim().split("\n").at(-1) ?? "";
      reject(
        pluginFault(plugin, isAbsent ? "is not installed" : said === "" ? "failed" : `failed: ${said}`, undefined),
      );
    }).stdin?.end();
  });
}

function parseAnswer(stdout: string, plugin: ExecPlugin): { credential: Credential; expiresMs: number } {
  let answer: unknown;
  try {
    answer = decodeJson(stdout);
  } catch {
    // The parser's message quotes the text, which may hold a token.
    throw pluginFault(plugin, "printed no JSON", undefined);
  }
  const status = isObject(answer) && isObject(answer["status"]) ? answer["status"] : {};
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = status;
  const credential: Credential = {};
  if (typeof token === "string" && token !== "") credential.authorization = `Bearer ${token}`;
  if (typeof clientCertificateData === "string") credential.certificate = clientCertificateData;
  if (typeof clientKeyData === "string") credential.key = clientKeyData;
  if (Object.keys(credential).length === 0) throw pluginFault(plugin, "gave neither token nor certificate", undefined);
  const expiresMs = typeof expirationTimestamp === "string" ? Date.parse(expirationTimestamp) : Infinity;
  return { credential, expiresMs: Number.isNaN(expiresMs) ? Infinity : expiresMs };
}

function pluginFault(plugin: ExecPlugin, what: string, cause: unknown): Fault<ClusterFaultCode> {
  const hint = plugin.installHint === "" ? "run it by hand to see why" : plugin.installHint.trim();
  return new Fault<ClusterFaultCode>({
    code: "credential-plugin-failed",
    disposition: "retry",
    at: plugin.command,
    message: `the credential plugin ${what}`,
    hint,
    cause,
  });
}
