import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readMirrors } from "./mirrors-file.ts";

const folder = mkdtempSync(join(tmpdir(), "keelson-mirrors-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("the file of mirrors", () => {
  it("is the one named, else mirrors.yaml in the data folder, else none", async () => {
    const folders = { current: folder, data: join(folder, "data") };
    expect(await readMirrors(undefined, folders)).toEqual([]);
    writeFileSync(join(folder, "own.yaml"), "mirrors: [{ from: 'https://a', to: 'https://b' }]");
    expect(await readMirrors("own.yaml", folders)).toMatchObject([{ from: "https://a", to: "https://b" }]);
    writeFileSync(join(folder, "mirrors.yaml"), "mirrors: [{ from: 'https://c', to: 'https://d' }]");
    expect(await readMirrors(undefined, { ...folders, data: folder })).toMatchObject([{ from: "https://c" }]);
  });

  it("is refused when it was asked for and is not there, or is wrong", async () => {
    const folders = { current: folder, data: folder };
    await expect(readMirrors("none.yaml", folders)).rejects.toMatchObject({ code: "not-found" });
    writeFileSync(join(folder, "wrong.yaml"), "mirrors: 1");
    await expect(readMirrors("wrong.yaml", folders)).rejects.toMatchObject({ code: "mirrors-invalid" });
  });
});
