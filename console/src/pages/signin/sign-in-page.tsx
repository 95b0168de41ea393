// Nobody is signed in: what to do about it, by the way that this server signs people in.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { apiPaths, type SignedOut } from "../../wire/types.ts";

export function SignInPage({ denied }: { denied: SignedOut }): JSX.Element {
  return (
    <main class="sign-in" id="content">
      <img src="/icon.svg" alt="" width="40" height="40" />
      <h1 tabIndex={-1}>Sign in to Keelson</h1>
      <p>{denied.message}</p>
      {denied.hint !== undefined && <p class="soft">{denied.hint}</p>}
      {denied.signIn === "oidc" ? <ByProvider path={denied.signInPath} /> : <ByToken />}
    </main>
  );
}

function ByProvider({ path }: { path: string | undefined }): JSX.Element {
  const back = location.pathname + location.search;
  const href = path === undefined ? apiPaths.signIn({ return: back }) : `${path}?return=${encodeURIComponent(back)}`;
  return (
    <>
      <a class="button primary" href={href} target="_self">
        Sign in
      </a>
      <p class="soft">You will see and do here what you may see and do in the cluster, nothing more.</p>
    </>
  );
}

/** Whether the server takes this token; "" when it does. */
async function whyRefused(token: string): Promise<string> {
  try {
    const answer = await fetch(apiPaths.session(), { headers: { authorization: `Bearer ${token}` } });
    if (answer.ok) return "";
    return answer.status === 401
      ? "This is not the token that the server printed."
      : `The server answered HTTP ${answer.status}.`;
  } catch {
    return "The server does not answer. Is it still running?";
  }
}

function ByToken(): JSX.Element {
  const token = useSignal("");
  const refused = useSignal("");
  const open = async (event: Event): Promise<void> => {
    event.preventDefault();
    const given = token.value.trim();
    refused.value = await whyRefused(given);
    if (refused.value !== "") return;
    // The server takes the token out of the address and keeps it in a cookie that no script can read.
    const query = new URLSearchParams(location.search);
    query.set("token", given);
    location.href = `${location.pathname}?${query}`;
  };
  return (
    <>
      <p class="soft">
        Open the address that <code>keelson up</code> or <code>keelson run</code> printed: it holds a token. Or paste
        the token:
      </p>
      <form onSubmit={(event) => void open(event)}>
        <label class="unseen" for="token">
          Token
        </label>
        <input
          id="token"
          type="password"
          autocomplete="off"
          value={token.value}
          {...(refused.value === "" ? {} : { "aria-invalid": true, "aria-describedby": "token-refused" })}
          onInput={(event) => (token.value = event.currentTarget.value)}
        />
        <button type="submit" class="primary" disabled={token.value.trim() === ""}>
          Sign in
        </button>
      </form>
      <p id="token-refused" class="text-failed" role="alert">
        {refused.value}
      </p>
    </>
  );
}
