// The same GitRepositories under Flux's own source-controller and under ours: status, conditions and the bytes of the tar inside
// each artifact. Runs where KEELSON_ORACLES has the controller.

import { mkdirSync, rmSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "#kernel";
import { type GitHttpServer, serveHttp, temporaryFolder, TestRepository } from "../sources/git/repository.contract.ts";
import { GpgHome, hasGpg, hasSshKeygen, signedCommit, signedTag, sshKey } from "../sources/git/signing.contract.ts";
import { type Comparison, hasFluxSource, Pair } from "./flux-source.contract.ts";

const canRun = hasFluxSource && hasGpg() && hasSshKeygen();

describe.skipIf(!canRun)("GitRepositories under Flux's controller and under ours", () => {
  let pair: Pair;
  let server: GitHttpServer;
  const root = temporaryFolder("both");
  const gpg = new GpgHome();
  const specs: Record<string, JsonObject> = {};

  beforeAll(async () => {
    mkdirSync(`${root}/served`);
    const shop = new TestRepository(`${root}/served/shop.git`);
    const first = shop.commit({
      "apps/a.yaml": "a",
      "apps/.sourceignore": "/secret.yaml\n*.txt\n!keep.txt",
      "apps/secret.yaml": "s",
      "apps/keep.txt": "k",
      "apps/drop.txt": "d",
      "apps-more/b.yaml": "b",
      "b/c/d.yaml": "d",
      "b.yaml": "sorted",
      "pictures/x.png": "p",
      ".github/ci.yaml": "ci",
      ".gitignore": "x",
      link: "->b.yaml",
      "only-links/up": "->../b.yaml",
      "README.md": "r",
      "ü/ö.yaml": "umlaut",
      [`${"deep/".repeat(30)}file.yaml`]: "long",
      [`long/${"x".repeat(120)}.yaml`]: "longer",
    });
    shop.git("tag", "v1.0.0", first);
    shop.git("tag", "-a", "-m", "annotated", "v1.1.0", first);
    shop.git("tag", "1.2", first);
    const head = shop.commit({ "b.yaml": "changed" });
    shop.git("update-ref", "refs/pull/1/head", first);
    const inner = new TestRepository(`${root}/served/inner.git`);
    const innerHead = inner.commit({ "deploy/x.yaml": "x", "other.yaml": "o" });
    const outer = new TestRepository(`${root}/served/outer.git`);
    const plain = new TestRepository(`${root}/served/plain.git`);
    plain.commit({
      "a.yaml": "a",
      "x.png": "p",
      "sub/.flux.yaml": "f",
      ".travis.yml": "t",
      "docs/pictures/y.jpg": "y",
    });
    new TestRepository(`${root}/served/empty.git`);
    const [good, other, ssh] = [gpg.key("good"), gpg.key("other"), sshKey(root, "ed25519")];
    for (const [name, key] of [
      ["pgp", good],
      ["ssh", ssh],
    ] as const) {
      const signed = new TestRepository(`${root}/served/${name}.git`);
      signed.commit({ "a.yaml": "a" });
      signed.git("tag", "light", "main");
      signed.git("tag", "-a", "-m", "unsigned", "unsigned", "main");
      signedTag(signed, key, "v1.0.0");
      signedCommit(signed, key);
      signedTag(signed, key, "v2.0.0");
    }
    const old = gpg.key("old", { time: "20200101T000000", expires: "1d" });
    const expired = new TestRepository(`${root}/served/expired.git`);
    expired.commit({ "a.yaml": "a" });
    signedCommit(expired, old);
    server = await serveHttp(`${root}/served`);
    outer.commit({
      "a.yaml": "a",
      ".gitmodules": `[submodule "m"]\n\tpath = lib/m\n\turl = ../inner.git\n`,
      "lib/m": `module:${innerHead}`,
    });
    const locked = await serveHttp(`${root}/served`, {
      authorization: `Basic ${Buffer.from("u:right").toString("base64")}`,
    });
    const url = (name: string): JsonObject => ({
      url: `${server.url}/${name}.git`,
      interval: "1h",
      ref: { branch: "main" },
    });
    const verify = (mode: string, secret: string): JsonObject => ({ verify: { mode, secretRef: { name: secret } } });
    Object.assign(specs, {
      branch: url("plain"),
      rules: url("shop"),
      tag: { ...url("shop"), ref: { tag: "v1.0.0" } },
      annotated: { ...url("shop"), ref: { tag: "v1.1.0" } },
      range: { ...url("shop"), ref: { semver: ">=1.0.0" } },
      commit: { ...url("shop"), ref: { commit: head } },
      "commit-on-branch": { ...url("shop"), ref: { branch: "main", commit: first } },
      named: { ...url("shop"), ref: { name: "refs/pull/1/head" } },
      "named-tag": { ...url("shop"), ref: { name: "refs/tags/v1.1.0" } },
      ignoring: { ...url("shop"), ignore: "/*\n!/apps\n/apps/a.yaml" },
      "ignoring-nothing": { ...url("plain"), ignore: "# nothing" },
      sparse: { ...url("shop"), sparseCheckout: ["./apps-more", "b/c"] },
      "sparse-beginnings": { ...url("shop"), sparseCheckout: ["apps"] },
      "sparse-missing": { ...url("shop"), sparseCheckout: ["nowhere"] },
      inner: url("inner"),
      including: {
        ...url("plain"),
        include: [{ repository: { name: "inner" }, fromPath: "deploy", toPath: "vendor" }],
      },
      "including-all": { ...url("plain"), include: [{ repository: { name: "inner" } }] },
      "including-none": { ...url("plain"), include: [{ repository: { name: "nothing" } }] },
      submodules: { ...url("outer"), recurseSubmodules: true },
      "without-submodules": url("outer"),
      "no-branch": { ...url("shop"), ref: { branch: "nope" } },
      "no-range": { ...url("shop"), ref: { semver: ">9" } },
      "no-repository": { ...url("nothing") },
      empty: url("empty"),
      "no-secret": { ...url("shop"), secretRef: { name: "nothing" } },
      locked: { ...url("plain"), url: `${locked.url}/plain.git`, secretRef: { name: "login" } },
      "password-alone": { ...url("plain"), secretRef: { name: "password-alone" } },
      "app-without-provider": { ...url("plain"), secretRef: { name: "app" } },
      "provider-without-app": { ...url("plain"), provider: "github", secretRef: { name: "login" } },
      "provider-without-secret": { ...url("plain"), provider: "github" },
      "no-proxy": { ...url("plain"), proxySecretRef: { name: "nothing" } },
      "pgp-head": { ...url("pgp"), ...verify("HEAD", "keys") },
      "pgp-tag": { ...url("pgp"), ref: { tag: "v2.0.0" }, ...verify("Tag", "keys") },
      "pgp-both": { ...url("pgp"), ref: { tag: "v2.0.0" }, ...verify("TagAndHEAD", "keys") },
      "ssh-head": { ...url("ssh"), ...verify("HEAD", "keys") },
      "ssh-both": { ...url("ssh"), ref: { semver: "2.x" }, ...verify("TagAndHEAD", "keys") },
      "tag-of-unsigned": { ...url("pgp"), ref: { tag: "v1.0.0" }, ...verify("TagAndHEAD", "keys") },
      unsigned: { ...url("plain"), ...verify("HEAD", "keys") },
      "wrong-signer": { ...url("pgp"), ...verify("HEAD", "other-keys") },
      "wrong-kind": { ...url("ssh"), ...verify("HEAD", "other-keys") },
      "mode-needs-tag": { ...url("pgp"), ...verify("Tag", "keys") },
      "tag-lightweight": { ...url("pgp"), ref: { tag: "light" }, ...verify("Tag", "keys") },
      "tag-unsigned": { ...url("pgp"), ref: { tag: "unsigned" }, ...verify("Tag", "keys") },
      "no-keys": { ...url("pgp"), ...verify("HEAD", "nothing") },
      expired: { ...url("expired"), ...verify("HEAD", "old-keys") },
    });
    const secrets: Record<string, Record<string, string>> = {
      login: { username: "u", password: "right" },
      "password-alone": { password: "p" },
      app: { githubAppID: "1", githubAppInstallationID: "2", githubAppPrivateKey: "x" },
      keys: { "good.asc": good.publicKey, "one.sshpub": ssh.publicKey },
      "other-keys": { "other.asc": other.publicKey },
      "old-keys": { "old.asc": old.publicKey },
    };
    pair = await Pair.start();
    for (const [name, values] of Object.entries(secrets)) await pair.secret(name, values);
    for (const [name, spec] of Object.entries(specs)) await pair.source("GitRepository", name, spec);
  }, 120_000);
  afterAll(async () => {
    server.close();
    await pair.close();
    gpg.close();
    rmSync(root, { recursive: true, force: true });
  });

  /** Whose archive holds other files than theirs, and why. */
  const otherwise: Readonly<Record<string, string>> = {
    "sparse-beginnings": "a folder is meant by its whole name: `apps` is not `apps-more`",
    submodules: "the file .git, which a checkout puts into a submodule, is no file of its repository",
  };

  const compare: Comparison = {
    message: (text) => text.replace(/(: | \().*$/s, "").trimEnd(),
    content: async (left, right) => {
      const [a, b] = [await pair.unpacked(left), await pair.unpacked(right)];
      return a.equals(b) ? [[], []] : [list(a), list(b)];
    },
  };

  function list(tar: Buffer): string {
    return execFileSync("tar", ["-tv", "--full-time"], {
      input: tar,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "ignore"],
    });
  }

  it("are the same: members of the status, conditions, reasons, what is told of success, bytes of the tar", async () => {
    const objects = Object.keys(specs).map((name) => ({ kind: "GitRepository", name, compare }));
    const found = await pair.settled(
      objects,
      // Half a hundred objects, on a machine that may do other things.
      300_000,
      (name, differing) => otherwise[name] !== undefined && differing.every((each) => each.what === "content"),
    );
    for (const name of Object.keys(otherwise)) {
      // One that has become the same leaves the list.
      expect([name, found[name]?.map((each) => each.what)]).toEqual([name, ["content"]]);
      delete found[name];
    }
    expect(found).toEqual({});
    expect(objects.length).toBeGreaterThan(40);
  }, 420_000);
});
