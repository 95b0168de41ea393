// A rendering thread: opens a source by its handle, renders, answers in text. It keeps nothing but what the source's own
// reader caches.

import { parentPort } from "node:worker_threads";
import { openTree, type TreeHandle } from "#sources/git";
import { InlinePool } from "./render-desk.ts";
import { builtinRenderers } from "./renderers.ts";
import { encodeFailure, encodeRendering, type Request } from "./worker-protocol.ts";

const pool = new InlinePool(builtinRenderers());

async function answer({ id, job, handle, remotes }: Request): Promise<void> {
  try {
    const source = { hash: "", open: () => openTree(handle as TreeHandle) };
    parentPort?.postMessage(encodeRendering(id, await pool.run(job, source, remotes)));
  } catch (thrown) {
    parentPort?.postMessage(encodeFailure(id, thrown));
  }
}

parentPort?.on("message", (request: Request) => void answer(request));
