// Encrypted files with parts changed, cut or repeated: each ends in a Fault or in a MAC that is not good, in bounded time, and
// no message quotes what the file holds. With the real sops, random files decrypt to its bytes.

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Fault, formatFault } from "#kernel";
import { openKeyring } from "./keys/index.ts";
import { decryptFile, type Format, formatOf } from "./sops/index.ts";

const testdata = new URL("./testdata/", import.meta.url).pathname;
const names = readdirSync(join(testdata, "recorded")).filter((name) => /^age-|regex|suffix|mac-only/.test(name));
const none = (): Promise<never> => Promise.reject(new Error("no key service"));
const services = { ask: none, now: () => 0, environment: {}, readFile: none };
const keyring = await openKeyring({
  data: new Map([["age.agekey", readFileSync(join(testdata, "keys/age.agekey"))]]),
  services,
});

function file(name: string): { content: Buffer; format: Format } {
  const folder = join(testdata, "recorded", name);
  const path = readdirSync(folder).find((one) => one.startsWith("encrypted.")) ?? "";
  return { content: readFileSync(join(folder, path)), format: formatOf(path) };
}

type Damage = { name: string; at: number; length: number; by: Uint8Array };

const damages: fc.Arbitrary<Damage> = fc.record({
  name: fc.constantFrom(...names),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.nat(40),
  by: fc.oneof(
    fc.uint8Array({ maxLength: 12 }),
    fc.constantFrom("\n", ": ", "- ", "ENC[", "]", '"', "#", "[sops]").map((text) => Buffer.from(text)),
  ),
});

describe("damaged files", () => {
  it("end in a Fault that quotes nothing, or decrypt", async () => {
    const property = fc.asyncProperty(damages, async ({ name, at, length, by }) => {
      const { content, format } = file(name);
      const place = Math.floor(at * content.length);
      const damaged = Buffer.concat([content.subarray(0, place), by, content.subarray(place + length)]);
      try {
        await decryptFile(damaged, { from: format, to: format }, keyring.unwrap);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(Fault);
        expect(formatFault(thrown)).not.toMatch(/correct horse|s3cret|dG9rZW4|ENC\[AES/);
      }
    });
    await fc.assert(property, { numRuns: 300, seed: 20261121 });
  });

  it.each<[Format, string]>([
    ["yaml", ""],
    ["yaml", "sops: 1\n"],
    ["yaml", "a: &a [*a]\nsops: {mac: ENC[x]}\n"],
    ["yaml", `${"a:\n ".repeat(2000)}b\n`],
    ["json", "[]"],
    ["json", "[".repeat(100_000)],
    ["json", '{"sops": {"age": [{}], "lastmodified": "never"}}'],
    ["json", '{"sops": {"age": 1, "pgp": "x", "kms": [[]]}}'],
    ["dotenv", "sops_age__list_999999999__map_enc=x\nsops_mac=ENC["],
    ["dotenv", "no equals sign\n"],
    ["ini", "[sops\n"],
    ["ini", "[sops]\n[sops]\n"],
    ["binary", "\u0000"],
  ])("%s %j is refused", async (format, text) => {
    const given = Buffer.from(text);
    await expect(decryptFile(given, { from: format, to: format }, keyring.unwrap)).rejects.toBeInstanceOf(Fault);
  });
});

const sops = join(process.env["KEELSON_ORACLES"] ?? "", "sops");

describe.skipIf(process.env["KEELSON_ORACLES"] === undefined || !existsSync(sops))("random files", () => {
  it("decrypt to the bytes of the real sops, sampled", { timeout: 240_000 }, () => {
    const program = new URL("../../../bench/secrets/fuzz.mjs", import.meta.url).pathname;
    const done = spawnSync(process.execPath, [program, "40", "7"], { encoding: "utf8", timeout: 200_000 });
    expect(done.stdout).toContain('"differ":0');
  });
});
