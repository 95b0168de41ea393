// The actions of a delivery as buttons and keys; what is not possible says why instead of hiding.

import type { JSX } from "preact";
import { useCommands } from "../keys/use-commands.ts";
import { overlay } from "../state/overlays.ts";
import type { Card, Rights } from "../wire/types.ts";
import { offersOf } from "./offers.ts";

export function ActionButtons({ card, rights }: { card: Card; rights: Rights | undefined }): JSX.Element {
  const offers = offersOf(card, rights).map((offer) => ({
    ...offer,
    open: () => void (overlay.value = { what: "action", ask: offer.ask }),
  }));
  useCommands(
    offers.map(({ keys, name, whyNot, open }) => ({
      keys,
      does: name.replace("…", ""),
      area: "Actions",
      run: open,
      ...(whyNot === "" ? {} : { whyNot }),
    })),
  );
  const reasons = [
    ...new Set(offers.map(({ whyNot }) => whyNot).filter((whyNot) => whyNot !== "" && rights !== undefined)),
  ];
  return (
    <div class="actions">
      <div class="action-buttons" role="group" aria-label="Actions">
        {offers.map(({ ask, name, whyNot, isMain, open, keys }) => (
          <button
            key={ask.action}
            type="button"
            class={isMain && whyNot === "" ? "primary" : ""}
            aria-disabled={whyNot !== ""}
            title={whyNot || `Key: ${keys}`}
            onClick={whyNot === "" ? open : undefined}
            {...(whyNot === "" ? {} : { "aria-describedby": "why-not" })}
          >
            {name}
          </button>
        ))}
      </div>
      <p id="why-not" class="why-not">
        {reasons.join(" · ")}
      </p>
    </div>
  );
}
