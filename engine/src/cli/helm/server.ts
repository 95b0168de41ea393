// The API server that helm's own flags and variables name, and as whom it is spoken to.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Connection, fixedCredentials } from "#cluster";
import { usage } from "../arguments.ts";
import type { Io } from "../io.ts";
import { type ConnectedTarget, connectTarget, type Surroundings } from "../target.ts";
import type { ServerFlags } from "./release-flags.ts";

/** Connects to the server; nothing is asked yet. */
export function connectServer(flags: ServerFlags, surroundings: Surroundings): Promise<ConnectedTarget> {
  const { io } = surroundings;
  const { kubeconfig } = flags;
  const context = flags["kube-context"] ?? (io.env["HELM_KUBECONTEXT"] || undefined);
  return connectTarget({ kubeconfig, context, namespace: undefined, timeout: "5m" }, surroundings, (connection) =>
    overridden(connection, flags, io),
  );
}

/** The connection as helm's own flags and variables change it. */
function overridden(connection: Connection, flags: ServerFlags, io: Io): Connection {
  const given = (flag: keyof ServerFlags, variable: string): string | undefined => {
    const value = flags[flag] ?? io.env[variable];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const server = given("kube-apiserver", "HELM_KUBEAPISERVER")?.replace(/\/+$/, "");
  const token = given("kube-token", "HELM_KUBETOKEN");
  const authority = given("kube-ca-file", "HELM_KUBECAFILE");
  const serverName = given("kube-tls-server-name", "HELM_KUBETLS_SERVER_NAME");
  const user = given("kube-as-user", "HELM_KUBEASUSER");
  const groups = [...flags["kube-as-group"], ...(io.env["HELM_KUBEASGROUPS"] ?? "").split(",")].filter(Boolean);
  if (user === undefined && groups.length > 0) throw usage("--kube-as-group needs --kube-as-user");
  return {
    ...connection,
    ...(server === undefined ? {} : { server }),
    ...(token === undefined ? {} : { credentials: fixedCredentials({ authorization: `Bearer ${token}` }) }),
    ...(authority === undefined ? {} : { authority: readFileSync(resolve(io.folder, authority), "utf8") }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(flags["kube-insecure-skip-tls-verify"] ? { isInsecure: true } : {}),
    ...(user === undefined ? {} : { impersonate: { user, groups } }),
  };
}
