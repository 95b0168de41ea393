// How everything stood at a past moment, as far as it is recorded; of one delivery, its objects too.

import type { JSX } from "preact";
import { CommitLine } from "../../parts/commit.tsx";
import { Icon } from "../../parts/icon.tsx";
import { MarkIcon } from "../../parts/mark.tsx";
import { Awaiting, Nothing, Trouble } from "../../parts/nothing.tsx";
import { useResource } from "../../parts/resource.ts";
import { hrefWith } from "../../route/address.ts";
import { hrefOfObject } from "../../route/place.ts";
import { apiPaths, type DeliveryThen, type Moment, type ObjectThen, parseLinkKey } from "../../wire/types.ts";
import type { Mark } from "../../words/mark.ts";
import { shortRevision } from "../../words/revision.ts";

export function MomentView({ atMs, delivery }: { atMs: number; delivery: string }): JSX.Element {
  const moment = useResource<Moment>(apiPaths.moment({ at: atMs, ...(delivery === "" ? {} : { delivery }) }));
  if (moment.value === undefined)
    return moment.error === undefined ? (
      <Awaiting what="Reading what was" />
    ) : (
      <Trouble error={moment.error} retry={moment.readAgain} />
    );
  const there = moment.value.deliveries.filter((one) => one.state !== "absent");
  return (
    <section class="moment" aria-label="How things stood">
      <h2>How things stood then</h2>
      {there.length === 0 && (
        <Nothing title="Nothing was delivered then">
          Or nothing of that time is kept; what is kept stands below.
        </Nothing>
      )}
      <ul>
        {there.map((one) => (
          <Then key={one.key} one={one} isChosen={one.key === delivery} />
        ))}
      </ul>
      {moment.value.objects !== undefined && (
        <ObjectsThen objects={moment.value.objects} atMs={atMs} delivery={delivery} />
      )}
      {moment.value.limits.map((limit) => (
        <p key={limit} class="soft">
          {limit}
        </p>
      ))}
    </section>
  );
}

const markOfState: Readonly<Record<DeliveryThen["state"], Mark>> = {
  ready: "ready",
  failed: "failed",
  progressing: "working",
  unknown: "waiting",
  absent: "suspended",
};

function Then({ one, isChosen }: { one: DeliveryThen; isChosen: boolean }): JSX.Element {
  const name = parseLinkKey(one.key)?.name ?? one.key;
  return (
    <li>
      <MarkIcon mark={one.drift.length > 0 && one.state === "ready" ? "drifted" : markOfState[one.state]} isLabelled />
      <a
        href={hrefWith({ delivery: isChosen ? "" : one.key })}
        title={isChosen ? "Of everything" : "Only this, with its objects"}
      >
        {name}
      </a>
      <span class="moment-revision">
        {one.commit === undefined ? <code>{shortRevision(one.revision)}</code> : <CommitLine commit={one.commit} />}
      </span>
      <span class="soft">
        {one.because}
        {one.drift.map((drift) => (
          <span key={`${drift.object} ${drift.fields}`} class="block">
            <Icon name="drifted" /> {drift.object}: {drift.fields} {drift.by !== "" && `by ${drift.by}`}
          </span>
        ))}
      </span>
    </li>
  );
}

const liveWords: Readonly<Record<ObjectThen["liveFrom"], string>> = {
  "same-as-desired": "as Git said",
  drifted: "drifted",
  unknown: "not recorded",
};

function ObjectsThen({
  objects,
  atMs,
  delivery,
}: {
  objects: readonly ObjectThen[];
  atMs: number;
  delivery: string;
}): JSX.Element {
  return (
    <>
      <h3>Its objects then</h3>
      <ul class="objects-then">
        {objects.map(({ object, liveFrom }) => (
          <li key={`${object.group}/${object.kind}/${object.namespace}/${object.name}`}>
            <span class="soft">{object.kind}</span>
            <a href={hrefOfObject(object, { from: delivery, at: String(atMs) })}>{object.name}</a>
            <span class={liveFrom === "drifted" ? "text-drifted" : "soft"}>{liveWords[liveFrom]}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
