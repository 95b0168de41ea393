// The embedded control plane: registry, custom resources and access wired over one store.

import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Cluster, Identity } from "#cluster";
import { builtinServed, serviceAddresses } from "#apiserver/kinds";
import { assert, type Clock } from "#kernel";
import type { Store } from "#store";
import {
  creationDefaults,
  devices,
  podAccounts,
  limitRanges,
  mutatingPolicies,
  podPriorities,
  podRuntimes,
  podTolerations,
  quotas,
  type Sources,
  validatingPolicies,
  webhooks,
} from "#apiserver/admission";
import { AuditLog, type Author } from "#apiserver/audit";
import { type Admission, type Codec, plainCodec, Registry } from "#apiserver/registry";
import { sealingCodec } from "./sealing.ts";
import { bootstrap } from "./bootstrap.ts";
import { keepFlowControl } from "./flow-schemas.ts";
import { followDefinitions, publishService, publishServices } from "./own-objects.ts";
import { Definitions } from "#apiserver/custom";
import { Dispatch } from "./dispatch.ts";
import { InProcessCluster } from "./in-process.ts";
import { namespaceLifecycle } from "./lifecycle.ts";
import { compactEveryMs } from "./limits.ts";
import { type Front, type FrontOptions, openFront } from "./front.ts";
import { loadIdentity, type ServerIdentity } from "#apiserver/tls";
import {
  escalation,
  fixedToken,
  Rbac,
  reviewHandlers,
  ServiceAccountTokens,
  type TokenReader,
} from "#apiserver/access";
import { type PodLog, podParts } from "./pod-parts.ts";
import { postReview } from "./post-review.ts";

export type ApiServerOptions = {
  store: Store;
  clock: Clock;
  /** Where certificates, the administrator's token and the kubeconfig are kept; absent: in memory alone. */
  dataFolder?: string;
  /** Serves HTTPS when given; port 0 takes any free one. */
  listen?: { host?: string; port: number; watchesMost?: number };
  /** Pods need no service account: for a control plane that nobody gives any. */
  withoutServiceAccounts?: boolean;
  /** Nobody writes the status of ResourceQuotas: for a comparison with a server that has no controllers. */
  withoutQuotaStatus?: boolean;
  /** Bytes, about, of the objects that are kept decoded; absent: as many as `limits.ts` of the registry says. */
  hotWeight?: number;
  /** Gives the text of `kubectl logs`. */
  podLog?: PodLog;
  /** Told of what failed in the background. */
  failed?: (error: unknown) => void;
};

export type ApiServer = {
  /** "" when the server does not listen. */
  readonly url: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly caCertificate: string;
  /** The administrator's kubeconfig; also in the data folder. */
  kubeconfig(): string;
  /** The control plane in process, acting as `identity`. */
  cluster(identity: Identity): Cluster;
  /** Who wrote this version of an object, or deleted it where it is the version of its removal; undefined: too long ago to know. */
  author(uid: string, resourceVersion: string): Author | undefined;
  /** Ends watches and timers; the store stays open, as the caller opened it. */
  close(): Promise<void>;
};

/** The identity that may do everything. */
export const administrator: Identity = { user: "admin", groups: ["system:masters", "system:authenticated"] };

export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const failed = options.failed ?? (() => undefined);
  const identity = identityFor(options);
  const registry = new Registry({
    store: options.store,
    clock: options.clock,
    codec: dataFolderCodec(options, identity),
    newUid: randomUUID,
    newSuffix,
    ...(options.hotWeight === undefined ? {} : { hotWeight: options.hotWeight }),
  });
  for (const served of builtinServed()) registry.table.add(served);
  const rbac = new Rbac(registry);
  const quota = quotas(registry, failed, options.withoutQuotaStatus !== true);
  registry.admission.push(
    ...admissionOf({ registry, authorizer: rbac }, options),
    quota.admission,
    escalation(registry, rbac),
  );
  const definitionKind = registry.table.find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
  assert(definitionKind !== undefined, "CustomResourceDefinition is served");
  const conversions = { post: postReview, newUid: randomUUID };
  const definitions = new Definitions(registry, definitionKind, { failed, conversions });
  await bootstrap(registry);
  const tokens = new ServiceAccountTokens(registry, options.clock, identity.signingKey);
  const readers: TokenReader[] = [fixedToken(identity.administratorToken, administrator), tokens.read];
  const podLog = options.podLog ?? (() => "");
  const dispatch = new Dispatch(registry, rbac, {
    ...reviewHandlers({ registry, rbac, tokens, readers }),
    ...podParts(registry, podLog),
  });
  const auditFile = options.dataFolder === undefined ? undefined : join(options.dataFolder, "audit.log");
  const audit = new AuditLog(auditFile, options.clock, failed);
  const front =
    options.listen === undefined ? undefined : await open(options, { dispatch, identity, readers, failed, audit });
  await Promise.all([
    publishServices(registry),
    front === undefined ? undefined : publishService(registry, options.listen?.host ?? "127.0.0.1", front.port),
  ]);
  const stopFollowing = followDefinitions(registry, failed);
  const stopFlowControl = await keepFlowControl(registry, failed);
  const stopCompaction = compactRegularly(options.store, options.clock);
  return {
    url: front?.url ?? "",
    caCertificate: identity.authorityCertificate,
    kubeconfig: () => front?.kubeconfig ?? "",
    author: (uid, resourceVersion) => audit.author(uid, resourceVersion),
    cluster: (identity) =>
      new InProcessCluster({
        dispatch,
        sender: identity,
        identity,
        clock: options.clock,
        newId: randomUUID,
        audited: (done) => audit.record(done),
      }),
    close: async () => {
      stopCompaction();
      stopFollowing();
      stopFlowControl();
      quota.close();
      await front?.close();
      await audit.close();
      definitions.close();
      registry.close();
    },
  };
}

/** In the order of kube-apiserver's plugins. */
function admissionOf(sources: Sources, { withoutServiceAccounts = false }: ApiServerOptions): Admission[] {
  const { registry } = sources;
  return [
    namespaceLifecycle(registry),
    limitRanges(registry),
    ...(withoutServiceAccounts ? [] : [podAccounts(registry)]),
    podPriorities(registry),
    podTolerations(),
    podRuntimes(registry),
    creationDefaults(registry),
    serviceAddresses(registry),
    devices(sources),
    mutatingPolicies(sources),
    validatingPolicies(sources),
    webhooks({ ...sources, post: postReview }),
  ];
}

/** A store that lives in memory alone, or is the caller's, is not sealed with a key that is gone tomorrow. */
function dataFolderCodec(options: ApiServerOptions, identity: ServerIdentity): Codec {
  return options.dataFolder === undefined ? plainCodec : sealingCodec(identity.encryptionKey, ["core/secrets/"]);
}

function identityFor({ dataFolder, clock, listen }: ApiServerOptions): ServerIdentity {
  const hosts = [...new Set(["localhost", "127.0.0.1", "::1", listen?.host ?? "127.0.0.1"])];
  return loadIdentity(dataFolder === undefined ? undefined : join(dataFolder, "pki"), hosts, clock);
}

function open(
  options: ApiServerOptions,
  parts: Pick<FrontOptions, "dispatch" | "identity" | "readers" | "failed" | "audit">,
): Promise<Front> {
  const { dataFolder, clock } = options;
  const bounds = { host: "127.0.0.1", port: 0, ...options.listen };
  return openFront({ ...parts, ...bounds, newId: randomUUID, clock, dataFolder });
}

/** The alphabet of generateName leaves out vowels and what looks alike. */
const suffixLetters = "bcdfghjklmnpqrstvwxz2456789";

function newSuffix(): string {
  return Array.from(randomBytes(5), (byte) => suffixLetters[byte % suffixLetters.length]).join("");
}

/** Keeps between one and two intervals of history. */
function compactRegularly(store: Store, clock: Clock): () => void {
  let kept = store.revision;
  let cancel = (): void => undefined;
  const tick = (): void => {
    store.compact(kept);
    kept = store.revision;
    cancel = clock.after(compactEveryMs, tick);
  };
  cancel = clock.after(compactEveryMs, tick);
  return () => cancel();
}
