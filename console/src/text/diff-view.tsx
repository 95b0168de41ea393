// Two texts beside each other, or below each other where the screen is narrow; what is the same is folded away.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { isNarrow } from "../state/screen.ts";
import { plural } from "../words/plural.ts";
import { type DiffLine, differingPart, diffLines, hunksOf } from "./line-diff.ts";
import { YamlLine } from "./yaml-view.tsx";
import "./text.css";

type DiffViewProps = {
  left: string;
  right: string;
  leftName: string;
  rightName: string;
  /** Lines that only the left has are no difference: the right does not state them. */
  isLeftFuller?: boolean;
  /** Who states the right one. */
  stater?: string;
};

export function DiffView({
  left,
  right,
  leftName,
  rightName,
  isLeftFuller = false,
  stater = "Git",
}: DiffViewProps): JSX.Element {
  const lines = useMemo(() => tone(diffLines(left, right), isLeftFuller), [left, right, isLeftFuller]);
  const hunks = useMemo(() => hunksOf(lines, isExtra), [lines]);
  const opened = useSignal<ReadonlySet<number>>(new Set());
  const count = lines.filter((line) => line.what !== "same" && !isExtra(line)).length;
  const isBeside = !isNarrow.value;
  const Row = isBeside ? Beside : Below;
  return (
    <div
      class={`diff ${isBeside ? "is-beside" : "is-below"}`}
      role="region"
      aria-label={`${leftName} and ${rightName}`}
      tabIndex={0}
    >
      <div class="diff-names">
        <span>{leftName}</span>
        <span>{rightName}</span>
      </div>
      {count === 0 && <p class="diff-equal">They are the same.</p>}
      {hunks.map((hunk) => {
        if (hunk.what === "skipped" && !opened.value.has(hunk.id))
          return (
            <button
              key={hunk.id}
              type="button"
              class="plain diff-skipped"
              onClick={() => (opened.value = new Set([...opened.value, hunk.id]))}
            >
              {skippedWords(hunk.lines, stater)}
            </button>
          );
        return hunk.lines.map((line) => (
          <Row key={`${line.left?.number ?? ""} ${line.right?.number ?? ""}`} line={line} />
        ));
      })}
    </div>
  );
}

type Toned = DiffLine & { isExtra?: boolean };

/** What only the fuller side has is shown as if it were the same: it means nothing. */
const toneOf = (line: Toned): DiffLine["what"] => (isExtra(line) ? "same" : line.what);

const isExtra = (line: Toned): boolean => line.isExtra === true;

function tone(lines: readonly DiffLine[], isLeftFuller: boolean): Toned[] {
  return lines.map((line) => (isLeftFuller && line.what === "removed" ? { ...line, isExtra: true } : line));
}

function skippedWords(lines: readonly Toned[], stater: string): string {
  const extra = lines.filter(isExtra).length;
  const same = lines.length - extra;
  const parts = [
    same > 0 ? `${plural(same, "line")} the same` : "",
    extra > 0 ? `${plural(extra, "line")} that ${stater} does not state` : "",
  ];
  return parts.filter(Boolean).join(", ");
}

function Beside({ line }: { line: Toned }): JSX.Element {
  return (
    <div class={`diff-line is-${line.what}`}>
      <Half side={line.left} other={line.right} what={toneOf(line)} isLeft />
      <Half side={line.right} other={line.left} what={line.what} isLeft={false} />
    </div>
  );
}

function Below({ line }: { line: Toned }): JSX.Element {
  if (line.what === "same")
    return (
      <div class="diff-line is-same">
        <Half side={line.left} other={line.right} what="same" isLeft />
      </div>
    );
  return (
    <div class={`diff-line is-${line.what}`}>
      {line.left !== undefined && <Half side={line.left} other={line.right} what={toneOf(line)} isLeft />}
      {line.right !== undefined && <Half side={line.right} other={line.left} what={line.what} isLeft={false} />}
    </div>
  );
}

type HalfProps = { side: DiffLine["left"]; other: DiffLine["left"]; what: DiffLine["what"]; isLeft: boolean };

function Half({ side, other, what, isLeft }: HalfProps): JSX.Element {
  if (side === undefined) return <div class="diff-half is-nothing" />;
  const tone = what === "same" ? "" : isLeft ? " side-removed" : " side-added";
  return (
    <div class={`diff-half${tone}`}>
      <span class="yaml-number">{side.number}</span>
      <span class="diff-sign" aria-hidden="true">
        {what === "same" ? "" : isLeft ? "−" : "+"}
      </span>
      {what === "changed" && other !== undefined ? (
        <ChangedText text={side.text} other={other.text} />
      ) : (
        <YamlLine line={side.text} />
      )}
    </div>
  );
}

function ChangedText({ text, other }: { text: string; other: string }): JSX.Element {
  const [before, differing, after] = differingPart(text, other);
  return (
    <code class="yaml-text">
      {before}
      <mark>{differing}</mark>
      {after}
    </code>
  );
}
