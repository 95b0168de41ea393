// The three files of a bootstrapped repository, at the paths and with the names that Flux gives them, so that either
// engine finds a repository that the other has bootstrapped.

import { kustomizeGroup, sourceGroup } from "#api/flux";
import { formatYaml } from "#formats/yaml";
import { asJson, type Manifest } from "#kernel";

export type SyncOptions = {
  namespace: string;
  /** As the engine reads it, without credentials. */
  url: string;
  branch: string;
  /** Folder of the cluster in the repository, from its root: `clusters/production`; empty for the root. */
  path: string;
  /** Durations between two looks at the repository, and two applies. */
  interval: string;
  /** Secret with the credentials, where the server asks for any. */
  secret?: string | undefined;
  recursesSubmodules: boolean;
};

const rootName = "flux-system";

/** Paths of the files below the cluster's folder. */
export function filesIn(path: string): { components: string; sync: string; kustomization: string } {
  const folder = path === "" ? rootName : `${path}/${rootName}`;
  return {
    components: `${folder}/gotk-components.yaml`,
    sync: `${folder}/gotk-sync.yaml`,
    kustomization: `${folder}/kustomization.yaml`,
  };
}

/** The source and the delivery that lead from the repository to everything else. */
export function syncManifests(options: SyncOptions): [source: Manifest, delivery: Manifest] {
  const metadata = { name: rootName, namespace: options.namespace };
  return [
    {
      apiVersion: `${sourceGroup}/v1`,
      kind: "GitRepository",
      metadata,
      spec: {
        interval: options.interval,
        ...(options.recursesSubmodules ? { recurseSubmodules: true } : {}),
        ref: { branch: options.branch },
        ...(options.secret === undefined ? {} : { secretRef: { name: options.secret } }),
        url: options.url,
      },
    },
    {
      apiVersion: `${kustomizeGroup}/v1`,
      kind: "Kustomization",
      metadata,
      spec: {
        interval: "10m0s",
        path: options.path === "" ? "./" : `./${options.path}`,
        prune: true,
        sourceRef: { kind: "GitRepository", name: rootName },
      },
    },
  ];
}

/** gotk-sync.yaml. */
export function syncText(options: SyncOptions): string {
  return formatDocuments(["Written by `keelson bootstrap`; running it again writes it anew."], syncManifests(options));
}

/** gotk-components.yaml. */
export function componentsText(manifests: readonly Manifest[], version: string): string {
  return formatDocuments(
    [`Keelson ${version}`, "Written by `keelson bootstrap`; change it through patches in kustomization.yaml."],
    manifests,
  );
}

/** kustomization.yaml, which is the user's own from then on. */
export function kustomizationText(): string {
  return formatYaml({
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    resources: ["gotk-components.yaml", "gotk-sync.yaml"],
  });
}

function formatDocuments(comments: readonly string[], manifests: readonly Manifest[]): string {
  const head = comments.map((comment) => `# ${comment}\n`).join("");
  return head + manifests.map((manifest) => `---\n${formatYaml(asJson(manifest))}`).join("");
}
