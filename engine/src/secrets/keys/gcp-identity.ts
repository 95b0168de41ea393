// Who asks Google when no Secret says so: a ServiceAccount by workload identity federation, or what the platform gives the
// process.

import { textOf } from "#kernel";
import { SecretsFault } from "../faults.ts";
import { exchangeForm, gcpIdentityOf, type GcpIdentity, gcpScope, tokenOf } from "./gcp.ts";
import { jsonOf, refused } from "./http.ts";
import { type AccountTokens, environmentText, type KeyServices } from "./services.ts";

const providerAnnotation = "gcp.auth.fluxcd.io/workload-identity-provider";
const accountAnnotation = "iam.gke.io/gcp-service-account";

/** A ServiceAccount whose provider is annotated; as a Google service account, where one is. */
export function gcpAccountIdentity(account: AccountTokens, services: KeyServices): GcpIdentity {
  return async () => {
    const provider = account.annotations[providerAnnotation] ?? "";
    if (!/^projects\/[^/\s]+\/locations\/global\/workloadIdentityPools\/[^/\s]+\/providers\/[^/\s]+$/.test(provider)) {
      throw new SecretsFault({
        code: "key-invalid",
        disposition: "stall",
        at: `ServiceAccount/${account.namespace}/${account.name}`,
        message: `has no annotation ${providerAnnotation} that names a provider`,
        hint: "it looks like projects/1/locations/global/workloadIdentityPools/POOL/providers/NAME",
      });
    }
    const federated = await exchangeForm(
      "https://sts.googleapis.com/v1/token",
      {
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        audience: `//iam.googleapis.com/${provider}`,
        scope: gcpScope,
        requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
        subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
        subject_token: await account.token(`https://iam.googleapis.com/${provider}`),
      },
      services.ask,
    );
    const email = account.annotations[accountAnnotation] ?? "";
    return email === "" ? federated : impersonate(email, federated.token, services);
  };
}

/** https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken */
async function impersonate(email: string, token: string, services: KeyServices): ReturnType<GcpIdentity> {
  const answer = await services.ask({
    method: "POST",
    url: `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${encodeURIComponent(email)}:generateAccessToken`,
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ scope: [gcpScope] }),
  });
  const value = jsonOf(answer, "Google's IAM credentials");
  const accessToken = textOf(value, "accessToken");
  if (accessToken === "") throw refused("Google's IAM credentials", answer.status, "no token is in the answer");
  const ends = Date.parse(textOf(value, "expireTime"));
  return { token: accessToken, lifeMs: Number.isNaN(ends) ? 300_000 : ends - services.now() };
}

/** A credentials file or token in the environment, or the metadata server. */
export function gcpOwnIdentity(services: KeyServices): GcpIdentity {
  return async () => {
    const token = environmentText(services, "GOOGLE_OAUTH_ACCESS_TOKEN");
    if (token !== "") return { token, lifeMs: 300_000 };
    const path = environmentText(services, "GOOGLE_APPLICATION_CREDENTIALS");
    if (path !== "") return gcpIdentityOf(await services.readFile(path), "GOOGLE_APPLICATION_CREDENTIALS", services)();
    const host = environmentText(services, "GCE_METADATA_HOST") || "metadata.google.internal";
    const answer = await services.ask({
      method: "GET",
      url: `http://${host}/computeMetadata/v1/instance/service-accounts/default/token`,
      headers: { "metadata-flavor": "Google" },
      timeoutMs: 3000,
    });
    return tokenOf(jsonOf(answer, "Google's metadata server"), answer.status);
  };
}
