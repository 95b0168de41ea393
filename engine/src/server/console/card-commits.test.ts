// Which commit a card speaks of, and when it is told.

import { describe, expect, it } from "vitest";
import { linkKey } from "#api/console";
import { asManifest, type Json } from "#kernel";
import { CardCommits, standsAt, type Stated, statedBy } from "./card-commits.ts";
import { cardOf } from "./cards.ts";
import type { SourceHistory } from "./ports.ts";

const commit = (digit: string): string => `main@sha1:${digit.repeat(40)}`;

function stated(kind: string, name: string, more: { [member: string]: Json }): Stated {
  const manifest = asManifest({
    apiVersion: "x/v1",
    kind,
    ...more,
    metadata: { name, namespace: "shop", ...(more["metadata"] as object) },
  });
  return { ...statedBy(manifest), base: cardOf(manifest) };
}

const git = { kind: "GitRepository", name: "charts" };
const helm = { kind: "HelmRepository", name: "charts" };
const apps = stated("Kustomization", "apps", {
  spec: { sourceRef: { kind: "GitRepository", name: "fleet" } },
  status: { lastAppliedRevision: commit("a") },
});
const release = stated("HelmRelease", "web", {
  metadata: { labels: { "kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "shop" } },
  spec: { chart: { spec: { chart: "web", sourceRef: git } } },
  status: { helmChart: "shop/shop-web", history: [{ status: "deployed", chartName: "web", chartVersion: "1.0.0" }] },
});
const chart = (sourceRef: Json, version = "1.0.0"): Stated =>
  stated("HelmChart", "shop-web", {
    spec: { chart: "web", sourceRef },
    status: { observedSourceArtifactRevision: commit("b"), artifact: { revision: version } },
  });
const finder =
  (...all: Stated[]) =>
  (key: string): Stated | undefined =>
    all.find(({ base }) => base.key === key);

describe("the commit of a card", () => {
  it.each([
    ["a Kustomization", apps, [], `GitRepository/shop/fleet ${commit("a")}`],
    [
      "a release whose chart is built from Git",
      release,
      [chart(git), apps],
      `GitRepository/shop/charts ${commit("b")}`,
    ],
    ["a release whose chart is packed", release, [chart(helm), apps], `GitRepository/shop/fleet ${commit("a")}`],
    [
      "a release that is behind its chart",
      release,
      [chart(git, "1.1.0"), apps],
      `GitRepository/shop/fleet ${commit("a")}`,
    ],
  ])("of %s", (_, one, others, expected) => {
    const at = standsAt(one, finder(...others));
    expect(at && `${linkKey(at.source)} ${at.revision}`).toBe(expected);
  });

  it("is unknown of a release that nobody states in Git", () => {
    expect(standsAt(release, finder(chart(helm)))).toBeUndefined();
  });

  it("is asked for once, and told to all that speak of it", async () => {
    const asked: string[] = [];
    const touched: string[] = [];
    const found = { id: "a", subject: "s", body: "", author: "Ada", atMs: 0 } as unknown as Awaited<
      ReturnType<SourceHistory["commit"]>
    >;
    const history = {
      commit: (_: unknown, revision: string) => Promise.resolve((asked.push(revision), found)),
    } as unknown as SourceHistory;
    const commits = new CardCommits((key) => touched.push(key));
    const how = { find: finder(chart(helm), apps), history };
    expect([commits.of(apps, how), commits.of(release, how)]).toEqual([undefined, undefined]);
    await Promise.resolve();
    await Promise.resolve();
    expect(touched).toEqual(["Kustomization/shop/apps", "HelmRelease/shop/web"]);
    expect([commits.of(apps, how), commits.of(release, how)]).toEqual([found, found]);
    expect(asked).toEqual([commit("a")]);
  });

  it("is told anew when what it is taken from moves", () => {
    const touched: string[] = [];
    const commits = new CardCommits((key) => touched.push(key));
    commits.note(release, undefined);
    commits.note(chart(git), undefined);
    const moved = { ...apps, base: { ...apps.base, revision: commit("c") } };
    commits.note(moved, apps);
    commits.note(moved, moved);
    expect(touched).toEqual(["HelmRelease/shop/web", "HelmRelease/shop/web"]);
    commits.note(undefined, release);
    commits.note(apps, moved);
    expect(touched.length).toBe(2);
  });
});
