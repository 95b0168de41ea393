import { afterAll, describe, expect, it } from "vitest";
import { realClock } from "../../cluster/cluster.contract.ts";
import { temporaryFolder, makeCertificate } from "../git/repository.contract.ts";
import { HttpClient } from "../http/index.ts";
import { Keychain, parseDockerConfig } from "./keychain.ts";
import { byDigest, parseRepository, tagged } from "./reference.ts";
import {
  type Behaviour,
  hasRealRegistry,
  layerOf,
  Pusher,
  sha256,
  startRealRegistry,
  TestRegistry,
} from "./registry.contract.ts";
import { Registry, type RegistryCall } from "./registry.ts";

const client = new HttpClient({ clock: realClock, random: () => 0 });
afterAll(() => client.close());

function callWith(parts: Partial<RegistryCall> = {}): RegistryCall {
  const signal = new AbortController().signal;
  return { access: {}, keychain: new Keychain(), signal, timeoutMs: 30_000, ...parts };
}

function config(host: string, entry: object): Keychain {
  return parseDockerConfig(JSON.stringify({ auths: { [host]: entry } }), "Secret/default/login");
}

const basicEntry = { auth: Buffer.from("user:pa:ss").toString("base64") };

async function withRegistry(behaviour: Behaviour, run: (registry: TestRegistry) => Promise<void>): Promise<void> {
  const registry = await TestRegistry.start(behaviour);
  try {
    await run(registry);
  } finally {
    await registry.close();
  }
}

async function codeOf(run: Promise<unknown>): Promise<string> {
  return run.then(
    () => "none",
    (thrown: { code?: string; message: string }) => thrown.code ?? thrown.message,
  );
}

async function contentOf(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

describe("a registry", () => {
  const accesses: [string, Behaviour, (host: string) => Keychain][] = [
    ["anonymously", {}, () => new Keychain()],
    ["anonymously by a token", { auth: "bearer" }, () => new Keychain()],
    ["by user and password", { auth: "basic", login: "user:pa:ss" }, (host) => config(host, basicEntry)],
    ["by a token for user and password", { auth: "bearer", login: "user:pa:ss" }, (host) => config(host, basicEntry)],
    [
      "by username and password members",
      { auth: "bearer", login: "u:p" },
      (host) => config(`https://${host}/v2/`, { username: "u", password: "p" }),
    ],
    [
      "by a token for an identity token",
      { auth: "bearer", login: "x:y", identityToken: "id" },
      (host) => config(host, { identitytoken: "id" }),
    ],
  ];
  it.each(accesses)("gives tags, manifests and layers %s", async (_, behaviour, keychain) => {
    await withRegistry(behaviour, async (server) => {
      const pushed = server.put("team/app", "1.0.0", { layers: [layerOf({ "a.yaml": "a" })], annotations: { x: "y" } });
      const registry = new Registry({ client, clock: realClock });
      const repository = parseRepository(`oci://${server.host}/team/app`);
      const call = callWith({ keychain: keychain(server.host) });
      expect(await registry.tags(repository, call)).toEqual(["1.0.0"]);
      const digest = await registry.resolve(tagged(repository, "1.0.0"), call);
      expect(digest).toBe(pushed.digest);
      const fetched = await registry.manifest(byDigest(repository, digest), call);
      if (!("manifest" in fetched)) throw new Error("an index");
      expect(fetched.manifest.annotations).toEqual({ x: "y" });
      const [layer] = fetched.manifest.layers;
      if (layer === undefined) throw new Error("no layer");
      expect(sha256(await contentOf(registry.blob(repository, layer, call)))).toBe(layer.digest);
    });
  });

  it("is asked once for a token that holds, and answered with it at once", async () => {
    await withRegistry({ auth: "bearer" }, async (server) => {
      server.put("app", "latest", { layers: [layerOf({ a: "a" })] });
      const registry = new Registry({ client, clock: realClock });
      const reference = tagged(parseRepository(`oci://${server.host}/app`), "latest");
      await registry.resolve(reference, callWith());
      const before = server.requests.length;
      await registry.resolve(reference, callWith());
      expect(server.requests.slice(before)).toEqual(["HEAD /v2/app/manifests/latest"]);
    });
  });

  it.each<[string, Keychain, string]>([
    ["no credentials", new Keychain(), "http-authentication-failed"],
    ["those of another host", config("registry.example.com", basicEntry), "http-authentication-failed"],
  ])("refuses %s", async (_, keychain, code) => {
    await withRegistry({ auth: "basic", login: "user:pa:ss" }, async (server) => {
      const registry = new Registry({ client, clock: realClock });
      const repository = parseRepository(`oci://${server.host}/app`);
      expect(await codeOf(registry.tags(repository, callWith({ keychain })))).toBe(code);
    });
  });

  it("pages through tags", async () => {
    await withRegistry({ pageOfTags: 2 }, async (server) => {
      const names = ["a", "b", "c", "d", "e"];
      for (const name of names) server.put("app", name, { layers: [] });
      const registry = new Registry({ client, clock: realClock });
      expect(await registry.tags(parseRepository(`oci://${server.host}/app`), callWith())).toEqual(names);
    });
  });

  it("resolves a tag without HEAD, and says what is missing", async () => {
    await withRegistry({ answersHead: false }, async (server) => {
      const pushed = server.put("app", "1", { layers: [] });
      const registry = new Registry({ client, clock: realClock });
      const repository = parseRepository(`oci://${server.host}/app`);
      expect(await registry.resolve(tagged(repository, "1"), callWith())).toBe(pushed.digest);
      await expect(registry.resolve(tagged(repository, "2"), callWith())).rejects.toMatchObject({
        code: "http-absent",
        at: `${server.host}/app:2`,
        message: "the registry answered 404: MANIFEST_UNKNOWN: manifest unknown",
      });
    });
  });

  it.each([true, false])("lists what refers to a manifest (referrers API: %s)", async (hasReferrers) => {
    await withRegistry({ hasReferrers }, async (server) => {
      const subject = server.put("app", "1", { layers: [] });
      const referrer = server.put("app", "x", { layers: [], subject, artifactType: "example/signature" });
      const tag = subject.digest.replace(":", "-");
      const bytes = Buffer.from(
        JSON.stringify({ schemaVersion: 2, manifests: [{ ...referrer, artifactType: "example/signature" }] }),
      );
      if (!hasReferrers)
        server.putManifest("app", tag, { mediaType: "application/vnd.oci.image.index.v1+json", bytes });
      const registry = new Registry({ client, clock: realClock });
      const reference = { ...parseRepository(`oci://${server.host}/app`), digest: subject.digest };
      const found = await registry.referrers(reference, callWith());
      expect(found.map((each) => [each.digest, each.artifactType])).toEqual([[referrer.digest, "example/signature"]]);
    });
  });

  it("that sends other content than was asked for is not believed", async () => {
    await withRegistry({}, async (server) => {
      const layer = layerOf({ a: "a" });
      const pushed = server.put("app", "1", { layers: [layer] });
      const other = Buffer.alloc(layer.bytes.length, 1);
      server.blobs.set(sha256(layer.bytes), other);
      server.manifests.set(`app:${pushed.digest}`, { type: pushed.mediaType, bytes: Buffer.from('{"layers":[]}') });
      const registry = new Registry({ client, clock: realClock });
      const repository = parseRepository(`oci://${server.host}/app`);
      const descriptor = {
        mediaType: "",
        digest: sha256(layer.bytes),
        size: layer.bytes.length,
        artifactType: "",
        annotations: {},
      };
      expect(await codeOf(contentOf(registry.blob(repository, descriptor, callWith())))).toBe("oci-digest-mismatch");
      expect(await codeOf(contentOf(registry.blob(repository, { ...descriptor, size: 10 }, callWith())))).toBe(
        "http-too-large",
      );
      expect(await codeOf(registry.manifest(byDigest(repository, pushed.digest), callWith()))).toBe(
        "oci-digest-mismatch",
      );
    });
  });

  it("over TLS is trusted by its authority alone, unless called insecure", async () => {
    const { authority, options } = makeCertificate(temporaryFolder("registry-tls"));
    const server = await TestRegistry.start({}, options);
    const pushed = server.put("app", "1", { layers: [] });
    const registry = new Registry({ client, clock: realClock });
    const url = `oci://${server.host}/app`;
    expect(await codeOf(registry.resolve(tagged(parseRepository(url), "1"), callWith()))).toBe(
      "http-certificate-rejected",
    );
    expect(await registry.resolve(tagged(parseRepository(url), "1"), callWith({ access: { authority } }))).toBe(
      pushed.digest,
    );
    expect(await registry.resolve(tagged(parseRepository(url, true), "1"), callWith())).toBe(pushed.digest);
    await server.close();
  });

  describe.skipIf(!hasRealRegistry)("docker-registry", () => {
    it("with TLS and a login gives what was pushed", async () => {
      const server = await startRealRegistry({ login: "user:secret" });
      try {
        const pusher = new Pusher(server.url, "user:secret", server.authority);
        for (const tag of ["1.0.0", "1.1.0", "2.0.0-rc.1"])
          await pusher.push("team/app", tag, { layers: [layerOf({ "a.yaml": tag })] });
        const registry = new Registry({ client, clock: realClock });
        const repository = parseRepository(`oci://${server.host}/team/app`);
        const access = { authority: server.authority };
        const keychain = config(server.host, { auth: Buffer.from("user:secret").toString("base64") });
        const call = callWith({ access, keychain });
        expect((await registry.tags(repository, call)).sort()).toEqual(["1.0.0", "1.1.0", "2.0.0-rc.1"]);
        const digest = await registry.resolve(tagged(repository, "1.1.0"), call);
        const fetched = await registry.manifest(byDigest(repository, digest), call);
        const layer = "manifest" in fetched ? fetched.manifest.layers[0] : undefined;
        if (layer === undefined) throw new Error("no layer");
        expect((await contentOf(registry.blob(repository, layer, call))).length).toBe(layer.size);
        expect(await registry.referrers({ ...repository, digest }, call)).toEqual([]);
        expect(await codeOf(registry.tags(repository, callWith({ access })))).toBe("http-authentication-failed");
      } finally {
        server.close();
      }
    });

    it("in plain HTTP is found to be so", async () => {
      const server = await startRealRegistry({ isPlain: true });
      try {
        const pushed = await new Pusher(server.url).push("app", "1", { layers: [layerOf({ a: "a" })] });
        const registry = new Registry({ client, clock: realClock });
        const reference = tagged(parseRepository(`oci://${server.host}/app`, true), "1");
        expect(await registry.resolve(reference, callWith())).toBe(pushed.digest);
      } finally {
        server.close();
      }
    });
  });
});
