// How an object's server is reached: its URL or the one that a mirror stands for it, and the Secrets that go with either.
// What an object names for its own server is not shown to a mirror unless the installation says so.

import type { LocalRef } from "#api/flux";
import { Fault, faultFrom, isObject } from "#kernel";
import type { HttpAccess } from "#sources/http";
import { type MirrorSecretRef, mirroredUrl } from "#sources/mirrors";
import type { Resource } from "#cluster";
import type { Context } from "./context.ts";
import { artifactFault } from "./faults.ts";
import { refusalFault } from "./objects.ts";
import { proxyOf, readSecret } from "./secrets.ts";

/** A Secret's decoded values, and its name for messages. */
export type SecretValues = { values: ReadonlyMap<string, string>; at: string };

export type Reach = {
  url: string;
  access: HttpAccess;
  /** The Secret with credentials. */
  secret: SecretValues | undefined;
  isInsecure: boolean;
  /** False at a mirror that does not get the object's own credentials. */
  isOwn: boolean;
};

type Named = {
  url: string;
  secretRef?: LocalRef | undefined;
  certSecretRef?: LocalRef | undefined;
  proxySecretRef?: LocalRef | undefined;
  insecure?: boolean | undefined;
};

type ReachContext = Pick<Context, "cluster" | "mirrorMap">;

/** What Flux says of a Secret that cannot be read or used; by its namespace and name, and whether it is there. */
export type ReachWords = {
  readonly [use in "secret" | "cert" | "proxy"]: (name: string, isThere: boolean) => string;
};

/** Reads what a spec names; throws Faults `secret-absent`, `spec-invalid`. */
export async function reachOf(
  context: ReachContext,
  namespace: string,
  spec: Named,
  words: ReachWords,
): Promise<Reach> {
  const own = (ref: LocalRef | undefined): MirrorSecretRef | undefined => ref && { namespace, name: ref.name };
  const { url, rule } = mirroredUrl(context.mirrorMap, spec.url);
  const refs =
    rule === undefined
      ? { secret: own(spec.secretRef), cert: own(spec.certSecretRef), proxy: own(spec.proxySecretRef) }
      : {
          secret: rule.secretRef ?? (rule.passCredentials ? own(spec.secretRef) : undefined),
          cert: rule.certSecretRef,
          proxy: rule.proxySecretRef,
        };
  const secret = await told(words.secret, refs.secret, () => read(context, refs.secret));
  const proxy = await told(words.proxy, refs.proxy, async () => {
    const found = await read(context, refs.proxy);
    return found === undefined ? {} : { proxy: proxyOf(found.values, found.at) };
  });
  const cert = await told(words.cert, refs.cert, async () => {
    const found = await read(context, refs.cert);
    return found === undefined ? {} : tlsOf(found, true);
  });
  return {
    url,
    secret,
    access: { ...cert, ...proxy },
    isInsecure: rule === undefined ? spec.insecure === true : rule.insecure,
    isOwn: rule === undefined || rule.passCredentials,
  };
}

/** What fails in a step is told in Flux's words, the reason behind them. */
async function told<T>(
  words: (name: string, isThere: boolean) => string,
  ref: MirrorSecretRef | undefined,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (thrown) {
    const cause = faultFrom(thrown);
    const { code, disposition, hint } = cause;
    const message = words(`${ref?.namespace ?? ""}/${ref?.name ?? ""}`, code !== "secret-absent");
    throw new Fault({ code, disposition, message, cause, ...(hint === undefined ? {} : { hint }) });
  }
}

async function read(context: ReachContext, ref: MirrorSecretRef | undefined): Promise<SecretValues | undefined> {
  if (ref === undefined) return undefined;
  const values = await readSecret(context.cluster, ref.namespace, ref.name);
  return { values, at: `Secret/${ref.namespace}/${ref.name}` };
}

/** ca.crt, tls.crt and tls.key, or the names that they had before: caFile, certFile, keyFile. */
export function tlsOf({ values, at }: SecretValues, isWanted: boolean): HttpAccess {
  const find = (...names: readonly string[]): string | undefined =>
    names.map((name) => values.get(name)).find((value) => value !== undefined && value !== "");
  const authority = find("ca.crt", "caFile");
  const certificate = find("tls.crt", "certFile");
  const certificateKey = find("tls.key", "keyFile");
  const isPair = (certificate === undefined) === (certificateKey === undefined);
  const hasNone = authority === undefined && certificate === undefined;
  if (isPair && !(hasNone && isWanted))
    return {
      ...(authority === undefined ? {} : { authority }),
      ...(certificate === undefined || certificateKey === undefined ? {} : { certificate, certificateKey }),
    };
  if (!isWanted) return {};
  throw artifactFault({
    code: "spec-invalid",
    disposition: "retry",
    at,
    message: isPair
      ? "the Secret holds no certificate: neither ca.crt nor tls.crt and tls.key"
      : "the Secret must contain both 'tls.crt' and 'tls.key'",
    hint: "make it with `kubectl create secret generic NAME --from-file=ca.crt`",
  });
}

export const accountResource: Resource = {
  group: "",
  version: "v1",
  plural: "serviceaccounts",
  singular: "serviceaccount",
  kind: "ServiceAccount",
  isNamespaced: true,
  verbs: ["get"],
  shortNames: [],
  categories: [],
  subresources: [],
};

/** The Secrets that a ServiceAccount pulls images with. */
export async function pullSecretsOf(context: Context, namespace: string, name: string): Promise<SecretValues[]> {
  const at = `ServiceAccount/${namespace}/${name}`;
  const answer = await context.cluster.get({ resource: accountResource, namespace, name });
  if (!answer.ok && answer.status.code === 404)
    throw artifactFault({
      code: "secret-absent",
      disposition: "retry",
      at,
      message: "the ServiceAccount does not exist",
      hint: "create it, or take `serviceAccountName` out",
    });
  if (!answer.ok) throw refusalFault(answer.status, at);
  const listed = answer.value["imagePullSecrets"];
  const names = (Array.isArray(listed) ? listed : []).flatMap((each) =>
    isObject(each) && typeof each["name"] === "string" ? [each["name"]] : [],
  );
  const secrets = await Promise.all(names.map((secret) => read(context, { namespace, name: secret })));
  return secrets.filter((each) => each !== undefined);
}
