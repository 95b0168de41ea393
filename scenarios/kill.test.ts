// SIGKILL at random moments of a first apply and of an update: the end is the same as if nothing had happened; and an interrupt
// while a home starts. A sample by default; KEELSON_KILLS sets how many of each (the seed is printed, KEELSON_SEED repeats one).

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configMap, deployment, kustomization, namespace } from "./fixtures.ts";
import { Home, hasKubectl, until } from "./home.ts";
import { Repository } from "./repository.ts";

const kills = Number(process.env["KEELSON_KILLS"] ?? 3);
const seed = Number(process.env["KEELSON_SEED"] ?? 20261121);
const objects = 30;

/** Park and Miller's generator: small, and the same everywhere. */
function random(start: number): () => number {
  let state = start % 2147483647;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

function fleet(repository: Repository, generation: number): void {
  const files: Record<string, string> = {
    "clusters/demo/base.yaml": kustomization("base", "./base", "  wait: true\n"),
    "clusters/demo/apps.yaml": kustomization("apps", "./apps", "  wait: true\n  dependsOn:\n    - name: base\n"),
    "base/namespace.yaml": namespace("shop"),
    "apps/web.yaml": deployment("web", "shop", `registry.example.com/app:${generation}.0.0`),
  };
  const first = generation * 5;
  for (let i = first; i < first + objects; i += 1) {
    files[`apps/settings-${i}.yaml`] = configMap(`settings-${i}`, { generation: String(generation) }, "shop");
  }
  if (generation > 0) for (let i = first - 5; i < first; i += 1) repository.remove(`apps/settings-${i}.yaml`);
  repository.write(files).commit(`generation ${generation}`);
}

/** What is there in the end, without what differs from run to run. */
async function state(home: Home): Promise<string[]> {
  const answer = await home.kubectl(["get", "configmaps,deployments.apps,namespaces", "-A", "-o", "json"]);
  const { items } = JSON.parse(answer.out) as {
    items: {
      kind: string;
      metadata: { namespace?: string; name: string; labels?: Record<string, string> };
      data?: unknown;
      spec?: unknown;
    }[];
  };
  return items
    .filter((item) => item.metadata.labels?.["kustomize.toolkit.fluxcd.io/name"] !== undefined)
    .map((item) => JSON.stringify([item.kind, item.metadata.namespace, item.metadata.name, item.data, item.spec]))
    .sort();
}

async function settled(home: Home, commit: string): Promise<string[]> {
  await until(
    `apps at ${commit}`,
    async () => {
      const live = await home.object("kustomization", "apps", "flux-system");
      const ready = live?.status?.conditions?.find((condition) => condition.type === "Ready");
      if (ready?.status === "True" && String(live?.status?.["lastAppliedRevision"]).includes(commit)) return true;
      throw new Error(JSON.stringify(ready));
    },
    90_000,
  );
  return state(home);
}

describe.skipIf(!hasKubectl)("killed at any moment", () => {
  const repository = new Repository();
  const args = ["--repo", repository.path, "--branch", "main", "--path", "clusters/demo"];
  let first: string[];
  let second: string[];
  let commits: [string, string];

  beforeAll(async () => {
    fleet(repository, 0);
    const before = repository.git("rev-parse", "HEAD");
    await using home = new Home({ args });
    home.start();
    await home.ready();
    first = await settled(home, before);
    fleet(repository, 1);
    const after = repository.git("rev-parse", "HEAD");
    second = await settled(home, after);
    commits = [before, after];
    expect(first).toHaveLength(objects + 2);
    expect(second).toHaveLength(objects + 2);
  }, 180_000);

  afterAll(() => repository[Symbol.dispose]());

  it(`ends the same after ${kills} kills of a first apply and of an update (seed ${seed})`, {
    timeout: 3_600_000,
  }, async () => {
    const next = random(seed);
    for (let run = 0; run < kills; run += 1) {
      repository.git("update-ref", "refs/heads/main", commits[0]);
      const home = new Home({ args });
      home.start();
      await new Promise((resolve) => setTimeout(resolve, 200 + next() * 2_500));
      await home.kill();
      home.start();
      await home.ready();
      expect(await settled(home, commits[0])).toEqual(first);
      repository.git("update-ref", "refs/heads/main", commits[1]);
      await new Promise((resolve) => setTimeout(resolve, next() * 800));
      await home.kill();
      home.start();
      await home.ready();
      expect(await settled(home, commits[1])).toEqual(second);
      await home.kill();
      rmSync(home.data, { recursive: true, force: true });
    }
  });
});

describe("an interrupt while a home starts", () => {
  for (const step of ["starting the Kubernetes API", "starting the engine", "Console "])
    it(`ends it in order, at ${JSON.stringify(step)} too`, { timeout: 120_000 }, async () => {
      await using home = new Home();
      home.start();
      await until(step, () => Promise.resolve(home.output.includes(step) ? true : undefined));
      await home.stop();
      expect(home.output).toMatch(/^stopping$/m);
      expect(existsSync(join(home.data, "home.json"))).toBe(false);
    });
});
