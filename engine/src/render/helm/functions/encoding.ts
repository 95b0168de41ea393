// Encodings: YAML, JSON and TOML, base 64 and base 32, digests.

import { bytesToHex } from "@noble/hashes/utils.js";
import { sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import {
  bytesOf,
  define,
  type FunctionTable,
  GoError,
  isList,
  isMap,
  nilContainer,
  stringOf,
  type Value,
} from "#formats/gotemplate";
import { decodeBase32, decodeBase64, encodeBase32, encodeBase64 } from "./base64.ts";
import { describeJson, errorMap, formatJson, parseJson, readJson } from "./json.ts";
import { parseToml } from "./toml-parse.ts";
import { formatToml } from "./toml.ts";
import { fromYaml, fromYamlArray, toYaml, toYamlPretty } from "./yaml.ts";

/** What a Go function returns that swallows its error. */
function orElse(run: () => Value, otherwise: (message: string) => Value): Value {
  try {
    return run();
  } catch (error) {
    if (error instanceof GoError) return otherwise(error.message);
    throw error;
  }
}

/** Errors are text, but what the library panics with stays an error. */
function toTomlOrMessage(value: Value): Value {
  return orElse(
    () => formatToml(value),
    (message) => {
      if (message.startsWith("reflect:")) throw new GoError(message);
      return message;
    },
  );
}

function fromJson(text: string): Value {
  return orElse(
    () => {
      const { value, complaint } = readJson(text);
      if (value === null && complaint === undefined) return nilContainer({});
      // What could be read stays beside the error.
      if (isMap(value)) return complaint === undefined ? value : { ...value, ...errorMap(complaint) };
      throw new GoError(
        `json: cannot unmarshal ${describeJson(value ?? 0)} into Go value of type map[string]interface {}`,
      );
    },
    (message) => errorMap(message),
  );
}

function fromJsonArray(text: string): Value {
  return orElse(
    () => {
      const { value, complaint } = readJson(text);
      if (value === null && complaint === undefined) return nilContainer([]);
      if (isList(value)) return complaint === undefined ? value : [complaint];
      throw new GoError(`json: cannot unmarshal ${describeJson(value ?? 0)} into Go value of type []interface {}`);
    },
    (message) => [message],
  );
}

function adler32(text: string): string {
  let a = 1;
  let b = 0;
  for (const byte of bytesOf(text)) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return (BigInt(b) * 65536n + BigInt(a)).toString();
}

function pretty(value: Value): string {
  return formatJson(value, { indent: "  " });
}

function raw(value: Value): string {
  return formatJson(value, { escapesHtml: false, isPointed: true });
}

const empty = (): Value => "";

export const encodingFunctions: FunctionTable = {
  toYaml: define("any", (value: Value) => orElse(() => toYaml(value), empty)),
  mustToYaml: define("any", toYaml),
  toYamlPretty: define("any", (value: Value) => orElse(() => toYamlPretty(value), empty)),
  fromYaml: define("string", fromYaml),
  fromYamlArray: define("string", fromYamlArray),
  toJson: define("any", (value: Value) => orElse(() => formatJson(value), empty)),
  mustToJson: define("any", (value: Value) => formatJson(value)),
  toPrettyJson: define("any", (value: Value) => orElse(() => pretty(value), empty)),
  mustToPrettyJson: define("any", pretty),
  toRawJson: define("any", raw),
  mustToRawJson: define("any", raw),
  fromJson: define("string", fromJson),
  fromJsonArray: define("string", fromJsonArray),
  mustFromJson: define("string", parseJson),
  toToml: define("any", toTomlOrMessage),
  mustToToml: define("any", formatToml),
  fromToml: define("string", (text: string) => orElse(() => parseToml(text), errorMap)),
  b64enc: define("string", (text: string) => encodeBase64(bytesOf(text))),
  b64dec: define("string", (text: string) =>
    orElse(
      () => stringOf(decodeBase64(text)),
      (message) => message,
    ),
  ),
  b32enc: define("string", (text: string) => encodeBase32(bytesOf(text))),
  b32dec: define("string", (text: string) =>
    orElse(
      () => stringOf(decodeBase32(text)),
      (message) => message,
    ),
  ),
  sha1sum: define("string", (text: string) => bytesToHex(sha1(bytesOf(text)))),
  sha256sum: define("string", (text: string) => bytesToHex(sha256(bytesOf(text)))),
  sha512sum: define("string", (text: string) => bytesToHex(sha512(bytesOf(text)))),
  adler32sum: define("string", adler32),
};
