// Jump to anything: pages, commands, deliveries, and every object that the server knows, by a few letters.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { allCommands } from "../keys/keymap.ts";
import { Keys } from "../keys/help.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { HealthIcon, MarkIcon } from "../parts/mark.tsx";
import { navigate } from "../route/address.ts";
import { hrefOf, hrefOfObject } from "../route/place.ts";
import { allCards } from "../state/fleet.ts";
import { closeOverlay } from "../state/overlays.ts";
import { apiPaths, type SearchAnswer, type SearchHit } from "../wire/types.ts";
import { markOf } from "../words/mark.ts";
import { read } from "../wire/http.ts";
import { fitOf, leastFit } from "./fuzzy.ts";

type Item = {
  id: string;
  words: string;
  more: string;
  sign: JSX.Element | null;
  keys: string;
  whyNot: string;
  run: () => void;
};

/** More than this nobody reads; typing another letter is quicker. */
const itemsMost = 40;
/** Between keystrokes, so that the server is asked for words and not for letters. */
const pauseMs = 120;

export function Palette({ typed: given }: { typed: string }): JSX.Element {
  const typed = useSignal(given);
  const chosen = useSignal(0);
  const hits = useHits(typed.value);
  const items = useMemo(() => itemsOf(typed.value, hits), [typed.value, hits, allCards.value]);
  const at = Math.min(chosen.value, items.length - 1);
  const run = (item: Item | undefined): void => {
    if (item === undefined || item.whyNot !== "") return;
    closeOverlay();
    item.run();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step =
      event.key === "ArrowDown" || (event.ctrlKey && event.key === "n")
        ? 1
        : event.key === "ArrowUp" || (event.ctrlKey && event.key === "p")
          ? -1
          : 0;
    if (step !== 0) chosen.value = (at + step + items.length) % Math.max(1, items.length);
    else if (event.key === "Enter") run(items[at]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title="Jump to anything" class="palette" isBare>
      <input
        type="text"
        role="combobox"
        aria-label="Name, kind, image, label, commit, author, or what to do"
        aria-expanded="true"
        aria-controls="palette-items"
        {...(items.length > 0 ? { "aria-activedescendant": `item-${at}` } : {})}
        placeholder="Jump to a delivery, an object, a page, or do something"
        autocomplete="off"
        spellcheck={false}
        value={typed.value}
        autofocus
        onInput={(event) => {
          typed.value = event.currentTarget.value;
          chosen.value = 0;
        }}
        onKeyDown={onKeyDown}
      />
      <Items items={items} at={at} run={run} />
      {items.length === 0 && (
        <p class="palette-none">
          Nothing is called that. Objects are found by name, kind, image, label, commit or author.
        </p>
      )}
    </Dialog>
  );
}

function Items({ items, at, run }: { items: readonly Item[]; at: number; run: (item: Item) => void }): JSX.Element {
  const box = useRef<HTMLUListElement>(null);
  useEffect(() => box.current?.children[at]?.scrollIntoView({ block: "nearest" }), [at]);
  return (
    <ul id="palette-items" role="listbox" aria-label="Found" ref={box}>
      {items.map((item, index) => (
        <li
          key={item.id}
          id={`item-${index}`}
          role="option"
          aria-selected={index === at}
          aria-disabled={item.whyNot !== ""}
          onClick={() => run(item)}
        >
          {item.sign ?? <span class="mark" />}
          <span class="palette-words">{item.words}</span>
          <span class="palette-more">{item.whyNot || item.more}</span>
          {item.keys !== "" && <Keys keys={item.keys} />}
        </li>
      ))}
    </ul>
  );
}

function itemsOf(typed: string, hits: readonly SearchHit[]): Item[] {
  const commands = allCommands().map(
    (command): Item => ({
      id: `command ${command.does}`,
      words: command.does,
      more: command.area,
      sign: null,
      keys: command.keys,
      whyNot: command.whyNot ?? "",
      run: command.run,
    }),
  );
  const cards = allCards.value.map(
    (card): Item => ({
      id: card.key,
      words: card.name,
      more: `${card.kind} in ${card.namespace}`,
      sign: <MarkIcon mark={markOf(card)} isLabelled />,
      keys: "",
      whyNot: "",
      run: () => navigate(hrefOf(card)),
    }),
  );
  if (typed.trim() === "") return [...commands.filter((item) => item.keys !== ":"), ...cards].slice(0, itemsMost);
  const named = [...commands, ...cards]
    .map((item) => ({ item, fit: fitOf(typed, `${item.words} ${item.more}`) }))
    .filter((one): one is { item: Item; fit: number } => one.fit !== undefined)
    .sort((a, b) => b.fit - a.fit);
  const least = leastFit(typed, named[0]?.fit ?? 0);
  const fitting = named.filter(({ fit }) => fit >= least).map(({ item }) => item);
  return [...fitting.slice(0, itemsMost), ...hits.filter((hit) => hit.role === "object").map(itemOfHit)].slice(
    0,
    2 * itemsMost,
  );
}

function itemOfHit(hit: SearchHit): Item {
  return {
    id: `object ${hit.cluster ?? ""} ${hit.group} ${hit.kind} ${hit.namespace} ${hit.name}`,
    words: hit.name,
    more: `${hit.kind}${hit.namespace === "" ? "" : ` in ${hit.namespace}`} · ${hit.matched}`,
    sign: <HealthIcon health={hit.health} isLabelled />,
    keys: "",
    whyNot: "",
    run: () => navigate(hrefOfObject(hit, { from: hit.owner })),
  };
}

const nothing: readonly SearchHit[] = [];

function useHits(typed: string): readonly SearchHit[] {
  const hits = useSignal<{ typed: string; hits: readonly SearchHit[] }>({ typed: "", hits: nothing });
  useEffect(() => {
    const q = typed.trim();
    if (q.length < 2) {
      hits.value = { typed: "", hits: nothing };
      return;
    }
    const ending = new AbortController();
    const timer = setTimeout(() => {
      read<SearchAnswer>(apiPaths.search({ q, limit: itemsMost }), ending.signal).then(
        (answer) => (hits.value = { typed, hits: answer.hits }),
        // The palette works without the server; what is wrong is said elsewhere.
        () => undefined,
      );
    }, pauseMs);
    return () => {
      clearTimeout(timer);
      ending.abort();
    };
  }, [typed]);
  return hits.value.hits;
}
