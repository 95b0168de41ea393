// One line of the audit log: an Event of audit.k8s.io/v1 at level Metadata. It says who did what to which object and how it ended;
// of what was sent or stored it holds nothing, so no secret can be in it.

import type { Identity } from "#cluster";
import { encodeJson, formatMicroTime } from "#kernel";
import { textMax } from "./limits.ts";

/** One state of one object. */
export type Version = { uid: string; resourceVersion: string };

/** A finished request that changed something, or tried to. */
export type Finished = {
  id: string;
  verb: string;
  uri: string;
  /** Who sent it, and as whom. */
  sender: Identity;
  identity: Identity;
  /** "" for what this program itself asked for. */
  sourceAddress: string;
  userAgent: string;
  fieldManager: string;
  object: {
    group: string;
    version: string;
    resource: string;
    subresource: string;
    namespace: string;
    name: string;
    uid: string;
    resourceVersion: string;
  };
  /** Versions that came of it: what it wrote and what it removed. A dry run, or what changed nothing, made none. */
  made: readonly Version[];
  code: number;
  reason: string;
  receivedMs: number;
  endedMs: number;
  annotations: Readonly<Record<string, string>>;
};

/** Those of the objects whose version is newer than all were when the request came: the request made them. */
export function versionsMade(objects: readonly Partial<Version>[], since: number): Version[] {
  const made: Version[] = [];
  for (const { uid = "", resourceVersion = "" } of objects)
    if (uid !== "" && Number(resourceVersion) > since) made.push({ uid, resourceVersion });
  return made;
}

/** What JSON writes as it is. */
const plain = /^[ !#-[\]-~]*$/;

/** A text as JSON. */
function quoted(text: string): string {
  const bounded = text.length <= textMax ? text : text.slice(0, textMax);
  return plain.test(bounded) ? `"${bounded}"` : JSON.stringify(bounded);
}

/** A member with a comma before it; nothing where it says nothing. */
function member(name: string, value: string): string {
  return value === "" ? "" : `,"${name}":${quoted(value)}`;
}

/** The last sender, written out: most requests come from the one before. */
let last: { identity: Identity; text: string } | undefined;

function userText(identity: Identity): string {
  if (last?.identity !== identity) {
    const { user: username, uid, groups, extra } = identity;
    const members = { username, uid, groups, ...(Object.keys(extra ?? {}).length === 0 ? {} : { extra }) };
    last = { identity, text: encodeJson(members) };
  }
  return last.text;
}

/** One line with its end. Made as text at once: an object of it would cost more than all else that is noted of a write. */
export function auditLine(done: Finished): string {
  const { object, code, reason } = done;
  const notes = Object.keys(done.annotations).length === 0 ? "" : `,${encodeJson(done.annotations).slice(1, -1)}`;
  const annotations = notes + member("keelson.dev/field-manager", done.fieldManager);
  const reference =
    member("resource", object.resource) +
    member("namespace", object.namespace) +
    member("name", object.name) +
    member("uid", object.uid) +
    member("apiGroup", object.group) +
    member("apiVersion", object.version) +
    member("resourceVersion", object.resourceVersion) +
    member("subresource", object.subresource);
  const failure = code < 400 ? "" : `,"status":"Failure","reason":${quoted(reason)}`;
  return (
    `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":${quoted(done.id)}` +
    `,"stage":"ResponseComplete","requestURI":${quoted(done.uri)},"verb":${quoted(done.verb)}` +
    `,"user":${userText(done.sender)}` +
    (done.identity === done.sender ? "" : `,"impersonatedUser":${userText(done.identity)}`) +
    (done.sourceAddress === "" ? "" : `,"sourceIPs":[${quoted(done.sourceAddress)}]`) +
    member("userAgent", done.userAgent) +
    `,"objectRef":{${reference.slice(1)}},"responseStatus":{"metadata":{}${failure},"code":${code}}` +
    `,"requestReceivedTimestamp":"${formatMicroTime(done.receivedMs)}","stageTimestamp":"${formatMicroTime(done.endedMs)}"` +
    (annotations === "" ? "}\n" : `,"annotations":{${annotations.slice(1)}}}\n`)
  );
}
