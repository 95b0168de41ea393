// Faults of a build over the whole disk name paths from its root, without the slash in front. They are told as somebody at
// the command line writes them: from the folder it was called in, others from the root.

import { Fault } from "#kernel";

/** The fault, and all it was caused by, with paths as seen from `folder`; `top` is what was built. Both are absolute. */
export function withShownPaths(thrown: unknown, folder: string, top: string): unknown {
  if (!(thrown instanceof Fault)) return thrown;
  const { code, disposition, at, message, hint, cause } = thrown;
  const show = (text: string): string => showTop(showBelow(text, folder), top);
  return new Fault({
    code,
    disposition,
    message: show(message),
    ...(at === undefined ? {} : { at: show(at) }),
    ...(hint === undefined ? {} : { hint: show(hint) }),
    ...(cause === undefined ? {} : { cause: withShownPaths(cause, folder, top) }),
  });
}

/** Where a path begins: at the start of a text, or behind a blank or a quote. */
const start = `(^|[\\s'"])`;

function showBelow(text: string, folder: string): string {
  if (folder === "/") return text;
  const path = escape(folder.slice(1));
  return text
    .replace(new RegExp(`${start}${path}/`, "g"), "$1")
    .replace(new RegExp(`${start}${path}(?=$|['"\\s:])`, "g"), "$1.");
}

function showTop(text: string, top: string): string {
  if (top === "/") return text;
  return text.replace(new RegExp(`${start}(?=${escape(top.slice(1))}(?:$|[/'"\\s:]))`, "g"), "$1/");
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
