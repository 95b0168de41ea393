// What the server writes by itself, without a client: as itself, nobody to be warned, over whatever stands there by then.

import type { Manifest } from "#kernel";
import { asOwn } from "./own.ts";
import type { Registry, WriteCall } from "./registry.ts";
import { changeObject } from "./write.ts";

type ServerWrite = Pick<WriteCall, "served" | "name"> &
  Partial<Pick<WriteCall, "namespace" | "subresource" | "fieldManager">>;

/** The server's own write to an object; cluster-scoped and by `kube-apiserver` where nothing else is said. */
export function serverCall({
  served,
  name,
  namespace = "",
  subresource = "",
  fieldManager = "kube-apiserver",
}: ServerWrite): WriteCall {
  return {
    identity: { user: "system:apiserver", groups: ["system:masters"] },
    served,
    namespace,
    name,
    subresource,
    fieldManager,
    isDryRun: false,
    fieldValidation: "Ignore",
    warn: () => undefined,
  };
}

/** Edits an object as it stands; once more where somebody else has changed it meanwhile. Throws what refuses it. */
export async function editObject(
  registry: Registry,
  call: WriteCall,
  edit: (draft: Manifest) => void,
): Promise<Manifest> {
  return changeObject(registry, call, {
    make: (live) => {
      const draft = asOwn(live);
      edit(draft);
      return draft;
    },
    retries: true,
  });
}
