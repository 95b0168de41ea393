// `${…}` in text, with the functions that Flux's substitution has (fluxcd/pkg/envsubst, a fork of drone/envsubst):
// length, case, substring, trim, replace, default. `$name` is left alone, `$${` comes out as `${`.

import { DeliveryFault } from "./faults.ts";
import { matchesGlob } from "./glob.ts";
import { substitutedMost } from "./limits.ts";

export type Variables = ReadonlyMap<string, string>;

/** The names a variable may have. */
export const variableName: RegExp = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Text with every `${…}` replaced. Throws DeliveryFault for an unset variable without default and for bad syntax. */
export function expand(text: string, variables: Variables): string {
  if (!text.includes("$")) return text;
  return new Expander(text, variables).run("");
}

const nestingMost = 32;

class Expander {
  readonly #text: string;
  readonly #variables: Variables;
  #at = 0;
  #depth = 0;

  constructor(text: string, variables: Variables) {
    this.#text = text;
    this.#variables = variables;
  }

  /** Expands up to one of the characters in `ends`, which is not consumed, or to the end of the text. */
  run(ends: string, escapable = ""): string {
    const parts: string[] = [];
    let size = 0;
    while (this.#at < this.#text.length && !ends.includes(this.#text[this.#at] as string)) {
      const part = this.#next(escapable);
      size += part.length;
      if (size > substitutedMost) throw this.#fault("the result is larger than substitution may make it");
      parts.push(part);
    }
    return parts.join("");
  }

  #next(escapable: string): string {
    if (this.#starts("$${")) {
      this.#at += 3;
      return "${";
    }
    if (this.#starts("${")) return this.#expression();
    const character = this.#text[this.#at] as string;
    const following = this.#text[this.#at + 1];
    if (character === "\\" && following !== undefined && escapable.includes(following)) {
      this.#at += 2;
      return following;
    }
    this.#at += 1;
    return character;
  }

  #expression(): string {
    this.#at += 2;
    this.#depth += 1;
    if (this.#depth > nestingMost) throw this.#fault("is nested too deeply");
    const isLength = this.#starts("#");
    if (isLength) this.#at += 1;
    const name = this.#name();
    const result = isLength ? String(Array.from(this.#require(name)).length) : this.#apply(name);
    if (!this.#starts("}")) throw this.#fault(`the expression on ${name} has no closing brace or an unknown function`);
    this.#at += 1;
    this.#depth -= 1;
    return result;
  }

  #name(): string {
    const start = this.#at;
    while (this.#at < this.#text.length && /[A-Za-z0-9_]/.test(this.#text[this.#at] as string)) this.#at += 1;
    const name = this.#text.slice(start, this.#at);
    if (!variableName.test(name)) throw this.#fault("a variable name is missing or invalid");
    return name;
  }

  /** The function that follows the name. */
  #apply(name: string): string {
    const operator = /^(:?[-=?+]|\^\^?|,,?|##?|%%?|\/[/#%]?|:)/.exec(this.#text.slice(this.#at, this.#at + 2))?.[0];
    if (operator === undefined) return this.#require(name);
    this.#at += operator.length;
    if (/^:?[-=?+]$/.test(operator)) return this.#orDefault(name);
    const value = this.#require(name);
    if (operator === ":") return this.#substring(value);
    if (operator.startsWith("/")) return this.#replace(value, operator);
    if (operator.startsWith("#") || operator.startsWith("%")) return trim(value, operator, this.run("}"));
    return changeCase(value, operator);
  }

  #orDefault(name: string): string {
    const fallback = this.run("}");
    const value = this.#variables.get(name) ?? "";
    return value === "" ? fallback : value;
  }

  #substring(value: string): string {
    const characters = Array.from(value);
    const start = Number(this.run(":}").trim());
    const hasLength = this.#starts(":");
    if (hasLength) this.#at += 1;
    const length = hasLength ? Number(this.run("}").trim()) : characters.length;
    if (!Number.isInteger(start) || !Number.isInteger(length)) return value;
    const from = start < 0 ? Math.max(0, characters.length + start) : start;
    return characters.slice(from, from + Math.max(0, length)).join("");
  }

  #replace(value: string, operator: string): string {
    const old = this.run("/}", "/");
    if (!this.#starts("/")) return value;
    this.#at += 1;
    const replacement = this.run("}", "/");
    if (operator === "/#") return value.startsWith(old) ? replacement + value.slice(old.length) : value;
    if (operator === "/%") return value.endsWith(old) ? value.slice(0, value.length - old.length) + replacement : value;
    if (operator === "//") return value.split(old).join(replacement);
    const at = value.indexOf(old);
    return at < 0 ? value : value.slice(0, at) + replacement + value.slice(at + old.length);
  }

  #require(name: string): string {
    const value = this.#variables.get(name);
    if (value !== undefined) return value;
    throw new DeliveryFault({
      code: "substitution-failed",
      disposition: "retry",
      message: `variable ${name} is not set`,
      hint: `set it in spec.postBuild, or write a default: \${${name}:=value}`,
    });
  }

  #starts(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }

  #fault(message: string): DeliveryFault {
    const line = this.#text.slice(0, this.#at).split("\n").length;
    return new DeliveryFault({
      code: "substitution-failed",
      disposition: "retry",
      at: `line ${line} of the built object`,
      message: `bad substitution: ${message}`,
      hint: "write $${ for a literal ${",
    });
  }
}

function trim(value: string, operator: string, pattern: string): string {
  const isPrefix = operator.startsWith("#");
  const isLongest = operator.length === 2;
  const cuts = Array.from({ length: value.length + 1 }, (_, index) => index);
  for (const size of isLongest ? cuts.reverse() : cuts) {
    const part = isPrefix ? value.slice(0, size) : value.slice(value.length - size);
    if (matchesGlob(pattern, part)) return isPrefix ? value.slice(size) : value.slice(0, value.length - size);
  }
  return value;
}

function changeCase(value: string, operator: string): string {
  const first = value.slice(0, 1);
  const rest = value.slice(1);
  switch (operator) {
    case "^":
      return first.toUpperCase() + rest;
    case "^^":
      return value.toUpperCase();
    case ",":
      return first.toLowerCase() + rest;
    default:
      return value.toLowerCase();
  }
}
