import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { temporaryFolder, TestRepository } from "./repository.contract.ts";
import { splitCommit, splitTag, tagHeaders } from "./signed-object.ts";
import {
  fingerprintOf,
  GpgHome,
  hasGpg,
  hasSshKeygen,
  signedCommit,
  signedTag,
  sshKey,
  type SigningKey,
} from "./signing.contract.ts";
import { verifySignature, type TrustedKeys } from "./verify-signature.ts";

const folder = temporaryFolder("signed");
const made = new TestRepository(`${folder}/shop.git`);
made.commit({ a: "a" });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function contentOf(id: string, type: string): Buffer {
  return execFileSync("git", ["-C", made.path, "cat-file", type, id]);
}

async function check(bytes: Buffer, keys: Partial<TrustedKeys>, now = Date.now()): Promise<string> {
  const signed = bytes.toString("latin1").startsWith("object ") ? splitTag(bytes) : splitCommit(bytes);
  if (signed === undefined) return "two signatures";
  const verdict = await verifySignature(signed, { pgp: [], ssh: [], ...keys }, now);
  return "key" in verdict ? `good: ${verdict.key}` : verdict.why;
}

function tampered(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString("latin1").replace(/\nsigned|\nrelease/, "\nSIGNED"), "latin1");
}

describe("objects without a signature", () => {
  it("are unsigned, whatever their message holds", async () => {
    const commit = contentOf(made.git("rev-parse", "main"), "commit");
    expect(await check(commit, { pgp: ["x"], ssh: ["y"] })).toBe("it is not signed");
    const inMessage = Buffer.from("tree x\nauthor y\n\ngpgsig -----BEGIN SSH SIGNATURE-----\n");
    expect(splitCommit(inMessage)).toEqual({ payload: inMessage, signature: "" });
    expect(await check(Buffer.from("tree x\ngpgsig a\n b\ngpgsig c\nauthor y\n\nz"), {})).toBe("two signatures");
    expect(await check(Buffer.from("tree x\ngpgsig nonsense\nauthor y\n\nz"), {})).toContain("of an unknown kind");
    expect(await check(Buffer.from("tree x\ngpgsig -----BEGIN SIGNED MESSAGE-----\n\nz"), {})).toContain("X.509");
  });

  it("keep all that is no signature", () => {
    const text =
      "tree x\nparent p\ngpgsig one\n two\n \nencoding UTF-8\nmergetag object q\n type commit\n\nsubject\n\n body";
    const split = splitCommit(Buffer.from(text));
    expect(split?.payload.toString()).toBe(text.replace("gpgsig one\n two\n \n", ""));
    expect(split?.signature).toBe("one\ntwo\n\n");
    const tag =
      "object 0a\ntype commit\ntag v1\ntagger t\n\nquoted:\n-----BEGIN PGP SIGNATURE-----\nx\n-----BEGIN SSH SIGNATURE-----\ny\n";
    expect(splitTag(Buffer.from(tag)).signature).toBe("-----BEGIN SSH SIGNATURE-----\ny\n");
    expect(tagHeaders(Buffer.from(tag))).toEqual({ object: "0a", type: "commit", name: "v1" });
    expect(tagHeaders(Buffer.from("tag v1\n"))).toBeUndefined();
  });
});

describe.skipIf(!hasSshKeygen())("SSH signatures", () => {
  it.each<[string, number | undefined]>([
    ["ed25519", undefined],
    ["rsa", 2048],
    ["ecdsa", 256],
    ["ecdsa", 384],
    ["ecdsa", 521],
  ])("by a key of type %s %s are good for their own bytes and key alone", async (type, bits) => {
    const key = sshKey(folder, type, bits);
    const other = sshKey(folder, "ed25519");
    const commit = contentOf(signedCommit(made, key), "commit");
    const tag = contentOf(signedTag(made, key, "v1"), "tag");
    for (const bytes of [commit, tag]) {
      expect(await check(bytes, { ssh: [`# trusted\n${other.publicKey}${key.publicKey}`] })).toBe(
        `good: ${fingerprintOf(key)}`,
      );
      expect(await check(bytes, { ssh: [other.publicKey] })).toContain("not among the trusted ones");
      expect(await check(bytes, { pgp: ["x"] })).toContain("no key that ends in .sshpub");
      expect(await check(tampered(bytes), { ssh: [key.publicKey] })).toBe(
        "the SSH signature does not fit what was signed",
      );
    }
  });

  it("are refused for a short key, another purpose, damage and lines that allow none", async () => {
    const key = sshKey(folder, "ed25519");
    const commit = contentOf(signedCommit(made, key), "commit");
    const short = sshKey(folder, "rsa", 1024);
    expect(await check(contentOf(signedCommit(made, short), "commit"), { ssh: [short.publicKey] })).toContain(
      "2048 bits",
    );
    const split = splitCommit(commit);
    if (split === undefined) throw new Error("no signature");
    const file = execFileSync("ssh-keygen", ["-q", "-Y", "sign", "-n", "file", "-f", key.name], {
      input: split.payload,
      encoding: "utf8",
    });
    const forFile = await verifySignature({ ...split, signature: file }, { pgp: [], ssh: [key.publicKey] }, 0);
    expect(forFile).toEqual({ why: 'the SSH signature was made for "file", not for git' });
    const cut = split.signature.replace(/\n.{40}/, "\n");
    expect(await verifySignature({ ...split, signature: cut }, { pgp: [], ssh: [key.publicKey] }, 0)).toEqual({
      why: "the SSH signature is damaged",
    });
    const line = key.publicKey.trim();
    const rows: [string, string][] = [
      [`someone@example.org ${line}`, "good: "],
      [`* namespaces="git,file" ${line}`, "good: "],
      [`no-pty,command="x y" ${line}`, "good: "],
      [`* namespaces="file" ${line}`, "not among the trusted ones"],
      [`* cert-authority ${line}`, "not among the trusted ones"],
      [`* valid-before="20200101" ${line}`, "has expired"],
      [`* valid-after=29990101Z ${line}`, "not valid yet"],
      [`* valid-after="20200101",valid-before="29990101000000Z" ${line}`, "good: "],
      ["ssh-ed25519 nonsense", "line 1 holds no SSH public key"],
      ["", "not among the trusted ones"],
    ];
    for (const [keys, expected] of rows) expect(await check(commit, { ssh: [keys] })).toContain(expected);
  });
});

describe.skipIf(!hasGpg())("PGP signatures", () => {
  const home = new GpgHome();
  afterAll(() => home.close());
  const commitBy = (key: SigningKey): Buffer => contentOf(signedCommit(made, key), "commit");

  it("are good for their own bytes and key alone, whichever ring holds it", async () => {
    const [key, other] = [home.key("good"), home.key("other")];
    const tag = contentOf(signedTag(made, key, "v2"), "tag");
    for (const bytes of [commitBy(key), tag]) {
      const good = `good: ${home.fingerprint("good").slice(-16)}`;
      expect(await check(bytes, { pgp: [other.publicKey, key.publicKey] })).toBe(good);
      expect(await check(bytes, { pgp: [`${other.publicKey}\n${key.publicKey}`] })).toBe(good);
      expect(await check(bytes, { pgp: [home.run(["--armor", "--export"])] })).toBe(good);
      expect(await check(bytes, { pgp: [other.publicKey] })).toContain("not among the trusted ones");
      expect(await check(bytes, { pgp: ["nonsense"] })).toContain("(a key ring is not armored)");
      expect(await check(bytes, { ssh: ["x"] })).toContain("no key that ends in .asc");
      expect(await check(tampered(bytes), { pgp: [key.publicKey] })).toContain("is not good");
    }
  });

  it("are good by a subkey and by an RSA key", async () => {
    const below = home.subkey("below");
    expect(await check(commitBy(below), { pgp: [below.publicKey] })).toBe(
      `good: ${home.fingerprint("below").slice(-16)}`,
    );
    const rsa = home.key("rsa", { algorithm: "rsa2048" });
    expect(await check(commitBy(rsa), { pgp: [rsa.publicKey] })).toMatch(/^good: /);
  });

  it("are refused once the key has expired or is revoked, also for what was signed before", async () => {
    const old = home.key("old", { time: "20200101T000000", expires: "1d" });
    expect(await check(commitBy(old), { pgp: [old.publicKey] })).toContain("has expired");
    expect(await check(commitBy(old), { pgp: [old.publicKey] }, Date.UTC(2020, 0, 1, 12))).toMatch(/^good: /);
    const key = home.key("revoked");
    const bytes = commitBy(key);
    expect(await check(bytes, { pgp: [key.publicKey] })).toMatch(/^good: /);
    expect(await check(bytes, { pgp: [home.revoke(key).publicKey] })).toContain("is revoked");
  });
});
