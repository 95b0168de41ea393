// YAML to read: coloured by what the pieces are, numbered, and where somebody owns the fields, with a margin that says who.

import type { JSX } from "preact";
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { piecesOf } from "./yaml-lines.ts";
import "./text.css";

/** What stands in the margin of a line; lines with the same note are marked once. */
export type Note = { id: string; words: string; title: string };

/** Lines in a block: blocks out of sight are not drawn, yet are found by the browser's search. */
const blockLines = 100;

/** Lines drawn before one asks for the rest: an object may hold a megabyte. */
const linesMost = 2_000;

/** Characters of a line that are drawn: what is longer is data for machines. */
const lineMost = 2_000;

type YamlViewProps = {
  text: string;
  label: string;
  notes?: readonly (Note | undefined)[];
  chosen?: string;
  choose?: (id: string) => void;
};

export function YamlView({ text, label, notes, chosen = "", choose }: YamlViewProps): JSX.Element {
  const showsAll = useSignal(false);
  const all = useMemo(() => text.replace(/\n$/, "").split("\n"), [text]);
  const lines = useMemo(() => (showsAll.value ? all : all.slice(0, linesMost)), [all, showsAll.value]);
  const blocks = useMemo(
    () => Array.from({ length: Math.ceil(lines.length / blockLines) }, (_, index) => index * blockLines),
    [lines],
  );
  return (
    <div class={`yaml${notes === undefined ? "" : " has-notes"}`} role="region" aria-label={label} tabIndex={0}>
      {blocks.map((from) => (
        <div
          key={from}
          class="yaml-block"
          style={{ containIntrinsicSize: `auto ${Math.min(blockLines, lines.length - from) * 1.25}rem` }}
        >
          {lines.slice(from, from + blockLines).map((line, offset) => {
            const index = from + offset;
            const note = notes?.[index];
            const isNew = note !== undefined && notes?.[index - 1]?.id !== note.id;
            return (
              <div key={index} class={`yaml-line${note !== undefined && note.id === chosen ? " is-chosen" : ""}`}>
                <span class="yaml-number">{index + 1}</span>
                <YamlLine line={line} />
                {isNew && (
                  <button
                    type="button"
                    class="plain yaml-note"
                    title={note.title}
                    aria-pressed={note.id === chosen}
                    onClick={() => choose?.(note.id)}
                  >
                    {note.words}
                  </button>
                )}
              </div>
            );
          })}
        </div>
      ))}
      {lines.length < all.length && (
        <button type="button" onClick={() => (showsAll.value = true)}>
          Show all {all.length.toLocaleString("en")} lines
        </button>
      )}
    </div>
  );
}

export function YamlLine({ line }: { line: string }): JSX.Element {
  return (
    <code class="yaml-text">
      {piecesOf(line.slice(0, lineMost)).map((piece, index) => (
        <span key={index} class={`y-${piece.what}`}>
          {piece.text}
        </span>
      ))}
      {line.length > lineMost && (
        <span class="soft"> … and {(line.length - lineMost).toLocaleString("en")} characters more</span>
      )}
    </code>
  );
}
