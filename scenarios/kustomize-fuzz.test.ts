// A sample of `npm run proof -- kustomize-fuzz`: random trees, whole and damaged, give what the real kustomize gives.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { run } from "./home.ts";

const oracles = process.env["KEELSON_ORACLES"];
const root = fileURLToPath(new URL("..", import.meta.url));

describe.skipIf(oracles === undefined || !existsSync(join(oracles, "kustomize-batch")))("random kustomizations", () => {
  it("give the bytes of the real kustomize, or fail where it fails", { timeout: 240_000 }, async () => {
    const fuzz = await run(process.execPath, ["bench/kustomize/fuzz.mjs", "60", "7000"], { cwd: root });
    expect(fuzz.out).toMatch(/^60 trees: .* 0 differ; 0 crashes, 0 hangs/m);
    expect(fuzz.status).toBe(0);
  });
});

describe.skipIf(oracles === undefined || !existsSync(join(oracles, "kustomize-nodes")))("random comments", () => {
  it("stay where go-yaml v3 leaves them", { timeout: 240_000 }, async () => {
    const fuzz = await run(process.execPath, ["bench/kustomize/comments.mjs", "4000", "7000"], { cwd: root });
    expect(fuzz.out).toMatch(/^4000 texts: .* 0 differ; 0 crashes/m);
    expect(fuzz.status).toBe(0);
  });
});
