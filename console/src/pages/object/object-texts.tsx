// The texts of an object: desired against live; all three beside each other; live with the owners of its fields.

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { useCommands } from "../../keys/use-commands.ts";
import { CopyButton, copyText } from "../../parts/copy-button.tsx";
import { FieldDiffs } from "../../parts/field-diffs.tsx";
import { Nothing } from "../../parts/nothing.tsx";
import { param, setParams } from "../../route/address.ts";
import { serverNow } from "../../state/now.ts";
import { DiffView } from "../../text/diff-view.tsx";
import { YamlView } from "../../text/yaml-view.tsx";
import type { ObjectPage } from "../../wire/types.ts";
import { plural } from "../../words/plural.ts";
import { formatAge } from "../../words/time.ts";
import { notesOf } from "./field-notes.ts";

const views = [
  { id: "diff", name: "Differences" },
  { id: "three", name: "All three" },
  { id: "live", name: "Live, with owners" },
] as const;

export function ObjectTexts({ page }: { page: ObjectPage }): JSX.Element {
  const open = views.find((view) => view.id === param("view"))?.id ?? "diff";
  const next = views[(views.findIndex((view) => view.id === open) + 1) % views.length] ?? views[0];
  const choose = (id: string): void => setParams({ view: id === "diff" ? "" : id });
  useCommands([
    { keys: "v", does: `Show ${next.name.toLowerCase()}`, area: "Texts", run: () => choose(next.id) },
    { keys: "c", does: "Copy the live YAML", area: "Texts", run: () => void copyText(page.live, "the live YAML") },
  ]);
  return (
    <>
      <div class="objects-bar">
        <div class="two" role="group" aria-label="What is shown">
          {views.map((view) => (
            <button
              key={view.id}
              type="button"
              class="plain"
              aria-pressed={view.id === open}
              onClick={() => choose(view.id)}
            >
              {view.name}
            </button>
          ))}
        </div>
        <CopyButton text={page.live} what="the live YAML" />
      </div>
      {open === "diff" && <Differences page={page} />}
      {open === "three" && <AllThree page={page} />}
      {open === "live" && <LiveWithOwners page={page} />}
    </>
  );
}

/** What states the object, where a text stands beside another: Git, or a chart with its values. */
function titlesOf({ from, delivery }: ObjectPage): { stater: string; desired: string; applied: string } {
  if (from !== undefined) return { stater: "the chart", desired: from.desired, applied: from.applied };
  const isRelease = delivery?.kind === "HelmRelease";
  return {
    stater: isRelease ? "the chart" : "Git",
    desired: isRelease ? "from the chart" : "from Git",
    applied: "",
  };
}

function Differences({ page }: { page: ObjectPage }): JSX.Element {
  const { live, desired, missing, diff } = page;
  const titles = titlesOf(page);
  return (
    <>
      {diff.length > 0 ? (
        <section class="stated">
          <h2>
            {plural(diff.length, "field")} not as {titles.stater} says
          </h2>
          <FieldDiffs changes={diff} />
        </section>
      ) : (
        desired !== "" &&
        live !== "" && (
          <p class="soft stated">
            Every field that {titles.stater} states is as {titles.stater} says. What else differs was added by the
            cluster and others.
          </p>
        )
      )}
      {live === "" || desired === "" ? (
        <>
          {live === "" && <Nothing title="It is not in the cluster">{missing.live}</Nothing>}
          {desired === "" && <Nothing title={`${capital(titles.stater)} does not state it`}>{missing.desired}</Nothing>}
          <YamlView text={live || desired} label={live === "" ? "Desired" : "Live"} />
        </>
      ) : (
        <DiffView
          left={live}
          right={desired}
          leftName="Live, in the cluster"
          rightName={`Desired, ${titles.desired}`}
          stater={titles.stater}
          isLeftFuller
        />
      )}
    </>
  );
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

function AllThree({ page }: { page: ObjectPage }): JSX.Element {
  const { live, desired, applied, missing } = page;
  const titles = titlesOf(page);
  const panes = [
    { name: `Desired, ${titles.desired}`, text: desired, why: missing.desired },
    {
      name: titles.applied === "" ? "Last applied" : `Last applied, ${titles.applied}`,
      text: applied,
      why: missing.applied,
    },
    { name: "Live, in the cluster", text: live, why: missing.live },
  ];
  return (
    <div class="three">
      {panes.map(({ name, text, why }) => (
        <section key={name}>
          <h2>{name}</h2>
          {text === "" ? <p class="soft">{why ?? "There is none."}</p> : <YamlView text={text} label={name} />}
        </section>
      ))}
    </div>
  );
}

function LiveWithOwners({ page }: { page: ObjectPage }): JSX.Element {
  const chosen = useSignal("");
  const notes = useMemo(
    () => notesOf(page.live, page.owners, (atMs) => formatAge(atMs, serverNow())),
    [page.live, page.owners],
  );
  if (page.live === "") return <Nothing title="It is not in the cluster">{page.missing.live}</Nothing>;
  return (
    <YamlView
      text={page.live}
      label="Live, with the owners of its fields"
      notes={notes}
      chosen={chosen.value}
      choose={(id) => (chosen.value = chosen.value === id ? "" : id)}
    />
  );
}
