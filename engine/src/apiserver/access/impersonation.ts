// Acting as another: the Impersonate-… headers, each allowed by a rule of its own.

import type { IncomingHttpHeaders } from "node:http";
import type { AccessQuestion, Identity } from "#cluster";
import { badRequest, forbidden } from "#apiserver/registry";

const serviceAccountPrefix = "system:serviceaccount:";
const extraPrefix = "impersonate-extra-";

/** What is read of a request. */
export type Heads = { readonly headers: IncomingHttpHeaders; readonly rawHeaders: readonly string[] };

/** The identity that the request acts as; refused where its sender may not impersonate so. */
export function impersonated(
  { headers, rawHeaders }: Heads,
  sender: Identity,
  decide: (identity: Identity, question: AccessQuestion) => { isAllowed: boolean; reason: string },
): Identity {
  const user = textOf(headers["impersonate-user"]);
  const asked = headers["impersonate-group"] === undefined ? [] : valuesOf(rawHeaders, "impersonate-group");
  const uid = textOf(headers["impersonate-uid"]);
  const extra = extraOf(headers, rawHeaders);
  if (user === undefined) {
    if (asked.length > 0 || uid !== undefined || Object.keys(extra).length > 0)
      throw badRequest(
        `requested &user.DefaultInfo{Name:"", UID:${JSON.stringify(uid ?? "")}, Groups:[]string{${asked.map((group) => JSON.stringify(group)).join(", ")}}, Extra:map[string][]string(nil)} without impersonating a user name`,
      );
    return sender;
  }
  const permit = (question: AccessQuestion): void => {
    const verdict = decide(sender, question);
    const named = { group: question.group, plural: question.resource };
    if (!verdict.isAllowed) throw forbidden(named, question.name ?? "", verdict.reason);
  };
  permit(userQuestion(user));
  for (const group of asked) permit({ verb: "impersonate", group: "", resource: "groups", name: group });
  if (uid !== undefined) permit({ verb: "impersonate", group: "authentication.k8s.io", resource: "uids", name: uid });
  for (const [key, values] of Object.entries(extra))
    for (const name of values)
      permit({ verb: "impersonate", group: "authentication.k8s.io", resource: "userextras", subresource: key, name });
  return { user, groups: groupsFor(user, asked), ...(uid === undefined ? {} : { uid }), extra };
}

function userQuestion(user: string): AccessQuestion {
  if (!user.startsWith(serviceAccountPrefix)) return { verb: "impersonate", group: "", resource: "users", name: user };
  const [namespace = "", name = ""] = user.slice(serviceAccountPrefix.length).split(":");
  return { verb: "impersonate", group: "", resource: "serviceaccounts", namespace, name };
}

/** A service account is in its groups without being told; whoever is not anonymous is authenticated. */
function groupsFor(user: string, asked: readonly string[]): string[] {
  const groups = [...asked];
  if (asked.length === 0 && user.startsWith(serviceAccountPrefix)) {
    const namespace = user.slice(serviceAccountPrefix.length).split(":")[0] ?? "";
    groups.push("system:serviceaccounts", `system:serviceaccounts:${namespace}`);
  }
  const own = user === "system:anonymous" ? "system:unauthenticated" : "system:authenticated";
  if (!groups.includes(own)) groups.push(own);
  return groups;
}

function textOf(header: string | string[] | undefined): string | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  return text === undefined || text === "" ? undefined : text;
}

/** A header each time that it was sent; a comma is part of its value. */
function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    if (rawHeaders[at]?.toLowerCase() === name) values.push(rawHeaders[at + 1] as string);
  return values;
}

function extraOf(headers: IncomingHttpHeaders, rawHeaders: readonly string[]): Record<string, string[]> {
  const extra: Record<string, string[]> = {};
  for (const name in headers)
    if (name.startsWith(extraPrefix)) extra[unescaped(name.slice(extraPrefix.length))] = valuesOf(rawHeaders, name);
  return extra;
}

/** A key that is not well escaped stands for itself, as kube-apiserver has it. */
function unescaped(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
