// Bounds of the HTTP port, each with its reason.

import type { ServerOptions } from "node:http";

/** A webhook's body: GitHub sends up to 25 MB, but nothing here reads it; Flux accepts 3 MiB. */
export const bodyMost: number = 3 * 1024 * 1024;

/** Who sends slowly is waited for so long, and no longer: each connection costs a socket. */
export const patience: ServerOptions = {
  headersTimeout: 15_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5_000,
};

/** Connections open at once: browsers take up to six, a console keeps one of them. */
export const connectionsMost = 2_000;
