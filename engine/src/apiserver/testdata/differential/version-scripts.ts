// Definitions whose versions change while there are objects: another storage version, a version no longer served, one dropped; parts of
// custom objects in each version; and every way to ask for a list or a watch of a version.

import { applied, get, patch, post, put, remove, saved, type Script, type Step, unseen, withQuery } from "./steps.ts";

type Part = Record<string, unknown>;

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const properties = { spec: { type: "object", properties: { size: { type: "integer", default: 1 }, note: { type: "string" }, replicas: { type: "integer" }, pick: { type: "string" } } }, status: { type: "object", properties: { replicas: { type: "integer" }, selector: { type: "string" }, phase: { type: "string" } } } };
const scale = { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas", labelSelectorPath: ".status.selector" };

/** One version: `more` lies over what all have. */
function version(name: string, more: Part = {}): Part {
  return { name, served: true, storage: false, subresources: { status: {}, scale }, schema: { openAPIV3Schema: { type: "object", properties } }, ...more };
}

/** A group for each: one with several kinds lists them in no order. */
const groupOf = (plural: string): string => `${plural}.example.com`;

function definition(plural: string, versions: readonly Part[]): Part {
  const group = groupOf(plural);
  const names = { plural, singular: `${plural}-one`, kind: `K${plural}`, listKind: `K${plural}List` };
  return { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata: { name: `${plural}.${group}` }, spec: { group, scope: "Namespaced", names, versions } };
}

/** A definition in a place of its own; `to` changes its versions, which both servers know once a probe gives `code`. */
class Mover {
  readonly plural: string;
  readonly group: string;
  readonly path: string;

  constructor(plural: string) {
    this.plural = plural;
    this.group = groupOf(plural);
    this.path = `${definitions}/${plural}.${this.group}`;
  }

  list(name: string): string {
    return `/apis/${this.group}/${name}/namespaces/default/${this.plural}`;
  }

  object(name: string, at: string, spec: Part, more: Part = {}): Part {
    return { apiVersion: `${this.group}/${at}`, kind: `K${this.plural}`, metadata: { name, ...more }, spec };
  }

  known(name: string, code = 200): Step {
    return { ...unseen(get(this.list(name))), awaits: code };
  }

  open(...versions: Part[]): Step[] {
    const stored = versions.find(({ storage }) => storage === true) as { name: string };
    return [unseen(post(definitions, definition(this.plural, versions))), this.known(stored.name), ...versions.filter(({ served }) => served === true).map(({ name }) => this.known(String(name)))];
  }

  to(...versions: Part[]): Step {
    return patch(this.path, "merge", { spec: { versions } });
  }

  /** What the definition says of itself, but for its versions. */
  shown(): Step {
    return get(this.path);
  }
}

const stored = { storage: true };
const unserved = { served: false };

function storageMoved(): Script {
  const it = new Mover("stores");
  const paths = ["v1", "v2"].map((name) => it.list(name));
  return {
    name: "versions: another storage version while there are objects",
    steps: [
      ...it.open(version("v1", stored), version("v2")),
      applied(`${paths[0]}/a`, "one", it.object("a", "v1", { note: "first" })),
      post(`${paths[1]}?fieldManager=two`, it.object("b", "v2", { note: "second", size: 2 })),
      it.to(version("v1"), version("v2", stored)),
      it.shown(),
      ...paths.map((path) => get(path)),
      applied(`${paths[1]}/a`, "one", it.object("a", "v2", { note: "third" })),
      applied(`${paths[0]}/a`, "three", it.object("a", "v1", { pick: "x" })),
      patch(`${paths[0]}/b`, "merge", { spec: { size: 5 } }),
      patch(it.path, "merge", { spec: { versions: [version("v2", stored)] } }),
      patch(`${it.path}/status`, "merge", { status: { storedVersions: ["v1"] } }),
      patch(`${it.path}/status`, "merge", { status: { storedVersions: ["v2"] } }),
      patch(`${it.path}/status`, "merge", { status: { storedVersions: ["v2", "v3"] } }),
      it.to(version("v1", unserved), version("v2", stored)),
      it.known("v1", 404),
      get(`${paths[0]}/a`),
      get(`${paths[1]}/a`),
      applied(`${paths[1]}/a`, "one", it.object("a", "v2", { note: "fourth" })),
      applied(`${paths[1]}/a`, "three", it.object("a", "v2", {})),
      it.to(version("v2", stored)),
      applied(`${paths[1]}/a`, "three", it.object("a", "v2", { pick: "y" }), "&force=true"),
      applied(`${paths[1]}/b`, "three", it.object("b", "v2", { size: 5 }), "&force=true"),
      withQuery(patch(`${paths[1]}/b`, "merge", { spec: { size: 6 } }), "fieldManager=two"),
      get(paths[1] as string),
      it.shown(),
      get(`/apis/${it.group}/v1`),
      get(`/apis/${it.group}/v2`),
      unseen(remove(it.path)),
    ],
  };
}

function dropped(): Script {
  const it = new Mover("drops");
  return {
    name: "versions: one is dropped, and comes back",
    steps: [
      ...it.open(version("v1alpha1"), version("v1", stored)),
      applied(`${it.list("v1alpha1")}/a`, "one", it.object("a", "v1alpha1", { note: "old", size: 4 })),
      saved("a", get(`${it.list("v1")}/a`)),
      it.to(version("v1", stored)),
      it.known("v1alpha1", 404),
      get(`${it.list("v1alpha1")}/a`),
      get(`${it.list("v1")}/a`),
      applied(`${it.list("v1")}/a`, "two", it.object("a", "v1", { note: "new" })),
      applied(`${it.list("v1")}/a`, "two", it.object("a", "v1", { note: "new" }), "&force=true"),
      applied(`${it.list("v1")}/a`, "one", it.object("a", "v1", { size: 4 })),
      put(`${it.list("v1")}/a`, it.object("a", "v1", { note: "put" }, { resourceVersion: "{{a.rv}}" })),
      it.to(version("v1alpha1"), version("v1", stored)),
      it.known("v1alpha1"),
      get(`${it.list("v1alpha1")}/a`),
      applied(`${it.list("v1alpha1")}/a`, "one", it.object("a", "v1alpha1", { note: "again" }), "&force=true"),
      it.shown(),
      unseen(remove(it.path)),
    ],
  };
}

function narrowed(): Script {
  const it = new Mover("narrows");
  const closed = { schema: { openAPIV3Schema: { type: "object", properties: { spec: { type: "object", properties: { size: { type: "integer", maximum: 3 }, color: { type: "string", default: "red" } } } } } } };
  return {
    name: "versions: a schema changes under its objects",
    steps: [
      ...it.open(version("v1", stored)),
      applied(`${it.list("v1")}/a`, "one", it.object("a", "v1", { note: "kept", size: 9 })),
      patch(`${it.list("v1")}/a/status`, "merge", { status: { phase: "up" } }),
      it.to(version("v1", { ...stored, ...closed })),
      // What is read gets the new defaults once the server knows them.
      { ...unseen(post(`${it.list("v1")}?dryRun=All`, it.object("x", "v1", { size: 9 }))), awaits: 422 },
      get(`${it.list("v1")}/a`),
      patch(`${it.list("v1")}/a`, "merge", { metadata: { labels: { a: "b" } } }),
      patch(`${it.list("v1")}/a`, "merge", { spec: { size: 8 } }),
      patch(`${it.list("v1")}/a`, "merge", { spec: { color: "green" } }),
      applied(`${it.list("v1")}/a`, "one", it.object("a", "v1", { size: 2 })),
      get(`${it.list("v1")}/a`),
      unseen(remove(it.path)),
    ],
  };
}

function parted(): Script {
  const it = new Mover("parts");
  const paths = ["v1", "v2", "v3"].map((name) => `${it.list(name)}/a`);
  const body = (replicas: unknown): Part => ({ apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name: "a", namespace: "default" }, spec: { replicas } });
  return {
    name: "versions: parts of an object in each of them",
    steps: [
      ...it.open(version("v1", stored), version("v2", { subresources: { status: {} } }), version("v3", { subresources: {} })),
      applied(paths[0] as string, "one", it.object("a", "v1", { replicas: 1 })),
      ...paths.flatMap((path) => [get(`${path}/status`), get(`${path}/scale`), patch(`${path}/status`, "merge", { status: { phase: "up", replicas: 1, selector: "a=b" } }), patch(`${path}/scale`, "merge", { spec: { replicas: 3 } })]),
      put(`${paths[0]}/scale`, body(4)),
      put(`${paths[0]}/scale`, body(-1)),
      ...[0, 1, 2].map((at) => applied(`${paths[at]}/status`, "controller", { ...it.object("a", `v${at + 1}`, {}), spec: undefined, status: { phase: `by v${at + 1}` } }, "&force=true")),
      ...[0, 1, 2].map((at) => patch(paths[at] as string, "merge", { status: { phase: `patched in v${at + 1}` }, spec: { note: `v${at + 1}` } })),
      applied(paths[1] as string, "one", it.object("a", "v2", {})),
      applied(paths[0] as string, "two", it.object("a", "v1", { replicas: 7 })),
      get(`${paths[0]}/scale`),
      ...paths.map((path) => get(path)),
      ...["v1", "v2", "v3"].map((name) => get(`/apis/${it.group}/${name}`)),
      unseen(remove(it.path)),
    ],
  };
}

const versions = ["", "0", "{{a.rv}}", "{{z.rv}}", "x", "-1"];
const matches = ["", "Exact", "NotOlderThan", "Odd"];

function query(...parts: readonly [string, string][]): string {
  return parts.filter(([, value]) => value !== "").map(([name, value]) => `&${name}=${value}`).join("");
}

/** Every way to name a version in a list, whole and in pages. */
function listed(kind: string, path: string, object: (name: string, matched: string) => Part): Script {
  const list = `${path}?labelSelector=matched%3Dlist`;
  const made = ["a", "b", "c", "z"].map((name) => saved(name, unseen(post(path, object(`match-${name}`, "list")))));
  const ways = versions.flatMap((rv) => matches.flatMap((match) => ["", "1"].map((limit) => query(["resourceVersion", rv], ["resourceVersionMatch", match], ["limit", limit]))));
  const pages = versions.flatMap((rv) => matches.map((match) => query(["resourceVersion", rv], ["resourceVersionMatch", match])));
  return {
    name: `matches: lists of ${kind}`,
    steps: [
      opened(path),
      ...made,
      ...ways.map((way) => get(`${list}${way}`)),
      saved("page", get(`${list}&limit=2`)),
      unseen(remove(`${path}/match-c`)),
      ...pages.map((way) => get(`${list}&limit=2&continue={{page.continue}}${way}`)),
      get(`${list}&continue={{page.continue}}`),
      get(`${list}&limit=1&continue={{page.continue}}&fieldSelector=metadata.name%3Dmatch-z`),
      unseen(remove(list.replace("?", "?propagationPolicy=Background&"))),
    ],
  };
}

/** Every way to begin a watch that is refused, and those that are not, up to the first object after them. */
function watched(kind: string, path: string, object: (name: string, matched: string) => Part): Script {
  const list = `${path}?watch=true&timeoutSeconds=5&labelSelector=matched%3Dwatch`;
  const ways = versions.flatMap((rv) => matches.flatMap((match) => ["", "true", "false"].flatMap((initial) => ["", "true"].map((marks) => ({ rv, match, initial, marks })))));
  const isRefused = ({ rv, match, initial }: { rv: string; match: string; initial: string }): boolean => rv === "x" || rv === "-1" || (initial === "" ? match !== "" : match !== "NotOlderThan");
  const asked = (way: { rv: string; match: string; initial: string; marks: string }): string => `${list}${query(["resourceVersion", way.rv], ["resourceVersionMatch", way.match], ["sendInitialEvents", way.initial], ["allowWatchBookmarks", way.marks])}`;
  const open = ways.filter((way) => !isRefused(way) && way.rv !== "{{z.rv}}");
  return {
    name: `matches: watches of ${kind}`,
    steps: [
      opened(path),
      ...["a", "b", "z"].map((name) => saved(name, unseen(post(path, object(`watch-${name}`, "watch"))))),
      ...ways.filter(isRefused).map((way) => get(asked(way))),
      ...open.filter(({ initial, rv }) => initial !== "false" || rv === "{{a.rv}}").map((way) => ({ ...get(asked(way)), until: "watch-z" })),
      unseen(remove(`${path}?labelSelector=matched%3Dwatch`)),
    ],
  };
}

const map = (name: string, matched: string): Part => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels: { matched } } });
const widget = (name: string, matched: string): Part => ({ apiVersion: "example.com/v1", kind: "Widget", metadata: { name, labels: { matched } }, spec: { size: 1 } });
/** A namespace of its own: what else comes and goes in a list shows in its pages. */
const place = (purpose: string): string => `namespaces/matches-${purpose}`;

function opened(path: string): Step {
  return unseen(post("/api/v1/namespaces", { metadata: { name: path.split("/").at(-2) } }));
}

export const versionScripts: readonly Script[] = [
  storageMoved(),
  dropped(),
  narrowed(),
  parted(),
  listed("configmaps", `/api/v1/${place("list-maps")}/configmaps`, map),
  listed("widgets", `/apis/example.com/v1/${place("list-widgets")}/widgets`, widget),
  watched("configmaps", `/api/v1/${place("watch-maps")}/configmaps`, map),
  watched("widgets", `/apis/example.com/v1/${place("watch-widgets")}/widgets`, widget),
];
