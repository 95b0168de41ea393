// Who owns which fields, since when, and where Git states them.

import type { JSX } from "preact";
import { Nothing } from "../../parts/nothing.tsx";
import { Ago } from "../../parts/when.tsx";
import { param, setParams } from "../../route/address.ts";
import type { FieldOwner, ObjectPage } from "../../wire/types.ts";
import { plural } from "../../words/plural.ts";
import { ownerId, ownerName } from "./field-notes.ts";

export function Owners({ page }: { page: ObjectPage }): JSX.Element {
  if (page.owners.length === 0)
    return (
      <Nothing title="Nobody is known to own a field">
        <p>
          The API server notes who writes which field (managedFields). Here it has noted nothing, or you may not read
          it.
        </p>
      </Nothing>
    );
  const managers = new Map<string, FieldOwner[]>();
  for (const owner of page.owners) managers.set(ownerId(owner), [...(managers.get(ownerId(owner)) ?? []), owner]);
  const chosen = param("owner");
  const shown = page.owners.filter((owner) => chosen === "" || ownerId(owner) === chosen);
  return (
    <>
      <div class="state-buttons owners-bar" role="group" aria-label="Filter by owner">
        {[...managers].map(([id, owned]) => (
          <button
            key={id}
            type="button"
            class="plain"
            aria-pressed={id === chosen}
            onClick={() => setParams({ owner: id === chosen ? "" : id })}
          >
            <b>{owned[0] === undefined ? "" : ownerName(owned[0])}</b>
            <span class="soft">
              {owned[0]?.operation}, {plural(owned.length, "field")}
              {(owned[0]?.atMs ?? 0) > 0 && (
                <>
                  , <Ago atMs={owned[0]?.atMs ?? 0} />
                </>
              )}
            </span>
          </button>
        ))}
      </div>
      <table class="owners">
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Value</th>
            <th scope="col">Owner</th>
            <th scope="col">In Git</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((owner) => (
            <tr key={`${owner.path} ${ownerId(owner)}`}>
              <td>
                <code>{owner.path}</code>
              </td>
              <td>
                <code>{owner.value}</code>
              </td>
              <td>
                {ownerName(owner)}{" "}
                <span class="soft since">
                  <Ago atMs={owner.atMs} />
                </span>
              </td>
              <td class="soft">
                {owner.statedAt !== undefined && <code>{`${owner.statedAt.path}:${owner.statedAt.line}`}</code>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="soft owners-note">
        “Since” is when that manager last wrote anything to this object: Kubernetes keeps no time for a single field.
      </p>
    </>
  );
}
