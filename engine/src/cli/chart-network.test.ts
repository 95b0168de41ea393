import { execFile as execFileLater, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realClock } from "../cluster/cluster.contract.ts";
import { hasRealRegistry, sha256, startRealRegistry, TestRegistry } from "../sources/oci/registry.contract.ts";
import { memoryIo } from "./io.ts";
import { runCommandLine } from "./run.ts";

const execFile = promisify(execFileLater);
const root = mkdtempSync(join(tmpdir(), "keelson-charts-"));
const helm = join(process.env["KEELSON_ORACLES"] ?? "/nowhere", "helm");
const hasHelm = existsSync(helm);

function write(folder: string, files: Record<string, string | Buffer>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

async function run(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const io = memoryIo({ clock: realClock, folder: root, home: root, env });
  const code = await runCommandLine(args, io, { version: "0" });
  return { code, ...io.text() };
}

const template = "kind: ConfigMap\nmetadata: {name: '{{ .Chart.Version }}'}\n";
const printed = (version: string): string =>
  `---\n# Source: web/templates/a.yaml\nkind: ConfigMap\nmetadata: {name: '${version}'}\n`;
const versions = ["1.0.0", "1.2.0+b", "2.0.0-rc.1"];
const archives = new Map<string, Buffer>();
let server: Server;
let address = "";
let authorized: (string | undefined)[] = [];
let registry: TestRegistry;

const chartLayer = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
const config = { mediaType: "application/vnd.cncf.helm.config.v1+json", bytes: Buffer.from("{}") };
const push = (bytes: Buffer): Parameters<TestRegistry["put"]>[2] => ({
  config,
  layers: [{ mediaType: chartLayer, bytes }],
});

beforeAll(async () => {
  const entries: string[] = [];
  for (const version of versions) {
    write(join(root, "web"), {
      "Chart.yaml": `apiVersion: v2\nname: web\nversion: ${version}\n`,
      "templates/a.yaml": template,
    });
    await run(["package", "web", "-d", "packed"]);
    archives.set(version, readFileSync(join(root, "packed", `web-${version}.tgz`)));
    entries.push(`  - {apiVersion: v2, name: web, version: ${version}, urls: [web-${version}.tgz]}`);
  }
  write(join(root, "packed"), { "index.yaml": `apiVersion: v1\nentries:\n  web:\n${entries.join("\n")}\n` });
  server = createServer((request, response) => {
    authorized.push(request.headers.authorization);
    const path = join(root, "packed", basename(decodeURIComponent(request.url ?? "")));
    if (!existsSync(path)) response.writeHead(404);
    response.end(existsSync(path) ? readFileSync(path) : "");
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  registry = await TestRegistry.start({ auth: "basic", login: "ada:secret" });
  for (const [version, bytes] of archives) registry.put("charts/web", version.replace("+", "_"), push(bytes));
});

afterAll(async () => {
  server.close();
  await registry.close();
});

const login = ["--username", "ada", "--password", "secret"];

describe("keelson template from elsewhere", () => {
  it("takes the newest version of a repository, a range, and pre-releases where they are asked for", async () => {
    const from = ["template", "x", "web", "--repo", address];
    expect((await run(from)).stdout).toBe(printed("1.2.0+b"));
    expect((await run([...from, "--version", "<1.1"])).stdout).toBe(printed("1.0.0"));
    expect((await run([...from, "--devel"])).stdout).toBe(printed("2.0.0-rc.1"));
    const absent = await run([...from, "--version", "^9"]);
    expect(absent.stderr).toContain(`chart "web" version "^9" not found in ${address} repository`);
    expect(absent.code).toBe(2);
  });

  // Helm 4.3.1 takes a version that no entry states as it stands for a range.
  it("takes a part of a version for a range, and what it cannot read for one that nothing fits", async () => {
    const from = ["template", "x", "web", "--repo", address, "--version"];
    expect((await run([...from, "1"])).stdout).toBe(printed("1.2.0+b"));
    expect((await run([...from, "v1.0.0"])).stdout).toBe(printed("1.0.0"));
    const { stderr } = await run([...from, "x.y"]);
    expect(stderr).toContain(`chart "web" version "x.y" not found in ${address} repository\nhint: --version takes`);
  });

  it("names what cannot be fetched once, and says what helps on a command line", async () => {
    const absent = await run(["template", "x", `${address}/none-1.0.0.tgz`]);
    expect(absent.stderr).toMatch(
      /^keelson: \S+none-1.0.0.tgz: cannot be fetched: the server answered 404\nhint: check the URL\n$/,
    );
    const refused = await run(["template", "x", `oci://${registry.host}/charts/web`, "--username", "eve"]);
    expect(refused.stderr).toContain("hint: give --username and --password, or log in with `helm repo add`");
    expect(refused.stderr).not.toContain("secretRef");
  });

  it("takes an address, and a repository that was named", async () => {
    expect((await run(["template", "x", `${address}/web-1.0.0.tgz`])).stdout).toBe(printed("1.0.0"));
    const file = join(root, "repositories.yaml");
    writeFileSync(file, `repositories:\n- {name: near, url: ${address}, username: ada, password: secret}\n`);
    authorized = [];
    const named = await run(["template", "x", "near/web"], { HELM_REPOSITORY_CONFIG: file });
    expect(named.stdout).toBe(printed("1.2.0+b"));
    expect(authorized).toEqual(Array.from({ length: 2 }, () => `Basic ${btoa("ada:secret")}`));
    const flagged = await run(["template", "x", "near/web", "--repository-config", file, "--qps", "5"]);
    expect(flagged.stdout).toBe(named.stdout);
    expect((await run(["template", "x", "far/web"])).stderr).toContain("repo far not found");
  });

  it("takes values from an address", async () => {
    write(join(root, "packed"), { "more.yaml": "a: 1\n" });
    expect((await run(["template", "x", "web", "-f", `${address}/more.yaml`])).code).toBe(0);
  });

  it.skipIf(!hasHelm)("takes files for --set-file from an address, as Helm does", async () => {
    write(join(root, "packed"), { "text.txt": "line\nsecond: {a}, b\n" });
    write(join(root, "shows"), {
      "Chart.yaml": "apiVersion: v2\nname: shows\nversion: 1.0.0\n",
      "templates/a.yaml": "kind: ConfigMap\ndata: {{ toJson .Values }}\n",
    });
    const set = `a.b=${address}/text.txt,c=${address}/text.txt`;
    const ours = await run(["template", "x", "shows", "--set-file", set]);
    expect(ours.stdout).toContain('{"a":{"b":"line\\nsecond: {a}, b\\n"},"c":"line');
    const real = execFile(helm, ["template", "x", "shows", "--set-file", set], { cwd: root });
    expect(ours.stdout).toBe((await real).stdout);
    const absent = await run(["template", "x", "shows", "--set-file", `a=${address}/none.txt`]);
    expect(absent.code).not.toBe(0);
  });

  it("takes a chart out of a registry, by tag, range or digest", async () => {
    const chart = `oci://${registry.host}/charts/web`;
    const newest = await run(["template", "x", chart, ...login]);
    expect(newest.stdout).toBe(printed("1.2.0+b"));
    expect(newest.stderr).toMatch(/^Pulled: 127.0.0.1:\d+\/charts\/web:1.2.0_b\nDigest: sha256:[0-9a-f]{64}\n$/);
    expect((await run(["template", "x", chart, "--version", "1.0.0", ...login])).stdout).toBe(printed("1.0.0"));
    expect((await run(["template", "x", `${chart}:1.0.0`, ...login])).stdout).toBe(printed("1.0.0"));
    const digest = /sha256:[0-9a-f]{64}/.exec(newest.stderr)?.[0] ?? "";
    expect((await run(["template", "x", `${chart}@${digest}`, ...login])).stdout).toBe(printed("1.2.0+b"));
  });

  it("uses the login that helm or docker has written", async () => {
    const chart = `oci://${registry.host}/charts/web`;
    expect((await run(["template", "x", chart])).code).not.toBe(0);
    const auth = btoa("ada:secret");
    write(root, { "login.json": JSON.stringify({ auths: { [registry.host]: { auth } } }) });
    const found = await run(["template", "x", chart], { HELM_REGISTRY_CONFIG: join(root, "login.json") });
    expect(found.stdout).toBe(printed("1.2.0+b"));
  });

  it("takes a chart out of an image layout on disk", async () => {
    const bytes = archives.get("1.0.0") as Buffer;
    const put = (content: Buffer): { digest: string; size: number } => {
      write(join(root, "layout"), { [`blobs/${sha256(content).replace(":", "/")}`]: content });
      return { digest: sha256(content), size: content.length };
    };
    const manifest = put(Buffer.from(JSON.stringify({ layers: [{ mediaType: chartLayer, ...put(bytes) }] })));
    const annotations = { "org.opencontainers.image.ref.name": "1.0.0" };
    write(join(root, "layout"), {
      "oci-layout": '{"imageLayoutVersion":"1.0.0"}',
      "index.json": JSON.stringify({ manifests: [{ ...manifest, annotations }] }),
    });
    expect((await run(["template", "x", "layout"])).stdout).toBe(printed("1.0.0"));
    expect((await run(["template", "x", "layout", "--version", "2"])).stderr).toContain("no chart in the layout");
    writeFileSync(join(root, "layout/blobs", sha256(bytes).replace(":", "/")), "x");
    expect((await run(["template", "x", "layout"])).stderr).toContain("it was changed");
  });

  it("fills charts/ from a registry and renders", async () => {
    const dependency = `{name: web, version: '>=1.0', repository: 'oci://${registry.host}/charts', alias: front}`;
    write(join(root, "shop"), {
      "Chart.yaml": `apiVersion: v2\nname: shop\nversion: 0.1.0\ndependencies:\n- ${dependency}\n`,
    });
    expect((await run(["template", "x", "shop"])).stderr).toContain("missing in charts/ directory: web");
    const rendered = await run(["template", "x", "shop", "--dependency-update", ...login]);
    expect(rendered.stdout).toContain("# Source: shop/charts/front/templates/a.yaml");
    expect(readdirSync(join(root, "shop/charts"))).toEqual(["web-1.2.0+b.tgz"]);
    const built = await run(["dependency", "build", "shop", ...login]);
    expect(built.stdout).toContain(`Downloading web from repo oci://${registry.host}/charts\n`);
    expect(readFileSync(join(root, "shop/Chart.lock"), "utf8")).toContain("version: 1.2.0+b");
  });
});

describe.skipIf(!hasRealRegistry || !hasHelm)("beside helm, at a real registry", () => {
  it("pulls what helm has pushed", async () => {
    const real = await startRealRegistry({ login: "ada:secret" });
    try {
      const authority = join(root, "ca.pem");
      writeFileSync(authority, real.authority);
      const access = [...login, "--ca-file", authority];
      const env = { ...process.env, HOME: root };
      execFileSync(helm, ["push", "packed/web-1.2.0+b.tgz", `oci://${real.host}/charts`, ...access], {
        cwd: root,
        env,
      });
      const from = ["template", "x", `oci://${real.host}/charts/web`, "--version", "^1"];
      expect((await run([...from, ...access])).stdout).toBe(printed("1.2.0+b"));
      expect((await run([...from, ...login, "--insecure-skip-tls-verify"])).stdout).toBe(printed("1.2.0+b"));
      expect((await run([...from, ...login])).code).toBe(3);
    } finally {
      real.close();
    }
  }, 120_000);
});
