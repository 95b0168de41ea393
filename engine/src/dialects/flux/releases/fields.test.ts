// The scripts of fields.contract.ts and action-fields.contract.ts on our engine: over the embedded server and, where it is at hand, over a real one; and on
// Flux's own controller, which judges what they expect.

import { actionFieldsContract } from "./action-fields.contract.ts";
import { fieldsContract } from "./fields.contract.ts";
import { hasHelmController, hasOracle } from "./world.contract.ts";

for (const contract of [fieldsContract, actionFieldsContract]) {
  contract("on the embedded server", (world) => world.beginEmbedded());
  if (hasOracle) contract("on a real kube-apiserver", (world) => world.beginReal());
  if (hasHelmController)
    contract("with Flux's own controller", (world) => world.beginFlux(["--insecure-kubeconfig-tls"]));
}
