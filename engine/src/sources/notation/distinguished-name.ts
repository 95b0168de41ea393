// Names of certificates' subjects as trust policies write them. https://www.rfc-editor.org/rfc/rfc4514

/** Attribute by attribute; S is another name of ST. */
export type DistinguishedName = ReadonlyMap<string, string>;

/** Reads `C=DE, ST=Berlin, O=Acme`; throws an Error where a mandatory part is missing or one is there twice. */
export function parseDistinguishedName(text: string): DistinguishedName {
  if (text.includes("=#")) throw new Error(`unsupported distinguished name (DN) "${text}": it contains "=#"`);
  return named(split(text, /[,;]/), text);
}

/** The subject of a certificate in Node's form: an attribute a line. */
export function subjectName(subject: string): DistinguishedName {
  return named(subject.split("\n"), subject.replaceAll("\n", ","));
}

/** Whether each attribute of the one stands in the other as well. */
export function isPartOf(part: DistinguishedName, whole: DistinguishedName): boolean {
  return [...part].every(([key, value]) => whole.get(key) === value);
}

function named(parts: readonly string[], text: string): DistinguishedName {
  const name = new Map<string, string>();
  for (const part of parts) {
    const equals = part.indexOf("=");
    if (equals < 0)
      throw new Error(`parsing distinguished name (DN) "${text}" failed: ${JSON.stringify(part)} has no =`);
    const type = part.slice(0, equals).trim();
    const key = type === "S" ? "ST" : type;
    if (split(part, /\+/).length > 1)
      throw new Error(`distinguished name (DN) "${text}" has multi-valued RDN attributes, which are not supported`);
    if (name.has(key)) throw new Error(`distinguished name (DN) "${text}" has duplicate RDN attribute for "${key}"`);
    name.set(key, unescape(part.slice(equals + 1)));
  }
  for (const key of ["C", "ST", "O"])
    if ((name.get(key) ?? "") === "")
      throw new Error(`distinguished name (DN) "${text}" has no mandatory RDN attribute for "${key}"`);
  return name;
}

/** At separators that no backslash stands before. */
function split(text: string, separator: RegExp): string[] {
  const parts = [""];
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? "";
    if (char === "\\") parts[parts.length - 1] += char + (text[(i += 1)] ?? "");
    else if (separator.test(char)) parts.push("");
    else parts[parts.length - 1] += char;
  }
  return parts;
}

/** Blanks around a value do not count, but where a backslash stands before them. */
function unescape(text: string): string {
  const start = text.replace(/^ +/, "");
  const trimmed = start.replace(/ +$/, (blanks, at: number) => (start[at - 1] === "\\" ? blanks.slice(0, 1) : ""));
  const bytes = trimmed.replace(/(?:\\[0-9a-fA-F]{2})+/g, (run) =>
    Buffer.from(run.replaceAll("\\", ""), "hex").toString("utf8"),
  );
  return bytes.replace(/\\(.)/g, "$1");
}
