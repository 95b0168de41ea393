// Two texts beside each other, or below each other where the screen is narrow; what is the same is folded away.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { isNarrow } from "../state/screen.ts";
import { plural } from "../words/plural.ts";
import { type DiffLine, differingPart, diffLines, hunksOf } from "./line-diff.ts";
import { YamlLine } from "./yaml-view.tsx";
import "./text.css";

type DiffViewProps = { left: string; right: string; leftName: string; rightName: string };

export function DiffView({ left, right, leftName, rightName }: DiffViewProps): JSX.Element {
  const lines = useMemo(() => diffLines(left, right), [left, right]);
  const hunks = useMemo(() => hunksOf(lines), [lines]);
  const opened = useSignal<ReadonlySet<number>>(new Set());
  const count = lines.filter((line) => line.what !== "same").length;
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
              {plural(hunk.lines.length, "line")} the same
            </button>
          );
        return hunk.lines.map((line) => (
          <Row key={`${line.left?.number ?? ""} ${line.right?.number ?? ""}`} line={line} />
        ));
      })}
    </div>
  );
}

function Beside({ line }: { line: DiffLine }): JSX.Element {
  return (
    <div class={`diff-line is-${line.what}`}>
      <Half side={line.left} other={line.right} what={line.what} isLeft />
      <Half side={line.right} other={line.left} what={line.what} isLeft={false} />
    </div>
  );
}

function Below({ line }: { line: DiffLine }): JSX.Element {
  if (line.what === "same")
    return (
      <div class="diff-line is-same">
        <Half side={line.left} other={line.right} what="same" isLeft />
      </div>
    );
  return (
    <div class={`diff-line is-${line.what}`}>
      {line.left !== undefined && <Half side={line.left} other={line.right} what={line.what} isLeft />}
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
