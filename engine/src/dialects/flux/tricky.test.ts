// The scripts of tricky.contract.ts on our engine: over the embedded server and, where it is at hand, over a real one; and on
// Flux's own controller, which judges what they expect.

import { connectCluster, fixedCredentials } from "#cluster";
import { fluxDefinitions } from "#api/flux";
import { FluxWorld, hasFluxController } from "./flux-controller.contract.ts";
import { type Home, trickyContract } from "./tricky.contract.ts";
import { namespace, realClock, World } from "./world.contract.ts";

type Oracle = { url: string; token: string; stop(): void };
const oracles = (await import(new URL("../../../../tools/oracle-apiserver.mjs", import.meta.url).href)) as {
  hasOracle(): boolean;
  startOracle(): Promise<Oracle>;
};

const tuning = { flux: { dependencyRetryMs: 1000 } };

async function startEmbedded(): Promise<Home> {
  const world = await World.start();
  await world.stopEngine();
  world.startEngine(world.cluster, undefined, tuning);
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

async function startReal(): Promise<Home> {
  const world = new World();
  const oracle = await connect(world);
  await world.apply(namespace("flux-system"));
  world.startEngine(world.cluster, undefined, tuning);
  return { world, close: () => world.stopEngine().then(() => oracle.stop()) };
}

async function startFlux(): Promise<Home> {
  const world = new FluxWorld();
  const oracle = await connect(world);
  await world.prepare(oracle);
  await world.startController();
  return { world, close: () => world.closeFlux().then(() => oracle.stop()) };
}

trickyContract("on the embedded server", startEmbedded);
if (oracles.hasOracle()) trickyContract("on a real kube-apiserver", startReal);
if (oracles.hasOracle() && hasFluxController) trickyContract("with Flux's own controller", startFlux);
