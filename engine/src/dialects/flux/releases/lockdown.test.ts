// The scripts of lockdown.contract.ts on our engine, and on Flux's own controller, which judges what they expect.

import { lockdownContract } from "./lockdown.contract.ts";
import { hasHelmController, ReleaseWorld } from "./world.contract.ts";

const settings = { isCrossNamespaceAllowed: false, defaultServiceAccount: "tenant" };
const flags = ["--no-cross-namespace-refs", "--default-service-account=tenant"];

lockdownContract("on the embedded server", () => ReleaseWorld.embedded(settings));
if (hasHelmController) lockdownContract("with Flux's own controller", () => ReleaseWorld.flux(flags));
