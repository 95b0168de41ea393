import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ManualClock } from "#kernel";
import { commands } from "./commands.ts";
import { memoryIo } from "./io.ts";
import { runCommandLine } from "./run.ts";

async function check(line: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const io = memoryIo({ clock: new ManualClock() });
  const code = await runCommandLine(
    line.split(" ").filter((word) => word !== ""),
    io,
    { version: "1.2.3" },
  );
  return { code, ...io.text() };
}

describe("the command line", () => {
  it("begins anew in a longer stack where templates call each other more deeply than this one holds", async () => {
    const folder = mkdtempSync(join(tmpdir(), "keelson-stack-"));
    mkdirSync(join(folder, "templates"));
    writeFileSync(join(folder, "Chart.yaml"), "apiVersion: v2\nname: c\nversion: 0.1.0\n");
    writeFileSync(join(folder, "templates", "t"), '{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}');
    const run = async (exitCode: 0 | undefined): Promise<[number, string]> => {
      const io = memoryIo({ clock: new ManualClock() });
      const ports = { version: "1.2.3", runInLongStack: () => Promise.resolve(exitCode) };
      return [await runCommandLine(["template", "r", folder], io, ports), io.text().stderr];
    };
    expect(await run(0)).toEqual([0, ""]);
    expect(await run(undefined)).toEqual([
      1,
      "keelson: templates call each other too deeply\nhint: look for a loop that never ends\n",
    ]);
    rmSync(folder, { recursive: true });
  });

  it("shows every command of the table when called bare", async () => {
    const { code, stdout } = await check("");
    expect(code).toBe(0);
    for (const entry of commands) if (entry.isHidden !== true) expect(stdout).toContain(`  ${entry.name}`);
  });

  it("understands helm's words for its commands", async () => {
    const help = (await check("dependency update --help")).stdout.replace(
      "keelson dependency update [",
      "keelson WORDS [",
    );
    for (const words of ["dep up", "dependency up", "helm dep update", "helm dependency up"])
      expect((await check(`${words} --help`)).stdout.replace(`keelson ${words} [`, "keelson WORDS [")).toBe(help);
    expect((await check("helm template --help")).stdout).toContain("the output of `helm template`");
    expect((await check("helm package")).stderr).toContain("an argument is missing");
  });

  it("prints its version", async () => {
    expect(await check("--version")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^keelson 1\.2\.3 \(node /),
    });
    expect(JSON.parse((await check("version -o json")).stdout)).toMatchObject({ keelson: "1.2.3" });
  });

  it("answers an unknown command with the near one, code 2", async () => {
    expect(await check("versoin")).toEqual({
      code: 2,
      stdout: "",
      stderr: 'keelson: no command "versoin"\nhint: did you mean `keelson version`?\n',
    });
  });

  it("answers a superfluous argument with the usage line, code 2", async () => {
    expect(await check("version now")).toEqual({
      code: 2,
      stdout: "",
      stderr: 'keelson: unexpected argument "now"\nhint: usage: keelson version\n',
    });
  });

  it("completes commands, flags and choices", async () => {
    expect((await check("__complete -- ver")).stdout).toBe("version\n");
    expect((await check("__complete -- version --o")).stdout).toBe("--output\n");
    expect((await check("__complete -- version -o j")).stdout).toBe("json\n");
    expect((await check("__complete -- completion z")).stdout).toBe("zsh\n");
  });

  for (const entry of commands) {
    it(`has help for ${entry.name}`, async () => {
      const { code, stdout, stderr } = await check(`${entry.name} --help`);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toContain(`Usage: keelson ${entry.name}`);
    });
  }
});
