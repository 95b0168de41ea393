// The suite every implementation of Store passes.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { decodeUtf8, encodeUtf8 } from "#kernel";
import { Compacted, type Store, type StoreEvent } from "./contract.ts";
import { historyPieceMax } from "./limits.ts";

async function put(store: Store, key: string, text: string, expected?: number): Promise<number> {
  const outcome = await store.put(key, encodeUtf8(text), expected);
  if (!outcome.ok) throw new Error(`refused: ${key}`);
  return outcome.revision;
}

function textOf(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : decodeUtf8(value);
}

function describeEvent(event: StoreEvent): string {
  const now = event.type === "put" ? textOf(event.value) : "gone";
  return `${event.revision} ${event.key} ${textOf(event.previous) ?? "none"}>${now}`;
}

export function storeContract(name: string, make: () => Promise<Store>): void {
  describe(`${name} keeps the store contract`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await make();
    });
    afterEach(() => store.close());

    it("starts at revision 1 and counts every write", async () => {
      expect(store.revision).toBe(1);
      expect(await put(store, "a", "1")).toBe(2);
      expect(await put(store, "b", "1")).toBe(3);
      expect(store.revision).toBe(3);
    });

    it("says that it can be written to", async () => {
      await put(store, "a", "1");
      expect(await store.writeProblem()).toBeUndefined();
    });

    it("returns what was written, with the revisions of its creation and last write", async () => {
      const created = await put(store, "a", "1");
      const changed = await put(store, "a", "2");
      const entry = store.get("a");
      expect(textOf(entry?.value)).toBe("2");
      expect(entry).toMatchObject({ key: "a", revision: changed, createRevision: created });
      expect(store.get("b")).toBeUndefined();
    });

    it("gives what a write put where it stands, also once history before it is forgotten", async () => {
      await put(store, "a", "1");
      const standing = await put(store, "a", "2");
      await put(store, "b", "1");
      store.compact(store.revision);
      await expect.poll(() => compactedFrom(store, standing)).toBe(store.revision);
      expect(textOf(store.valueAt(standing))).toBe("2");
    });

    it("writes only over the expected revision, and says what stands there", async () => {
      const first = await put(store, "a", "1", 0);
      const second = await store.put("a", encodeUtf8("2"), 0);
      expect(second.ok).toBe(false);
      expect(!second.ok && second.found?.revision).toBe(first);
      expect(await store.put("missing", encodeUtf8("x"), 7)).toEqual({ ok: false, found: undefined });
      expect((await store.put("a", encodeUtf8("3"), first)).ok).toBe(true);
    });

    it("lets one of many writers in flight win", async () => {
      const first = await put(store, "a", "0");
      const outcomes = await Promise.all([1, 2, 3].map((n) => store.put("a", encodeUtf8(String(n)), first)));
      expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(1);
      const lost = outcomes.find((outcome) => !outcome.ok);
      expect(lost !== undefined && !lost.ok && textOf(lost.found?.value)).toBe("1");
    });

    it("deletes, refuses to delete what is not there, and starts anew after a deletion", async () => {
      await put(store, "a", "1");
      expect((await store.delete("a")).ok).toBe(true);
      expect(store.get("a")).toBeUndefined();
      expect(await store.delete("a")).toEqual({ ok: false, found: undefined });
      const again = await put(store, "a", "2", 0);
      expect(store.get("a")?.createRevision).toBe(again);
    });

    it("pages a range in order, and the pages agree although it changes meanwhile", async () => {
      for (const key of ["p/a", "p/b", "p/c", "p/d", "q/a"]) await put(store, key, key);
      const first = store.range("p/", { limit: 2 });
      expect(first.entries.map((entry) => entry.key)).toEqual(["p/a", "p/b"]);
      expect(first.next).toBe("p/c");
      expect(first.remaining).toBe(2);
      await store.delete("p/c");
      await put(store, "p/d", "changed");
      await put(store, "p/bb", "new");
      const second = store.range("p/", { from: first.next as string, revision: first.revision });
      expect(second.entries.map((entry) => textOf(entry.value))).toEqual(["p/c", "p/d"]);
      expect(second.next).toBeUndefined();
      expect(store.range("p/").entries.map((entry) => entry.key)).toEqual(["p/a", "p/b", "p/bb", "p/d"]);
    });

    it("delivers the past and then the present, in order and without gap", async () => {
      const since = await put(store, "p/a", "1");
      await put(store, "p/a", "2");
      await put(store, "q/x", "1");
      const seen: string[] = [];
      const stop = store.watch("p/", since, (events) => seen.push(...events.map(describeEvent)));
      expect(seen).toEqual([`${since + 1} p/a 1>2`]);
      await store.delete("p/a");
      await Promise.all([put(store, "p/b", "1"), put(store, "p/c", "1")]);
      stop();
      await put(store, "p/d", "1");
      expect(seen).toEqual([
        `${since + 1} p/a 1>2`,
        `${since + 3} p/a 2>gone`,
        `${since + 4} p/b none>1`,
        `${since + 5} p/c none>1`,
      ]);
    });

    it("reads history piece by piece, and says when it was overtaken", async () => {
      const since = await put(store, "p/a", "1");
      await Promise.all(
        Array.from({ length: 3 * historyPieceMax }, (_, n) => put(store, n % 2 === 0 ? "p/a" : "q/a", `${n}`)),
      );
      const until = store.revision;
      const pieces = store.history("p/", since)[Symbol.iterator]();
      const first = pieces.next().value as readonly StoreEvent[];
      expect(first.length).toBeLessThanOrEqual(historyPieceMax);
      await put(store, "p/late", "1");
      const rest: StoreEvent[] = [...first];
      for (let next = pieces.next(); next.done !== true; next = pieces.next()) rest.push(...next.value);
      expect(rest.map(({ revision }) => revision)).toEqual(
        Array.from({ length: until - since }, (_, n) => since + 1 + n).filter((_, n) => n % 2 === 0),
      );
      const overtaken = store.history("p/", since)[Symbol.iterator]();
      overtaken.next();
      store.compact(store.revision);
      await expect.poll(() => compactedFrom(store, since)).toBe(store.revision);
      expect(() => overtaken.next()).toThrow(Compacted);
      expect(() => store.history("p/", since)).toThrow(Compacted);
      await expect.poll(() => forgotten(() => store.valueAt(since))).toBe(true);
    });

    it("shows an event's effect to whoever reads in its delivery", async () => {
      let read: string | undefined;
      store.watch("a", store.revision, () => {
        read = textOf(store.get("a")?.value);
      });
      await put(store, "a", "1");
      expect(read).toBe("1");
    });

    it("forgets history on compaction and keeps the present", async () => {
      const first = await put(store, "a", "1");
      await put(store, "b", "1");
      await put(store, "a", "2");
      await store.delete("b");
      const last = store.revision;
      await put(store, "a", "3");
      store.compact(last);
      await expect.poll(() => compactedFrom(store, first)).toBe(last);
      expect(() => store.range("", { revision: first })).toThrow(Compacted);
      const seen: string[] = [];
      store.watch("", last, (events) => seen.push(...events.map(describeEvent)))();
      expect(seen).toEqual([`${last + 1} a 2>3`]);
      expect(textOf(store.range("", { revision: last }).entries[0]?.value)).toBe("2");
      expect(textOf(store.get("a")?.value)).toBe("3");
    });
  });
}

function forgotten(read: () => void): boolean {
  try {
    read();
    return false;
  } catch (error) {
    return error instanceof Compacted;
  }
}

function compactedFrom(store: Store, since: number): number | undefined {
  try {
    store.watch("", since, () => undefined)();
    return undefined;
  } catch (error) {
    return error instanceof Compacted ? error.oldest : undefined;
  }
}
