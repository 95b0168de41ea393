import { readFileSync, rmSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { commitFiles, type CommitOptions } from "./push.ts";
import { serveHttp, temporaryFolder, testEnvironment, TestRepository } from "./repository.contract.ts";

const root = temporaryFolder("pushes");
afterAll(() => rmSync(root, { recursive: true, force: true }));

let made = 0;
function bareRepository(format = "sha1"): TestRepository {
  made += 1;
  return new TestRepository(`${root}/r${made}.git`, { format });
}

function commitTo(
  url: string,
  options: Partial<CommitOptions> & Pick<CommitOptions, "edit">,
): ReturnType<typeof commitFiles> {
  return commitFiles({
    url,
    branch: "main",
    environment: testEnvironment,
    folder: root,
    author: { name: "Ada", email: "ada@example.org" },
    message: "a change\n",
    signal: new AbortController().signal,
    ...options,
  });
}

describe("commitFiles", () => {
  for (const format of ["sha1", "sha256"])
    it(`begins a branch, changes, adds and removes files on it (${format})`, async () => {
      const repository = bareRepository(format);
      if (format === "sha256") repository.commit({ seed: "s\n" }, "other");
      const first = await commitTo(repository.path, { edit: async () => ({ "a/one": "1\n", two: "2\n" }) });
      const second = await commitTo(repository.path, {
        edit: async (read) => ({
          "a/one": null,
          two: `${await read("two")}more\n`,
          "b/three": (await read("b/three")) ?? "3\n",
        }),
      });
      expect(repository.git("rev-list", "main").split("\n")).toEqual([second.commit, first.commit]);
      expect(repository.git("ls-tree", "-r", "--name-only", "main")).toBe("b/three\ntwo");
      expect(repository.git("show", "main:two")).toBe("2\nmore");
      expect(repository.git("log", "-1", "--format=%an <%ae> %s", "main")).toBe("Ada <ada@example.org> a change");
    });

  it("pushes nothing when all is as asked already", async () => {
    const repository = bareRepository();
    const before = repository.commit({ a: "1\n" });
    const result = await commitTo(repository.path, { edit: async () => ({ a: "1\n", absent: null }) });
    expect(result).toEqual({ commit: before, isPushed: false });
  });

  it("starts again from what another pushed meanwhile, and never forces", async () => {
    const repository = bareRepository();
    repository.commit({ a: "1\n" });
    let theirs = "";
    const result = await commitTo(repository.path, {
      edit: async () => {
        if (theirs === "") theirs = repository.commit({ b: "theirs\n" });
        return { c: "ours\n" };
      },
    });
    expect(repository.git("rev-parse", "main^")).toBe(theirs);
    expect(repository.git("rev-parse", "main")).toBe(result.commit);
    expect(repository.git("show", "main:b")).toBe("theirs");
  });

  it("pushes over HTTP with credentials that stand nowhere else, and says what a server without push answers", async () => {
    const repository = bareRepository();
    repository.commit({ a: "1\n" });
    repository.git("config", "http.receivepack", "true");
    const authorization = `Basic ${Buffer.from("me:secret").toString("base64")}`;
    const server = await serveHttp(root, { authorization });
    const url = `${server.url}/r${made}.git`;
    const access = { username: "me", password: "secret" };
    try {
      const result = await commitTo(url, { access, edit: async () => ({ a: "2\n" }) });
      expect(repository.git("rev-parse", "main")).toBe(result.commit);
      await expect(commitTo(url, { edit: async () => ({ a: "3\n" }) })).rejects.toMatchObject({
        code: "git-authentication-failed",
      });
      repository.git("config", "http.receivepack", "false");
      await expect(commitTo(url, { access, edit: async () => ({ a: "3\n" }) })).rejects.toThrow(/refuse|403/);
    } finally {
      server.close();
    }
  });

  it("says what to do where the branch is checked out, and arrives in the working copy where that is allowed", async () => {
    const repository = new TestRepository(`${root}/checked-out`, { format: "sha1", isBare: false });
    repository.commit({ a: "1\n" });
    const push = (): ReturnType<typeof commitTo> => commitTo(repository.path, { edit: async () => ({ a: "2\n" }) });
    await expect(push()).rejects.toMatchObject({
      code: "git-push-refused",
      hint: expect.stringContaining("receive.denyCurrentBranch updateInstead"),
    });
    repository.git("reset", "-q", "--hard");
    repository.git("config", "receive.denyCurrentBranch", "updateInstead");
    await push();
    expect(readFileSync(`${repository.path}/a`, "utf8")).toBe("2\n");
  });

  it("says that the server's rules refuse the commit", async () => {
    const repository = bareRepository();
    repository.commit({ a: "1\n" });
    repository.git("config", "receive.denyUpdates", "x");
    repository.git("config", "transfer.hideRefs", "refs/heads/main");
    await expect(commitTo(repository.path, { edit: async () => ({ a: "2\n" }) })).rejects.toMatchObject({
      code: "git-push-refused",
    });
  });
});
