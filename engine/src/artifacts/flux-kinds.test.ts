// OCIRepositories, HelmRepositories, HelmCharts and Buckets under Flux's own source-controller and under ours, from the same
// registries, chart repositories and stores: status, conditions, what is told, and what their artifacts hold. Runs where
// KEELSON_ORACLES has the controller.

import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "#kernel";
import { loadChartArchive } from "#render/helm";
import { putObject, type RealStore, realStores, TestStore } from "../sources/bucket/bucket.contract.ts";
import { serveHttp, temporaryFolder, TestRepository } from "../sources/git/repository.contract.ts";
import { makeSigner, signWithNotation, trustPolicyOf } from "../sources/notation/signing.contract.ts";
import {
  describe as describePacked,
  hasRealRegistry,
  indexOf,
  layerOf,
  type Packed,
  Pusher,
  startRealRegistry,
  tar,
  type TarEntry,
  TestRegistry,
} from "../sources/oci/registry.contract.ts";
import { chart, ChartServer } from "./chart-server.contract.ts";
import { type Comparison, type Difference, hasFluxSource, Pair, type Status } from "./flux-source.contract.ts";

const closers: (() => unknown)[] = [];
const root = temporaryFolder("kinds");
let pair: Pair;
const patienceMs = 120_000;

/** What we do otherwise, and why. */
const otherwise: Readonly<Record<string, string>> = {
  "index-number":
    "a number where Helm wants text is read as its text; there one of them makes the whole index unreadable",
  "index-null": "an empty entry is left out; there it ends the pass with a panic, with no artifact and no reason",
  tampered: "an archive that is not the one whose digest the index gives is refused; there it is served",
  "oci-unconfigured": "a chart's layer is enough; there the manifest must have a Helm config as well",
  "oci-bad": "an invalid URL is told as such in every condition; there FetchFailed calls it an unknown build error",
  "oci-notation-no-certificate":
    "a Secret without certificates is a failure of verification; there FetchFailed calls it an unknown build error",
  "oci-notation-no-policy":
    "a Secret without a policy is a failure of verification; there FetchFailed calls it an unknown build error",
  "oci-no-key":
    "keys that cannot be read are a failure of verification; there FetchFailed calls it an unknown build error",
};

const common: Comparison = {
  // Failures are told in our own words behind the same beginning.
  message: (text) => text.replace(/(: | \().*$/s, ""),
  content: async (ours, theirs) => {
    const [a, b] = [await pair.unpacked(ours), await pair.unpacked(theirs)];
    return a.equals(b) ? [[], []] : [names(a), names(b)];
  },
};

/** Names, sizes and modes in a tar. */
function names(bytes: Buffer): string[] {
  const found: string[] = [];
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0; ) {
    const text = (from: number, to: number): string =>
      bytes.toString("latin1", at + from, at + to).replace(/\0.*$/s, "");
    const size = Number.parseInt(text(124, 136), 8);
    found.push(`${text(345, 500)}${text(0, 100)} ${text(156, 157)} ${text(100, 108)} ${size}`);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return found;
}

/** Of a packed chart: the time of packing is in it. */
function filesOfChart(bytes: Buffer): unknown {
  return loadChartArchive(bytes).raw.map(({ name, data }) => [name, Buffer.from(data).toString("latin1")]);
}

const asIs: Comparison = {
  ...common,
  content: async (ours, theirs) => {
    const read = async (status: Status): Promise<string> => (await pair.bytes(status)).toString("latin1");
    return [await read(ours), await read(theirs)];
  },
};

const asChart: Comparison = {
  ...common,
  content: async (ours, theirs) => [filesOfChart(await pair.bytes(ours)), filesOfChart(await pair.bytes(theirs))],
};

/** Makes objects of a kind under both, and says what differs in the end. */
async function compareAll(
  kind: string,
  specs: Record<string, JsonObject>,
  compareOf: (name: string) => Comparison,
): Promise<Record<string, Difference[]>> {
  for (const [name, spec] of Object.entries(specs)) await pair.source(kind, name, { interval: "1h", ...spec });
  const objects = Object.keys(specs).map((name) => ({ kind, name, compare: compareOf(name) }));
  const found = await pair.settled(objects, patienceMs, (name) => otherwise[name] !== undefined);
  for (const { name } of objects)
    if (otherwise[name] !== undefined) {
      // One that has become the same leaves the list.
      expect([name, found[name] !== undefined]).toEqual([name, true]);
      delete found[name];
    }
  return found;
}

function packedAs(entries: readonly TarEntry[]): Packed {
  return { mediaType: "application/vnd.cncf.flux.content.v1.tar+gzip", bytes: gzipSync(tar(entries)) };
}

const dockerType = "kubernetes.io/dockerconfigjson";

const annotations = {
  "org.opencontainers.image.created": "2026-01-01T00:00:00Z",
  "org.opencontainers.image.source": "https://example.com/shop.git",
  "org.opencontainers.image.revision": "main@sha1:0123",
};

type Recorded = {
  name: string;
  digest: string;
  publicKey?: string;
  other?: string;
  trustedRoot?: string;
  repository: { manifests: Record<string, { type: string; text: string }>; blobs: Record<string, string> };
};
const recording = new URL("../sources/oci/testdata/cosign/recorded.json", import.meta.url);

type Notation = {
  name: string;
  digest: string;
  policy: object;
  certificates: Record<string, string>;
  verdict: string;
  manifests: Record<string, string>;
  blobs: Record<string, string>;
};
const notation = JSON.parse(
  readFileSync(new URL("../sources/notation/testdata/notation/recorded.json", import.meta.url), "utf8"),
) as { cases: Notation[]; revocationList: string; listAt: string };

/** A registry with everything that notation has signed, each in its own repository; as a proxy it has the list of the revoked. */
async function fillWithNotation(): Promise<TestRegistry> {
  const registry = await TestRegistry.start({ hasReferrers: true });
  closers.push(() => registry.close());
  const type = "application/vnd.oci.image.manifest.v1+json";
  for (const { name, digest, manifests, blobs } of notation.cases) {
    for (const [key, text] of Object.entries(manifests))
      for (const tag of key === "1.0.0" ? [key, digest] : [key])
        registry.manifests.set(`${name}:${tag}`, { type, bytes: Buffer.from(text) });
    for (const [blob, base64] of Object.entries(blobs)) registry.blobs.set(blob, Buffer.from(base64, "base64"));
  }
  registry.behaviour.intercept = (request, response) => {
    if (request.url !== notation.listAt) return false;
    response.end(Buffer.from(notation.revocationList, "base64"));
    return true;
  };
  return registry;
}

/** The Secret of a case, with scopes that name this registry. */
async function notationSecret({ name, policy, certificates }: Notation, host: string): Promise<void> {
  const text = JSON.stringify(policy).replaceAll("registry.example.com/app", `${host}/${name}`);
  await pair.secret(`notation-${name}`, { "trustpolicy.json": text, ...certificates });
}

/** A registry with all that OCIRepositories and charts below ask for. */
async function fillRegistry(): Promise<{ registry: TestRegistry; recorded: Recorded[]; digest: string }> {
  const registry = await TestRegistry.start();
  closers.push(() => registry.close());
  const files = {
    "apps/a.yaml": "a",
    "apps/b.md": "b",
    "x.png": "p",
    ".github/ci.yaml": "ci",
    "sub/.sourceignore": "*.md\n",
    "sub/c.md": "c",
  };
  const { digest } = registry.put("app", "1.0.0", { layers: [layerOf({ "a.yaml": "one" })], annotations });
  registry.put("app", "latest", { layers: [layerOf(files)], annotations });
  registry.put("app", "2.0.0", { layers: [layerOf({ "a.yaml": "two" })] });
  registry.put("app", "3.0.0-rc.1", { layers: [layerOf({ "a.yaml": "three" })] });
  registry.put("app", "v4.0.0_build", { layers: [layerOf({ "a.yaml": "four" })] });
  registry.put("app", "ignoring", { layers: [layerOf({ ...files, ".sourceignore": "/apps\n" })] });
  registry.put("app", "empty", { layers: [] });
  registry.put("app", "garbage", { layers: [{ ...layerOf({}), bytes: Buffer.from("garbage") }] });
  registry.put("app", "plain-tar", { layers: [{ ...layerOf({}), bytes: tar([{ name: "a", content: "a" }]) }] });
  const hostile: Record<string, TarEntry[]> = {
    climbing: [
      { name: "b", content: "b" },
      { name: "../../etc/passwd", content: "x" },
    ],
    absolute: [{ name: "/etc/passwd", content: "x" }],
    links: [
      { name: "./", type: "5" },
      { name: "link", type: "2", link: "/etc/passwd" },
      { name: "./sub/run.sh", content: "x", mode: 0o755 },
      { name: ".git/config", content: "x" },
    ],
    device: [{ name: "null", type: "3" }],
    twice: [
      { name: "a", content: "1" },
      { name: "a", content: "22" },
    ],
  };
  for (const [tag, entries] of Object.entries(hostile)) registry.put("app", tag, { layers: [packedAs(entries)] });
  const arm = registry.put("multi", "arm", { layers: [layerOf({ a: "arm" })] });
  const amd = registry.put("multi", "amd", { layers: [layerOf({ a: "amd" })], annotations });
  const platforms = [
    { ...arm, platform: { os: "linux", architecture: "arm64" } },
    { ...amd, platform: { os: "linux", architecture: "amd64" } },
  ];
  registry.putManifest("multi", "latest", indexOf(platforms, { index: "annotation" }));
  registry.putManifest("multi", "foreign", indexOf(platforms.slice(0, 1)));
  const chartLayer = { mediaType: chartType, bytes: chart("web", "1.0.0") };
  registry.put("layers", "latest", { layers: [layerOf({ a: "a" }), chartLayer] });
  for (const version of ["1.0.0", "1.2.0+build", "2.0.0-rc.1"]) {
    const layers = [{ mediaType: chartType, bytes: chart("web", version) }];
    registry.put("charts/web", version.replace("+", "_"), { layers, config: chartConfig });
  }
  const layers = [{ mediaType: chartType, bytes: chart("web", "1.0.0") }];
  registry.put("charts/other", "1.0.0", { layers, config: chartConfig });
  registry.put("charts/unconfigured", "1.0.0", { layers });
  registry.put("charts/none", "1.0.0", { layers: [layerOf({ a: "a" })] });
  const { cases } = JSON.parse(readFileSync(recording, "utf8")) as { cases: Recorded[] };
  const recorded = cases.filter((each) => each.publicKey !== undefined || each.trustedRoot !== undefined);
  for (const { name, digest: signed, repository } of recorded) {
    for (const [tag, { type, text }] of Object.entries(repository.manifests))
      registry.manifests.set(`${name}:${tag}`, { type, bytes: Buffer.from(text) });
    const manifest = registry.manifests.get(`${name}:1.0.0`);
    if (manifest !== undefined) registry.manifests.set(`${name}:${signed}`, manifest);
    for (const [blob, base64] of Object.entries(repository.blobs))
      registry.blobs.set(blob, Buffer.from(base64, "base64"));
  }
  return { registry, recorded, digest };
}

const chartType = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
const chartConfig = { mediaType: "application/vnd.cncf.helm.config.v1+json", bytes: Buffer.from("{}") };

describe.skipIf(!hasFluxSource)("under Flux's controller and under ours", () => {
  let store: RealStore;
  let emulator: TestStore;
  let signed: TestRegistry;

  beforeAll(async () => {
    mkdirSync(`${root}/served`);
    emulator = await TestStore.start({ "a.yaml": "a", "b/c.yaml": "c" });
    closers.push(() => emulator.close());
    signed = await fillWithNotation();
    // No proxy is asked for addresses of this machine: all else is the list of revoked certificates.
    pair = await Pair.start({ STORAGE_EMULATOR_HOST: emulator.host, HTTP_PROXY: signed.url, http_proxy: signed.url });
  }, 120_000);
  afterAll(async () => {
    await pair?.close();
    for (const close of closers) await close();
    rmSync(root, { recursive: true, force: true });
  });

  it("OCIRepositories are the same", async () => {
    const { registry, recorded, digest } = await fillRegistry();
    const locked = await TestRegistry.start({ auth: "bearer", login: "user:secret" });
    closers.push(() => locked.close());
    locked.put("app", "latest", { layers: [layerOf({ a: "a" })] });
    const auths = { [locked.host]: { auth: Buffer.from("user:secret").toString("base64") } };
    const wrong = { [locked.host]: { auth: Buffer.from("user:wrong").toString("base64") } };
    await pair.secret("pull", { ".dockerconfigjson": JSON.stringify({ auths }) }, dockerType);
    await pair.secret("pull-wrong", { ".dockerconfigjson": JSON.stringify({ auths: wrong }) }, dockerType);
    await pair.secret("no-docker", { username: "user" });
    await pair.secret("no-certificate", { other: "x" });
    await pair.secret("bad-proxy", { username: "x" });
    await pair.account("puller", ["pull"]);
    const url = { url: `oci://${registry.host}/app` };
    const lockedUrl = { url: `oci://${locked.host}/app` };
    const layers = { url: `oci://${registry.host}/layers` };
    const specs: Record<string, JsonObject> = {
      plain: url,
      tag: { ...url, ref: { tag: "1.0.0" } },
      range: { ...url, ref: { semver: ">=1.0.0" } },
      "range-build": { ...url, ref: { semver: ">=4.0.0" } },
      filtered: { ...url, ref: { semver: ">=1.0.0-0", semverFilter: ".*-rc.*" } },
      "bad-filter": { ...url, ref: { semver: ">=1.0.0", semverFilter: "(" } },
      "range-before-tag": { ...url, ref: { semver: "1.x", tag: "2.0.0" } },
      digest: { ...url, ref: { digest, tag: "none" } },
      "no-tag": { ...url, ref: { tag: "none" } },
      "no-range": { ...url, ref: { semver: ">9" } },
      "bad-range": { ...url, ref: { semver: "nonsense" } },
      "no-digest": { ...url, ref: { digest: `sha256:${"0".repeat(64)}` } },
      "tag-in-url": { url: `oci://${registry.host}/app:1.0.0` },
      "bad-url": { url: `oci://${registry.host}/App%20x` },
      "no-server": { url: "oci://127.0.0.1:1/app" },
      "no-repository": { url: `oci://${registry.host}/nothing` },
      ignore: { ...url, ignore: "/*\n!/apps\n" },
      "ignore-nothing": { ...url, ignore: "# nothing" },
      ignoring: { ...url, ref: { tag: "ignoring" } },
      "ignoring-both": { ...url, ref: { tag: "ignoring" }, ignore: "!/apps\n*.md" },
      ...Object.fromEntries(
        ["empty", "garbage", "plain-tar", "climbing", "absolute", "links", "device", "twice"].map((tag) => [
          `layer-${tag}`,
          { ...url, ref: { tag } },
        ]),
      ),
      multi: { url: `oci://${registry.host}/multi` },
      "multi-foreign": { url: `oci://${registry.host}/multi`, ref: { tag: "foreign" } },
      "first-layer": layers,
      selected: { ...layers, layerSelector: { mediaType: chartType } },
      copied: { ...layers, layerSelector: { mediaType: chartType, operation: "copy" } },
      "copied-first": { ...layers, layerSelector: { operation: "copy" } },
      "selected-none": { ...layers, layerSelector: { mediaType: "none/such" } },
      locked: { ...lockedUrl, secretRef: { name: "pull" } },
      "locked-account": { ...lockedUrl, serviceAccountName: "puller" },
      "locked-without": lockedUrl,
      "locked-wrong": { ...lockedUrl, secretRef: { name: "pull-wrong" } },
      "no-secret": { ...url, secretRef: { name: "nothing" } },
      "no-docker": { ...url, secretRef: { name: "no-docker" } },
      "no-account": { ...url, serviceAccountName: "nothing" },
      "no-certificate": { ...url, certSecretRef: { name: "nothing" } },
      "bad-certificate": { ...url, certSecretRef: { name: "no-certificate" } },
      "no-proxy": { ...url, proxySecretRef: { name: "nothing" } },
      "bad-proxy": { ...url, proxySecretRef: { name: "bad-proxy" } },
      "own-identity": { ...url, provider: "aws", serviceAccountName: "puller" },
      "not-amazon": { ...url, provider: "aws" },
      unsigned: { ...url, verify: { provider: "cosign", secretRef: { name: "keys-ecdsa-p256-bundle" } } },
      "verify-no-secret": { ...url, verify: { provider: "cosign", secretRef: { name: "nothing" } } },
      "verify-no-keys": { ...url, verify: { provider: "cosign", secretRef: { name: "no-docker" } } },
    };
    for (const { name, publicKey, other, trustedRoot } of recorded) {
      const signed = { url: `oci://${registry.host}/${name}`, ref: { tag: "1.0.0" } };
      const verified = (verify: JsonObject): JsonObject => ({
        ...signed,
        layerSelector: { operation: "copy" },
        verify: { provider: "cosign", ...verify },
      });
      if (publicKey !== undefined) {
        await pair.secret(`keys-${name}`, { "cosign.pub": publicKey });
        specs[`cosign-${name}`] = verified({ secretRef: { name: `keys-${name}` } });
      }
      if (other !== undefined && name === "ecdsa-p256-bundle") {
        await pair.secret(`others-${name}`, { "cosign.pub": other });
        specs[`cosign-${name}-other`] = verified({ secretRef: { name: `others-${name}` } });
      }
      if (trustedRoot !== undefined) {
        await pair.secret(`root-${name}`, { "trusted_root.json": trustedRoot });
        const trustedRootSecretRef = { name: `root-${name}` };
        const anyone = {
          issuer: "^https://issuer\\.example\\.com$",
          subject: "^https://example\\.com/.*@refs/heads/main$",
        };
        specs[`cosign-${name}`] = verified({ trustedRootSecretRef, matchOIDCIdentity: [anyone] });
        specs[`cosign-${name}-stranger`] = verified({
          trustedRootSecretRef,
          matchOIDCIdentity: [{ ...anyone, subject: "^nobody$" }],
        });
      }
    }
    if (hasRealRegistry) {
      const server = await startRealRegistry({ login: "user:secret" });
      closers.push(() => server.close());
      const pusher = new Pusher(server.url, "user:secret", server.authority);
      await pusher.push("team/app", "1.0.0", { layers: [layerOf({ "a.yaml": "a" })], annotations });
      const login = { [server.host]: { username: "user", password: "secret" } };
      await pair.secret("real", { ".dockerconfigjson": JSON.stringify({ auths: login }) }, dockerType);
      await pair.secret("real-ca", { "ca.crt": server.authority });
      const spec = { url: `oci://${server.host}/team/app`, ref: { semver: "*" }, secretRef: { name: "real" } };
      specs["real"] = { ...spec, certSecretRef: { name: "real-ca" } };
      specs["real-untrusted"] = spec;
    }
    const copies = (name: string): Comparison => (/^(copied|cosign-)/.test(name) ? asIs : common);
    expect(await compareAll("OCIRepository", specs, copies)).toEqual({});
    expect(Object.keys(specs).length).toBeGreaterThan(50);
  }, 600_000);

  it("OCIRepositories signed with notation are the same", async () => {
    const specs: Record<string, JsonObject> = {};
    for (const recorded of notation.cases) {
      await notationSecret(recorded, signed.host);
      specs[`notation-${recorded.name}`] = {
        url: `oci://${signed.host}/${recorded.name}`,
        ref: { tag: "1.0.0" },
        // Without it Flux looks for signatures over TLS, on loopback addresses too.
        insecure: true,
        layerSelector: { operation: "copy" },
        verify: { provider: "notation", secretRef: { name: `notation-${recorded.name}` } },
      };
    }
    expect(await compareAll("OCIRepository", specs, () => asIs)).toEqual({});
    expect(Object.keys(specs).length).toBeGreaterThan(60);
  }, 600_000);

  it("HelmRepositories and HelmCharts of them are the same", async () => {
    const values = { "values-prod.yaml": "replicas: 3\nimage: {tag: c}\nlist: [1, 2]\n# a comment\n" };
    const bytes = chart("web", "1.1.0", values);
    const server = await ChartServer.start([
      { name: "web", version: "1.0.0", bytes: chart("web", "1.0.0", values) },
      { name: "web", version: "1.1.0", bytes },
      { name: "web", version: "2.0.0-rc.1", bytes },
      { name: "tampered", version: "1.0.0", bytes, digest: "0".repeat(64) },
      { name: "garbage", version: "1.0.0", bytes: Buffer.from("garbage") },
    ]);
    server.index = server
      .indexText()
      .replace('"entries":{', '"entries":{"gone":[{"name":"gone","version":"1.0.0","urls":["gone.tgz"]}],');
    closers.push(() => server.close());
    const serve = async (index: string): Promise<string> => {
      const other = await ChartServer.start([]);
      other.index = index;
      closers.push(() => other.close());
      return other.url;
    };
    const locked = await ChartServer.start([{ name: "web", version: "1.0.0", bytes }]);
    locked.login = "user:secret";
    closers.push(() => locked.close());
    await pair.secret("login", { username: "user", password: "secret" });
    await pair.secret("login-wrong", { username: "user", password: "wrong" });
    await pair.secret("login-half", { username: "user" });
    const head = "apiVersion: v1\ngenerated: 2026-01-01T00:00:00Z\n";
    const entry = (text: string): string => `${head}entries:\n  web:\n${text}`;
    const specs: Record<string, JsonObject> = {
      repo: { url: server.url },
      "repo-slash": { url: `${server.url}/` },
      locked: { url: locked.url, secretRef: { name: "login" } },
      "locked-without": { url: locked.url },
      "locked-wrong": { url: locked.url, secretRef: { name: "login-wrong" } },
      "login-half": { url: locked.url, secretRef: { name: "login-half" } },
      "index-number": { url: await serve(entry("  - {name: web, version: 1.0.0, urls: [a.tgz], appVersion: 1.10}\n")) },
      "no-secret": { url: server.url, secretRef: { name: "nothing" } },
      "no-certificate": { url: server.url, certSecretRef: { name: "nothing" } },
      "no-server": { url: "http://127.0.0.1:1/" },
      "no-path": { url: server.url.replace("/charts", "/other") },
      "wrong-scheme": { url: "oci://example.test/charts" },
      "index-html": { url: await serve("<html>") },
      "index-empty": { url: await serve("") },
      "index-no-entries": { url: await serve(head) },
      "index-no-version": { url: await serve("entries: {}\n") },
      "index-yaml": {
        url: await serve(
          entry(
            "  - name: web\n    version: 1.0.0\n    urls: [web-1.0.0.tgz]\n    created: 2026-01-01T00:00:00.123456789+02:00\n    appVersion: '1.10'\n    description: a <b> & c\n    keywords: [x, z]\n    home: https://example.com\n    maintainers: [{name: a, email: b@example.com}]\n    annotations: {a: b}\n    dependencies: [{name: d, version: 1.x, repository: https://example.com}]\n    kubeVersion: '>=1.20'\n    type: application\n    deprecated: true\n    icon: https://example.com/x.png\n    sources: [https://example.com]\n    digest: abc\n",
          ),
        ),
      },
      "index-bad-version": {
        url: await serve(
          entry(
            "  - {name: web, version: nonsense, urls: [a.tgz]}\n  - {name: web, version: 1.0.0, urls: [a.tgz], apiVersion: v2}\n",
          ),
        ),
      },
      "index-null": { url: await serve(entry("  - null\n  - {name: web, version: 1.0.0, urls: [a.tgz]}\n")) },
      "index-no-name": { url: await serve(entry("  - {version: 1.0.0, urls: [a.tgz]}\n")) },
      "index-twice": {
        url: await serve(
          entry("  - {name: web, version: 1.0.0, urls: [a.tgz]}\n  - {name: web, version: 1.0.0, urls: [b.tgz]}\n"),
        ),
      },
    };
    const repositories = await compareAll("HelmRepository", specs, () => asIs);
    expect(repositories).toEqual({});
    const of = (name: string): JsonObject => ({ chart: "web", sourceRef: { kind: "HelmRepository", name } });
    const charts: Record<string, JsonObject> = {
      newest: of("repo"),
      exact: { ...of("repo"), version: "1.0.0" },
      ranged: { ...of("repo"), version: "~1.0.0" },
      candidate: { ...of("repo"), version: ">=1.0.0-0" },
      "no-chart": { ...of("repo"), chart: "nothing" },
      "no-version": { ...of("repo"), version: ">9" },
      "bad-version": { ...of("repo"), version: "nonsense" },
      "bad-name": { ...of("repo"), chart: "../web" },
      tampered: { ...of("repo"), chart: "tampered" },
      garbage: { ...of("repo"), chart: "garbage" },
      gone: { ...of("repo"), chart: "gone" },
      "of-locked": of("locked"),
      "of-nothing": of("nothing"),
      "of-failed": of("no-path"),
      values: { ...of("repo"), valuesFiles: ["values.yaml", "values-prod.yaml"] },
      "values-own": { ...of("repo"), valuesFiles: ["values.yaml"] },
      "values-missing": { ...of("repo"), valuesFiles: ["values.yaml", "nothing.yaml"] },
      "values-forgiving": {
        ...of("repo"),
        valuesFiles: ["nothing.yaml", "values-prod.yaml"],
        ignoreMissingValuesFiles: true,
      },
      "values-forgiving-all": { ...of("repo"), valuesFiles: ["nothing.yaml"], ignoreMissingValuesFiles: true },
      "verify-index": { ...of("repo"), verify: { provider: "cosign" } },
    };
    const kept = new Set(["newest", "exact", "ranged", "candidate", "values-own", "of-locked"]);
    const how = (name: string): Comparison => (kept.has(name) ? asIs : asChart);
    expect(await compareAll("HelmChart", charts, how)).toEqual({});
  }, 600_000);

  it("HelmCharts of registries are the same", async () => {
    const { registry, recorded } = await fillRegistry();
    const repository = { kind: "HelmRepository", name: "oci" };
    await pair.secret("chart-key", { "cosign.pub": recorded.find((each) => each.publicKey)?.publicKey ?? "" });
    await pair.source("HelmRepository", "oci", { type: "oci", url: `oci://${registry.host}/charts`, insecure: true });
    await pair.source("HelmRepository", "oci-down", { type: "oci", url: "oci://127.0.0.1:1/charts" });
    await pair.source("HelmRepository", "oci-bad", { type: "oci", url: "http://127.0.0.1:1/charts" });
    const of = { chart: "web", sourceRef: repository };
    const charts: Record<string, JsonObject> = {
      "oci-newest": of,
      "oci-exact": { ...of, version: "1.2.0+build" },
      "oci-tag": { ...of, version: "1.0.0" },
      "oci-ranged": { ...of, version: "1.x" },
      "oci-candidate": { ...of, version: ">=2.0.0-0" },
      "oci-no-version": { ...of, version: ">9" },
      "oci-no-tag": { ...of, version: "9.9.9" },
      "oci-bad-version": { ...of, version: "nonsense" },
      "oci-no-chart": { ...of, chart: "nothing" },
      "oci-other-name": { ...of, chart: "other" },
      "oci-unconfigured": { ...of, chart: "unconfigured" },
      "oci-no-layer": { ...of, chart: "none" },
      "oci-values": { ...of, valuesFiles: ["values.yaml", "nothing.yaml"], ignoreMissingValuesFiles: true },
      "oci-down": { ...of, sourceRef: { kind: "HelmRepository", name: "oci-down" } },
      "oci-bad": { ...of, sourceRef: { kind: "HelmRepository", name: "oci-bad" } },
      "oci-unsigned": { ...of, version: "1.0.0", verify: { provider: "cosign", secretRef: { name: "chart-key" } } },
      "oci-no-key": { ...of, verify: { provider: "cosign", secretRef: { name: "nothing" } } },
    };
    const signer = makeSigner(root);
    const pushed = registry.manifests.get("charts/web:1.0.0") ?? { type: "", bytes: Buffer.from("") };
    signWithNotation(registry, "charts/web", describePacked({ mediaType: pushed.type, bytes: pushed.bytes }), signer);
    registry.behaviour.hasReferrers = true;
    await pair.secret("notary", { "trustpolicy.json": trustPolicyOf(), "ca.crt": signer.certificate });
    await pair.secret("notary-audit", {
      "trustpolicy.json": trustPolicyOf("audit"),
      "ca.crt": makeSigner(root).certificate,
    });
    await pair.secret("notary-other", { "trustpolicy.json": trustPolicyOf(), "ca.crt": makeSigner(root).certificate });
    await pair.secret("notary-none", { "trustpolicy.json": trustPolicyOf() });
    for (const [name, secret, version] of [
      ["notation", "notary", "1.0.0"],
      ["notation-audit", "notary-audit", "1.0.0"],
      ["notation-other", "notary-other", "1.0.0"],
      ["notation-unsigned", "notary", "1.2.0+build"],
      ["notation-no-certificate", "notary-none", "1.0.0"],
      ["notation-no-policy", "chart-key", "1.0.0"],
    ] as const)
      charts[`oci-${name}`] = { ...of, version, verify: { provider: "notation", secretRef: { name: secret } } };
    const how = (name: string): Comparison => (name === "oci-values" ? asChart : asIs);
    expect(await compareAll("HelmChart", charts, how)).toEqual({});
  }, 600_000);

  it("HelmCharts of Git repositories are the same", async () => {
    const files = (folder: string, yaml: string, more: Record<string, string> = {}): Record<string, string> =>
      Object.fromEntries(
        Object.entries({
          "Chart.yaml": yaml,
          "values.yaml": "a: 1\n",
          "templates/a.yaml": "kind: ConfigMap\n",
          ".helmignore": "*.txt\n",
          "notes.txt": "left out",
          ...more,
        }).map(([name, content]) => [`${folder}/${name}`, content]),
      );
    const redis = await ChartServer.start([{ name: "redis", version: "7.1.0", bytes: chart("redis", "7.1.0") }]);
    closers.push(() => redis.close());
    const server = await serveHttp(`${root}/served`);
    closers.push(() => server.close());
    const shop = new TestRepository(`${root}/served/charts.git`);
    const dependencies = (text: string): string => `dependencies:\n${text}`;
    const yaml = (name: string, rest = ""): string => `apiVersion: v2\nname: ${name}\nversion: 0.1.0\n${rest}`;
    shop.commit({
      ...files("charts/shop", yaml("shop", "appVersion: 1.10\ndescription: x # y\n")),
      ...files("charts/base", yaml("base").replace("0.1.0", "1.0.0")),
      ...files(
        "charts/umbrella",
        yaml("umbrella", dependencies('- {name: base, version: ">=1.0.0", repository: "file://../base"}\n')),
      ),
      ...files(
        "charts/remote",
        yaml("remote", dependencies(`- {name: redis, version: 7.x, repository: "${redis.url}", alias: cache}\n`)),
      ),
      ...files(
        "charts/gone",
        yaml("gone", dependencies('- {name: gone, version: 1.x, repository: "file://../nothing"}\n')),
      ),
      ...files("charts/nameless", "apiVersion: v2\nversion: 0.1.0\n"),
      ...files("charts/versionless", "apiVersion: v2\nname: x\n"),
      ...files("charts/invalid", "a: [\n"),
      "prod/values.yaml": "a: 2\nb: {c: d}\n",
      "empty/a": "a",
      "charts/file": "x",
    });
    await pair.source("GitRepository", "charts", {
      url: `${server.url}/charts.git`,
      interval: "1h",
      ref: { branch: "main" },
    });
    // A chart that waits for its repository looks the same under both: their repositories must be there first.
    await pair.settled([{ kind: "GitRepository", name: "charts", compare: common }], patienceMs);
    expect((await pair.statuses("GitRepository", "charts")).every(({ artifact }) => artifact !== undefined)).toBe(true);
    const of = (path: string): JsonObject => ({ chart: path, sourceRef: { kind: "GitRepository", name: "charts" } });
    const charts: Record<string, JsonObject> = {
      "git-shop": of("./charts/shop"),
      "git-slash": of("charts/shop/"),
      "git-revision": { ...of("charts/shop"), reconcileStrategy: "Revision" },
      "git-values": { ...of("charts/shop"), valuesFiles: ["charts/shop/values.yaml", "prod/values.yaml"] },
      "git-values-slash": { ...of("charts/shop"), valuesFiles: ["./charts/shop/values.yaml", "/prod/values.yaml"] },
      "git-values-revision": {
        ...of("charts/shop"),
        valuesFiles: ["prod/values.yaml"],
        reconcileStrategy: "Revision",
      },
      "git-values-missing": { ...of("charts/shop"), valuesFiles: ["nothing.yaml"] },
      "git-values-climbing": { ...of("charts/shop"), valuesFiles: ["../../values.yaml"] },
      "git-umbrella": of("charts/umbrella"),
      "git-remote": of("charts/remote"),
      "git-gone": of("charts/gone"),
      "git-nowhere": of("nowhere"),
      "git-climbing": of("../x"),
      "git-empty": of("empty"),
      "git-file": of("charts/file"),
      "git-nameless": of("charts/nameless"),
      "git-versionless": of("charts/versionless"),
      "git-invalid": of("charts/invalid"),
    };
    expect(await compareAll("HelmChart", charts, () => asChart)).toEqual({});
  }, 600_000);

  it.skipIf(realStores.length === 0)(
    "Buckets and HelmCharts of them are the same",
    async () => {
      const start = realStores.at(-1)?.start;
      if (start === undefined) throw new Error("no store");
      store = await start();
      closers.push(() => store.close());
      await putObject(store, "shop", "");
      await putObject(store, "empty", "");
      const objects: Record<string, string> = {
        "apps/a.yaml": "a",
        "apps/b.md": "b",
        "x.png": "p",
        "a b/ü.yaml": "umlaut",
        ".github/ci.yaml": "ci",
        ".sourceignore": "*.md\n",
        "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n",
        "chart/values.yaml": "a: 1\n",
        "sub/.sourceignore": "/x\n",
        "sub/x": "x",
      };
      for (const [key, content] of Object.entries(objects)) await putObject(store, `shop/${key}`, content);
      await pair.secret("keys", { accesskey: store.accessKeyId, secretkey: store.secretAccessKey });
      await pair.secret("keys-wrong", { accesskey: "wrong", secretkey: "wrong" });
      await pair.secret("keys-half", { accesskey: "x" });
      const s3 = {
        bucketName: "shop",
        endpoint: store.host,
        insecure: true,
        region: store.region,
        secretRef: { name: "keys" },
      };
      const azure = { provider: "azure", bucketName: "shop", endpoint: `http://${emulator.host}`, insecure: true };
      await pair.secret("azure-key", { accountKey: Buffer.from("secret").toString("base64") });
      await pair.secret("azure-sas", { sasKey: "sv=1&sig=x" });
      const google = { provider: "gcp", bucketName: "shop", endpoint: "storage.googleapis.com" };
      await pair.secret("google-none", { other: "x" });
      const specs: Record<string, object> = {
        bucket: s3,
        prefix: { ...s3, prefix: "apps/" },
        ignoring: { ...s3, ignore: "*.png\n!*.md" },
        "no-bucket": { ...s3, bucketName: "nothing" },
        "empty-bucket": { ...s3, bucketName: "empty" },
        "no-server": { ...s3, endpoint: "127.0.0.1:1" },
        "keys-wrong": { ...s3, secretRef: { name: "keys-wrong" } },
        "keys-half": { ...s3, secretRef: { name: "keys-half" } },
        "keys-none": { ...s3, secretRef: { name: "nothing" } },
        "no-certificate": { ...s3, certSecretRef: { name: "nothing" } },
        "no-proxy": { ...s3, proxySecretRef: { name: "nothing" } },
        "sts-ldap": { ...s3, secretRef: undefined, sts: { provider: "ldap", endpoint: "http://127.0.0.1:1" } },
        "own-identity": { ...s3, provider: "aws", secretRef: undefined, serviceAccountName: "puller" },
        azure: { ...azure, secretRef: { name: "azure-key" } },
        "azure-sas": { ...azure, secretRef: { name: "azure-sas" } },
        "azure-half": { ...azure, secretRef: { name: "keys-half" } },
        google,
        "google-none": { ...google, secretRef: { name: "google-none" } },
      };
      const given = JSON.parse(JSON.stringify(specs)) as Record<string, JsonObject>;
      expect(await compareAll("Bucket", given, () => common)).toEqual({});
      const charts: Record<string, JsonObject> = {
        "bucket-chart": { chart: "chart", sourceRef: { kind: "Bucket", name: "bucket" } },
        "bucket-revision": {
          chart: "chart",
          sourceRef: { kind: "Bucket", name: "bucket" },
          reconcileStrategy: "Revision",
        },
      };
      expect(await compareAll("HelmChart", charts, () => asChart)).toEqual({});
    },
    600_000,
  );
});
