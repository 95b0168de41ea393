import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { realClock } from "../../cluster/cluster.contract.ts";
import { readIndex } from "./chart-index.ts";
import { IndexReader } from "./index-reader.ts";
import { indexThreadBytes } from "./limits.ts";

// Threads load what the compiler wrote.
const compiled = new URL("../../../dist/sources/charts/index-thread.js", import.meta.url);
const { signal } = new AbortController();

/** An index that is large enough for a thread. */
function largeIndex(rest = ""): Buffer {
  const version = (i: number): string =>
    `  - {name: web, version: 1.0.${i}, urls: [web-1.0.${i}.tgz], created: "2026-01-01T00:00:00Z", apiVersion: v2, description: "${"x".repeat(200)}"}\n`;
  const count = Math.ceil(indexThreadBytes / 250);
  return Buffer.from(
    `apiVersion: v1\nentries:\n  web:\n${Array.from({ length: count }, (_, i) => version(i)).join("")}${rest}`,
  );
}

describe.skipIf(!existsSync(compiled))("an index read in a thread of its own", () => {
  const reader = new IndexReader(realClock, compiled);

  it("is the same as one that is read here, fetched or stored", async () => {
    const bytes = largeIndex();
    const { index, json } = readIndex(bytes, "here");
    const found = await reader.read(bytes, "here", signal);
    expect(Buffer.from(found.stored).toString("utf8")).toBe(json);
    expect(found.index.get("web")).toEqual(index.get("web"));
    expect(found.index.get("none")).toBeUndefined();
    const stored = await reader.readStored(Buffer.from(json), signal);
    expect(stored.get("web")).toEqual(index.get("web"));
  });

  it("leaves this thread free, and is read after those before it", async () => {
    let beats = 0;
    const timer = setInterval(() => (beats += 1), 1);
    const order: string[] = [];
    const bytes = largeIndex();
    await Promise.all(
      ["a", "b"].map(async (name) => {
        await reader.read(bytes, name, signal);
        order.push(name);
      }),
    );
    clearInterval(timer);
    expect(order).toEqual(["a", "b"]);
    expect(beats).toBeGreaterThan(3);
  });

  it("that cannot be read is told as such, and holds up no other", async () => {
    const broken = reader.read(largeIndex("  - ["), "here", signal);
    const good = reader.read(largeIndex(), "here", signal);
    await expect(broken).rejects.toMatchObject({
      code: "chart-index-invalid",
      at: "here",
      message: "the index cannot be read",
    });
    expect((await good).index.get("web")?.length).toBeGreaterThan(100);
  });

  it("is given up with its pass", async () => {
    const pass = new AbortController();
    const reading = reader.read(largeIndex(), "here", pass.signal);
    pass.abort(new Error("the pass has ended"));
    await expect(reading).rejects.toThrow("the pass has ended");
    expect((await reader.read(largeIndex(), "here", signal)).index.get("web")).toBeDefined();
  });
});
