// The homes that scripts run on: our engine over the embedded server, over a real one, and Flux's own controller, which judges
// what they expect.

import { connectCluster, fixedCredentials } from "#cluster";
import { fluxDefinitions } from "#api/flux";
import { noServices } from "#delivery";
import { FluxWorld, hasFluxController } from "./flux-controller.contract.ts";
import type { FluxOptions } from "./index.ts";
import type { Home } from "./scene.contract.ts";
import { namespace, realClock, World } from "./world.contract.ts";

type Oracle = { url: string; token: string; stop(): void };
const oracles = (await import(new URL("../../../../tools/oracle-apiserver.mjs", import.meta.url).href)) as {
  hasOracle(): boolean;
  startOracle(): Promise<Oracle>;
};

/** How an engine is started: for ours, and the same for Flux's. */
export type Flags = { flux?: FluxOptions; ageSecret?: { namespace: string; name: string }; args?: string[] };

const tuningOf = ({ flux, ageSecret }: Flags) => ({
  flux: { dependencyRetryMs: 1000, ...flux },
  decryption: { ...noServices(realClock), ...(ageSecret === undefined ? {} : { ageSecret }) },
});

async function startEmbedded(flags: Flags): Promise<Home> {
  const world = await World.start();
  await world.stopEngine();
  world.startEngine(world.cluster, undefined, tuningOf(flags));
  return { world, close: () => world.close() };
}

async function connect(world: World): Promise<Oracle> {
  const oracle = await oracles.startOracle();
  const credentials = fixedCredentials({ authorization: `Bearer ${oracle.token}` });
  const connection = { server: oracle.url, name: "test", namespace: "default", isInsecure: true, credentials };
  world.cluster = connectCluster(connection, { clock: realClock });
  await world.apply(...fluxDefinitions());
  return oracle;
}

async function startReal(flags: Flags): Promise<Home> {
  const world = new World();
  const oracle = await connect(world);
  await world.apply(namespace("flux-system"));
  world.startEngine(world.cluster, undefined, tuningOf(flags));
  return { world, close: () => world.stopEngine().then(() => oracle.stop()) };
}

async function startFlux({ args }: Flags): Promise<Home> {
  const world = new FluxWorld();
  const oracle = await connect(world);
  await world.prepare(oracle);
  await world.startController(args);
  return { world, close: () => world.closeFlux().then(() => oracle.stop()) };
}

/** The homes that are at hand, by what they are called. */
export const homes: ReadonlyMap<string, (flags: Flags) => Promise<Home>> = new Map([
  ["on the embedded server", startEmbedded],
  ...(oracles.hasOracle() ? ([["on a real kube-apiserver", startReal]] as const) : []),
  ...(oracles.hasOracle() && hasFluxController ? ([["with Flux's own controller", startFlux]] as const) : []),
]);
