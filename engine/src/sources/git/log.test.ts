import { rmSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { closeReaders, GitMirrors, parseCommit, readLog } from "./index.ts";
import { temporaryFolder, testEnvironment, TestRepository } from "./repository.contract.ts";

const root = temporaryFolder("log");
const clock = {
  now: () => performance.now(),
  after: (ms: number, run: () => void) => {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
};
const call = { signal: new AbortController().signal };

afterAll(() => {
  closeReaders();
  rmSync(root, { recursive: true });
});

describe("a history", () => {
  it("tells who changed which files, as far as it was fetched", async () => {
    const repository = new TestRepository(`${root}/fleet.git`);
    const ids = [
      repository.commit({ "a.yaml": "1", "b.yaml": "1" }),
      repository.commit({ "a.yaml": "2" }),
      repository.commit({ "names with spaces/ü.yaml": "1", "b.yaml": null }),
    ];
    const mirrors = new GitMirrors({ folder: `${root}/histories`, clock, environment: testEnvironment });
    const mirror = mirrors.of(`file://${repository.path}`);
    expect(await mirror.commitText(ids[0] ?? "")).toBeUndefined();
    const resolved = await mirror.resolve({ branch: "main" }, call);
    await mirror.fetchHistory(resolved, 10, call);
    const { commits, isWhole } = await readLog(mirror, { most: 10 }, call);
    expect(isWhole).toBe(true);
    expect(commits.map(({ id, paths, subject }) => [id, paths, subject])).toEqual([
      [ids[2], ["b.yaml", "names with spaces/ü.yaml"], "change 3"],
      [ids[1], ["a.yaml"], "change 2"],
      [ids[0], ["a.yaml", "b.yaml"], "change 1"],
    ]);
    expect(commits[0]).toMatchObject({ author: "A", email: "a@example.org", committer: "A", atMs: 1_700_000_003_000 });
    const last = await readLog(mirror, { most: 1, from: ids[2] ?? "", paths: ["a.yaml"] }, call);
    expect(last.commits.map(({ id }) => id)).toEqual([ids[1]]);
    const text = await mirror.commitText(ids[1] ?? "");
    expect(parseCommit("x", text ?? "")).toMatchObject({ author: "A", subject: "change 2", body: "" });
  });

  it("does not blame the oldest commit of a part for what came before", async () => {
    const repository = new TestRepository(`${root}/long.git`);
    for (let i = 0; i < 5; i++) repository.commit({ [`${i}.yaml`]: "1" });
    const mirrors = new GitMirrors({ folder: `${root}/parts`, clock, environment: testEnvironment });
    const mirror = mirrors.of(`file://${repository.path}`);
    await mirror.fetchHistory(await mirror.resolve({ branch: "main" }, call), 3, call);
    const { commits, isWhole } = await readLog(mirror, { most: 10 }, call);
    expect([isWhole, commits.map(({ paths }) => paths)]).toEqual([false, [["4.yaml"], ["3.yaml"], []]]);
  });

  it("reads commits whose people have strange names, and nothing that is no commit", () => {
    const text = "tree 1\nauthor <x@y> 5 +0000\ncommitter Ann <Lee> <a@b> 1700000000 -0700\n\nfix: it\n\nwhy\nnot\n";
    expect(parseCommit("1", text)).toEqual({
      id: "1",
      author: "",
      email: "x@y",
      committer: "Ann",
      atMs: 1_700_000_000_000,
      subject: "fix: it",
      body: "why\nnot",
    });
    expect(parseCommit("1", "tree")).toBeUndefined();
  });
});
