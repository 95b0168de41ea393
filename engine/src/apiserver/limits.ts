// Bounds of the server.

/** kube-apiserver's own interval of watch bookmarks. */
export const bookmarkEveryMs = 60_000;

/** Events a reader may be behind before its watch is ended and it must begin again from its last version. */
export const watchBacklogMax = 20_000;

/** How often history is compacted, and how long it is kept: etcd under kube-apiserver keeps five to ten minutes. */
export const compactEveryMs = 300_000;
