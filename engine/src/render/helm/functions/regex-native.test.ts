import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { fitsText, nativePattern } from "./regex-native.ts";

const texts = [
  "",
  "a",
  "Ab-c_9.example.com:8080/x y",
  "aa\u000b\té\n b-1-rc2 z",
  "-x-a.",
  "foo--bar__baz@sha256:00ff",
  "\u2028.\r",
];

/** Each match from each place on, groups that took no part as empty texts: nobody can tell them apart. */
function found(exec: (text: string, from: number) => readonly (string | number | null)[] | undefined): string {
  return JSON.stringify(
    texts.map((text) =>
      Array.from({ length: text.length + 1 }, (_, from) => exec(text, from)?.map((one) => one ?? "") ?? []),
    ),
  );
}

function ofGo(pattern: string): string {
  const regex = RE2JS.compile(pattern);
  return found((text, from) => {
    const matcher = regex.matcher(text);
    if (!matcher.find(from)) return undefined;
    return [matcher.start(), ...Array.from({ length: matcher.groupCount() + 1 }, (_, i) => matcher.group(i))];
  });
}

function ofPlatform(pattern: RegExp): string {
  return found((text, from) => {
    pattern.lastIndex = from;
    const match = pattern.exec(text);
    return match === null ? undefined : [match.index, ...match.map((group: string | undefined) => group ?? null)];
  });
}

describe("the platform's form of a pattern", () => {
  it.each([
    "[^a-zA-Z0-9._-]+",
    "^v?[0-9]+\\.[0-9]+\\.[0-9]+",
    "(-?[^a-z\\d\\-])+-?",
    "-r\\d+$|sha256:",
    "(.*)(@sha.*)",
    ".*:(\\d+)",
    "\\W+",
    "[+-]",
    "^victoria-(metrics|logs|traces)-",
    "\\s[^\\s]",
    "a(x*)b",
    "^[0-9]{4}$",
    "a{1,2}?",
    "^|$",
    "(?:a|b)?c*",
  ])("finds what Go's does: %s", (pattern) => {
    const native = nativePattern(pattern);
    expect(native).toBeDefined();
    expect(native && ofPlatform(native.pattern)).toBe(ofGo(pattern));
  });

  it.each([
    "(?i)a",
    "(?P<n>a)",
    "\\p{L}",
    "[[:alpha:]]",
    "\\bword\\b",
    "a\\z",
    "(a+)+",
    "(a?a)+",
    "(a|ab)*",
    "(|a)?",
    "(a??)?",
    "[z-a]",
    "[]a]",
    "(",
    "a)",
    "*a",
    "a**",
    "^*",
    "é",
    "[a-",
    "\\",
  ])("is not made of %s", (pattern) => {
    expect(nativePattern(pattern)).toBeUndefined();
  });

  it("is used only where its time is bounded, and for whole characters", () => {
    const one = nativePattern("a+b");
    const three = nativePattern("a*b*c*");
    if (one === undefined || three === undefined) throw new Error("both are plain");
    expect([fitsText(one, "a".repeat(4_000)), fitsText(one, "a".repeat(5_000))]).toEqual([true, false]);
    expect([fitsText(three, "a".repeat(60)), fitsText(three, "a".repeat(100))]).toEqual([true, false]);
    expect([fitsText(one, "\ud83d\ude00"), fitsText(one, "\udc80")]).toEqual([false, false]);
  });

  it("is never made of a pattern that Go takes otherwise", () => {
    const bits = [
      "a",
      "-",
      ".",
      "\\.",
      "\\d",
      "\\W",
      "[^a-z0-9]",
      "[a-c-]",
      "(",
      ")",
      ")?",
      ")+",
      "|",
      "^",
      "$",
      "*",
      "+",
      "?",
      "{2}",
      "[",
      "]",
      "x",
    ];
    let state = 11;
    const choose = (limit: number): number => {
      state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) >>> 0;
      return state % limit;
    };
    let made = 0;
    for (let turn = 0; turn < 1_500; turn++) {
      const pattern = Array.from({ length: 1 + choose(7) }, () => bits[choose(bits.length)]).join("");
      const native = nativePattern(pattern);
      if (native === undefined) continue;
      made++;
      expect(ofPlatform(native.pattern), pattern).toBe(ofGo(pattern));
    }
    expect(made).toBeGreaterThan(300);
  });
});
