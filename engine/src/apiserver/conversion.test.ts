// Custom resources whose versions a webhook converts: the same requests here and, where there is one, on a real kube-apiserver.

import { createServer, type Server as HttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { realClock } from "../cluster/cluster.contract.ts";
import { memoryStore, type Store } from "#store";
import { ask, differences, runScript, type Server } from "./testdata/differential/compare.ts";
import {
  applied,
  get,
  patch,
  post,
  put,
  remove,
  saved,
  type Script,
  type Step,
  unseen,
} from "./testdata/differential/steps.ts";
import { type ApiServer, startApiServer } from "./server.ts";
import { loadIdentity } from "./tls/index.ts";

type Oracle = { stop(): void; url: string; token: string };
type OracleModule = { hasOracle(): boolean; startOracle(options: object): Promise<Oracle> };
const oracles = (await import(
  new URL("../../../tools/oracle-apiserver.mjs", import.meta.url).href
)) as unknown as OracleModule;

type Part = Record<string, unknown>;
type Box = { apiVersion: string; metadata: Part & { name: string; annotations?: Part }; spec?: Part; status?: Part };

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const boxes = (version: string): string => `/apis/convert.example.com/${version}/namespaces/default/boxes`;

/** v1 has one text, `size: "2x3"`; v2 two numbers. */
function converted(box: Box, apiVersion: string): Box {
  const { spec = {} } = box;
  const annotations = { ...box.metadata.annotations, "example.com/from": box.apiVersion };
  const metadata = { ...box.metadata, annotations };
  if (apiVersion.endsWith("/v2")) {
    const [width = 0, height = 0] = String((spec["size"] as string | undefined) ?? "0x0")
      .split("x")
      .map(Number);
    const { size: _, ...rest } = spec;
    return { ...box, apiVersion, metadata, spec: { ...rest, width, height } };
  }
  const { width = 0, height = 0, ...rest } = spec as { width?: number; height?: number };
  return { ...box, apiVersion, metadata, spec: { ...rest, size: `${width}x${height}` } };
}

type Review = { apiVersion: string; request: { uid: string; desiredAPIVersion: string; objects: Box[] } };

/** What goes wrong is asked for by an object's note. */
function answerTo({ apiVersion, request }: Review): unknown {
  const { uid, desiredAPIVersion, objects } = request;
  const asked = objects.map(({ spec }) => spec?.["note"]);
  const convertedObjects = objects.map((box) => converted(box, desiredAPIVersion)) as (Box & Part)[];
  const response: Part = { uid, result: { status: "Success" }, convertedObjects };
  const last = convertedObjects.at(-1) as Box & Part;
  if (asked.includes("refuse")) response["result"] = { status: "Failure", message: "boxes do not fit" };
  if (asked.includes("odd")) response["result"] = { status: "Odd" };
  if (asked.includes("uid")) response["uid"] = "another";
  if (asked.includes("few")) response["convertedObjects"] = [];
  if (asked.includes("version")) last.apiVersion = "convert.example.com/v3";
  if (asked.includes("kind")) last["kind"] = "Bag";
  if (asked.includes("name")) last.metadata.name = "renamed";
  if (asked.includes("labels")) last.metadata["labels"] = { converted: "yes" };
  if (asked.includes("finalizers")) last.metadata["finalizers"] = ["example.com/x"];
  return { kind: "ConversionReview", apiVersion, response };
}

const text = { type: "string" };
const number = { type: "integer" };
const status = { type: "object", properties: { phase: text } };

function definition(name: string, clientConfig: Part): Part {
  const version = (versionName: string, spec: Part, storage: boolean): Part => ({
    name: versionName,
    served: true,
    storage,
    subresources: { status: {} },
    schema: {
      openAPIV3Schema: {
        type: "object",
        properties: { spec: { type: "object", properties: { note: text, ...spec } }, status },
      },
    },
  });
  const group = name === "boxes" ? "convert.example.com" : `${name}.example.com`;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `boxes.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural: "boxes", singular: "box", kind: "Box", listKind: "BoxList" },
      versions: [version("v1", { size: text }, true), version("v2", { width: number, height: number }, false)],
      conversion: { strategy: "Webhook", webhook: { conversionReviewVersions: ["v1"], clientConfig } },
    },
  };
}

const box = (version: string, name: string, spec: Part, more: Part = {}): Part => ({
  apiVersion: `convert.example.com/${version}`,
  kind: "Box",
  metadata: { name, ...more },
  spec,
});

/** Each object in both versions. */
const seen = (name: string): Step[] => [get(`${boxes("v1")}/${name}`), get(`${boxes("v2")}/${name}`)];

const scripts: readonly Script[] = [
  {
    name: "created, read and changed in both versions",
    steps: [
      saved("s", post(boxes("v1"), box("v1", "a", { size: "2x3" }))),
      ...seen("a"),
      post(boxes("v2"), box("v2", "b", { width: 4, height: 5 }, { labels: { x: "y" } })),
      ...seen("b"),
      patch(`${boxes("v2")}/a`, "merge", { spec: { width: 7 } }),
      patch(`${boxes("v2")}/a`, "json", [{ op: "replace", path: "/spec/height", value: 8 }]),
      ...seen("a"),
      patch(`${boxes("v2")}/a/status`, "merge", { status: { phase: "packed" } }),
      saved("u", get(`${boxes("v2")}/b`)),
      put(`${boxes("v2")}/b`, {
        ...box("v2", "b", { width: 1, height: 1 }),
        metadata: { name: "b", resourceVersion: "{{u.rv}}" },
      }),
      post(boxes("v1"), box("v1", "last", { size: "1x1" })),
      ...["v1", "v2"].map((version) => get(boxes(version))),
      ...["v1", "v2"].map((version) => get(`${boxes(version)}?labelSelector=x`)),
      { ...get(`${boxes("v2")}?watch=true&resourceVersion={{s.rv}}&timeoutSeconds=20`), until: "last" },
      {
        ...get(
          `${boxes("v2")}?watch=true&timeoutSeconds=20&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan`,
        ),
        until: "last",
      },
      remove(`${boxes("v2")}/b`),
      get(`${boxes("v1")}/b`),
    ],
  },
  {
    name: "applied by managers of both versions",
    steps: [
      applied(`${boxes("v1")}/c`, "one", box("v1", "c", { size: "1x1" })),
      applied(`${boxes("v2")}/c`, "two", box("v2", "c", { note: "hello" })),
      applied(`${boxes("v2")}/c`, "three", box("v2", "c", { width: 9 })),
      applied(`${boxes("v2")}/c`, "three", box("v2", "c", { width: 9 }), "&force=true"),
      ...seen("c"),
      applied(`${boxes("v2")}/c`, "two", box("v2", "c", {}), "&dryRun=All"),
    ],
  },
  {
    name: "answers that cannot be taken",
    steps: ["refuse", "odd", "uid", "few", "version", "kind", "name", "labels", "finalizers"].flatMap((note) => [
      post(boxes("v2"), box("v2", `bad-${note}`, { note })),
      unseen(post(boxes("v1"), box("v1", `wrong-${note}`, { note }))),
      get(`${boxes("v2")}/wrong-${note}`),
      patch(`${boxes("v2")}/wrong-${note}`, "merge", { spec: { width: 1 } }),
      remove(`${boxes("v2")}/wrong-${note}`),
      unseen(remove(`${boxes("v1")}/wrong-${note}`)),
      unseen(remove(`${boxes("v1")}/bad-${note}`)),
    ]),
  },
  {
    name: "a webhook that nobody answers for",
    steps: ["v1", "v2"].flatMap((version) => {
      const path = `/apis/closed.example.com/${version}/namespaces/default/boxes`;
      const object = (name: string): Part => ({
        ...box(version, name, {}),
        apiVersion: `closed.example.com/${version}`,
      });
      // The real one's cache begins anew where it could not convert, and says 429 until it has.
      const list = { ...get(path), awaits: 200 };
      return [post(path, object(`x-${version}`)), list, get(`${path}/x-v1`), remove(`${path}/x-v1`)];
    }),
  },
];

let webhook: HttpsServer;
let clientConfig: Part;

beforeAll(async () => {
  const identity = loadIdentity(undefined, ["127.0.0.1"], realClock);
  webhook = createServer({ key: identity.server.key, cert: identity.server.certificate }, (request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(answerTo(JSON.parse(body) as Review)));
    });
  });
  await new Promise<void>((resolve) => webhook.listen(0, "127.0.0.1", resolve));
  const { port } = webhook.address() as AddressInfo;
  const caBundle = Buffer.from(identity.authorityCertificate).toString("base64");
  clientConfig = { url: `https://127.0.0.1:${port}/convert`, caBundle };
});
afterAll(() => void webhook.close());

async function define(server: Server): Promise<void> {
  for (const [name, config] of [
    ["boxes", clientConfig],
    ["closed", { url: "https://127.0.0.1:9/convert" }],
  ] as const) {
    const made = definition(name, config);
    expect((await ask(server, post(definitions, made))).code).toBe(201);
    const path = `/apis/${(made["spec"] as { group: string }).group}/v2`;
    await vi.waitFor(async () => expect((await ask(server, get(path))).code).toBe(200), {
      timeout: 60_000,
      interval: 100,
    });
  }
}

let store: Store;
let server: ApiServer;
let own: Server;

beforeAll(async () => {
  store = memoryStore();
  server = await startApiServer({ store, clock: realClock, listen: { port: 0 } });
  own = { url: server.url, token: /token: (\S+)/.exec(server.kubeconfig())?.[1] ?? "" };
  await define(own);
}, 120_000);
afterAll(async () => {
  await server.close();
  await store.close();
});

it("shows an object in the version that is asked for, as the webhook converts it", async () => {
  const list = boxes("v1");
  expect((await ask(own, post(list, box("v1", "seen", { size: "2x3" })))).code).toBe(201);
  const shown = JSON.parse((await ask(own, get(`${boxes("v2")}/seen`))).body) as Box;
  expect(shown).toMatchObject({ apiVersion: "convert.example.com/v2", spec: { width: 2, height: 3 } });
  expect((await ask(own, remove(`${boxes("v1")}/seen`))).code).toBe(200);
});

describe.skipIf(!oracles.hasOracle())("beside a real kube-apiserver", () => {
  let oracle: Oracle;
  let real: Server;
  beforeAll(async () => {
    oracle = await oracles.startOracle({});
    real = { url: oracle.url, token: oracle.token };
    await define(real);
  }, 240_000);
  afterAll(() => oracle.stop());

  it.each(scripts.map((script) => [script.name, script] as const))("%s", { timeout: 240_000 }, async (_, script) => {
    const [expected, found] = [await runScript(real, script), await runScript(own, script)];
    const lines = expected.flatMap((answer, index) =>
      differences(answer, found[index]).map((line) => `${(answer as { asked: string }).asked} ${line}`),
    );
    expect(lines).toEqual([]);
  });
});
