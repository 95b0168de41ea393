import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject, Manifest } from "#kernel";
import {
  type Behaviour,
  hasRealRegistry,
  indexOf,
  layerOf,
  manifestOf,
  type Packed,
  Pusher,
  sha256,
  startRealRegistry,
  tar,
  type TarEntry,
  TestRegistry,
} from "../sources/oci/registry.contract.ts";
import { condition, World } from "./world.contract.ts";

let world: World;
const registries: TestRegistry[] = [];
beforeAll(async () => {
  world = await World.start();
});
afterEach(async () => {
  for (const registry of registries.splice(0)) await registry.close();
});
afterAll(() => world.close());

async function serve(behaviour: Behaviour = {}): Promise<TestRegistry> {
  const registry = await TestRegistry.start(behaviour);
  registries.push(registry);
  return registry;
}

type Status = {
  observedGeneration: number;
  url: string;
  artifact?: {
    revision: string;
    digest: string;
    path: string;
    url: string;
    size: number;
    metadata?: Record<string, string>;
  };
};
function statusOf(object: Manifest): Status {
  return object["status"] as Status;
}

const ready = (name: string, status = "True"): Promise<Manifest> => world.untilReady("OCIRepository", name, status);
const make = (name: string, spec: JsonObject): Promise<void> => world.source("OCIRepository", name, spec);
const filesOf = (name: string): Promise<Record<string, string>> => world.files("OCIRepository", name);

function packedAs(entries: readonly TarEntry[]): Packed {
  return { mediaType: "application/vnd.cncf.flux.content.v1.tar+gzip", bytes: gzipSync(tar(entries)) };
}

const annotations = {
  "org.opencontainers.image.created": "2026-01-01T00:00:00Z",
  "org.opencontainers.image.source": "https://example.com/shop.git",
  "org.opencontainers.image.revision": "main@sha1:0123",
};

describe("OCIRepository", () => {
  it("offers the files of its first layer and says so as Flux does", async () => {
    const registry = await serve();
    const files = { "apps/a.yaml": "a", "x.png": "", ".sourceignore": "*.md\n", "README.md": "" };
    const { digest } = registry.put("team/app", "latest", { layers: [layerOf(files)], annotations });
    const url = `oci://${registry.host}/team/app`;
    await make("plain", { url });
    const object = await ready("plain");
    const hex = digest.slice("sha256:".length);
    const path = `ocirepository/default/plain/sha256:${hex}.tar.gz`;
    expect(object.metadata.finalizers).toEqual(["finalizers.fluxcd.io"]);
    expect(statusOf(object)).toMatchObject({
      observedGeneration: 1,
      url: "http://127.0.0.1:1/artifacts/ocirepository/default/plain/latest.tar.gz",
      artifact: {
        revision: `latest@${digest}`,
        path,
        url: `http://127.0.0.1:1/artifacts/${path}`,
        digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
        metadata: annotations,
      },
    });
    const stored = { reason: "Succeeded", message: `stored artifact for digest 'latest@${digest}'` };
    expect(condition(object, "Ready")).toMatchObject({ status: "True", ...stored });
    expect(condition(object, "ArtifactInStorage")).toMatchObject({ status: "True", ...stored });
    expect(condition(object, "Reconciling")).toBeUndefined();
    // Own patterns replace the default ones.
    expect(await filesOf("plain")).toEqual({ "apps/a.yaml": "a", "x.png": "", ".sourceignore": "*.md\n" });
    const view = world.artifacts.view.get({ kind: "OCIRepository", namespace: "default", name: "plain" });
    expect(view?.originRevision).toBe("main@sha1:0123");
    const file = world.artifacts.view.file({ kind: "OCIRepository", namespace: "default", name: "plain" });
    expect(gunzipSync((await file?.bytes()) ?? "").includes("apps/a.yaml")).toBe(true);
    const message = `stored artifact with revision 'latest@${digest}' from '${url}', origin source 'https://example.com/shop.git', origin revision 'main@sha1:0123'`;
    await untilEvent("NewArtifact", message);
  });

  it("asks once when nothing is new, and writes nothing", async () => {
    const registry = await serve();
    registry.put("app", "latest", { layers: [layerOf({ a: "a" })] });
    await make("calm", { url: `oci://${registry.host}/app` });
    await ready("calm");
    const first = await world.lookAgain("OCIRepository", "calm");
    const before = registry.requests.length;
    const second = await world.lookAgain("OCIRepository", "calm");
    expect(registry.requests.slice(before)).toEqual(["HEAD /v2/app/manifests/latest"]);
    expect(statusOf(second).artifact).toEqual(statusOf(first).artifact);
  });

  it("follows its tag, and keeps what it has while the next cannot be had", async () => {
    const registry = await serve();
    registry.put("app", "latest", { layers: [layerOf({ a: "1" })] });
    await make("next", { url: `oci://${registry.host}/app` });
    await ready("next");
    const layer = layerOf({ a: "2" });
    registry.put("app", "latest", { layers: [layer] });
    registry.blobs.delete(sha256(layer.bytes));
    const failed = await world.lookAgain("OCIRepository", "next");
    expect(condition(failed, "Ready")).toMatchObject({ status: "False", reason: "OCIArtifactLayerOperationFailed" });
    expect(condition(failed, "FetchFailed")?.status).toBe("True");
    expect(condition(failed, "ArtifactOutdated")).toMatchObject({ status: "True", reason: "NewRevision" });
    expect(condition(failed, "ArtifactInStorage")?.status).toBe("True");
    expect(condition(failed, "Reconciling")?.reason).toBe("ProgressingWithRetry");
    expect(await filesOf("next")).toEqual({ a: "1" });
    registry.blobs.set(sha256(layer.bytes), layer.bytes);
    const mended = await ready("next");
    expect(condition(mended, "FetchFailed")).toBeUndefined();
    expect(condition(mended, "ArtifactOutdated")).toBeUndefined();
    expect(await filesOf("next")).toEqual({ a: "2" });
  });

  it.each<[string, JsonObject, string, string]>([
    ["tag", { tag: "1.0.0" }, "1.0.0", "one"],
    ["semver", { semver: ">=1.0.0 <3.0.0" }, "2.0.0", "two"],
    ["semver-with-filter", { semver: ">=1.0.0-0", semverFilter: ".*-rc.*" }, "3.0.0-rc.1", "three"],
    ["semver-before-tag", { semver: "1.x", tag: "2.0.0" }, "1.0.0", "one"],
  ])("takes its reference by %s", async (name, ref, tag, content) => {
    const registry = await serve();
    registry.put("app", "1.0.0", { layers: [layerOf({ a: "one" })] });
    registry.put("app", "2.0.0", { layers: [layerOf({ a: "two" })] });
    registry.put("app", "3.0.0-rc.1", { layers: [layerOf({ a: "three" })] });
    await make(name, { url: `oci://${registry.host}/app`, ref });
    const object = await ready(name);
    expect(statusOf(object).artifact?.revision).toMatch(new RegExp(`^${tag}@sha256:[0-9a-f]{64}$`));
    expect(await filesOf(name)).toEqual({ a: content });
  });

  it("takes a digest before all else; its revision names no tag", async () => {
    const registry = await serve();
    const { digest } = registry.put("app", "1.0.0", { layers: [layerOf({ a: "one" })] });
    await make("digest", { url: `oci://${registry.host}/app`, ref: { digest, semver: "9.x", tag: "none" } });
    expect(statusOf(await ready("digest")).artifact?.revision).toBe(digest);
  });

  it("takes linux/amd64 of an index; the revision is the index's own", async () => {
    const registry = await serve();
    const arm = registry.put("app", "arm", { layers: [layerOf({ a: "arm" })] });
    const amd = registry.put("app", "amd", { layers: [layerOf({ a: "amd" })], annotations });
    const index = indexOf([
      { ...arm, platform: { os: "linux", architecture: "arm64" } },
      { ...amd, platform: { os: "linux", architecture: "amd64" } },
    ]);
    const { digest } = registry.putManifest("app", "latest", index);
    await make("index", { url: `oci://${registry.host}/app` });
    const object = await ready("index");
    expect(statusOf(object).artifact).toMatchObject({ revision: `latest@${digest}`, metadata: annotations });
    expect(await filesOf("index")).toEqual({ a: "amd" });
  });

  it("selects a layer by its media type, extracts it or keeps it as it is", async () => {
    const registry = await serve();
    const chart = {
      ...layerOf({ "web/Chart.yaml": "name: web" }),
      mediaType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
    };
    const { digest } = registry.put("app", "latest", { layers: [layerOf({ a: "a" }), chart] });
    const url = `oci://${registry.host}/app`;
    const layerSelector = { mediaType: chart.mediaType };
    await make("selected", { url, layerSelector });
    await ready("selected");
    expect(await filesOf("selected")).toEqual({ "web/Chart.yaml": "name: web" });
    await world.patch("OCIRepository", "selected", { spec: { layerSelector: { operation: "copy" } } });
    const copied = await world.until(
      "OCIRepository",
      "selected",
      (object) => statusOf(object).observedGeneration === 2,
    );
    expect(statusOf(copied).artifact).toMatchObject({ revision: `latest@${digest}`, digest: sha256(chart.bytes) });
    const file = world.artifacts.view.file({ kind: "OCIRepository", namespace: "default", name: "selected" });
    expect(Buffer.from((await file?.bytes()) ?? [])).toEqual(chart.bytes);
    expect(await filesOf("selected")).toEqual({ "web/Chart.yaml": "name: web" });
    await make("missing-layer", { url, layerSelector: { mediaType: "none/such" } });
    expect(condition(await ready("missing-layer", "False"), "Ready")).toMatchObject({
      reason: "OCIArtifactLayerOperationFailed",
      message: expect.stringContaining("failed to find layer with media type 'none/such' in artifact") as string,
    });
  });

  it("applies changed ignore rules to the revision it has", async () => {
    const registry = await serve();
    const { digest } = registry.put("app", "latest", { layers: [layerOf({ "a.yaml": "a", "b.yaml": "b" })] });
    await make("ignore", { url: `oci://${registry.host}/app`, ignore: "/*\n!/b.yaml" });
    const first = await ready("ignore");
    expect(await filesOf("ignore")).toEqual({ "b.yaml": "b" });
    await world.patch("OCIRepository", "ignore", { spec: { ignore: null } });
    const second = await world.until("OCIRepository", "ignore", (object) => statusOf(object).observedGeneration === 2);
    expect(await filesOf("ignore")).toEqual({ "a.yaml": "a", "b.yaml": "b" });
    expect(statusOf(second).artifact?.revision).toBe(`latest@${digest}`);
    expect(statusOf(second).artifact?.digest).not.toBe(statusOf(first).artifact?.digest);
  });

  it("signs in by its Secret, by its ServiceAccount's, and not at all", async () => {
    const registry = await serve({ auth: "bearer", login: "user:secret" });
    registry.put("app", "latest", { layers: [layerOf({ a: "a" })] });
    const auths = { [registry.host]: { auth: Buffer.from("user:secret").toString("base64") } };
    await world.secret("pull", { ".dockerconfigjson": JSON.stringify({ auths }) });
    const url = `oci://${registry.host}/app`;
    await make("by-secret", { url, secretRef: { name: "pull" } });
    await ready("by-secret");
    const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "puller", namespace: "default" } };
    const resource = { ...resourceLike, plural: "serviceaccounts", kind: "ServiceAccount" };
    await world.create({ ...account, imagePullSecrets: [{ name: "pull" }] } as Manifest, resource);
    await make("by-account", { url, serviceAccountName: "puller" });
    await ready("by-account");
    await make("by-none", { url });
    const refused = condition(await ready("by-none", "False"), "Ready");
    expect(refused).toMatchObject({ reason: "OCIArtifactPullFailed" });
    expect(refused?.message).toContain("401");
    await make("by-missing", { url, secretRef: { name: "nowhere" } });
    expect(condition(await ready("by-missing", "False"), "Ready")).toMatchObject({
      reason: "AuthenticationFailed",
      message: expect.stringContaining("Secret/default/nowhere: the Secret does not exist") as string,
    });
  });

  it.each<[string, JsonObject, string, string]>([
    ["bad-url", { url: "oci://example.com/app:1.0" }, "URLInvalid", "URL must not contain a tag; remove ':1.0'"],
    [
      "bad-range",
      { url: "oci://127.0.0.1:1/app", ref: { semver: "nonsense" } },
      "ReadOperationFailed",
      "failed to determine the artifact tag",
    ],
    ["unreachable", { url: "oci://127.0.0.1:1/app" }, "OCIArtifactPullFailed", "failed to determine artifact digest"],
  ])("says what is wrong with %s", async (name, spec, reason, text) => {
    await make(name, spec);
    const object = await ready(name, "False");
    expect(condition(object, "Ready")).toMatchObject({ reason, message: expect.stringContaining(text) as string });
    expect(condition(object, "FetchFailed")).toMatchObject({ status: "True", reason });
    expect(condition(object, reason === "URLInvalid" ? "Stalled" : "Reconciling")?.status).toBe("True");
  });

  it("serves again what it had after a restart, without asking the registry", async () => {
    const registry = await serve();
    registry.put("app", "latest", { layers: [layerOf({ a: "kept", "b.md": "" })] });
    const url = `oci://${registry.host}/app`;
    await make("resumed", { url, ignore: "*.md" });
    await make("resumed-copy", { url, layerSelector: { operation: "copy" } });
    await ready("resumed");
    await ready("resumed-copy");
    await world.stopLoops();
    const before = registry.requests.length;
    registry.behaviour.intercept = (_, response) => {
      response.writeHead(503).end();
      return true;
    };
    world.startLoops();
    await world.artifacts.ready;
    expect(registry.requests.length).toBe(before);
    expect(await filesOf("resumed")).toEqual({ a: "kept" });
    const file = world.artifacts.view.file({ kind: "OCIRepository", namespace: "default", name: "resumed-copy" });
    expect((await file?.bytes())?.length).toBeGreaterThan(0);
  });
});

describe("what a registry can do to an OCIRepository", () => {
  it("a layer that climbs is refused whole", async () => {
    const registry = await serve();
    registry.put("app", "latest", { layers: [layerOf({ a: "good" })] });
    await make("climbing", { url: `oci://${registry.host}/app` });
    await ready("climbing");
    registry.put("app", "latest", { layers: [packedAs([{ name: "b", content: "b" }, { name: "../../etc/passwd" }])] });
    const failed = await world.lookAgain("OCIRepository", "climbing");
    expect(condition(failed, "Ready")).toMatchObject({ status: "False", reason: "OCIArtifactLayerOperationFailed" });
    expect(await filesOf("climbing")).toEqual({ a: "good" });
  });

  it("links are left out", async () => {
    const registry = await serve();
    const entries = [
      { name: "./", type: "5" },
      { name: "link", type: "2", link: "/etc/passwd" },
      { name: "hard", type: "1", link: "a" },
      { name: "./sub/run.sh", content: "x", mode: 0o755 },
      { name: ".git/config", content: "x" },
    ];
    registry.put("app", "latest", { layers: [packedAs(entries)] });
    await make("links", { url: `oci://${registry.host}/app` });
    await ready("links");
    expect(await filesOf("links")).toEqual({ "sub/run.sh": "x" });
  });

  it.each<[string, Behaviour["intercept"], string]>([
    [
      "wrong-digest",
      (request, response) => answerBlob(request.url, response, Buffer.alloc(100_000)),
      "sent other content",
    ],
    ["cut-body", (request, response) => cutBlob(request.url, response), "ended the connection"],
    ["endless-body", (request, response) => endlessBlob(request.url, response), "the server sends more than"],
    ["broken", (request, response) => refuseAll(request.url, response), "500"],
  ])("%s: what was there stays, and the next pass mends it", async (name, intercept, text) => {
    const registry = await serve();
    registry.put("app", "latest", { layers: [layerOf({ a: "1" })] });
    await make(name, { url: `oci://${registry.host}/app` });
    await ready(name);
    registry.put("app", "latest", {
      layers: [layerOf({ a: createHash("sha512").update(name).digest("hex").repeat(2000) })],
    });
    if (intercept !== undefined) registry.behaviour.intercept = intercept;
    const failed = await world.lookAgain("OCIRepository", name);
    expect(condition(failed, "Ready")?.status).toBe("False");
    expect(condition(failed, "Ready")?.message).toContain(text);
    expect(await filesOf(name)).toEqual({ a: "1" });
    delete registry.behaviour.intercept;
    await ready(name);
    expect(Object.keys(await filesOf(name))).toEqual(["a"]);
  });

  it("a redirect takes the blob from elsewhere, without the credentials", async () => {
    const seen: (string | undefined)[] = [];
    const registry = await serve({ auth: "basic", login: "user:secret" });
    const layer = layerOf({ a: "far" });
    registry.put("app", "latest", { layers: [layer] });
    const other = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end(layer.bytes);
    });
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    registry.behaviour.intercept = (request, response) => {
      if (request.url?.includes("/blobs/") !== true) return false;
      response.writeHead(307, { location: `http://127.0.0.1:${port}/layer` }).end();
      return true;
    };
    const auths = { [registry.host]: { username: "user", password: "secret" } };
    await world.secret("login", { ".dockerconfigjson": JSON.stringify({ auths }) });
    await make("redirected", { url: `oci://${registry.host}/app`, secretRef: { name: "login" } });
    await ready("redirected");
    other.close();
    expect(seen).toEqual([undefined]);
    expect(await filesOf("redirected")).toEqual({ a: "far" });
  });
});

describe("an OCIRepository that must be signed", () => {
  type Recorded = { name: string; digest: string; publicKey?: string; trustedRoot?: string; repository: Dump };
  type Dump = { manifests: Record<string, { type: string; text: string }>; blobs: Record<string, string> };
  const recording = new URL("../sources/oci/testdata/cosign/recorded.json", import.meta.url);
  const { cases } = JSON.parse(readFileSync(recording, "utf8")) as { cases: Recorded[] };

  async function serveRecorded(name: string): Promise<{ registry: TestRegistry; recorded: Recorded }> {
    const recorded = cases.find((each) => each.name === name);
    if (recorded === undefined) throw new Error(`nothing recorded as ${name}`);
    const registry = await serve();
    for (const [tag, { type, text }] of Object.entries(recorded.repository.manifests))
      registry.manifests.set(`app:${tag}`, { type, bytes: Buffer.from(text) });
    registry.manifests.set(
      `app:${recorded.digest}`,
      registry.manifests.get("app:1.0.0") ?? { type: "", bytes: Buffer.alloc(0) },
    );
    for (const [digest, base64] of Object.entries(recorded.repository.blobs))
      registry.blobs.set(digest, Buffer.from(base64, "base64"));
    return { registry, recorded };
  }

  it("is served when it is, and keeps what was verified when the next is not", async () => {
    const { registry, recorded } = await serveRecorded("ecdsa-p256-bundle");
    await world.secret("cosign-keys", { "a.pub": "", "cosign.pub": recorded.publicKey ?? "" });
    await world.secret("cosign", { "cosign.pub": recorded.publicKey ?? "", "other.txt": "no key" });
    const verify = { provider: "cosign", secretRef: { name: "cosign" } };
    const spec = { url: `oci://${registry.host}/app`, ref: { tag: "1.0.0" }, layerSelector: { operation: "copy" } };
    await make("signed", { ...spec, verify });
    const good = await ready("signed");
    const revision = `1.0.0@${recorded.digest}`;
    expect(condition(good, "SourceVerified")).toMatchObject({
      status: "True",
      message: `verified signature of revision ${revision}`,
    });
    const requests = registry.requests.length;
    await world.lookAgain("OCIRepository", "signed");
    expect(registry.requests.slice(requests)).toEqual(["HEAD /v2/app/manifests/1.0.0"]);
    registry.put("app", "1.0.0", { layers: [layerOf({ a: "unsigned" })] });
    const bad = await world.lookAgain("OCIRepository", "signed");
    expect(condition(bad, "SourceVerified")).toMatchObject({ status: "False", reason: "VerificationError" });
    expect(condition(bad, "Ready")).toMatchObject({
      status: "False",
      reason: "VerificationError",
      message: expect.stringContaining("failed to verify the signature using provider 'cosign'") as string,
    });
    expect(condition(bad, "Ready")?.message).toContain("no signatures found");
    expect(statusOf(bad).artifact?.revision).toBe(revision);
    await make("broken-keys", { ...spec, verify: { ...verify, secretRef: { name: "cosign-keys" } } });
    expect(condition(await ready("broken-keys", "False"), "Ready")?.message).toContain("no public key");
  });

  it.each(["identity-bundle", "identity-legacy-expired"])(
    "by an identity is judged by its own trust root: %s",
    async (name) => {
      const { registry, recorded } = await serveRecorded(name);
      await world.secret(`root-${name}`, { "trusted_root.json": recorded.trustedRoot ?? "" });
      const matchOIDCIdentity = [{ issuer: "issuer", subject: "^https://example.com/" }];
      const verify = { provider: "cosign", trustedRootSecretRef: { name: `root-${name}` }, matchOIDCIdentity };
      await make(name, {
        url: `oci://${registry.host}/app`,
        ref: { tag: "1.0.0" },
        layerSelector: { operation: "copy" },
        verify,
      });
      if (name === "identity-bundle") return void (await ready(name));
      const refused = await ready(name, "False");
      expect(condition(refused, "Ready")?.message).toContain("using provider 'cosign keyless'");
      expect(statusOf(refused).artifact).toBeUndefined();
    },
  );
});

describe("an OCIRepository that must be signed with notation", () => {
  type Recorded = {
    name: string;
    digest: string;
    policy: object;
    certificates: Record<string, string>;
    manifests: Record<string, string>;
    blobs: Record<string, string>;
  };
  const recording = new URL("../sources/notation/testdata/notation/recorded.json", import.meta.url);
  const { cases } = JSON.parse(readFileSync(recording, "utf8")) as { cases: Recorded[] };

  it.each<[string, string, string | undefined]>([
    ["ec-256-jws", "True", "True"],
    ["rsa-2048-cose", "True", "True"],
    // Let pass, and not vouched for.
    ["wrong-authority-audit-jws", "True", undefined],
    ["good-skip-cose", "True", undefined],
    ["wrong-authority-cose", "False", "False"],
    ["expired-strict-jws", "False", "False"],
  ])("%s: Ready is %s, SourceVerified %s", async (name, isReady, isVerified) => {
    const recorded = cases.find((each) => each.name === name);
    if (recorded === undefined) throw new Error(`nothing recorded as ${name}`);
    const registry = await serve({ hasReferrers: true });
    const type = "application/vnd.oci.image.manifest.v1+json";
    for (const [key, text] of Object.entries(recorded.manifests))
      for (const tag of key === "1.0.0" ? [key, recorded.digest] : [key])
        registry.manifests.set(`app:${tag}`, { type, bytes: Buffer.from(text) });
    for (const [digest, base64] of Object.entries(recorded.blobs))
      registry.blobs.set(digest, Buffer.from(base64, "base64"));
    await world.secret(`notation-${name}`, {
      "trustpolicy.json": JSON.stringify(recorded.policy),
      ...recorded.certificates,
    });
    const verify = { provider: "notation", secretRef: { name: `notation-${name}` } };
    const spec = { url: `oci://${registry.host}/app`, ref: { tag: "1.0.0" }, layerSelector: { operation: "copy" } };
    await make(`notation-${name}`, { ...spec, verify });
    const object = await ready(`notation-${name}`, isReady);
    expect(condition(object, "SourceVerified")?.status).toBe(isVerified);
    if (isReady === "False") expect(condition(object, "Ready")?.reason).toBe("VerificationError");
    expect(statusOf(object).artifact === undefined).toBe(isReady === "False");
  });

  it("is refused where its Secret lacks the policy or certificates", async () => {
    const registry = await serve();
    registry.put("app", "latest", { layers: [layerOf({ a: "a" })] });
    await world.secret("notation-empty", { "ca.crt": "x" });
    await world.secret("notation-bare", { "trustpolicy.json": "{}" });
    for (const [name, text] of [
      ["notation-empty", "'trustpolicy.json' not found"],
      ["notation-bare", "no certificates found"],
    ] as const) {
      await make(name, { url: `oci://${registry.host}/app`, verify: { provider: "notation", secretRef: { name } } });
      expect(condition(await ready(name, "False"), "Ready")?.message).toContain(text);
    }
  });
});

describe.skipIf(!hasRealRegistry)("OCIRepository with docker-registry", () => {
  it("pulls over TLS with a login", async () => {
    const server = await startRealRegistry({ login: "user:secret" });
    try {
      const pusher = new Pusher(server.url, "user:secret", server.authority);
      const pushed = await pusher.push("team/app", "1.0.0", { layers: [layerOf({ "a.yaml": "a" })], annotations });
      expect(pushed.digest).toBe(sha256(manifestOf({ layers: [layerOf({ "a.yaml": "a" })], annotations }).bytes));
      const auths = { [server.host]: { username: "user", password: "secret" } };
      await world.secret("real", { ".dockerconfigjson": JSON.stringify({ auths }) });
      await world.secret("real-ca", { "ca.crt": server.authority });
      const spec = { url: `oci://${server.host}/team/app`, ref: { semver: "*" }, secretRef: { name: "real" } };
      await make("real", { ...spec, certSecretRef: { name: "real-ca" } });
      expect(statusOf(await ready("real")).artifact?.revision).toBe(`1.0.0@${pushed.digest}`);
      expect(await filesOf("real")).toEqual({ "a.yaml": "a" });
      await world.secret("real-old-ca", { caFile: server.authority });
      await make("real-old", { ...spec, certSecretRef: { name: "real-old-ca" } });
      await ready("real-old");
      await make("real-untrusted", spec);
      expect(condition(await ready("real-untrusted", "False"), "Ready")?.message).toContain(
        "certificate is not trusted",
      );
    } finally {
      server.close();
    }
  });
});

const resourceLike = {
  group: "",
  version: "v1",
  singular: "serviceaccount",
  isNamespaced: true,
  verbs: [],
  shortNames: [],
  categories: [],
  subresources: [],
};

async function untilEvent(reason: string, message: string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if ((await world.events()).some((event) => event.reason === reason && event.message === message)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`no event ${reason}: ${message}; there are ${JSON.stringify(await world.events())}`);
}

type Response = Parameters<NonNullable<Behaviour["intercept"]>>[1];

function isBlob(url = ""): boolean {
  return url.includes("/blobs/sha256:");
}

function answerBlob(url: string | undefined, response: Response, bytes: Buffer): boolean {
  if (!isBlob(url)) return false;
  response.end(bytes.subarray(0, 700));
  return true;
}

function cutBlob(url: string | undefined, response: Response): boolean {
  if (!isBlob(url)) return false;
  response.writeHead(200, { "content-length": "700" });
  response.write("x", () => response.destroy());
  return true;
}

function endlessBlob(url: string | undefined, response: Response): boolean {
  if (!isBlob(url)) return false;
  const more = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(65_536)));
    if (!response.destroyed) response.once("drain", more);
  };
  more();
  return true;
}

function refuseAll(_: string | undefined, response: Response): boolean {
  response.writeHead(500).end("<html>oops</html>");
  return true;
}
