import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ManualClock } from "#kernel";
import { inClusterConnection } from "./in-cluster.ts";
import { connectionOf, loadKubeConfig, parseKubeConfig } from "./kubeconfig.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keelson-kubeconfig-"));
});
afterAll(() => rm(folder, { recursive: true }));

const clock = new ManualClock(0);

function textOf(user: string, cluster = "server: https://example.org:6443/"): string {
  const indent = (text: string): string => text.replaceAll("\n", "\n    ");
  return `apiVersion: v1
kind: Config
current-context: main
clusters:
- name: c
  cluster:
    ${indent(cluster)}
users:
- name: u
  user:
    ${indent(user)}
contexts:
- name: main
  context: {cluster: c, user: u, namespace: shop}
- name: broken
  context: {cluster: nowhere, user: u}
`;
}

function connect(text: string, environment = {}, context?: string) {
  const config = parseKubeConfig(text, join(folder, "config"));
  return connectionOf(config, { clock, environment, ...(context === undefined ? {} : { context }) });
}

describe("kubeconfig", () => {
  it("resolves a context to server, namespace, trust and token", async () => {
    await writeFile(join(folder, "ca.pem"), "CA");
    const cluster = "server: https://example.org:6443/\ncertificate-authority: ca.pem\ntls-server-name: api";
    const connection = await connect(textOf("token: t", cluster));
    expect(connection).toMatchObject({
      server: "https://example.org:6443",
      namespace: "shop",
      authority: "CA",
      serverName: "api",
    });
    expect(await connection.credentials.current()).toEqual({ authorization: "Bearer t" });
  });

  it.each([
    [
      "client certificates given inline",
      "client-certificate-data: Q0VSVA==\nclient-key-data: S0VZ",
      { certificate: "CERT", key: "KEY" },
    ],
    ["a name and password", "username: u\npassword: p", { authorization: "Basic dTpw" }],
    ["nothing", "{}", {}],
  ])("takes %s", async (_name, user, expected) => {
    expect(await (await connect(textOf(user))).credentials.current()).toEqual(expected);
  });

  it("lets the first file that defines a name win, and ignores files that are missing", async () => {
    await writeFile(join(folder, "one"), textOf("token: one").replace("current-context: main", "current-context: ''"));
    await writeFile(join(folder, "two"), textOf("token: two"));
    const config = await loadKubeConfig(["one", "missing", "two"].map((name) => join(folder, name)));
    expect(config.currentContext).toBe("main");
    expect(config.users.get("u")).toEqual({ token: "one" });
    await expect(loadKubeConfig([join(folder, "missing")])).rejects.toMatchObject({ code: "kubeconfig-missing" });
  });

  it.each([
    [
      "an unknown context",
      textOf("{}"),
      "other",
      { code: "kubeconfig-context-unknown", hint: expect.stringContaining("broken, main") },
    ],
    ["a context of an unknown cluster", textOf("{}"), "broken", { code: "kubeconfig-invalid", at: "context broken" }],
    ["a removed auth provider", textOf("auth-provider: {name: gcp}"), "main", { code: "kubeconfig-invalid" }],
    ["text that is no YAML", "a: [", "main", { code: "kubeconfig-invalid" }],
    ["a list", "[]", "main", { code: "kubeconfig-invalid" }],
  ])("says what is wrong with %s", async (_name, text, context, expected) => {
    await expect((async () => connect(text, {}, context))()).rejects.toMatchObject(expected);
  });

  it("uses the environment's proxy, but for hosts it excludes", async () => {
    const environment = { HTTPS_PROXY: "http://proxy:3128", NO_PROXY: "internal,.example.com" };
    expect((await connect(textOf("{}"), environment)).proxy).toBe("http://proxy:3128");
    const inside = textOf("{}", "server: https://api.example.com");
    expect((await connect(inside, environment)).proxy).toBeUndefined();
  });

  it("runs a credential plugin once for many requests, until its answer expires or is refused", async () => {
    const plugin = join(folder, "plugin");
    await writeFile(
      plugin,
      `#!/bin/sh
echo run >> ${folder}/runs
n=$(wc -l < ${folder}/runs)
case "$KUBERNETES_EXEC_INFO" in *'"server":"https://example.org:6443/"'*) ;; *) echo "no cluster" >&2; exit 1;; esac
echo '{"kind":"ExecCredential","status":{"token":"'$GREETING-$((n))'","expirationTimestamp":"1970-01-01T01:00:00Z"}}'
`,
    );
    await chmod(plugin, 0o755);
    const exec =
      "exec:\n  apiVersion: client.authentication.k8s.io/v1\n  command: ./plugin\n  provideClusterInfo: true\n  env: [{name: GREETING, value: hi}]";
    const manual = new ManualClock(0);
    const config = parseKubeConfig(textOf(exec), join(folder, "config"));
    const environment = { PATH: "/usr/bin:/bin" };
    const { credentials } = await connectionOf(config, { clock: manual, environment });
    const both = await Promise.all([credentials.current(), credentials.current()]);
    expect(both.map((credential) => credential.authorization)).toEqual(["Bearer hi-1", "Bearer hi-1"]);
    manual.advance(3_600_000);
    expect(await credentials.current()).toEqual({ authorization: "Bearer hi-2" });
    credentials.refused();
    expect(await credentials.current()).toEqual({ authorization: "Bearer hi-3" });
  });

  it("says that a plugin is missing, with its own hint", async () => {
    const exec = "exec: {command: no-such-plugin, installHint: install it}";
    const { credentials } = await connect(textOf(exec));
    await expect(credentials.current()).rejects.toMatchObject({ code: "credential-plugin-failed", hint: "install it" });
  });
});

describe("in a Pod", () => {
  it("reads the token again when it may have been rotated", async () => {
    const files = { "ca.crt": "CA", namespace: "flux-system\n", token: "one\n" };
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    const manual = new ManualClock(0);
    const environment = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };
    const connection = await inClusterConnection({ clock: manual, environment, folder });
    expect(connection).toMatchObject({ server: "https://10.0.0.1:443", namespace: "flux-system", authority: "CA" });
    expect(await connection?.credentials.current()).toEqual({ authorization: "Bearer one" });
    await writeFile(join(folder, "token"), "two");
    expect(await connection?.credentials.current()).toEqual({ authorization: "Bearer one" });
    manual.advance(61_000);
    expect(await connection?.credentials.current()).toEqual({ authorization: "Bearer two" });
    expect(await inClusterConnection({ clock: manual, environment: {}, folder })).toBeUndefined();
  });
});
