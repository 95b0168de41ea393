// The console's server side: its views of the fleet, its API, its actions.

export type { EngineView, ReleasesView, SourceHistory } from "./ports.ts";
export { ConsoleDesk, type ConsoleOptions, sendRefusal } from "./desk.ts";
export type { Viewer } from "./viewer.ts";
export { Refused, refusalOf, statusOf } from "./refusals.ts";
export { cardOf } from "./cards.ts";
