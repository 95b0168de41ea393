import { clusterContract, realClock } from "../cluster/cluster.contract.ts";
import { memoryStore } from "#store";
import { administrator, startApiServer } from "./server.ts";

clusterContract("in process", async () => {
  const store = memoryStore();
  const server = await startApiServer({ store, clock: realClock });
  return {
    cluster: server.cluster(administrator),
    close: async () => {
      await server.close();
      await store.close();
    },
  };
});
