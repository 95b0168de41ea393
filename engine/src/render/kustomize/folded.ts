// go-yaml v3 does not write folded text (`>`) so that it reads back the same: whether a break gets a second one depends
// on how the whole text begins, not on the line that follows (emitterc.go, yaml_emitter_write_folded_scalar). kustomize
// writes and reads each object once, so the difference reaches its output.

import { Composer } from "#formats/yaml";

/** Folded text after it was written and read back. */
export function roundTripFolded(value: string): string {
  if (!value.includes("\n") || isSafe(value)) return value;
  // A text that cannot stand in a block is written in quotes instead, and comes back as it was.
  if (/^[ \t]| $| \n/.test(value)) return value;
  const body = writeFolded(value);
  const chomp = !value.endsWith("\n") ? "-" : value === "\n" || value.endsWith("\n\n") ? "+" : "";
  const hint = value.startsWith("\n") ? "2" : "";
  return new Composer(`>${hint}${chomp}\n${body}\n`).next()?.value ?? value;
}

/** Lines that are neither indented nor empty fold and unfold to the same text. */
function isSafe(value: string): boolean {
  return !/\n[ \t\n]/.test(value) && !value.startsWith("\n");
}

function writeFolded(value: string): string {
  let out = "";
  let isAtBreak = true;
  let isLineIndented = true;
  const doublesBreaks = !/^\n*(?:[ \t]|$)/.test(value);
  for (const character of value) {
    if (character === "\n") {
      if (!isAtBreak && !isLineIndented && doublesBreaks) out += "\n";
      out += "\n";
      isAtBreak = true;
      continue;
    }
    if (isAtBreak) {
      out += "  ";
      isLineIndented = character === " " || character === "\t";
    }
    out += character;
    isAtBreak = false;
  }
  return out.replace(/\n$/, "");
}
