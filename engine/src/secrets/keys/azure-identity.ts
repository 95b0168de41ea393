// Who asks Azure when no Secret says so: a ServiceAccount by workload identity, or what the platform gives the process.

import { SecretsFault } from "../faults.ts";
import { assertionForm, type AzureIdentity, clientIdentity } from "./azure.ts";
import { tokenOf } from "./gcp.ts";
import { jsonOf } from "./http.ts";
import { type AccountTokens, environmentText, type KeyServices } from "./services.ts";

const audience = "api://AzureADTokenExchange";
const defaultAuthority = "https://login.microsoftonline.com";

/** The client that a ServiceAccount is annotated with. */
export function azureAccountIdentity(account: AccountTokens, services: KeyServices): AzureIdentity {
  return async (resource) => {
    const client = account.annotations["azure.workload.identity/client-id"] ?? "";
    const tenant =
      account.annotations["azure.workload.identity/tenant-id"] ?? environmentText(services, "AZURE_TENANT_ID");
    if (client === "" || tenant === "") {
      throw unusable(
        `ServiceAccount/${account.namespace}/${account.name}`,
        "lacks the annotations azure.workload.identity/client-id and tenant-id",
      );
    }
    const authority = environmentText(services, "AZURE_AUTHORITY_HOST") || defaultAuthority;
    const assertion = await account.token(audience);
    return clientIdentity({ authority, tenant, client }, () => assertionForm(assertion), services.ask)(resource);
  };
}

/** Variables of a client, a projected token, or the machine's managed identity. */
export function azureOwnIdentity(services: KeyServices): AzureIdentity {
  return async (resource) => {
    const own = (name: string): string => environmentText(services, name);
    const who = {
      authority: own("AZURE_AUTHORITY_HOST") || defaultAuthority,
      tenant: own("AZURE_TENANT_ID"),
      client: own("AZURE_CLIENT_ID"),
    };
    const isNamed = who.tenant !== "" && who.client !== "";
    if (isNamed && own("AZURE_CLIENT_SECRET") !== "") {
      return clientIdentity(who, () => ({ client_secret: own("AZURE_CLIENT_SECRET") }), services.ask)(resource);
    }
    if (isNamed && own("AZURE_FEDERATED_TOKEN_FILE") !== "") {
      const assertion = (await services.readFile(own("AZURE_FEDERATED_TOKEN_FILE"))).trim();
      return clientIdentity(who, () => assertionForm(assertion), services.ask)(resource);
    }
    return managedIdentity(services, who.client)(resource);
  };
}

/** https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token */
export function managedIdentity(services: KeyServices, client: string): AzureIdentity {
  return async (resource) => {
    const query = new URLSearchParams({ "api-version": "2018-02-01", resource });
    if (client !== "") query.set("client_id", client);
    const answer = await services.ask({
      method: "GET",
      url: `http://169.254.169.254/metadata/identity/oauth2/token?${query.toString()}`,
      headers: { metadata: "true" },
      timeoutMs: 3000,
    });
    return tokenOf(jsonOf(answer, "Azure's instance metadata"), answer.status);
  };
}

function unusable(at: string, message: string): SecretsFault {
  return new SecretsFault({
    code: "key-invalid",
    disposition: "stall",
    at,
    message,
    hint: "put sops.azure-kv into the decryption Secret, or annotate the ServiceAccount",
  });
}
