// The scripts of fields.contract.ts on our engine: over the embedded server and, where it is at hand, over a real one; and on
// Flux's own controller, which judges what they expect.

import { fieldsContract } from "./fields.contract.ts";
import { hasHelmController, hasOracle, ReleaseWorld } from "./world.contract.ts";

fieldsContract("on the embedded server", () => ReleaseWorld.embedded());
if (hasOracle) fieldsContract("on a real kube-apiserver", () => ReleaseWorld.real());
if (hasHelmController)
  fieldsContract("with Flux's own controller", () => ReleaseWorld.flux(["--insecure-kubeconfig-tls"]));
