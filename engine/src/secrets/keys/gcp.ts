// Google Cloud KMS by its REST API. https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys/decrypt

import type { AskCloud } from "#clouds";
import { textOf } from "#kernel";
import { SecretsFault } from "../faults.ts";
import type { MasterKey } from "../sops/index.ts";
import { jsonOf, refused } from "./http.ts";

export type GcpKey = Extract<MasterKey, { type: "gcp_kms" }>;

const resource = /^projects\/[^/?#\s]+\/locations\/[^/?#\s]+\/keyRings\/[^/?#\s]+\/cryptoKeys\/[^/?#\s]+$/;

export async function unwrapWithGcp(
  key: GcpKey,
  token: string,
  context: { ask: AskCloud; endpoint: string | undefined },
): Promise<Uint8Array> {
  if (!resource.test(key.resource)) throw invalid("sops.gcp_kms.resource_id", "is no name of a Cloud KMS key");
  const base = (context.endpoint ?? "https://cloudkms.googleapis.com").replace(/\/$/, "");
  const answer = await context.ask({
    method: "POST",
    url: `${base}/v1/${key.resource}:decrypt`,
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ ciphertext: key.enc }),
  });
  const plaintext = textOf(jsonOf(answer, "Google Cloud KMS"), "plaintext");
  if (plaintext === "") throw refused("Google Cloud KMS", answer.status, "no plaintext is in the answer");
  return Buffer.from(plaintext, "base64");
}

function invalid(at: string, message: string): SecretsFault {
  return new SecretsFault({ code: "key-invalid", disposition: "stall", at, message });
}
