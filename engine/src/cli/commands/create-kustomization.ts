// `keelson create kustomization NAME`: flux's flags.

import { kustomizeGroup } from "#api/flux";
import { usage } from "../arguments.ts";
import { type Command, defineCommand } from "../command.ts";
import { creationFlags, finishCreation, metadataOf, optional } from "../creation.ts";
import { nearest } from "../nearest.ts";

const sourceKinds = ["GitRepository", "OCIRepository", "Bucket", "ExternalArtifact"];

export const command: Command = defineCommand({
  arguments: "NAME",
  arity: [1, 1],
  about: "Creates or updates a Kustomization.",
  examples: [
    "keelson create kustomization apps --source GitRepository/flux-system --path ./apps --prune --export",
    "keelson create kustomization apps --source flux-system --path ./apps --depends-on infrastructure",
  ],
  flags: {
    ...creationFlags,
    source: { takes: "KIND/NAME", about: "where the files come from; .NAMESPACE after the name for another namespace" },
    path: { takes: "PATH", about: "folder in the source", default: "./" },
    prune: { about: "delete what is no longer in the source" },
    wait: { about: "ready only once all objects are healthy" },
    "health-check": { takes: "KIND/NAME.NAMESPACE", about: "object whose health is waited for", isList: true },
    "health-check-timeout": { takes: "DURATION", about: "how long to wait for health" },
    "depends-on": { takes: "NAMES", about: "Kustomizations that must be ready first ([NAMESPACE/]NAME)", isList: true },
    "target-namespace": { takes: "NAME", about: "namespace for all objects" },
    "service-account": { takes: "NAME", about: "ServiceAccount to act as" },
    "retry-interval": { takes: "DURATION", about: "how soon to try again after a failure" },
    "decryption-provider": { takes: "NAME", about: "how encrypted files are read", choices: ["sops"] },
    "decryption-secret": { takes: "NAME", about: "Secret with the keys" },
    "kubeconfig-secret-ref": { takes: "NAME", about: "Secret with the kubeconfig of another cluster" },
  },
  async run({ args, flags, io, ports }) {
    if (flags.source === undefined)
      throw usage("--source is missing", "for example --source GitRepository/flux-system");
    const spec = {
      interval: flags.interval,
      path: flags.path,
      prune: flags.prune,
      sourceRef: readSource(flags.source),
      ...(flags.wait ? { wait: true } : {}),
      ...(flags["health-check"].length === 0 ? {} : { healthChecks: flags["health-check"].map(readHealthCheck) }),
      ...optional("timeout", flags["health-check-timeout"]),
      ...(flags["depends-on"].length === 0 ? {} : { dependsOn: flags["depends-on"].map(readDependency) }),
      ...optional("targetNamespace", flags["target-namespace"]),
      ...optional("serviceAccountName", flags["service-account"]),
      ...optional("retryInterval", flags["retry-interval"]),
      ...readDecryption(flags["decryption-provider"], flags["decryption-secret"]),
      ...(flags["kubeconfig-secret-ref"] === undefined
        ? {}
        : { kubeConfig: { secretRef: { name: flags["kubeconfig-secret-ref"] } } }),
    };
    const metadata = metadataOf(args[0] ?? "", flags, io);
    return await finishCreation({ apiVersion: `${kustomizeGroup}/v1`, kind: "Kustomization", metadata, spec }, flags, {
      io,
      ports,
    });
  },
});

function readSource(text: string): { kind: string; name: string; namespace?: string } {
  const slash = text.indexOf("/");
  const given = slash < 0 ? "GitRepository" : text.slice(0, slash);
  const kind = sourceKinds.find((known) => known.toLowerCase() === given.toLowerCase());
  if (kind === undefined) {
    const near = nearest(given, sourceKinds);
    throw usage(
      `${given} is no kind of source`,
      near === undefined ? `one of: ${sourceKinds.join(", ")}` : `did you mean ${near}?`,
    );
  }
  const [name = "", namespace] = text.slice(slash + 1).split(".");
  return { kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

function readDependency(text: string): { name: string; namespace?: string } {
  const [first = "", second] = text.split("/");
  return second === undefined ? { name: first } : { name: second, namespace: first };
}

function readHealthCheck(text: string): { apiVersion: string; kind: string; name: string; namespace: string } {
  const match = /^([^/]+)\/([^/.]+)\.([^/.]+)$/.exec(text);
  const kind = match?.[1] ?? "";
  const apiVersion = healthKinds[kind];
  if (apiVersion === undefined)
    throw usage(
      `--health-check cannot be ${JSON.stringify(text)}`,
      `KIND/NAME.NAMESPACE, where KIND is ${Object.keys(healthKinds).join(" or ")}`,
    );
  return { apiVersion, kind, name: match?.[2] ?? "", namespace: match?.[3] ?? "" };
}

const healthKinds: Readonly<Record<string, string>> = {
  Deployment: "apps/v1",
  DaemonSet: "apps/v1",
  StatefulSet: "apps/v1",
  HelmRelease: "helm.toolkit.fluxcd.io/v2",
};

function readDecryption(provider: string | undefined, secret: string | undefined): object {
  if (provider === undefined) return {};
  return { decryption: { provider, ...(secret === undefined ? {} : { secretRef: { name: secret } }) } };
}
