// What passes between the engine and its rendering threads: text, since one parse on each side costs less than a
// structured clone of many objects.

import { decodeJson, encodeJson, Fault, faultFrom, formatFault, Missing, type Need, type Rendering } from "#kernel";
import type { RemoteHandle } from "./remote-bases.ts";
import type { RenderJob } from "./render-desk.ts";

export type Request = { id: number; job: RenderJob; handle: unknown; remotes: readonly RemoteHandle[] };

export type Reply =
  | { id: number; ok: true; text: string }
  /** What is lacking: the request is sent again with it. */
  | { id: number; ok: false; needs: readonly Need[] }
  | {
      id: number;
      ok: false;
      code: string;
      disposition: Fault["disposition"];
      message: string;
      hint: string | undefined;
    };

export function encodeRendering(id: number, rendering: Rendering): Reply {
  return { id, ok: true, text: encodeJson(rendering) };
}

export function encodeFailure(id: number, thrown: unknown): Reply {
  if (thrown instanceof Missing) return { id, ok: false, needs: thrown.needs };
  const { code, disposition, hint } = faultFrom(thrown);
  return { id, ok: false, code, disposition, message: formatFault(thrown), hint };
}

/** The rendering of a reply, or its fault, thrown. */
export function decodeReply(reply: Reply): Rendering {
  if (reply.ok) return decodeJson(reply.text) as unknown as Rendering;
  if ("needs" in reply) throw new Missing(reply.needs);
  const { code, disposition, message, hint } = reply;
  throw new Fault({ code, disposition, message, ...(hint === undefined ? {} : { hint }) });
}
