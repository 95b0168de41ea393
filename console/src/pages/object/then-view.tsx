// An object as it was at a past moment: what Git said then, and what is known of the live object.

import type { JSX } from "preact";
import { Awaiting, Nothing, Trouble } from "../../parts/nothing.tsx";
import { useResource } from "../../parts/resource.ts";
import { Exact } from "../../parts/when.tsx";
import { hrefWith } from "../../route/address.ts";
import { DiffView } from "../../text/diff-view.tsx";
import { YamlView } from "../../text/yaml-view.tsx";
import { apiPaths, linkKey, type Moment, type ObjectPage, type ObjectThen } from "../../wire/types.ts";

const knownHow: Readonly<Record<ObjectThen["liveFrom"], string>> = {
  "same-as-desired": "No drift is recorded for that moment: the live object was as Git said.",
  drifted: "A drift was open then; fields that differed are shown as recorded.",
  unknown: "What ran then is not recorded.",
};

export function ThenView({ page, atMs }: { page: ObjectPage; atMs: number }): JSX.Element {
  const { object, delivery } = page;
  const path = delivery === undefined ? "" : apiPaths.moment({ at: atMs, delivery: linkKey(delivery) });
  const moment = useResource<Moment>(path);
  const then = moment.value?.objects?.find(
    (one) =>
      one.object.kind === object.kind &&
      one.object.name === object.name &&
      one.object.namespace === object.namespace &&
      one.object.group === object.group,
  );
  return (
    <section class="then">
      <p class="then-line">
        As it was at <Exact atMs={atMs} />. <a href={hrefWith({ at: "" })}>Back to now</a>
      </p>
      {moment.error !== undefined && <Trouble error={moment.error} retry={moment.readAgain} />}
      {path !== "" && moment.value === undefined && moment.error === undefined && <Awaiting what="Reading what was" />}
      {path === "" && <Nothing title="Nobody delivers it">The past is known of what deliveries state.</Nothing>}
      {moment.value !== undefined && then === undefined && <Nothing title="Git did not state it then" />}
      {then !== undefined && <Texts then={then} nowText={page.desired} />}
      {moment.value?.limits.map((limit) => (
        <p key={limit} class="soft">
          {limit}
        </p>
      ))}
    </section>
  );
}

function Texts({ then, nowText }: { then: ObjectThen; nowText: string }): JSX.Element {
  return (
    <>
      <p class="soft stated">{knownHow[then.liveFrom]}</p>
      {then.liveFrom === "drifted" && then.live !== "" && (
        <DiffView left={then.live} right={then.desired} leftName="Live then" rightName="Desired then" />
      )}
      <h2>Against what Git says now</h2>
      {nowText === "" ? (
        <YamlView text={then.desired} label="Desired then" />
      ) : (
        <DiffView left={then.desired} right={nowText} leftName="Desired then" rightName="Desired now" />
      )}
    </>
  );
}
