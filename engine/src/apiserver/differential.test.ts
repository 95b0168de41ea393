// The same requests to this server and to a real kube-apiserver: equal answers, but for uids, times and versions.

import { request } from "node:https";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { realClock } from "../cluster/cluster.contract.ts";
import { memoryStore, type Store } from "#store";
import { divergences } from "./testdata/differential/divergences.ts";
import { definitionStep, type Script, scripts, type Step } from "./testdata/differential/scripts.ts";
import { type ApiServer, startApiServer } from "./server.ts";

type Asked = { code: number; body: string };
type Ask = (step: Step) => Promise<Asked>;
type Oracle = {
  stop(): void;
  ask(method: string, path: string, options: { body?: string; contentType?: string; headers?: object }): Promise<Asked>;
};
type OracleModule = { hasOracle(): boolean; startOracle(): Promise<Oracle> };
const oracles = (await import(
  new URL("../../../tools/oracle-apiserver.mjs", import.meta.url).href
)) as unknown as OracleModule;

function bodyText(step: Step): string | undefined {
  return step.body === undefined || typeof step.body === "string" ? step.body : JSON.stringify(step.body);
}

function askEmbedded(server: ApiServer, step: Step): Promise<Asked> {
  const token = /token: (\S+)/.exec(server.kubeconfig())?.[1] ?? "";
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      "content-type": step.contentType ?? "application/json",
      "content-length": String(Buffer.byteLength(bodyText(step) ?? "")),
    };
    const sent = request(
      `${server.url}${step.path}`,
      { method: step.method, headers, ca: server.caCertificate },
      (answer) => {
        let body = "";
        answer.on("data", (chunk: Buffer) => (body += chunk.toString()));
        answer.on("end", () => resolve({ code: answer.statusCode ?? 0, body }));
      },
    );
    sent.on("error", reject);
    sent.end(bodyText(step));
  });
}

const timeless = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
const uid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** What no two servers share is blotted out; what they share stays. */
function normalised({ code, body }: Asked): unknown {
  let data: unknown = body;
  try {
    data = JSON.parse(body, (key, value: unknown) => {
      if (key === "resourceVersion" && typeof value === "string" && value !== "") return "V";
      if (key === "continue") return "C";
      return value;
    });
  } catch {
    // Plain text is compared as it is.
  }
  const text = JSON.stringify(data).replace(timeless, "T").replace(uid, "U");
  return { code, body: sortEntries(JSON.parse(text)) };
}

/** Causes of equal refusals may stand in any order: Go's maps have none. */
function sortEntries(value: unknown): unknown {
  const details = (value as { details?: { causes?: { field?: string; message?: string }[] } } | null)?.details;
  details?.causes?.sort((a, b) => (`${a.field}${a.message}` < `${b.field}${b.message}` ? -1 : 1));
  return value;
}

async function runScript(script: Script, ask: Ask): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (const step of script.steps) {
    const answer = await ask(step);
    if (step.isUnseen !== true) answers.push(normalised(answer));
  }
  return answers;
}

describe.skipIf(!oracles.hasOracle())("beside a real kube-apiserver", () => {
  let oracle: Oracle;
  let server: ApiServer;
  let store: Store;
  beforeAll(async () => {
    oracle = await oracles.startOracle();
    store = memoryStore();
    server = await startApiServer({ store, clock: realClock, listen: { port: 0 } });
    await Promise.all([askOracle(definitionStep), askEmbedded(server, definitionStep)]);
    // The real server takes a moment to serve what it has just been told of.
    const widgets: Step = { method: "GET", path: "/apis/example.com/v1/widgets" };
    await vi.waitFor(async () => expect((await askOracle(widgets)).code).toBe(200), { timeout: 30_000 });
  }, 120_000);
  afterAll(async () => {
    oracle.stop();
    await server.close();
    await store.close();
  });

  const askOracle: Ask = (step) => {
    const body = bodyText(step);
    const contentType = step.contentType ?? "application/json";
    return oracle.ask(step.method, step.path, {
      contentType,
      headers: { "content-length": String(Buffer.byteLength(body ?? "")) },
      ...(body === undefined ? {} : { body }),
    });
  };

  for (const script of scripts) {
    const reason = divergences[script.name];
    it(`${script.name}${reason === undefined ? "" : ` (differs: ${reason})`}`, async () => {
      const expected = await runScript(script, askOracle);
      const found = await runScript(script, (step) => askEmbedded(server, step));
      if (reason === undefined) expect(found).toEqual(expected);
      else expect(found).not.toEqual(expected);
    });
  }
});
