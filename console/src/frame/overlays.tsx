// What opens above a page, each fetched when it is first asked for.

import type { JSX } from "preact";
import { lazy } from "../parts/lazy.tsx";
import { overlay } from "../state/overlays.ts";

const Palette = lazy(async () => (await import("../palette/palette.tsx")).Palette, true);
const Help = lazy(async () => (await import("../keys/help.tsx")).Help, true);
const Settings = lazy(async () => (await import("./settings.tsx")).Settings, true);
const ActionDialog = lazy(async () => (await import("../actions/action-dialog.tsx")).ActionDialog, true);

export function Overlays(): JSX.Element | null {
  const open = overlay.value;
  switch (open.what) {
    case "none":
      return null;
    case "palette":
      return <Palette typed={open.typed} />;
    case "help":
      return <Help />;
    case "settings":
      return <Settings />;
    case "action":
      return <ActionDialog key={`${open.ask.action} ${open.ask.revision ?? ""}`} ask={open.ask} />;
  }
}
