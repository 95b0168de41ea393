// Pages and lists of states that are forgotten: refused in the real server's words, with a token that goes on in the newest state.

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { realClock } from "../cluster/cluster.contract.ts";
import { memoryStore, type Store } from "#store";
import { type ApiServer, startApiServer } from "./server.ts";
import { ask, type Asked, normalised, type Server } from "./testdata/differential/compare.ts";
import { get, patch, post, remove, type Step } from "./testdata/differential/steps.ts";

type Oracle = { stop(): void; url: string; token: string };
type OracleModule = { hasOracle(): boolean; startOracle(options: { flags: string[] }): Promise<Oracle> };
const oracles = (await import(
  new URL("../../../tools/oracle-apiserver.mjs", import.meta.url).href
)) as unknown as OracleModule;

const namespace = "forgotten";
const list = `/api/v1/namespaces/${namespace}/configmaps`;
const mine = `${list}?labelSelector=mine%3Dx`;

type List = { metadata: { continue?: string; resourceVersion: string }; items: { metadata: { name: string } }[] };

function bodyOf({ body }: Asked): List {
  return JSON.parse(body) as List;
}

/** Pages begun before everything is forgotten, and what becomes of them; `forget` resolves once `asked` may have expired. */
async function play(server: Server, forget: (until: () => Promise<Asked>) => Promise<void>): Promise<unknown[]> {
  const told: unknown[] = [];
  const send = async (step: Step): Promise<Asked> => {
    const answer = await ask(server, step);
    told.push(normalised(answer, step));
    return answer;
  };
  await ask(server, post("/api/v1/namespaces", { metadata: { name: namespace } }));
  for (const name of ["a", "b", "c", "d", "e"])
    await ask(server, post(list, { metadata: { name, labels: { mine: "x" } }, data: { of: name } }));
  const first = bodyOf(await send(get(`${mine}&limit=2`)));
  const next = `${mine}&limit=2&continue=${encodeURIComponent(first.metadata.continue ?? "")}`;
  const exact = `${mine}&resourceVersion=${first.metadata.resourceVersion}&resourceVersionMatch=Exact`;
  await ask(server, patch(`${list}/d`, "merge", { data: { of: "changed" } }));
  await ask(server, remove(`${list}/c`));
  await ask(server, post(list, { metadata: { name: "f", labels: { mine: "x" } } }));
  await send(get(next));
  await forget(() => ask(server, get(next)));
  const expired = await send(get(next));
  await send(get(exact));
  await send(get(`${exact}&limit=1`));
  const rest = bodyOf(expired).metadata.continue ?? "";
  const second = bodyOf(await send(get(`${mine}&limit=2&continue=${encodeURIComponent(rest)}`)));
  const last = encodeURIComponent(second.metadata.continue ?? "");
  await send(get(`${mine}&limit=2&continue=${last}`));
  await send(get(`${mine}&continue=${encodeURIComponent(rest)}`));
  await send(get(`${mine}&continue=${encodeURIComponent(rest)}&resourceVersion=1`));
  return told;
}

async function playOwn(server: ApiServer, store: Store): Promise<unknown[]> {
  const token = /token: (\S+)/.exec(server.kubeconfig())?.[1] ?? "";
  return play({ url: server.url, token }, async () => store.compact(store.revision));
}

describe("states that are forgotten", () => {
  let server: ApiServer;
  let store: Store;

  beforeAll(async () => {
    store = memoryStore();
    server = await startApiServer({ store, clock: realClock, listen: { port: 0 } });
  });
  afterAll(async () => {
    await server.close();
    await store.close();
  });

  it("are gone on with in the newest state, as beside a real kube-apiserver where there is one", async () => {
    const own = await playOwn(server, store);
    const codes = own.map((answer) => (answer as { code: number }).code);
    expect(codes).toEqual([200, 200, 410, 410, 410, 200, 200, 200, 400]);
    const names = own.map((answer) =>
      (answer as { body: Partial<List> }).body.items?.map(({ metadata }) => metadata.name),
    );
    expect(names.slice(5, 8)).toEqual([["d", "e"], ["f"], ["d", "e", "f"]]);
    if (!oracles.hasOracle()) return;
    const oracle = await oracles.startOracle({ flags: ["--etcd-compaction-interval=300ms"] });
    try {
      const forget = (asked: () => Promise<Asked>): Promise<void> =>
        vi.waitFor(async () => expect((await asked()).code).toBe(410), { timeout: 60_000, interval: 100 });
      expect(own).toEqual(await play({ url: oracle.url, token: oracle.token }, forget));
    } finally {
      oracle.stop();
    }
  }, 120_000);
});
