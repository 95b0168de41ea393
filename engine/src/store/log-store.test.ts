import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { decodeUtf8, encodeUtf8 } from "#kernel";
import { memoryStore, openStore } from "./open.ts";
import { storeContract } from "./store.contract.ts";

const scratch = mkdtempSync(join(tmpdir(), "keelson-store-"));
let folders = 0;
const newFolder = (): string => join(scratch, String(++folders));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

storeContract("memory", () => Promise.resolve(memoryStore()));
storeContract("lmdb", () => Promise.resolve(openStore(newFolder())));

describe("the durable store", () => {
  it("goes on where it was after it was closed", async () => {
    const folder = newFolder();
    const first = openStore(folder);
    await first.put("a", encodeUtf8("1"));
    await first.put("a", encodeUtf8("2"));
    await first.delete("a");
    const revision = first.revision;
    await first.close();
    const second = openStore(folder);
    expect(second.revision).toBe(revision);
    const seen: string[] = [];
    second.watch("", 1, (events) => seen.push(...events.map((event) => `${event.revision} ${event.type}`)))();
    expect(seen).toEqual(["2 put", "3 put", "4 delete"]);
    await second.close();
  });

  it("commits many writes in flight as one group", async () => {
    const store = openStore(newFolder());
    const groups: number[] = [];
    store.watch("", store.revision, (events) => groups.push(events.length));
    await Promise.all(Array.from({ length: 200 }, (_, n) => store.put(`k/${n}`, encodeUtf8("x"), 0)));
    expect(groups).toEqual([200]);
    await store.close();
  });

  it("refuses writes after close", async () => {
    const store = openStore(newFolder());
    await store.close();
    await expect(store.put("a", encodeUtf8("1"))).rejects.toThrow("the store is closed");
  });

  it("loses no acknowledged write when it is killed", { timeout: 60_000 }, async () => {
    const folder = newFolder();
    let acknowledged = 0;
    let lastRevision = 1;
    for (let round = 0; round < 5; round++) {
      for (const line of await writeUntilKilled(folder, acknowledged, 40 + round * 17)) {
        const [count, revision] = line.split(" ").map(Number) as [number, number];
        expect(revision).toBeGreaterThan(lastRevision);
        acknowledged = count;
        lastRevision = revision;
      }
      const store = openStore(folder);
      expect(store.revision).toBeGreaterThanOrEqual(lastRevision);
      for (let n = 1; n <= acknowledged; n++) expect(store.get(`k/${n}`)).toBeDefined();
      expect(decodeUtf8(store.get("counter")?.value as Uint8Array)).toBe(String(store.range("k/").entries.length));
      acknowledged = Number(decodeUtf8(store.get("counter")?.value as Uint8Array));
      lastRevision = store.revision;
      await store.close();
    }
    expect(acknowledged).toBeGreaterThan(5);
  });
});

/** Starts a writer, kills it without warning after some lines, and returns the lines: `count revision` once durable. */
function writeUntilKilled(folder: string, from: number, lines: number): Promise<string[]> {
  const built = new URL("../../dist/store/index.js", import.meta.url);
  const script = `
    const { openStore } = await import(${JSON.stringify(built.href)});
    const [folder, from] = process.argv.slice(1);
    const store = openStore(folder);
    for (let n = Number(from) + 1; ; n++) {
      // Two writes in one group: a crash keeps both or neither.
      const [, counter] = await Promise.all([store.put("k/" + n, Buffer.from("x")), store.put("counter", Buffer.from(String(n)))]);
      process.stdout.write(n + " " + counter.revision + "\\n");
    }`;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", script, folder, String(from)], {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: fileURLToPath(new URL(".", import.meta.url)),
    });
    const seen: string[] = [];
    createInterface({ input: child.stdout }).on("line", (line) => {
      seen.push(line);
      if (seen.length === lines) child.kill("SIGKILL");
    });
    child.on("error", reject);
    child.on("exit", () => resolve(seen));
  });
}
