// What the engine wrote about this delivery: followed while one is at the end, left alone while one reads above.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useCommands } from "../../keys/use-commands.ts";
import { Nothing } from "../../parts/nothing.tsx";
import { Clock } from "../../parts/when.tsx";
import type { LogLine } from "../../wire/types.ts";

export function LogLines({ lines }: { lines: readonly LogLine[] }): JSX.Element {
  const box = useRef<HTMLOListElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const find = useSignal("");
  const follows = useSignal(true);
  useCommands([
    { keys: "/", does: "Filter the lines", area: "Log", run: () => input.current?.select() },
    {
      keys: "f",
      does: follows.value ? "Stay where one reads" : "Follow the end",
      area: "Log",
      run: () => (follows.value = !follows.value),
    },
  ]);
  const shown = lines.filter((line) => line.message.toLowerCase().includes(find.value.toLowerCase()));
  useLayoutEffect(() => {
    if (follows.value && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [shown.length, follows.value]);
  if (lines.length === 0)
    return (
      <Nothing title="No lines yet">
        <p>
          What the engine writes about this delivery appears here as it is written. Where the engine runs elsewhere, its
          log is there.
        </p>
      </Nothing>
    );
  const onScroll = (): void => {
    const element = box.current;
    if (element !== null) follows.value = element.scrollTop + element.clientHeight > element.scrollHeight - 30;
  };
  return (
    <div class="log">
      <div class="log-bar">
        <label>
          <span class="unseen">Lines that hold</span>
          <input
            ref={input}
            type="search"
            placeholder="Lines that hold…"
            value={find.value}
            onInput={(event) => (find.value = event.currentTarget.value)}
          />
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={follows.value}
            onChange={(event) => (follows.value = event.currentTarget.checked)}
          />{" "}
          Follow
        </label>
      </div>
      <ol ref={box} onScroll={onScroll} tabIndex={0} aria-label="Log">
        {shown.map((line, index) => (
          <li key={`${line.atMs} ${index}`} class={line.level === "error" ? "is-error" : ""}>
            <Clock atMs={line.atMs} />
            <span>{line.message}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}
