import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { env } from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasRealRegistry, sha256, startRealRegistry } from "../sources/oci/registry.contract.ts";
import { World } from "./world.contract.ts";

const folder = join(env["KEELSON_FLEETS"] ?? "", "charts");
const archives =
  env["KEELSON_FLEETS"] !== undefined && existsSync(folder)
    ? readdirSync(folder).filter((name) => name.endsWith(".tgz"))
    : [];
const helm = join(env["KEELSON_ORACLES"] ?? "", "helm");
const hasHelm = env["KEELSON_ORACLES"] !== undefined && existsSync(helm);

type Status = { artifact: { revision: string; digest: string } };

describe.skipIf(archives.length === 0 || !hasHelm)("public charts", () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.close());

  const named = (name: string): { chart: string; version: string } => {
    const [, chart = "", version = ""] = /^(.+)-(v?\d+\.\d+\.\d+.*)\.tgz$/.exec(name) ?? [];
    return { chart, version };
  };
  const bytesOf = (name: string): Buffer => readFileSync(join(folder, name));
  const digestOf = async (name: string): Promise<Status["artifact"]> =>
    ((await world.untilReady("HelmChart", name))["status"] as Status).artifact;

  it("come as they are out of a repository that the real helm has indexed", async () => {
    const served = join(world.folder, "repository");
    mkdirSync(served);
    for (const name of archives) cpSync(join(folder, name), join(served, name));
    execFileSync(helm, ["repo", "index", served], { env: { ...env, HOME: world.folder } });
    const server: Server = createServer((request, response) => {
      const path = join(served, (request.url ?? "").replace(/^\/+/, ""));
      if (existsSync(path)) response.end(readFileSync(path));
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await world.source("HelmRepository", "public", { url });
    for (const name of archives) {
      const { chart, version } = named(name);
      const object = name.replace(/[^a-z0-9]+/g, "-");
      await world.source("HelmChart", object, {
        chart,
        version,
        sourceRef: { kind: "HelmRepository", name: "public" },
      });
      expect(await digestOf(object)).toMatchObject({ revision: version, digest: sha256(bytesOf(name)) });
    }
    server.close();
  }, 120_000);

  it.skipIf(!hasRealRegistry)(
    "come as they are out of a registry that the real helm has pushed to",
    async () => {
      const server = await startRealRegistry({ login: "user:secret" });
      try {
        const home = { env: { ...env, HOME: world.folder, XDG_CONFIG_HOME: world.folder }, stdio: "ignore" as const };
        const authority = join(world.folder, "ca.crt");
        writeFileSync(authority, server.authority);
        for (const name of archives) {
          const login = ["--username", "user", "--password", "secret", "--ca-file", authority];
          execFileSync(helm, ["push", join(folder, name), `oci://${server.host}/charts`, ...login], home);
        }
        await world.secret("public-login", { username: "user", password: "secret" });
        await world.secret("public-ca", { "ca.crt": server.authority });
        const secrets = { secretRef: { name: "public-login" }, certSecretRef: { name: "public-ca" } };
        await world.source("HelmRepository", "registry", {
          type: "oci",
          url: `oci://${server.host}/charts`,
          ...secrets,
        });
        for (const name of archives) {
          const { chart, version } = named(name);
          const object = `oci-${name.replace(/[^a-z0-9]+/g, "-")}`;
          await world.source("HelmChart", object, {
            chart,
            version,
            sourceRef: { kind: "HelmRepository", name: "registry" },
          });
          expect((await digestOf(object)).digest).toBe(sha256(bytesOf(name)));
        }
        const newest = { chart: "podinfo", version: "6.x", sourceRef: { kind: "HelmRepository", name: "registry" } };
        await world.source("HelmChart", "newest", newest);
        expect((await digestOf("newest")).revision).toBe("6.14.1");
      } finally {
        server.close();
      }
    },
    120_000,
  );
});
