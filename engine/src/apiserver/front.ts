// The control plane's HTTP side: identity files, handler and port, wired over a dispatch.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "#kernel";
import { identityOf, impersonated, type TokenReader } from "#apiserver/access";
import type { AuditLog } from "#apiserver/audit";
import { OpenApi } from "#apiserver/discovery";
import {
  Bodies,
  handle,
  type HandlerContext,
  type Incoming,
  kubeconfigText,
  listen,
  Metrics,
  Presenter,
  Unsent,
} from "#apiserver/http";
import { type ServerIdentity } from "#apiserver/tls";
import type { Dispatch } from "./dispatch.ts";
import { watchesMost } from "./limits.ts";

export type FrontOptions = {
  dispatch: Dispatch;
  clock: Clock;
  identity: ServerIdentity;
  /** Who each token stands for. */
  readers: readonly TokenReader[];
  host: string;
  port: number;
  dataFolder: string | undefined;
  failed: (error: unknown) => void;
  audit: AuditLog;
  /** How many watches may be open; absent: as many as `limits.ts` says. */
  watchesMost?: number;
  /** An id for a request. */
  newId: () => string;
};

export type Front = { url: string; port: number; kubeconfig: string; close: () => Promise<void> };

/** The name of cluster, user and context in the kubeconfig. */
const contextName = "keelson";

export async function openFront(options: FrontOptions): Promise<Front> {
  const { dispatch, clock, identity, failed } = options;
  const watches = new Set<() => void>();
  const metrics = new Metrics({
    apiserver_watches: () => watches.size,
    apiserver_storage_revision: () => dispatch.registry.store.revision,
  });
  const context: HandlerContext = {
    dispatch,
    table: dispatch.registry.table,
    openApi: new OpenApi(dispatch.registry.table),
    address: `${options.host}:${options.port}`,
    metrics: () => metrics.text(),
    presenter: new Presenter(dispatch.registry),
    clock,
    watches,
    watchesMost: options.watchesMost ?? watchesMost,
    unsent: new Unsent(clock),
    bodies: new Bodies(),
    failed,
    authenticate: (request: Incoming) => {
      const sender = identityOf(request.headers.authorization, options.readers);
      const identity = impersonated(request, sender, (who, question) => dispatch.authorizer.decide(who, question));
      return { sender, identity };
    },
    audited: (done) => options.audit.record(done),
    newId: options.newId,
    answered: (verb, resource, code) => metrics.count(verb, resource, code),
  };
  const listener = await listen({
    host: options.host,
    port: options.port,
    certificate: identity.server.certificate,
    key: identity.server.key,
    handle: (request, response) => void handle(context, request, response),
    endWatches: () => {
      for (const end of watches) end();
    },
  });
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  const url = `https://${host}:${listener.port}`;
  context.address = `${host}:${listener.port}`;
  const kubeconfig = kubeconfigText({
    name: contextName,
    url,
    authority: identity.authorityCertificate,
    token: identity.administratorToken,
  });
  if (options.dataFolder !== undefined)
    writeFileSync(join(options.dataFolder, "kubeconfig"), kubeconfig, { mode: 0o600 });
  return { url, port: listener.port, kubeconfig, close: listener.close };
}
