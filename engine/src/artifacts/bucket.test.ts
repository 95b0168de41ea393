import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject, Manifest } from "#kernel";
import { bucketRevision } from "#sources/bucket";
import { type Intercept, putObject, realStores, TestStore } from "../sources/bucket/bucket.contract.ts";
import { condition, World } from "./world.contract.ts";

let world: World;
const stores: TestStore[] = [];
beforeAll(async () => {
  world = await World.start();
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});
afterAll(() => world.close());

async function serve(objects: Record<string, string>): Promise<TestStore> {
  const store = await TestStore.start(objects);
  stores.push(store);
  return store;
}

type Status = { artifact?: { revision: string; digest: string; path: string } };
function statusOf(object: Manifest): Status {
  return (object["status"] ?? {}) as Status;
}

const make = (name: string, spec: JsonObject): Promise<void> =>
  world.source("Bucket", name, { bucketName: "shop", insecure: true, ...spec });
const ready = (name: string, status = "True"): Promise<Manifest> => world.untilReady("Bucket", name, status);
const filesOf = (name: string): Promise<Record<string, string>> => world.files("Bucket", name);

describe("Bucket", () => {
  it("offers its objects, but for what it and the object leave out, and says so as Flux does", async () => {
    const objects = { "a/b.yaml": "b", "a/c.md": "c", "x.png": "", "d/": "", "e.txt": "e", ".sourceignore": "*.md\n" };
    const store = await serve(objects);
    await make("plain", { endpoint: store.host, ignore: "*.txt" });
    const object = await ready("plain");
    // Nothing is left out by default, and the ignore file itself comes along.
    expect(await filesOf("plain")).toEqual({ "a/b.yaml": "b", "x.png": "", ".sourceignore": "*.md\n" });
    const revision = bucketRevision(new Map(["a/b.yaml", "x.png"].map((key) => [key, store.etagOf(key)])));
    expect(statusOf(object).artifact).toMatchObject({
      revision,
      path: `bucket/default/plain/${revision.slice(7)}.tar.gz`,
    });
    expect(condition(object, "Ready")).toMatchObject({
      reason: "Succeeded",
      message: `stored artifact: revision '${revision}'`,
    });
  });

  it("takes only what is below a prefix", async () => {
    const store = await serve({ "a/b.yaml": "b", "c.yaml": "c" });
    await make("prefixed", { endpoint: store.host, prefix: "a/" });
    await ready("prefixed");
    expect(await filesOf("prefixed")).toEqual({ "a/b.yaml": "b" });
  });

  it("lists when nothing is new, and fetches only what is", async () => {
    const store = await serve({ "a.yaml": "1", "b.yaml": "2" });
    await make("calm", { endpoint: store.host });
    const first = await ready("calm");
    let before = store.requests.length;
    await world.lookAgain("Bucket", "calm");
    expect(store.requests.slice(before).map((request) => request.split("?")[0])).toEqual([
      "HEAD /shop/",
      "GET /shop/.sourceignore",
      "GET /shop/",
    ]);
    store.objects.set("b.yaml", "changed");
    before = store.requests.length;
    const second = await world.lookAgain("Bucket", "calm");
    expect(store.requests.slice(before).filter((request) => request.includes(".yaml"))).toEqual(["GET /shop/b.yaml"]);
    expect(await filesOf("calm")).toEqual({ "a.yaml": "1", "b.yaml": "changed" });
    expect(statusOf(second).artifact?.revision).not.toBe(statusOf(first).artifact?.revision);
    await world.stopLoops();
    before = store.requests.length;
    world.startLoops();
    await world.artifacts.ready;
    expect(store.requests.length).toBe(before);
    expect(await filesOf("calm")).toEqual({ "a.yaml": "1", "b.yaml": "changed" });
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ["generic", { accesskey: "key", secretkey: "secret" }, /^AWS4-HMAC-SHA256 Credential=key\/\d{8}\/us-east-1\/s3/],
    ["aws", { accesskey: "key", secretkey: "secret" }, /^AWS4-HMAC-SHA256 Credential=key\//],
    ["azure", { accountKey: "c2VjcmV0" }, /^SharedKey 127:/],
  ])("signs in with the keys of its Secret at %s", async (provider, secret, authorization) => {
    const store = await serve({ a: "a" });
    store.authorization = authorization;
    await world.secret(`keys-${provider}`, secret);
    const endpoint = provider === "azure" ? `http://${store.host}` : store.host;
    await make(`keys-${provider}`, { provider, endpoint, secretRef: { name: `keys-${provider}` } });
    await ready(`keys-${provider}`);
    expect(await filesOf(`keys-${provider}`)).toEqual({ a: "a" });
  });

  it.each<[string, JsonObject, string, string]>([
    ["no-bucket", { bucketName: "none" }, "BucketOperationFailed", "bucket 'none' not found"],
    ["no-server", { endpoint: "127.0.0.1:1" }, "BucketOperationFailed", "cannot be reached"],
    ["no-secret", { secretRef: { name: "nowhere" } }, "AuthenticationFailed", "the Secret does not exist"],
    [
      "wrong-sts",
      { sts: { provider: "aws", endpoint: "http://x" } },
      "InvalidSTSConfiguration",
      "STS provider 'aws' is not supported for 'generic'",
    ],
  ])("says what is wrong with %s", async (name, spec, reason, text) => {
    const store = await serve({ a: "a" });
    await make(name, { endpoint: store.host, ...spec });
    const object = await ready(name, "False");
    expect(condition(object, "FetchFailed")).toMatchObject({ status: "True", reason });
    expect(condition(object, "Ready")?.message).toContain(text);
    expect(condition(object, "Stalled")?.status).toBe(reason === "InvalidSTSConfiguration" ? "True" : undefined);
  });

  it.each<[string, Intercept, string]>([
    ["down", (_request, response) => answer(response, 503), "503"],
    ["refusing", (_request, response) => answer(response, 403), "403"],
    ["endless", (request, response) => request.url === "/shop/b" && endless(response), "the server sends more than"],
    ["cut", (request, response) => request.url === "/shop/b" && cut(response), "ended the connection"],
    [
      "garbage",
      (request, response) => request.url?.includes("list-type") === true && answer(response, 200),
      "no ListBucketResult",
    ],
  ])("a store that is %s: what was there stays, and the next pass mends it", async (name, intercept, text) => {
    const store = await serve({ a: "1", b: "1" });
    await make(`store-${name}`, { endpoint: store.host });
    await ready(`store-${name}`);
    store.objects.set("b", "2");
    store.intercept = intercept;
    const failed = await world.lookAgain("Bucket", `store-${name}`);
    expect(condition(failed, "Ready")).toMatchObject({ status: "False", reason: "BucketOperationFailed" });
    expect(condition(failed, "Ready")?.message).toContain(text);
    expect(await filesOf(`store-${name}`)).toEqual({ a: "1", b: "1" });
    store.intercept = undefined;
    await ready(`store-${name}`);
    expect(await filesOf(`store-${name}`)).toEqual({ a: "1", b: "2" });
  });

  it("leaves out what vanishes while it is fetched", async () => {
    const store = await serve({ a: "a", b: "b" });
    store.intercept = (request, response) => request.url === "/shop/b" && answer(response, 404);
    await make("vanishing", { endpoint: store.host });
    const object = await ready("vanishing");
    expect(await filesOf("vanishing")).toEqual({ a: "a" });
    expect(statusOf(object).artifact?.revision).toBe(bucketRevision(new Map([["a", store.etagOf("a")]])));
  });
});

describe.each(realStores.map(({ name, start }) => [name, start] as const))("Bucket of %s", (name, start) => {
  it("is fetched with keys, and again when an object changes", async () => {
    const store = await start();
    try {
      await putObject(store, "shop", "");
      await putObject(store, "shop/apps/a.yaml", "one");
      await world.secret(`real-${name}`, { accesskey: store.accessKeyId, secretkey: store.secretAccessKey });
      const spec = { endpoint: store.host, region: store.region, secretRef: { name: `real-${name}` } };
      await make(`real-${name}`, spec);
      const first = await ready(`real-${name}`);
      expect(await filesOf(`real-${name}`)).toEqual({ "apps/a.yaml": "one" });
      await putObject(store, "shop/apps/a.yaml", "two");
      const second = await world.lookAgain("Bucket", `real-${name}`);
      expect(await filesOf(`real-${name}`)).toEqual({ "apps/a.yaml": "two" });
      expect(statusOf(second).artifact?.revision).not.toBe(statusOf(first).artifact?.revision);
    } finally {
      store.close();
    }
  }, 120_000);
});

type Response = Parameters<Intercept>[1];

function answer(response: Response, status: number): true {
  response.writeHead(status).end("x");
  return true;
}

function endless(response: Response): true {
  const more = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(262_144)));
    if (!response.destroyed) response.once("drain", more);
  };
  more();
  return true;
}

function cut(response: Response): true {
  response.writeHead(200, { "content-length": "700" });
  response.write("x", () => response.destroy());
  return true;
}
