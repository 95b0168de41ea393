// What scripts are made of: requests, and watches over what they do.

export type Step = {
  method: string;
  path: string;
  body?: unknown;
  contentType?: string;
  headers?: Record<string, string | string[]>;
  /** Sent, but its answer is not compared. */
  isUnseen?: boolean;
  /** Keeps uid and resourceVersion of the answer: `{{name.uid}}`, `{{name.rv}}` in later steps. */
  save?: string;
  /** Asked again until the answer has this code: what a server only learns of in a while. */
  awaits?: number;
  /** A watch: read until an object of this name is ADDED, then compared as a list of events. */
  until?: string;
};
export type Script = { name: string; steps: Step[] };

const types = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
};

export function get(path: string, headers?: Record<string, string>): Step {
  return { method: "GET", path, ...(headers === undefined ? {} : { headers }) };
}
export function post(path: string, body: unknown): Step {
  return { method: "POST", path, body };
}
export function put(path: string, body: unknown): Step {
  return { method: "PUT", path, body };
}
export function remove(path: string, body?: unknown): Step {
  return { method: "DELETE", path, ...(body === undefined ? {} : { body }) };
}
export function patch(path: string, type: keyof typeof types, body: unknown): Step {
  return { method: "PATCH", path, body, contentType: types[type] };
}
export function applied(path: string, manager: string, body: unknown, more = ""): Step {
  return patch(`${path}?fieldManager=${manager}${more}`, "apply", body);
}
export function as(user: string, step: Step, groups: readonly string[] = []): Step {
  const group = groups.length === 0 ? {} : { "impersonate-group": [...groups] };
  return { ...step, headers: { ...step.headers, "impersonate-user": user, ...group } };
}
export function saved(name: string, step: Step): Step {
  return { ...step, save: name };
}
export function unseen(step: Step): Step {
  return { ...step, isUnseen: true };
}
export function withQuery(step: Step, query: string): Step {
  return { ...step, path: `${step.path}${step.path.includes("?") ? "&" : "?"}${query}` };
}
