// Temporary credentials of a security token service that asks an LDAP directory, as MinIO has it. Kept until shortly before
// they end. https://min.io/docs/minio/linux/developers/security-token-service/AssumeRoleWithLDAPIdentity.html

import type { Clock } from "#kernel";
import type { HttpAccess, HttpClient } from "#sources/http";
import type { BucketCall } from "./client.ts";
import { bucketFault } from "./faults.ts";
import { credentialsMost, renewalMs } from "./limits.ts";
import type { AwsCredentials } from "#clouds";
import { textOf } from "./xml.ts";

export type LdapOptions = {
  client: HttpClient;
  clock: Clock;
  endpoint: string;
  username: string;
  password: string;
  access: HttpAccess;
};

/** Asks for credentials as they are needed. */
export function ldapCredentials(options: LdapOptions): (call: BucketCall) => Promise<AwsCredentials> {
  let known: { credentials: AwsCredentials; untilMs: number } | undefined;
  return async ({ signal, timeoutMs }) => {
    const { client, clock, endpoint, username, password, access } = options;
    if (known !== undefined && known.untilMs > clock.now()) return known.credentials;
    const form = new URLSearchParams({
      Action: "AssumeRoleWithLDAPIdentity",
      Version: "2011-06-15",
      LDAPUsername: username,
      LDAPPassword: password,
    });
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const request = { url: endpoint, method: "POST" as const, headers, body: form.toString(), isRepeatable: true };
    const { bytes } = await client.read({ ...request, access, signal, timeoutMs }, credentialsMost);
    known = parseCredentials(bytes.toString("utf8"), endpoint);
    return known.credentials;
  };
}

function parseCredentials(text: string, at: string): { credentials: AwsCredentials; untilMs: number } {
  const credentials = {
    accessKeyId: textOf(text, "AccessKeyId"),
    secretAccessKey: textOf(text, "SecretAccessKey"),
    sessionToken: textOf(text, "SessionToken"),
  };
  const untilMs = Date.parse(textOf(text, "Expiration"));
  if (credentials.accessKeyId !== "" && credentials.secretAccessKey !== "")
    return { credentials, untilMs: Number.isNaN(untilMs) ? 0 : untilMs - renewalMs };
  throw bucketFault({
    code: "bucket-credentials-invalid",
    disposition: "retry",
    at,
    message: "the security token service gave no credentials",
    hint: "check `sts` and the Secret that it names",
  });
}
