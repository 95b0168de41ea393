// Who asks AWS: static credentials of a Secret, the role of a ServiceAccount, or what the platform gives the process.

import { parseYaml } from "#formats/yaml";
import { decodeUtf8, isObject, textOf } from "#kernel";
import { SecretsFault } from "../faults.ts";
import { assumeRoleWithToken, type AwsCredentials, type AwsIdentity } from "./aws.ts";
import { jsonOf } from "./http.ts";
import { type AccountTokens, environmentText, type KeyServices } from "./services.ts";

/** The credentials in a Secret's `sops.aws-kms`. */
export function awsIdentityOf(bytes: Uint8Array, name: string): AwsIdentity {
  let file: unknown;
  try {
    file = parseYaml(decodeUtf8(bytes));
  } catch {
    // The parser's message may quote the text.
  }
  if (!isObject(file) || textOf(file, "aws_access_key_id") === "") {
    throw unusable(name, "is no YAML with aws_access_key_id and aws_secret_access_key");
  }
  const credentials = {
    accessKeyId: textOf(file, "aws_access_key_id"),
    secretAccessKey: textOf(file, "aws_secret_access_key"),
    sessionToken: textOf(file, "aws_session_token"),
  };
  return () => Promise.resolve(credentials);
}

const roleAnnotation = "eks.amazonaws.com/role-arn";

/** The role that a ServiceAccount is annotated with. */
export function awsAccountIdentity(account: AccountTokens, services: KeyServices): AwsIdentity {
  return async (region) => {
    const role = account.annotations[roleAnnotation] ?? "";
    const at = `ServiceAccount/${account.namespace}/${account.name}`;
    if (role === "") throw unusable(at, `has no annotation ${roleAnnotation}`);
    const session = `${account.namespace}.${account.name}`.slice(0, 64);
    return assumeRoleWithToken({ role, token: await account.token("sts.amazonaws.com"), session }, region, services);
  };
}

/** What the platform gives the process: variables, a projected token for a role, or a container's credential server. */
export function awsOwnIdentity(services: KeyServices): AwsIdentity {
  return async (region) => {
    const own = (name: string): string => environmentText(services, name);
    if (own("AWS_ACCESS_KEY_ID") !== "") {
      return {
        accessKeyId: own("AWS_ACCESS_KEY_ID"),
        secretAccessKey: own("AWS_SECRET_ACCESS_KEY"),
        sessionToken: own("AWS_SESSION_TOKEN"),
      };
    }
    if (own("AWS_WEB_IDENTITY_TOKEN_FILE") !== "" && own("AWS_ROLE_ARN") !== "") {
      const token = (await services.readFile(own("AWS_WEB_IDENTITY_TOKEN_FILE"))).trim();
      const who = { role: own("AWS_ROLE_ARN"), token, session: own("AWS_ROLE_SESSION_NAME") || "keelson" };
      return assumeRoleWithToken(who, region, services);
    }
    if (own("AWS_CONTAINER_CREDENTIALS_FULL_URI") !== "") return containerCredentials(services);
    throw unusable("AWS", "no credentials are at hand");
  };
}

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html, as EKS Pod Identity uses it. */
async function containerCredentials(services: KeyServices): Promise<AwsCredentials> {
  const file = environmentText(services, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  const authorization =
    file === ""
      ? environmentText(services, "AWS_CONTAINER_AUTHORIZATION_TOKEN")
      : (await services.readFile(file)).trim();
  const answer = await services.ask({
    method: "GET",
    url: environmentText(services, "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    headers: authorization === "" ? {} : { authorization },
  });
  const value = jsonOf(answer, "the container's credential server");
  return {
    accessKeyId: textOf(value, "AccessKeyId"),
    secretAccessKey: textOf(value, "SecretAccessKey"),
    sessionToken: textOf(value, "Token"),
  };
}

function unusable(at: string, message: string): SecretsFault {
  return new SecretsFault({
    code: "key-invalid",
    disposition: "stall",
    at,
    message,
    hint: "put sops.aws-kms into the decryption Secret, or name a ServiceAccount with a role",
  });
}
