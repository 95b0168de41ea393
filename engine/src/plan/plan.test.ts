import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  asJson,
  copyJson,
  deepFreeze,
  isObject,
  type Json,
  type JsonObject,
  type Manifest,
  refKey,
  refOf,
} from "#kernel";
import {
  decide,
  type Decision,
  driftFrom,
  hashManifest,
  inventoryEntry,
  parseInventoryEntry,
  planPrune,
  type Policy,
  readSwitches,
  referenceOf,
  rulesFor,
  stageOf,
  type Step,
  type Subject,
  takeOverPatch,
} from "./index.ts";

const prefix = "kustomize.toolkit.fluxcd.io/";
const manager = "kustomize-controller";
const marks = { [`${prefix}name`]: "apps", [`${prefix}namespace`]: "flux-system" };
const policy: Policy = {
  manager,
  takeOver: { prefixes: ["kubectl", "before-first-apply"], except: [] },
  marks,
  switches: (object) => readSwitches(object, prefix),
  ignoredFields: () => [],
  isForced: false,
  isPruned: true,
  drift: "heal",
};

function configMap(data: { [key: string]: string }, extra: Partial<Manifest["metadata"]> = {}): Manifest {
  const metadata = { name: "web", namespace: "shop", ...extra, labels: { ...marks, ...extra.labels } };
  return deepFreeze({ apiVersion: "v1", kind: "ConfigMap", metadata, data });
}

/** The field set of plain data: members nested, lists as a whole, as the server records a ConfigMap. */
function fieldsOf(value: Json): JsonObject {
  if (!isObject(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [`f:${key}`, fieldsOf(member)]));
}

/** What a server makes of an apply of a ConfigMap onto an object that only we have written. */
function applied(desired: Manifest): Manifest {
  const object = copyJson(asJson(desired)) as unknown as Manifest;
  const { apiVersion: _a, kind: _k, metadata, ...rest } = asJson(desired);
  const { name: _n, namespace: _ns, ...meta } = metadata as JsonObject;
  object.metadata.uid = "u1";
  object.metadata.resourceVersion = "1";
  const fieldsV1 = fieldsOf({ ...rest, metadata: meta });
  object.metadata.managedFields = [
    { manager, operation: "Apply", apiVersion: "v1", time: "2026-01-01T00:00:00Z", fieldsType: "FieldsV1", fieldsV1 },
  ];
  return object;
}

/** What kubectl edit makes of it: the value is changed and belongs to kubectl now. */
function edited(live: Manifest, key: string, value: string): Manifest {
  const next = copyJson(asJson(live)) as unknown as Manifest;
  next.metadata.resourceVersion = "2";
  (next["data"] as { [key: string]: string })[key] = value;
  const ours = next.metadata.managedFields?.[0]?.fieldsV1?.["f:data"] as JsonObject;
  delete ours[`f:${key}`];
  if (Object.keys(ours).length === 0) delete next.metadata.managedFields?.[0]?.fieldsV1?.["f:data"];
  next.metadata.managedFields?.push({
    manager: "kubectl-edit",
    operation: "Update",
    apiVersion: "v1",
    time: "2026-01-02T00:00:00Z",
    fieldsV1: { "f:data": { [`f:${key}`]: {} } },
  });
  return next;
}

function subject(desired: Manifest, more: Partial<Subject> = {}): Subject {
  return {
    desired,
    live: undefined,
    reference: undefined,
    prediction: undefined,
    claimant: undefined,
    isRevised: false,
    ...more,
  };
}

function stepOf(decision: Decision): Step {
  if (decision.needsPrediction) throw new Error("a dry run is needed first");
  return decision.step;
}

const data = fc.dictionary(
  fc.stringMatching(/^[a-z][a-z0-9.-]{0,6}$/).filter((key) => key !== "__proto__"),
  fc.string({ maxLength: 5 }),
  { minKeys: 1, maxKeys: 4 },
);

describe("a plan", () => {
  it("is empty right after an apply, without a dry run", () => {
    fc.assert(
      fc.property(data, (values) => {
        const desired = configMap(values);
        const live = applied(desired);
        expect(stepOf(decide(subject(desired, { live }), policy)).action).toBe("unchanged");
        const reference = referenceOf(live, hashManifest(desired), rulesFor(desired, undefined, policy));
        expect(stepOf(decide(subject(desired, { live, reference }), policy)).action).toBe("unchanged");
      }),
    );
  });

  it("sees each field that somebody changed, names it and its manager, and asks the server before it acts", () => {
    fc.assert(
      fc.property(data, fc.nat(), fc.string({ maxLength: 5 }), (values, index, value) => {
        const keys = Object.keys(values);
        const key = keys[index % keys.length] as string;
        fc.pre(values[key] !== value);
        const desired = configMap(values);
        const before = applied(desired);
        const live = edited(before, key, value);
        const reference = referenceOf(before, hashManifest(desired), rulesFor(desired, undefined, policy));
        expect(decide(subject(desired, { live, reference }), policy)).toEqual({ needsPrediction: true });
        const prediction = { ok: true as const, object: before };
        const step = stepOf(decide(subject(desired, { live, reference, prediction }), policy));
        expect(step).toMatchObject({ action: "configure", isDrift: true, needsTakeOver: true });
        expect(step.changes[0]).toMatchObject({ from: JSON.stringify(value), managers: ["kubectl-edit"] });
      }),
    );
  });

  it("removes a field that kubectl added, after taking it over", () => {
    const desired = configMap({ a: "1" });
    const live = edited(applied(desired), "b", "2");
    const step = stepOf(decide(subject(desired, { live, prediction: { ok: true, object: live } }), policy));
    expect(step).toMatchObject({ action: "configure", needsTakeOver: true });
    expect(step.reason).toBe('data.b "2" → (absent) (kubectl-edit)');
    const patch = takeOverPatch(live, rulesFor(desired, undefined, policy));
    const entries = patch[1]?.["value"] as { manager: string; fieldsV1: JsonObject }[];
    expect(entries.map((entry) => entry.manager)).toEqual([manager]);
    expect(entries[0]?.fieldsV1["f:data"]).toEqual({ "f:a": {}, "f:b": {} });
  });

  it("leaves a field that kubectl added when the object says ssa: Merge", () => {
    const desired = configMap({ a: "1" }, { annotations: { [`${prefix}ssa`]: "Merge" } });
    const live = edited(applied(desired), "b", "2");
    expect(stepOf(decide(subject(desired, { live, prediction: { ok: true, object: live } }), policy)).action).toBe(
      "unchanged",
    );
  });

  it("leaves a field that another controller owns and Git does not state", () => {
    const desired = configMap({ a: "1" });
    const live = edited(applied(desired), "b", "2");
    const entry = live.metadata.managedFields?.[1];
    if (entry !== undefined) entry.manager = "autoscaler";
    expect(stepOf(decide(subject(desired, { live }), policy)).action).toBe("unchanged");
  });

  it.each([
    ["heal", "configure"],
    ["warn", "skip"],
    ["off", "unchanged"],
  ] as const)("with drift mode %s an edit is: %s", (mode, action) => {
    const desired = configMap({ a: "1" }, { annotations: { "keelson.dev/drift": mode } });
    const before = applied(desired);
    const live = edited(before, "a", "9");
    const step = stepOf(decide(subject(desired, { live, prediction: { ok: true, object: before } }), policy));
    expect(step.action).toBe(action);
  });

  it("applies a new manifest from Git also where drift is only reported", () => {
    const desired = configMap({ a: "2" }, { annotations: { "keelson.dev/drift": "warn" } });
    const live = applied(configMap({ a: "1" }));
    const prediction = { ok: true as const, object: applied(desired) };
    expect(stepOf(decide(subject(desired, { live, prediction, isRevised: true }), policy)).action).toBe("configure");
  });

  it.each([
    ["reconcile", "Disabled", "skip"],
    ["ssa", "ignore", "skip"],
    ["ssa", "IfNotPresent", "skip"],
  ])("with %s: %s on the manifest the object is left alone", (name, value, action) => {
    const desired = configMap({ a: "1" }, { annotations: { [`${prefix}${name}`]: value } });
    expect(stepOf(decide(subject(desired, { live: applied(configMap({ a: "0" })) }), policy)).action).toBe(action);
  });

  it("leaves an object alone whose live state says so", () => {
    const live = applied(configMap({ a: "1" }, { annotations: { [`${prefix}reconcile`]: "disabled" } }));
    expect(stepOf(decide(subject(configMap({ a: "2" }), { live }), policy)).action).toBe("skip");
  });

  it("fails on an immutable field, and recreates where that is asked for", () => {
    const refusal = { code: 422, reason: "Invalid", message: "spec.selector: field is immutable" };
    const more = { live: applied(configMap({ a: "1" })), prediction: { ok: false as const, refusal } };
    expect(stepOf(decide(subject(configMap({ a: "2" }), more), policy)).action).toBe("fail");
    expect(stepOf(decide(subject(configMap({ a: "2" }), more), { ...policy, isForced: true })).action).toBe("recreate");
    const forced = configMap({ a: "2" }, { annotations: { [`${prefix}force`]: "enabled" } });
    expect(stepOf(decide(subject(forced, more), policy)).action).toBe("recreate");
  });

  it("fails on an object that another delivery states and holds", () => {
    const step = stepOf(
      decide(subject(configMap({}), { claimant: { label: "Kustomization/flux-system/b", isSame: false } }), policy),
    );
    expect(step.action).toBe("fail");
    expect(step.reason).toContain("Kustomization/flux-system/b");
  });

  it("shows no value of a Secret", () => {
    const secret = (value: string): Manifest => ({ ...configMap({}), kind: "Secret", data: { password: value } });
    const live = applied(secret("b2xk"));
    const prediction = { ok: true as const, object: applied(secret("bmV3")) };
    const step = stepOf(decide(subject(secret("bmV3"), { live, prediction, isRevised: true }), policy));
    expect(step.reason).toBe("data.password (hidden) → (hidden)");
  });

  it("finds drift also when a field was removed, and names who wrote last", () => {
    const desired = configMap({ a: "1", b: "2" });
    const before = applied(desired);
    const rules = rulesFor(desired, undefined, policy);
    const live = edited(before, "a", "1");
    delete (live["data"] as { [key: string]: string })["b"];
    const reference = referenceOf(before, "", rules);
    const changes = reference === undefined ? [] : driftFrom(reference, live, rules);
    expect(changes).toEqual([
      { path: ".data.b", from: undefined, to: '"2"', managers: [manager] },
      { path: ".data.a", from: '"1"', to: undefined, managers: ["kubectl-edit"] },
    ]);
  });
});

const names: fc.Arbitrary<string> = fc.constantFrom("a", "b", "c", "d", "e");

describe("prune", () => {
  it("deletes nothing that is desired, nothing that is not in the inventory, nothing without our marks", () => {
    const objects = fc.uniqueArray(names);
    const worlds = fc.record({
      inventory: objects,
      desired: objects,
      live: objects,
      marked: objects,
      claimed: objects,
    });
    fc.assert(
      fc.property(worlds, ({ inventory, desired, live, marked, claimed }) => {
        const named = (name: string): Manifest => configMap({}, { name, labels: marked.includes(name) ? marks : {} });
        const object = (name: string): Manifest => {
          const manifest = copyJson(asJson(named(name))) as unknown as Manifest;
          if (!marked.includes(name)) manifest.metadata.labels = { [`${prefix}name`]: "other" };
          return manifest;
        };
        const refs = (list: string[]) => list.map((name) => refOf(object(name)));
        const steps = planPrune({
          inventory: refs(inventory),
          desired: refs(desired),
          live: new Map(live.map((name) => [refKey(refOf(object(name))), object(name)])),
          policy,
          claimant: (ref) => (claimed.includes(ref.name) ? "another" : undefined),
        });
        const pruned = steps.filter((step) => step.action === "prune").map((step) => step.ref.name);
        const expected = inventory.filter(
          (name) => !desired.includes(name) && live.includes(name) && marked.includes(name) && !claimed.includes(name),
        );
        expect(pruned.sort()).toEqual(expected.sort());
      }),
    );
  });

  it.each([
    ["prune", "disabled"],
    ["reconcile", "disabled"],
    ["ssa", "Ignore"],
  ])("keeps a live object that says %s: %s", (name, value) => {
    const live = configMap({}, { annotations: { [`${prefix}${name}`]: value } });
    const steps = planPrune({
      inventory: [refOf(live)],
      desired: [],
      live: new Map([[refKey(refOf(live)), live]]),
      policy,
      claimant: () => undefined,
    });
    expect(steps.map((step) => step.action)).toEqual(["skip"]);
  });

  it("runs in the reverse order of application, definitions and namespaces last", () => {
    const refs = [
      ["Namespace", "", "shop"],
      ["Deployment", "apps", "web"],
      ["ConfigMap", "", "web"],
      ["CustomResourceDefinition", "apiextensions.k8s.io", "x.y"],
    ].map(([kind = "", group = "", name = ""]) => ({ kind, group, name, namespace: "", version: "v1" }));
    const live = new Map(
      refs.map((ref) => [
        refKey(ref),
        { apiVersion: "v1", kind: ref.kind, metadata: { name: ref.name, labels: marks } } as Manifest,
      ]),
    );
    const steps = planPrune({ inventory: refs, desired: [], live, policy, claimant: () => undefined });
    expect(steps.map((step) => step.ref.kind)).toEqual([
      "Deployment",
      "ConfigMap",
      "Namespace",
      "CustomResourceDefinition",
    ]);
  });
});

describe("the inventory", () => {
  it.each([
    [{ group: "", version: "v1", kind: "Namespace", namespace: "", name: "web" }, "_web__Namespace"],
    [{ group: "apps", version: "v1", kind: "Deployment", namespace: "shop", name: "web" }, "shop_web_apps_Deployment"],
    [
      {
        group: "rbac.authorization.k8s.io",
        version: "v1",
        kind: "ClusterRole",
        namespace: "",
        name: "system:auth:reader",
      },
      "_system__auth__reader_rbac.authorization.k8s.io_ClusterRole",
    ],
  ])("writes %j as %s and reads it back", (ref, id) => {
    expect(inventoryEntry(ref)).toEqual({ id, v: ref.version });
    expect(parseInventoryEntry({ id, v: ref.version })).toEqual(ref);
  });

  it.each(["", "web", "a_b", "a_b_c"])("refuses the id %j", (id) => {
    expect(parseInventoryEntry({ id, v: "v1" })).toBeUndefined();
  });
});

describe("stages", () => {
  it.each([
    ["Namespace", 0],
    ["ClusterRole", 0],
    ["IngressClass", 1],
    ["Widget", 2],
    ["Deployment", 3],
  ])("%s is applied in stage %i", (kind, stage) => {
    expect(stageOf({ group: "g", kind, namespace: "", name: "x" }, new Set(["g/Widget"]))).toBe(stage);
  });
});
