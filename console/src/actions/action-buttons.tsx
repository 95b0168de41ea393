// Actions as buttons and keys; what is not possible says why instead of hiding.

import type { JSX } from "preact";
import { useCommands } from "../keys/use-commands.ts";
import { overlay } from "../state/overlays.ts";
import type { Card, Rights } from "../wire/types.ts";
import { type Offer, offersOf } from "./offers.ts";

/** All that a delivery or source offers now. */
export function ActionButtons({ card, rights }: { card: Card; rights: Rights | undefined }): JSX.Element {
  return <ActionRow offers={offersOf(card, rights)} areRightsKnown={rights !== undefined} />;
}

export function ActionRow({
  offers,
  areRightsKnown,
}: {
  offers: readonly Offer[];
  areRightsKnown: boolean;
}): JSX.Element {
  const open =
    ({ ask }: Offer) =>
    (): void =>
      void (overlay.value = { what: "action", ask });
  useCommands(
    offers.map((offer) => ({
      keys: offer.keys,
      does: offer.name.replace("…", ""),
      area: "Actions",
      run: open(offer),
      ...(offer.whyNot === "" ? {} : { whyNot: offer.whyNot }),
    })),
  );
  const reasons = new Set(areRightsKnown ? offers.map(({ whyNot }) => whyNot).filter((whyNot) => whyNot !== "") : []);
  return (
    <div class="actions">
      <div class="action-buttons" role="group" aria-label="Actions">
        {/* By its key: what takes an action's place, as Resume that of Suspend, keeps the focus. */}
        {offers.map((offer) => (
          <button
            key={offer.keys}
            type="button"
            class={offer.isMain && offer.whyNot === "" ? "primary" : ""}
            aria-disabled={offer.whyNot !== ""}
            aria-keyshortcuts={offer.keys.toLowerCase() === offer.keys ? offer.keys : `Shift+${offer.keys}`}
            title={offer.whyNot || `Key: ${offer.keys}`}
            onClick={offer.whyNot === "" ? open(offer) : undefined}
            {...(offer.whyNot === "" ? {} : { "aria-describedby": "why-not" })}
          >
            {offer.name}
          </button>
        ))}
      </div>
      <p id="why-not" class="why-not">
        {[...reasons].join(" · ")}
      </p>
    </div>
  );
}
