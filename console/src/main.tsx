// The console: a client of the server's API and nothing more.

import { type JSX, render } from "preact";
import { DetailPage } from "./detail-page.tsx";
import { connection, follow } from "./fleet.ts";
import { FrontPage } from "./front-page.tsx";
import { openLink, startRouting } from "./route.ts";

const said = {
  opening: "connecting",
  live: "live",
  lost: "connection lost, trying again",
  denied: "not signed in: open the address that keelson printed",
};

function App(): JSX.Element {
  const link = openLink.value;
  return (
    <>
      <nav>
        <a href="/" class="brand">
          <img src="/icon.svg" alt="" width="22" height="22" /> Keelson
        </a>
        <span class={`connection ${connection.value}`}>{said[connection.value]}</span>
      </nav>
      <main>{link === undefined ? <FrontPage /> : <DetailPage key={location.pathname} link={link} />}</main>
    </>
  );
}

startRouting();
follow();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
