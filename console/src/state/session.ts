// Who is signed in, and what the server is.

import { signal } from "@preact/signals";
import { onSignedOut, read, send } from "../wire/http.ts";
import { apiPaths, type Session, type SignedOut } from "../wire/types.ts";
import { navigate } from "../route/address.ts";
import { setServerTime } from "./now.ts";

/** undefined: not known yet. */
export const session = signal<Session | undefined>(undefined);

/** Set while nobody is signed in. */
export const signedOut = signal<SignedOut | undefined>(undefined);

/** Reads the session; false when there is none. Throws when the server cannot be asked. */
export async function readSession(): Promise<boolean> {
  const found = await read<Session>(apiPaths.session());
  setServerTime(found.nowMs);
  session.value = found;
  signedOut.value = undefined;
  return true;
}

/** The other tabs of this browser: who leaves one leaves all. */
const tabs = new BroadcastChannel("keelson-session");

export function startSession(): void {
  tabs.onmessage = () => void readSession().catch(() => undefined);
  onSignedOut((answer) => {
    session.value = undefined;
    signedOut.value = answer;
  });
}

/** Ends the session on the server and here. */
export async function signOut(): Promise<void> {
  const { how } = session.value ?? { how: "token" };
  await send(apiPaths.signOut(), {});
  tabs.postMessage("left");
  session.value = undefined;
  const rest = how === "oidc" ? { signIn: how, signInPath: apiPaths.signIn({}) } : { signIn: how };
  signedOut.value = { code: "signed-out", message: "You are signed out.", ...rest };
  navigate("/");
}
