// Who asks, and what the server is.

/** `GET /api/session`. Without one, 401 with a SignedOut. */
export type Session = {
  user: string;
  groups: readonly string[];
  /** token: who started the server, with its rights. oidc: a person, with theirs. */
  how: "token" | "oidc";
  canSignOut: boolean;
  isReadOnly: boolean;
  /** Why nothing can be changed here; "" when it can. */
  readOnlyReason: string;
  server: ServerFacts;
  nowMs: number;
};

export type ServerFacts = {
  version: string;
  /** Changes with the console's files: an open page of another build loads itself again. */
  build: string;
  clusters: readonly ClusterFacts[];
};

export type ClusterFacts = {
  /** "" for the cluster that the engine lives in. */
  name: string;
  /** For people: `embedded`, or the server's address. */
  title: string;
  version: string;
  /** True: images are not run, workloads only go through their phases. */
  isSimulated: boolean;
};

/** The body of every 401. */
export type SignedOut = {
  message: string;
  hint?: string;
  code: "signed-out";
  /** token: open the address that the server printed. oidc: go to `signInPath`, with `?return=` and a path of the console. */
  signIn: "token" | "oidc";
  signInPath?: string;
};
