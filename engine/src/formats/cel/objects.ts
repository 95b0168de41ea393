// Initializers of mutating policies, `Object.spec{replicas: 3}` and `JSONPatch{op: "add"}`, which the parser does not know, written as
// maps of any type.

const tokens =
  /[rR]?"""[\s\S]*?"""|[rR]?'''[\s\S]*?'''|[rR]"[^"\n]*"|[rR]'[^'\n]*'|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\/\/[^\n]*|\.\s*[A-Za-z_]\w*|(?:Object|JSONPatch)(?:\.[A-Za-z_]\w*)*\s*\{|[A-Za-z_]\w*|[[\](){},]|[^\S]+|[\s\S]/g;

/** The expression with maps in the place of initializers. */
export function rewriteInitializers(expression: string): string {
  // One for each open bracket: whether it is an initializer's, so that names stand before its colons.
  const open: boolean[] = [];
  let isNameNext = false;
  let result = "";
  for (const [token] of expression.matchAll(tokens)) {
    if (/^(?:Object|JSONPatch)\b.*\{$/s.test(token)) {
      open.push(true);
      result += "dyn({";
      isNameNext = true;
      continue;
    }
    if ("[({".includes(token)) open.push(false);
    if (isNameNext && /^[A-Za-z_]/.test(token)) result += JSON.stringify(token);
    else result += ")]}".includes(token) && open.pop() === true ? "})" : token;
    if (token.trim() !== "") isNameNext = token === "," && open.at(-1) === true;
  }
  return result.replaceAll(/\bjsonpatch\s*\.\s*escapeKey\s*\(/g, "jsonPatchKey(");
}

/** As `jsonpatch.escapeKey`. */
export function jsonPatchKey(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
