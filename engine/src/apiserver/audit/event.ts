// One line of the audit log: an Event of audit.k8s.io/v1 at level Metadata. It says who did what to which object and how it ended;
// of what was sent or stored it holds nothing, so no secret can be in it.

import type { Identity } from "#cluster";
import type { JsonObject } from "#kernel";
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
  return objects.flatMap(({ uid = "", resourceVersion = "" }) =>
    uid !== "" && Number(resourceVersion) > since ? [{ uid, resourceVersion }] : [],
  );
}

function micros(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}

function user({ user: username, uid, groups, extra }: Identity): JsonObject {
  return {
    username,
    ...(uid === undefined ? {} : { uid }),
    groups: [...groups],
    ...(extra === undefined || Object.keys(extra).length === 0 ? {} : { extra: extra as unknown as JsonObject }),
  };
}

/** Only what says something. */
function filled(members: Readonly<Record<string, string>>): JsonObject {
  const kept: JsonObject = {};
  for (const name in members) {
    const value = members[name] as string;
    if (value !== "") kept[name] = value.slice(0, textMax);
  }
  return kept;
}

export function auditEvent(done: Finished): JsonObject {
  const { object, code, reason } = done;
  const notes = { ...done.annotations, ...filled({ "keelson.dev/field-manager": done.fieldManager }) };
  return {
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    level: "Metadata",
    auditID: done.id,
    stage: "ResponseComplete",
    requestURI: done.uri.slice(0, textMax),
    verb: done.verb,
    user: user(done.sender),
    ...(done.identity === done.sender ? {} : { impersonatedUser: user(done.identity) }),
    ...(done.sourceAddress === "" ? {} : { sourceIPs: [done.sourceAddress] }),
    ...filled({ userAgent: done.userAgent }),
    objectRef: filled({
      resource: object.resource,
      namespace: object.namespace,
      name: object.name,
      uid: object.uid,
      apiGroup: object.group,
      apiVersion: object.version,
      resourceVersion: object.resourceVersion,
      subresource: object.subresource,
    }),
    responseStatus: { metadata: {}, ...(code < 400 ? {} : { status: "Failure", reason }), code },
    requestReceivedTimestamp: micros(done.receivedMs),
    stageTimestamp: micros(done.endedMs),
    ...(Object.keys(notes).length === 0 ? {} : { annotations: notes }),
  };
}
