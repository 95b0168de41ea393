// What stands under `sops` in an encrypted file: which values are encrypted, the MAC, and the data key wrapped for each of
// its master keys. Read leniently, as SOPS reads its own older files.

import { isObject, type Json, type JsonObject } from "#kernel";
import { invalidFile } from "../faults.ts";
import { masterKeysMost } from "../limits.ts";
import { Branch, Moment, Remark, type Value } from "./tree.ts";

/** A key that wraps the data key, or a part of it. `enc` is the wrapped key as its service gave it. */
export type MasterKey =
  | { type: "age"; recipient: string; enc: string }
  | { type: "pgp"; fingerprint: string; enc: string }
  | { type: "kms"; arn: string; role: string; context: { [key: string]: string }; profile: string; enc: string }
  | { type: "gcp_kms"; resource: string; enc: string }
  | { type: "azure_kv"; vaultUrl: string; name: string; version: string; enc: string }
  | { type: "hc_vault"; address: string; enginePath: string; keyName: string; enc: string }
  | { type: "hckms"; keyId: string; enc: string };

/** Which values are encrypted; at most one rule, by default the suffix `_unencrypted` keeps a value plain. */
export type Rule =
  | { by: "suffix"; text: string; isEncrypted: boolean }
  | { by: "regex"; text: string; isEncrypted: boolean }
  | { by: "comment"; text: string; isEncrypted: boolean };

export type Metadata = {
  groups: readonly (readonly MasterKey[])[];
  /** Groups that are needed when there are several. */
  threshold: number;
  /** As Go writes it again: the MAC's additional data. */
  lastModified: string;
  mac: string;
  isMacOnlyEncrypted: boolean;
  rule: Rule;
  version: string;
};

/** The metadata of a `sops` branch. Throws SecretsFault. */
export function readMetadata(branch: Branch): Metadata {
  const plain = plainOf(branch);
  if (!isObject(plain)) throw invalidFile("the sops metadata is no mapping");
  const groups = groupsOf(plain);
  const count = groups.reduce((sum, group) => sum + group.length, 0);
  if (count === 0) throw invalidFile("no keys are in the sops metadata");
  if (count > masterKeysMost) throw invalidFile(`more than ${masterKeysMost} keys are in the sops metadata`);
  return {
    groups,
    threshold: Number(textAt(plain, "shamir_threshold")) || 0,
    lastModified: timeText(textAt(plain, "lastmodified")),
    mac: textAt(plain, "mac"),
    isMacOnlyEncrypted: /^(1|t|true)$/i.test(textAt(plain, "mac_only_encrypted")),
    rule: ruleOf(plain),
    version: textAt(plain, "version"),
  };
}

function plainOf(value: Value): Json {
  if (value instanceof Branch) {
    const plain: JsonObject = Object.create(null) as JsonObject;
    for (const item of value.items) if (typeof item.key === "string") plain[item.key] = plainOf(item.value);
    return plain;
  }
  if (value instanceof Moment) return value.text;
  if (value instanceof Uint8Array || value instanceof Remark) return null;
  if (typeof value === "object" && value !== null)
    return value.filter((item) => !(item instanceof Remark)).map((item) => plainOf(item));
  return value;
}

function textAt(body: JsonObject, member: string): string {
  const value = body[member];
  if (typeof value === "string") return value;
  return typeof value === "boolean" || typeof value === "bigint" || typeof value === "number" ? String(value) : "";
}

/** Keys on the top are one group; else the groups listed. */
function groupsOf(plain: JsonObject): MasterKey[][] {
  const single = groupOf(plain);
  if (single.length > 0) return [single];
  const groups = plain["key_groups"];
  return Array.isArray(groups) ? groups.map((group) => (isObject(group) ? groupOf(group) : [])) : [];
}

const readers: readonly [string, (body: JsonObject, enc: string) => MasterKey][] = [
  ["kms", (body, enc) => ({ type: "kms", arn: textAt(body, "arn"), ...awsOf(body), enc })],
  ["gcp_kms", (body, enc) => ({ type: "gcp_kms", resource: textAt(body, "resource_id"), enc })],
  ["hckms", (body, enc) => ({ type: "hckms", keyId: textAt(body, "key_id"), enc })],
  ["azure_kv", (body, enc) => ({ type: "azure_kv", vaultUrl: textAt(body, "vault_url"), ...azureOf(body), enc })],
  ["hc_vault", (body, enc) => ({ type: "hc_vault", address: textAt(body, "vault_address"), ...vaultOf(body), enc })],
  ["pgp", (body, enc) => ({ type: "pgp", fingerprint: textAt(body, "fp"), enc })],
  ["age", (body, enc) => ({ type: "age", recipient: textAt(body, "recipient"), enc })],
];

function groupOf(body: JsonObject): MasterKey[] {
  return readers.flatMap(([member, read]) => {
    const list = body[member];
    if (list === undefined || list === null || list === "") return [];
    const entries = Array.isArray(list) ? list : [list];
    return entries.map((entry) => {
      if (!isObject(entry)) throw invalidFile(`sops.${member} holds what is no key`);
      return read(entry, textAt(entry, "enc"));
    });
  });
}

function awsOf(body: JsonObject): { role: string; profile: string; context: { [key: string]: string } } {
  const context: { [key: string]: string } = {};
  const given = body["context"];
  if (isObject(given)) for (const key of Object.keys(given)) context[key] = textAt(given, key);
  return { role: textAt(body, "role"), profile: textAt(body, "aws_profile"), context };
}

function azureOf(body: JsonObject): { name: string; version: string } {
  return { name: textAt(body, "name"), version: textAt(body, "version") };
}

function vaultOf(body: JsonObject): { enginePath: string; keyName: string } {
  return { enginePath: textAt(body, "engine_path"), keyName: textAt(body, "key_name") };
}

const rules: readonly [string, Rule["by"], boolean][] = [
  ["unencrypted_suffix", "suffix", false],
  ["encrypted_suffix", "suffix", true],
  ["unencrypted_regex", "regex", false],
  ["encrypted_regex", "regex", true],
  ["unencrypted_comment_regex", "comment", false],
  ["encrypted_comment_regex", "comment", true],
];

function ruleOf(plain: JsonObject): Rule {
  const found = rules.filter(([member]) => textAt(plain, member) !== "");
  if (found.length > 1) {
    throw invalidFile(`${found.map(([member]) => member).join(" and ")} cannot be used in one file`);
  }
  const [first] = found;
  if (first === undefined) return { by: "suffix", text: "_unencrypted", isEncrypted: false };
  return { by: first[1], text: textAt(plain, first[0]), isEncrypted: first[2] };
}

/** RFC 3339 as Go formats what it parsed: without a fraction, and with `Z` for no offset. */
function timeText(text: string): string {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,]\d+)?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null) throw invalidFile("sops.lastmodified is no time");
  return `${match[1] ?? ""}${/^[+-]00:00$/.test(match[2] ?? "") ? "Z" : (match[2] ?? "")}`;
}
