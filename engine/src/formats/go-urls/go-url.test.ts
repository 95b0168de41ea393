import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { goHostname, type GoUrl, goUrlText, goUserinfoText, parseGoUrl } from "./index.ts";

/** A text with what Go 1.26 makes of it: the parts, or an error; or parts with the text that it writes of them. */
type Corner = ["ok", string, string[]] | ["bad", string, string] | ["join", Partial<GoUrl>, string];

const corners = readFileSync(new URL("./testdata/corners.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Corner);

/** As strconv.QuoteToASCII: bytes that are no character of their own, too. */
function ascii(text: string): string {
  const short: Readonly<Record<string, string>> = { '"': '\\"', "\\": "\\\\", "\t": "\\t", "\n": "\\n" };
  const inAscii = (character: string): string => {
    const point = character.codePointAt(0) as number;
    const hex = (digits: number): string => point.toString(16).padStart(digits, "0");
    if (short[character] !== undefined) return short[character];
    if (point >= 0xdc80 && point <= 0xdcff) return `\\x${(point - 0xdc00).toString(16)}`;
    if (point < 0x20 || point === 0x7f) return `\\x${hex(2)}`;
    return point < 0x7f ? character : point > 0xffff ? `\\U${hex(8)}` : `\\u${hex(4)}`;
  };
  return `"${Array.from(text, inAscii).join("")}"`;
}

function partsOf(url: GoUrl): string[] {
  const { scheme, opaque, host, path, rawPath, query, fragment, rawFragment, user } = url;
  const parts = [scheme, opaque, host, goHostname(host), path, rawPath, query, fragment, rawFragment];
  return [...parts, goUserinfoText(user), goUrlText(url)].map(ascii);
}

describe("URLs as Go has them", () => {
  it.each(corners)("%s %j", (kind, given, wanted) => {
    if (kind === "join") return expect(goUrlText(given)).toBe(wanted);
    const parsed = parseGoUrl(given);
    return expect(parsed.ok ? partsOf(parsed.url) : ascii(parsed.problem)).toEqual(wanted);
  });
});
