// Who is signed in, what the server is, and how this browser shows things.

import type { Signal } from "@preact/signals";
import type { JSX } from "preact";
import { Dialog } from "../parts/dialog.tsx";
import { now } from "../state/now.ts";
import { closeOverlay } from "../state/overlays.ts";
import { density, hasSingleKeys, theme, zone } from "../state/preferences.ts";
import { session, signOut } from "../state/session.ts";
import { formatExact } from "../words/time.ts";

export function Settings(): JSX.Element {
  const clusters = session.value?.server.clusters ?? [];
  return (
    <Dialog title="You and this page" class="dialog-small">
      <Who />
      <form class="settings">
        <Choice
          legend="Colours"
          name="theme"
          value={theme}
          options={{ auto: "As the system", light: "Light", dark: "Dark" }}
        />
        <Choice
          legend="Rows"
          name="density"
          value={density}
          options={{ comfortable: "Comfortable", compact: "Compact" }}
        />
        <ZoneChoice />
        <label class="check">
          <input
            type="checkbox"
            checked={hasSingleKeys.value}
            onChange={(event) => (hasSingleKeys.value = event.currentTarget.checked)}
          />
          <span>
            Single keys do things (<kbd>?</kbd> shows which)
          </span>
        </label>
      </form>
      <dl class="facts">
        <dt>Server</dt>
        <dd>Keelson {session.value?.server.version}</dd>
        {clusters.map((cluster) => (
          <>
            <dt>{cluster.name === "" ? "Cluster" : cluster.name}</dt>
            <dd>
              {cluster.title} {cluster.version !== "" && <span class="soft">Kubernetes {cluster.version}</span>}
              {cluster.isSimulated && <span class="soft"> · workloads are simulated, images are not run</span>}
            </dd>
          </>
        ))}
      </dl>
    </Dialog>
  );
}

function Who(): JSX.Element | null {
  const who = session.value;
  if (who === undefined) return null;
  const leave = (): void => {
    closeOverlay();
    void signOut();
  };
  return (
    <div class="who-line">
      <p>
        <b>{who.user}</b>
        <span class="soft">
          {who.how === "token"
            ? " by the token that the server printed, with the server's rights"
            : " signed in, with your own rights"}
        </span>
        {who.groups.length > 0 && <span class="soft block">In {who.groups.join(", ")}</span>}
        {who.isReadOnly && <span class="soft block">Read-only: {who.readOnlyReason}</span>}
      </p>
      {who.canSignOut && (
        <button type="button" onClick={leave}>
          Sign out
        </button>
      )}
    </div>
  );
}

type ChoiceProps<T extends string> = {
  legend: string;
  name: string;
  value: Signal<T>;
  options: Readonly<Record<T, string>>;
};

function Choice<T extends string>({ legend, name, value, options }: ChoiceProps<T>): JSX.Element {
  return (
    <fieldset class="choice">
      <legend>{legend}</legend>
      {(Object.entries(options) as [T, string][]).map(([option, words]) => (
        <label key={option}>
          <input type="radio" name={name} checked={value.value === option} onChange={() => (value.value = option)} />
          <span>{words}</span>
        </label>
      ))}
    </fieldset>
  );
}

function ZoneChoice(): JSX.Element {
  const zones = ["local", "UTC", ...Intl.supportedValuesOf("timeZone").filter((name) => name !== "UTC")];
  return (
    <label class="zone">
      <span>Times in</span>
      <select value={zone.value} onChange={(event) => (zone.value = event.currentTarget.value)}>
        {zones.map((name) => (
          <option key={name} value={name}>
            {name === "local" ? `this browser's zone (${Intl.DateTimeFormat().resolvedOptions().timeZone})` : name}
          </option>
        ))}
      </select>
      <span class="soft">It is now {formatExact(now.value, zone.value)}</span>
    </label>
  );
}
