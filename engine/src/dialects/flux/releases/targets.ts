// Which cluster a release goes to, beside the one that its object lives in.

import type { HelmRelease } from "#api/flux";
import type { TargetRef } from "#delivery";
import type { Manifest } from "#kernel";
import type { ReleaseSettings } from "./options.ts";

export function targetOf(
  object: Manifest | HelmRelease,
  { defaultKubeConfigServiceAccount }: ReleaseSettings,
): TargetRef | undefined {
  const { spec, metadata } = object as unknown as HelmRelease;
  const { secretRef, configMapRef } = spec.kubeConfig ?? {};
  const place = { namespace: metadata.namespace ?? "", defaultServiceAccount: defaultKubeConfigServiceAccount };
  if (secretRef !== undefined) return { kind: "Secret", name: secretRef.name, key: secretRef.key, ...place };
  return configMapRef === undefined
    ? undefined
    : { kind: "ConfigMap", name: configMapRef.name, key: undefined, ...place };
}
