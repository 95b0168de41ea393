import { describe, expect, it } from "vitest";
import type { Manifest } from "#kernel";
import { guardMarks, isOpen, readGuard, whyDeletionHeld, whyHeld } from "./guard.ts";

const revision = `main@sha1:${"ab".repeat(20)}`;
const now = Date.parse("2026-01-09T12:00:00Z");

function guardOf(annotations: { [key: string]: string }) {
  const object: Manifest = { apiVersion: "x/v1", kind: "K", metadata: { name: "n", namespace: "s", annotations } };
  return readGuard(object);
}

const wish = { revision, prunedCount: 0, inventoryCount: 10 };

describe("a guard", () => {
  it("that asks for nothing holds nothing", () => {
    expect(isOpen(guardOf({}))).toBe(true);
    expect(whyHeld(guardOf({}), wish, now)).toBeUndefined();
  });

  it.each([
    [{ [guardMarks.pause]: "migration" }, "Paused", "paused (migration)"],
    [{ [guardMarks.freeze]: "0 11 * * * for 2h" }, "FreezeWindow", "until 2026-01-09T13:00:00Z"],
    [{ [guardMarks.changeWindows]: "0 14 * * * for 2h" }, "FreezeWindow", "until 2026-01-09T14:00:00Z"],
    [{ [guardMarks.approval]: "required" }, "ApprovalRequired", revision],
    [{ [guardMarks.approval]: "required", [guardMarks.approvedRevision]: "abcdef1" }, "ApprovalRequired", revision],
    [{ [guardMarks.approval]: "required", [guardMarks.approvedRevision]: "ababab" }, "ApprovalRequired", revision],
  ])("%j holds: %s", (annotations, reason, text) => {
    const hold = whyHeld(guardOf(annotations as { [key: string]: string }), wish, now);
    expect(hold?.reason).toBe(reason);
    expect(hold?.message).toContain(text);
  });

  it.each([revision, `sha1:${"ab".repeat(20)}`, "abababa"])(
    "lets pass what is approved as %s, a freeze too",
    (approved) => {
      const annotations = {
        [guardMarks.approval]: "required",
        [guardMarks.approvedRevision]: approved,
        [guardMarks.freeze]: "0 11 * * * for 2h",
      };
      expect(whyHeld(guardOf(annotations), wish, now)).toBeUndefined();
      expect(whyHeld(guardOf({ ...annotations, [guardMarks.pause]: "true" }), wish, now)?.reason).toBe("Paused");
    },
  );

  it.each([
    ["3", 3, false],
    ["3", 4, true],
    ["20%", 2, false],
    ["20%", 3, true],
    ["0", 1, true],
  ])("with a limit of %s, %i deletions of 10 are held: %s", (limit, prunedCount, isHeld) => {
    const hold = whyHeld(guardOf({ [guardMarks.pruneLimit]: limit }), { ...wish, prunedCount }, now);
    expect(hold?.reason).toBe(isHeld ? "PruneLimitExceeded" : undefined);
  });

  it("holds its own deletion until that very object is approved", () => {
    const about = { uid: "u-1", inventoryCount: 10 };
    expect(whyDeletionHeld(guardOf({ [guardMarks.pruneLimit]: "5" }), about)?.reason).toBe("PruneLimitExceeded");
    const approved = { [guardMarks.pruneLimit]: "5", [guardMarks.approvedDeletion]: "u-1" };
    expect(whyDeletionHeld(guardOf(approved), about)).toBeUndefined();
  });

  it.each([
    [{ [guardMarks.freeze]: "weekends" }, "is no window"],
    [{ [guardMarks.pruneLimit]: "many" }, "is no limit"],
  ])("%j is refused", (annotations, message) => {
    expect(() => guardOf(annotations as { [key: string]: string })).toThrow(message);
  });
});
