// Readers that do not read, many at once, that come and go; questions that make no sense; rights and sessions that end.

import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { linkKey } from "#api/console";
import { batchLengthMost, streamsMost } from "./limits.ts";
import { kustomization, namespace, openWorld, rolesOfDev, until, type viewers, type World } from "./world.contract.ts";

vi.setConfig({ testTimeout: 240_000 });

const shop = { kind: "Kustomization", namespace: "shop", name: "web" };
const big = "x".repeat(60_000);

let world: World;
beforeAll(async () => {
  world = await openWorld([
    namespace("shop"),
    ...rolesOfDev("shop"),
    kustomization("web", "shop"),
    ...Array.from({ length: 40 }, (_, i) => kustomization(`many-${i}`, "shop")),
  ]);
});
afterAll(() => world.close());

let stamp = 0;

/** Changes a delivery; resolves once the console has the change. */
async function change(name: string, value = `${stamp++}`): Promise<string> {
  const discovery = await world.cluster.discover();
  const resource = discovery.ok ? discovery.value.byKind("kustomize.toolkit.fluxcd.io", "Kustomization") : undefined;
  if (resource === undefined) throw new Error("Kustomizations are not served");
  const body = { type: "merge" as const, patch: { metadata: { labels: { stamp: value.slice(0, 60) } } } };
  await world.cluster.patch({ resource, namespace: "shop", name }, body, { fieldManager: "test" });
  await until(() =>
    world.desk.cards().some((card) => card.name === name && card.labels["stamp"] === value.slice(0, 60)),
  );
  return value;
}

async function cursor(): Promise<string> {
  return (JSON.parse((await world.ask("/api/fleet")).text) as { cursor: string }).cursor;
}

describe("streams", () => {
  it("reach 200 readers, are refused beyond their number, and leave nothing behind", async () => {
    const after = await cursor();
    const open = Array.from({ length: 200 }, () => world.stream(`/api/stream?after=${after}&of=${linkKey(shop)}`));
    await until(() => world.desk.openStreams === 200);
    const value = await change("web");
    await until(() => open.every((stream) => stream.text().includes(`"stamp":"${value}"`)));
    const more = Array.from({ length: streamsMost - 200 }, () => world.stream("/api/stream"));
    await until(() => world.desk.openStreams === streamsMost);
    const refused = await world.ask("/api/stream");
    expect([refused.status, JSON.parse(refused.text)]).toMatchObject([429, { code: "busy" }]);
    for (const stream of [...open, ...more]) stream.stop();
    await until(() => world.desk.openStreams === 0);
  });

  it("that break again and again lose nothing", async () => {
    const seen: string[] = [];
    let after = await cursor();
    const values: string[] = [];
    for (let round = 0; round < 15; round++) {
      const storm = Array.from({ length: 20 }, () => world.stream(`/api/stream?after=${after}`));
      const value = await change("web");
      values.push(value);
      const [first] = storm;
      await until(() => first?.text().includes(`"stamp":"${value}"`));
      seen.push(first?.text() ?? "");
      after = /.*^id: (\S+)$/ms.exec(first?.text() ?? "")?.[1] ?? after;
      // Some go on as they are, some are cut off at once.
      for (const stream of storm) stream.stop();
    }
    for (const value of values) expect(seen.some((text) => text.includes(`"stamp":"${value}"`))).toBe(true);
    expect(seen.join("")).not.toContain("event: reset");
    await until(() => world.desk.openStreams === 0);
  });

  it("do not pile up for a reader that does not read, nor hold up others", async () => {
    const after = await cursor();
    const sleepy = world.stream(`/api/stream?after=${after}`);
    const awake = world.stream(`/api/stream?after=${after}`);
    await until(() => world.desk.openStreams === 2);
    sleepy.pause();
    for (let i = 0; i < 40; i++) {
      const value = await change(`many-${i}`);
      await until(() => awake.text().includes(`"stamp":"${value}"`));
    }
    const last = await change("many-39");
    sleepy.resume();
    await until(() => sleepy.text().includes(`"stamp":"${last}"`));
    for (const stream of [sleepy, awake]) stream.stop();
    await until(() => world.desk.openStreams === 0);
  });

  it("hold little for a reader that does not read while 50,000 things happen, and bring it up to date afterwards", async () => {
    const path = `/api/stream?of=${linkKey(shop)}`;
    const [sleepy, awake] = [world.stream(path), world.stream(path)];
    await until(() => [sleepy, awake].every((stream) => stream.text().includes("event: hello")));
    sleepy.pause();
    const filling = "x".repeat(400);
    let most = 0;
    for (let count = 0; count < 50_000; ) {
      for (const end = count + 2_000; count < end; count++)
        world.desk.note(shop, { atMs: Date.now(), level: "info", message: `line ${count} ${filling}` });
      const last = `"message":"line ${count - 1} `;
      await until(() => {
        most = Math.max(most, world.waiting());
        return awake.text().slice(-4_000_000).includes(last);
      });
    }
    // One batch of each reader, with what a single change may add.
    expect(most).toBeLessThan(3 * 2 * batchLengthMost);
    sleepy.resume();
    await until(() => /event: reset|line 49999 /.test(sleepy.text().slice(-4_000_000)));
    world.desk.note(shop, { atMs: Date.now(), level: "info", message: "the last line" });
    await until(() => sleepy.text().slice(-100_000).includes('"message":"the last line"'));
    for (const stream of [sleepy, awake]) stream.stop();
    await until(() => world.desk.openStreams === 0);
  });

  it("end with the session, before anything more is told", async () => {
    const after = await cursor();
    const stream = world.stream(`/api/stream?after=${after}`, "dev");
    await until(() => stream.text().includes("event: hello"));
    world.signOut("dev");
    try {
      const value = await change("web");
      await until(() => stream.text().includes("event: over"));
      expect(stream.text()).not.toContain(`"stamp":"${value}"`);
    } finally {
      world.signIn("dev");
      stream.stop();
    }
  });
});

describe("questions that make no sense", () => {
  const who = fc.constantFrom<keyof typeof viewers>("root", "dev", "nobody");
  const odd = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom("..", "%", "%00", "\0", "a/b", "__proto__", "constructor", "Kustomization", big.slice(0, 4_000)),
  );

  /** Refused in words, never by accident: the world fails on the first internal error. */
  function expectWords({ status, text }: { status: number; text: string }): void {
    if (status === 200) return;
    const refusal = JSON.parse(text) as { code: string; message: string };
    expect([status, refusal.code, refusal.message]).toEqual([
      expect.any(Number),
      expect.any(String),
      expect.any(String),
    ]);
    expect(refusal.code).not.toBe("internal");
    expect(refusal.message).not.toBe("");
  }

  it("are refused as actions, whatever the body", async () => {
    const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), odd);
    const link = fc.record({ kind: odd, namespace: odd, name: odd });
    const body = fc.record(
      {
        action: fc.oneof(
          fc.constantFrom("reconcile", "suspend", "resume", "approve", "heal", "accept", "roll-back", "explode"),
          value,
        ),
        link: fc.oneof(fc.constant(shop), link, value),
        reason: value,
        revision: value,
        object: fc.oneof(link, value),
        how: fc.oneof(fc.constantFrom("commit", "pin"), value),
        plan: value,
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof(body, value), who, fc.boolean(), async (ask, viewer, isPlan) => {
        const answer = await world.ask(isPlan ? "/api/actions/plan" : "/api/actions", viewer, ask);
        expectWords(answer);
        if (!isPlan) expect(answer.status).not.toBe(200);
      }),
      { numRuns: 150, seed: 3 },
    );
  });

  it("are refused as addresses", async () => {
    const part = odd.map(encodeURIComponent);
    const path = fc.oneof(
      fc.tuple(part, part, part).map(([a, b, c]) => `/api/deliveries/${a}/${b}/${c}/plan?which=${a}&revision=${b}`),
      fc.tuple(part, part, part).map(([a, b, c]) => `/api/deliveries/${a}/${b}/${c}`),
      fc.tuple(part, part).map(([a, b]) => `/api/object?kind=${a}&name=${b}&group=${a}&cluster=${b}`),
      fc.tuple(part, part).map(([a, b]) => `/api/search?q=${a}&limit=${b}`),
      fc.tuple(part, part).map(([a, b]) => `/api/moment?at=${a}&delivery=${b}`),
      fc.tuple(part, part).map(([a, b]) => `/api/timeline?before=${a}&limit=1&delivery=${b}`),
    );
    await fc.assert(
      fc.asyncProperty(path, who, async (asked, viewer) => expectWords(await world.ask(asked, viewer))),
      { numRuns: 150, seed: 4 },
    );
  });

  it("are refused when they are too large, and when they are no JSON", async () => {
    const large = await world.ask("/api/actions", "root", { action: "suspend", link: shop, reason: big + big });
    expect([large.status, JSON.parse(large.text)]).toMatchObject([413, { code: "too-large" }]);
    const search = await world.ask(`/api/search?q=${big.slice(0, 5_000)}`);
    expect(search.status).toBe(400);
  });
});

describe("rights that end", () => {
  it("end what is shown and what can be done, at the latest with the next look", async () => {
    const page = "/api/deliveries/Kustomization/shop/web";
    const ask = { action: "reconcile", link: shop };
    expect((await world.ask(page, "dev")).status).toBe(200);
    const planned = JSON.parse((await world.ask("/api/actions/plan", "dev", ask)).text) as { id: string };
    const discovery = await world.cluster.discover();
    const resource = discovery.ok ? discovery.value.byKind("rbac.authorization.k8s.io", "RoleBinding") : undefined;
    if (resource === undefined) throw new Error("RoleBindings are not served");
    await world.cluster.delete({ resource, namespace: "shop", name: "dev" }, {});
    // Contents are read as the viewer, so Kubernetes refuses at once, whatever is remembered of rights.
    const read = await world.ask(page, "dev");
    expect([read.status, JSON.parse(read.text)]).toMatchObject([403, { code: "denied" }]);
    const done = await world.ask("/api/actions", "dev", { ...ask, plan: planned.id });
    expect([done.status, JSON.parse(done.text)]).toMatchObject([403, { code: "denied" }]);
  });
});
