// Bases that lie in other repositories, over git's own HTTP server: pinned to a commit, a branch, a tag, below `//`, with
// submodules and without, and under an ssh name that git itself rewrites. Our bytes beside those of the real kustomize.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, run } from "./home.ts";
import { Repository, serveOverHttp } from "./repository.ts";

const oracle = join(process.env["KEELSON_ORACLES"] ?? "", "kustomize");
const hasOracle = process.env["KEELSON_ORACLES"] !== undefined && existsSync(oracle);
const command = fileURLToPath(new URL("../engine/bin/keelson.js", import.meta.url));

function configMap(name: string, value: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  value: ${value}\n`;
}

const baseFiles = {
  "app/kustomization.yaml": "resources:\n- a.yaml\n- ../common\n",
  "app/a.yaml": configMap("a", "one"),
  "common/kustomization.yaml": "resources: [c.yaml]\nnamePrefix: common-\n",
  "common/c.yaml": configMap("c", "yes"),
  "kustomization.yaml": "resources: [app]\nnameSuffix: -root\n",
};

/** Everything one scenario needs; what it made goes when it is closed. */
class Place {
  readonly base = new Repository();
  readonly module = new Repository();
  readonly folder: string = mkdtempSync(join(tmpdir(), "keelson-remote-"));
  readonly closers: (() => void)[] = [];
  url = "";
  first = "";
  environment: NodeJS.ProcessEnv = {};

  async start(): Promise<this> {
    this.module
      .write({ "kustomization.yaml": "resources: [m.yaml]\n", "m.yaml": configMap("m", "module") })
      .commit("m");
    const module = await serveOverHttp(this.module);
    const base = await serveOverHttp(this.base);
    this.closers.push(module.close, base.close);
    this.url = base.url;
    this.first = this.base.write(baseFiles).commit("first");
    this.base.git("tag", "v1");
    // Not by the repository itself: it would wait for git, which waits for the server in this process.
    await run("git", ["-C", this.base.path, "submodule", "add", "-q", module.url, "vendored"]);
    this.base.write({ "app/a.yaml": configMap("a", "two"), "with/kustomization.yaml": "resources: [../vendored]\n" });
    this.base.commit("second");
    // What git may fetch by itself, and the ssh name that stands for the server.
    this.environment = {
      ...process.env,
      GIT_CONFIG_COUNT: "2",
      GIT_CONFIG_KEY_0: `url.${dirname(base.url)}/.insteadOf`,
      GIT_CONFIG_VALUE_0: "ssh://git@git.example.test/",
      GIT_CONFIG_KEY_1: "uploadpack.allowAnySHA1InWant",
      GIT_CONFIG_VALUE_1: "true",
    };
    return this;
  }

  build(program: string, args: string[]): Promise<Answer> {
    return run(program, [...args, this.folder], { env: this.environment });
  }

  close(): void {
    for (const close of this.closers) close();
    this.base[Symbol.dispose]();
    this.module[Symbol.dispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

type Case = [name: string, lines: (place: Place) => string[], holds: string | RegExp];

const cases: Case[] = [
  ["its root", ({ url }) => [`- ${url}`], "value: two"],
  ["a folder behind .git", ({ url }) => [`- ${url}/app`], "name: common-c"],
  ["a folder behind //", ({ url }) => [`- ${url}//app`], "value: two"],
  ["a commit", ({ url, first }) => [`- ${url}//app?ref=${first}`], "value: one"],
  ["a tag", ({ url }) => [`- ${url}//app?ref=v1&timeout=90s`], "value: one"],
  ["a branch, by its older name", ({ url }) => [`- ${url}//common?version=main`], "name: common-c"],
  ["a base in a submodule", ({ url }) => [`- ${url}//with`], "value: module"],
  ["a base without its submodule", ({ url }) => [`- ${url}//with?submodules=false`], /failed/],
  ["an ssh name that git rewrites", () => ["- ssh://git@git.example.test/.git//app?ref=v1"], "value: one"],
  ["two refs of one repository", ({ url }) => [`- ${url}//app?ref=v1`, `- ${url}//common`], /failed/],
  ["a ref that is not there", ({ url }) => [`- ${url}//app?ref=nowhere`], /failed/],
  ["a folder that is not there", ({ url }) => [`- ${url}//nowhere`], /failed/],
  [
    "origins and transformations",
    ({ url }) => [
      `- ${url}//app?ref=v1`,
      "buildMetadata: [originAnnotations, transformerAnnotations]",
      "namePrefix: x-",
    ],
    "ref: v1",
  ],
];

describe.skipIf(!hasOracle)("bases in other repositories", () => {
  let place: Place;
  beforeAll(async () => {
    place = await new Place().start();
  });
  afterAll(() => place.close());

  it.each(cases)("builds %s as kustomize does", { timeout: 120_000 }, async (_, lines, holds) => {
    writeFileSync(join(place.folder, "kustomization.yaml"), `resources:\n${lines(place).join("\n")}\n`);
    const ours = await place.build(process.execPath, [command, "build"]);
    const real = await place.build(oracle, ["build"]);
    expect(ours.status === 0).toBe(real.status === 0);
    expect(ours.out).toBe(real.out);
    if (typeof holds === "string") expect(ours.out).toContain(holds);
    else expect(ours.status).not.toBe(0);
  });

  it("builds a URL given on the command line", { timeout: 120_000 }, async () => {
    const url = `${place.url}//common?ref=v1`;
    const ours = await run(process.execPath, [command, "build", url], { env: place.environment });
    const real = await run(oracle, ["build", url], { env: place.environment });
    expect(ours.out).toBe(real.out);
    expect(ours.out).toContain("name: common-c");
  });
});
