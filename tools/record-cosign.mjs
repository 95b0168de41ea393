// Records artifacts with signatures of the real cosign: by keys of each kind in both of its forms, and by identities of an
// authority of our own. Each repository is kept whole, with what cosign itself says of it. Needs docker-registry and Go.
// Usage: node oracles/build.mjs cosign && node tools/record-cosign.mjs

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const cosign = join(process.env.KEELSON_ORACLES ?? join(root, "oracles/bin"), "cosign");
const folder = mkdtempSync(join(tmpdir(), "keelson-cosign-"));
const environment = { ...process.env, COSIGN_PASSWORD: "none", HOME: folder };
const manifestType = "application/vnd.oci.image.manifest.v1+json";
const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";

const sha256 = (bytes) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

async function startRegistry() {
  const config = join(folder, "config.yml");
  const lines = [
    "version: 0.1",
    "log: {level: info}",
    "storage:",
    `  filesystem: {rootdirectory: ${folder}/data}`,
    "http: {addr: 127.0.0.1:0}",
  ];
  writeFileSync(config, `${lines.join("\n")}\n`);
  const child = spawn("docker-registry", ["serve", config], { stdio: ["ignore", "ignore", "pipe"] });
  const port = await new Promise((resolve, reject) => {
    let text = "";
    child.on("error", reject);
    child.stderr.on("data", (piece) => {
      text += piece;
      const found = /listening on 127\.0\.0\.1:(\d+)/.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  return { host: `127.0.0.1:${port}`, base: `http://127.0.0.1:${port}`, stop: () => child.kill("SIGKILL") };
}

async function blob({ base }, repository, bytes) {
  const begun = await fetch(`${base}/v2/${repository}/blobs/uploads/`, { method: "POST" });
  const to = new URL(begun.headers.get("location"), base);
  to.searchParams.set("digest", sha256(bytes));
  const done = await fetch(to, { method: "PUT", body: bytes, headers: { "content-type": "application/octet-stream" } });
  if (done.status !== 201) throw new Error(await done.text());
  return { digest: sha256(bytes), size: bytes.length };
}

async function put({ base }, repository, tag, manifest) {
  const bytes = Buffer.from(JSON.stringify(manifest));
  const url = `${base}/v2/${repository}/manifests/${tag ?? sha256(bytes)}`;
  const done = await fetch(url, { method: "PUT", body: bytes, headers: { "content-type": manifest.mediaType } });
  if (done.status !== 201) throw new Error(await done.text());
  return { mediaType: manifest.mediaType, digest: sha256(bytes), size: bytes.length };
}

async function pushArtifact(registry, repository) {
  const config = {
    mediaType: "application/vnd.cncf.flux.config.v1+json",
    ...(await blob(registry, repository, Buffer.from("{}"))),
  };
  const layer = {
    mediaType: "application/vnd.cncf.flux.content.v1.tar+gzip",
    ...(await blob(registry, repository, Buffer.from("a layer"))),
  };
  return put(registry, repository, "1.0.0", { schemaVersion: 2, mediaType: manifestType, config, layers: [layer] });
}

/** Everything in a repository, by way of its tags. */
async function dump({ base }, repository) {
  const manifests = {};
  const blobs = {};
  const load = async (name) => {
    const accept = [manifestType, "application/vnd.oci.image.index.v1+json"].join(", ");
    const answer = await fetch(`${base}/v2/${repository}/manifests/${name}`, { headers: { accept } });
    const text = await answer.text();
    manifests[name] = { type: answer.headers.get("content-type"), text };
    const { manifests: inner = [], layers = [], config } = JSON.parse(text);
    for (const { digest } of inner) await load(digest);
    for (const { digest } of [...layers, ...(config === undefined ? [] : [config])]) {
      const bytes = await (await fetch(`${base}/v2/${repository}/blobs/${digest}`)).arrayBuffer();
      blobs[digest] = Buffer.from(bytes).toString("base64");
    }
  };
  const { tags } = await (await fetch(`${base}/v2/${repository}/tags/list`)).json();
  for (const tag of tags) await load(tag);
  return { manifests, blobs };
}

function makeKey(kind) {
  const path = join(mkdtempSync(join(folder, "key-")), kind);
  const generate = {
    "ecdsa-p256": ["ecparam", "-name", "prime256v1", "-genkey", "-noout"],
    "ecdsa-p384": ["ecparam", "-name", "secp384r1", "-genkey", "-noout"],
    rsa: ["genrsa", "2048"],
    ed25519: ["genpkey", "-algorithm", "ed25519"],
  }[kind];
  const plain = execFileSync("openssl", generate, { stdio: ["ignore", "pipe", "ignore"] });
  writeFileSync(`${path}.pem`, execFileSync("openssl", ["pkcs8", "-topk8", "-nocrypt"], { input: plain }));
  execFileSync(cosign, ["import-key-pair", "--key", `${path}.pem`, "--output-key-prefix", path], {
    env: environment,
    stdio: "ignore",
  });
  return { key: `${path}.key`, publicKey: readFileSync(`${path}.pub`, "utf8") };
}

/** Whether cosign itself is content. */
function verdict(args, reference) {
  return (
    spawnSync(cosign, ["verify", "--allow-http-registry", ...args, reference], { env: environment, encoding: "utf8" })
      .status === 0
  );
}

async function recordKeys(registry, cases) {
  const other = makeKey("ecdsa-p256").publicKey;
  for (const kind of ["ecdsa-p256", "ecdsa-p384", "rsa", "ed25519"])
    for (const form of ["bundle", "legacy"]) {
      const { key, publicKey } = makeKey(kind);
      const name = `${kind}-${form}`;
      const { digest } = await pushArtifact(registry, name);
      const forms = form === "legacy" ? ["--new-bundle-format=false"] : [];
      const fixed = ["--use-signing-config=false", "--tlog-upload=false", "--allow-http-registry", "-y"];
      execFileSync(cosign, ["sign", "--key", key, ...fixed, ...forms, `${registry.host}/${name}@${digest}`], {
        env: environment,
        stdio: "ignore",
      });
      writeFileSync(join(folder, "verify.pub"), publicKey);
      const isGood = verdict(
        ["--key", join(folder, "verify.pub"), "--insecure-ignore-tlog", ...forms],
        `${registry.host}/${name}@${digest}`,
      );
      cases.push({ name, digest, publicKey, other, isGood, repository: await dump(registry, name) });
    }
}

async function recordIdentities(registry, cases) {
  const flaws = ["", "expired", "tampered"];
  for (const flaw of flaws)
    for (const form of ["bundle", "legacy"]) {
      const name = `identity-${form}${flaw === "" ? "" : `-${flaw}`}`;
      const artifact = await pushArtifact(registry, name);
      const args = [
        "run",
        "./identity",
        artifact.digest,
        `${registry.host}/${name}`,
        "https://example.com/flow.yaml@refs/heads/main",
        "https://issuer.example.com",
      ];
      const made = JSON.parse(
        execFileSync("go", [...args, ...(flaw === "" ? [] : [flaw])], {
          cwd: join(root, "oracles/cosign"),
          maxBuffer: 1e8,
        }),
      );
      await pushSigned(registry, name, { artifact, made, form });
      const trustedRoot = JSON.stringify(made.trustedRoot);
      writeFileSync(join(folder, "root.json"), trustedRoot);
      const match = [
        "--certificate-identity-regexp",
        "^https://example.com/",
        "--certificate-oidc-issuer-regexp",
        "issuer",
      ];
      const forms = form === "legacy" ? ["--new-bundle-format=false"] : [];
      const isGood = verdict(
        ["--trusted-root", join(folder, "root.json"), "--offline=true", ...match, ...forms],
        `${registry.host}/${name}@${artifact.digest}`,
      );
      cases.push({ name, digest: artifact.digest, trustedRoot, isGood, repository: await dump(registry, name) });
    }
}

/** Puts signatures where cosign puts them. */
async function pushSigned(registry, repository, { artifact, made, form }) {
  const tag = artifact.digest.replace(":", "-");
  const config = await blob(registry, repository, Buffer.from("{}"));
  const common = { schemaVersion: 2, mediaType: manifestType };
  if (form === "legacy") {
    const payload = await blob(registry, repository, Buffer.from(made.payload, "base64"));
    const layer = {
      mediaType: "application/vnd.dev.cosign.simplesigning.v1+json",
      ...payload,
      annotations: made.annotations,
    };
    const type = "application/vnd.oci.image.config.v1+json";
    await put(registry, repository, `${tag}.sig`, {
      ...common,
      config: { mediaType: type, ...config },
      layers: [layer],
    });
    return;
  }
  const layer = {
    mediaType: bundleType,
    ...(await blob(registry, repository, Buffer.from(JSON.stringify(made.bundle)))),
  };
  const empty = { mediaType: "application/vnd.oci.empty.v1+json", ...config };
  const referrer = await put(registry, repository, undefined, {
    ...common,
    artifactType: bundleType,
    config: empty,
    layers: [layer],
    subject: artifact,
  });
  const manifests = [{ ...referrer, artifactType: bundleType }];
  await put(registry, repository, tag, {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests,
  });
}

const registry = await startRegistry();
try {
  const cases = [];
  await recordKeys(registry, cases);
  await recordIdentities(registry, cases);
  const version = /cosign\/v3 (v[\d.]+)/.exec(readFileSync(join(root, "oracles/cosign/go.mod"), "utf8"))?.[1];
  const path = join(root, "engine/src/sources/oci/testdata/cosign/recorded.json");
  writeFileSync(path, `${JSON.stringify({ recordedWith: `cosign ${version}`, cases }, null, 1)}\n`);
  for (const { name, isGood } of cases) console.log(`${name}: ${isGood ? "good" : "refused"}`);
} finally {
  registry.stop();
  rmSync(folder, { recursive: true, force: true });
}
