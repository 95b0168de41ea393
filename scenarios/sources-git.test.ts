// Git sources from real servers, as a user has them: git over http, https and ssh with each kind of credential, signed commits,
// mirrors, a disk that is full. What is not as it should be is refused, what was good stays, and all recovers by itself.

import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { condition, World } from "../engine/src/artifacts/world.contract.ts";
import { startHttpProxy } from "../engine/src/sources/git/proxy.contract.ts";
import {
  hasSshd,
  makeCertificate,
  serveHttp,
  serveSsh,
  temporaryFolder,
  TestRepository,
} from "../engine/src/sources/git/repository.contract.ts";
import {
  GpgHome,
  hasGpg,
  hasSshKeygen,
  signedCommit,
  signedTag,
  sshKey,
} from "../engine/src/sources/git/signing.contract.ts";

const root = temporaryFolder("git-scenario");
const isLarge = process.env["KEELSON_ORACLES"] !== undefined;
let world: World;
const open: { close(): void }[] = [];
beforeAll(async () => {
  mkdirSync(`${root}/served`);
  world = await World.start();
});
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});
afterAll(async () => {
  await world.close();
  rmSync(root, { recursive: true, force: true });
});

let count = 0;
function repository(): TestRepository {
  const made = new TestRepository(`${root}/served/r${(count += 1)}.git`);
  made.commit({ "a.yaml": "a" });
  return made;
}

function nameOf(made: TestRepository): string {
  return made.path.split("/").at(-1) ?? "";
}

function offered(name: string): string | undefined {
  return world.artifacts.store.get({ kind: "GitRepository", namespace: "default", name })?.revision;
}

function look(name: string): void {
  world.artifacts.hook({ kind: "GitRepository", namespace: "default", name });
}

/** Looks until the object says so. */
async function untilReason(name: string, reason: string): Promise<string> {
  look(name);
  const object = await world.until("GitRepository", name, (each) => condition(each, "Ready")?.reason === reason);
  return condition(object, "Ready")?.message ?? "";
}

async function untilOffered(name: string, commit: string): Promise<void> {
  look(name);
  await world.until("GitRepository", name, (each) => {
    const artifact = (each["status"] as { artifact?: { revision: string } } | undefined)?.artifact;
    return artifact?.revision.endsWith(commit) === true && condition(each, "Ready")?.status === "True";
  });
  expect(offered(name)).toContain(commit);
}

describe.skipIf(!hasGpg() || !hasSshKeygen())("signed commits and tags", () => {
  const gpg = new GpgHome();
  afterAll(() => gpg.close());

  it("alone are offered: what follows unsigned, by others or by a revoked key is refused, and what was good stays", async () => {
    const [good, other] = [gpg.key("good"), gpg.key("other")];
    const made = repository();
    const first = signedCommit(made, good);
    await world.secret("keys", { "good.asc": good.publicKey });
    await world.repository("signed", { url: made.path, verify: { mode: "HEAD", secretRef: { name: "keys" } } });
    await untilOffered("signed", first);
    const verified = await world.until(
      "GitRepository",
      "signed",
      (each) => condition(each, "SourceVerified")?.status === "True",
    );
    expect(condition(verified, "SourceVerified")?.message).toBe(
      `verified signature of\n\t- commit '${first}' with key '${gpg.fingerprint("good").slice(-16)}'`,
    );
    const unsigned = made.commit({ "b.yaml": "b" });
    expect(await untilReason("signed", "InvalidCommitSignature")).toContain(
      `commit '${unsigned}' failed: it is not signed`,
    );
    signedCommit(made, other);
    await world.until(
      "GitRepository",
      "signed",
      (each) => condition(each, "Ready")?.message.includes("not among the trusted ones") === true,
    );
    expect(offered("signed")).toContain(first);
    const object = await world.get("GitRepository", "signed");
    expect(JSON.stringify(object?.["status"])).toContain(`"revision":"main@sha1:${first}"`);
    expect(condition(object as never, "ArtifactInStorage")?.status).toBe("True");
    await untilOffered("signed", signedCommit(made, good));
    const before = offered("signed");
    const data = { "good.asc": Buffer.from(gpg.revoke(good).publicKey).toString("base64") };
    await world.patchSecret("keys", data);
    expect(await untilReason("signed", "InvalidCommitSignature")).toContain("is revoked");
    expect(offered("signed")).toBe(before);
    await world.patchSecret("keys", { "good.asc": Buffer.from(other.publicKey).toString("base64") });
    await untilOffered("signed", signedCommit(made, other));
  });

  it("name themselves: a signed tag of another version or commit is refused", async () => {
    const key = sshKey(root, "ed25519");
    const made = repository();
    const commit = signedCommit(made, key);
    const tag = signedTag(made, key, "v1.0.0");
    await world.secret("tag-keys", { "release.sshpub": key.publicKey });
    const verify = { mode: "TagAndHEAD", secretRef: { name: "tag-keys" } };
    await world.repository("released", { url: made.path, ref: { semver: "*" }, verify });
    await untilOffered("released", commit);
    // The old tag, signed, offered as the newest version; then a good tag moved to another commit.
    signedCommit(made, key);
    made.git("update-ref", "refs/tags/v2.0.0", tag);
    expect(await untilReason("released", "InvalidTagSignature")).toContain("what was signed is the tag v1.0.0");
    made.git("update-ref", "-d", "refs/tags/v2.0.0");
    await untilOffered("released", commit);
    const next = signedCommit(made, key);
    signedTag(made, key, "v2.0.0");
    await untilOffered("released", next);
    const forged = execFileSync("git", ["-C", made.path, "cat-file", "tag", "v2.0.0"], { encoding: "utf8" }).replace(
      next,
      commit,
    );
    const id = execFileSync("git", ["-C", made.path, "hash-object", "-t", "tag", "-w", "--stdin"], {
      input: forged,
      encoding: "utf8",
    }).trim();
    made.git("update-ref", "refs/tags/v3.0.0", id);
    expect(await untilReason("released", "InvalidTagSignature")).toMatch(/what was signed is the tag v2.0.0/);
    expect(offered("released")).toContain(next);
  });
});

describe.skipIf(!isLarge)("credentials", () => {
  it("of a GitHub App are asked for with its key, kept, and asked for anew once they are refused", async () => {
    const made = repository();
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    let asked = 0;
    const tokens = createServer((request, response) => {
      asked += 1;
      expect(request.url).toBe("/api/v3/app/installations/7/access_tokens");
      const body = { token: `token-${asked}`, expires_at: new Date(Date.now() + 3_600_000).toISOString() };
      response.writeHead(201, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => tokens.listen(0, "127.0.0.1", resolve));
    open.push({ close: () => void tokens.close() });
    const login = (token: string): string => `Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;
    const options = { authorization: login("token-1") };
    const server = await serveHttp(`${root}/served`, options);
    open.push(server);
    await world.secret("app", {
      githubAppID: "5",
      githubAppInstallationID: "7",
      githubAppPrivateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      githubAppBaseURL: `http://127.0.0.1:${(tokens.address() as AddressInfo).port}/api/v3`,
    });
    const url = `${server.url}/${nameOf(made)}`;
    await world.repository("app", { url, provider: "github", secretRef: { name: "app" } });
    await untilOffered("app", made.git("rev-parse", "main"));
    await untilOffered("app", made.commit({ "b.yaml": "b" }));
    expect(asked).toBe(1);
    // Somebody revokes the token: one refused look, then a new one.
    options.authorization = login("token-2");
    await untilReason("app", "GitOperationFailed");
    await untilOffered("app", made.commit({ "c.yaml": "c" }));
    expect(asked).toBe(2);
  });

  it.each([
    ["username and password", { username: "u", password: "p:w" }, `Basic ${Buffer.from("u:p:w").toString("base64")}`],
    ["bearerToken", { bearerToken: "t" }, "Bearer t"],
  ])(
    "by %s reach a server with an authority of its own, through a proxy with a password",
    async (name, values, authorization) => {
      const made = repository();
      const { authority, options } = makeCertificate(root);
      const server = await serveHttp(`${root}/served`, { authorization, tls: options });
      const proxy = await startHttpProxy({ username: "proxy", password: "secret" });
      open.push(server, proxy);
      const label = name.split(" ")[0]?.toLowerCase() ?? "";
      await world.secret(`${label}-login`, { ...values, "ca.crt": authority });
      await world.secret(`${label}-proxy`, {
        address: proxy.url.replace(/\/\/[^@]*@/, "//"),
        username: "proxy",
        password: "secret",
      });
      const spec = {
        url: `${server.url}/${nameOf(made)}`,
        secretRef: { name: `${label}-login` },
        proxySecretRef: { name: `${label}-proxy` },
      };
      await world.repository(`${label}-private`, spec);
      await untilOffered(`${label}-private`, made.git("rev-parse", "main"));
      expect(proxy.asked).toContain(new URL(server.url).host);
      const object = await world.get("GitRepository", `${label}-private`);
      expect(JSON.stringify(object) + JSON.stringify(await world.events())).not.toContain("secret@");
    },
  );

  it("by client certificate are asked for by the server", async () => {
    const made = repository();
    const { authority, options } = makeCertificate(root);
    const server = await serveHttp(`${root}/served`, { tls: { ...options, ca: authority, requestCert: true } });
    open.push(server);
    await world.secret("certificate", { "ca.crt": authority, "tls.crt": options.cert, "tls.key": options.key });
    await world.secret("authority", { "ca.crt": authority });
    const url = `${server.url}/${nameOf(made)}`;
    await world.repository("certified", { url, secretRef: { name: "certificate" } });
    await untilOffered("certified", made.git("rev-parse", "main"));
    await world.repository("uncertified", { url, secretRef: { name: "authority" } });
    await world.untilReady("GitRepository", "uncertified", "False");
  });

  it.skipIf(!hasSshd())("by SSH key reach sshd, and the wrong host is refused", async () => {
    const made = repository();
    const ssh = await serveSsh();
    open.push(ssh);
    const url = ssh.url + made.path;
    await world.secret("ssh", { identity: ssh.identity, known_hosts: ssh.knownHosts });
    await world.secret("ssh-locked", { identity: ssh.lockedIdentity, known_hosts: ssh.knownHosts, password: "open" });
    await world.secret("ssh-without-password", { identity: ssh.lockedIdentity, known_hosts: ssh.knownHosts });
    for (const name of ["ssh", "ssh-locked"]) {
      await world.repository(name, { url, secretRef: { name } });
      await untilOffered(name, made.git("rev-parse", "main"));
    }
    await world.repository("ssh-without-password", { url, secretRef: { name: "ssh-without-password" } });
    expect(await untilReason("ssh-without-password", "AuthenticationFailed")).toContain("is encrypted");
    await world.repository("ssh-without", { url });
    expect(await untilReason("ssh-without", "AuthenticationFailed")).toContain("identity");
  });
});

describe.skipIf(!isLarge)("mirrors", () => {
  it("stand for the addresses in objects and submodules, with a login of their own, and show in no object", async () => {
    const [outer, inner] = [repository(), repository()];
    outer.commit({
      ".gitmodules": `[submodule "m"]\n\tpath = lib/m\n\turl = https://github.example/acme/${nameOf(inner)}\n`,
      "lib/m": `module:${inner.git("rev-parse", "main")}`,
    });
    const options = { authorization: `Basic ${Buffer.from("mirror:m").toString("base64")}` };
    const server = await serveHttp(`${root}/served`, options);
    open.push(server);
    const inside = await World.start(undefined, [
      {
        from: "https://github.example/acme",
        to: server.url,
        secretRef: { namespace: "default", name: "mirror" },
        passCredentials: false,
        insecure: false,
      },
    ]);
    await inside.secret("mirror", { username: "mirror", password: "m" });
    await inside.secret("origin", { username: "origin", password: "o" });
    const url = `https://github.example/acme/${nameOf(outer)}`;
    await inside.repository("mirrored", { url, recurseSubmodules: true, secretRef: { name: "origin" } });
    const object = await inside.untilReady("GitRepository", "mirrored");
    expect((object["spec"] as { url: string }).url).toBe(url);
    expect(JSON.stringify(object)).not.toContain(server.url);
    const view = inside.artifacts.view.get({ kind: "GitRepository", namespace: "default", name: "mirrored" });
    const tree = await view?.source.open();
    await tree?.prefetch("");
    expect(tree?.tree.list("lib/m")?.map((entry) => entry.name)).toEqual(["a.yaml"]);
    await inside.close();
  });
});

describe.skipIf(!isLarge)("hostile repositories", () => {
  it.each([
    ["a file of this machine", "file:///etc"],
    ["an absolute path", "/etc"],
    ["an option", "--upload-pack=touch /tmp/x"],
    ["a command", "ext::sh -c id"],
    ["a host that is an option", "ssh://-oProxyCommand=id/x"],
  ])("cannot reach %s by a submodule", async (label, target) => {
    const made = repository();
    made.commit({
      ".gitmodules": `[submodule "m"]\n\tpath = m\n\turl = ${target}\n`,
      m: `module:${"1".repeat(40)}`,
    });
    const server = await serveHttp(`${root}/served`);
    open.push(server);
    const name = `hostile-${label.replaceAll(/[^a-z]/g, "")}`;
    await world.repository(name, { url: `${server.url}/${nameOf(made)}`, recurseSubmodules: true });
    const failed = await world.untilReady("GitRepository", name, "False");
    expect(condition(failed, "Ready")?.message).toMatch(/file of this machine|is no URL|has the scheme|names no host/);
    expect(offered(name)).toBeUndefined();
    await world.patch("GitRepository", name, { spec: { suspend: true } });
  });

  it("do not get the credentials of their server for another that a submodule names", async () => {
    const seen: (string | undefined)[] = [];
    const thief = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => thief.listen(0, "127.0.0.1", resolve));
    open.push({ close: () => void thief.close() });
    const made = repository();
    made.commit({
      ".gitmodules": `[submodule "m"]\n\tpath = m\n\turl = http://127.0.0.1:${(thief.address() as AddressInfo).port}/m.git\n`,
      m: `module:${"1".repeat(40)}`,
    });
    const server = await serveHttp(`${root}/served`, {
      authorization: `Basic ${Buffer.from("u:p").toString("base64")}`,
    });
    open.push(server);
    await world.secret("outer", { username: "u", password: "p" });
    await world.repository("thief", {
      url: `${server.url}/${nameOf(made)}`,
      recurseSubmodules: true,
      secretRef: { name: "outer" },
    });
    await world.untilReady("GitRepository", "thief", "False");
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.every((each) => each === undefined)).toBe(true);
    await world.patch("GitRepository", "thief", { spec: { suspend: true } });
  });
});

describe("what was good", () => {
  it("is offered again after a restart also while suspended, and put together of several repositories", async () => {
    const [inner, outer, module] = [repository(), repository(), repository()];
    outer.commit({
      ".gitmodules": `[submodule "m"]\n\tpath = m\n\turl = ${module.path}\n`,
      m: `module:${module.git("rev-parse", "main")}`,
    });
    await world.repository("part", { url: inner.path });
    const include = [{ repository: { name: "part" }, toPath: "part" }];
    await world.repository("whole", { url: outer.path, include, recurseSubmodules: true });
    await untilOffered("whole", outer.git("rev-parse", "main"));
    await world.patch("GitRepository", "whole", { spec: { suspend: true } });
    const before = offered("whole");
    const files =
      (await world.artifacts.view.file({ kind: "GitRepository", namespace: "default", name: "whole" })?.bytes()) ??
      new Uint8Array();
    await world.stopLoops();
    rmSync(outer.path, { recursive: true });
    world.startLoops();
    await world.artifacts.ready;
    expect(offered("whole")).toBe(before);
    const after = await world.artifacts.view
      .file({ kind: "GitRepository", namespace: "default", name: "whole" })
      ?.bytes();
    expect(
      createHash("sha256")
        .update(after ?? "")
        .digest("hex"),
    ).toBe(createHash("sha256").update(files).digest("hex"));
  });

  it("gets a new digest at the same revision when the ignore rules change", async () => {
    const made = repository();
    made.commit({ "docs/x.md": "x" });
    await world.repository("same", { url: made.path });
    await untilOffered("same", made.git("rev-parse", "main"));
    const digestIn = (object: object | undefined): string =>
      (object as { status: { artifact: { digest: string } } }).status.artifact.digest;
    const before = digestIn(await world.get("GitRepository", "same"));
    await world.patch("GitRepository", "same", { spec: { ignore: "/docs" } });
    const object = await world.until(
      "GitRepository",
      "same",
      (each) => (each["status"] as { observedIgnore?: string }).observedIgnore === "/docs",
    );
    expect(digestIn(object)).not.toBe(before);
  });

  it.skipIf(!isLarge || !canMount())(
    "stays when the disk is full, and what follows is taken once there is room",
    async () => {
      const folder = temporaryFolder("full");
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", folder]);
      const full = await World.start(undefined, [], folder);
      try {
        const made = repository();
        await full.repository("full", { url: made.path });
        const ready = await full.untilReady("GitRepository", "full");
        const before = (ready["status"] as { artifact: { revision: string } }).artifact.revision;
        writeFileSync(`${folder}/ballast`, Buffer.alloc(20 * 1024 * 1024));
        const big = randomBytes(8_000_000);
        const commit = made.commit({ "big.bin": big });
        full.artifacts.hook({ kind: "GitRepository", namespace: "default", name: "full" });
        const failed = await full.untilReady("GitRepository", "full", "False");
        expect(condition(failed, "Ready")?.message).toContain("the disk is full");
        expect(full.artifacts.view.get({ kind: "GitRepository", namespace: "default", name: "full" })?.revision).toBe(
          before,
        );
        rmSync(`${folder}/ballast`);
        full.artifacts.hook({ kind: "GitRepository", namespace: "default", name: "full" });
        await full.until(
          "GitRepository",
          "full",
          (each) => JSON.stringify(each["status"]).includes(commit) && condition(each, "Ready")?.status === "True",
        );
        const status = (await full.get("GitRepository", "full"))?.["status"];
        const { artifact } = status as unknown as { artifact: { path: string; size: number } };
        expect(readFileSync(`${folder}/cache/archives/${artifact.path}`).length).toBe(artifact.size);
      } finally {
        await full.close().catch(() => {});
        execFileSync("umount", ["-l", folder]);
      }
    },
  );
});

function canMount(): boolean {
  const folder = temporaryFolder("mount");
  const isMounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]).status === 0;
  if (isMounted) spawnSync("umount", [folder]);
  rmSync(folder, { recursive: true, force: true });
  return isMounted;
}
