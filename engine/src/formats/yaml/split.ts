// Text of several documents to the text of each, without reading their content.

export type DocumentText = {
  text: string;
  /** 1-based line of the whole at which the document's text begins. */
  line: number;
};

/** Splits at lines of `---`. Documents of nothing but blanks and comments are left out. */
export function splitYamlDocuments(text: string): DocumentText[] {
  const documents: DocumentText[] = [];
  let start = 0;
  let line = 1;
  const mark = /^---(?=[ \t\r\n]|$)[^\n]*\n?/gm;
  const add = (end: number): void => {
    const part = text.slice(start, end);
    if (/^[ \t]*[^ \t\r\n#]/m.test(part)) documents.push({ text: part, line });
    line += countBreaks(part);
  };
  for (const found of text.matchAll(mark)) {
    add(found.index);
    // Content may stand behind the dashes: `--- {a: 1}`.
    const behind = found[0].slice(3).replace(/^\s*#.*/, "");
    const isBare = behind.trim() === "";
    start = found.index + (isBare ? found[0].length : 3);
    if (isBare) line += countBreaks(found[0]);
  }
  add(text.length);
  return documents;
}

function countBreaks(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
