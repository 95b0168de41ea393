// Builds the real tools that the tests compare with into oracles/bin (or the folder named by KEELSON_ORACLES), each from its own
// Go module, so that none changes another's dependency versions. A tool that is already there in the right version is kept.
// Usage: node oracles/build.mjs [name …]

import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const here = fileURLToPath(new URL(".", import.meta.url));
const target = resolve(process.env.KEELSON_ORACLES ?? `${here}bin`);

const kubernetesVersion = [
  "-X k8s.io/component-base/version.gitVersion=v1.36.3",
  "-X k8s.io/component-base/version.gitMajor=1",
  "-X k8s.io/component-base/version.gitMinor=36",
].join(" ");

const tools = [
  { name: "kustomize", module: "kustomize", path: "sigs.k8s.io/kustomize/kustomize/v5", ldflags: "" },
  {
    name: "kustomize-batch",
    module: "kustomize",
    path: "./batch",
    // The version that the released program writes into managed-by labels.
    ldflags: "-X sigs.k8s.io/kustomize/api/provenance.version=kustomize/v5.8.2",
  },
  { name: "kustomize-nodes", module: "kustomize", path: "./nodes", ldflags: "" },
  {
    name: "helm",
    module: "helm",
    path: "helm.sh/helm/v4/cmd/helm",
    // As the recorded cases have it: built without a version, Helm calls itself by its minor version alone.
    ldflags: "",
  },
  { name: "helm-answer", module: "helm", path: "./answer", ldflags: "" },
  { name: "helm-batch", module: "helm", path: "./batch", ldflags: "" },
  { name: "etcd", module: "etcd", path: "go.etcd.io/etcd/server/v3", ldflags: "" },
  {
    name: "kube-apiserver",
    module: "kubernetes",
    path: "k8s.io/kubernetes/cmd/kube-apiserver",
    ldflags: kubernetesVersion,
  },
  { name: "kubectl", module: "kubernetes", path: "k8s.io/kubernetes/cmd/kubectl", ldflags: kubernetesVersion },
  { name: "cel-rules", module: "kubernetes", path: "./cel-rules", ldflags: "" },
  { name: "sops", module: "sops", path: "github.com/getsops/sops/v3/cmd/sops", ldflags: "-s -w" },
  { name: "clients", module: "clients", path: ".", ldflags: "" },
  { name: "kstatus", module: "kstatus", path: ".", ldflags: "" },
  {
    name: "flux",
    module: "flux",
    path: "github.com/fluxcd/flux2/v2/cmd/flux",
    ldflags: "-s -w -X main.VERSION=2.9.2",
    // The released command embeds manifests that its build makes; without any it does all but install and bootstrap.
    added: { "cmd/flux/manifests/none.yaml": "" },
  },
  ...["source", "kustomize", "helm"].map((name) => ({
    name: `flux-${name}-controller`,
    module: `flux-${name}-controller`,
    path: `github.com/fluxcd/${name}-controller`,
    ldflags: "-s -w",
    definitions: "config/crd/bases",
  })),
  { name: "controllers", module: "controllers", path: ".", ldflags: "" },
  { name: "flux-answer", module: "flux-answer", path: ".", ldflags: "" },
  // A server of S3 in JavaScript.
  { name: "s3rver", isPackage: true },
  // By name only: these take minutes to build, and what they would show is recorded or shown by a smaller one.
  { name: "cosign", module: "cosign", path: "github.com/sigstore/cosign/v3/cmd/cosign", ldflags: "", isByName: true },
  { name: "notation", module: "notation", path: ".", ldflags: "", isByName: true },
  {
    name: "versitygw",
    module: "versitygw",
    path: "github.com/versity/versitygw/cmd/versitygw",
    ldflags: "",
    isByName: true,
  },
];

/** What the program is built from; a program of our own is built again when its text changes. */
function stampOf(folder, path, ldflags) {
  const hash = createHash("sha256");
  hash.update(readFileSync(`${folder}/go.sum`)).update(ldflags);
  if (path.startsWith("."))
    for (const file of readdirSync(resolve(folder, path)).sort())
      if (file.endsWith(".go")) hash.update(readFileSync(resolve(folder, path, file)));
  return hash.digest("hex");
}

function build({ name, module, path, ldflags, added, definitions }) {
  const folder = `${here}${module}`;
  const key = stampOf(folder, path, ldflags);
  const stamp = `${target}/${name}.stamp`;
  if (existsSync(`${target}/${name}`) && existsSync(stamp) && readFileSync(stamp, "utf8") === key) return true;
  const started = Date.now();
  const place = added === undefined ? { folder, path } : copyWith(folder, path, added);
  const done = spawnSync("go", ["build", "-ldflags", ldflags, "-o", `${target}/${name}`, place.path], {
    cwd: place.folder,
    stdio: "inherit",
  });
  if (added !== undefined) rmSync(place.copy, { recursive: true, force: true });
  if (done.status !== 0) return false;
  if (definitions !== undefined)
    cpSync(`${moduleOf(folder, path).Dir}/${definitions}`, `${target}/${name}-definitions`, { recursive: true });
  writeFileSync(stamp, key);
  console.log(`${name}: built in ${Math.round((Date.now() - started) / 1000)} s`);
  return true;
}

/** A program of npm, with the versions of its own lock. */
function install({ name }) {
  const folder = `${target}/${name}`;
  const lock = readFileSync(`${here}${name}/package-lock.json`, "utf8");
  const stamp = `${target}/${name}.stamp`;
  const key = createHash("sha256").update(lock).digest("hex");
  if (existsSync(`${folder}/node_modules`) && existsSync(stamp) && readFileSync(stamp, "utf8") === key) return true;
  mkdirSync(folder, { recursive: true });
  for (const file of ["package.json", "package-lock.json"]) cpSync(`${here}${name}/${file}`, `${folder}/${file}`);
  const done = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: folder,
    stdio: "inherit",
  });
  if (done.status !== 0) return false;
  writeFileSync(stamp, key);
  return true;
}

/** The module that a package of the build belongs to; a package that lacks what it embeds counts too. */
function moduleOf(folder, path) {
  const words = ["list", "-e", "-f", "{{.Module.Path}} {{.Module.Dir}}", path];
  const [Path, Dir] = spawnSync("go", words, { cwd: folder, encoding: "utf8" }).stdout.trim().split(" ");
  return { Path, Dir };
}

/** A copy of a package's module with files added, since the module cache must not be written to. */
function copyWith(folder, path, added) {
  const { Path, Dir } = moduleOf(folder, path);
  const copy = mkdtempSync(join(tmpdir(), "keelson-oracle-build-"));
  cpSync(Dir, copy, { recursive: true });
  spawnSync("chmod", ["-R", "u+w", copy]);
  for (const [file, text] of Object.entries(added)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    writeFileSync(join(copy, file), text);
  }
  return { folder: copy, path: `.${path.slice(Path.length)}`, copy };
}

const wanted = process.argv.slice(2);
mkdirSync(target, { recursive: true });
const isWanted = (tool) => (wanted.length === 0 ? tool.isByName !== true : wanted.includes(tool.name));
const failed = tools.filter(isWanted).filter((tool) => !(tool.isPackage === true ? install(tool) : build(tool)));
if (failed.length > 0) {
  console.error(`not built: ${failed.map((tool) => tool.name).join(", ")}; Go 1.26 and the module proxy are needed`);
  process.exit(1);
}
