// What the server says, and what it can be asked. The shapes are those of engine/src/server/view.ts and detail.ts.

export type Link = { kind: string; namespace: string; name: string };

export type Card = Link & {
  key: string;
  role: "delivery" | "source";
  ready: string;
  reason: string;
  message: string;
  revision: string;
  isSuspended: boolean;
  isReconciling: boolean;
  phase: string;
  waitingFor: string;
  source?: Link;
  path: string;
  objects: number;
  drift: string[];
  dependsOn: string[];
  url: string;
};

export type Happening = { key: string; atMs: number; about: Link; reason: string; message: string; isBad: boolean };

export type Condition = { type: string; status: string; reason: string; message: string; lastTransitionTime: string };

export type ObjectView = Link & { group: string; health: string; message: string };

export type Detail = {
  card: Card;
  conditions: Condition[];
  objects: ObjectView[];
  unlisted: number;
  events: Happening[];
  history: { revision: string; atMs: number; status: string; times: number }[];
};

export type Change = { put: Card } | { removed: string } | { happened: Happening };

export type Action = "reconcile" | "suspend" | "resume";

function pathOf({ kind, namespace, name }: Link): string {
  return `/api/objects/${[kind, namespace, name].map(encodeURIComponent).join("/")}`;
}

async function ask<T>(path: string, method: "GET" | "POST"): Promise<T> {
  const response = await fetch(path, { method });
  if (response.ok) return (await response.json()) as T;
  const text = await response.text();
  throw new Error(response.headers.get("content-type") === "application/json" ? messageOf(text) : text.trim());
}

function messageOf(text: string): string {
  return (JSON.parse(text) as { message: string }).message;
}

/** Everything about one delivery or source. */
export function readDetail(link: Link): Promise<Detail> {
  return ask<Detail>(pathOf(link), "GET");
}

/** Asks the engine to act on it. */
export function act(link: Link, action: Action): Promise<unknown> {
  return ask(`${pathOf(link)}/${action}`, "POST");
}
