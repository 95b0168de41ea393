// `${…}` in text, as Flux's substitution reads it (fluxcd/pkg/envsubst v1.7, a fork of drone/envsubst): length, case,
// substring, trim, replace, default. `$name` is left alone and `$$` comes out as `$`. What each function does stands in
// expand-functions.ts.

import { type Apply, changeCase, cut, replace, substring, trim } from "./expand-functions.ts";
import { DeliveryFault } from "./faults.ts";
import { expressionsNestedMost, substitutedMost } from "./limits.ts";

export type Variables = ReadonlyMap<string, string>;

export type ExpandOptions = {
  /** False: an unset variable is empty text, as Flux had it before 2.9. */
  isStrict?: boolean;
};

/** The names a variable may have. */
export const variableName: RegExp = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Text with every `${…}` replaced. Throws DeliveryFault for an unset variable without default and for bad syntax. */
export function expand(text: string, variables: Variables, options: ExpandOptions = {}): string {
  if (!text.includes("$")) return text;
  return new Expander(text, variables, options.isStrict ?? true).run();
}

type Accepts = (character: string) => boolean;

const notClosing: Accepts = (character) => character !== "}";
const identifier = /[\p{L}\p{Nd}_]*/uy;

class Expander {
  readonly #text: string;
  readonly #variables: Variables;
  readonly #isStrict: boolean;
  #at = 0;
  #depth = 0;

  constructor(text: string, variables: Variables, isStrict: boolean) {
    this.#text = text;
    this.#variables = variables;
    this.#isStrict = isStrict;
  }

  run(): string {
    const parts: string[] = [];
    let size = 0;
    while (this.#at < this.#text.length) {
      const part = this.#next();
      size += part.length;
      if (size > substitutedMost) throw this.#fault("the result is larger than substitution may make it");
      parts.push(part);
    }
    return parts.join("");
  }

  /** One expression, one escape, or the plain text up to the next dollar. */
  #next(): string {
    if (this.#takes("${")) return this.#expression();
    if (this.#takes("$$")) return "$";
    const dollar = this.#text.indexOf("$", this.#at + 1);
    const start = this.#at;
    this.#at = dollar < 0 ? this.#text.length : dollar;
    return this.#text.slice(start, this.#at);
  }

  /** What follows `${`, up to and with its closing brace. */
  #expression(): string {
    this.#depth += 1;
    if (this.#depth > expressionsNestedMost) throw this.#fault("is nested too deeply");
    const result = this.#takes("#") ? this.#length() : this.#function(this.#name());
    this.#depth -= 1;
    return result;
  }

  #length(): string {
    const name = this.#name();
    this.#close(name);
    return String(Buffer.byteLength(this.#require(name)));
  }

  #name(): string {
    identifier.lastIndex = this.#at;
    const name = identifier.exec(this.#text)?.[0] ?? "";
    this.#at += name.length;
    if (name === "") throw this.#fault("a variable name is missing or invalid");
    return name;
  }

  #function(name: string): string {
    switch (this.#text.charAt(this.#at)) {
      case ":":
        return this.#takesOneOf(":=", ":-", ":?", ":+") === undefined ? this.#substring(name) : this.#default(name);
      // A dash, as in bash, is no default here: `${my-var}` is a mistake in a name more often than not.
      case "=":
        this.#at += 1;
        return this.#default(name);
      case "^":
      case ",":
        return this.#withOperator(name, this.#takesOneOf("^^", "^", ",,", ","), changeCase);
      case "#":
      case "%":
        return this.#trim(name);
      case "/":
        return this.#replace(name);
      default:
        this.#close(name);
        return this.#require(name);
    }
  }

  /** Every form with a fallback takes it when the variable is unset or empty, whatever bash does. */
  #default(name: string): string {
    const parts: string[] = [];
    while (!this.#starts("}")) parts.push(this.#parameter(notClosing, false));
    this.#at += 1;
    const value = this.#variables.get(name) ?? "";
    return value === "" ? parts.join("") : value;
  }

  #withOperator(name: string, operator: string | undefined, apply: Apply): string {
    this.#close(name);
    return apply(this.#require(name), operator ?? "", []);
  }

  #substring(name: string): string {
    this.#at += 1;
    const parts = [this.#parameter((character) => character !== ":" && character !== "}", false)];
    if (this.#skipAll(":")) parts.push(this.#parameter(notClosing, false));
    this.#close(name);
    return substring(this.#require(name), ":", parts);
  }

  #trim(name: string): string {
    const operator = this.#takesOneOf("##", "#", "%%", "%") ?? "";
    const pattern = this.#parameter(notClosing, false);
    this.#close(name);
    return trim(this.#require(name), operator, [pattern]);
  }

  #replace(name: string): string {
    const operator = this.#takesOneOf("//", "/#", "/%", "/") ?? "";
    const parts = [this.#parameter((character) => character !== "/", true)];
    if (!this.#skipAll("/")) throw this.#fault(`the replacement in ${name} has no second slash`);
    if (!this.#starts("}")) parts.push(this.#parameter(notClosing, true));
    this.#close(name);
    return replace(this.#require(name), operator, parts);
  }

  /** One nested expression, or at least one accepted character and those after it. Escapes: `$$`, `\/`, `\\`. */
  #parameter(accepts: Accepts, hasEscapes: boolean): string {
    if (this.#takes("${")) return this.#expression();
    let result = "";
    while (this.#at < this.#text.length && !(result !== "" && this.#starts("${"))) {
      const character = cut(this.#text, this.#at);
      const isEscape = hasEscapes && (this.#starts("$$") || this.#starts("\\/") || this.#starts("\\\\"));
      if (!isEscape && !accepts(character)) break;
      result += isEscape ? this.#text[this.#at + 1] : character;
      this.#at += isEscape ? 2 : character.length;
    }
    if (result === "") throw this.#fault("a function lacks its parameter");
    return result;
  }

  #require(name: string): string {
    const value = this.#variables.get(name);
    if (value !== undefined) return value;
    if (!this.#isStrict) return "";
    throw new DeliveryFault({
      code: "substitution-failed",
      disposition: "retry",
      message: `variable ${name} is not set`,
      hint: `set it in spec.postBuild, or write a default: \${${name}:=value}`,
    });
  }

  #close(name: string): void {
    if (!this.#takes("}")) throw this.#fault(`the expression on ${name} has no closing brace or an unknown function`);
  }

  #starts(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }

  #takes(text: string): boolean {
    const isThere = this.#starts(text);
    if (isThere) this.#at += text.length;
    return isThere;
  }

  #takesOneOf(...texts: readonly string[]): string | undefined {
    return texts.find((text) => this.#takes(text));
  }

  #skipAll(character: string): boolean {
    const start = this.#at;
    while (this.#takes(character));
    return this.#at > start;
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
