// The connection of a program that runs as a Pod: its ServiceAccount's token (re-read, since the kubelet rotates it), the
// cluster's authority and the API server's address.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "#kernel";
import type { Connection } from "./connection.ts";
import { tokenFileCredentials, unreadable } from "./credentials.ts";

/** Where the kubelet mounts them. */
export const serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

export type InClusterOptions = {
  clock: Clock;
  environment: Readonly<Record<string, string | undefined>>;
  folder?: string;
};

/** undefined when this process is not in a Pod. */
export async function inClusterConnection(options: InClusterOptions): Promise<Connection | undefined> {
  const host = options.environment["KUBERNETES_SERVICE_HOST"];
  const port = options.environment["KUBERNETES_SERVICE_PORT"];
  if (host === undefined || host === "" || port === undefined) return undefined;
  const folder = options.folder ?? serviceAccountFolder;
  const read = (name: string): Promise<string> =>
    readFile(join(folder, name), "utf8").catch((cause: unknown) => {
      throw unreadable(join(folder, name), cause);
    });
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    name: "in-cluster",
    namespace: (await read("namespace").catch(() => "default")).trim(),
    authority: await read("ca.crt"),
    credentials: tokenFileCredentials(join(folder, "token"), options.clock),
  };
}
