import { describe, expect, it } from "vitest";
import { cardOf } from "../../wire/samples.ts";
import { type Arrangement, arrange } from "./arrange.ts";

const fleet = [
  cardOf({ name: "b", cluster: "edge", changedMs: 3 }),
  cardOf({ name: "a", ready: "False", namespace: "shop", changedMs: 1 }),
  cardOf({ name: "c", isSuspended: true, labels: { team: "web" }, changedMs: 2 }),
  cardOf({ name: "fleet", kind: "GitRepository", role: "source" }),
];

const plain: Arrangement = { filter: "", role: "delivery", grouping: "none", sorting: "state", closed: new Set() };

function show(change: Partial<Arrangement>): string[] {
  return arrange([...fleet], { ...plain, ...change }).rows.map((row) =>
    row.what === "card" ? row.card.name : `${row.name} ${row.counts.total}${row.isOpen ? "" : " closed"}`,
  );
}

describe("the fleet", () => {
  const cases: [string, Partial<Arrangement>, string[]][] = [
    ["shows what needs a person first", {}, ["a", "c", "b"]],
    ["is sorted by name", { sorting: "name" }, ["a", "b", "c"]],
    ["is sorted by what changed last", { sorting: "age" }, ["b", "c", "a"]],
    ["shows sources apart", { role: "source" }, ["fleet"]],
    ["is filtered", { filter: "state:suspended" }, ["c"]],
    ["is grouped by cluster", { grouping: "cluster" }, ["edge 1", "b", "this cluster 2", "a", "c"]],
    ["is grouped by team", { grouping: "team" }, ["no team 2", "a", "b", "web 1", "c"]],
    [
      "hides what is in a closed group",
      { grouping: "namespace", closed: new Set(["flux-system"]) },
      ["flux-system 2 closed", "shop 1", "a"],
    ],
  ];
  for (const [name, change, rows] of cases) it(name, () => expect(show(change)).toEqual(rows));

  it("counts all states whatever the filter", () =>
    expect(arrange([...fleet], { ...plain, filter: "nothing" })).toMatchObject({
      counts: { total: 3, failed: 1, suspended: 1, ready: 1 },
      found: 0,
    }));
});
