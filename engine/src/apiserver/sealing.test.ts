import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ManualClock, type Manifest } from "#kernel";
import { openStore } from "#store";
import { administrator, startApiServer } from "./server.ts";

const folder = mkdtempSync(join(tmpdir(), "keelson-seal-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const secret: Manifest = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "s" },
  stringData: { a: "very-secret-value" },
};

async function inHome<T>(
  run: (cluster: ReturnType<Awaited<ReturnType<typeof startApiServer>>["cluster"]>) => Promise<T>,
): Promise<T> {
  const store = openStore(join(folder, "store"));
  const server = await startApiServer({ store, clock: new ManualClock(), dataFolder: folder });
  try {
    return await run(server.cluster(administrator));
  } finally {
    await server.close();
    await store.close();
  }
}

describe("a Secret in the data folder", () => {
  it("is encrypted on disk, and read back after a restart", async () => {
    const target = await inHome(async (cluster) => {
      const discovery = await cluster.discover();
      const resource = discovery.ok ? discovery.value.byKind("", "Secret") : undefined;
      if (resource === undefined) throw new Error("Secrets are served");
      const created = await cluster.create({ resource, namespace: "default", name: "s" }, secret, {
        fieldManager: "test",
      });
      expect(created.ok).toBe(true);
      return { resource, namespace: "default", name: "s" };
    });
    const encoded = Buffer.from("very-secret-value").toString("base64");
    for (const name of readdirSync(join(folder, "store"))) {
      const bytes = readFileSync(join(folder, "store", name)).toString("latin1");
      expect(bytes.includes("very-secret-value") || bytes.includes(encoded)).toBe(false);
    }
    const read = await inHome((cluster) => cluster.get(target));
    expect(read.ok && read.value.data).toEqual({ a: encoded });
    writeFileSync(join(folder, "pki", "encryption.key"), Buffer.alloc(32, 7).toString("base64"));
    const refused = await inHome((cluster) => cluster.get(target));
    expect(!refused.ok && refused.status.message).toContain("a stored Secret cannot be decrypted");
  });
});
