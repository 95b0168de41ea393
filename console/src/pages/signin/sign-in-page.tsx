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

function ByToken(): JSX.Element {
  const token = useSignal("");
  const open = (event: Event): void => {
    event.preventDefault();
    // The server takes the token out of the address and keeps it in a cookie that no script can read.
    location.href = `${location.pathname}?token=${encodeURIComponent(token.value.trim())}`;
  };
  return (
    <>
      <p class="soft">
        Open the address that <code>keelson up</code> or <code>keelson run</code> printed: it holds a token. Or paste
        the token:
      </p>
      <form onSubmit={open}>
        <label class="unseen" for="token">
          Token
        </label>
        <input
          id="token"
          type="password"
          autocomplete="off"
          value={token.value}
          onInput={(event) => (token.value = event.currentTarget.value)}
        />
        <button type="submit" class="primary" disabled={token.value.trim() === ""}>
          Sign in
        </button>
      </form>
    </>
  );
}
