import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realClock } from "../cluster/cluster.contract.ts";
import { memoryIo } from "./io.ts";
import { runCommandLine } from "./run.ts";

const root = mkdtempSync(join(tmpdir(), "keelson-prov-"));
const helm = join(process.env["KEELSON_ORACLES"] ?? "/nowhere", "helm");
const hasGpg = ["/usr/bin/gpg", "/usr/local/bin/gpg"].some((path) => existsSync(path));

function gpg(...args: string[]): Buffer {
  const words = ["--homedir", join(root, "gpg"), "--batch", "--pinentry-mode", "loopback", ...args];
  return execFileSync("gpg", words, { stdio: ["ignore", "pipe", "ignore"] });
}

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const io = memoryIo({ clock: realClock, folder: root, home: root });
  const code = await runCommandLine(args, io, { version: "0" });
  return { code, ...io.text() };
}

const check = (archive: string, ring: string): ReturnType<typeof run> =>
  run("template", "x", archive, "--verify", "--keyring", ring);

describe.skipIf(!hasGpg)("provenance", () => {
  beforeAll(() => {
    mkdirSync(join(root, "gpg"), { mode: 0o700 });
    gpg("--passphrase", "", "--quick-gen-key", "Ada <ada@example.com>", "rsa2048", "sign", "1y");
    gpg("--passphrase", "secret", "--quick-gen-key", "Bob <bob@example.com>", "ed25519", "sign", "1y");
    writeFileSync(join(root, "pub.gpg"), gpg("--export"));
    writeFileSync(join(root, "ada.gpg"), gpg("--export", "Ada"));
    writeFileSync(join(root, "bob.asc"), gpg("--export", "--armor", "Bob"));
    writeFileSync(join(root, "sec.gpg"), gpg("--passphrase", "secret", "--export-secret-keys"));
    mkdirSync(join(root, "web/templates"), { recursive: true });
    writeFileSync(join(root, "web/Chart.yaml"), "apiVersion: v2\nname: web\nversion: 1.0.0\ndescription: '- dashed'\n");
    writeFileSync(join(root, "web/templates/a.yaml"), "kind: ConfigMap\n");
    writeFileSync(join(root, "phrase"), "secret\n");
  }, 120_000);
  afterAll(() => {
    execFileSync("gpgconf", ["--homedir", join(root, "gpg"), "--kill", "all"], { stdio: "ignore" });
    rmSync(root, { recursive: true });
  });

  it("is written by package --sign and holds in every form of keyring", async () => {
    const signed = await run(
      ..."package web --sign --key Bob --keyring sec.gpg --passphrase-file phrase -d ours".split(" "),
    );
    expect(signed.stderr).toBe("");
    const proof = readFileSync(join(root, "ours/web-1.0.0.tgz.prov"), "utf8");
    expect(proof).toContain("Hash: SHA512\n\napiVersion: v2\ndescription: '- dashed'\nname: web\n");
    for (const ring of ["pub.gpg", "bob.asc", "gpg/pubring.kbx"])
      expect((await check("ours/web-1.0.0.tgz", ring)).stdout).toContain("kind: ConfigMap");
    gpg("--verify", join(root, "ours/web-1.0.0.tgz.prov"));
  });

  it("says what is wrong", async () => {
    await run(..."package web --sign --key Ada --keyring sec.gpg -d bad".split(" "));
    const archive = "bad/web-1.0.0.tgz";
    expect((await check(archive, "bob.asc")).stderr).toContain("openpgp: signature made by unknown entity");
    expect((await check(archive, "none.gpg")).stderr).toContain("failed to load keyring");
    expect((await check("web", "pub.gpg")).stderr).toContain("unpacked charts cannot be verified");
    const proof = readFileSync(join(root, `${archive}.prov`), "utf8");
    writeFileSync(join(root, `${archive}.prov`), proof.replace("name: web", "name: Web"));
    expect((await check(archive, "ada.gpg")).stderr).toContain("openpgp: invalid signature");
    writeFileSync(join(root, `${archive}.prov`), "apiVersion: v2\n");
    expect((await check(archive, "ada.gpg")).stderr).toContain("signature block not found");
    writeFileSync(join(root, `${archive}.prov`), proof);
    writeFileSync(join(root, archive), Buffer.concat([readFileSync(join(root, archive)), Buffer.from("x")]));
    expect((await check(archive, "ada.gpg")).stderr).toContain("sha256 sum does not match for web-1.0.0.tgz");
    expect((await run(..."package web --sign --key Bob --keyring sec.gpg -d no".split(" "))).stderr).toContain(
      "give it with --passphrase-file",
    );
    expect((await run(..."package web --sign --key Ada --keyring pub.gpg -d no".split(" "))).stderr).toContain(
      "not a private key",
    );
  });

  it.skipIf(!existsSync(helm))("agrees with helm both ways", async () => {
    const words = (text: string): string[] => text.split(" ");
    const options = { cwd: root, env: { ...process.env, HOME: root } };
    execFileSync(helm, words("package web --sign --key Ada --keyring sec.gpg -d theirs"), options);
    expect((await check("theirs/web-1.0.0.tgz", "pub.gpg")).code).toBe(0);
    await run(...words("package web --sign --key Ada --keyring sec.gpg -d mine"));
    execFileSync(helm, words("verify mine/web-1.0.0.tgz --keyring pub.gpg"), options);
    const body = (path: string): string => readFileSync(join(root, path), "utf8").split("\nfiles:")[0] as string;
    expect(body("mine/web-1.0.0.tgz.prov")).toBe(body("theirs/web-1.0.0.tgz.prov"));
  });
});
