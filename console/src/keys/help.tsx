// `?`: every key that does something now, by what it belongs to.

import type { JSX } from "preact";
import { Dialog } from "../parts/dialog.tsx";
import { hasSingleKeys } from "../state/preferences.ts";
import { meaningOf, marks } from "../words/mark.ts";
import { MarkIcon } from "../parts/mark.tsx";
import { allCommands, type Command } from "./keymap.ts";

export function Help(): JSX.Element {
  const areas = new Map<string, Command[]>();
  for (const command of allCommands()) {
    if (command.keys === "") continue;
    areas.set(command.area, [...(areas.get(command.area) ?? []), command]);
  }
  return (
    <Dialog title="Keys and signs" class="dialog-wide">
      {!hasSingleKeys.value && <p class="soft">Single keys are turned off; “You and this page” turns them on.</p>}
      <div class="help">
        {[...areas].map(([area, commands]) => (
          <section key={area}>
            <h3>{area}</h3>
            <dl>
              {commands.map((command) => (
                <div key={command.keys}>
                  <dt>
                    <Keys keys={command.keys} />
                  </dt>
                  <dd>
                    {command.does}
                    {command.whyNot !== undefined && <span class="soft"> ({command.whyNot})</span>}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>What the signs mean</h3>
          <dl>
            {marks.map((mark) => (
              <div key={mark}>
                <dt>
                  <MarkIcon mark={mark} />
                </dt>
                <dd>
                  <b>{mark}</b> <span class="soft">{meaningOf[mark]}</span>
                </dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </Dialog>
  );
}

/** Keys that are called otherwise on a keyboard than in a program. */
const printed: Readonly<Record<string, string>> = { ArrowDown: "↓", ArrowUp: "↑", Escape: "Esc" };

/** `g t` as two keys. */
export function Keys({ keys }: { keys: string }): JSX.Element {
  const parts = keys.replace(/(?<=\w)\+/, " ").split(" ");
  return (
    <span class="keys">
      {parts.map((key, index) => (
        <kbd key={index}>{key === "k" && parts[0] === "Ctrl" ? "K" : (printed[key] ?? key)}</kbd>
      ))}
    </span>
  );
}
