// YAML as our server writes it, line by line: the pieces of each line to colour, and the field that it states.

export type Piece = { what: "key" | "text" | "number" | "word" | "comment" | "sign"; text: string };

/** A line in pieces; joined they are the line. */
export function piecesOf(line: string): Piece[] {
  const match = /^(\s*)((?:- )*)(?:((?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s#:'"[{][^:]*?)):(?=\s|$))?(.*)$/.exec(line);
  if (match === null) return [{ what: "text", text: line }];
  const [, indent = "", dashes = "", key, rest = ""] = match;
  const pieces: Piece[] = [];
  if (indent + dashes !== "") pieces.push({ what: "sign", text: indent + dashes });
  if (key !== undefined) pieces.push({ what: "key", text: key }, { what: "sign", text: ":" });
  if (rest !== "") pieces.push(valueOf(rest));
  return pieces;
}

function valueOf(text: string): Piece {
  const value = text.trim();
  if (value.startsWith("#")) return { what: "comment", text };
  if (/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value)) return { what: "number", text };
  if (/^(true|false|null|~|\{\}|\[\]|\|[-+]?|>[-+]?)$/.test(value)) return { what: "word", text };
  return { what: "text", text };
}

/** Where the fields of a text stand. */
export type Fields = {
  /** The field that each line states, items by their number: `spec.containers[0].image`; "" for lines within a text. */
  paths: string[];
  /** Of each list, by its path, the plain fields of each item: what names it from outside. */
  items: Map<string, ReadonlyMap<string, string>[]>;
};

type Level = { indent: number; path: string; isItem: boolean; items: number };

/** The field of each line. */
export function fieldsOf(lines: readonly string[]): Fields {
  const walk: Walk = { lines, levels: [{ indent: -1, path: "", isItem: false, items: 0 }], items: new Map() };
  let textDeeperThan = -1;
  const paths = lines.map((line, index) => {
    const indent = line.search(/\S/);
    if (indent < 0) return "";
    if (textDeeperThan >= 0 && indent > textDeeperThan) return "";
    textDeeperThan = -1;
    const { path, indentOfKey, isText } = place(line, walk, index);
    if (isText) textDeeperThan = indentOfKey;
    return path;
  });
  return { paths, items: walk.items };
}

/** A path that names items by their fields (`ports[port=80,protocol="TCP"]`) or values, in the numbers of a text. */
export function numbered(path: string, { items }: Fields): string {
  let result = "";
  for (const [part, inner] of path.matchAll(/\.?[\w-]+|\[((?:"(?:[^"\\]|\\.)*"|[^\]"])*)\]/g)) {
    const wanted = inner === undefined ? [] : [...inner.matchAll(/([\w.-]*)=("(?:[^"\\]|\\.)*"|[^,]*)/g)];
    if (wanted.length === 0) {
      result += part;
      continue;
    }
    const index = (items.get(result) ?? []).findIndex((fields) =>
      wanted.every(([, name = "", value = ""]) => fields.get(name) === unquoted(value)),
    );
    result += `[${index}]`;
  }
  return result;
}

type Walk = { lines: readonly string[]; levels: Level[]; items: Fields["items"] };

type Place = { path: string; indentOfKey: number; isText: boolean };

function place(line: string, { lines, levels, items }: Walk, index: number): Place {
  let indent = line.search(/\S/);
  let rest = line.slice(indent);
  let path = "";
  while (rest.startsWith("- ") || rest === "-") {
    // A list stands at the indentation of its key, or deeper; the item before this one ends here.
    while (isWithin(levels.at(-1), indent)) levels.pop();
    const list = levels.at(-1) as Level;
    items.set(list.path, [...(items.get(list.path) ?? []), fieldsOfItem(lines, index, indent)]);
    path = `${list.path}[${list.items++}]`;
    levels.push({ indent, path, isItem: true, items: 0 });
    rest = rest.slice(2);
    const more = rest.search(/\S/);
    indent += 2 + Math.max(0, more);
    rest = rest.slice(Math.max(0, more));
  }
  const key = /^("(?:[^"\\]|\\.)*"|'[^']*'|[^\s#:'"[{][^:]*?):(?=\s|$)(.*)$/.exec(rest);
  if (key === null) return { path, indentOfKey: indent, isText: /^[|>]/.test(rest) };
  while ((levels.at(-1)?.indent ?? -1) >= indent && levels.length > 1) levels.pop();
  const parent = levels.at(-1)?.path ?? "";
  path = joined(parent, unquoted(key[1] ?? ""));
  levels.push({ indent, path, isItem: false, items: 0 });
  return { path, indentOfKey: indent, isText: /^\s*[|>][-+\d]*\s*$/.test(key[2] ?? "") };
}

function isWithin(level: Level | undefined, indent: number): boolean {
  return level !== undefined && (level.indent > indent || (level.indent === indent && level.isItem));
}

/** The plain fields of the item that begins on a line; of a plain value, the value under no name. */
function fieldsOfItem(lines: readonly string[], index: number, indent: number): Map<string, string> {
  const fields = new Map<string, string>();
  for (let at = index; at < lines.length; at++) {
    const line = at === index ? `${" ".repeat(indent + 2)}${(lines[at] ?? "").slice(indent + 2)}` : (lines[at] ?? "");
    const depth = line.search(/\S/);
    if (depth >= 0 && depth < indent + 2) break;
    const field = depth === indent + 2 ? /^\s*([\w.-]+): (.+)$/.exec(line) : null;
    if (field !== null) fields.set(field[1] ?? "", unquoted(field[2] ?? ""));
    else if (at === index) fields.set("", unquoted(line.trim()));
  }
  return fields;
}

function joined(parent: string, key: string): string {
  const name = /^[\w-]+$/.test(key) ? key : `["${key}"]`;
  return parent === "" || name.startsWith("[") ? `${parent}${name}` : `${parent}.${name}`;
}

function unquoted(text: string): string {
  if (/^".*"$/.test(text)) return text.slice(1, -1).replaceAll('\\"', '"');
  return /^'.*'$/.test(text) ? text.slice(1, -1).replaceAll("''", "'") : text;
}
