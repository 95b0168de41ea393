// Server-sent events: the whole state first, then each change. A reader that falls behind is cut off and comes back.

import type { ServerResponse } from "node:http";
import type { Fleet } from "./fleet.ts";
import { backlogMost, heartbeatMs, streamsMost } from "./limits.ts";

export class Streams {
  readonly #fleet: Fleet;
  readonly #open = new Set<ServerResponse>();

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  /** Keeps a response open and tells it everything. */
  add(response: ServerResponse): void {
    if (this.#open.size >= streamsMost) {
      response.writeHead(503, { "retry-after": "10" }).end("too many consoles are open\n");
      return;
    }
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    this.#open.add(response);
    const send = (name: string, data: unknown): void => {
      if (response.writableLength > backlogMost) response.destroy();
      else response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    };
    send("fleet", { cards: this.#fleet.cards(), happenings: this.#fleet.happenings() });
    const unsubscribe = this.#fleet.subscribe((change) => send("change", change));
    const heartbeat = setInterval(() => response.write(": still here\n\n"), heartbeatMs);
    heartbeat.unref();
    response.on("close", () => {
      clearInterval(heartbeat);
      unsubscribe();
      this.#open.delete(response);
    });
  }

  close(): void {
    for (const response of this.#open) response.destroy();
  }
}
