// A fleet of two tenants under Flux's lockdown flags, on the embedded home and on a real kube-apiserver: one tenant tries every
// way out that a Kustomization has. Each try ends in a condition that says so, and nothing of the other tenant is told.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configMap } from "./fixtures.ts";
import { type Answer, type Condition, hasKubectl, Home, run, until } from "./home.ts";
import { Repository, serveOverHttp } from "./repository.ts";

const lockdown = [
  "--no-cross-namespace-refs",
  "--no-remote-bases",
  "--default-service-account=reconciler",
  "--default-decryption-service-account=reconciler",
  "--default-kubeconfig-service-account=reconciler",
];

/** What the other tenant keeps to itself. */
const private_ = "PRIVATE-OF-TEAM-B";

const testdata = fileURLToPath(new URL("../engine/src/secrets/testdata/", import.meta.url));
const encrypted = readFileSync(join(testdata, "recorded/encrypted-regex/encrypted.yaml"), "utf8");
const ageKey = readFileSync(join(testdata, "keys/age.agekey")).toString("base64");

const encoded = (text: string): string => Buffer.from(text).toString("base64");

function tenant(name: string): string {
  return `apiVersion: v1
kind: Namespace
metadata: {name: ${name}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: reconciler, namespace: ${name}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reconciler, namespace: ${name}}
rules: [{apiGroups: ["", "apps"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reconciler, namespace: ${name}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reconciler}
subjects: [{kind: ServiceAccount, name: reconciler, namespace: ${name}}]
`;
}

/** What belongs to team-b: values, keys, a way to another cluster, a delivery of its own. */
const belongings = `apiVersion: v1
kind: Secret
metadata: {name: private, namespace: team-b}
stringData: {password: ${private_}}
---
apiVersion: v1
kind: Secret
metadata: {name: sops-keys, namespace: team-b}
data: {age.agekey: ${ageKey}}
---
apiVersion: v1
kind: Secret
metadata: {name: cluster, namespace: team-b}
stringData: {value: ${private_}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: team-b, annotations: {note: ${private_}}}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "registry.example.com/${private_.toLowerCase()}:1"}]}
`;

function source(name: string, namespace: string, url: string): string {
  return `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: ${name}, namespace: ${namespace}}
spec: {interval: 1h, url: "${url}", ref: {branch: main}}
`;
}

type Try = { name: string; says: RegExp; reason?: string; spec?: string; files?: Record<string, string> };

const foreign = (kind: string, more = ""): string =>
  `apiVersion: v1\nkind: ${kind}\nmetadata: {name: planted, namespace: team-b}\n${more}`;

/** Each is a Kustomization in team-a. */
const tries: Try[] = [
  { name: "namespace", says: /forbidden/, files: { "a.yaml": foreign("ConfigMap") } },
  { name: "system-namespace", says: /forbidden/, files: { "a.yaml": configMap("planted", {}, "flux-system") } },
  {
    name: "target-namespace",
    says: /forbidden/,
    spec: "targetNamespace: team-b",
    files: { "a.yaml": configMap("planted", {}, "team-a") },
  },
  {
    name: "cluster-role",
    says: /forbidden/,
    files: {
      "a.yaml":
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: planted}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}\nsubjects: [{kind: ServiceAccount, name: reconciler, namespace: team-a}]\n",
    },
  },
  {
    name: "other-source",
    says: /can't access.*cross-namespace references have been blocked/s,
    reason: "AccessDenied",
    spec: "sourceRef: {kind: GitRepository, name: private, namespace: team-b}",
  },
  {
    name: "other-dependency",
    says: /can't access.*cross-namespace references have been blocked/s,
    reason: "AccessDenied",
    spec: "dependsOn: [{name: app, namespace: team-b, readyExpr: \"dep.spec.path != ''\"}]",
  },
  { name: "other-account", says: /forbidden/, spec: "serviceAccountName: kustomize-controller" },
  {
    name: "other-kubeconfig",
    says: /Secret\/team-a\/cluster: the kubeconfig Secret does not exist/,
    spec: "kubeConfig: {secretRef: {name: cluster}}",
  },
  {
    name: "exec-kubeconfig",
    says: /exec plugin/,
    spec: "kubeConfig: {secretRef: {name: exec}}",
  },
  {
    name: "file-kubeconfig",
    says: /the file tokenFile/,
    spec: "kubeConfig: {secretRef: {name: file}}",
  },
  {
    name: "other-variables",
    says: /Secret\/team-a\/private/,
    spec: "postBuild: {substituteFrom: [{kind: Secret, name: private}]}",
  },
  {
    name: "other-keys",
    says: /Secret\/team-a\/sops-keys/,
    spec: "decryption: {provider: sops, secretRef: {name: sops-keys}}",
    files: { "a.yaml": encrypted.replace("namespace: shop", "namespace: team-a") },
  },
  {
    name: "own-keys",
    says: /no key at hand opens the file/,
    spec: "decryption: {provider: sops, secretRef: {name: own-keys}}",
    files: { "a.yaml": encrypted.replace("namespace: shop", "namespace: team-a") },
  },
  {
    name: "other-health",
    says: /Deployment\/team-b\/web.*may not read/s,
    spec: "timeout: 5s\n  healthChecks: [{apiVersion: apps/v1, kind: Deployment, name: web, namespace: team-b}]",
  },
  { name: "outside", says: /spec.path .\/etc: kustomization path not found/, spec: "path: ../../etc" },
  { name: "link", says: /symlink/, files: { "kustomization.yaml": "resources: [passwords.yaml]\n" } },
  {
    name: "link-in-generator",
    says: /passwords/,
    files: { "kustomization.yaml": "configMapGenerator: [{name: c, files: [passwords.yaml]}]\n" },
  },
  {
    name: "file-outside",
    says: /etc\/passwd/,
    files: { "kustomization.yaml": "configMapGenerator: [{name: c, files: [../../../../../../etc/passwd]}]\n" },
  },
  {
    name: "remote-base",
    says: /remote|not allowed|refused/i,
    files: { "kustomization.yaml": "resources: [https://example.com/base?ref=main]\n" },
  },
  {
    name: "remote-component",
    says: /must be local and relative/,
    spec: 'components: ["https://example.com/component"]',
  },
];

function kustomization({ name, spec = "" }: Try): string {
  const has = (field: string): boolean => new RegExp(`^ *${field}:`, "m").test(spec);
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: ${name}, namespace: team-a}
spec:
  interval: 1h
  retryInterval: 2s
  prune: true
${has("path") ? "" : `  path: ./${name}\n`}${has("sourceRef") ? "" : "  sourceRef: {kind: GitRepository, name: own}\n"}${spec === "" ? "" : `  ${spec}\n`}`;
}

/** Where the fleet lives. */
type Place = {
  kubectl: (args: string[], input?: string) => Promise<Answer>;
  /** All that the engine keeps on its disk, but for the sealed store. */
  written: () => string;
  close: () => Promise<void>;
};

function tenantsOn(start: () => Promise<Place>): void {
  const repository = new Repository();
  const other = new Repository();
  let place: Place;
  let served: Awaited<ReturnType<typeof serveOverHttp>>[] = [];

  beforeAll(async () => {
    repository.write({ "good/a.yaml": configMap("good", { of: "team-a" }, "team-a") });
    for (const one of tries) {
      const files = one.files ?? { "a.yaml": configMap(one.name, {}, "team-a") };
      for (const [file, text] of Object.entries(files)) repository.write({ [`${one.name}/${file}`]: text });
    }
    symlinkSync("/etc/passwd", join(repository.path, "link/passwords.yaml"));
    symlinkSync("../../../../../../../../../etc/passwd", join(repository.path, "link-in-generator/passwords.yaml"));
    repository.commit("every way out");
    other.write({ "app/a.yaml": configMap("app", { value: private_ }, "team-b") }).commit("of team-b");
    served = [await serveOverHttp(repository), await serveOverHttp(other)];
    place = await start();
    const apply = async (text: string): Promise<void> => {
      await until("the objects to be taken", async () => {
        const answer = await place.kubectl(["apply", "--server-side", "-f", "-"], text);
        if (answer.status !== 0) throw new Error(answer.err);
        return true;
      });
    };
    await apply([tenant("team-a"), tenant("team-b")].join("---\n"));
    const exec =
      "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: 'https://127.0.0.1:9'}}]\n";
    const users = (user: string): string => `${exec}users: [{name: u, user: {${user}}}]\n`;
    const secret = (name: string, key: string, value: string): string =>
      `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}, namespace: team-a}\ndata: {${key}: ${encoded(value)}}\n`;
    const stranger = readFileSync(join(testdata, "keys/stranger.agekey"), "utf8");
    await apply(
      [
        belongings,
        secret("exec", "value", users("exec: {apiVersion: client.authentication.k8s.io/v1, command: touch}")),
        secret("file", "value", users("tokenFile: /etc/hostname")),
        secret("own-keys", "a.agekey", stranger),
        source("own", "team-a", served[0]?.url ?? ""),
        source("private", "team-b", served[1]?.url ?? ""),
        kustomization({ name: "app", says: /./, spec: "sourceRef: {kind: GitRepository, name: private}" }).replace(
          "namespace: team-a",
          "namespace: team-b",
        ),
        kustomization({ name: "good", says: /./ }),
        ...tries.map((one) => kustomization(one)),
      ].join("---\n"),
    );
  }, 240_000);

  afterAll(async () => {
    await place.close();
    for (const one of served) one.close();
    repository[Symbol.dispose]();
    other[Symbol.dispose]();
  }, 120_000);

  async function ready(name: string, status: string, says: RegExp, namespace = "team-a"): Promise<Condition> {
    return until(
      `${name} to be Ready=${status} and say ${String(says)}`,
      async () => {
        const { out } = await place.kubectl(["get", "kustomization", name, "-n", namespace, "-o", "json"]);
        const { conditions = [] } = (JSON.parse(out) as { status?: { conditions?: Condition[] } }).status ?? {};
        const condition = conditions.find((one) => one.type === "Ready");
        if (condition?.status === status && says.test(condition.message)) return condition;
        throw new Error(JSON.stringify(conditions));
      },
      120_000,
    );
  }

  it("what each tenant may do is done", async () => {
    await ready("good", "True", /Applied revision/);
    await ready("app", "True", /Applied revision/, "team-b");
  }, 240_000);

  it.each(tries)("$name is refused", { timeout: 240_000 }, async ({ name, says, reason }) => {
    const condition = await ready(name, "False", says);
    if (reason !== undefined) expect(condition.reason).toBe(reason);
  });

  it("nothing was planted, and nothing of the other tenant is told", { timeout: 240_000 }, async () => {
    for (const one of tries) await ready(one.name, "False", one.says);
    const planted = await place.kubectl(["get", "configmaps,clusterrolebindings", "-A", "-o", "name"]);
    expect(planted.out).not.toContain("planted");
    const own = "kustomizations,gitrepositories,events,configmaps";
    const told = await place.kubectl(["get", own, "-n", "team-a", "-o", "yaml"]);
    expect(told.status).toBe(0);
    expect(told.out).not.toContain(private_);
    expect(told.out).not.toContain(private_.toLowerCase());
    expect(told.out).not.toContain("root:");
    expect(place.written()).not.toContain(private_);
    expect(place.written()).not.toContain("correct horse: battery");
  });
}

/** The text of every file below a folder, the store's own left out. */
function textBelow(folder: string, skipped: string): string {
  const parts: string[] = [];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || path.startsWith(join(folder, skipped)) || path.includes("/objects/")) continue;
    parts.push(readFileSync(path, "latin1"));
  }
  return parts.join("\n");
}

describe.skipIf(!hasKubectl || process.env["KEELSON_ORACLES"] === undefined)("tenants on the embedded home", () => {
  tenantsOn(async () => {
    const home = new Home({ args: ["--no-example", ...lockdown] });
    home.start();
    await home.ready();
    return {
      kubectl: (args, input) => home.kubectl(args, input),
      written: () => `${home.output}\n${textBelow(home.data, "store")}`,
      close: () => home[Symbol.asyncDispose](),
    };
  });
});

type Oracle = { url: string; token: string; stop(): void };
const oracles = (await import(new URL("../tools/oracle-apiserver.mjs", import.meta.url).href)) as {
  hasOracle(): boolean;
  startOracle(): Promise<Oracle>;
};

describe.skipIf(!hasKubectl || !oracles.hasOracle())("tenants on a real kube-apiserver", () => {
  tenantsOn(async () => {
    const oracle = await oracles.startOracle();
    const folder = mkdtempSync(join(tmpdir(), "keelson-tenants-"));
    const kubeconfig = join(folder, "kubeconfig");
    writeFileSync(
      kubeconfig,
      `apiVersion: v1
kind: Config
current-context: oracle
contexts: [{name: oracle, context: {cluster: oracle, user: oracle}}]
clusters: [{name: oracle, cluster: {server: "${oracle.url}", insecure-skip-tls-verify: true}}]
users: [{name: oracle, user: {token: "${oracle.token}"}}]
`,
      { mode: 0o600 },
    );
    const env = { ...process.env, KUBECONFIG: kubeconfig };
    const command = fileURLToPath(new URL("../engine/bin/keelson.js", import.meta.url));
    const kubectl = (args: string[], input?: string): Promise<Answer> =>
      run("kubectl", args, input === undefined ? { env } : { env, input });
    const definitions = await run(
      process.execPath,
      [command, "install", "--export", "--image", "example.org/keelson:1.0.0"],
      { env },
    );
    await kubectl(["apply", "--server-side", "-f", "-"], onlyDefinitions(definitions.out));
    await kubectl(["create", "namespace", "flux-system"]);
    await kubectl(["create", "namespace", "keelson-system"]);
    const args = [command, "run", "--data", join(folder, "data"), "--port", "0", ...lockdown];
    let output = "";
    const child: ChildProcess = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout?.on("data", (bytes: Buffer) => (output += bytes.toString()));
    child.stderr?.on("data", (bytes: Buffer) => (output += bytes.toString()));
    return {
      kubectl,
      written: () => `${output}\n${textBelow(join(folder, "data"), "store")}`,
      close: async () => {
        const gone = new Promise((resolve) => child.once("exit", resolve));
        if (child.exitCode === null && child.kill("SIGKILL")) await gone;
        oracle.stop();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  });
});

function onlyDefinitions(text: string): string {
  return text
    .split(/^---\n/m)
    .filter((document) => /^kind: CustomResourceDefinition$/m.test(document))
    .join("---\n");
}
