import { rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { filesOf, importTree } from "#sources/git";
import { temporaryFolder, testEnvironment } from "../sources/git/repository.contract.ts";
import { tar, type TarEntry } from "../sources/oci/registry.contract.ts";
import { tarEntries } from "./tar-entries.ts";

async function* pieces(bytes: Buffer, size = 1000): AsyncIterable<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: Buffer): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const entry of tarEntries(pieces(bytes), "layer")) {
    if (!("size" in entry)) throw new Error("no content");
    const parts: Uint8Array[] = [];
    for await (const part of entry.pieces) parts.push(part);
    found.push([entry.path, `${Buffer.concat(parts).toString("utf8")}${entry.isExecutable ? "*" : ""}`]);
  }
  return found;
}

const packed = (entries: readonly TarEntry[]): Buffer => gzipSync(tar(entries));

/** Some MiB that unpack to gigabytes. */
function bomb(): Buffer {
  const head = tar([{ name: "zeros" }]).subarray(0, 512);
  head.write(`${(2 ** 31).toString(8).padStart(11, "0")}\0`, 124);
  head.write("        ", 148);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  // Members of a gzip file follow each other: one is packed once and repeated.
  const zeros = gzipSync(Buffer.alloc(8 * 1024 * 1024));
  return Buffer.concat([gzipSync(head), ...Array.from({ length: 200 }, () => zeros)]);
}

describe("a packed tar", () => {
  it("gives its files, and no links", async () => {
    const entries = [
      { name: "./", type: "5" },
      { name: "./sub/run.sh", content: "run", mode: 0o755 },
      { name: "link", type: "2", link: "/etc/passwd" },
      { name: "hard", type: "1", link: "a" },
      { name: "a", content: "x".repeat(5000) },
      { name: "empty" },
    ];
    expect(await read(packed(entries))).toEqual([
      ["sub/run.sh", "run*"],
      ["a", "x".repeat(5000)],
      ["empty", ""],
    ]);
  });

  it("gives long names of either kind", async () => {
    const long = `${"folder/".repeat(30)}file`;
    const record = ` path=${long}\n`;
    const pax = `${record.length + 3}${record}`;
    const entries = [
      { name: "pax", type: "x", content: pax },
      { name: "short", content: "1" },
      { name: "././@LongLink", type: "L", content: `${long}2\0` },
      { name: "short", content: "2" },
    ];
    expect(await read(packed(entries))).toEqual([
      [long, "1"],
      [`${long}2`, "2"],
    ]);
  });

  it.each<[string, Buffer, string]>([
    ["climbs", packed([{ name: "../a" }]), 'holds the name "../a"'],
    ["climbs within", packed([{ name: "a/../b" }]), "holds the name"],
    ["climbs at its end", packed([{ name: "a/.." }]), "holds the name"],
    ["is absolute", packed([{ name: "/a" }]), "holds the name"],
    ["has a backslash", packed([{ name: "a\\b" }]), "holds the name"],
    ["holds a device", packed([{ name: "a", type: "3" }]), "is no file, folder or link"],
    ["holds a pipe", packed([{ name: "a", type: "6" }]), "is no file, folder or link"],
    ["is no tar", gzipSync("no tar at all, but long enough to be read as one. ".repeat(20)), "is damaged"],
    ["is not packed", tar([{ name: "a" }]), "is no gzip-compressed tar"],
    ["is cut off", gzipSync(tar([{ name: "a", content: "a".repeat(5000) }]).subarray(0, 2000)), "is cut off"],
    ["is half a gzip", packed([{ name: "a", content: "abc" }]).subarray(0, 60), "is no gzip-compressed tar"],
    ["is empty", Buffer.alloc(0), "is no gzip-compressed tar"],
    ["is a bomb", bomb(), "unpacks to more than 200 times its size"],
  ])("that %s is refused", async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toMatchObject({
      code: "archive-invalid",
      message: expect.stringContaining(message) as string,
    });
  });

  it("whose source fails after its last byte makes no tree", async () => {
    const folder = temporaryFolder("import");
    const options = {
      repository: join(folder, "0.git"),
      environment: testEnvironment,
      signal: new AbortController().signal,
      at: "layer",
    };
    const failing = async function* (): AsyncIterable<Buffer> {
      yield* pieces(packed([{ name: "a", content: "a" }]));
      throw new Error("wrong digest");
    };
    await expect(importTree(tarEntries(failing(), "layer"), { ...options, name: "aa" })).rejects.toThrow();
    const files = tarEntries(
      pieces(packed([{ name: "a", content: "a" }, { name: ".git/config" }, { name: 'b"\n', content: "b" }])),
      "layer",
    );
    const tree = await importTree(files, { ...options, name: "bb" });
    const handle = {
      kind: "git" as const,
      repository: options.repository,
      tree,
      revision: "1",
      ignore: "none" as const,
      environment: testEnvironment,
    };
    expect((await filesOf(handle)).map((file) => file.path)).toEqual(["a", 'b"\n']);
    rmSync(folder, { recursive: true });
  });
});
