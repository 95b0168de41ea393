// The frame: where one is, where one can go, whether it is live, and who one is.

import type { ComponentChildren, JSX } from "preact";
import { Icon, type IconName } from "../parts/icon.tsx";
import { navigate, place } from "../route/address.ts";
import { announce, announced } from "../state/announce.ts";
import { connection } from "../state/fleet.ts";
import { notice } from "../state/notice.ts";
import { overlay } from "../state/overlays.ts";
import { density, theme, zone } from "../state/preferences.ts";
import { session, signOut } from "../state/session.ts";
import type { Command } from "../keys/keymap.ts";
import { useCommands } from "../keys/use-commands.ts";
import { LostLine } from "./lost.tsx";

export function Frame({ children }: { children: ComponentChildren }): JSX.Element {
  useFrameKeys();
  return (
    <>
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <header class="bar">
        <a href="/" class="brand" aria-label="Keelson: the fleet">
          <img src="/icon.svg" alt="" width="20" height="20" />
          <span>Keelson</span>
        </a>
        <nav class="places" aria-label="Pages">
          <PlaceLink href="/" icon="fleet" name="Fleet" isHere={isFleet()} />
          <PlaceLink href="/timeline" icon="clock" name="Timeline" isHere={place.value.page === "timeline"} />
        </nav>
        <button type="button" class="jump" onClick={() => (overlay.value = { what: "palette", typed: "" })}>
          <Icon name="search" />
          <span>Jump to anything</span>
          <kbd>Ctrl K</kbd>
        </button>
        <div class="aside">
          <Live />
          <button
            type="button"
            class="plain"
            aria-label="Help and keys"
            onClick={() => (overlay.value = { what: "help" })}
          >
            <Icon name="help" />
          </button>
          <button
            type="button"
            class="plain who"
            title="You and this page"
            onClick={() => (overlay.value = { what: "settings" })}
          >
            <Icon name="person" />
            <span class="unseen">You and this page</span>
            <span class="who-name">{session.value?.user ?? ""}</span>
          </button>
        </div>
      </header>
      <LostLine />
      <ReadOnlyLine />
      <main id="content" tabIndex={-1}>
        {children}
        {notice.value !== "" && <p class="notice">{notice.value}</p>}
      </main>
      <p class="unseen" aria-live="polite" role="status">
        {announced.value}
      </p>
    </>
  );
}

const isFleet = (): boolean => place.value.page === "fleet" || place.value.page === "delivery";

function PlaceLink({
  href,
  icon,
  name,
  isHere,
}: {
  href: string;
  icon: IconName;
  name: string;
  isHere: boolean;
}): JSX.Element {
  return (
    <a href={href} {...(isHere ? { "aria-current": "page" } : {})}>
      <Icon name={icon} />
      {name}
    </a>
  );
}

const liveWords = { opening: "connecting", live: "live", lost: "not connected" } as const;

function Live(): JSX.Element {
  const { state } = connection.value;
  const simulated = session.value?.server.clusters.some((cluster) => cluster.isSimulated) ?? false;
  return (
    <>
      {simulated && (
        <span
          class="simulated"
          title="The control plane built into Keelson: images are not run, workloads only go through their phases."
        >
          simulated
        </span>
      )}
      <span class={`live live-${state}`} title={state === "live" ? "What you see is as it is now." : ""}>
        {liveWords[state]}
      </span>
    </>
  );
}

function ReadOnlyLine(): JSX.Element | null {
  const { isReadOnly = false, readOnlyReason = "" } = session.value ?? {};
  if (!isReadOnly) return null;
  return (
    <section class="read-only-line" aria-label="What may be done here">
      Read-only: {readOnlyReason || "nothing can be changed from this console"}.
    </section>
  );
}

/** What the palette offers and no key does. */
function looks(): Command[] {
  const area = "How this page looks";
  return [
    { keys: "", does: "Dark colours", area, run: () => (theme.value = "dark") },
    { keys: "", does: "Light colours", area, run: () => (theme.value = "light") },
    { keys: "", does: "Colours as the system", area, run: () => (theme.value = "auto") },
    { keys: "", does: "Compact rows", area, run: () => (density.value = "compact") },
    { keys: "", does: "Comfortable rows", area, run: () => (density.value = "comfortable") },
  ];
}

function useFrameKeys(): void {
  const area = "Everywhere";
  const isUtc = zone.value === "UTC";
  useCommands([
    { keys: "?", does: "Show all keys", area, run: () => (overlay.value = { what: "help" }) },
    { keys: "Ctrl+k", does: "Jump to anything", area, run: () => (overlay.value = { what: "palette", typed: "" }) },
    { keys: ":", does: "Give a command", area, run: () => (overlay.value = { what: "palette", typed: "" }) },
    { keys: "g f", does: "Go to the fleet", area, run: () => navigate("/") },
    { keys: "g t", does: "Go to the timeline", area, run: () => navigate("/timeline") },
    { keys: "g s", does: "Go to the sources", area, run: () => navigate("/?show=sources") },
    { keys: "g w", does: "Open the big screen", area, run: () => navigate("/wall") },
    { keys: ",", does: "Change how this page looks", area, run: () => (overlay.value = { what: "settings" }) },
    {
      keys: "z",
      does: isUtc ? "Times in this browser's zone" : "Times in UTC",
      area,
      run: () => {
        zone.value = isUtc ? "local" : "UTC";
        announce(isUtc ? "Times are in this browser's zone" : "Times are in UTC");
      },
    },
    ...looks(),
    ...(session.value?.canSignOut === true ? [{ keys: "", does: "Sign out", area, run: () => void signOut() }] : []),
  ]);
}
