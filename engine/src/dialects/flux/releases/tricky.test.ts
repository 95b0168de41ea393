// The scripts of tricky.contract.ts on our engine: over the embedded server and, where it is at hand, over a real one; and on
// Flux's own controller, which judges what they expect.

import { releaseContract } from "./tricky.contract.ts";
import { hasHelmController, hasOracle } from "./world.contract.ts";

releaseContract("on the embedded server", (world) => world.beginEmbedded());
if (hasOracle) releaseContract("on a real kube-apiserver", (world) => world.beginReal());
if (hasHelmController) releaseContract("with Flux's own controller", (world) => world.beginFlux());
