// Who looks: the holder of the token, who is whoever started the server, or a person who signed in. What they may is what
// Kubernetes lets them, asked in their name.

import type { Cluster, Identity } from "#cluster";

export type Viewer = {
  /** Equal for equal rights: what is remembered of them is remembered by it. */
  id: string;
  user: string;
  groups: readonly string[];
  how: "token" | "oidc";
  /** undefined: the server's own. */
  identity: Identity | undefined;
};

/** A cluster as the viewer sees it. */
export function clusterOf(cluster: Cluster, viewer: Viewer): Cluster {
  return viewer.identity === undefined ? cluster : cluster.as(viewer.identity);
}
