import { describe, expect, it } from "vitest";
import { parseChallenges } from "./challenge.ts";
import { parseDockerConfig } from "./keychain.ts";
import { byDigest, formatReference, formatRepository, isPrivateHost, parseRepository, tagged } from "./reference.ts";
import { newestTag } from "./versions.ts";

describe("a repository's URL", () => {
  it.each([
    ["oci://ghcr.io/stefanprodan/manifests/podinfo", "ghcr.io/stefanprodan/manifests/podinfo"],
    ["oci://localhost:5000/app", "localhost:5000/app"],
    ["oci://registry/app", "index.docker.io/registry/app"],
    ["oci://podinfo", "index.docker.io/library/podinfo"],
    ["oci://docker.io/nginx", "index.docker.io/library/nginx"],
    ["oci://[::1]:5000/a/b", "[::1]:5000/a/b"],
    ["oci://ghcr.io/a/b/", "ghcr.io/a/b"],
  ])("%s is %s", (url, expected) => {
    expect(formatRepository(parseRepository(url))).toBe(expected);
  });

  it.each([
    ["https://ghcr.io/a", "URL must be in format 'oci://<domain>/<org>/<repo>'"],
    ["oci://ghcr.io/a:1.0", "URL must not contain a tag; remove ':1.0'"],
    ["oci://ghcr.io/a@sha256:00", "URL must not contain a tag; remove '@sha256:00'"],
    ["oci://ghcr.io/A", "the repository's name"],
    ["oci://ghcr.io/a/../b", "the repository's name"],
    ["oci://ghcr.io/a?b", "the repository's name"],
    ["oci://user@host.io/a", "is no host"],
    ["oci://", "the repository's name"],
  ])("%s is refused", (url, message) => {
    expect(() => parseRepository(url)).toThrow(message);
  });

  it("takes a tag or a digest", () => {
    const repository = parseRepository("oci://ghcr.io/a");
    const digest = `sha256:${"0".repeat(64)}`;
    expect(formatReference(tagged(repository, "1.0"))).toBe("ghcr.io/a:1.0");
    expect(formatReference(byDigest(repository, digest))).toBe(`ghcr.io/a@${digest}`);
    expect(() => tagged(repository, "../x")).toThrow("is no tag");
    expect(() => byDigest(repository, "sha256:1")).toThrow("is no digest");
  });

  it.each([
    ["localhost:5000", true],
    ["10.1.2.3", true],
    ["172.20.0.1:80", true],
    ["registry.local", true],
    ["172.32.0.1", false],
    ["10.example.com", false],
    ["ghcr.io", false],
  ])("of %s may be in plain HTTP: %s", (host, expected) => {
    expect(isPrivateHost(host)).toBe(expected);
  });
});

describe("a docker configuration", () => {
  const entry = (name: string): object => ({ username: name, password: "p" });
  it.each<[string, Record<string, object>, string, string | undefined]>([
    ["a host", { "ghcr.io": entry("a") }, "oci://ghcr.io/x/y", "a"],
    ["a host with scheme and version", { "https://ghcr.io/v2/": entry("a") }, "oci://ghcr.io/x", "a"],
    ["another host", { "ghcr.io": entry("a") }, "oci://quay.io/x", undefined],
    ["a longer name", { "ghcr.io": entry("a") }, "oci://evil-ghcr.io/x", undefined],
    ["a path", { "ghcr.io/x": entry("a") }, "oci://ghcr.io/x/y", "a"],
    ["a path that only begins alike", { "ghcr.io/x": entry("a") }, "oci://ghcr.io/xy", undefined],
    [
      "the longest path",
      { "ghcr.io": entry("a"), "ghcr.io/x/y": entry("c"), "ghcr.io/x": entry("b") },
      "oci://ghcr.io/x/y/z",
      "c",
    ],
    ["a part by `*`", { "*.example.com": entry("a") }, "oci://eu.example.com/x", "a"],
    ["not two parts by `*`", { "*.example.com": entry("a") }, "oci://a.b.example.com/x", undefined],
    [
      "a piece of a part by `*`",
      { "*.dkr.ecr.*-west-*.amazonaws.com": entry("a") },
      "oci://1.dkr.ecr.us-west-2.amazonaws.com/x",
      "a",
    ],
    ["a port", { "host.io:5000": entry("a") }, "oci://host.io:5000/x", "a"],
    ["not another port", { "host.io:5000": entry("a") }, "oci://host.io:5001/x", undefined],
    ["not a port that is not named", { "host.io": entry("a") }, "oci://host.io:5000/x", undefined],
    ["Docker Hub by its old name", { "https://index.docker.io/v1/": entry("a") }, "oci://docker.io/x/y", "a"],
  ])("fits %s", (_, auths, url, expected) => {
    const found = parseDockerConfig(JSON.stringify({ auths }), "Secret/a/b").find(parseRepository(url));
    expect(found?.is === "basic" ? found.username : undefined).toBe(expected);
  });

  it.each([
    ["auth", { auth: Buffer.from("u:p:w").toString("base64") }, { is: "basic", username: "u", password: "p:w" }],
    ["identitytoken", { identitytoken: "t" }, { is: "refresh", identityToken: "t", username: "" }],
    ["registrytoken", { registrytoken: "t" }, { is: "bearer", token: "t" }],
    ["<token>", { username: "<token>", password: "t" }, { is: "refresh", identityToken: "t", username: "<token>" }],
  ])("reads %s", (_, auth, expected) => {
    const text = JSON.stringify({ auths: { "ghcr.io": auth } });
    expect(parseDockerConfig(text, "Secret/a/b").find(parseRepository("oci://ghcr.io/x"))).toEqual(expected);
  });

  it("of the older form lacks `auths`", () => {
    const text = JSON.stringify({ "ghcr.io": entry("a") });
    expect(parseDockerConfig(text, "Secret/a/b").find(parseRepository("oci://ghcr.io/x"))).toMatchObject({
      username: "a",
    });
  });

  it.each([
    ["no json", "{"],
    ["auth", '{"auths":{"ghcr.io":{"auth":"!!!secret"}}}'],
  ])("broken in its %s tells no secret", (_, text) => {
    let message = "";
    try {
      parseDockerConfig(text, "Secret/a/b");
    } catch (thrown) {
      message = String((thrown as Error).message);
    }
    expect(message).not.toBe("");
    expect(message).not.toContain("secret");
  });
});

describe("a challenge", () => {
  it.each([
    [
      'Bearer realm="https://a/t",service="s",scope="repository:a:pull,push"',
      [["bearer", { realm: "https://a/t", service: "s", scope: "repository:a:pull,push" }]],
    ],
    ['Basic realm="a \\"b\\""', [["basic", { realm: 'a "b"' }]]],
    [
      'Negotiate, Basic realm=x, Bearer realm="y"',
      [
        ["negotiate", {}],
        ["basic", { realm: "x" }],
        ["bearer", { realm: "y" }],
      ],
    ],
    ["", []],
  ])("%s", (header, expected) => {
    const found = parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
    expect(found).toEqual(expected);
  });
});

describe("the newest tag", () => {
  const tags = [
    "latest",
    "v1.0.0",
    "1.1.0",
    "1.2",
    "1.2.0-rc.1",
    "1.10.0",
    "2.0.0",
    "02.0.0",
    "1.1.0_build",
    "nightly-3.0.0",
    "sha256-00.sig",
  ];
  it.each<[string, string | undefined, string]>([
    [">=1.0.0", undefined, "2.0.0"],
    ["1.x", undefined, "1.10.0"],
    ["~1.0", undefined, "v1.0.0"],
    [">=1.2.0-0 <1.3.0", undefined, "1.2.0-rc.1"],
    [">=1.0.0", "^v", "v1.0.0"],
    ["*", "^1\\.1", "1.10.0"],
  ])("in %s with filter %s is %s", (range, filter, expected) => {
    expect(newestTag(tags, { range, ...(filter && { filter }) }, "here")).toBe(expected);
  });

  it("of a chart reads `_` as `+`", () => {
    expect(newestTag(["1.0.0_a", "0.9.0"], { range: "*", isChart: true }, "here")).toBe("1.0.0_a");
    expect(newestTag(["1.0.0_a", "0.9.0"], { range: "*" }, "here")).toBe("0.9.0");
  });

  it.each([
    [">9", undefined, "no match found for semver: >9", "retry"],
    ["no range", undefined, "semver 'no range' parse error", "stall"],
    ["*", "(", "is no regular expression", "stall"],
  ])("in %s with filter %s is none", (range, filter, message, disposition) => {
    let thrown: unknown;
    try {
      newestTag(tags, { range, ...(filter && { filter }) }, "here");
    } catch (fault) {
      thrown = fault;
    }
    expect(thrown).toMatchObject({ disposition, message: expect.stringContaining(message) as string });
  });
});
