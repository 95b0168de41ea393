// Forms of the language that the parser below does not take as Kubernetes means them, written as ones that it does.

const stringOr = (rest: string): RegExp =>
  new RegExp(
    `[rR]?"""[\\s\\S]*?"""|[rR]?'''[\\s\\S]*?'''|[rR]"[^"\\n]*"|[rR]'[^'\\n]*'|"(?:[^"\\\\\\n]|\\\\.)*"|'(?:[^'\\\\\\n]|\\\\.)*'|${rest}`,
    "g",
  );

const matchesCall = stringOr("\\.\\s*matches\\s*\\(");
const hasCall = stringOr("\\bhas\\s*\\(");
const brackets = stringOr("[()[\\]]");

/** The expression as the parser takes it. */
export function rewriteExpression(expression: string): string {
  return withOptionalHas(withLinearRegex(expression));
}

/** `.matches(` outside of strings becomes a call of the engine that is linear in time. */
function withLinearRegex(expression: string): string {
  return expression.replace(matchesCall, (token) => (token.startsWith(".") ? ".matchesLinear(" : token));
}

/** `has(list[0].field)`, which the parser refuses for its index, becomes `list[0].?field.hasValue()`. */
function withOptionalHas(expression: string): string {
  let result = "";
  let from = 0;
  for (const match of expression.matchAll(hasCall)) {
    if (!match[0].startsWith("has") || match.index < from) continue;
    const open = match.index + match[0].length;
    const close = closing(expression, open);
    const argument = close === undefined ? "" : expression.slice(open, close);
    const dot = argument.lastIndexOf(".");
    if (close === undefined || !argument.includes("[") || argument.lastIndexOf("]") > dot) continue;
    result += `${expression.slice(from, match.index)}(${argument.slice(0, dot)}.?${argument.slice(dot + 1).trim()}.hasValue())`;
    from = close + 1;
  }
  return result + expression.slice(from);
}

/** Where the bracket that is open at `start` closes; strings are passed over. */
function closing(expression: string, start: number): number | undefined {
  let depth = 1;
  const scan = new RegExp(brackets);
  scan.lastIndex = start;
  for (let match = scan.exec(expression); match !== null; match = scan.exec(expression)) {
    if (match[0] === "(" || match[0] === "[") depth++;
    else if (match[0] === ")" || match[0] === "]") depth--;
    if (depth === 0) return match.index;
  }
  return undefined;
}
