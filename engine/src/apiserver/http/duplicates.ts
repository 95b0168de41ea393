// Members that a JSON text states twice: JSON.parse keeps the last and tells nothing, the real server warns.

const quote = 34;
const backslash = 92;

type Level = { isList: boolean; names: Set<string>; name: string; index: number };

/** Paths of the members that stand more than once, as `metadata.name`. The text must be valid JSON. */
export function duplicateMembers(text: string): string[] {
  const found: string[] = [];
  const levels: Level[] = [];
  let at = 0;
  let awaitsName = false;
  while (at < text.length) {
    const char = text[at] as string;
    const level = levels.at(-1);
    if (char === '"') {
      const end = endOfText(text, at);
      if (awaitsName && level !== undefined) {
        level.name = JSON.parse(text.slice(at, end)) as string;
        if (level.names.has(level.name)) found.push(pathOf(levels));
        level.names.add(level.name);
        awaitsName = false;
      }
      at = end;
      continue;
    }
    if (char === "{" || char === "[") levels.push({ isList: char === "[", names: new Set(), name: "", index: 0 });
    else if (char === "}" || char === "]") levels.pop();
    else if (char === "," && level?.isList === true) level.index++;
    awaitsName = char === "{" || (char === "," && level?.isList === false) || (awaitsName && char.trim() === "");
    at++;
  }
  return [...new Set(found)];
}

/** Just behind the closing quote. */
function endOfText(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== quote) at += text.charCodeAt(at) === backslash ? 2 : 1;
  return at + 1;
}

function pathOf(levels: readonly Level[]): string {
  let path = "";
  for (const { isList, name, index } of levels) path += isList ? `[${index}]` : `${path === "" ? "" : "."}${name}`;
  return path;
}
