// The tokens of a CEL expression, each with its place (the language definition, section "Syntax").

import { encodeUtf8 } from "./utf8.ts";

export type Token = {
  kind: "name" | "quoted-name" | "int" | "uint" | "double" | "string" | "bytes" | "symbol" | "end";
  /** As it stands in the expression. */
  text: string;
  at: number;
  /** What a text or bytes literal means; bytes as a text of one character each. */
  value?: string;
};

/** What is wrong with an expression before anything is known of its types. */
export class SyntaxFault extends Error {
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

const pattern = new RegExp(
  [
    String.raw`(?<space>[\t \r\n\f]+|\/\/[^\n]*)`,
    String.raw`(?<text>[bB]?[rR]"""[\s\S]*?"""|[bB]?[rR]'''[\s\S]*?'''|[bB]?[rR]"[^"\n\r]*"|[bB]?[rR]'[^'\n\r]*'|[bB]?"""(?:\\[\s\S]|[^\\])*?"""|[bB]?'''(?:\\[\s\S]|[^\\])*?'''|[bB]?"(?:\\.|[^"\\\n\r])*"|[bB]?'(?:\\.|[^'\\\n\r])*')`,
    String.raw`(?<double>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)`,
    String.raw`(?<uint>(?:0x[0-9a-fA-F]+|\d+)[uU])`,
    String.raw`(?<int>0x[0-9a-fA-F]+|\d+)`,
    String.raw`(?<name>[A-Za-z_]\w*)`,
    "(?<quoted>`[\\w.\\-/ ]+`)",
    String.raw`(?<symbol>==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()[\]{}])`,
  ].join("|"),
  "y",
);

/** All tokens of an expression; the last one is its end. */
export function tokensOf(expression: string): Token[] {
  const tokens: Token[] = [];
  pattern.lastIndex = 0;
  for (let at = 0; at < expression.length; at = pattern.lastIndex) {
    pattern.lastIndex = at;
    const groups = pattern.exec(expression)?.groups;
    if (groups === undefined)
      throw new SyntaxFault(at, `Syntax error: token recognition error at: '${expression[at]}'`);
    const token = tokenOf(groups, at);
    if (token !== undefined) tokens.push(token);
  }
  tokens.push({ kind: "end", text: "<EOF>", at: expression.length });
  return tokens;
}

function tokenOf(groups: Record<string, string | undefined>, at: number): Token | undefined {
  const { text, double, uint, int, name, quoted, symbol } = groups;
  if (text !== undefined) return literal(text, at);
  if (double !== undefined) return { kind: "double", text: double, at };
  if (uint !== undefined) return { kind: "uint", text: uint, at };
  if (int !== undefined) return { kind: "int", text: int, at };
  if (name !== undefined) return { kind: "name", text: name, at };
  if (quoted !== undefined) return { kind: "quoted-name", text: quoted.slice(1, -1), at };
  return symbol === undefined ? undefined : { kind: "symbol", text: symbol, at };
}

function literal(text: string, at: number): Token {
  const [, prefix = "", quote = ""] = /^([a-zA-Z]*)("""|'''|"|')/.exec(text) ?? [];
  const inner = text.slice(prefix.length + quote.length, text.length - quote.length);
  const isRaw = /r/i.test(prefix);
  if (/b/i.test(prefix)) return { kind: "bytes", text, at, value: isRaw ? encodeUtf8(inner) : bytesOf(inner, at) };
  return { kind: "string", text, at, value: isRaw ? inner : unescaped(inner, at) };
}

const escapes: Readonly<Record<string, string>> = { a: "\u0007", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

/** Bytes as a text of one character each: an escape is a byte, any other character those of its UTF-8. */
function bytesOf(text: string, at: number): string {
  if (/(^|[^\\])(\\\\)*\\[uU]/.test(text)) throw new SyntaxFault(at, "unable to unescape string");
  return text.replaceAll(/\\(?:[xX][\da-fA-F]{2}|[0-3][0-7]{2}|[^])|[^\\]+/g, (part) =>
    part.startsWith("\\") ? unescaped(part, at) : encodeUtf8(part),
  );
}

function unescaped(text: string, at: number): string {
  return text.replace(
    /\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]))/g,
    (_, ...[x, u, long, octal, plain]: (string | undefined)[]) => {
      const hex = x ?? u ?? long;
      if (hex !== undefined && Number.parseInt(hex, 16) <= 0x10ffff)
        return String.fromCodePoint(Number.parseInt(hex, 16));
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
      if (plain !== undefined && Object.hasOwn(escapes, plain)) return escapes[plain] as string;
      if (plain !== undefined && `"'\\?\``.includes(plain)) return plain;
      throw new SyntaxFault(at, `Syntax error: token recognition error at: '${text}'`);
    },
  );
}
