// What runs Keelson inside a cluster: its namespace, definitions, account, rights, Service and Deployment. Labelled as Flux
// labels its own, so that `flux check`, `flux logs` and `flux uninstall` find it, and as ours, so that we remove only that.

import { fluxDefinitions, fluxKinds } from "#api/flux";
import type { Manifest } from "#kernel";

export type InstallationOptions = {
  namespace: string;
  /** Of the engine: `registry/keelson:1.2.3`. */
  image: string;
  /** Keelson's own version. */
  version: string;
  imagePullSecret?: string | undefined;
  hasNetworkPolicy: boolean;
  /** Keys of taints that the pod tolerates. */
  tolerationKeys: readonly string[];
};

/** Flags of `install` and `bootstrap` that describe the Deployment. */
export const installationFlags = {
  image: { takes: "IMAGE", about: "image of the engine" },
  "image-pull-secret": { takes: "NAME", about: "Secret to pull the image with" },
  "network-policy": {
    takes: "true|false",
    about: "let in only pods of the same namespace",
    choices: ["true", "false"],
    default: "true",
    bare: "true",
  },
  "toleration-keys": { takes: "KEY", about: "taints that the pod tolerates", isList: true },
} as const;

/** On everything that is ours in a cluster. */
export const managedByLabel = "app.kubernetes.io/managed-by";
export const partOfLabel = "app.kubernetes.io/part-of";
export const ownSelector: string = `${managedByLabel}=keelson,${partOfLabel}=flux`;

const name = "keelson";
const port = 7440;

/** In the order to apply them: what others stand in or are of comes first. */
export function installationManifests(options: InstallationOptions): Manifest[] {
  const { namespace, hasNetworkPolicy } = options;
  return [
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: {
        name: namespace,
        labels: { ...labelsOf(options), "pod-security.kubernetes.io/warn": "restricted" },
      },
    },
    ...fluxDefinitions(),
    { apiVersion: "v1", kind: "ServiceAccount", metadata: metadataOf(options, namespace) },
    ...rights(options),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: metadataOf(options, namespace),
      spec: { selector: { app: name }, ports: [{ name: "http", port: 80, protocol: "TCP", targetPort: "http" }] },
    },
    deployment(options),
    ...(hasNetworkPolicy ? [networkPolicy(options)] : []),
  ];
}

function labelsOf({ version, namespace }: InstallationOptions): Record<string, string> {
  return {
    "app.kubernetes.io/instance": namespace,
    [managedByLabel]: "keelson",
    [partOfLabel]: "flux",
    "app.kubernetes.io/version": `v${version}`,
  };
}

function metadataOf(options: InstallationOptions, namespace?: string, own: string = name): Manifest["metadata"] {
  const labels = { ...labelsOf(options), "app.kubernetes.io/component": name };
  return { name: own, ...(namespace === undefined ? {} : { namespace }), labels };
}

/**
 * The engine delivers any kind, so its account may do anything; deliveries with a serviceAccountName are carried out with
 * the rights of that account alone. People's roles are extended to Flux's kinds.
 */
function rights(options: InstallationOptions): Manifest[] {
  const { namespace } = options;
  const role = (kind: "view" | "edit", verbs: string[], into: string[]): Manifest => {
    const metadata = metadataOf(options, undefined, `keelson-${kind}-${namespace}`);
    const aggregated = into.map((other) => [`rbac.authorization.k8s.io/aggregate-to-${other}`, "true"]);
    return {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { ...metadata, labels: { ...metadata.labels, ...Object.fromEntries(aggregated) } },
      rules: [{ apiGroups: [...new Set(fluxKinds.map((each) => each.group))], resources: ["*"], verbs }],
    };
  };
  return [
    role("view", ["get", "list", "watch"], ["view", "edit", "admin"]),
    role("edit", ["create", "delete", "deletecollection", "patch", "update"], ["edit", "admin"]),
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: metadataOf(options, undefined, `keelson-reconciler-${namespace}`),
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
  ];
}

function deployment(options: InstallationOptions): Manifest {
  const { namespace, imagePullSecret, tolerationKeys } = options;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadataOf(options, namespace),
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      // One engine a cluster: the old one gives its Lease back before the new one starts.
      strategy: { type: "Recreate" },
      template: {
        metadata: {
          labels: { app: name, ...metadataOf(options).labels },
          annotations: { "prometheus.io/scrape": "true", "prometheus.io/port": String(port) },
        },
        spec: {
          serviceAccountName: name,
          nodeSelector: { "kubernetes.io/os": "linux" },
          securityContext: { fsGroup: 1337 },
          terminationGracePeriodSeconds: 30,
          ...(imagePullSecret === undefined ? {} : { imagePullSecrets: [{ name: imagePullSecret }] }),
          ...(tolerationKeys.length === 0
            ? {}
            : { tolerations: tolerationKeys.map((key) => ({ key, operator: "Exists" })) }),
          containers: [container(options)],
          volumes: [
            { name: "data", emptyDir: {} },
            { name: "tmp", emptyDir: {} },
          ],
        },
      },
    },
  };
}

/** `manager` is the name that `flux logs` asks for. */
function container({ image, namespace }: InstallationOptions): Record<string, unknown> {
  const probe = (path: string): object => ({ httpGet: { path, port: "http" } });
  return {
    name: "manager",
    image,
    imagePullPolicy: "IfNotPresent",
    args: [
      "run",
      "--data=/data",
      "--listen=0.0.0.0",
      `--port=${port}`,
      `--advertise=${name}.${namespace}.svc.cluster.local.`,
      "--log=-",
    ],
    ports: [{ name: "http", containerPort: port, protocol: "TCP" }],
    livenessProbe: probe("/healthz"),
    readinessProbe: probe("/readyz"),
    resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "1Gi" } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      runAsUser: 65534,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    },
    volumeMounts: [
      { name: "data", mountPath: "/data" },
      { name: "tmp", mountPath: "/tmp" },
    ],
  };
}

/** Artifacts, metrics and the console for pods of the same namespace alone; outwards everything. */
function networkPolicy(options: InstallationOptions): Manifest {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: metadataOf(options, options.namespace),
    spec: {
      podSelector: { matchLabels: { app: name } },
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: [{ podSelector: {} }] }],
      egress: [{}],
    },
  };
}
