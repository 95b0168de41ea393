// Bounds of the server.

/** kube-apiserver's own interval of watch bookmarks. */
export const bookmarkEveryMs = 60_000;

/** Events a reader may be behind before its watch is ended and it must begin again from its last version. */
export const watchBacklogMax = 20_000;

/** How often history is compacted, and how long it is kept: etcd under kube-apiserver keeps five to ten minutes. */
export const compactEveryMs = 300_000;

/** Bytes of a request body: kube-apiserver's MaxRequestBodyBytes. */
export const bodyBytesMax: number = 3 * 1024 * 1024;

/** Levels of a request body. Go stops at 10,000; every walk over an object here is a recursion, and no real object has a hundred. */
export const bodyDepthMax = 1000;

/** Answers smaller than this are not worth compressing: kube-apiserver's defaultGzipThresholdBytes. */
export const gzipBytesMin: number = 128 * 1024;

/** kube-apiserver ends a watch after 30 to 60 minutes when the client names no timeout. */
export const watchSecondsDefault = 1800;

/** Bytes a watcher's connection may hold unsent before the watch is ended; the client resumes from its last version. */
export const watchUnsentBytesMax: number = 64 * 1024 * 1024;

/**
 * Watches that may be open over the network: a fleet of a hundred nodes with a dozen controllers has some thousands. One that says nothing
 * takes sixteen kilobytes.
 */
export const watchesMost = 10_000;

/** Bytes of what a watch begins with that are made at a time: some dozens of objects of a usual size. */
export const watchPieceBytes: number = 64 * 1024;

/** Requests that go on in one turn of the event loop: some two milliseconds of writes. A socket hands over up to thirty. */
export const turnRequests = 8;

/** Bytes of all bodies that are on their way or wait for their turn: sixteen of the largest. */
export const bodiesBytesMax: number = 48 * 1024 * 1024;

/** How many of them there may be: more than kube-apiserver works on (200 writes), and whatever an open request takes beside its body. */
export const bodiesMost = 2_000;

/** Bytes that all answers together may hold for readers that do not take them: a dozen or two of large lists. */
export const unsentBytesMax: number = 32 * 1024 * 1024;

/** Bytes of such answers at which nothing more can be read: client-go asks again in a second. */
export const unsentBytesMost: number = 3 * unsentBytesMax;

/**
 * How long a reader may take nothing before it may be cut off: longer than a pause of a network, or of a client's collector. Where twice
 * as much waits as may, a quarter of it.
 */
export const unsentPatienceMs = 10_000;

/** How often what is unsent is counted at most: with thousands of watches open the count itself takes time. */
export const unsentLookMs = 500;

/** How many connections may be open before one of no use has to go, and how long one may say nothing. */
export type Patience = {
  connectionsMost: number;
  handshakeMs: number;
  /** Of a connection without a request under way. */
  idleMs: number;
};

/**
 * Clients keep one connection or few for all they ask, watches included: a fleet of a hundred nodes has some hundreds. A handshake
 * on a busy machine takes a second; kube-apiserver, too, closes connections that were idle for 90 seconds.
 */
export const patience: Patience = { connectionsMost: 2_000, handshakeMs: 10_000, idleMs: 90_000 };

/** How long open connections may take to end when the server closes: issue A's two seconds, less what else there is to do. */
export const closeGraceMs = 1000;

/**
 * Megabytes one connection may hold unsent before new requests on it are refused. Node's own 10 are less than a few watches of a
 * large collection on one connection, as client-go opens them; each watch has a bound of its own.
 */
export const sessionMegabytesMax = 512;

/** Bytes of a field manager's name: metav1's FieldManagerMaxLength. */
export const managerBytesMax = 128;

/** Bytes of a webhook's answer: as of a request's body. */
export const webhookBytesMax: number = 3 * 1024 * 1024;

/** How long a changed definition waits for others before APIServices are brought in line: bundles bring dozens at once. */
export const publishAfterMs = 100;

/** How often the server's own priority levels and flow schemas are set right: kube-apiserver's own interval. */
export const flowControlEveryMs = 60_000;
