// Provenance of packed charts: NAME.tgz.prov, an OpenPGP clear-signed text of Chart.yaml and the archive's sha256, as
// `helm package --sign` writes it and `--verify` checks it. https://helm.sh/docs/topics/provenance

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import type * as Pgp from "openpgp";
import type { Key, PrivateKey } from "openpgp";
import { formatYaml, parseYaml } from "#formats/yaml";
import { Fault, isObject } from "#kernel";
import type { CliCode } from "./faults.ts";

type Openpgp = typeof Pgp;

/** Whose signatures count, and when: a key that has expired by now is not trusted. */
export type Trust = { keyring: string; nowMs: number };

function refusal(message: string, more: { hint?: string; cause?: unknown } = {}): Fault<CliCode> {
  return new Fault({ code: "refused", disposition: "stall", message, ...more });
}

/** Checks that a key of the keyring has signed the provenance, and that it speaks of these very bytes. */
export async function checkProvenance(
  archive: { name: string; bytes: Uint8Array },
  provenance: Uint8Array,
  trust: Trust,
): Promise<void> {
  const openpgp = await import("openpgp");
  const keys = await readKeyring(openpgp, trust.keyring);
  const text = Buffer.from(provenance).toString("utf8");
  const block = /-----BEGIN PGP SIGNED MESSAGE-----[\s\S]*-----END PGP SIGNATURE-----/.exec(text)?.[0];
  if (block === undefined) throw refusal("signature block not found");
  const signed = await readSigned(openpgp, block);
  await checkSignature(openpgp, signed, { keys, nowMs: trust.nowMs });
  checkDigest(archive, signed.getText());
}

async function readSigned(
  openpgp: Openpgp,
  block: string,
): Promise<Awaited<ReturnType<Openpgp["readCleartextMessage"]>>> {
  try {
    return await openpgp.readCleartextMessage({ cleartextMessage: block });
  } catch (cause) {
    throw refusal("signature block not found", { cause });
  }
}

async function checkSignature(
  openpgp: Openpgp,
  message: Awaited<ReturnType<Openpgp["readCleartextMessage"]>>,
  { keys, nowMs }: { keys: readonly Key[]; nowMs: number },
): Promise<void> {
  const { signatures } = await openpgp.verify({
    message,
    verificationKeys: keys.map((key) => key.toPublic()),
    date: new Date(nowMs),
  });
  const known = signatures.filter(({ keyID }) => keys.some((key) => key.getKeys(keyID).length > 0));
  if (known.length === 0)
    throw refusal("openpgp: signature made by unknown entity", {
      hint: `put the signer's public key (${signatures.map(({ keyID }) => keyID.toHex().toUpperCase()).join(", ")}) into the keyring`,
    });
  const problems = await Promise.all(
    known.map(({ verified }) =>
      verified.then(
        () => undefined,
        (cause: unknown) => refusal("openpgp: invalid signature", { cause }),
      ),
    ),
  );
  const [problem] = problems;
  if (problems.every((each) => each !== undefined) && problem !== undefined) throw problem;
}

function checkDigest({ name, bytes }: { name: string; bytes: Uint8Array }, text: string): void {
  const parts = text.replace(/\r\n/g, "\n").split("\n...\n");
  if (parts.length < 2) throw refusal("message block must have at least two parts");
  const sums = parseYaml(parts[1] as string);
  const files = isObject(sums) ? sums["files"] : undefined;
  const recorded = isObject(files) && Object.hasOwn(files, name) ? files[name] : undefined;
  if (typeof recorded !== "string")
    throw refusal(`provenance does not contain a SHA for a file named ${JSON.stringify(name)}`);
  const found = digestOf(bytes);
  if (recorded !== found)
    throw refusal(`sha256 sum does not match for ${name}: ${JSON.stringify(recorded)} != ${JSON.stringify(found)}`, {
      hint: "the archive is not the one that was signed",
    });
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** The keys of a file: packets, armored blocks one after the other, or GnuPG's keybox. */
async function readKeyring(openpgp: Openpgp, path: string): Promise<Key[]> {
  if (!existsSync(path))
    throw refusal(`failed to load keyring: open ${path}: no such file or directory`, {
      hint: "name one with --keyring: `gpg --export > pubring.gpg` writes it",
    });
  const data = new Uint8Array(readFileSync(path));
  try {
    const text = Buffer.from(data).toString("latin1");
    if (/^\s*-----BEGIN PGP/.test(text)) return await readArmored(openpgp, text);
    return await openpgp.readKeys({ binaryKeys: isKeybox(data) ? keysOfKeybox(data) : data });
  } catch (cause) {
    throw refusal(`failed to load keyring: ${path}`, { cause });
  }
}

async function readArmored(openpgp: Openpgp, text: string): Promise<Key[]> {
  const blocks = text.match(/-----BEGIN PGP (PUBLIC|PRIVATE) KEY BLOCK-----[\s\S]*?-----END PGP \1 KEY BLOCK-----/g);
  const keys: Key[] = [];
  for (const armoredKeys of blocks ?? []) keys.push(...(await openpgp.readKeys({ armoredKeys })));
  if (keys.length === 0) throw new Error("no keys found");
  return keys;
}

function isKeybox(data: Uint8Array): boolean {
  return data.length >= 12 && data[4] === 1 && Buffer.from(data.subarray(8, 12)).toString("latin1") === "KBXf";
}

/** GnuPG's keybox: blobs of a length, a type, flags, and for OpenPGP (2) where the key lies in it. */
function keysOfKeybox(data: Uint8Array): Uint8Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const keys: Uint8Array[] = [];
  for (let at = 0; at + 16 <= data.length; ) {
    const length = view.getUint32(at);
    if (length < 5 || at + length > data.length) throw new Error(`invalid blob length ${length} at offset ${at}`);
    const isEphemeral = (view.getUint16(at + 6) & 2) !== 0;
    if (data[at + 4] === 2 && !isEphemeral) {
      const [start, size] = [view.getUint32(at + 8), view.getUint32(at + 12)];
      if (start + size > length) throw new Error(`OpenPGP blob at offset ${at} has an out-of-range keyblock`);
      keys.push(data.subarray(at + start, at + start + size));
    }
    at += length;
  }
  if (keys.length === 0) throw new Error("keybox contains no OpenPGP keys");
  return new Uint8Array(Buffer.concat(keys));
}

/** The provenance of an archive, signed by the key of the ring whose user id contains `name`. */
export async function signArchive(
  archive: { name: string; bytes: Uint8Array; metadata: string },
  key: { keyring: string; name: string; passphrase: () => Promise<string> },
): Promise<string> {
  const openpgp = await import("openpgp");
  const chosen = await privateKey(openpgp, key);
  const files = formatYaml({ files: { [archive.name]: digestOf(archive.bytes) } });
  const message = await openpgp.createCleartextMessage({
    text: `${archive.metadata}\n...\n${files}`.replace(/\n$/, ""),
  });
  const text = await openpgp.sign({
    message,
    signingKeys: chosen,
    config: { preferredHashAlgorithm: openpgp.enums.hash.sha512, showComment: false, showVersion: false },
  });
  // Line ends are not signed; Helm writes them as the rest of the file has them.
  return text.replaceAll("\r\n", "\n");
}

async function privateKey(
  openpgp: Openpgp,
  { keyring, name, passphrase }: { keyring: string; name: string; passphrase: () => Promise<string> },
): Promise<PrivateKey> {
  const keys = await readKeyring(openpgp, keyring);
  const exact = keys.filter((key) => key.getUserIDs().includes(name));
  const found =
    exact.length > 0 ? exact.slice(0, 1) : keys.filter((key) => key.getUserIDs().some((id) => id.includes(name)));
  const [key, second] = found;
  if (key === undefined) throw refusal("private key not found", { hint: "--key names a part of the key's user id" });
  if (second !== undefined) throw refusal(`more than one key contain the id ${JSON.stringify(name)}`);
  if (!key.isPrivate())
    throw refusal("provided key is not a private key. Try providing a keyring with secret keys", {
      hint: "gpg --export-secret-keys > secring.gpg writes one",
    });
  if (key.isDecrypted()) return key;
  try {
    return await openpgp.decryptKey({ privateKey: key, passphrase: await passphrase() });
  } catch (cause) {
    throw refusal("the key cannot be unlocked", { cause, hint: "give its passphrase with --passphrase-file" });
  }
}
