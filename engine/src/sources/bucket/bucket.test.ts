import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { realClock } from "../../cluster/cluster.contract.ts";
import { HttpClient } from "../http/index.ts";
import { AzureBucket } from "./azure-blob.ts";
import { putObject, realStores, TestStore } from "./bucket.contract.ts";
import type { BucketCall, BucketClient } from "./client.ts";
import { GoogleBucket } from "./google-storage.ts";
import { bucketRevision } from "./revision.ts";
import { S3Bucket } from "./s3.ts";
import { signV4 } from "#clouds";
import { ldapCredentials } from "./token-service.ts";
import { elements, textOf } from "./xml.ts";

const client = new HttpClient({ clock: realClock, random: () => 0 });
afterAll(() => client.close());
const call: BucketCall = { access: {}, signal: new AbortController().signal, timeoutMs: 30_000 };
const clock = realClock;

async function listOf(bucket: BucketClient, prefix = ""): Promise<[string, string, number][]> {
  const found: [string, string, number][] = [];
  for await (const { key, etag, size } of bucket.list(prefix, call)) found.push([key, etag, size]);
  return found;
}

async function textIn(bucket: BucketClient, key: string): Promise<string | undefined> {
  const content = await bucket.get(key, 1000, call);
  if (content === undefined) return undefined;
  const parts: Buffer[] = [];
  for await (const part of content.pieces) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

async function codeOf(run: Promise<unknown>): Promise<string> {
  return run.then(
    () => "none",
    (thrown: { code?: string; message: string }) => thrown.code ?? thrown.message,
  );
}

describe("a signature of AWS", () => {
  // Amazon's own examples: docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
  const credentials = {
    accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  };
  const common = { method: "GET", service: "s3", region: "us-east-1", nowMs: Date.UTC(2013, 4, 24) };
  it.each([
    ["/test.txt", { range: "bytes=0-9" }, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"],
    ["/?max-keys=2&prefix=J", {}, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"],
  ])("over %s is as in its examples", (path, headers, expected) => {
    const url = new URL(`https://examplebucket.s3.amazonaws.com${path}`);
    expect(signV4({ ...common, url, headers }, credentials)["authorization"]).toContain(`Signature=${expected}`);
  });
});

describe("a revision", () => {
  it("is a digest over keys and tags in order, as Flux has it", () => {
    const etags = new Map([
      ["b", "2"],
      ["a", "1"],
    ]);
    expect(bucketRevision(etags)).toBe("sha256:2951835de33689a441bfa61bc7af99b1f0305ca8ec0ab4dd508f14f57b27ca23");
  });
});

describe("XML", () => {
  it("gives elements and their texts", () => {
    const text = "<A x='1'><K>a&amp;b&#x2f;&#99;</K></A><A><K></K></A><AB>no</AB>";
    expect(elements(text, "A")).toEqual(["<K>a&amp;b&#x2f;&#99;</K>", "<K></K>"]);
    expect(elements(text, "A").map((each) => textOf(each, "K"))).toEqual(["a&b/c", ""]);
    expect(elements("<A><A>", "A")).toEqual([]);
  });
});

const makers: [string, (store: TestStore) => BucketClient, (etag: string) => string][] = [
  [
    "S3",
    ({ host }) =>
      new S3Bucket({ client, clock, endpoint: `http://${host}`, bucket: "shop", region: "", credentials: undefined }),
    (etag) => etag,
  ],
  [
    "Azure",
    ({ host }) =>
      new AzureBucket({ client, clock, endpoint: `http://${host}`, bucket: "shop", login: { is: "anonymous" } }),
    (etag) => `"${etag}"`,
  ],
  [
    "Google",
    ({ host }) => new GoogleBucket({ client, endpoint: `http://${host}`, bucket: "shop", token: undefined }),
    (etag) => etag,
  ],
];

describe.each(makers)("a bucket of %s", (_, make, tag) => {
  it("lists page by page, and gives objects with any key", async () => {
    const names = ["a/b.yaml", "a/c d+e.yaml", "b.yaml", "z&y.yaml"];
    const store = await TestStore.start(Object.fromEntries(names.map((name) => [name, `content of ${name}`])));
    store.pageSize = 2;
    const bucket = make(store);
    expect(await bucket.exists(call)).toBe(true);
    const expected = names.map((name) => [name, tag(store.etagOf(name)), `content of ${name}`.length]);
    expect(await listOf(bucket)).toEqual(expected);
    expect((await listOf(bucket, "a/")).map(([key]) => key)).toEqual(names.slice(0, 2));
    for (const name of names) expect(await textIn(bucket, name)).toBe(`content of ${name}`);
    expect(await bucket.get("none", 10, call)).toBeUndefined();
    await store.close();
  });

  it("that is refused, garbage or endless ends in a fault", async () => {
    const store = await TestStore.start({ a: "a".repeat(2000) });
    const bucket = make(store);
    expect(await codeOf(textIn(bucket, "a"))).toBe("http-too-large");
    store.intercept = (_request, response) => {
      response.writeHead(200).end("garbage");
      return true;
    };
    expect(await codeOf(listOf(bucket))).toBe("bucket-listing-invalid");
    store.intercept = undefined;
    store.authorization = /^never$/;
    expect(await codeOf(bucket.exists(call))).toBe("http-authentication-failed");
    await store.close();
  });
});

describe("a bucket of Azure", () => {
  it("is signed for by a shared key, a query, a token", async () => {
    const store = await TestStore.start({ a: "a" });
    const seen: string[] = [];
    store.intercept = (request) => {
      seen.push(request.headers.authorization ?? request.url ?? "");
      return false;
    };
    const common = { client, clock, endpoint: `http://${store.host}`, bucket: "shop" };
    await textIn(new AzureBucket({ ...common, login: { is: "key", account: "acc", key: "c2VjcmV0" } }), "a");
    await textIn(new AzureBucket({ ...common, login: { is: "signature", query: "?sv=1&sig=x%2By" } }), "a");
    await textIn(new AzureBucket({ ...common, login: { is: "token", token: () => Promise.resolve("t") } }), "a");
    expect(seen[0]).toMatch(/^SharedKey acc:[A-Za-z0-9+/]{43}=$/);
    expect(seen.slice(1)).toEqual(["/shop/a?sv=1&sig=x%2By", "Bearer t"]);
    await store.close();
  });
});

async function answering(body: string, seen: string[]): Promise<{ url: string; close: () => void }> {
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (piece: Buffer) => (text += piece.toString("utf8")));
    request.on("end", () => {
      seen.push(`${request.method} ${request.url} ${text}`);
      response.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => void server.close() };
}

describe("temporary credentials", () => {
  it("of a service that asks LDAP are kept while they hold", async () => {
    const seen: string[] = [];
    const body =
      "<R><Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></R>";
    const service = await answering(body, seen);
    const ask = ldapCredentials({ client, clock, endpoint: service.url, username: "u", password: "p w", access: {} });
    const expected = { accessKeyId: "A", secretAccessKey: "S", sessionToken: "T" };
    expect(await ask(call)).toEqual(expected);
    expect(await ask(call)).toEqual(expected);
    expect(seen).toEqual([
      "POST / Action=AssumeRoleWithLDAPIdentity&Version=2011-06-15&LDAPUsername=u&LDAPPassword=p+w",
    ]);
    service.close();
  });
});

describe.each(realStores.map(({ name, start }) => [name, start] as const))("%s", (name, start) => {
  it("accepts our signatures, whatever the key", async () => {
    const store = await start();
    try {
      await putObject(store, "shop", "");
      const names = ["a/b.yaml", "a/c d+e=f.yaml", "b.yaml"];
      for (const name of names) await putObject(store, `shop/${name}`, name);
      const bucket = new S3Bucket({
        client,
        clock,
        endpoint: `http://${store.host}`,
        bucket: "shop",
        region: store.region,
        credentials: () => Promise.resolve(store),
      });
      expect(await bucket.exists(call)).toBe(true);
      expect((await listOf(bucket)).map(([key, , size]) => [key, size])).toEqual(
        names.map((name) => [name, name.length]),
      );
      for (const name of names) expect(await textIn(bucket, name)).toBe(name);
      expect(await bucket.get("none", 10, call)).toBeUndefined();
      // s3rver looks at whose key it is, not at the signature.
      const wrong = name === "s3rver" ? { ...store, accessKeyId: "wrong" } : { ...store, secretAccessKey: "wrong" };
      const other = new S3Bucket({
        client,
        clock,
        endpoint: `http://${store.host}`,
        bucket: "shop",
        region: store.region,
        credentials: () => Promise.resolve(wrong),
      });
      expect(await codeOf(listOf(other))).toBe("http-authentication-failed");
    } finally {
      store.close();
    }
  }, 120_000);
});
