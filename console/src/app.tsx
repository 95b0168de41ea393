// The frame around every page: landmarks, connection, what is open above, and which page the address asks for.

import type { JSX } from "preact";
import { Frame } from "./frame/frame.tsx";
import { Overlays } from "./frame/overlays.tsx";
import { FleetPage } from "./pages/fleet/fleet-page.tsx";
import { NowherePage } from "./pages/nowhere-page.tsx";
import { SignInPage } from "./pages/signin/sign-in-page.tsx";
import { Boundary } from "./parts/boundary.tsx";
import { lazy } from "./parts/lazy.tsx";
import { Awaiting } from "./parts/nothing.tsx";
import { pageKey, place } from "./route/address.ts";
import { connection, isLoaded } from "./state/fleet.ts";
import { signedOut } from "./state/session.ts";
import { Lost } from "./frame/lost.tsx";

const DeliveryPage = lazy(async () => (await import("./pages/delivery/delivery-page.tsx")).DeliveryPage);
const ObjectPage = lazy(async () => (await import("./pages/object/object-page.tsx")).ObjectPage);
const TimelinePage = lazy(async () => (await import("./pages/timeline/timeline-page.tsx")).TimelinePage);
const WallPage = lazy(async () => (await import("./pages/wall/wall-page.tsx")).WallPage);

export function App(): JSX.Element {
  const denied = signedOut.value;
  if (denied !== undefined) return <SignInPage denied={denied} />;
  if (place.value.page === "wall") return <WallPage />;
  return (
    <>
      <Frame>
        <Boundary key={pageKey.value}>{isLoaded.value ? <Page /> : <Opening />}</Boundary>
      </Frame>
      <Overlays />
    </>
  );
}

/** Before the fleet is known. */
function Opening(): JSX.Element {
  const { value } = connection;
  return value.state === "lost" ? <Lost why={value.why} /> : <Awaiting what="Reading the fleet" />;
}

function Page(): JSX.Element {
  const open = place.value;
  switch (open.page) {
    case "fleet":
    case "wall":
      return <FleetPage />;
    case "timeline":
      return <TimelinePage />;
    case "delivery":
      return <DeliveryPage key={pageKey.value} link={open.link} />;
    case "object":
      return <ObjectPage key={pageKey.value} link={open.link} />;
    case "nowhere":
      return <NowherePage />;
  }
}
