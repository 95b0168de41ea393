// Random files, encrypted by the real sops: decrypted by it and by Keelson they must be the same bytes, with a good MAC; with a
// byte changed, Keelson must not call them good where sops does not.
//
//   KEELSON_ORACLES=… npm run proof -- sops-fuzz [count] [first seed]
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openKeyring } from "../../engine/dist/secrets/keys/index.js";
import { decryptFile, formatOf } from "../../engine/dist/secrets/sops/index.js";
import { randomFile } from "./files.mjs";

const [count = 1000, first = 1] = process.argv.slice(2).map(Number);
const keys = new URL("../../engine/src/secrets/testdata/keys/", import.meta.url);
const recipient = "age1lea5jml9kmap2q63zf5vuyhradfyl90w0vpcwscfclgv3w9wp5usvfxqdq";
const key = readFileSync(new URL("age.agekey", keys));
const folder = mkdtempSync(join(tmpdir(), "keelson-sops-"));
const env = { ...process.env, SOPS_AGE_KEY: key.toString().trim() };
const none = () => Promise.reject(new Error("no key service"));
const services = { ask: none, now: () => 0, environment: {}, readFile: none };
const keyring = await openKeyring({ data: new Map([["age.agekey", key]]), services });
const counts = { equal: 0, refusedByBoth: 0, notEncrypted: 0, damaged: 0, differ: 0 };

function sops(...args) {
  return spawnSync(join(process.env.KEELSON_ORACLES, "sops"), ["--disable-version-check", ...args], { env });
}

async function ours(content, extension) {
  const format = formatOf(`f.${extension}`);
  try {
    return await decryptFile(content, { from: format, to: format }, keyring.unwrap);
  } catch (thrown) {
    if (typeof thrown.code !== "string") throw thrown;
    return undefined;
  }
}

async function compare(seed, content, extension, isDamaged) {
  const path = join(folder, `e.${extension}`);
  writeFileSync(path, content);
  const theirs = sops("decrypt", path);
  const mine = await ours(content, extension);
  const isGood = mine?.mac === "good";
  if (theirs.status !== 0 && !isGood) counts.refusedByBoth++;
  else if (theirs.status === 0 && isGood && theirs.stdout.equals(Buffer.from(mine.content))) counts.equal++;
  else {
    counts.differ++;
    console.log(
      `seed ${seed}, ${extension}${isDamaged ? ", damaged" : ""}: sops ${theirs.status}, here ${mine?.mac ?? "refused"}`,
    );
  }
}

for (let seed = first; seed < first + count; seed++) {
  const { extension, content, rule } = randomFile(seed);
  const plain = join(folder, `p.${extension}`);
  writeFileSync(plain, content);
  const encrypted = sops("encrypt", "--age", recipient, ...rule, plain);
  if (encrypted.status !== 0) {
    counts.notEncrypted++;
    continue;
  }
  await compare(seed, encrypted.stdout, extension, false);
  if (seed % 5 !== 0) continue;
  const damaged = Buffer.from(encrypted.stdout);
  const at = (seed * 7919) % damaged.length;
  // The version is covered by nothing; sops reads it, Flux's controller does not. And sops takes its keys in any case.
  if (/(version[^\n]{0,16}|\n {4}\w*)$/.test(damaged.subarray(0, at).toString("latin1"))) continue;
  damaged[at] = damaged[at] === 65 ? 66 : 65;
  counts.damaged++;
  await compare(seed, damaged, extension, true);
}
rmSync(folder, { recursive: true, force: true });
console.log(JSON.stringify(counts));
process.exit(counts.differ === 0 ? 0 : 1);
