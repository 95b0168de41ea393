// One object: what Git says, what runs and what was applied; whose each field is; the line and the commit it comes from.

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { useCommands } from "../../keys/use-commands.ts";
import { CommitLine } from "../../parts/commit.tsx";
import { HappeningList } from "../../parts/happening-list.tsx";
import { HealthIcon } from "../../parts/mark.tsx";
import { Awaiting, Trouble } from "../../parts/nothing.tsx";
import { useResource } from "../../parts/resource.ts";
import { type Tab, TabPanel, Tabs } from "../../parts/tabs.tsx";
import { useTitle } from "../../parts/title.ts";
import { navigate, param, setParams } from "../../route/address.ts";
import { hrefOf, hrefOfObject } from "../../route/place.ts";
import {
  apiPaths,
  type ChainItem,
  linkKey,
  type ObjectLink,
  type ObjectPage as Page,
  parseLinkKey,
} from "../../wire/types.ts";
import { parseMoment } from "../../words/time.ts";
import { Drift } from "./drift.tsx";
import { useObjectChanges } from "./object-changes.ts";
import { ObjectTexts } from "./object-texts.tsx";
import { Owners } from "./owners.tsx";
import { ThenView } from "./then-view.tsx";
import "./object.css";

const tabs: readonly Tab[] = [
  { id: "texts", name: "Desired and live", keys: "y" },
  { id: "owners", name: "Who owns what", keys: "w" },
  { id: "events", name: "Events", keys: "e" },
];

export function ObjectPage({ link }: { link: ObjectLink }): JSX.Element {
  const object = { ...link, ...(param("cluster") === "" ? {} : { cluster: param("cluster") }) };
  useTitle(`${link.kind} ${link.name}`);
  const changes = useObjectChanges(object, param("from"));
  const page = useResource<Page>(apiPaths.object(object), changes.cause);
  const value = page.value;
  const stating = value?.delivery === undefined ? "" : linkKey(value.delivery);
  useEffect(() => {
    if (stating !== "") changes.follow(stating);
  }, [stating]);
  const at = parseMoment(param("at"));
  const back = value?.delivery === undefined ? (parseLinkKey(param("from")) ?? undefined) : value.delivery;
  useCommands([
    {
      keys: "Escape",
      does: "Back to its delivery",
      area: "Page",
      run: () => navigate(back === undefined ? "/" : hrefOf(back)),
    },
  ]);
  if (value === undefined)
    return (
      <>
        <h1 tabIndex={-1}>
          {link.kind} {link.name}
        </h1>
        {page.error === undefined ? (
          <Awaiting what={`Reading ${link.name}`} />
        ) : (
          <Trouble error={page.error} retry={page.readAgain} />
        )}
      </>
    );
  return (
    <article class="object">
      <Heading page={value} />
      {page.error !== undefined && <Trouble error={page.error} retry={page.readAgain} />}
      {at === 0 ? <Now page={value} /> : <ThenView page={value} atMs={at} />}
    </article>
  );
}

function Now({ page }: { page: Page }): JSX.Element {
  const open = tabs.find((tab) => tab.id === param("tab"))?.id ?? "texts";
  const choose = (id: string): void => setParams({ tab: id === "texts" ? "" : id });
  useCommands(tabs.map((tab) => ({ keys: tab.keys, does: tab.name, area: "Tabs", run: () => choose(tab.id) })));
  return (
    <>
      <Tabs tabs={tabs} open={open} choose={choose} />
      <TabPanel id={open}>
        {open === "texts" && <ObjectTexts page={page} />}
        {open === "owners" && <Owners page={page} />}
        {open === "events" && <HappeningList list={page.events} isNamed={false} />}
      </TabPanel>
      {page.limits.length > 0 && (
        <ul class="limits">
          {page.limits.map((limit) => (
            <li key={limit}>{limit}</li>
          ))}
        </ul>
      )}
    </>
  );
}

function Heading({ page }: { page: Page }): JSX.Element {
  const { object, health, message, isSimulated, isThere, origin } = page;
  return (
    <header class="heading">
      <Chain chain={page.chain} object={object} />
      <h1 tabIndex={-1}>
        <HealthIcon health={health} isLabelled />
        <span class="object-title">
          <span class="soft">{object.kind}</span> {object.name}
        </span>
        {isSimulated && (
          <span
            class="simulated"
            title="Images are not run: the control plane built into Keelson lets workloads only go through their phases."
          >
            simulated
          </span>
        )}
      </h1>
      <p class="verdict">
        <b>{isThere ? health : "not in the cluster"}</b> {message !== "" && <span class="soft">{message}</span>}
      </p>
      <Drift page={page} />
      <dl class="about">
        {object.namespace !== "" && (
          <div>
            <dt>Namespace</dt>
            <dd>{object.namespace}</dd>
          </div>
        )}
        {object.cluster !== undefined && object.cluster !== "" && (
          <div>
            <dt>Cluster</dt>
            <dd>{object.cluster}</dd>
          </div>
        )}
        {origin !== undefined && (
          <div>
            <dt>Stated in</dt>
            <dd>
              <PlaceText place={origin.place} /> <span class="soft">{origin.repository}</span>
              {origin.also.map((place) => (
                <span key={`${place.path}:${place.line}`} class="block">
                  <PlaceText place={place} />
                </span>
              ))}
            </dd>
          </div>
        )}
        {origin?.commit !== undefined && (
          <div>
            <dt>Last changed by</dt>
            <dd>
              <CommitLine commit={origin.commit} />
            </dd>
          </div>
        )}
      </dl>
    </header>
  );
}

function PlaceText({ place }: { place: { path: string; line: number; note?: string; url?: string } }): JSX.Element {
  const text = `${place.path}${place.line > 0 ? `:${place.line}` : ""}`;
  return (
    <>
      {place.url === undefined ? (
        <code>{text}</code>
      ) : (
        <a href={place.url} target="_blank" rel="noreferrer">
          <code>{text}</code>
        </a>
      )}
      {place.note !== undefined && <span class="soft"> {place.note}</span>}
    </>
  );
}

/** From the source down to the object, as it came about. */
function Chain({ chain, object }: { chain: readonly ChainItem[]; object: ObjectLink }): JSX.Element {
  // The source is where it begins; what states the delivery itself is told on the delivery's own page.
  const source = chain.findIndex((item) => item.what === "source");
  const up = chain.slice(0, source < 0 ? chain.length : source + 1).filter((item) => item.what !== "object");
  return (
    <nav class="crumbs" aria-label="Where it comes from">
      <a href="/">Fleet</a>
      {[...up].reverse().map((item) => (
        <span key={`${item.kind}/${item.namespace}/${item.name}`} title={item.words}>
          {" / "}
          <a href={item.what === "owner" ? hrefOfObject(item) : hrefOf(item)}>
            {item.kind} {item.name}
          </a>
        </span>
      ))}
      {" / "}
      {object.kind}
    </nav>
  );
}
