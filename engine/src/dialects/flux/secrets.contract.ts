// What SOPS has encrypted, delivered: files of every format by every key that needs no service, as scripts like those of
// tricky.contract.ts. Expected is what the real sops makes of the same files.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { asManifest, type JsonObject, type Manifest } from "#kernel";
import { dataOf } from "./samples.contract.ts";
import { mark, type Scene } from "./scene.contract.ts";
import { configMap } from "./world.contract.ts";

const testdata = new URL("../../secrets/testdata/", import.meta.url).pathname;

/** Recorded files whose keys are on this machine. */
const cases = readdirSync(`${testdata}recorded`).filter((name) => !/^(aws|azure|gcp|vault)/.test(name));

function recorded(name: string, which: "encrypted" | "expected"): { extension: string; text: string } {
  const file = readdirSync(`${testdata}recorded/${name}`).find((one) => one.startsWith(`${which}.`)) ?? "";
  const text = readFileSync(`${testdata}recorded/${name}/${file}`, "utf8");
  return { extension: file.slice(file.indexOf(".") + 1), text };
}

const encrypted = (name: string): string => recorded(name, "encrypted").text;

/** A Secret with keys in the namespace of the Kustomizations, by the names of its entries. */
function keys(name: string, files: { [entry: string]: string }): Manifest {
  const data = Object.entries(files).map(([entry, file]) => {
    return [entry, readFileSync(`${testdata}keys/${file}`).toString("base64")] as const;
  });
  const metadata = { name, namespace: "flux-system", labels: { "reconcile.fluxcd.io/watch": "Enabled" } };
  return asManifest({ apiVersion: "v1", kind: "Secret", metadata, data: Object.fromEntries(data) });
}

const allKeys = {
  "age.agekey": "age.agekey",
  "other.agekey": "other.agekey",
  "post-quantum.agekey": "post-quantum.agekey",
  "rsa.asc": "rsa.asc",
  "curve.asc": "curve.asc",
};

function decryption(name: string): JsonObject {
  return { decryption: { provider: "sops", secretRef: { name } } };
}

async function valuesOf(scene: Scene, name: string): Promise<{ [entry: string]: string }> {
  const secret = await scene.world.get("", "Secret", name);
  const data = (secret?.["data"] ?? {}) as { [entry: string]: string };
  return Object.fromEntries(
    Object.entries(data).map(([entry, value]) => [entry, Buffer.from(value, "base64").toString("utf8")]),
  );
}

/** The scripts about encrypted files. */
export function secrets(scene: (name: string) => Scene): void {
  describe("17: files that sops encrypted", () => {
    it("in every format and by every key come out as sops has them", async () => {
      const s = scene("sops-files");
      const files: { [path: string]: string } = {};
      const expected: { [entry: string]: string } = {};
      for (const name of cases) {
        const { extension, text } = recorded(name, "encrypted");
        files[`${name}.${extension}`] = text;
        expected[`${name}.${extension}`] = recorded(name, "expected").text;
      }
      const generator = { name: s.name, namespace: "shop", files: Object.keys(files) };
      const own = { secretGenerator: [generator], generatorOptions: { disableNameSuffixHash: true } };
      s.world.commit({ ...files, "kustomization.yaml": JSON.stringify(own) }, s.name);
      await s.world.apply(keys(s.name, allKeys));
      await s.apply(decryption(s.name));
      await s.world.untilReady(s.name);
      expect(await valuesOf(s, s.name)).toEqual(expected);
    });

    it("as objects, patches, entries of Secrets and environments, with variables in what was decrypted", async () => {
      const s = scene("sops-objects");
      const inside = { "app.env": Buffer.from(encrypted("age-app-env")).toString("base64"), plain: "cGxhaW4=" };
      const secret = (name: string, metadata: JsonObject = {}): string =>
        JSON.stringify({
          apiVersion: "v1",
          kind: "Secret",
          metadata: { name, namespace: "shop", ...metadata },
          data: inside,
        });
      const own = {
        namespace: "shop",
        resources: ["secret.yaml", "sealed.yaml", "inside.yaml", "kept.yaml", "open.yaml"],
        patches: [{ path: "patch.yaml" }],
        generatorOptions: { disableNameSuffixHash: true },
        secretGenerator: [{ name: "sops-env", envs: ["app.env"] }],
      };
      s.world.commit(
        {
          "kustomization.yaml": JSON.stringify(own),
          "secret.yaml": encrypted("encrypted-regex"),
          "sealed.yaml": encrypted("sealed-by-comment"),
          "inside.yaml": secret("sops-inside"),
          "kept.yaml": secret("sops-kept", { annotations: mark("decrypt", "Disabled") }),
          "open.yaml": configMap("open", { kept: "${kept}" }),
          "patch.yaml": encrypted("age-patch-yaml"),
          "app.env": encrypted("age-app-env"),
        },
        s.name,
      );
      await s.world.apply(keys(s.name, allKeys));
      await s.apply({ ...decryption(s.name), postBuild: { substitute: { kept: "present" } } });
      await s.world.untilReady(s.name);
      const plain = recorded("age-app-env", "expected").text;
      expect(await valuesOf(s, "database")).toMatchObject({
        user: "admin",
        password: "correct horse: battery",
        token: "token",
      });
      // Flux loses the comment that marks the value before it decrypts (kustomize-controller#1411).
      const { key = "" } = await valuesOf(s, "sealed");
      if (s.world.isFlux) expect(key).toMatch(/^ENC\[/);
      else expect(key).toBe("sealed-by-a-comment");
      expect(await valuesOf(s, "sops-inside")).toEqual({ "app.env": plain, plain: "plain" });
      expect((await valuesOf(s, "sops-kept"))["app.env"]).toContain("sops_mac=ENC[");
      expect(dataOf(await s.map("open"))).toEqual({ kept: "present", patched: "from-an-encrypted-patch" });
      expect((await valuesOf(s, "sops-env"))["PASSWORD"]).toBe("a=b c#d");
    });

    it("wait for their Secret, and for the right key in it", async () => {
      const s = scene("sops-keys");
      s.commit(encrypted("encrypted-regex").replace("name: database", "name: sops-keys"));
      await s.apply(decryption(s.name));
      expect((await s.failed("sops-keys")).reason).toBe("BuildFailed");
      await s.world.apply(keys(s.name, { "stranger.agekey": "stranger.agekey" }));
      await s.failed("age1lea5jml9kmap2q63zf5vuyhradfyl90w0vpcwscfclgv3w9wp5usvfxqdq");
      expect(await s.world.get("", "Secret", s.name)).toBeUndefined();
      await s.world.apply(keys(s.name, { "age.agekey": "age.agekey" }));
      await s.world.untilReady(s.name);
      expect((await valuesOf(s, s.name))["user"]).toBe("admin");
    });

    it("are applied though their MAC does not fit, and refused where a value was changed", async () => {
      const s = scene("sops-changed");
      const text = encrypted("encrypted-regex").replace("name: database", "name: sops-changed");
      await s.world.apply(keys(s.name, allKeys));
      await s.deliver([text.replace("type: Opaque", "type: example.com/changed")], decryption(s.name));
      expect((await s.world.get("", "Secret", s.name))?.["type"]).toBe("example.com/changed");
      // Two values that change places decrypt in neither.
      s.commit(text.replace(/user: (.*)\n(\s+)password: (.*)\n/, "user: $3\n$2password: $1\n"));
      expect((await s.failed("decrypt")).reason).toBe("BuildFailed");
      expect((await valuesOf(s, s.name))["user"]).toBe("admin");
    });

    it("stay as they are in what a generator makes, where no decryption is asked for", async () => {
      const s = scene("sops-none");
      const generator = { name: s.name, namespace: "shop", files: ["a.json"], envs: ["app.env"] };
      const own = { secretGenerator: [generator], generatorOptions: { disableNameSuffixHash: true } };
      const files = { "a.json": encrypted("age-values-json"), "app.env": encrypted("age-app-env") };
      s.world.commit({ ...files, "kustomization.yaml": JSON.stringify(own) }, s.name);
      await s.apply();
      await s.world.untilReady(s.name);
      expect((await valuesOf(s, s.name))["PASSWORD"]).toMatch(/^ENC\[/);
    });
  });
}
