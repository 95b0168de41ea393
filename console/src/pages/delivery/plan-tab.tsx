// What the delivery would do now, or did last.

import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useCommands } from "../../keys/use-commands.ts";
import { CommitLine } from "../../parts/commit.tsx";
import { Awaiting, Nothing, Trouble } from "../../parts/nothing.tsx";
import { planCounts, PlanSteps } from "../../parts/plan-view.tsx";
import { useResource } from "../../parts/resource.ts";
import { Ago } from "../../parts/when.tsx";
import { hrefWith, param, setParams } from "../../route/address.ts";
import { cards } from "../../state/fleet.ts";
import { apiPaths, type Card, type PlanView } from "../../wire/types.ts";
import { shortRevision } from "../../words/revision.ts";

export function PlanTab({ card }: { card: Card }): JSX.Element {
  const which = param("plan") === "last" ? "last" : "pending";
  const plan = useResource<PlanView>(
    apiPaths.plan(card, { which }),
    useComputed(() => cards.value.get(card.key)),
  );
  const other = which === "last" ? "pending" : "last";
  useCommands([
    {
      keys: "p",
      does: other === "last" ? "Show what it did last" : "Show what it would do now",
      area: "Plan",
      run: () => setParams({ plan: other === "last" ? "last" : "" }),
    },
  ]);
  const choice = (name: "pending" | "last", words: string): JSX.Element => (
    <a href={hrefWith({ plan: name === "last" ? "last" : "" })} {...(which === name ? { "aria-current": "true" } : {})}>
      {words}
    </a>
  );
  return (
    <section class="plan">
      <div class="summary-tabs" role="group" aria-label="Which plan">
        {choice("pending", "What it would do now")}
        {choice("last", "What it did last")}
      </div>
      {plan.error !== undefined && <Trouble error={plan.error} retry={plan.readAgain} />}
      {plan.value === undefined && plan.error === undefined && <Awaiting what="Planning" />}
      {plan.value !== undefined && <Plan plan={plan.value} from={card.key} />}
    </section>
  );
}

function Plan({ plan, from }: { plan: PlanView; from: string }): JSX.Element {
  if (plan.problem !== "")
    return (
      <Nothing title="There is no plan">
        <p>{plan.problem}</p>
      </Nothing>
    );
  const isMove = plan.from !== "" && plan.from !== plan.revision;
  return (
    <>
      <p class="plan-head">
        <b>{planCounts(plan) || "nothing to do"}</b>
        <span class="soft">
          {plan.which === "last" ? "done" : "planned"} <Ago atMs={plan.atMs} />
        </span>
      </p>
      <p class="soft">
        {isMove && (
          <>
            from <code>{shortRevision(plan.from)}</code> to{" "}
          </>
        )}
        {plan.commit === undefined ? <code>{shortRevision(plan.revision)}</code> : <CommitLine commit={plan.commit} />}
      </p>
      <PlanSteps plan={plan} from={from} />
    </>
  );
}
