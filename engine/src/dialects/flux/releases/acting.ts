// Who acts on the objects of a release.

import type { HelmRelease } from "#api/flux";
import type { Identity } from "#cluster";
import type { ReleaseSettings } from "./options.ts";

/** Who acts on a release's objects; undefined: the engine itself. */
export function actingAs(object: HelmRelease, { defaultServiceAccount }: ReleaseSettings): Identity | undefined {
  const account = object.spec.serviceAccountName ?? defaultServiceAccount;
  if (account === undefined || account === "") return undefined;
  const namespace = object.metadata.namespace ?? "";
  return {
    user: `system:serviceaccount:${namespace}:${account}`,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
  };
}
