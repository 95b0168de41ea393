// spec.decryption on a whole engine: files that the real sops made, delivered; what opens them, what does not, and that
// nothing of what they hold is said anywhere.

import { readdirSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { asManifest, type JsonObject, type Manifest } from "#kernel";
import { configMap, kustomization, World } from "./world.contract.ts";

vi.setConfig({ testTimeout: 120_000 });

const testdata = new URL("../../secrets/testdata/", import.meta.url).pathname;

/** A file that the real sops made. */
function recorded(name: string): Uint8Array {
  const file = readdirSync(`${testdata}recorded/${name}`).find((one) => one.startsWith("encrypted."));
  return readFileSync(`${testdata}recorded/${name}/${file ?? ""}`);
}

function key(name: string): string {
  return readFileSync(`${testdata}keys/${name}`).toString("base64");
}

function keys(data: JsonObject, metadata: JsonObject = {}): Manifest {
  return asManifest({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "keys", namespace: "flux-system", ...metadata },
    data,
  });
}

const decryption = { provider: "sops", secretRef: { name: "keys" } };

/** What the files hold, as it would be seen where it must not be. */
const canaries = ["correct horse: battery", "a=b c#d", "sealed-by-a-comment", "dG9rZW4=", "from-an-encrypted-patch"];

function expectUnseen(text: string): void {
  for (const canary of canaries) {
    expect(text).not.toContain(canary);
    expect(text).not.toContain(Buffer.from(canary).toString("base64"));
  }
}

let world: World;
beforeEach(async () => {
  world = await World.start(["Kustomization"]);
});
afterEach(() => world.close());

async function valuesOf(name: string): Promise<{ [key: string]: string }> {
  const data = (await world.get("", "Secret", name))?.["data"] as { [key: string]: string } | undefined;
  return Object.fromEntries(
    Object.entries(data ?? {}).map(([name, value]) => [name, Buffer.from(value, "base64").toString("utf8")]),
  );
}

/** All that the engine has said: status, events, log and what the console reads. */
async function saidByAll(): Promise<string> {
  const said: string[] = [world.logs.join("\n"), JSON.stringify(world.engine.snapshot())];
  for (const [group, kind] of [
    ["", "Event"],
    ["kustomize.toolkit.fluxcd.io", "Kustomization"],
  ] as const) {
    const answer = await world.cluster.list(await world.resource(group, kind), {});
    if (answer.ok) said.push(JSON.stringify(answer.value.items));
  }
  for (const { key } of world.engine.snapshot().deliveries) said.push(JSON.stringify(world.engine.objects(key)));
  return said.join("\n");
}

describe("what is decrypted", () => {
  it("resources, sources of secret generators in every format, and patches", async () => {
    await world.apply(keys({ "age.agekey": key("age.agekey") }));
    world.sources.commit({
      "apps/kustomization.yaml": JSON.stringify({
        namespace: "shop",
        resources: ["secret.yaml", "sealed.yaml", "open.yaml"],
        patches: [{ path: "patch.yaml" }],
        generatorOptions: { disableNameSuffixHash: true },
        secretGenerator: [
          { name: "files", files: ["values.json", "comments.yaml", "renamed.ini=app.ini", "blob.bin"] },
          { name: "env", envs: ["app.env"] },
          { name: "env-by-another-name", envs: ["settings"] },
        ],
      }),
      "apps/secret.yaml": recorded("encrypted-regex"),
      "apps/sealed.yaml": recorded("sealed-by-comment"),
      "apps/open.yaml": configMap("open", { kept: "yes" }),
      "apps/patch.yaml": recorded("age-patch-yaml"),
      "apps/values.json": recorded("age-values-json"),
      "apps/comments.yaml": recorded("age-comments-yaml"),
      "apps/app.ini": recorded("age-app-ini"),
      "apps/blob.bin": recorded("age-blob-bin"),
      "apps/app.env": recorded("age-app-env"),
      "apps/settings": recorded("age-app-env"),
    });
    await world.apply(kustomization("apps", { decryption }));
    await world.untilReady("apps");
    expect(await valuesOf("database")).toMatchObject({ password: "correct horse: battery", token: "token" });
    expect(await valuesOf("sealed")).toEqual({ key: "sealed-by-a-comment" });
    expect((await world.get("", "ConfigMap", "open"))?.["data"]).toEqual({
      kept: "yes",
      patched: "from-an-encrypted-patch",
    });
    const plain = (name: string): string => readFileSync(`${testdata}recorded/${name}`, "utf8");
    expect(await valuesOf("files")).toMatchObject({
      "values.json": plain("age-values-json/expected.json"),
      "comments.yaml": plain("age-comments-yaml/expected.yaml"),
      "renamed.ini": plain("age-app-ini/expected.ini"),
    });
    const blob = (await world.get("", "Secret", "files"))?.["data"] as { [key: string]: string };
    expect(Buffer.from(blob["blob.bin"] ?? "", "base64")).toEqual(
      readFileSync(`${testdata}recorded/age-blob-bin/expected.bin`),
    );
    const environment = { USER: "admin", PASSWORD: "a=b c#d", MULTI: "line1\\nline2", EMPTY: "" };
    expect(await valuesOf("env")).toEqual(environment);
    expect(await valuesOf("env-by-another-name")).toEqual(environment);
    expectUnseen(await saidByAll());
  });

  it("encrypted files in a Secret's data, by their marks; and nothing that is marked to stay", async () => {
    await world.apply(keys({ "pgp.asc": key("rsa.asc"), "age.agekey": key("age.agekey") }));
    const data = { "app.env": Buffer.from(recorded("age-app-env")).toString("base64"), plain: "cGxhaW4=" };
    const metadata = { name: "inside", namespace: "shop" };
    const kept = {
      ...metadata,
      name: "kept",
      annotations: { "kustomize.toolkit.fluxcd.io/decrypt": "Disabled" },
    };
    world.sources.commit({
      "apps/all.yaml": [
        { apiVersion: "v1", kind: "Secret", metadata, data },
        { apiVersion: "v1", kind: "Secret", metadata: kept, data },
      ]
        .map((one) => JSON.stringify(one))
        .join("\n---\n"),
    });
    await world.apply(kustomization("apps", { decryption }));
    await world.untilReady("apps");
    const plain = readFileSync(`${testdata}recorded/age-app-env/expected.env`, "utf8");
    expect(await valuesOf("inside")).toEqual({ "app.env": plain, plain: "plain" });
    expect((await valuesOf("kept"))["app.env"]).toContain("sops_mac=ENC[");
  });
});

describe("what does not open", () => {
  const commit = (content: Uint8Array): string => world.sources.commit({ "apps/secret.yaml": content });

  it("says that decryption is not configured, and applies nothing", async () => {
    commit(recorded("encrypted-regex"));
    await world.apply(kustomization("apps"));
    await world.untilFailed("apps", "is SOPS encrypted, configuring decryption is required");
    expect(await world.get("", "Secret", "database")).toBeUndefined();
  });

  it("names the Secret that is missing, and goes on when it comes", async () => {
    commit(recorded("encrypted-regex"));
    await world.apply(kustomization("apps", { decryption, retryInterval: "1s" }));
    await world.untilFailed("apps", "Secret/flux-system/keys");
    await world.apply(keys({ "age.agekey": key("age.agekey") }));
    await world.untilReady("apps");
    expect((await valuesOf("database"))["user"]).toBe("admin");
  });

  it("names the keys that would open it when the Secret holds others; a watched Secret is looked at at once", async () => {
    commit(recorded("encrypted-regex"));
    const watched = { labels: { "reconcile.fluxcd.io/watch": "Enabled" } };
    await world.apply(keys({ "other.agekey": key("stranger.agekey") }, watched));
    await world.apply(kustomization("apps", { decryption, retryInterval: "1h" }));
    await world.untilFailed("apps", "age1lea5jml9kmap2q63zf5vuyhradfyl90w0vpcwscfclgv3w9wp5usvfxqdq");
    await world.apply(keys({ "age.agekey": key("age.agekey") }, watched));
    await world.untilReady("apps");
  });

  it("says which value was changed", async () => {
    await world.apply(keys({ "age.agekey": key("age.agekey") }));
    const text = Buffer.from(recorded("encrypted-regex")).toString("utf8");
    // Two values that change places decrypt in neither.
    const swapped = text.replace(/user: (.*)\n(\s+)password: (.*)\n/, "user: $3\n$2password: $1\n");
    expect(swapped).not.toBe(text);
    commit(Buffer.from(swapped));
    await world.apply(kustomization("apps", { decryption }));
    await world.untilFailed("apps", "stringData.user");
    expectUnseen(await saidByAll());
  });

  it("says that a file was changed, and applies it unless its MAC is required", async () => {
    await world.apply(keys({ "age.agekey": key("age.agekey") }));
    const text = Buffer.from(recorded("encrypted-regex")).toString("utf8");
    commit(Buffer.from(text.replace("type: Opaque", "type: example.com/changed")));
    await world.apply(kustomization("apps", { decryption }));
    await world.untilReady("apps");
    expect((await world.get("", "Secret", "database"))?.["type"]).toBe("example.com/changed");
    await vi.waitFor(
      async () => {
        expect(await saidByAll()).toContain("the MAC of apps/secret.yaml does not fit");
      },
      { timeout: 60_000 },
    );
    await world.apply(
      kustomization("strict", { decryption, path: "./apps" }, { annotations: { "keelson.dev/sops-mac": "required" } }),
    );
    await world.untilFailed("strict", "its MAC does not fit");
  });

  const unusable: [what: string, data: JsonObject][] = [
    ["a damaged age key", { "age.agekey": Buffer.from("AGE-SECRET-KEY-1CANARYCANARY\n").toString("base64") }],
    ["an age plugin", { "age.agekey": Buffer.from("AGE-PLUGIN-YUBIKEY-1CANARY\n").toString("base64") }],
    ["an SSH key", { "age.agekey": Buffer.from("-----BEGIN OPENSSH PRIVATE KEY-----\nCANARY\n").toString("base64") }],
    ["no PGP key", { "a.asc": Buffer.from("CANARY").toString("base64") }],
    ["AWS credentials that are none", { "sops.aws-kms": Buffer.from("CANARY: [").toString("base64") }],
    ["Google credentials that are none", { "sops.gcp-kms": Buffer.from("CANARY").toString("base64") }],
    ["Azure credentials that are none", { "sops.azure-kv": Buffer.from("a: CANARY").toString("base64") }],
  ];

  it("names the key that cannot be used, and shows nothing of it", async () => {
    commit(recorded("encrypted-regex"));
    for (const [index, [, data]] of unusable.entries()) {
      const named = keys(data, { name: `keys-${index}` });
      const spec = { path: "./apps", decryption: { provider: "sops", secretRef: { name: `keys-${index}` } } };
      await world.apply(named, kustomization(`apps-${index}`, spec));
    }
    for (const index of unusable.keys()) await world.untilFailed(`apps-${index}`, `Secret/flux-system/keys-${index}`);
    expect(await saidByAll()).not.toContain("CANARY");
  });
});

describe("what goes wrong after decryption", () => {
  it("is told without what was decrypted", async () => {
    await world.apply(keys({ "age.agekey": key("age.agekey") }));
    // A line that is no variable: kustomize quotes it.
    world.sources.commit({
      "apps/kustomization.yaml": "secretGenerator:\n- name: env\n  envs: [values.env]\n",
      "apps/values.env": recorded("age-blob-bin"),
    });
    await world.apply(kustomization("apps", { decryption }));
    await world.untilFailed("apps", "building apps failed");
    expectUnseen(await saidByAll());
  });
});
