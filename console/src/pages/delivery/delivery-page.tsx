// One delivery or source: how it stands and why, what it holds, what it would do, what happened, and what one can ask of it.

import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useCommands } from "../../keys/use-commands.ts";
import { Awaiting, Trouble } from "../../parts/nothing.tsx";
import { useResource } from "../../parts/resource.ts";
import { type Tab, TabPanel, Tabs } from "../../parts/tabs.tsx";
import { useTitle } from "../../parts/title.ts";
import { navigate, param, setParams } from "../../route/address.ts";
import { hrefOf } from "../../route/place.ts";
import { cards } from "../../state/fleet.ts";
import { apiPaths, type Card, type DeliveryPage as Page, type Link, linkKey } from "../../wire/types.ts";
import { ActionButtons } from "../../actions/action-buttons.tsx";
import { HappeningList } from "../../parts/happening-list.tsx";
import { DeliveryHeading } from "./delivery-heading.tsx";
import { History } from "./history.tsx";
import { LogLines } from "./log-lines.tsx";
import { Objects } from "./objects.tsx";
import { PlanTab } from "./plan-tab.tsx";
import { type TreeState, useTree } from "./tree-state.ts";
import { Why } from "./why.tsx";

const deliveryTabs: readonly Tab[] = [
  { id: "objects", name: "Objects", keys: "1" },
  { id: "plan", name: "Plan", keys: "2" },
  { id: "why", name: "Why", keys: "3" },
  { id: "events", name: "Events", keys: "4" },
  { id: "log", name: "Log", keys: "5" },
  { id: "history", name: "History", keys: "6" },
];
const sourceTabs: readonly Tab[] = [
  { id: "why", name: "Why, and who reads it", keys: "1" },
  { id: "events", name: "Events", keys: "2" },
  { id: "log", name: "Log", keys: "3" },
];

export function DeliveryPage({ link }: { link: Link }): JSX.Element {
  useTitle(link.name);
  const key = linkKey(link);
  const live = useComputed(() => cards.value.get(key));
  const page = useResource<Page>(apiPaths.delivery(link), live);
  const tree = useTree(
    link,
    useComputed(() => live.value?.revision),
  );
  const card = live.value ?? page.value?.card;
  const source = card?.source;
  useCommands([
    { keys: "Escape", does: "Back to the fleet", area: "Page", run: () => navigate("/") },
    ...(source === undefined
      ? []
      : [{ keys: "u", does: "Its source", area: "Page", run: () => navigate(hrefOf(source)) }]),
    {
      keys: "T",
      does: "Its timeline",
      area: "Page",
      run: () => navigate(`/timeline?delivery=${encodeURIComponent(key)}`),
    },
  ]);
  if (card === undefined)
    return page.error === undefined ? <Awaiting what={`Reading ${link.name}`} /> : <Gone link={link} page={page} />;
  return (
    <article class="delivery">
      <DeliveryHeading card={card} page={page.value} />
      <ActionButtons card={card} rights={page.value?.rights} />
      {page.error !== undefined && <Trouble error={page.error} retry={page.readAgain} />}
      <Body card={card} page={page.value} tree={tree} />
    </article>
  );
}

function Gone({
  link,
  page,
}: {
  link: Link;
  page: { error: { message: string; hint: string } | undefined; readAgain: () => void };
}): JSX.Element {
  return (
    <>
      <h1 tabIndex={-1}>
        {link.kind} {link.name}
      </h1>
      <Trouble error={page.error ?? { message: "There is nothing here", hint: "" }} retry={page.readAgain} />
      <p>
        <a href="/">Back to the fleet</a>
      </p>
    </>
  );
}

function Body({ card, page, tree }: { card: Card; page: Page | undefined; tree: TreeState }): JSX.Element {
  const tabs = card.role === "delivery" ? deliveryTabs : sourceTabs;
  const [first] = tabs;
  const open = tabs.find((tab) => tab.id === param("tab"))?.id ?? first?.id ?? "";
  const choose = (id: string): void => setParams({ tab: id === first?.id ? "" : id });
  useCommands(tabs.map((tab) => ({ keys: tab.keys, does: tab.name, area: "Tabs", run: () => choose(tab.id) })));
  const content = (): JSX.Element => {
    switch (open) {
      case "objects":
        return <Objects card={card} tree={tree} />;
      case "plan":
        return <PlanTab card={card} />;
      case "events":
        return <HappeningList list={page?.events ?? []} isNamed={false} />;
      case "log":
        return <LogLines lines={[...(page?.log ?? []), ...tree.lines]} />;
      case "history":
        return <History card={card} page={page} />;
      default:
        return page === undefined ? <Awaiting what="Reading" /> : <Why card={card} page={page} />;
    }
  };
  return (
    <>
      <Tabs tabs={tabs} open={open} choose={choose} />
      <TabPanel id={open}>{content()}</TabPanel>
      {(page?.limits.length ?? 0) > 0 && (
        <ul class="limits">
          {page?.limits.map((limit) => (
            <li key={limit}>{limit}</li>
          ))}
        </ul>
      )}
    </>
  );
}
