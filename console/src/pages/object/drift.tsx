// What the delivery says of a drift of this object, with both ways out of it as far as one may.

import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { ActionRow } from "../../actions/action-buttons.tsx";
import { offerOf } from "../../actions/offers.ts";
import { FieldList } from "../../parts/field-list.tsx";
import { Icon } from "../../parts/icon.tsx";
import { useResource } from "../../parts/resource.ts";
import { cards } from "../../state/fleet.ts";
import { apiPaths, type DeliveryPage, type DriftView, type Link, linkKey, type ObjectPage } from "../../wire/types.ts";

export function Drift({ page }: { page: ObjectPage }): JSX.Element | null {
  const { object, delivery } = page;
  const found = useComputed(() => {
    const card = delivery === undefined ? undefined : cards.value.get(linkKey(delivery));
    return card?.drift.find(
      (drift) =>
        drift.object.kind === object.kind &&
        drift.object.name === object.name &&
        drift.object.namespace === object.namespace,
    );
  }).value;
  return found === undefined || delivery === undefined ? null : <Drifted drift={found} delivery={delivery} />;
}

function Drifted({ drift, delivery }: { drift: DriftView; delivery: Link }): JSX.Element {
  // Rights are those on the delivery; they are judged once more, for this object, when an action is shown.
  const { value } = useResource<DeliveryPage>(apiPaths.delivery(delivery));
  const offer = (action: "heal" | "accept", name: string, keys: string) =>
    offerOf({ ask: { action, link: delivery, object: drift.object }, name, keys }, value?.rights);
  return (
    <div class="object-drift">
      <p class="text-drifted">
        <Icon name="drifted" /> <b>drifted</b> {drift.by.length > 0 && `by ${drift.by.join(", ")}`}
      </p>
      <FieldList fields={drift.fields} />
      <ActionRow
        offers={[{ ...offer("heal", "Heal…", "H"), isMain: true }, offer("accept", "Accept into Git…", "A")]}
        areRightsKnown={value !== undefined}
      />
    </div>
  );
}
