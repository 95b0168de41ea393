// The open connections, bounded in number. Who comes when there is no room takes the place of one that is of no use: the longest without
// a finished handshake, else the longest without a request, else the longest that keeps its requests unfinished. So nobody can shut out
// others by holding connections; where all are at work, the new one is turned away.

import type { Socket } from "node:net";

/** A request under way. */
export type Pending = {
  /** Its body has not come whole. */
  readonly isUnfinished: boolean;
};

export class Connection {
  readonly socket: Socket;
  /** The handshake is done. */
  isSecure = false;
  readonly pending: Set<Pending> = new Set<Pending>();
  /** When it was last of use, counted in uses of all. */
  lastUse = 0;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  /** The lower, the sooner it has to go; undefined: it is at work. */
  get worth(): 0 | 1 | 2 | undefined {
    if (!this.isSecure) return 0;
    if (this.pending.size === 0) return 1;
    for (const one of this.pending) if (!one.isUnfinished) return undefined;
    return 2;
  }
}

export class Connections {
  readonly #most: number;
  /** By the far end, in the order in which they came. */
  readonly #open = new Map<string, Connection>();
  #uses = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#open.size;
  }

  open(socket: Socket): void {
    if (this.#open.size >= this.#most && !this.#makeRoom()) {
      socket.destroy();
      return;
    }
    const end = farEnd(socket);
    const connection = new Connection(socket);
    this.#use(connection);
    this.#open.set(end, connection);
    socket.once("close", () => {
      if (this.#open.get(end) === connection) this.#open.delete(end);
    });
  }

  /** The connection that a socket over it, or a session, speaks through; undefined once it is gone. */
  of(socket: Pick<Socket, "remoteAddress" | "remotePort">): Connection | undefined {
    return this.#open.get(farEnd(socket));
  }

  /** The handshake is done. */
  secured(socket: Pick<Socket, "remoteAddress" | "remotePort">): void {
    const connection = this.of(socket);
    if (connection === undefined) return;
    connection.isSecure = true;
    this.#use(connection);
  }

  /** A request begins; the result is to be called when it has ended. */
  begin(connection: Connection | undefined, pending: Pending): () => void {
    connection?.pending.add(pending);
    return () => {
      if (connection?.pending.delete(pending) === true) this.#use(connection);
    };
  }

  closeAll(): void {
    for (const { socket } of this.#open.values()) socket.destroy();
  }

  #use(connection: Connection): void {
    connection.lastUse = ++this.#uses;
  }

  #makeRoom(): boolean {
    let least: Connection | undefined;
    let leastWorth = 3;
    for (const connection of this.#open.values()) {
      const { worth } = connection;
      if (worth === undefined || worth > leastWorth) continue;
      if (worth === leastWorth && least !== undefined && least.lastUse <= connection.lastUse) continue;
      [least, leastWorth] = [connection, worth];
      // They stand in the order of their coming: there is none of less use.
      if (worth === 0) break;
    }
    if (least === undefined) return false;
    this.#open.delete(farEnd(least.socket));
    least.socket.destroy();
    return true;
  }
}

function farEnd({ remoteAddress, remotePort }: Pick<Socket, "remoteAddress" | "remotePort">): string {
  return `${remoteAddress} ${remotePort}`;
}
