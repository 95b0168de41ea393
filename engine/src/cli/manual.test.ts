// The manual's page of commands says what the commands' own help says.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { commands } from "./commands.ts";
import { formatManual } from "./help.ts";

const page = join(import.meta.dirname, "../../../docs/cli.md");

it("docs/cli.md holds the help of every command", async () => {
  const text = await formatManual(commands);
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(page, text);
  expect(readFileSync(page, "utf8")).toBe(text);
});
