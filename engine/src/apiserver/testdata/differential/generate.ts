// Random request scripts from a seed: the same seed gives the same scripts. Each keeps to a namespace and to names of its own.

import { metadataFaults, metadataParts, type Part, type Subject, subjects } from "./subjects.ts";
import { applied, as, get, patch, post, put, remove, saved, type Script, type Step, unseen, withQuery } from "./steps.ts";

/** A small generator of numbers (mulberry32). */
export class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
  below(count: number): number {
    return Math.floor(this.next() * count);
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
  chance(probability: number): boolean {
    return this.next() < probability;
  }
}

function isMap(value: unknown): value is Part {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A JSON merge patch laid over a value. */
function merged(base: unknown, part: unknown): unknown {
  if (!isMap(part)) return part;
  const result: Part = isMap(base) ? { ...base } : {};
  for (const [key, value] of Object.entries(part)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}

/** One script's place: a subject, a namespace, a name. */
class Scene {
  readonly subject: Subject;
  readonly random: Random;
  readonly namespace: string;
  readonly name: string;
  readonly steps: Step[] = [];

  constructor(subject: Subject, random: Random, id: string) {
    this.subject = subject;
    this.random = random;
    this.namespace = `ns-${id}`;
    this.name = `it-${id}`;
  }

  get list(): string {
    const { apiVersion, plural, isNamespaced } = this.subject;
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    return isNamespaced ? `${root}/namespaces/${this.namespace}/${plural}` : `${root}/${plural}`;
  }
  get path(): string {
    return `${this.list}/${this.name}`;
  }

  /** The subject's object with parts over it. */
  object(parts: readonly Part[] = [], name: string = this.name): Part {
    const { apiVersion, kind, base } = this.subject;
    let whole: unknown = merged({ apiVersion, kind, metadata: { name } }, base);
    for (const part of parts) whole = merged(whole, part);
    return JSON.parse(JSON.stringify(whole).replaceAll('"NS"', JSON.stringify(this.namespace))) as Part;
  }
  part(): Part {
    const own = this.subject.parts;
    return own.length > 0 && this.random.chance(0.75) ? this.random.pick(own) : this.random.pick(metadataParts);
  }
  fault(): Part {
    const own = this.subject.faults;
    return own.length > 0 && this.random.chance(0.85) ? this.random.pick(own) : this.random.pick(metadataFaults);
  }
  parts(most: number): Part[] {
    return Array.from({ length: this.random.below(most + 1) }, () => this.part());
  }
  do(...steps: Step[]): void {
    this.steps.push(...steps);
  }
}

/** The wanted members alone, as a manifest that an apply sends. */
function manifest(scene: Scene, parts: readonly Part[], isWhole: boolean): Part {
  if (isWhole) return scene.object(parts);
  const { apiVersion, kind } = scene.subject;
  let whole: unknown = { apiVersion, kind, metadata: { name: scene.name } };
  for (const part of parts) whole = merged(whole, part);
  return JSON.parse(JSON.stringify(whole).replaceAll('"NS"', JSON.stringify(scene.namespace))) as Part;
}

type Family = (scene: Scene) => void;

/** How one member of a part would be changed by a JSON patch. */
function operations(random: Random, part: Part): object[] {
  const list: object[] = [];
  const visit = (value: unknown, path: string, depth: number): void => {
    if (isMap(value) && depth < 3 && Object.keys(value).length > 0) {
      for (const [key, member] of Object.entries(value)) visit(member, `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`, depth + 1);
      return;
    }
    if (value === null) list.push({ op: "remove", path });
    else list.push({ op: random.pick(["add", "add", "replace", "test", "remove"]), path, value });
  };
  visit(part, "", 0);
  return list;
}

const lifecycle: Family = (scene) => {
  const { random } = scene;
  scene.do(saved("a", post(scene.list, scene.object(scene.parts(3)))), get(scene.path));
  for (let count = 1 + random.below(4); count > 0; count--) {
    switch (random.below(6)) {
      case 0:
        scene.do(put(scene.path, { ...scene.object(scene.parts(3)) }));
        break;
      case 1:
        scene.do(patch(scene.path, "merge", scene.part()));
        break;
      case 2:
        scene.do(patch(scene.path, "json", operations(random, scene.part())));
        break;
      case 3:
        scene.do(patch(scene.path, "strategic", scene.part()));
        break;
      case 4:
        scene.do(put(scene.path, merged(scene.object(scene.parts(2)), { metadata: { resourceVersion: random.pick(["{{a.rv}}", "1", "x"]) } })));
        break;
      default:
        scene.do(withQuery(patch(scene.path, random.pick(["merge", "strategic"]), scene.part()), `fieldManager=${random.pick(["one", "two"])}`));
    }
  }
  scene.do(get(scene.path), remove(scene.path), get(scene.path));
};

const applies: Family = (scene) => {
  const { random } = scene;
  const managers = ["alpha", "beta", "gamma"];
  if (random.chance(0.4)) scene.do(post(scene.list, scene.object(scene.parts(2))));
  scene.do(applied(scene.path, random.pick(managers), manifest(scene, scene.parts(2), true), random.chance(0.3) ? "&force=true" : ""));
  for (let count = 2 + random.below(5); count > 0; count--) {
    const manager = random.pick(managers);
    const more = random.chance(0.35) ? "&force=true" : random.chance(0.1) ? "&dryRun=All" : "";
    if (random.chance(0.2)) scene.do(withQuery(patch(scene.path, "merge", scene.part()), `fieldManager=${manager}`));
    else if (random.chance(0.1)) scene.do(put(`${scene.path}?fieldManager=${manager}`, scene.object(scene.parts(2))));
    else scene.do(applied(scene.path, manager, manifest(scene, [scene.part(), ...scene.parts(1)], random.chance(0.5)), more));
  }
  scene.do(get(scene.path));
};

const faults: Family = (scene) => {
  const { random } = scene;
  scene.do(post(scene.list, scene.object([...scene.parts(1), scene.fault()])));
  if (random.chance(0.3)) scene.do(post(scene.list, scene.object([scene.fault(), scene.fault()])));
  scene.do(unseen(post(scene.list, scene.object())));
  const fault = scene.fault();
  scene.do(patch(scene.path, "merge", fault));
  if (random.chance(0.5)) scene.do(put(scene.path, scene.object([scene.fault()])));
  if (random.chance(0.5)) scene.do(applied(scene.path, "alpha", manifest(scene, [scene.fault()], true), "&force=true"));
  if (random.chance(0.3)) scene.do(patch(scene.path, "strategic", scene.fault()));
  scene.do(get(scene.path));
};

const statuses: Family = (scene) => {
  const { random, subject } = scene;
  const status = (): Part => ({ status: random.pick(subject.status ?? [{}]) });
  scene.do(post(scene.list, scene.object([...scene.parts(1), ...(random.chance(0.5) ? [status()] : [])])));
  for (let count = 1 + random.below(4); count > 0; count--) {
    switch (random.below(5)) {
      case 0:
        scene.do(patch(`${scene.path}/status`, "merge", { ...status(), ...(random.chance(0.3) ? scene.part() : {}) }));
        break;
      case 1:
        scene.do(put(`${scene.path}/status`, scene.object([status(), ...scene.parts(1)])));
        break;
      case 2:
        scene.do(applied(`${scene.path}/status`, "controller", manifest(scene, [status()], false), random.chance(0.5) ? "&force=true" : ""));
        break;
      case 3:
        scene.do(patch(scene.path, "merge", { ...status(), ...scene.part() }));
        break;
      default:
        scene.do(withQuery(patch(`${scene.path}/status`, "strategic", status()), "fieldManager=kubelet"));
    }
  }
  scene.do(get(`${scene.path}/status`), get(scene.path));
};

const scales: Family = (scene) => {
  const { random } = scene;
  const body = (replicas: unknown): Part => ({ apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name: scene.name, namespace: scene.namespace }, spec: { replicas } });
  scene.do(post(scene.list, scene.object(scene.parts(1))), get(`${scene.path}/scale`));
  for (let count = 1 + random.below(3); count > 0; count--) {
    switch (random.below(4)) {
      case 0:
        scene.do(put(`${scene.path}/scale`, body(random.pick([0, 2, 5, -1]))));
        break;
      case 1:
        scene.do(patch(`${scene.path}/scale`, "merge", { spec: { replicas: random.pick([1, 4, -3, "x"]) } }));
        break;
      case 2:
        scene.do(applied(`${scene.path}/scale`, "scaler", body(random.pick([2, 3])), random.chance(0.5) ? "&force=true" : ""));
        break;
      default:
        scene.do(applied(scene.path, "alpha", manifest(scene, [{ spec: { replicas: 2 } }], true), random.chance(0.5) ? "&force=true" : ""));
    }
  }
  scene.do(get(scene.path));
};

const trials: Family = (scene) => {
  const { random } = scene;
  scene.do(post(`${scene.list}?dryRun=All`, scene.object(scene.parts(2))), get(scene.path), post(scene.list, scene.object()));
  for (let count = 1 + random.below(3); count > 0; count--)
    scene.do(
      random.pick<() => Step>([
        () => put(`${scene.path}?dryRun=All`, scene.object(scene.parts(2))),
        () => withQuery(patch(scene.path, "merge", scene.part()), "dryRun=All"),
        () => applied(scene.path, "alpha", manifest(scene, [scene.part()], true), "&dryRun=All"),
        () => remove(`${scene.path}?dryRun=All`),
        () => remove(scene.path, { kind: "DeleteOptions", apiVersion: "v1", dryRun: ["All"] }),
        () => post(`${scene.list}?dryRun=${random.pick(["Some", "All&dryRun=All", ""])}`, scene.object()),
        () => post(`${scene.list}?dryRun=All`, scene.object([{ metadata: { name: null, generateName: "gen-" } }])),
      ])(),
    );
  scene.do(get(scene.path));
};

const strictness: Family = (scene) => {
  const { random } = scene;
  const odd = [{ bogus: 1 }, { spec: { bogus: { a: 1 } } }, { metadata: { bogus: "x" } }, { spec: { bogus: 1, more: 2 } }];
  const how = (): string => `fieldValidation=${random.pick(["Strict", "Warn", "Ignore", "Odd"])}`;
  const twice = (object: Part): string => JSON.stringify(object).replace(/^\{/, '{"kind":"X",').replace('"metadata":{', '"metadata":{"name":"q",');
  scene.do(withQuery(post(scene.list, scene.object([random.pick(odd)])), how()));
  if (random.chance(0.5)) scene.do(withQuery(post(scene.list, twice(scene.object())), how()));
  scene.do(unseen(post(scene.list, scene.object())));
  scene.do(withQuery(patch(scene.path, random.pick(["merge", "strategic"]), random.pick(odd)), how()));
  scene.do(withQuery(patch(scene.path, "json", [{ op: "add", path: "/bogus", value: 1 }]), how()));
  scene.do(applied(scene.path, "alpha", manifest(scene, [random.pick(odd)], true), `&force=true&${how()}`));
  scene.do(withQuery(put(scene.path, scene.object([random.pick(odd)])), how()));
};

const tableType = "application/json;as=Table;v=v1;g=meta.k8s.io";
const partialType = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
const partialListType = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";

const shapes: Family = (scene) => {
  const { random } = scene;
  const mark = { metadata: { labels: { scene: scene.name } } };
  scene.do(post(scene.list, scene.object([...scene.parts(2), mark])));
  if (random.chance(0.6)) scene.do(unseen(post(scene.list, scene.object([...scene.parts(1), mark], `${scene.name}-b`))));
  const status = scene.subject.status;
  if (status !== undefined && random.chance(0.5)) scene.do(unseen(patch(`${scene.path}/status`, "merge", { status: status[0] })));
  const include = random.pick(["", "includeObject=None", "includeObject=Object", "includeObject=Metadata"]);
  const mine = `labelSelector=scene%3D${scene.name}`;
  scene.do(withQuery(get(scene.path, { accept: tableType }), include), withQuery(get(`${scene.list}?${mine}`, { accept: `${tableType},application/json` }), include));
  scene.do(get(scene.path, { accept: partialType }), get(`${scene.list}?${mine}`, { accept: random.pick([partialListType, partialType]) }));
  if (random.chance(0.3)) scene.do(get(scene.path, { accept: random.pick(["application/yaml", "text/html", "application/json;as=Odd;v=v1;g=meta.k8s.io", "*/*"]) }));
};

const lists: Family = (scene) => {
  const { random } = scene;
  const mark = { metadata: { labels: { scene: scene.name, tier: "x" } } };
  const other = (suffix: string): string => `${scene.name}-${suffix}`;
  scene.do(saved("a", post(scene.list, scene.object([mark]))), unseen(post(scene.list, scene.object([mark, { metadata: { labels: { tier: "y" } } }], other("b")))), saved("c", post(scene.list, scene.object([mark], other("c")))));
  const mine = `scene%3D${scene.name}`;
  const queries = [
    `labelSelector=${mine}`,
    `labelSelector=${mine},tier%3Dx`,
    `labelSelector=${mine},tier%20in%20(x,y)`,
    `labelSelector=${mine},tier%20notin%20(x)`,
    `labelSelector=${mine},!none`,
    `labelSelector=${mine},tier!%3Dx`,
    `labelSelector=${mine}&limit=1`,
    `labelSelector=${mine}&limit=2`,
    `labelSelector=${mine}&fieldSelector=metadata.name%3D${scene.name}`,
    `labelSelector=${mine}&fieldSelector=metadata.name!%3D${scene.name}`,
    `labelSelector=${mine}&resourceVersion={{c.rv}}&resourceVersionMatch=Exact`,
    `labelSelector=${mine}&resourceVersion={{a.rv}}&resourceVersionMatch=Exact`,
    `labelSelector=${mine}&resourceVersion={{a.rv}}&resourceVersionMatch=NotOlderThan`,
    `labelSelector=${mine}&resourceVersion=0`,
    `labelSelector=${mine}&resourceVersion=0&resourceVersionMatch=Exact`,
    `labelSelector=${mine}&resourceVersionMatch=Exact`,
    `labelSelector=${mine}&resourceVersion=x`,
    `labelSelector=${mine}&continue=x`,
    `labelSelector=${mine}&limit=x`,
    `fieldSelector=spec.nothing%3Dx`,
    `fieldSelector=metadata.name`,
    `labelSelector=a%20b`,
    `labelSelector=%3Dx`,
    `labelSelector=a%20in%20x`,
    `labelSelector=a,,b`,
    `labelSelector=a%3E1,${mine}`,
    `labelSelector=a%3Ex`,
    `labelSelector=-a`,
    `labelSelector=a%3Db%20c`,
    `labelSelector=a%20in%20()`,
    `labelSelector=(a)`,
    `labelSelector=!!a`,
    `sendInitialEvents=true&labelSelector=${mine}`,
  ];
  for (let count = 3 + random.below(4); count > 0; count--) scene.do(get(`${scene.list}?${random.pick(queries)}`));
  if (random.chance(0.4)) scene.do(remove(`${scene.list}?labelSelector=${mine}${random.pick(["", ",tier%3Dx", "&dryRun=All"])}`), get(`${scene.list}?labelSelector=${mine}`));
};

const watches: Family = (scene) => {
  const { random } = scene;
  const labels = { scene: scene.name };
  const mark = { metadata: { labels } };
  const more = random.pick(["", ",tier%3Dx"]);
  const accept = random.pick(["application/json", "application/json", partialType, tableType]);
  scene.do(saved("a", post(scene.list, scene.object([mark, { metadata: { labels: { tier: "x" } } }]))));
  for (let count = 2 + random.below(4); count > 0; count--)
    scene.do(
      random.pick<() => Step>([
        () => patch(scene.path, "merge", scene.part()),
        () => patch(scene.path, "merge", { metadata: { labels: { tier: random.pick(["x", "y"]) } } }),
        () => applied(scene.path, "alpha", manifest(scene, [scene.part(), mark], true), "&force=true"),
        () => patch(scene.path, "merge", { metadata: { finalizers: null } }),
      ])(),
    );
  if (random.chance(0.5)) scene.do(patch(scene.path, "merge", { metadata: { finalizers: null } }), remove(scene.path));
  const last = `${scene.name}-z`;
  scene.do(unseen(post(scene.list, scene.object([mark, { metadata: { labels: { tier: "x" } } }], last))));
  const from = random.pick(["resourceVersion={{a.rv}}", "resourceVersion={{a.rv}}", "resourceVersion=0", "", "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"]);
  scene.do({ ...get(`${scene.list}?watch=true&timeoutSeconds=5&labelSelector=scene%3D${scene.name}${more}&${from}`, { accept }), until: last });
};

const deletions: Family = (scene) => {
  const { random } = scene;
  scene.do(saved("a", post(scene.list, scene.object([...scene.parts(1), ...(random.chance(0.5) ? [{ metadata: { finalizers: ["example.com/hold"] } }] : [])]))));
  const options = (): unknown => ({
    ...(random.chance(0.4) ? { propagationPolicy: random.pick(["Foreground", "Background", "Orphan", "Odd"]) } : {}),
    ...(random.chance(0.3) ? { gracePeriodSeconds: random.pick([0, 5, -1]) } : {}),
    ...(random.chance(0.3) ? { preconditions: random.pick<object>([{ uid: "{{a.uid}}" }, { uid: "00000000-0000-0000-0000-000000000000" }, { resourceVersion: "{{a.rv}}" }, { resourceVersion: "1" }]) } : {}),
    ...(random.chance(0.1) ? { orphanDependents: true } : {}),
  });
  scene.do(remove(scene.path, options()), get(scene.path), remove(scene.path, options()));
  scene.do(patch(scene.path, "merge", scene.part()), patch(scene.path, "merge", { metadata: { finalizers: ["example.com/hold", "example.com/new"] } }), patch(scene.path, "merge", { metadata: { finalizers: null } }), get(scene.path));
  if (random.chance(0.3)) scene.do(remove(`${scene.list}?labelSelector=none%3Dnone&propagationPolicy=${random.pick(["Orphan", "Odd"])}`));
};

const access: Family = (scene) => {
  const { random, namespace } = scene;
  const user = `user-${scene.name}`;
  const rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces";
  const group = scene.subject.apiVersion.includes("/") ? scene.subject.apiVersion.split("/")[0] : "";
  const attempts = (): Step[] => [get(scene.path), get(scene.list), post(scene.list, scene.object()), patch(scene.path, "merge", scene.part()), applied(scene.path, "alpha", manifest(scene, [], true)), remove(scene.path), get(`${scene.list}?watch=true&timeoutSeconds=1`), remove(scene.list), patch(`${scene.path}/status`, "merge", {}), put(scene.path, scene.object())];
  scene.do(as(user, random.pick(attempts())), as("system:anonymous", random.pick(attempts())), as(user, random.pick(attempts()), ["some-group"]));
  const verbs = random.pick([["get", "list"], ["create", "update"], ["*"], ["patch"], ["delete"]]);
  scene.do(
    unseen(post(`${rbac}/${namespace}/roles`, { metadata: { name: "r" }, rules: [{ verbs: ["get"], apiGroups: [""], resources: ["configmaps"], resourceNames: ["seen"] }, { verbs, apiGroups: [group], resources: [random.pick([scene.subject.plural, "*", `${scene.subject.plural}/status`])], ...(random.chance(0.2) ? { resourceNames: [scene.name] } : {}) }] })),
    unseen(post(`${rbac}/${namespace}/rolebindings`, { metadata: { name: "b" }, roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "r" }, subjects: [{ kind: "User", name: user }] })),
    // A server that watches its roles knows them a moment later: 403 until then.
    { ...unseen(as(user, get(`/api/v1/namespaces/${namespace}/configmaps/seen`))), awaits: 404 },
  );
  for (let count = 3; count > 0; count--) scene.do(as(user, random.pick(attempts().filter((step) => !step.path.includes("watch")))));
  scene.do(as(user, post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", { spec: { resourceAttributes: { namespace, verb: random.pick(["get", "create", "delete"]), group, resource: scene.subject.plural } } })));
  if (random.chance(0.3)) scene.do(as(user, post("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", { spec: { namespace } })));
};

const oddities: Family = (scene) => {
  const { random, subject } = scene;
  const all: (() => Step)[] = [
    () => post(scene.path, scene.object()),
    () => put(scene.list, scene.object()),
    () => patch(scene.list, "merge", {}),
    () => ({ method: "PATCH", path: scene.path, body: {}, contentType: "application/json" }),
    () => ({ method: "PATCH", path: scene.path, body: "x", contentType: "application/merge-patch+json" }),
    () => patch(scene.path, "json", {}),
    () => patch(scene.path, "json", [{ op: "odd", path: "/a" }]),
    () => patch(scene.path, "json", [{ op: "add", path: "a", value: 1 }]),
    () => patch(scene.path, "merge", []),
    () => patch(scene.path, "apply", []),
    () => applied(scene.path, "alpha", "a: [b"),
    () => applied(scene.path, "", scene.object()),
    () => applied(scene.path, "x".repeat(129), scene.object()),
    () => applied(scene.path, "alpha", { ...scene.object(), apiVersion: "v9" }),
    () => applied(scene.path, "alpha", { ...scene.object(), kind: "Odd" }),
    () => applied(scene.path, "alpha", { kind: subject.kind }),
    () => ({ method: "POST", path: scene.list, body: "<a/>", contentType: "text/xml" }),
    () => post(scene.list, ""),
    () => post(scene.list, "{"),
    () => post(scene.list, "[]"),
    () => post(scene.list, "null"),
    () => post(scene.list, "1"),
    () => post(scene.list, { ...scene.object(), kind: "Odd" }),
    () => post(scene.list, { ...scene.object(), apiVersion: "v9" }),
    () => post(scene.list, { ...scene.object(), apiVersion: "a/b/c" }),
    () => post(scene.list, { ...scene.object(), kind: 1 }),
    () => post(scene.list, scene.object([{ metadata: { name: null } }])),
    () => post(scene.list, scene.object([{ metadata: null }])),
    () => post(scene.list, scene.object([{ metadata: { name: "A_B" } }])),
    () => post(scene.list, scene.object([{ metadata: { name: null, generateName: "A_" } }])),
    () => post(scene.list, scene.object([{ metadata: { name: null, generateName: "gen-" } }])),
    () => post(scene.list, scene.object([{ metadata: { name: "a".repeat(260) } }])),
    () => post(scene.list, scene.object([{ metadata: { namespace: "another" } }])),
    () => post(scene.list, scene.object([{ metadata: { resourceVersion: "5" } }])),
    () => post(scene.list, scene.object([{ metadata: { uid: "x", generation: 7, creationTimestamp: "2020-01-01T00:00:00Z", deletionTimestamp: "2020-01-01T00:00:00Z", selfLink: "/x" } }])),
    () => post(scene.list, scene.object([{ metadata: { managedFields: [{ manager: "x", operation: "Odd" }] } }])),
    () => put(scene.path, scene.object([{ metadata: { name: "other" } }])),
    () => put(scene.path, scene.object([{ metadata: { creationTimestamp: "2020-01-01T00:00:00Z" } }])),
    () => put(scene.path, scene.object([{ metadata: { uid: "00000000-0000-0000-0000-000000000000" } }])),
    () => put(scene.path, scene.object([{ metadata: { deletionTimestamp: "2020-01-01T00:00:00Z" } }])),
    () => put(scene.path, scene.object([{ metadata: { generation: 9 } }])),
    () => patch(scene.path, "merge", { metadata: { uid: "x" } }),
    () => patch(scene.path, "merge", { metadata: { name: "other" } }),
    () => patch(scene.path, "merge", { kind: "Odd" }),
    () => patch(scene.path, "merge", { apiVersion: "v9" }),
    () => patch(scene.path, "merge", { metadata: { managedFields: null } }),
    () => patch(scene.path, "merge", { metadata: { managedFields: [] } }),
    () => patch(scene.path, "merge", { metadata: { resourceVersion: "1" } }),
    () => patch(scene.path, "merge", { metadata: { generateName: "x" } }),
    () => get(`${scene.path}/odd`),
    () => get(`${scene.path}/status`),
    () => get(`${scene.path}/scale`),
    () => put(`${scene.path}/status`, scene.object([{ metadata: { name: "other" } }])),
    () => ({ method: "OPTIONS", path: scene.path }),
    () => get(`${scene.list}/A_B`),
    () => get(`${scene.path}?watch=true&timeoutSeconds=1`),
    () => withQuery(post(scene.list, scene.object()), "pretty=true"),
    () => withQuery(post(scene.list, scene.object()), `fieldManager=${"x".repeat(129)}`),
    () => withQuery(post(scene.list, scene.object()), "fieldManager=a%00b"),
    () => withQuery(patch(scene.path, "merge", {}), "force=true"),
    () => withQuery(patch(scene.path, "merge", {}), "force=odd"),
    () => withQuery(remove(scene.path), "gracePeriodSeconds=x"),
    () => withQuery(remove(scene.path), "propagationPolicy=Odd"),
    () => remove(scene.path, { kind: "Odd", apiVersion: "v1" }),
    () => remove(scene.path, { propagationPolicy: "Orphan", orphanDependents: true }),
    () => ({ method: "POST", path: scene.list, body: `apiVersion: ${subject.apiVersion}\nkind: ${subject.kind}\nmetadata:\n  name: yaml-${scene.name}\n`, contentType: "application/yaml" }),
    () => patch(scene.path, "strategic", { $patch: "replace", metadata: { name: scene.name } }),
    () => patch(scene.path, "strategic", { $patch: "odd" }),
    () => patch(scene.path, "strategic", { metadata: { labels: { $patch: "replace", z: "1" } } }),
    () => patch(scene.path, "strategic", { metadata: { labels: { $patch: "delete" } } }),
    () => patch(scene.path, "strategic", { metadata: { $retainKeys: ["name"], name: scene.name } }),
    () => patch(scene.path, "strategic", { metadata: { finalizers: ["example.com/x"], "$setElementOrder/finalizers": ["example.com/x"] } }),
  ];
  scene.do(random.pick(all)(), random.pick(all)(), unseen(post(scene.list, scene.object())));
  for (let count = 4 + random.below(5); count > 0; count--) scene.do(random.pick(all)());
  scene.do(get(scene.path));
};

/** Strategic merge patches with directives over lists that have keys. */
const directives: Family = (scene) => {
  const { random } = scene;
  const inPod = scene.subject.kind === "Pod" ? (spec: Part): Part => ({ spec }) : (spec: Part): Part => ({ spec: { template: { spec } } });
  const bodies: Part[] = [
    inPod({ containers: [{ name: "side", image: "busybox:1" }] }),
    inPod({ containers: [{ name: "main", image: "nginx:2", env: [{ name: "A", value: "2" }] }] }),
    inPod({ containers: [{ name: "main", env: [{ name: "A", $patch: "delete" }] }] }),
    inPod({ containers: [{ name: "main", $patch: "delete" }] }),
    inPod({ containers: [{ $patch: "replace" }, { name: "only", image: "x" }] }),
    inPod({ containers: [{ name: "main", ports: [{ containerPort: 80, $patch: "delete" }] }] }),
    inPod({ containers: [{ name: "main", env: null }] }),
    inPod({ $setElementOrder: 1, containers: [] }),
    inPod({ "$setElementOrder/containers": [{ name: "side" }, { name: "main" }] }),
    inPod({ "$setElementOrder/containers": [{ name: "main" }], containers: [{ name: "side", image: "b" }] }),
    inPod({ volumes: [{ name: "c", $retainKeys: ["name", "emptyDir"], emptyDir: {} }] }),
    inPod({ volumes: [{ name: "new", emptyDir: {} }] }),
    inPod({ "$deleteFromPrimitiveList/x": ["a"] }),
    inPod({ containers: [{ image: "x" }] }),
    inPod({ tolerations: [{ key: "z", operator: "Exists" }] }),
    inPod({ nodeSelector: { $patch: "replace", a: "b" } }),
    inPod({ hostAliases: [{ ip: "1.2.3.4", hostnames: ["a"] }] }),
    { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } },
    { spec: { strategy: { $patch: "replace", type: "Recreate" } } },
    { spec: { strategy: { type: "Recreate", rollingUpdate: null } } },
    { metadata: { "$deleteFromPrimitiveList/finalizers": ["example.com/a"] } },
    { metadata: { ownerReferences: [{ uid: "00000000-0000-0000-0000-000000000002", apiVersion: "v1", kind: "ConfigMap", name: "z" }] } },
    { metadata: { ownerReferences: [{ uid: "00000000-0000-0000-0000-000000000001", $patch: "delete" }] } },
  ];
  scene.do(post(scene.list, scene.object([{ metadata: { finalizers: ["example.com/a", "example.com/b"] } }, ...scene.parts(2)])));
  for (let count = 3 + random.below(4); count > 0; count--) scene.do(patch(scene.path, "strategic", random.pick(bodies)));
  scene.do(get(scene.path));
};

/** Two clients in turn on two objects of one kind. */
const interleavings: Family = (scene) => {
  const { random } = scene;
  scene.do(saved("a", post(scene.list, scene.object(scene.parts(1)))));
  for (let count = 4 + random.below(5); count > 0; count--) {
    const manager = random.pick(["alpha", "beta", "kubectl-client-side-apply", "kubectl"]);
    const lastApplied = { metadata: { annotations: { "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify(scene.object()) } } };
    scene.do(
      random.pick<() => Step>([
        () => applied(scene.path, manager, manifest(scene, [scene.part()], random.chance(0.6)), random.chance(0.5) ? "&force=true" : ""),
        () => withQuery(patch(scene.path, "merge", scene.part()), `fieldManager=${manager}`),
        () => withQuery(patch(scene.path, "strategic", { ...scene.part(), ...lastApplied }), `fieldManager=${manager}`),
        () => withQuery(put(scene.path, scene.object([scene.part(), lastApplied])), `fieldManager=${manager}`),
        () => saved("a", get(scene.path)),
        () => put(`${scene.path}?fieldManager=${manager}`, merged(scene.object(scene.parts(1)), { metadata: { resourceVersion: "{{a.rv}}" } })),
        () => remove(scene.path, { preconditions: { resourceVersion: "{{a.rv}}" } }),
        () => saved("a", post(`${scene.list}?fieldManager=${manager}`, scene.object(scene.parts(1)))),
      ])(),
    );
  }
  scene.do(get(scene.path));
};

const families: readonly { name: string; family: Family; weight: number; fits?: (subject: Subject) => boolean }[] = [
  { name: "lifecycle", family: lifecycle, weight: 3 },
  { name: "applies", family: applies, weight: 4 },
  { name: "faults", family: faults, weight: 4 },
  { name: "statuses", family: statuses, weight: 2, fits: (subject) => subject.status !== undefined },
  { name: "scales", family: scales, weight: 1, fits: (subject) => subject.hasScale === true },
  { name: "trials", family: trials, weight: 1 },
  { name: "strictness", family: strictness, weight: 1 },
  { name: "shapes", family: shapes, weight: 2 },
  { name: "lists", family: lists, weight: 2 },
  { name: "watches", family: watches, weight: 2 },
  { name: "deletions", family: deletions, weight: 2 },
  { name: "access", family: access, weight: 1 },
  { name: "oddities", family: oddities, weight: 3 },
  { name: "directives", family: directives, weight: 1, fits: ({ kind }) => ["Deployment", "StatefulSet", "DaemonSet", "Pod"].includes(kind) },
  { name: "interleavings", family: interleavings, weight: 3 },
];

/** `count` scripts of a seed. */
export function generatedScripts(seed: number, count: number): Script[] {
  return Array.from({ length: count }, (_, index) => generated(seed, index));
}

function generated(seed: number, index: number): Script {
  const random = new Random(seed * 1_000_003 + index);
  // Every kind has its turn, in whatever family comes up.
  const subject = subjects[index % subjects.length] as Subject;
  const fitting = families.filter((one) => one.fits === undefined || one.fits(subject));
  const wheel = fitting.flatMap((one) => Array.from({ length: one.weight }, () => one));
  const chosen = random.pick(wheel);
  const scene = new Scene(subject, random, `${seed}-${index}`);
  chosen.family(scene);
  const namespace = subject.isNamespaced || chosen.name === "access" ? [unseen(post("/api/v1/namespaces", { metadata: { name: scene.namespace } }))] : [];
  if (subject.kind === "Pod") namespace.push(unseen(post(`/api/v1/namespaces/${scene.namespace}/serviceaccounts`, { metadata: { name: "default" } })));
  return { name: `${seed}/${index}: ${chosen.name} of ${subject.id}`, steps: [...namespace, ...scene.steps] };
}
