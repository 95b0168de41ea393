// Tables for people: columns as wide as their cells, no trailing blanks, cut to a terminal's width but never in a pipe.

import type { Output } from "./io.ts";
import { cellLeast } from "./limits.ts";

export type Table = { header: readonly string[]; rows: readonly (readonly string[])[] };

/** A table as lines. On a terminal the last column is cut to fit, unless `isWide`. */
export function formatTable(table: Table, output: Output, isWide = false): string {
  const rows = table.rows.map((row) => row.map(oneLine));
  const widths = table.header.map((name, index) =>
    Math.max(name.length, ...rows.map((row) => (row[index] ?? "").length)),
  );
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + 3, 0);
  const last = output.isTerminal && !isWide ? Math.max(cellLeast, output.columns - before) : Number.POSITIVE_INFINITY;
  const format = (row: readonly string[]): string =>
    row
      .map((cell, index) => (index < row.length - 1 ? cell.padEnd(widths[index] ?? 0) : cut(cell, last)))
      .join("   ")
      .trimEnd();
  const lines = [output.style("bold", format(table.header)), ...rows.map(format)];
  return `${lines.join("\n")}\n`;
}

/** Several lines as one. */
export function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, "; ");
}

/** `text` in at most `width` characters, an ellipsis for what is left out. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
