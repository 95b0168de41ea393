// Who may use the console, as flags of `up` and `run`: named as kube-apiserver names its own for the same issuer.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { usage } from "./arguments.ts";
import type { FlagValues } from "./command.ts";
import type { ConsoleTuning } from "./ports.ts";

export const consoleFlags = {
  "console-read-only": { about: "show everything in the console, change nothing through it" },
  "console-url": { takes: "URL", about: "address of the console as browsers see it; needed for --oidc-issuer-url" },
  "oidc-issuer-url": { takes: "URL", about: "people sign in to the console at this OpenID Connect issuer" },
  "oidc-client-id": { takes: "ID", about: "the console's name at the issuer" },
  "oidc-client-secret-file": { takes: "FILE", about: "its secret, where it has one" },
  "oidc-scopes": { takes: "SCOPES", about: "what is asked of the issuer", default: "openid,email,groups" },
  "oidc-username-claim": { takes: "CLAIM", about: "the claim that is the user", default: "email" },
  "oidc-username-prefix": { takes: "PREFIX", about: "what stands before it in Kubernetes", default: "" },
  "oidc-groups-claim": { takes: "CLAIM", about: "the claim that lists the groups", default: "groups" },
  "oidc-groups-prefix": { takes: "PREFIX", about: "what stands before each in Kubernetes", default: "" },
} as const;

type Flags = FlagValues<typeof consoleFlags>;

/** What the flags ask for. */
export function readConsoleTuning(given: Flags, folder: string): ConsoleTuning {
  const readOnly = given["console-read-only"] ? { readOnlyReason: "this console was started to show only" } : {};
  const issuer = given["oidc-issuer-url"];
  if (issuer === undefined) return readOnly;
  const clientId = given["oidc-client-id"];
  const address = given["console-url"];
  if (clientId === undefined || address === undefined)
    throw usage(
      "--oidc-issuer-url needs --oidc-client-id and --console-url",
      "the issuer sends browsers back to URL/auth/callback",
    );
  const secretFile = given["oidc-client-secret-file"];
  return {
    ...readOnly,
    oidc: {
      issuer,
      clientId,
      ...(secretFile === undefined ? {} : { clientSecret: readFileSync(resolve(folder, secretFile), "utf8").trim() }),
      address: originOf(address),
      scopes: given["oidc-scopes"].split(/[ ,]+/).filter((scope) => scope !== ""),
      userClaim: given["oidc-username-claim"],
      userPrefix: given["oidc-username-prefix"],
      groupsClaim: given["oidc-groups-claim"],
      groupsPrefix: given["oidc-groups-prefix"],
    },
  };
}

function originOf(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname !== "/")
    throw usage(`--console-url ${address} is no address such as https://keelson.example.com`);
  return url.origin;
}
