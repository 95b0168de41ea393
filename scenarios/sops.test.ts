// A repository with encrypted files, delivered by a home of its own: the objects hold what the files hold, and nothing else
// that the home writes or tells does. With the real sops the files are made at the moment of the test.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kustomization } from "./fixtures.ts";
import { hasKubectl, Home, until } from "./home.ts";
import { Repository } from "./repository.ts";

const sops = join(process.env["KEELSON_ORACLES"] ?? "", "sops");
const hasSops = process.env["KEELSON_ORACLES"] !== undefined && existsSync(sops);
const keys = fileURLToPath(new URL("../engine/src/secrets/testdata/keys/", import.meta.url));
const recipient = "age1lea5jml9kmap2q63zf5vuyhradfyl90w0vpcwscfclgv3w9wp5usvfxqdq";

/** Each stands in one encrypted file, and must come out in one object alone. */
const canaries = { resource: "canary-of-a-resource", environment: "canary-of-an-env-file", file: "canary-of-a-file" };
const all = Object.values(canaries).flatMap((text) => [text, Buffer.from(text).toString("base64")]);

describe.skipIf(!hasKubectl || !hasSops)("files of the real sops, delivered", () => {
  const repository = new Repository();
  let home: Home;

  function encrypt(path: string, text: string, ...args: string[]): void {
    repository.write({ [path]: text });
    const file = join(repository.path, path);
    const encrypted = execFileSync(sops, ["--disable-version-check", "encrypt", "--age", recipient, ...args, file]);
    writeFileSync(file, encrypted);
  }

  beforeAll(async () => {
    repository.write({
      "fleet/apps.yaml": kustomization("apps", "./apps", "  decryption: {provider: sops, secretRef: {name: keys}}\n"),
      "apps/kustomization.yaml":
        "namespace: default\nresources: [secret.yaml]\ngeneratorOptions: {disableNameSuffixHash: true}\n" +
        "secretGenerator:\n- {name: env, envs: [app.env]}\n- {name: file, files: [values.yaml]}\n",
    });
    const data = `apiVersion: v1\nkind: Secret\nmetadata: {name: whole}\nstringData: {key: ${canaries.resource}}\n`;
    encrypt("apps/secret.yaml", data, "--encrypted-regex", "^stringData$");
    encrypt("apps/app.env", `KEY=${canaries.environment}\n`);
    encrypt("apps/values.yaml", `key: ${canaries.file}\n`);
    repository.commit("encrypted");
    home = new Home({ args: ["--repo", repository.path, "--branch", "main", "--path", "fleet"] });
    home.start();
    await home.ready();
    const key = ["create", "secret", "generic", "keys", "-n", "flux-system", `--from-file=${keys}age.agekey`];
    await until("the keys", async () => ((await home.kubectl(key)).status === 0 ? true : undefined));
    await home.readyCondition("kustomization", "apps", "True", 120_000);
  }, 240_000);

  afterAll(async () => {
    await home[Symbol.asyncDispose]();
    repository[Symbol.dispose]();
  }, 60_000);

  it("hold what the files hold", async () => {
    const values = async (name: string): Promise<string[]> =>
      Object.values((await home.object("secret", name))?.data ?? {}).map((text) =>
        Buffer.from(text, "base64").toString(),
      );
    expect(await values("whole")).toEqual([canaries.resource]);
    expect(await values("env")).toEqual([canaries.environment]);
    expect(await values("file")).toEqual([`key: ${canaries.file}\n`]);
  });

  it("heal and diff without telling", async () => {
    const patch = JSON.stringify({ stringData: { key: "changed" } });
    await home.kubectl(["patch", "secret", "whole", "--type=merge", "-p", patch]);
    await until("the heal", async () => {
      const text = (await home.object("secret", "whole"))?.data?.["key"] ?? "";
      return Buffer.from(text, "base64").toString() === canaries.resource ? true : undefined;
    });
    const folder = join(repository.path, "apps");
    const built = await home.keelson(["build", "kustomization", "apps", "--path", folder]);
    expect(built.out).toContain(Buffer.from("**SOPS**").toString("base64"));
    expect(built.out).not.toContain("ENC[");
    const different = await home.keelson(["diff", "kustomization", "apps", "--path", folder]);
    for (const canary of all) expect(built.out + built.err + different.out + different.err).not.toContain(canary);
  });

  it("are told nowhere else: events, status, console, metrics, logs, artifacts, disk", async () => {
    const { url } = JSON.parse(readFileSync(join(home.data, "home.json"), "utf8")) as { url: string };
    const token = new URL(url).searchParams.get("token") ?? "";
    const asked = async (path: string): Promise<string> => {
      const signal = AbortSignal.timeout(10_000);
      const answer = await fetch(new URL(path, url), { headers: { authorization: `Bearer ${token}` }, signal });
      const reader = answer.body?.getReader();
      const first = await reader?.read();
      await reader?.cancel();
      return new TextDecoder().decode(first?.value);
    };
    const said = [home.output];
    const page = "/api/deliveries/Kustomization/flux-system/apps";
    for (const path of ["/metrics", "/api/fleet", page, `${page}/objects`, `${page}/plan`, `${page}/plan?which=last`])
      said.push(await asked(path));
    const kinds = "events,kustomizations,gitrepositories,configmaps,deliverylogs";
    said.push((await home.kubectl(["get", kinds, "-A", "-o", "yaml"])).out);
    for (const verb of [
      ["get", "kustomizations"],
      ["events"],
      ["tree", "kustomization", "apps"],
      ["history", "apps"],
    ]) {
      const answer = await home.keelson(verb);
      said.push(answer.out, answer.err);
    }
    for (const entry of readdirSync(home.data, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) said.push(readFileSync(join(entry.parentPath, entry.name), "latin1"));
    }
    const text = said.join("\n");
    expect(text).toContain("apps");
    for (const canary of all) expect(text.includes(canary), canary).toBe(false);
  });
});
