// Keys and signatures for tests, made by the real gpg and ssh-keygen through git itself.

import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import type { TestRepository } from "./repository.contract.ts";

export function hasGpg(): boolean {
  return spawnSync("gpg", ["--version"]).status === 0;
}

export function hasSshKeygen(): boolean {
  return spawnSync("ssh-keygen", ["-?"]).error === undefined;
}

/** How git is told to sign. */
export type SigningKey = { settings: readonly string[]; publicKey: string; name: string };

/** A key ring of its own. Its path is short: the agent's socket stands in it. */
export class GpgHome {
  readonly folder: string = mkdtempSync(join(tmpdir(), "kg-"));

  constructor() {
    chmodSync(this.folder, 0o700);
  }

  run(args: readonly string[], input = ""): string {
    const all = [
      "--homedir",
      this.folder,
      "--batch",
      "--yes",
      "--quiet",
      "--pinentry-mode",
      "loopback",
      "--passphrase",
      "",
    ];
    return execFileSync("gpg", [...all, ...args], { input, encoding: "utf8", stdio: ["pipe", "pipe", "ignore"] });
  }

  /** A key that signs; `time` is when it was made (and signs), `expires` as gpg has it. */
  key(name: string, options: { time?: string; expires?: string; algorithm?: string } = {}): SigningKey {
    const time = options.time === undefined ? [] : ["--faked-system-time", `${options.time}!`];
    const { algorithm = "ed25519", expires = "0" } = options;
    this.run([...time, "--quick-gen-key", `${name} <${name}@example.org>`, algorithm, "sign", expires]);
    return this.#signing(name, this.fingerprint(name), time);
  }

  /** A key that signs with a second one below it. */
  subkey(name: string): SigningKey {
    this.run(["--quick-gen-key", `${name} <${name}@example.org>`, "ed25519", "cert", "0"]);
    this.run(["--quick-add-key", this.fingerprint(name), "ed25519", "sign", "0"]);
    const lines = this.run(["--with-colons", "--list-keys", name]).split("\n");
    const below = lines[lines.findIndex((line) => line.startsWith("sub:")) + 1] ?? "";
    return this.#signing(name, `${below.split(":")[9] ?? ""}!`, []);
  }

  /** Declares the key void; its public key says so from now on. */
  revoke(key: SigningKey): SigningKey {
    const path = join(this.folder, "openpgp-revocs.d", `${this.fingerprint(key.name)}.rev`);
    this.run(["--import"], readFileSync(path, "utf8").replace(/^:(-----BEGIN)/m, "$1"));
    return { ...key, publicKey: this.run(["--armor", "--export", key.name]) };
  }

  fingerprint(name: string): string {
    const line = this.run(["--with-colons", "--list-keys", name])
      .split("\n")
      .find((each) => each.startsWith("fpr:"));
    return line?.split(":")[9] ?? "";
  }

  close(): void {
    spawnSync("gpgconf", ["--homedir", this.folder, "--kill", "all"]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #signing(name: string, key: string, time: readonly string[]): SigningKey {
    const program = join(this.folder, `gpg-${readdirSync(this.folder).length}`);
    const options = ["--homedir", this.folder, "--pinentry-mode", "loopback", "--passphrase", "''", ...time];
    writeFileSync(program, `#!/bin/sh\nexec gpg --batch ${options.join(" ")} "$@"\n`, { mode: 0o755 });
    const settings = ["gpg.format=openpgp", `gpg.program=${program}`, `user.signingKey=${key}`];
    return { settings, publicKey: this.run(["--armor", "--export", name]), name };
  }
}

/** An SSH key that signs. */
export function sshKey(folder: string, type: string, bits?: number): SigningKey {
  const path = join(folder, `${type}-${readdirSync(folder).length}`);
  const size = bits === undefined ? [] : ["-b", String(bits)];
  execFileSync("ssh-keygen", ["-q", "-t", type, ...size, "-N", "", "-C", "someone", "-f", path]);
  const settings = ["gpg.format=ssh", `user.signingKey=${path}`];
  return { settings, publicKey: readFileSync(`${path}.pub`, "utf8"), name: path };
}

export function fingerprintOf(key: SigningKey): string {
  return execFileSync("ssh-keygen", ["-lf", `${key.name}.pub`], { encoding: "utf8" }).split(" ")[1] ?? "";
}

const identity = {
  PATH: env["PATH"] ?? "",
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "A",
  GIT_AUTHOR_EMAIL: "a@example.org",
  GIT_COMMITTER_NAME: "A",
  GIT_COMMITTER_EMAIL: "a@example.org",
};

function git(repository: TestRepository, key: SigningKey, args: readonly string[]): string {
  const settings = key.settings.flatMap((setting) => ["-c", setting]);
  const all = ["-C", repository.path, ...settings, ...args];
  return execFileSync("git", all, { env: identity, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
}

/** Commits the branch's tree once more, signed, and moves the branch there. */
export function signedCommit(repository: TestRepository, key: SigningKey, branch = "main"): string {
  const parent = repository.git("rev-parse", branch);
  const id = git(repository, key, ["commit-tree", "-S", "-m", "signed", "-p", parent, `${parent}^{tree}`]);
  repository.git("update-ref", `refs/heads/${branch}`, id);
  return id;
}

/** A signed tag on a commit; returns the tag object's id. */
export function signedTag(repository: TestRepository, key: SigningKey, name: string, target = "main"): string {
  git(repository, key, ["tag", "-f", "-s", "-m", `release ${name}`, name, target]);
  return repository.git("rev-parse", `refs/tags/${name}`);
}
