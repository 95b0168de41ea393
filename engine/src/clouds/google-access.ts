// Access tokens of Google's, and acting as a service account with one.

import { textOf } from "#kernel";
import { jsonOf } from "./answers.ts";
import { refused } from "./faults.ts";
import { lifetimeLeastMs } from "./limits.ts";
import type { CloudServices, CloudToken } from "./services.ts";

/** An access token for a scope, such as https://www.googleapis.com/auth/cloud-platform. */
export type GoogleIdentity = (scope: string) => Promise<CloudToken>;

/** What every service of Google takes. */
export const cloudPlatform = "https://www.googleapis.com/auth/cloud-platform";

/** https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken */
export async function impersonate(
  url: string,
  token: string,
  { scope, services }: { scope: string; services: CloudServices },
): Promise<CloudToken> {
  const answer = await services.ask({
    method: "POST",
    url,
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ scope: [scope] }),
  });
  const value = jsonOf(answer, "Google's IAM credentials");
  const accessToken = textOf(value, "accessToken");
  if (accessToken === "") throw refused("Google's IAM credentials", answer.status, "no token is in the answer");
  const ends = Date.parse(textOf(value, "expireTime"));
  return { token: accessToken, lifeMs: Number.isNaN(ends) ? lifetimeLeastMs : ends - services.now() };
}
