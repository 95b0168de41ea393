import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { decodeUtf8, encodeUtf8 } from "#kernel";
import { backUpStore, readBackup, restoreStore } from "./backup.ts";
import { Compacted } from "./contract.ts";
import { openStore } from "./open.ts";

const root = mkdtempSync(join(tmpdir(), "keelson-backup-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function shown(folder: {
  range(prefix: string): { entries: { key: string; value: Uint8Array; revision: number }[] };
}): string[] {
  return folder.range("").entries.map(({ key, value, revision }) => `${key}@${revision} ${decodeUtf8(value)}`);
}

async function filled(name: string, count: number): Promise<{ folder: string; revision: number; content: string[] }> {
  const folder = join(root, name);
  const store = openStore(folder);
  for (let index = 0; index < count; index++) await store.put(`a/${index % 7}`, encodeUtf8(`value ${index}`));
  await store.put("gone", encodeUtf8("x"));
  await store.delete("gone");
  const content = shown(store);
  const { revision } = store;
  await store.close();
  return { folder, revision, content };
}

describe("a backup", () => {
  it("brings back every key with its revision, and the counter, also after a last deletion", async () => {
    const { folder, revision, content } = await filled("first", 20);
    const file = join(root, "first.backup");
    expect(await backUpStore({ folder, file })).toEqual({ revision, keys: 7 });
    const target = join(root, "first-restored");
    await restoreStore(target, readBackup(file));
    const store = openStore(target);
    expect(shown(store)).toEqual(content);
    expect(store.revision).toBe(revision);
    expect(() => store.watch("", revision - 2, () => undefined)).toThrow(Compacted);
    const written = await store.put("new", encodeUtf8("y"));
    expect(written).toEqual({ ok: true, revision: revision + 1 });
    await store.close();
  });

  it("is not put over anything, and one that was killed midway leaves nothing in its way", async () => {
    const { folder } = await filled("second", 5);
    const file = join(root, "second.backup");
    await backUpStore({ folder, file });
    await expect(restoreStore(folder, readBackup(file))).rejects.toMatchObject({ code: "store-not-empty" });
    const target = join(root, "second-restored");
    const half = openStore(`${target}.restoring`);
    await half.put("half", encodeUtf8("of it"));
    await half.close();
    await restoreStore(target, readBackup(file));
    expect(existsSync(`${target}.restoring`)).toBe(false);
    const store = openStore(target);
    expect(shown(store).some((line) => line.startsWith("half"))).toBe(false);
    await store.close();
  });

  it.each([
    ["cut off", (whole: Buffer) => whole.subarray(0, whole.length / 2)],
    ["changed", (whole: Buffer) => gzipSync(gunzipSync(whole).toString("utf8").replace("a/1", "a/9"))],
    ["no backup at all", () => Buffer.from("hello")],
  ])("that is %s is refused before anything is written", async (_what, damage) => {
    const { folder } = await filled(`damaged-${_what.length}`, 5);
    const file = join(root, `damaged-${_what.length}.backup`);
    await backUpStore({ folder, file });
    writeFileSync(file, damage(readFileSync(file)));
    expect(() => readBackup(file)).toThrow("the backup cannot be used");
  });
});
