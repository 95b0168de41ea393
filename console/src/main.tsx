// The console: a client of the server's API and nothing more.

import { render } from "preact";
import { App } from "./app.tsx";
import { startKeys } from "./keys/keymap.ts";
import { startRouting } from "./route/address.ts";
import { load } from "./state/fleet.ts";
import { startClock } from "./state/now.ts";
import { startPreferences } from "./state/preferences.ts";
import { startNotices } from "./state/notice.ts";
import { startSession } from "./state/session.ts";
import "./style/tokens.css";
import "./style/base.css";
import "./style/frame.css";
import "./style/fleet.css";
import "./style/page.css";

startPreferences();
startRouting();
startClock();
startSession();
startKeys();
startNotices();
void load();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
