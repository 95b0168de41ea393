// Files that the real sops made, by key type, format and rule, with what it decrypts them to. They are recorded: with
// KEELSON_ORACLES and UPDATE_GOLDEN=1 this test makes them anew.

import { execFile, spawnSync } from "node:child_process";
import { createPublicKey, publicEncrypt } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fake, fakeServices, serveFakes } from "./keys/key-services.contract.ts";
import { type KeyData, type Keyring, openKeyring } from "./keys/index.ts";
import { dataKeyOf, decryptFile, type Format, formatOf, load } from "./sops/index.ts";

const folder = new URL("./testdata/", import.meta.url).pathname;
const keysFolder = join(folder, "keys");
const recordedFolder = join(folder, "recorded");
const oracles = process.env["KEELSON_ORACLES"];
const isRecording = process.env["UPDATE_GOLDEN"] === "1" && oracles !== undefined;

type Case = {
  name: string;
  input: string;
  /** Keys of the Secret that opens it. */
  keys: string[];
  /** Arguments of `sops encrypt`. */
  arguments: string[];
  /** What a creation rule says that no argument can. */
  rule?: string;
};

const recipient = "age1lea5jml9kmap2q63zf5vuyhradfyl90w0vpcwscfclgv3w9wp5usvfxqdq";
const age = ["--age", recipient];
const rsa = "C9E4C5B6D0B3A0E8";

/** Encrypts each input with each way that sops has to choose values, and each key type with one input. */
function cases(): Case[] {
  const all: Case[] = [];
  const add = (name: string, input: string, how: Partial<Case>): void => {
    all.push({ name, input, keys: ["age.agekey"], arguments: age, ...how });
  };
  const inputs = [
    "secret.yaml",
    "documents.yaml",
    "comments.yaml",
    "values.json",
    "app.env",
    "app.ini",
    "blob.bin",
    "patch.yaml",
  ];
  for (const input of inputs) {
    add(`age-${input.replace(".", "-")}`, input, {});
  }
  add("encrypted-regex", "secret.yaml", { arguments: [...age, "--encrypted-regex", "^(data|stringData)$"] });
  add("unencrypted-regex", "comments.yaml", { arguments: [...age, "--unencrypted-regex", "^(kind|list)$"] });
  add("encrypted-suffix", "comments.yaml", { arguments: [...age, "--encrypted-suffix", "Data"] });
  add("unencrypted-suffix", "comments.yaml", { arguments: [...age, "--unencrypted-suffix", "name"] });
  add("encrypted-comment-regex", "comments.yaml", { arguments: [], rule: "encrypted_comment_regex: seal" });
  add("sealed-by-comment", "sealed.yaml", { arguments: [], rule: "encrypted_comment_regex: seal" });
  add("unencrypted-comment-regex", "comments.yaml", { arguments: [], rule: "unencrypted_comment_regex: ^ plain" });
  add("mac-only-encrypted", "comments.yaml", {
    arguments: [],
    rule: "mac_only_encrypted: true\n    encrypted_regex: ^stringData$",
  });
  add("post-quantum", "secret.yaml", { keys: ["post-quantum.agekey"], arguments: ["--age", read("post-quantum.pub")] });
  add("two-recipients", "secret.yaml", {
    keys: ["other.agekey"],
    arguments: ["--age", `${recipient},${read("other.pub")}`],
  });
  add("pgp-rsa", "secret.yaml", { keys: ["rsa.asc"], arguments: ["--pgp", read("rsa.fingerprint")] });
  add("pgp-curve", "app.env", { keys: ["curve.asc"], arguments: ["--pgp", read("curve.fingerprint")] });
  add("vault", "secret.yaml", {
    keys: ["sops.vault-token"],
    arguments: ["--hc-vault-transit", "VAULT/v1/transit/keys/k"],
  });
  add("aws", "values.json", {
    keys: ["sops.aws-kms"],
    arguments: ["--kms", fake.arn, "--encryption-context", "app:shop,tier:db"],
  });
  add("aws-role", "app.ini", { keys: ["sops.aws-kms"], arguments: ["--kms", `${fake.arn}+${fake.role}`] });
  add("gcp", "secret.yaml", { keys: ["sops.gcp-kms"], arguments: ["--gcp-kms", fake.gcpResource] });
  add("azure", "secret.yaml", { keys: ["sops.azure-kv"] });
  add("shamir", "secret.yaml", {
    keys: ["age.agekey", "rsa.asc"],
    arguments: [],
    rule: `shamir_threshold: 2\n    key_groups:\n      - age: [${recipient}]\n      - pgp: [${read("rsa.fingerprint")}]\n      - age: [${read("other.pub")}]`,
  });
  return all;
}

function read(name: string): string {
  const path = join(keysFolder, name);
  return existsSync(path) ? readFileSync(path, "utf8").trim() : rsa;
}

const azurePem = join(keysFolder, "azure.pem");
const services = fakeServices(existsSync(azurePem) ? readFileSync(azurePem, "utf8") : undefined);

async function keyring(names: readonly string[], answer: typeof services.answer = services.answer): Promise<Keyring> {
  const data: KeyData = new Map(names.map((name) => [name, readFileSync(join(keysFolder, name))]));
  const ask = (question: Parameters<typeof services.answer>[0]) => Promise.resolve(answer(question));
  return openKeyring({
    data,
    services: {
      ask,
      now: () => Date.UTC(2026, 0, 1),
      environment: {},
      readFile: () => Promise.reject(new Error("no")),
    },
  });
}

function recordedFile(name: string, what: string): string {
  const found = readdirSync(join(recordedFolder, name)).find((file) => file.startsWith(`${what}.`));
  return join(recordedFolder, name, found ?? `${what}.missing`);
}

describe.runIf(isRecording)("recording with the real sops", () => {
  let fakes: Awaited<ReturnType<typeof serveFakes>>;
  let home = "";
  beforeAll(async () => {
    fakes = await serveFakes(services);
    home = mkdtempSync(join(tmpdir(), "sops-"));
    for (const name of ["rsa.asc", "curve.asc"]) gpg(home, ["--import", join(keysFolder, name)]);
  });
  afterAll(async () => {
    await fakes.close();
    spawnSync("gpgconf", ["--kill", "all"], { env: { ...process.env, GNUPGHOME: home } });
    rmSync(home, { recursive: true, force: true });
  });

  const missing = cases().filter((one) => !existsSync(join(recordedFolder, one.name)));
  it.each(missing.length > 0 ? missing : cases())("$name", { timeout: 120_000 }, async (one) => {
    const into = join(recordedFolder, one.name);
    rmSync(into, { recursive: true, force: true });
    mkdirSync(into, { recursive: true });
    const extension = one.input.slice(one.input.lastIndexOf(".") + 1);
    const sops = sopsRunner({ home, url: fakes.url });
    const config = join(home, ".sops.yaml");
    const by = one.rule?.includes("key_groups") === true ? "" : `age: ${recipient}\n    `;
    writeFileSync(config, `creation_rules:\n  - path_regex: .*\n    ${by}${one.rule ?? ""}\n`);
    const configured = one.rule === undefined ? [] : ["--config", config];
    const given = one.arguments.map((argument) => argument.replace("VAULT", fakes.url));
    let encrypted = await sops([...configured, "encrypt", ...given, join(folder, "inputs", one.input)]);
    if (one.name === "azure") encrypted = await withAzureKey(encrypted);
    // The address of the fake differs from run to run; the file names a made-up one.
    const text = encrypted.toString("utf8").replaceAll(fakes.url, "http://vault.example:8200");
    writeFileSync(join(into, `encrypted.${extension}`), one.name === "vault" ? text : encrypted);
    writeFileSync(join(home, `again.${extension}`), encrypted);
    const plain = one.name === "azure" ? readFileSync(recordedFile("age-secret-yaml", "expected")) : undefined;
    writeFileSync(
      join(into, `expected.${extension}`),
      plain ?? (await sops(["decrypt", join(home, `again.${extension}`)])),
    );
    const by2 = { madeBy: (await sops(["--version"])).toString().trim(), keys: one.keys, arguments: given.slice(0, 1) };
    writeFileSync(join(into, "case.json"), `${JSON.stringify(by2, null, 2)}\n`);
  });
});

/** sops cannot be led to a vault that is not Azure's: the data key of an age file is wrapped with the vault's key by hand. */
async function withAzureKey(encrypted: Buffer): Promise<Buffer> {
  const { metadata } = load(encrypted, "yaml");
  const dataKey = await dataKeyOf(metadata, (await keyring(["age.agekey"])).unwrap);
  const key = createPublicKey(readFileSync(azurePem));
  const enc = publicEncrypt({ key, oaepHash: "sha256" }, dataKey).toString("base64url");
  const entry = [
    "    azure_kv:",
    `        - vault_url: ${fake.azureVault}`,
    "          name: k",
    '          version: "1"',
    '          created_at: "2026-01-01T00:00:00Z"',
    `          enc: ${enc}`,
  ].join("\n");
  const text = encrypted.toString("utf8");
  return Buffer.from(text.replace(/ {4}age:\n[\s\S]*? {4}lastmodified/, `${entry}\n    lastmodified`));
}

function gpg(home: string, args: readonly string[]): void {
  const done = spawnSync("gpg", ["--batch", "--quiet", ...args], { env: { ...process.env, GNUPGHOME: home } });
  expect(done.stderr.toString()).not.toContain("failed");
}

/** Not synchronously: the fakes that sops asks run in this thread. */
function sopsRunner(place: { home: string; url: string }): (args: readonly string[]) => Promise<Buffer> {
  const env = {
    ...process.env,
    GNUPGHOME: place.home,
    SOPS_AGE_KEY: ["age.agekey", "other.agekey", "post-quantum.agekey"].map(identity).join("\n"),
    VAULT_TOKEN: fake.vaultToken,
    AWS_ACCESS_KEY_ID: fake.aws.accessKeyId,
    AWS_SECRET_ACCESS_KEY: fake.aws.secretAccessKey,
    AWS_ENDPOINT_URL_KMS: place.url,
    AWS_ENDPOINT_URL_STS: place.url,
    SOPS_GCP_KMS_CLIENT_TYPE: "rest",
    SOPS_GCP_KMS_ENDPOINT: place.url,
    GOOGLE_OAUTH_ACCESS_TOKEN: fake.gcpToken,
  };
  return async (args) => {
    const command = join(oracles ?? "", "sops");
    const options = { env, encoding: "buffer" as const, timeout: 60_000 };
    const { stdout } = await promisify(execFile)(command, ["--disable-version-check", ...args], options);
    return stdout;
  };
}

function identity(name: string): string {
  return read(name).split("\n").at(-1) ?? "";
}

describe("files of the real sops", () => {
  const names = existsSync(recordedFolder) ? readdirSync(recordedFolder) : [];

  it("every case is recorded", () => {
    expect(names.sort()).toEqual(
      cases()
        .map((one) => one.name)
        .sort(),
    );
  });

  it.each(names)("%s decrypts to the same bytes, and its MAC is good", async (name) => {
    const file = recordedFile(name, "encrypted");
    const { keys } = JSON.parse(readFileSync(join(recordedFolder, name, "case.json"), "utf8")) as { keys: string[] };
    const format: Format = formatOf(file);
    const { unwrap } = await keyring(keys);
    const decrypted = await decryptFile(readFileSync(file), { from: format, to: format }, unwrap);
    expect(Buffer.from(decrypted.content).toString("latin1")).toBe(
      readFileSync(recordedFile(name, "expected")).toString("latin1"),
    );
    expect(decrypted.mac).toBe("good");
  });

  it.each(names)("%s does not open with another key", async (name) => {
    const file = recordedFile(name, "encrypted");
    const { unwrap } = await keyring(["stranger.agekey"], () => ({ status: 403, headers: {}, body: "" }));
    const format = formatOf(file);
    await expect(decryptFile(readFileSync(file), { from: format, to: format }, unwrap)).rejects.toMatchObject({
      code: expect.stringMatching(/^sops-key-missing$/) as string,
    });
  });
});
