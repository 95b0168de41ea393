// How the outside is reached, and who asks: everything that identities of clouds depend on, handed in.

import type { AskHttp } from "./http.ts";

export type KeyServices = {
  ask: AskHttp;
  /** Milliseconds since 1970. */
  now: () => number;
  /** The process's own, for identities that a platform puts there. */
  environment: Readonly<Record<string, string | undefined>>;
  readFile: (path: string) => Promise<string>;
};

/** A ServiceAccount that a delivery names: it acts with this one's rights in a cloud, never with the engine's. */
export type AccountTokens = {
  namespace: string;
  name: string;
  annotations: Readonly<Record<string, string>>;
  /** A short-lived token of the account, for one audience. */
  token: (audience: string) => Promise<string>;
};

export function environmentText(services: KeyServices, name: string): string {
  return services.environment[name] ?? "";
}
