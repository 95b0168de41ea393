// One value as SOPS encrypts it: AES-256-GCM with a 32-byte IV, the path of the value as additional data, the type
// beside it. `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`.

import { parseBoolText } from "#formats/go-numbers";
import { createDecipheriv } from "node:crypto";
import { decodeUtf8 } from "#kernel";
import { SecretsFault, shownKey } from "../faults.ts";
import { Moment, Remark, textOrBytes, type Value } from "./tree.ts";

const encrypted = /^ENC\[AES256_GCM,data:(.+),iv:(.+),tag:(.+),type:(.+)\]/s;

/** True for text that has the form of an encrypted value. */
export function isEncrypted(text: string): boolean {
  return encrypted.test(text);
}

/** The value behind an encrypted text. An empty text is never encrypted. Throws SecretsFault without naming the text. */
export function decryptValue(text: string, key: Uint8Array, path: string): Value {
  if (text === "") return "";
  const parts = encrypted.exec(text);
  if (parts === null) throw undecryptable(path, "is not in SOPS' form, though it should be encrypted");
  const [data, iv, tag] = [parts[1], parts[2], parts[3]].map((part) => Buffer.from(part ?? "", "base64"));
  let bytes: Uint8Array;
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, iv ?? Buffer.alloc(0));
    decipher.setAAD(Buffer.from(path, "utf8"));
    decipher.setAuthTag(tag ?? Buffer.alloc(0));
    bytes = Buffer.concat([decipher.update(data ?? Buffer.alloc(0)), decipher.final()]);
  } catch {
    throw undecryptable(path, "does not decrypt with the file's key: it was changed or moved after encryption");
  }
  return typed(bytes, parts[4] ?? "", path);
}

function typed(bytes: Uint8Array, type: string, path: string): Value {
  switch (type) {
    case "str":
    case "bytes":
      return textOrBytes(bytes);
    case "int":
      return integer(decodeUtf8(bytes), path);
    case "float":
      return float(decodeUtf8(bytes), path);
    case "bool":
      return boolean(decodeUtf8(bytes), path);
    case "time":
      return new Moment(decodeUtf8(bytes));
    case "comment":
      return new Remark(decodeUtf8(bytes));
    default:
      throw undecryptable(path, "has a type that SOPS does not know");
  }
}

function integer(text: string, path: string): bigint {
  if (!/^[+-]?[0-9]{1,19}$/.test(text)) throw undecryptable(path, "is no integer, though it says so");
  return BigInt(text.replace(/^\+/, ""));
}

function float(text: string, path: string): number {
  const special: { [text: string]: number } = { NaN: Number.NaN, "+Inf": Infinity, Inf: Infinity, "-Inf": -Infinity };
  const value = special[text] ?? (text.trim() === "" ? Number.NaN : Number(text));
  if (Number.isNaN(value) && text !== "NaN") throw undecryptable(path, "is no number, though it says so");
  return value;
}

function boolean(text: string, path: string): boolean {
  const value = parseBoolText(text);
  if (value === undefined) throw undecryptable(path, "is neither true nor false, though it says so");
  return value;
}

function undecryptable(path: string, message: string): SecretsFault {
  return new SecretsFault({
    code: "sops-value-undecryptable",
    disposition: "stall",
    at: path === "" ? "the file" : path.slice(0, -1).split(":").map(shownKey).join("."),
    message,
    hint: "restore the file from Git's history, or encrypt it again with sops",
  });
}
