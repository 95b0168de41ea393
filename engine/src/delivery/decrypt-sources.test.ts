import { describe, expect, it } from "vitest";
import { memoryTree } from "#kernel";
import { findEncryptedFiles } from "./decrypt-sources.ts";

const yaml = "a: ENC[x]\nsops:\n    mac: ENC[AES256_GCM,y]\n";
const env = "A=ENC[x]\nsops_mac=ENC[AES256_GCM,y]\n";
const json = '{"data": "ENC[x]", "sops": {"mac": "ENC[AES256_GCM,y]"}}';

function found(files: { [path: string]: string }, path = "app"): string[] {
  return findEncryptedFiles(memoryTree(files), path, {}).map((file) => `${file.role} ${file.format} ${file.path}`);
}

function kustomization(value: object): string {
  return JSON.stringify(value);
}

describe("encrypted files of a build", () => {
  it("are sources of secret generators, by the key's name, env files, and patches", () => {
    expect(
      found({
        "app/kustomization.yaml": kustomization({
          secretGenerator: [
            { name: "s", files: ["values.yaml", "config.json=plain.txt", "blob"], envs: ["a.env", "settings"] },
          ],
          patches: [{ path: "patch.yaml" }, { patch: "a: 1" }, { path: "https://example.com/patch.yaml" }],
        }),
        "app/values.yaml": yaml,
        "app/plain.txt": json,
        "app/blob": json,
        "app/a.env": env,
        "app/settings": env,
        "app/patch.yaml": yaml,
      }),
    ).toEqual([
      "source yaml app/values.yaml",
      "source json app/plain.txt",
      "source binary app/blob",
      "source dotenv app/a.env",
      "source dotenv app/settings",
      "source yaml app/patch.yaml",
    ]);
  });

  it("are found in bases and components, and among resources, whether listed or not", () => {
    const files = {
      "app/kustomization.yaml": kustomization({ resources: ["../base", "secret.yaml"], components: ["../part"] }),
      "app/secret.yaml": yaml,
      "base/kustomization.yaml": kustomization({ secretGenerator: [{ name: "b", envs: ["b.env"] }] }),
      "base/b.env": env,
      "part/kustomization.yaml": kustomization({ secretGenerator: [{ name: "p", envs: ["p.env"] }] }),
      "part/p.env": env,
      "flat/secret.yaml": yaml,
      "flat/plain.yaml": "kind: ConfigMap\n",
    };
    expect(found(files)).toEqual([
      "source dotenv base/b.env",
      "resource yaml app/secret.yaml",
      "source dotenv part/p.env",
    ]);
    expect(found(files, "flat")).toEqual(["resource yaml flat/secret.yaml"]);
  });

  it("are not sources of config maps, nor outside the source, nor in circles", () => {
    expect(
      found({
        "app/kustomization.yaml": kustomization({
          resources: [".", "../app", "../../outside.yaml"],
          configMapGenerator: [{ name: "c", envs: ["c.env"] }],
          secretGenerator: [{ name: "s", envs: ["../../../etc/a.env", "missing.env"] }],
        }),
        "app/c.env": env,
      }),
    ).toEqual([]);
  });

  it("names a base that cannot be read", () => {
    const files = {
      "app/kustomization.yaml": kustomization({ resources: ["../base"] }),
      "base/kustomization.yaml": "resources: [\n",
    };
    expect(() => found(files)).toThrow(expect.objectContaining({ code: "render-failed", at: "base" }));
  });
});
