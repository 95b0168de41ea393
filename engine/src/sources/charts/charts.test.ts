import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { realClock } from "../../cluster/cluster.contract.ts";
import { HttpClient } from "../http/index.ts";
import { Keychain, Registry } from "../oci/index.ts";
import { sha256, TestRegistry } from "../oci/registry.contract.ts";
import { findVersion, readIndex, readStoredIndex } from "./chart-index.ts";
import { fetchRegistryChart, findRegistryChart } from "./registry-charts.ts";
import { archiveUrl, fetchArchive, fetchIndex, normalizeRepositoryUrl, type RepositoryCall } from "./repository.ts";

const client = new HttpClient({ clock: realClock, random: () => 0 });
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
afterAll(() => client.close());

const folder = new URL("testdata/index/", import.meta.url);

describe("an index", () => {
  const names = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  it.each(names)("%s is stored as Flux stores it", (name) => {
    const { index, json } = readIndex(readFileSync(new URL(name, folder)), name);
    expect(json).toBe(readFileSync(new URL(name.replace(".yaml", ".json"), folder), "utf8"));
    expect(readStoredIndex(Buffer.from(json))).toEqual(new Map([...index].sort(([a], [b]) => (a < b ? -1 : 1))));
  });

  it.each([
    ["", "the index is empty"],
    ["- a", "the index is no mapping"],
    ["entries: {}", "the index names no apiVersion"],
    ["apiVersion: v1\nentries: [a]", "no mapping"],
    ["apiVersion: v1\n a: b: c", "the index cannot be read"],
    ["<html>not found</html>", "the index is no mapping"],
  ])("%j is refused", (text, message) => {
    expect(() => readIndex(Buffer.from(text), "here")).toThrow(message);
  });
});

const index = readIndex(
  Buffer.from(
    JSON.stringify({
      apiVersion: "v1",
      entries: {
        web: ["1.0.0", "1.2.0", "2.0.0-rc.1", "1.10.0", "0.9", "1.2.0+b"].map((version, i) => ({
          name: "web",
          version,
          urls: [`${version}.tgz`],
          created: `2026-01-0${i + 1}T00:00:00Z`,
        })),
        none: [],
      },
    }),
  ),
  "here",
).index;

describe("a version", () => {
  it.each([
    ["", "1.10.0"],
    ["*", "1.10.0"],
    ["~1.2", "1.2.0+b"],
    ["1.2.0", "1.2.0"],
    [">=1.0.0-0", "2.0.0-rc.1"],
    [">1.2.0 <1.11", "1.10.0"],
    ["0.9", "0.9"],
  ])("%j is %s", (wanted, expected) => {
    expect(findVersion(index, "web", wanted).version).toBe(expected);
  });

  it.each([
    ["other", "*", "no chart name found"],
    ["none", "*", "no chart version found"],
    ["web", ">9", "no 'web' chart with version matching '>9' found"],
    ["web", "nonsense", "is no range"],
  ])("of %s %s is none", (name, wanted, message) => {
    expect(() => findVersion(index, name, wanted)).toThrow(message);
  });
});

describe("a repository's URL", () => {
  it.each([
    ["https://example.com", "https://example.com/"],
    ["https://example.com/charts//", "https://example.com/charts/"],
    ["https://example.com/a?token=b", "https://example.com/a/?token=b"],
    ["oci://ghcr.io/charts/", "oci://ghcr.io/charts"],
  ])("%s is written %s", (url, expected) => {
    expect(normalizeRepositoryUrl(url)).toBe(expected);
  });

  it.each([
    ["a-1.tgz", "https://example.com/charts/a-1.tgz?t=1"],
    ["/a-1.tgz", "https://example.com/a-1.tgz?t=1"],
    ["../a-1.tgz", "https://example.com/a-1.tgz?t=1"],
    ["https://cdn.example.com/a-1.tgz", "https://cdn.example.com/a-1.tgz"],
  ])("leads to %s as %s", (reference, expected) => {
    expect(archiveUrl("https://example.com/charts?t=1", reference)).toBe(expected);
  });
});

type Seen = { url: string; authorization: string | undefined };

async function serve(answer: (request: IncomingMessage) => string | undefined, seen: Seen[]): Promise<string> {
  const server = createServer((request, response) => {
    seen.push({ url: request.url ?? "", authorization: request.headers.authorization });
    const body = answer(request);
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const call: RepositoryCall = {
  access: {},
  login: { username: "u", password: "p" },
  signal: new AbortController().signal,
  timeoutMs: 30_000,
};

describe("a repository", () => {
  it("gets the login at its own host alone, unless asked to pass it on", async () => {
    const seen: Seen[] = [];
    const elsewhere: Seen[] = [];
    const other = await serve(() => "chart", elsewhere);
    const own = await serve((request) => (request.url === "/charts/index.yaml" ? "apiVersion: v1" : "chart"), seen);
    const repository = `${own}/charts`;
    expect((await fetchIndex(client, repository, call))?.bytes.toString()).toBe("apiVersion: v1");
    const entry = { name: "a", version: "1.0.0", urls: ["a.tgz"], digest: "", createdMs: 0 };
    await fetchArchive(client, { repository, entry }, call);
    const far = { ...entry, urls: [`${other}/a.tgz`] };
    await fetchArchive(client, { repository, entry: far }, call);
    await fetchArchive(client, { repository, entry: far }, { ...call, passesCredentials: true });
    const basic = `Basic ${Buffer.from("u:p").toString("base64")}`;
    expect(seen).toEqual([
      { url: "/charts/index.yaml", authorization: basic },
      { url: "/charts/a.tgz", authorization: basic },
    ]);
    expect(elsewhere.map((each) => each.authorization)).toEqual([undefined, basic]);
  });

  it("that sends another archive than its index names is not believed", async () => {
    const repository = await serve(() => "tampered", []);
    const digest = sha256(Buffer.from("right")).slice(7);
    const entry = { name: "a", version: "1.0.0", urls: ["a.tgz"], digest, createdMs: 0 };
    await expect(fetchArchive(client, { repository, entry }, call)).rejects.toMatchObject({
      code: "chart-digest-mismatch",
    });
  });
});

describe("charts in a registry", () => {
  it("are found by version or range, and fetched", async () => {
    const server = await TestRegistry.start();
    const chart = { mediaType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip", bytes: Buffer.from("chart") };
    const proof = { mediaType: "application/vnd.cncf.helm.chart.provenance.v1.prov", bytes: Buffer.from("proof") };
    for (const tag of ["1.0.0", "1.1.0_build.1", "2.0.0-rc.1"])
      server.put("charts/web", tag, { layers: [proof, chart] });
    server.put("charts/other", "1.0.0", { layers: [proof] });
    const registry = new Registry({ client, clock: realClock });
    const registryCall = { access: {}, keychain: new Keychain(), signal: call.signal, timeoutMs: 30_000 };
    const find = async (version: string, name = "web"): ReturnType<typeof findRegistryChart> =>
      findRegistryChart(registry, { repository: `oci://${server.host}/charts`, name, version }, registryCall);
    expect((await find("*")).version).toBe("1.1.0+build.1");
    expect((await find(">=1.0.0-0")).version).toBe("2.0.0-rc.1");
    const before = server.requests.length;
    const found = await find("1.0.0");
    expect(server.requests.length).toBe(before);
    const fetched = await fetchRegistryChart(registry, found.reference, registryCall);
    expect([fetched.bytes.toString(), fetched.provenance?.toString()]).toEqual(["chart", "proof"]);
    const bare = await find("1.0.0", "other");
    await expect(fetchRegistryChart(registry, bare.reference, registryCall)).rejects.toMatchObject({
      code: "chart-invalid",
    });
    await expect(find("9.x")).rejects.toMatchObject({ code: "oci-tag-absent" });
    await server.close();
  });
});
