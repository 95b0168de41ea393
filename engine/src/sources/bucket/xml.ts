// The little of XML in which object stores answer: elements with text, no attributes that matter, no entities of their own.

/** Contents of every element of a name, in order; elements of one name are never nested in these answers. */
export function elements(text: string, name: string): string[] {
  const found: string[] = [];
  const open = new RegExp(`<${name}(?:\\s[^>]*)?>`, "g");
  const close = `</${name}>`;
  for (let match = open.exec(text); match !== null; match = open.exec(text)) {
    const end = text.indexOf(close, open.lastIndex);
    if (end < 0) break;
    found.push(text.slice(open.lastIndex, end));
    open.lastIndex = end + close.length;
  }
  return found;
}

/** The text of the first element of a name; "" where there is none. */
export function textOf(text: string, name: string): string {
  return decode(elements(text, name)[0] ?? "");
}

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function decode(text: string): string {
  return text.replace(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (whole, name: string) => {
    if (name.startsWith("#x") || name.startsWith("#X")) return String.fromCodePoint(Number.parseInt(name.slice(2), 16));
    if (name.startsWith("#")) return String.fromCodePoint(Number.parseInt(name.slice(1), 10));
    return entities[name] ?? whole;
  });
}
