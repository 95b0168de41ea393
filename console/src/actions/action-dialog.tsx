// An action is shown before it is done: what is written where, what the cluster would go through, what would be committed.
// What is then done is what was shown, or the server refuses and the new plan is shown.

import { type Signal, useSignal } from "@preact/signals";
import type { JSX, RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Dialog } from "../parts/dialog.tsx";
import { Awaiting, Trouble } from "../parts/nothing.tsx";
import { planCounts, PlanSteps } from "../parts/plan-view.tsx";
import { UnifiedDiff } from "../parts/unified-diff.tsx";
import { announce } from "../state/announce.ts";
import { cards } from "../state/fleet.ts";
import { notice } from "../state/notice.ts";
import { closeOverlay } from "../state/overlays.ts";
import { send, wordsOfError } from "../wire/http.ts";
import { type ActionAsk, type ActionDone, type ActionPlan, apiPaths, linkKey } from "../wire/types.ts";
import { titleOf, verbOf } from "./offers.ts";
import "./actions.css";

type Way = "commit" | "pin" | undefined;

type State = {
  plan: ActionPlan | undefined;
  /** What the plan is of: what is done is that, whatever has become of it since. */
  planned: ActionAsk;
  /** The way that the plan is for. */
  way: Way;
  error: { message: string; hint: string; code: string } | undefined;
  isDoing: boolean;
};

export function ActionDialog({ ask }: { ask: ActionAsk }): JSX.Element {
  const { state, how, reason, form, show, carryOut } = useAction(ask);
  const { plan, error, isDoing, way } = state;
  const isBlocked =
    plan === undefined || isDoing || way !== how.value || (plan.needsReason && reason.value.trim() === "");
  return (
    <Dialog title={titleOf(ask)} class="action-dialog">
      {error !== undefined && <Trouble error={error} {...(plan === undefined ? { retry: () => void show() } : {})} />}
      {plan === undefined && error === undefined && <Awaiting what="Looking what it would do" />}
      {plan !== undefined && (
        <Shown plan={plan} how={how.value ?? plan.ways[0]} choose={(next) => (how.value = next)} />
      )}
      <form
        ref={form}
        onSubmit={(event) => {
          event.preventDefault();
          void carryOut();
        }}
      >
        {plan?.needsReason === true && (
          <label class="reason">
            Why? It stands on the object for the others.
            <input
              type="text"
              value={reason.value}
              onInput={(event) => (reason.value = event.currentTarget.value)}
              required
            />
          </label>
        )}
        <footer>
          <button type="button" onClick={closeOverlay}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={isBlocked}>
            {isDoing ? "Doing it…" : verbOf(ask.action)}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

type Acting = {
  state: State;
  how: Signal<Way>;
  reason: Signal<string>;
  form: RefObject<HTMLFormElement | null>;
  show: () => Promise<void>;
  carryOut: () => Promise<void>;
};

/** The plan of an action, asked for at once and again with each other way; then what was shown is done. */
function useAction(ask: ActionAsk): Acting {
  const state = useSignal<State>({ plan: undefined, planned: ask, way: undefined, error: undefined, isDoing: false });
  const how = useSignal<Way>(ask.how);
  const reason = useSignal("");
  const form = useRef<HTMLFormElement>(null);
  const reasonGiven = (): Partial<ActionAsk> => (reason.value.trim() === "" ? {} : { reason: reason.value.trim() });
  const show = async (): Promise<void> => {
    const way = how.value;
    const planned = { ...presentAsk(ask), ...(way === undefined ? {} : { how: way }), ...reasonGiven() };
    let next: Pick<State, "plan" | "error">;
    try {
      next = { plan: await send<ActionPlan>(apiPaths.actionPlan(), planned), error: undefined };
    } catch (error) {
      next = { plan: undefined, error: wordsOfError(error) };
    }
    // Another way was chosen meanwhile: its plan is on the way.
    if (way === how.value) state.value = { ...next, planned, way, isDoing: false };
  };
  useEffect(() => void show(), [how.value]);
  const hasPlan = state.value.plan !== undefined;
  useEffect(() => {
    // What comes next has the focus, once one can see what it would do.
    if (hasPlan) form.current?.querySelector<HTMLElement>("input, .primary")?.focus();
  }, [hasPlan]);
  const carryOut = async (): Promise<void> => {
    const { plan, planned } = state.value;
    if (plan === undefined || state.value.isDoing || state.value.way !== how.value) return;
    state.value = { ...state.value, isDoing: true };
    try {
      const done = await send<ActionDone>(apiPaths.action(), { ...planned, ...reasonGiven(), plan: plan.id });
      notice.value = done.message;
      announce(done.message);
      closeOverlay();
    } catch (problem) {
      const error = wordsOfError(problem);
      // Things moved while one was reading: what would be done now is shown, and asked for again.
      if (error.code === "moved") await show();
      state.value = { ...state.value, error, isDoing: false };
      // Whoever presses Enter once more has read what it would do now.
      form.current?.closest("dialog")?.focus();
    }
  };
  return { state: state.value, how, reason, form, show, carryOut };
}

/** What is approved is what is held now: another revision may have come while one was reading. */
function presentAsk(ask: ActionAsk): ActionAsk {
  const held = cards.peek().get(linkKey(ask.link))?.held?.revision ?? "";
  return ask.action === "approve" && held !== "" ? { ...ask, revision: held } : ask;
}

const wayWords = { commit: "by a commit to Git", pin: "by holding this delivery at that revision" } as const;

type ShownProps = { plan: ActionPlan; how: "commit" | "pin" | undefined; choose: (how: "commit" | "pin") => void };

function Shown({ plan, how, choose }: ShownProps): JSX.Element {
  return (
    <div class="action-shown">
      <ul class="says">
        {plan.says.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {plan.ways.length > 1 && (
        <fieldset class="ways">
          <legend class="unseen">How</legend>
          {plan.ways.map((way) => (
            <label key={way}>
              <input type="radio" name="way" checked={how === way} onChange={() => choose(way)} /> {wayWords[way]}
            </label>
          ))}
        </fieldset>
      )}
      {plan.commit !== undefined && (
        <section>
          <h3>
            The commit{" "}
            <span class="soft">
              to {plan.commit.branch} of {plan.commit.repository}
            </span>
          </h3>
          <pre class="message">{plan.commit.message}</pre>
          {plan.commit.files.map((file) => (
            <UnifiedDiff key={file.path} path={file.path} text={file.diff} />
          ))}
        </section>
      )}
      {plan.plan !== undefined && plan.plan.problem === "" && (
        <section>
          <h3>
            The plan <span class="soft">{planCounts(plan.plan)}</span>
          </h3>
          <PlanSteps plan={plan.plan} />
        </section>
      )}
      {plan.plan !== undefined && plan.plan.problem !== "" && <p class="soft">{plan.plan.problem}</p>}
      {plan.places.length > 0 && (
        <section>
          <h3>Where it stands in Git</h3>
          <ul>
            {plan.places.map((place) => (
              <li key={`${place.path}:${place.line}`}>
                <code>
                  {place.path}:{place.line}
                </code>{" "}
                {place.note !== undefined && <span class="soft">{place.note}</span>}
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
