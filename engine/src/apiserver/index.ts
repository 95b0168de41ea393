// The embedded Kubernetes API: the same server in process and, on loopback, over HTTP.

export { administrator, type ApiServer, type ApiServerOptions, startApiServer } from "./server.ts";
