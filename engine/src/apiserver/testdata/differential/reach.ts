// Every kind in turn through what random scripts only brush: tables, every field selector, a dry run of every verb, every JSON patch
// operation, five managers over shared fields, pages while objects change, versions of lists, collections deleted by selectors.

import { applied, get, patch, post, put, remove, saved, type Script, type Step, unseen, withQuery } from "./steps.ts";
import { rareSubjects } from "./rare-subjects.ts";
import { subjects } from "./subjects.ts";
import type { Part, Subject } from "./subjects.ts";

const table = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" };
const partial = { accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json" };

/** One kind in a namespace of its own. */
class Place {
  readonly subject: Subject;
  readonly namespace: string;
  readonly list: string;

  constructor(subject: Subject, purpose: string) {
    this.subject = subject;
    this.namespace = `reach-${purpose}-${subject.id}`;
    const { apiVersion, plural, isNamespaced } = subject;
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    this.list = isNamespaced ? `${root}/namespaces/${this.namespace}/${plural}` : `${root}/${plural}`;
  }

  /** What all objects of the script are marked with: cluster-scoped kinds share their list. */
  get mine(): string {
    return `labelSelector=reach%3D${this.namespace}`;
  }

  name(suffix: string): string {
    return `${this.namespace}-${suffix}`;
  }

  object(suffix: string, metadata: Part = {}): Part {
    const { apiVersion, kind, base } = this.subject;
    const labels = { reach: this.namespace, ...(metadata["labels"] as Part | undefined) };
    const whole = { apiVersion, kind, ...base, metadata: { name: this.name(suffix), ...metadata, labels } };
    return JSON.parse(JSON.stringify(whole).replaceAll('"NS"', JSON.stringify(this.namespace))) as Part;
  }

  path(suffix: string): string {
    return `${this.list}/${this.name(suffix)}`;
  }

  script(purpose: string, steps: readonly Step[]): Script {
    const { isNamespaced, kind, id } = this.subject;
    const before = isNamespaced ? [unseen(post("/api/v1/namespaces", { metadata: { name: this.namespace } }))] : [];
    if (kind === "Pod")
      before.push(unseen(post(`/api/v1/namespaces/${this.namespace}/serviceaccounts`, { metadata: { name: "default" } })));
    const after = isNamespaced ? [] : [unseen(remove(`${this.list}?${this.mine}`))];
    return { name: `reach/${purpose}: ${id}`, steps: [...before, ...steps, ...after] };
  }
}

const fields = [
  "metadata.name",
  "metadata.namespace",
  "spec.nodeName",
  "spec.restartPolicy",
  "spec.unschedulable",
  "spec.clusterIP",
  "spec.type",
  "status.phase",
  "status.replicas",
  "status.successful",
  "status.podIP",
  "type",
  "reason",
  "involvedObject.kind",
  "regarding.kind",
  "spec.signerName",
  "spec.mode",
];

function looks(subject: Subject): Script {
  const place = new Place(subject, "look");
  const { list, mine } = place;
  return place.script("looks", [
    unseen(post(list, place.object("a"))),
    get(place.path("a"), table),
    get(`${list}?${mine}`, table),
    get(`${list}?${mine}&includeObject=Object`, table),
    get(`${list}?${mine}&includeObject=None`, table),
    get(`${list}?${mine}&includeObject=Odd`, table),
    get(`${list}?${mine}`, partial),
    ...fields.flatMap((field) => [
      get(`${list}?${mine}&fieldSelector=${field}%3D${place.name("a")}`),
      get(`${list}?${mine}&fieldSelector=${field}!%3Dx`),
    ]),
    get(`${list}?${mine}&fieldSelector=metadata.name%3D${place.name("a")},metadata.namespace!%3Dx`),
  ]);
}

function trials(subject: Subject): Script {
  const place = new Place(subject, "trial");
  const { list, mine } = place;
  const part = subject.parts[0] ?? { metadata: { labels: { more: "x" } } };
  const labelled = place.object("a", { labels: { more: "x" } });
  return place.script("trials", [
    withQuery(post(list, place.object("a")), "dryRun=All"),
    get(place.path("a")),
    withQuery(applied(place.path("a"), "one", place.object("a")), "dryRun=All"),
    unseen(post(list, place.object("a"))),
    withQuery(put(place.path("a"), labelled), "dryRun=All"),
    withQuery(put(place.path("a"), { ...labelled, metadata: { labels: { more: "x" } } }), "dryRun=All"),
    withQuery(patch(place.path("a"), "merge", { metadata: { name: null } }), "dryRun=All"),
    withQuery(post(list, place.object("n", { labels: { none: null }, annotations: { none: null } })), "dryRun=All"),
    ...(["merge", "strategic"] as const).map((type) => withQuery(patch(place.path("a"), type, part), "dryRun=All")),
    withQuery(patch(place.path("a"), "json", [{ op: "add", path: "/metadata/labels/more", value: "x" }]), "dryRun=All"),
    applied(place.path("a"), "one", labelled, "&dryRun=All&force=true"),
    withQuery(patch(`${place.path("a")}/status`, "merge", { status: subject.status?.[0] ?? {} }), "dryRun=All"),
    withQuery(patch(`${place.path("a")}/scale`, "merge", { spec: { replicas: 3 } }), "dryRun=All"),
    withQuery(remove(place.path("a")), "dryRun=All"),
    remove(`${list}?${mine}&dryRun=All`),
    get(place.path("a")),
  ]);
}

function operations(subject: Subject): Script {
  const place = new Place(subject, "op");
  const notes = { annotations: { a: "1", "b/c": "2" } };
  const at = (name: string): string => `/metadata/annotations/${name}`;
  const lists: object[][] = [
    [{ op: "test", path: at("a"), value: "1" }, { op: "copy", from: at("a"), path: at("d") }],
    [{ op: "move", from: at("d"), path: at("e") }],
    [{ op: "test", path: at("a"), value: "2" }, { op: "remove", path: at("a") }],
    [{ op: "test", path: at("none"), value: null }],
    [{ op: "replace", path: at("b~1c"), value: "3" }],
    [{ op: "replace", path: at("none"), value: "3" }],
    [{ op: "remove", path: at("none") }],
    [{ op: "copy", from: at("none"), path: at("x") }],
    [{ op: "move", from: at("a"), path: `${at("a")}/b` }],
    [{ op: "add", path: "/metadata/finalizers", value: ["example.com/x"] }, { op: "add", path: "/metadata/finalizers/-", value: "example.com/y" }, { op: "add", path: "/metadata/finalizers/0", value: "example.com/z" }],
    [{ op: "remove", path: "/metadata/finalizers/1" }, { op: "test", path: "/metadata/finalizers/0", value: "example.com/z" }],
    [{ op: "add", path: "/metadata/finalizers/9", value: "example.com/x" }],
    [{ op: "remove", path: "/metadata/finalizers" }],
    [{ op: "odd", path: "/metadata" }],
    [{ op: "add", path: "metadata/x", value: 1 }],
    [{ op: "add", path: "/metadata/annotations" }],
    [{ op: "replace", path: "", value: { kind: subject.kind } }],
    [{ op: "copy", from: "/metadata/annotations", path: "/metadata/labels" }],
    [],
  ];
  return place.script("operations", [unseen(post(place.list, place.object("a", notes))), ...lists.map((one) => patch(place.path("a"), "json", one))]);
}

function managers(subject: Subject): Script {
  const place = new Place(subject, "five");
  const { apiVersion, kind } = subject;
  const own = (labels: Part, annotations: Part = {}): Part => ({ apiVersion, kind, metadata: { name: place.name("a"), labels, annotations } });
  const path = place.path("a");
  return place.script("managers", [
    applied(path, "one", place.object("a", { labels: { a: "1", b: "1" } })),
    applied(path, "two", own({ a: "1", c: "2" }, { note: "x" })),
    applied(path, "three", own({ b: "2" })),
    applied(path, "three", own({ b: "2" }), "&force=true"),
    applied(path, "four", own({ d: "4" }, { note: "x", more: "y" })),
    withQuery(patch(path, "merge", { metadata: { labels: { d: "5", e: "5" } } }), "fieldManager=five"),
    applied(path, "one", place.object("a", { labels: { a: "1" } })),
    applied(path, "two", own({}, {})),
    applied(path, "four", own({}, {}), "&force=true"),
    applied(path, "three", own({})),
    withQuery(patch(path, "merge", { metadata: { labels: { a: null, e: null } } }), "fieldManager=five"),
    applied(path, "one", place.object("a")),
    applied(path, "five", own({ e: "6" })),
    get(path),
  ]);
}

function pages(subject: Subject): Script {
  const place = new Place(subject, "page");
  const { list, mine } = place;
  const next = (name: string, more = ""): Step => saved(name, get(`${list}?${mine}&limit=2&continue={{${name}.continue}}${more}`));
  const versions = ["a", "c", "e"].flatMap((name) =>
    ["Exact", "NotOlderThan"].map((match) => get(`${list}?${mine}&resourceVersion={{${name}.rv}}&resourceVersionMatch=${match}`)),
  );
  return place.script("pages", [
    ...["a", "b", "c", "d", "e"].map((suffix) => saved(suffix, unseen(post(list, place.object(suffix))))),
    saved("p", get(`${list}?${mine}&limit=2`)),
    saved("q", get(`${list}?${mine}&limit=2&resourceVersion={{c.rv}}&resourceVersionMatch=Exact`)),
    unseen(patch(place.path("d"), "merge", { metadata: { labels: { changed: "x" } } })),
    unseen(remove(place.path("c"), { gracePeriodSeconds: 0 })),
    unseen(post(list, place.object("f"))),
    next("p"),
    next("p"),
    next("q", "&resourceVersion=1"),
    next("q"),
    ...versions,
    get(`${list}?${mine}&resourceVersion={{e.rv}}&limit=1`),
    get(`${list}?${mine}&resourceVersion=0&limit=1`),
    get(`${list}?${mine}&resourceVersion=0&resourceVersionMatch=NotOlderThan`),
    get(`${list}?${mine}&resourceVersion=999999999`),
    get(`${list}?${mine}&resourceVersion=999999999&resourceVersionMatch=Exact`),
    get(`${list}?${mine}&resourceVersion={{e.rv}}&resourceVersionMatch=Odd`),
  ]);
}

function collections(subject: Subject): Script {
  const place = new Place(subject, "coll");
  const { list, mine } = place;
  const make = (suffix: string, tier: string): Step => unseen(post(list, place.object(suffix, { labels: { tier } })));
  return place.script("collections", [
    make("a", "x"),
    make("b", "y"),
    make("c", "x"),
    remove(`${list}?${mine},tier%3Dnone`),
    remove(`${list}?${mine}&fieldSelector=metadata.name%3D${place.name("b")}`, { gracePeriodSeconds: 0 }),
    get(`${list}?${mine}`),
    remove(`${list}?${mine},tier%20in%20(x)&limit=1`, { gracePeriodSeconds: 0 }),
    get(`${list}?${mine}`),
    remove(`${list}?${mine}&fieldSelector=spec.odd%3Dx`),
    remove(`${list}?${mine}`, { preconditions: { uid: "00000000-0000-0000-0000-000000000000" } }),
    remove(`${list}?${mine}`, { propagationPolicy: "Orphan", gracePeriodSeconds: 0 }),
    get(`${list}?${mine}`),
  ]);
}

const purposes = [looks, trials, operations, managers, pages, collections];

/** Every kind through every purpose. */
export const reachScripts: readonly Script[] = [...subjects, ...rareSubjects].flatMap((subject) => purposes.map((make) => make(subject)));
