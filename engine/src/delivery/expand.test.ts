import { describe, expect, it } from "vitest";
import { formatFault } from "#kernel";
import { expand } from "./expand.ts";
import { matchesGlob } from "./glob.ts";

const variables = new Map([
  ["v", "Hello World"],
  ["path", "usr/local/bin.tar.gz"],
  ["empty", ""],
  ["other", "v"],
  ["wide", "äöß"],
]);

describe("substitution", () => {
  it.each([
    ["plain text", "plain text"],
    ["${v}", "Hello World"],
    ["a ${v} b ${other}", "a Hello World b v"],
    ["$v stays", "$v stays"],
    ["$${v}", "${v}"],
    ["cost: $5, $", "cost: $5, $"],
    ["${#v}", "11"],
    ["${v^^}", "HELLO WORLD"],
    ["${v,}", "hello World"],
    ["${v,,}", "hello world"],
    ["${other^}", "V"],
    ["${v:6}", "World"],
    ["${v:0:4}", "Hell"],
    ["${v:6:99}", "World"],
    ["${v:99}", ""],
    ["${path#*/}", "local/bin.tar.gz"],
    ["${path##*/}", "bin.tar.gz"],
    ["${path%.*}", "usr/local/bin.tar"],
    ["${path%%.*}", "usr/local/bin"],
    ["${path/local/share}", "usr/share/bin.tar.gz"],
    ["${v//o/0}", "Hell0 W0rld"],
    ["${v/#Hello/Bye}", "Bye World"],
    ["${v/%World/You}", "Hello You"],
    ["${path//\\//-}", "usr-local-bin.tar.gz"],
    ["${nothing:=x}", "x"],
    ["${nothing:-x}", "x"],
    ["${nothing=x}", "x"],
    ["${nothing:=}", ""],
    ["${empty:=x}", "x"],
    ["${v:=x}", "Hello World"],
    ["${nothing:=${other}}", "v"],
    ["${nothing:=${deeper:-${v}}}", "Hello World"],
    ["${empty}", ""],
    ["$$v and $$$$", "$v and $$"],
    ["$$${v}", "$Hello World"],
    ["${nothing:+x}", "x"],
    ["${v:+x}", "Hello World"],
    ["${nothing:?x}", "x"],
    ["${nothing:-a${other}b}", "avb"],
    ["${nothing:=$${other}}", "$v"],
    ["${nothing:=a\\/b}", "a\\/b"],
    ["${#wide}", "6"],
    ["${wide:2}", "öß"],
    ["${wide^^}", "ÄÖß"],
    ["${v:-5:2}", "Hello World"],
    ["${v: -5}", "Hello World"],
    ["${v:x}", "Hello World"],
    ["${v:0:0}", ""],
    ["${v#*}", "ello World"],
    ["${v##*}", ""],
    ["${v#[A-H]}", "ello World"],
    ["${v%[a-d]}", "Hello World"],
    ["${v#[a}", "Hello World"],
    ["${v/#Hello/}", "Hello World"],
    ["${v/Hello /}", "World"],
    ["${v/Hello//}", "/ World".slice(1)],
    ["${v/Hello/a\\/b}", "a/b World"],
    ["${v/Hello/$$x}", "$x World"],
    ["${v/${missing:-Hello}/Bye}", "Bye World"],
  ])("%s becomes %s", (text, expected) => {
    expect(expand(text, variables)).toBe(expected);
  });

  it.each([
    ["${nothing}", "variable nothing is not set"],
    ["${nothing^^}", "variable nothing is not set"],
    ["a\nb ${v", "line 2 of the built object: bad substitution: the expression on v has no closing brace"],
    ["${}", "a variable name is missing or invalid"],
    ["${1a}", "variable 1a is not set"],
    ["${nothing-x}", "has no closing brace or an unknown function"],
    ["${a.b}", "has no closing brace or an unknown function"],
    ["${v:}", "a function lacks its parameter"],
    ["${v:1:}", "a function lacks its parameter"],
    ["${v#}", "a function lacks its parameter"],
    ["${v/Hello}", "has no second slash"],
    ["${v^x}", "has no closing brace"],
    ["${v:=x", "a function lacks its parameter"],
  ])("%s is refused", (text, message) => {
    let told = "";
    try {
      expand(text, variables);
    } catch (thrown) {
      told = formatFault(thrown);
    }
    expect(told).toContain(message);
  });

  it("does not grow without bound", () => {
    const many = new Map([["x", "y".repeat(1 << 20)]]);
    expect(() => expand("${x}".repeat(100), many)).toThrow("larger than substitution may make it");
  });
});

describe("patterns", () => {
  it.each([
    ["*", "", true],
    ["a*c", "abbc", true],
    ["a*c", "abb", false],
    ["?b", "ab", true],
    ["[a-c]x", "bx", true],
    ["[^a-c]x", "bx", false],
    ["\\*", "*", true],
    ["[a", "a", false],
    ["*a*a*a*a*b", "a".repeat(200), false],
  ])("%s on %s: %s", (pattern, text, expected) => {
    expect(matchesGlob(pattern, text)).toBe(expected);
  });
});
