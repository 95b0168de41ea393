// AWS KMS by its JSON API, signed with Signature Version 4; roles are assumed by STS.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html

import { assumeRole, type AwsCredentials, awsEndpoint, type CloudServices, signV4 } from "#clouds";
import { parseYaml } from "#formats/yaml";
import { decodeUtf8, isObject, textOf } from "#kernel";
import { SecretsFault } from "../faults.ts";
import type { MasterKey } from "../sops/index.ts";
import { jsonOf, refused } from "./http.ts";

/** Credentials for a region. */
export type AwsIdentity = (region: string) => Promise<AwsCredentials>;

export type AwsKey = Extract<MasterKey, { type: "kms" }>;

const keyArn = /^arn:aws[\w-]*:kms:([a-z0-9-]+):[0-9]+:(key|alias)\/.+$/;

/** The region in a key's ARN. Throws SecretsFault: a made-up one would become a host's name. */
export function regionOf(arn: string): string {
  const region = keyArn.exec(arn)?.[1];
  if (region !== undefined) return region;
  throw new SecretsFault({
    code: "sops-invalid",
    disposition: "stall",
    at: "sops.kms.arn",
    message: "is no ARN of a KMS key",
    hint: "it looks like arn:aws:kms:eu-west-1:111122223333:key/…",
  });
}

export async function unwrapWithAws(key: AwsKey, identity: AwsIdentity, services: CloudServices): Promise<Uint8Array> {
  const region = regionOf(key.arn);
  const own = await identity(region);
  const who = { role: key.role, session: "sops@keelson" };
  const credentials = key.role === "" ? own : await assumeRole(who, region, { credentials: own, services });
  const body = JSON.stringify({ KeyId: key.arn, CiphertextBlob: key.enc, EncryptionContext: key.context });
  const plain = { "content-type": "application/x-amz-json-1.1", "x-amz-target": "TrentService.Decrypt" };
  const url = awsEndpoint("kms", region, services.environment);
  const request = { method: "POST", url: new URL(url), headers: plain, body, service: "kms", region };
  const headers = signV4({ ...request, nowMs: services.now() }, credentials);
  const answer = await services.ask({ method: "POST", url, headers, body });
  const plaintext = textOf(jsonOf(answer, "AWS KMS"), "Plaintext");
  if (plaintext === "") throw refused("AWS KMS", answer.status, "no plaintext is in the answer");
  return Buffer.from(plaintext, "base64");
}

/** The credentials in a Secret's `sops.aws-kms`. */
export function awsIdentityOf(bytes: Uint8Array, name: string): AwsIdentity {
  let file: unknown;
  try {
    file = parseYaml(decodeUtf8(bytes));
  } catch {
    // The parser's message may quote the text.
  }
  if (!isObject(file) || textOf(file, "aws_access_key_id") === "")
    throw new SecretsFault({
      code: "key-invalid",
      disposition: "stall",
      at: name,
      message: "is no YAML with aws_access_key_id and aws_secret_access_key",
      hint: "docs/secrets.md says what it holds",
    });
  const credentials = {
    accessKeyId: textOf(file, "aws_access_key_id"),
    secretAccessKey: textOf(file, "aws_secret_access_key"),
    sessionToken: textOf(file, "aws_session_token"),
  };
  return () => Promise.resolve(credentials);
}
