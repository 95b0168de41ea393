// Every bound of this folder, with the reason for its number.

import type { BackOff } from "./back-off.ts";

/** Between failed lists or watches; client-go's reflector waits 0.8 to 30 s (tools/cache/reflector.go, v0.34). */
export const watchBackOff: BackOff = { leastMs: 800, mostMs: 30_000 };

/** A server that ends watches at once must not make us spin; client-go takes a watch shorter than 1 s for a failed one. */
export const watchLeastMs = 1_000;

/** Objects a list request asks for at a time; client-go's pager uses the same (tools/pager). */
export const listChunk = 500;

/** Requests in flight at once over one client; API priority and fairness gives one flow far fewer, more only queue there. */
export const requestsInFlight = 64;

/** Streams on one HTTP/2 connection; kube-apiserver allows 100 by default, and a stream above its limit would hang. */
export const streamsPerConnection = 100;

/** Longest wait for one answer; kube-apiserver itself ends a request after 60 s. */
export const requestTimeoutMs = 65_000;

/** Longest wait for a connection, TLS included. */
export const connectTimeoutMs = 15_000;

/** A connection with open streams is pinged when it has been silent so long, as client-go does (30 s, 15 s). */
export const pingAfterMs = 30_000;
export const pingTimeoutMs = 15_000;

/** Answers of 429 (or 5xx with Retry-After) that are waited out before one is handed on; client-go stops at 10. */
export const retriesMost = 10;
/** Retry-After beyond this is handed on: the caller has a better use for its time. */
export const retryAfterMostMs = 30_000;

/** A watch is asked to end after 5 to 10 minutes, so that watches move to new servers; as client-go's reflector. */
export const watchLeastSeconds = 300;

/** One object of an API server is at most a few MiB; a watch line above this is not one of its answers. */
export const watchLineMost: number = 64 * 1024 * 1024;

/** An answer that is longer is refused. A list of 500 objects of 1 MiB stays below it. */
export const answerMost: number = 512 * 1024 * 1024;

/** How long a credential plugin may take; cloud plugins refresh over the network. */
export const pluginTimeoutMs = 60_000;
/** A plugin's answer is a token or two PEM texts. */
export const pluginOutputMost: number = 1024 * 1024;
/** A credential is renewed so long before it expires. */
export const expirySkewMs = 10_000;

/** The kubelet rotates projected tokens well before they expire; client-go re-reads the file at most once a minute. */
export const tokenFileAgeMs = 60_000;
