// Everything that can be wrong in a repository: each ends in a condition that names the place, the cause and what to do, and
// the delivery beside it goes on unharmed.

import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configMap, kustomization, namespace } from "./fixtures.ts";
import { command, Home, hasKubectl, until } from "./home.ts";
import { Repository } from "./repository.ts";

const bomb = `${["a", "b", "c", "d", "e", "f", "g", "h", "i"]
  .map(
    (name, index, all) =>
      `${name}: &${name} [${Array(9)
        .fill(index === 0 ? "x" : `*${all[index - 1]}`)
        .join(",")}]`,
  )
  .join("\n")}\n`;

/** Name of the delivery, its files, and what its condition must say. */
const cases: { name: string; files: Record<string, string>; says: RegExp; extra?: string }[] = [
  {
    name: "broken-yaml",
    files: { "web.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a\n" },
    says: /web\.yaml.*(line|:)\s*\d/s,
  },
  {
    name: "unknown-kind",
    files: { "web.yaml": "apiVersion: example.org/v1\nkind: Gizmo\nmetadata: {name: a, namespace: default}\n" },
    says: /Gizmo/,
  },
  {
    name: "invalid-object",
    files: {
      "web.yaml":
        "apiVersion: v1\nkind: Service\nmetadata: {name: Not_A_Name, namespace: default}\nspec: {ports: [{port: 80}]}\n",
    },
    says: /Not_A_Name/,
  },
  { name: "yaml-bomb", files: { "web.yaml": bomb }, says: /web\.yaml/ },
  { name: "missing-resource", files: { "kustomization.yaml": "resources: [nowhere.yaml]\n" }, says: /nowhere\.yaml/ },
];

describe.skipIf(!hasKubectl)("bad input", () => {
  const repository = new Repository();
  let home: Home;

  beforeAll(async () => {
    repository.write({
      "clusters/demo/good.yaml": kustomization("good", "./good"),
      "clusters/demo/missing-path.yaml": kustomization("missing-path", "./not/here"),
      "clusters/demo/one.yaml": kustomization("one", "./one", "  dependsOn:\n    - name: two\n"),
      "clusters/demo/two.yaml": kustomization("two", "./two", "  dependsOn:\n    - name: one\n"),
      "clusters/demo/claim-a.yaml": kustomization("claim-a", "./claim-a"),
      "clusters/demo/claim-b.yaml": kustomization("claim-b", "./claim-b", "  dependsOn:\n    - name: claim-a\n"),
      "good/settings.yaml": configMap("settings", { generation: "1" }),
      "one/a.yaml": configMap("one", {}),
      "two/a.yaml": configMap("two", {}),
      "claim-a/a.yaml": configMap("claimed", { by: "a" }),
      "claim-b/a.yaml": configMap("claimed", { by: "b" }),
      "clusters/demo/symlink.yaml": kustomization("symlink", "./symlink"),
      "symlink/kustomization.yaml": "resources: [passwords.yaml]\n",
      "clusters/demo/huge.yaml": kustomization("huge", "./huge"),
      "huge/kustomization.yaml": "resources: [big.yaml]\n",
    });
    symlinkSync("/etc/passwd", join(repository.path, "symlink/passwords.yaml"));
    writeFileSync(join(repository.path, "huge/big.yaml"), "a: 1\n");
    truncateSync(join(repository.path, "huge/big.yaml"), 200 << 20);
    for (const each of cases) {
      repository.write({ [`clusters/demo/${each.name}.yaml`]: kustomization(each.name, `./${each.name}`, each.extra) });
      for (const [file, text] of Object.entries(each.files)) repository.write({ [`${each.name}/${file}`]: text });
    }
    repository.commit("all that can be wrong");
    home = new Home({ args: ["--repo", repository.path, "--branch", "main", "--path", "clusters/demo"] });
    home.start();
    await home.ready();
  }, 120_000);

  afterAll(async () => {
    await home[Symbol.asyncDispose]();
    repository[Symbol.dispose]();
  });

  it.each(cases)("$name is refused with its place", async ({ name, says }) => {
    expect((await home.readyCondition("kustomization", name, "False")).message).toMatch(says);
  });

  it("names a path that is not in the revision", async () => {
    expect((await home.readyCondition("kustomization", "missing-path", "False")).message).toMatch(/not\/here/);
  });

  it("names a symlink instead of following it", async () => {
    const { message } = await home.readyCondition("kustomization", "symlink", "False");
    expect(message).toMatch(/passwords\.yaml/);
    expect(message).toMatch(/symlink/);
    expect(message).not.toMatch(/root:/);
  });

  it("refuses a file of 200 MB without reading it whole", async () => {
    expect((await home.readyCondition("kustomization", "huge", "False")).message).toMatch(/big\.yaml/);
    expect(home.memory()).toBeLessThan(1_000 << 20);
  });

  it("names a cycle of dependencies", async () => {
    const { message } = await home.readyCondition("kustomization", "one", "False");
    expect(message).toMatch(/two/);
  });

  it("tells that another delivery claims the object", async () => {
    const text = await until("a word about the claim", async () => {
      const live = await home.object("kustomization", "claim-b", "flux-system");
      const events = await home.kubectl(["get", "events", "-n", "flux-system"]);
      const said = `${JSON.stringify(live?.status)} ${events.out}`;
      return said.includes("claim-a") && said.includes("claimed") ? said : undefined;
    });
    expect(text).toMatch(/claim-a/);
  });

  it("harms no other delivery", async () => {
    await home.readyCondition("kustomization", "good", "True");
    repository.write({ "good/settings.yaml": configMap("settings", { generation: "2" }) }).commit("two");
    await until("generation 2", async () =>
      (await home.object("configmap", "settings"))?.data?.["generation"] === "2" ? true : undefined,
    );
  });

  it.each([
    { name: "unreachable", url: "http://127.0.0.1:9/none.git", says: /127\.0\.0\.1:9|unreachable|connect/i },
    { name: "missing-branch", url: "", says: /nonesuch/ },
  ])("a source that is $name says so", async ({ name, url, says }) => {
    const answer = await home.kubectl(
      ["apply", "-f", "-"],
      `apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: ${name}, namespace: flux-system}\nspec: {interval: 1m, timeout: 5s, url: "${url || `file://${repository.path}`}", ref: {branch: nonesuch}}\n`,
    );
    expect(answer.err).toBe("");
    expect((await home.readyCondition("gitrepository", name, "False")).message).toMatch(says);
  });

  it("puts a new namespace where an object asks for one that is not there into words", async () => {
    repository.write({
      "clusters/demo/lost.yaml": kustomization("lost", "./lost"),
      "lost/a.yaml": configMap("a", {}, "not-made"),
    });
    repository.commit("lost");
    expect((await home.readyCondition("kustomization", "lost", "False")).message).toMatch(/not-made/);
    repository.write({ "lost/namespace.yaml": namespace("not-made") }).commit("found");
    await home.readyCondition("kustomization", "lost", "True");
  });
});

describe.skipIf(!existsSync("/dev/full"))("a command whose output cannot be written", () => {
  it("says so, and fails", () => {
    const full = openSync("/dev/full", "w");
    const { status, stderr } = spawnSync(process.execPath, [command, "version"], { stdio: ["ignore", full, "pipe"] });
    closeSync(full);
    expect(stderr.toString()).toBe(
      "keelson: what it prints cannot be written: ENOSPC: no space left on device, write\n",
    );
    expect(status).toBe(1);
  });
});

it("a repository whose URL nothing here can fetch is wrong use", () => {
  const { status, stderr } = spawnSync(process.execPath, [command, "up", "--repo", "ftp://example.org/fleet"]);
  expect(stderr.toString()).toBe(
    'keelson: --repo cannot be "ftp://example.org/fleet"\nhint: a URL begins with https, http, ssh or file\n',
  );
  expect(status).toBe(2);
});
