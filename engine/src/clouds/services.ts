// How clouds are reached, and who asks: everything that an identity depends on, handed in.

export type CloudQuestion = {
  method: "GET" | "POST" | "PUT";
  url: string;
  headers?: { readonly [name: string]: string };
  body?: string;
  timeoutMs?: number;
  /** The machine's own address, or the container's: no proxy stands before it. */
  isLocal?: boolean;
};

export type CloudAnswer = { status: number; headers: { readonly [name: string]: string }; body: string };

/** Answers with any status are answers; what cannot be reached throws. */
export type AskCloud = (question: CloudQuestion) => Promise<CloudAnswer>;

export type CloudServices = {
  ask: AskCloud;
  /** Milliseconds since 1970. */
  now: () => number;
  /** The process's own, for identities that a platform puts there. */
  environment: Readonly<Record<string, string | undefined>>;
  readFile: (path: string) => Promise<string>;
};

/** A ServiceAccount that an object names: it acts with this one's rights in a cloud, never with the engine's. */
export type AccountTokens = {
  namespace: string;
  name: string;
  annotations: Readonly<Record<string, string>>;
  /** A short-lived token of the account, for all of these audiences. */
  token: (...audiences: readonly string[]) => Promise<string>;
};

/** A bearer token, and for how long it is good. */
export type CloudToken = { token: string; lifeMs: number };

export function environmentText(services: Pick<CloudServices, "environment">, name: string): string {
  return services.environment[name] ?? "";
}

export function placeOf({ namespace, name }: AccountTokens): string {
  return `ServiceAccount/${namespace}/${name}`;
}
