// Random inputs through Flux's own libraries and ours: substitution, the normalised form of an object, the order of application.
// A sample of fixed seed; `npm run proof -- flux-answers` tries many more.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { schemaFor } from "#api/kubernetes";
import { asJson, asManifest, faultFrom, isObject, type Json, type JsonObject, refOf } from "#kernel";
import { compareForApply } from "#plan";
import { expand } from "./expand.ts";
import { normalise } from "./normalise.ts";

type Reply = { result?: Json; error?: string };
const flux = (await import(new URL("../../../tools/oracle-flux.mjs", import.meta.url).href)) as {
  hasFluxAnswer(): boolean;
  askFlux(questions: readonly object[]): Reply[];
};

const numRuns = Number(process.env["KEELSON_FLUX_ANSWERS"] ?? 400);
const seed = Number(process.env["KEELSON_FLUX_SEED"] ?? 20_261_121);
const sample = <T>(arbitrary: fc.Arbitrary<T>): T[] => fc.sample(arbitrary, { numRuns, seed });

const word = fc.constantFrom(
  "a",
  "b.c",
  "/usr/lib",
  "x y",
  "Ä",
  "1",
  "-",
  "_",
  "*",
  "?",
  "[a-c]",
  "[!x]",
  '"',
  "'",
  "",
);
const name = fc.constantFrom("v", "path", "empty", "wide", "absent", "Absent_2", "1st", "no-name", "");
const number = fc.constantFrom("0", "1", "2", "99", " -1", "", "x");

/** Expressions as people write them, and as they should not. */
const { text } = fc.letrec<{ text: string; expression: string; piece: string }>((tie) => ({
  text: fc.array(tie("piece"), { maxLength: 5 }).map((pieces) => pieces.join("")),
  piece: fc.oneof(
    { weight: 4, arbitrary: tie("expression") },
    { weight: 2, arbitrary: word },
    { weight: 1, arbitrary: fc.constantFrom("$", "$$", "$v", "${", "}", "$${v}", "\\", "\n", ": ", "$(v)") },
  ),
  expression: fc.oneof(
    { depthSize: "small" },
    name.map((each) => `\${${each}}`),
    name.map((each) => `\${#${each}}`),
    fc.tuple(name, fc.constantFrom("^", "^^", ",", ",,")).map(([each, how]) => `\${${each}${how}}`),
    fc.tuple(name, number).map(([each, from]) => `\${${each}:${from}}`),
    fc.tuple(name, number, number).map(([each, from, length]) => `\${${each}:${from}:${length}}`),
    fc
      .tuple(name, fc.constantFrom("#", "##", "%", "%%"), word, word)
      .map(([each, how, ...words]) => `\${${each}${how}${words.join("")}}`),
    fc
      .tuple(name, fc.constantFrom("/", "//", "/#", "/%"), word, word)
      .map(([each, how, from, to]) => `\${${each}${how}${from}/${to}}`),
    fc
      .tuple(name, fc.constantFrom("=", ":=", "-", ":-", ":+", ":?", "+", "?"), tie("text"))
      .map(([each, how, other]) => `\${${each}${how}${other}}`),
  ),
}));

const values = { v: "Hello World", path: "/usr/local/lib.tar.gz", empty: "", wide: "äöß Ω" };

const metadata = fc.record(
  {
    name: fc.constantFrom("a", "b"),
    namespace: fc.constantFrom("x", "y"),
    creationTimestamp: fc.constant(null),
    labels: fc.constantFrom<Json>({}, { a: "b" }),
  },
  { requiredKeys: ["name"] },
);
/** Ports by whatever number they are known: what lacks it is refused by the server, in words of its own. */
function portsBy(number: string): fc.Arbitrary<object[]> {
  const protocol = fc.constantFrom("TCP", "UDP", "");
  const record = { [number]: fc.constantFrom(80, 53), protocol, name: fc.constant("http") };
  return fc.array(fc.record(record, { requiredKeys: [number] }), { maxLength: 2 });
}
const ports = portsBy("containerPort");
const container = fc.record({ name: fc.constant("c"), image: fc.constant("i:1"), ports }, { requiredKeys: ["name"] });
const podSpec = fc.record(
  {
    containers: fc.array(container, { maxLength: 2 }),
    initContainers: fc.array(container, { maxLength: 1 }),
    hostNetwork: fc.boolean(),
    terminationGracePeriodSeconds: fc.constantFrom(0, 30),
    priority: fc.constant(0),
  },
  { requiredKeys: [] },
);
const template = fc.record({ metadata, spec: podSpec }, { requiredKeys: ["spec"] });
const status = fc.constantFrom<Json>({}, { replicas: 1 });

function of(
  apiVersion: string,
  kinds: string[],
  more: { [field: string]: fc.Arbitrary<unknown> },
): fc.Arbitrary<object> {
  const record = {
    apiVersion: fc.constant(apiVersion),
    kind: fc.constantFrom(...kinds),
    metadata,
    status,
    ...more,
  };
  return fc.record(record, { requiredKeys: ["apiVersion", "kind", "metadata"] });
}

const base64 = fc.constantFrom("YQ==", "", "AAEC");
const object = fc.oneof(
  of("v1", ["Secret"], {
    data: fc.dictionary(fc.constantFrom("a", "b"), base64),
    stringData: fc.dictionary(fc.constantFrom("a", "c", "__proto__x"), fc.constantFrom("", "text", "ä\n")),
    type: fc.constant("Opaque"),
  }),
  of("v1", ["Service"], {
    spec: fc.record({ ports: portsBy("port"), selector: fc.constant({ app: "a" }) }, { requiredKeys: [] }),
  }),
  of("v1", ["Pod"], { spec: podSpec }),
  of("apps/v1", ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"], { spec: fc.record({ template }) }),
  of("batch/v1", ["Job"], { spec: fc.record({ template }) }),
  of("batch/v1", ["CronJob"], { spec: fc.record({ jobTemplate: fc.record({ spec: fc.record({ template }) }) }) }),
  of("v1", ["ConfigMap"], { data: fc.constant({ a: "b" }) }),
  of("example.org/v1", ["Thing"], { spec: fc.record({ ports }) }),
);

const kinds =
  "CustomResourceDefinition Namespace ClusterRole ClusterRoleBinding Role ConfigMap Secret Service Deployment StorageClass GatewayClass " +
  "ValidatingWebhookConfiguration Thing Job MutatingWebhookConfiguration PodDisruptionBudget ServiceAccount LimitRange CronJob Ingress";
const listed = fc
  .tuple(
    fc.constantFrom("v1", "apps/v1", "example.org/v1", "rbac.authorization.k8s.io/v1", "storage.k8s.io/v1"),
    fc.constantFrom(...kinds.split(" ")),
    fc.constantFrom("", "x", "y"),
    fc.constantFrom("a", "b", "a-b"),
  )
  .map(([apiVersion, kind, namespace, each]) => {
    return { apiVersion, kind, metadata: { name: each, ...(namespace === "" ? {} : { namespace }) } };
  });
const list = fc.uniqueArray(listed, { maxLength: 12, selector: (each) => JSON.stringify(each) });

function attempt(run: () => Json): Json {
  try {
    return run();
  } catch (thrown) {
    return { fault: faultFrom(thrown).code };
  }
}

/** Without what says nothing in a built-in kind: its typed form writes some of it out and leaves some of it away. */
function bare(value: Json): Json {
  if (Array.isArray(value)) return value.map(bare);
  if (value === null || typeof value !== "object") return value;
  const members = Object.entries(value).map(([key, member]) => [key, bare(member)] as const);
  const isSaid = (member: Json): boolean =>
    !(member === null || member === "" || member === false || member === 0) &&
    !(typeof member === "object" && Object.keys(member).length === 0);
  return Object.fromEntries(members.filter(([, member]) => isSaid(member)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Flux writes out that there is no time of creation, which says nothing. */
function untimed(value: Json): Json {
  if (!isObject(value) || !isObject(value["metadata"])) return value;
  const { creationTimestamp: _time, ...others } = value["metadata"];
  return { ...value, metadata: others };
}

describe.skipIf(!flux.hasFluxAnswer())("as Flux's own libraries", () => {
  it.each([true, false])("substitutes, with unset variables refused: %s", (isStrict) => {
    const texts = sample(text);
    const replies = flux.askFlux(texts.map((each) => ({ text: each, variables: values, lenient: !isStrict })));
    const variables = new Map(Object.entries(values));
    for (const [index, each] of texts.entries()) {
      const { result, error } = replies[index] ?? {};
      // Flux cuts within a character here, which gives no text.
      if (typeof result === "string" && result.includes("\ufffd")) continue;
      const mine = attempt(() => expand(each, variables, { isStrict }));
      expect(mine, each).toEqual(error === undefined ? result : { fault: "substitution-failed" });
    }
  });

  it("normalises objects", () => {
    const objects = sample(object) as JsonObject[];
    for (const [index, { result, error }] of flux.askFlux(objects.map((each) => ({ object: each }))).entries()) {
      const before = asManifest(objects[index] as JsonObject);
      expect(error, JSON.stringify(before)).toBeUndefined();
      const { group, version, kind } = refOf(before);
      const form = schemaFor(group, version, kind) === undefined ? untimed : bare;
      expect(form(asJson(normalise(before))), JSON.stringify(before)).toEqual(form(result ?? null));
    }
  });

  it("orders objects", () => {
    const lists = sample(list);
    for (const [index, { result }] of flux.askFlux(lists.map((objects) => ({ objects }))).entries()) {
      const refs = (lists[index] ?? []).map((each) => refOf(asManifest(each))).sort(compareForApply);
      expect(refs.map(({ kind, namespace, name: each }) => `${kind}/${namespace}/${each}`)).toEqual(result);
    }
  });
});
