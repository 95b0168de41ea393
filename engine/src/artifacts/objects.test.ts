import { expect, it } from "vitest";
import { fluxDefinitions } from "#api/flux";
import { administrator, startApiServer } from "#apiserver";
import { isObject, type JsonObject, type Manifest } from "#kernel";
import { memoryStore } from "#store";
import { realClock } from "../cluster/cluster.contract.ts";
import { Objects, resourceOf } from "./objects.ts";

it("a status that goes there and back at once is written both times, though the watch still has the first", async () => {
  const store = memoryStore();
  const server = await startApiServer({ store, clock: realClock });
  try {
    const cluster = server.cluster(administrator);
    const base = { ...resourceOf("GitRepository"), isNamespaced: false };
    const kind = "CustomResourceDefinition";
    const definitions = { ...base, group: "apiextensions.k8s.io", plural: "customresourcedefinitions", kind };
    for (const each of fluxDefinitions().filter(({ metadata }) => metadata.name.startsWith("gitrepositories")))
      await cluster.create({ resource: definitions, namespace: "", name: each.metadata.name }, each, {
        fieldManager: "test",
      });
    const resource = resourceOf("GitRepository");
    while (!(await cluster.list(resource)).ok) await new Promise((resolve) => setTimeout(resolve, 20));
    const target = { resource, namespace: "default", name: "fleet" };
    const read = async (): Promise<Manifest> => {
      const answer = await cluster.get(target);
      if (!answer.ok) throw new Error(answer.status.message);
      return answer.value;
    };
    const metadata = { name: "fleet", namespace: "default" };
    const spec = { url: "https://example.com/fleet", interval: "1h" };
    const object = { apiVersion: "source.toolkit.fluxcd.io/v1", kind: "GitRepository", metadata, spec };
    await cluster.create(target, object, { fieldManager: "test" });
    const objects = new Objects({ cluster, clock: realClock, manager: "test" });
    const said = (text: string): JsonObject => ({ lastHandledReconcileAt: text });
    const statusText = async (): Promise<unknown> => {
      const { status } = (await read()) as { status?: unknown };
      return isObject(status) ? status["lastHandledReconcileAt"] : undefined;
    };
    await objects.setStatus(await read(), said("good"));
    const seen = await read();
    await objects.setStatus(objects.newest(seen), said("bad"));
    expect(await statusText()).toBe("bad");
    await objects.setStatus(objects.newest(seen), said("good"));
    expect(await statusText()).toBe("good");
    const newer = await read();
    expect(objects.newest(newer)).toBe(newer);
  } finally {
    await server.close();
    await store.close();
  }
});
