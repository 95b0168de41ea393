// Signature envelopes in JSON: a JWS with its certificates in the unprotected header. https://www.rfc-editor.org/rfc/rfc7515

import { isObject, type Json, type JsonObject } from "#kernel";
import { algorithmOf, isSignedBy } from "./algorithms.ts";
import { labels, type Signed } from "./signed.ts";

export function readJws(bytes: Buffer): Signed {
  const data = objectOf(bytes, "envelope");
  const [payload, head, signature] = ["payload", "protected", "signature"].map((name) => textOf(data[name], name));
  const header = objectOf(Buffer.from(head ?? "", "base64url"), "protected header");
  const open = isObject(data["header"]) ? data["header"] : {};
  const chain = Array.isArray(open["x5c"]) ? open["x5c"] : [];
  const { crit, alg } = header;
  return {
    payload: Buffer.from(payload ?? "", "base64url"),
    contentType: textOf(header["cty"], "cty"),
    certificates: chain.map((each) => Buffer.from(textOf(each, "x5c"), "base64")),
    scheme: textOf(header[labels.scheme], labels.scheme),
    signingMs: timeOf(header[labels.signing]),
    authenticSigningMs: timeOf(header[labels.authentic]),
    expiryMs: timeOf(header[labels.expiry]),
    critical: Array.isArray(crit) ? crit.map((each) => textOf(each, "crit")) : [],
    signature: Buffer.from(signature ?? "", "base64url"),
    timestamp: bytesOf(open[labels.timestamp]),
    isBy: ({ publicKey }) => {
      const algorithm = algorithmOf(publicKey);
      if (algorithm === undefined || algorithm.jws !== alg)
        throw new Error("the algorithm is not that of the signing key");
      const text = Buffer.from(`${head ?? ""}.${payload ?? ""}`);
      return isSignedBy(publicKey, algorithm, text, Buffer.from(signature ?? "", "base64url"));
    },
  };
}

function objectOf(bytes: Buffer, what: string): JsonObject {
  const data = JSON.parse(bytes.toString("utf8")) as Json;
  if (!isObject(data)) throw new Error(`the ${what} is no JSON object`);
  return data;
}

function bytesOf(value: Json | undefined): Buffer | undefined {
  return value === undefined || value === null ? undefined : Buffer.from(textOf(value, labels.timestamp), "base64");
}

function textOf(value: Json | undefined, name: string): string {
  if (typeof value === "string") return value;
  throw new Error(`${name} is missing or no text`);
}

function timeOf(value: Json | undefined): number | undefined {
  return value === undefined || value === null ? undefined : Date.parse(textOf(value, "a time"));
}
