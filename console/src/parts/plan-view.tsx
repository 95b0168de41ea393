// A plan as its steps: what is done to which object and why, and which fields differ; what changes nothing is counted, not shown.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { hrefOfObject } from "../route/place.ts";
import type { PlanStep, PlanView as Plan } from "../wire/types.ts";
import { plural } from "../words/plural.ts";
import { FieldDiffs } from "./field-diffs.tsx";
import { Icon } from "./icon.tsx";

/** What each action is called where it is shown. */
const words: Readonly<Record<PlanStep["action"], string>> = {
  create: "create",
  configure: "change",
  recreate: "recreate",
  prune: "delete",
  unchanged: "unchanged",
  skip: "left out",
  refused: "refused",
};

const order: readonly PlanStep["action"][] = [
  "refused",
  "prune",
  "recreate",
  "configure",
  "create",
  "skip",
  "unchanged",
];

/** Steps drawn before one asks for the rest. */
const stepsMost = 200;

/** `2 change, 1 create, 40 unchanged` */
export function planCounts(plan: Plan): string {
  const parts = order.flatMap((action) =>
    (plan.counts[action] ?? 0) > 0 ? [`${plan.counts[action]} ${words[action]}`] : [],
  );
  return parts.join(", ");
}

export function PlanSteps({ plan, from = "" }: { plan: Plan; from?: string }): JSX.Element {
  const showsAll = useSignal(false);
  const steps = plan.steps
    .filter((step) => step.action !== "unchanged")
    .sort((a, b) => order.indexOf(a.action) - order.indexOf(b.action));
  const unchanged = plan.counts.unchanged ?? plan.steps.length - steps.length;
  const shown = showsAll.value ? steps : steps.slice(0, stepsMost);
  return (
    <>
      {plan.warnings.length > 0 && (
        <ul class="warnings">
          {plan.warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
      {steps.length === 0 && (
        <p class="soft">Nothing to do: all {plural(unchanged, "object")} are as they should be.</p>
      )}
      <ul class="steps">
        {shown.map((step) => (
          <Step
            key={`${step.action} ${step.object.group}/${step.object.kind}/${step.object.namespace}/${step.object.name}`}
            step={step}
            from={from}
            isOnly={steps.length <= 5}
          />
        ))}
      </ul>
      {steps.length > shown.length && (
        <button type="button" onClick={() => (showsAll.value = true)}>
          Show {steps.length - shown.length} more
        </button>
      )}
      {steps.length > 0 && unchanged > 0 && (
        <p class="soft">
          {plural(unchanged, "object")} {unchanged === 1 ? "stays as it is" : "stay as they are"}.
        </p>
      )}
    </>
  );
}

function Step({ step, from, isOnly }: { step: PlanStep; from: string; isOnly: boolean }): JSX.Element {
  const isOpen = useSignal(isOnly);
  const { object, changes } = step;
  const word = <span class={`step-action action-${step.action}`}>{words[step.action]}</span>;
  return (
    <li class="step">
      <div class="step-head">
        {changes.length === 0 ? (
          word
        ) : (
          <button
            type="button"
            class="plain"
            aria-expanded={isOpen.value}
            aria-label={`${words[step.action]} ${object.kind} ${object.name}: fields`}
            onClick={() => (isOpen.value = !isOpen.value)}
          >
            {word}
            <Icon name="open" />
          </button>
        )}
        <span class="step-object">
          <span class="soft">{object.kind}</span> <a href={hrefOfObject(object, { from })}>{object.name}</a>{" "}
          <span class="soft">{object.namespace}</span>
        </span>
        <span class="step-reason">
          {step.isDrift && <Icon name="drifted" title="drift" />} {step.reason}
        </span>
      </div>
      {isOpen.value && changes.length > 0 && <FieldDiffs changes={changes} />}
    </li>
  );
}
