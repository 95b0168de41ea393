// The live view as lines of text: pure, so that a test sees exactly what a person sees.

import type { Output, Style } from "../io.ts";
import { latelyShown } from "../limits.ts";
import { cut } from "../table.ts";
import type { LiveState, Mark, Row } from "./state.ts";

export type Frame = {
  state: LiveState;
  /** Lines above: where it runs. */
  title: string;
  /** Addresses, commands to try: shown below, once the fleet has settled for the first time. */
  footer: readonly string[];
  output: Pick<Output, "style" | "columns" | "rows">;
  /** The local time zone's offset is the reader's business: times are shown by this. */
  formatTime: (ms: number) => string;
};

const marks: Readonly<Record<Mark, { sign: string; style: Style }>> = {
  ready: { sign: "✔", style: "green" },
  working: { sign: "◌", style: "cyan" },
  waiting: { sign: "·", style: "dim" },
  failed: { sign: "✗", style: "red" },
  suspended: { sign: "‖", style: "dim" },
  held: { sign: "◷", style: "yellow" },
  drifted: { sign: "≠", style: "yellow" },
};

/** All lines of the view, none wider than the terminal. */
export function drawFrame(frame: Frame): string[] {
  const { state, output } = frame;
  const lines = [output.style("bold", cut(frame.title, output.columns)), ""];
  if (state.step !== "") lines.push(`  ${output.style("cyan", "◌")} ${cut(state.step, output.columns - 4)}`, "");
  const sources = state.sources();
  const deliveries = state.deliveries();
  const lately = drawLately(frame);
  const room = Math.max(3, output.rows - lines.length - sources.length - lately.length - frame.footer.length - 6);
  if (sources.length > 0) lines.push(...drawRows("Sources", sources, room, output), "");
  if (deliveries.length > 0) lines.push(...drawRows("Deliveries", deliveries, room, output), "");
  lines.push(...lately);
  if (frame.footer.length > 0) lines.push(...frame.footer);
  return lines;
}

function drawRows(heading: string, rows: readonly Row[], room: number, output: Frame["output"]): string[] {
  const shown = rows.length > room ? pick(rows, room) : rows;
  const width = Math.max(...shown.map((row) => row.name.length));
  const hasObjects = rows.some((row) => row.objects > 0);
  const ready = rows.filter((row) => row.mark === "ready").length;
  const lines = [`  ${output.style("bold", heading)} ${output.style("dim", `${ready} of ${rows.length} ready`)}`];
  for (const row of shown) {
    const { sign, style } = marks[row.mark];
    const objects = row.objects === 0 ? "" : `${row.objects} object${row.objects === 1 ? "" : "s"}`;
    const count = hasObjects ? objects.padEnd(12) : "";
    const plain = `${row.name.padEnd(width)}  ${row.revision.padEnd(8)}  ${count}`;
    const paint = row.mark === "ready" ? "dim" : style;
    const [first = "", ...rest] = fold(
      row.text,
      Math.max(20, output.columns - plain.length - 6),
      isUrgent(row) ? 3 : 1,
    );
    lines.push(`  ${output.style(style, sign)} ${plain}${first === "" ? "" : output.style(paint, first)}`.trimEnd());
    for (const line of rest) lines.push(`    ${" ".repeat(plain.length)}${output.style(paint, line)}`);
  }
  if (shown.length < rows.length) lines.push(output.style("dim", `    and ${rows.length - shown.length} more`));
  return lines;
}

/** What a person must read is not cut after one line. */
function isUrgent(row: Row): boolean {
  return row.mark === "failed" || row.mark === "held" || row.mark === "drifted";
}

/** Text in at most `most` lines of `width`, broken at blanks. */
function fold(text: string, width: number, most: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (lines.length < most - 1 && rest.length > width) {
    const blank = rest.lastIndexOf(" ", width);
    const at = blank > 0 ? blank : width;
    lines.push(rest.slice(0, at));
    rest = rest.slice(at).trimStart();
  }
  return [...lines, cut(rest, width)];
}

/** Where not all fit: those that are not ready come first, in their old order. */
function pick(rows: readonly Row[], room: number): readonly Row[] {
  const busy = rows.filter((row) => row.mark !== "ready");
  const kept = new Set([...busy, ...rows.filter((row) => row.mark === "ready")].slice(0, room));
  return rows.filter((row) => kept.has(row));
}

function drawLately({ state, output, formatTime }: Frame): string[] {
  const happenings = state.lately().slice(-latelyShown);
  if (happenings.length === 0) return [];
  const lines = happenings.map(({ atMs, text, isBad }) => {
    const shown = cut(text, output.columns - 14);
    return `    ${output.style("dim", formatTime(atMs))}  ${isBad ? output.style("red", shown) : shown}`;
  });
  return [`  ${output.style("bold", "Lately")}`, ...lines, ""];
}
