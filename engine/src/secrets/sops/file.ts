// A whole encrypted file: read in its format, its data key joined from its groups, decrypted, its MAC compared, written in
// the format asked for. Unwrapping a key may need the network, so it is given; all else is pure.

import { decodeUtf8, decodeUtf8Strict, Fault } from "#kernel";
import { invalidFile, SecretsFault } from "../faults.ts";
import { encryptedFileMost } from "../limits.ts";
import { type DecryptedTree, decryptTree, type MacState } from "./decrypt-tree.ts";
import { formatDotenv, parseDotenv, splitDotenv } from "./dotenv.ts";
import { formatIni, parseIni, splitIni } from "./ini.ts";
import { binaryContent, formatJson, parseJson } from "./json.ts";
import { type MasterKey, type Metadata, readMetadata } from "./metadata.ts";
import { combineParts } from "./shamir.ts";
import { Branch } from "./tree.ts";
import { parseYamlTree } from "./yaml-read.ts";
import { formatYamlTree } from "./yaml-write.ts";

export type Format = "yaml" | "json" | "dotenv" | "ini" | "binary";

/** Unwraps a data key, or a part of one. Throws a Fault that says why it cannot. */
export type Unwrap = (key: MasterKey) => Promise<Uint8Array>;

export type Decrypted = { content: Uint8Array; mac: MacState };

/** The format of a file by its name, as SOPS and Flux choose it; what they do not know is binary. */
export function formatOf(path: string): Format {
  if (/\.ya?ml$/.test(path)) return "yaml";
  if (/\.json$|\.dockerconfigjson$/.test(path)) return "json";
  if (path.endsWith(".env")) return "dotenv";
  return path.endsWith(".ini") ? "ini" : "binary";
}

const marks: readonly [Format, string][] = [
  ["json", '"mac": "ENC['],
  ["yaml", "mac: ENC["],
  ["dotenv", "sops_mac=ENC["],
  ["ini", "[sops]"],
];

/** True when content of this format carries the mark of an encrypted file. */
export function isEncryptedAs(content: Uint8Array, format: Format): boolean {
  const mark = marks.find(([known]) => known === (format === "binary" ? "json" : format))?.[1] ?? "";
  return Buffer.from(content).includes(mark);
}

/** The format of encrypted content, by its mark; undefined when it has none. */
export function encryptedFormat(content: Uint8Array): Format | undefined {
  return marks.find(([, mark]) => Buffer.from(content).includes(mark))?.[0];
}

/** Decrypts a file of one format into another, mostly the same. Throws SecretsFault. */
export async function decryptFile(
  content: Uint8Array,
  formats: { from: Format; to: Format },
  unwrap: Unwrap,
): Promise<Decrypted> {
  if (content.length > encryptedFileMost) {
    throw new SecretsFault({
      code: "sops-too-large",
      disposition: "stall",
      message: `is larger than an encrypted file may be, ${encryptedFileMost / 1024 / 1024} MiB`,
      hint: "split it",
    });
  }
  const { documents, metadata } = load(content, formats.from);
  const tree = decryptTree(documents, metadata, await dataKeyOf(metadata, unwrap));
  return { content: write(tree.documents, formats.to), mac: tree.mac };
}

/** Decrypts one object that carries its metadata in a `sops` branch. */
export async function decryptBranch(branch: Branch, unwrap: Unwrap): Promise<DecryptedTree> {
  const { documents, metadata } = splitNested([branch]);
  return decryptTree(documents, metadata, await dataKeyOf(metadata, unwrap));
}

/** The metadata of a file that may be encrypted. Throws SecretsFault when there is none. */
export function load(content: Uint8Array, format: Format): { documents: Branch[]; metadata: Metadata } {
  switch (format) {
    case "yaml":
      return splitNested(parseYamlTree(textOf(content)));
    case "json":
    case "binary":
      return splitNested(parseJson(textOf(content)));
    case "dotenv":
      return withMetadata(splitDotenv(parseDotenv(content)));
    case "ini":
      return withMetadata(splitIni(parseIni(decodeUtf8(content))));
  }
}

function textOf(content: Uint8Array): string {
  const text = decodeUtf8Strict(content);
  if (text === undefined) throw invalidFile("is no UTF-8 text");
  return text;
}

/** Every document carries the metadata; the first one's counts. */
function splitNested(branches: readonly Branch[]): { documents: Branch[]; metadata: Metadata } {
  const found = branches[0]?.items.filter((item) => item.key === "sops") ?? [];
  if (found.length > 1) throw invalidFile("has two sops entries");
  const metadata = found[0]?.value;
  const documents = branches.map((branch) => new Branch(branch.items.filter((item) => item.key !== "sops")));
  return withMetadata({ documents, metadata: metadata instanceof Branch ? metadata : undefined });
}

function withMetadata(split: { documents: Branch[]; metadata: Branch | undefined }): {
  documents: Branch[];
  metadata: Metadata;
} {
  if (split.metadata === undefined) throw invalidFile("sops metadata not found");
  return { documents: split.documents, metadata: readMetadata(split.metadata) };
}

function write(documents: readonly Branch[], format: Format): Uint8Array {
  switch (format) {
    case "yaml":
      return formatYamlTree(documents);
    case "json":
      return formatJson(documents);
    case "dotenv":
      return formatDotenv(documents);
    case "ini":
      return formatIni(documents);
    case "binary":
      return binaryContent(documents);
  }
}

/** Age and PGP keys first: they cost no request (sops.go, DefaultDecryptionOrder). */
const cheapFirst: readonly MasterKey["type"][] = ["age", "pgp"];

/** The data key: of the one group, or joined from as many groups as the threshold asks for. */
export async function dataKeyOf(metadata: Metadata, unwrap: Unwrap): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const failures: string[] = [];
  for (const group of metadata.groups) {
    const part = await partOf(group, unwrap, failures);
    if (part !== undefined) parts.push(part);
  }
  const isSingle = metadata.groups.length === 1;
  const needed = isSingle ? 1 : Math.max(metadata.threshold, 2);
  if (parts.length < needed) throw keyMissing(failures, isSingle ? undefined : { needed, found: parts.length });
  return isSingle ? (parts[0] as Uint8Array) : combineParts(parts);
}

async function partOf(
  group: readonly MasterKey[],
  unwrap: Unwrap,
  failures: string[],
): Promise<Uint8Array | undefined> {
  const rank = (key: MasterKey): number => {
    const at = cheapFirst.indexOf(key.type);
    return at < 0 ? cheapFirst.length : at;
  };
  let worst: Fault | undefined;
  for (const key of [...group].sort((a, b) => rank(a) - rank(b))) {
    try {
      return await unwrap(key);
    } catch (thrown) {
      const isOfCloud = thrown instanceof Fault && thrown.code.startsWith("cloud-");
      if (!isOfCloud && !(thrown instanceof SecretsFault)) throw thrown;
      // What may pass (a service that is down) is worth another try, even where other keys do not fit.
      if (isOfCloud ? thrown.code === "cloud-unreachable" : thrown.disposition === "retry") worst = thrown;
      failures.push(`${nameOf(key)}: ${thrown.message}`);
    }
  }
  if (worst !== undefined) throw worst;
  return undefined;
}

function keyMissing(failures: readonly string[], groups: { needed: number; found: number } | undefined): SecretsFault {
  const count =
    groups === undefined ? "" : ` (${groups.needed} key groups are needed, ${groups.found} could be opened)`;
  const shown = failures.slice(0, 5);
  const more = failures.length > shown.length ? `; and ${failures.length - shown.length} more` : "";
  return new SecretsFault({
    code: "sops-key-missing",
    disposition: "retry",
    message: `no key at hand opens the file${count}: ${shown.join("; ")}${more}`,
    hint: "add one of these keys to the Secret that spec.decryption.secretRef names",
  });
}

/** How people name a master key; none of it is secret. */
export function nameOf(key: MasterKey): string {
  switch (key.type) {
    case "age":
      return `age ${key.recipient}`;
    case "pgp":
      return `pgp ${key.fingerprint}`;
    case "kms":
      return key.role === "" ? key.arn : `${key.arn}+${key.role}`;
    case "gcp_kms":
      return key.resource;
    case "azure_kv":
      return `${key.vaultUrl}/keys/${key.name}/${key.version}`;
    case "hc_vault":
      return `${key.address}/v1/${key.enginePath}/keys/${key.keyName}`;
    case "hckms":
      return `hckms ${key.keyId}`;
  }
}
