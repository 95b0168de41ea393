// Everything a client needs to reach one cluster as one user, free of where it was written.

import type { Identity } from "./contract.ts";
import type { Credentials } from "./credentials.ts";

export type Connection = {
  /** URL of the API server, without a trailing slash; may have a path. */
  server: string;
  /** For people; the context's name, or the server. */
  name: string;
  /** Where objects without a namespace go, as kubectl's context says. */
  namespace: string;
  /** PEM of the authorities to trust; absent: the system's. */
  authority?: string;
  isInsecure?: boolean;
  /** The name the server's certificate must have, when it is not the URL's host. */
  serverName?: string;
  /** An HTTP proxy that is asked to CONNECT. */
  proxy?: string;
  credentials: Credentials;
  /** Act as another. */
  impersonate?: Identity;
};
