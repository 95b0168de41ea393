// Bounds of one build, so that hostile input ends in a clear error.

/** Kustomizations within kustomizations. The deepest public tree we know has 9 levels. */
export const depthMax = 100;

/** Kustomizations of one build, counted each time one is visited: bases that fan out double with each level. */
export const visitsMax = 20_000;

/** Bytes of one file. GitOps trees hold CRD bundles of a few MB; a ConfigMap from a file must fit etcd's 1.5 MB anyway. */
export const fileBytesMax: number = 64 * 1024 * 1024;

/** Nodes of one document after its aliases are written out, as kustomize does. A bomb of 1 kB would have billions. */
export const expandedNodesMax = 2_000_000;

/** Objects of one build. */
export const objectsMax = 100_000;
