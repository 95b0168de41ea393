// The scripts of switches.contract.ts on our engine: over the embedded server and, where it is at hand, over a real one; and on
// Flux's own controller, which judges what they expect.

import { switchesContract } from "./switches.contract.ts";
import { hasHelmController, hasOracle } from "./world.contract.ts";

switchesContract("on the embedded server", (world) => world.beginEmbedded());
if (hasOracle) switchesContract("on a real kube-apiserver", (world) => world.beginReal());
if (hasHelmController)
  switchesContract("with Flux's own controller", (world) =>
    world.beginFlux([
      "--insecure-kubeconfig-tls",
      "--feature-gates=ExternalArtifact=true,ObjectLevelWorkloadIdentity=true",
    ]),
  );
