// The scripts of lockdown.contract.ts on our engine, and on Flux's own controller, which judges what they expect.

import { lockdownContract } from "./lockdown.contract.ts";
import { hasHelmController } from "./world.contract.ts";

const settings = { isCrossNamespaceAllowed: false, defaultServiceAccount: "tenant" };
const flags = ["--no-cross-namespace-refs", "--default-service-account=tenant"];

lockdownContract("on the embedded server", (world) => world.beginEmbedded(settings));
if (hasHelmController) lockdownContract("with Flux's own controller", (world) => world.beginFlux(flags));
