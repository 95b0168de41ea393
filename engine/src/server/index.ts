// One HTTP port: console, its API, webhooks, artifacts, metrics, probes.

export type { ServerCode } from "./faults.ts";
export { type HttpServer, type HttpServerOptions, startHttpServer } from "./http-server.ts";
export type { OidcOptions } from "#server/sign-in";
