// A connection through a proxy: HTTP CONNECT (RFC 9110, 9.3.6) or SOCKS 5 (RFC 1928, RFC 1929). The proxy resolves the
// name of the host; names are never resolved here.

import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { httpFault } from "./faults.ts";
import { proxyAnswerMost } from "./limits.ts";

export type Destination = { host: string; port: number };

/** A socket on which the destination speaks. */
export async function openTunnel(proxy: URL, to: Destination, timeoutMs: number): Promise<Socket> {
  const isSocks = proxy.protocol.startsWith("socks5");
  const port = Number(proxy.port || (isSocks ? 1080 : proxy.protocol === "https:" ? 443 : 80));
  const host = proxy.hostname.replace(/^\[|\]$/g, "");
  const socket =
    proxy.protocol === "https:"
      ? connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }) })
      : connectPlain({ host, port });
  const reader = new ProxyReader(socket);
  const timer = setTimeout(() => socket.destroy(new Error("the proxy does not answer")), timeoutMs);
  try {
    await reader.connected(proxy.protocol === "https:" ? "secureConnect" : "connect");
    await (isSocks ? greetSocks(proxy, to, { socket, reader }) : askConnect(proxy, to, { socket, reader }));
    reader.release();
    return socket;
  } catch (cause) {
    socket.destroy();
    throw failed(proxy, cause);
  } finally {
    clearTimeout(timer);
  }
}

function failed(proxy: URL, cause: unknown): Error {
  return httpFault({
    code: "http-proxy-failed",
    disposition: "retry",
    at: `${proxy.protocol}//${proxy.host}`,
    message: "the proxy does not connect",
    hint: "check `address`, `username` and `password` in the Secret that `proxySecretRef` names",
    cause,
  });
}

/** `Basic …` for a proxy's credentials; undefined where its URL holds none. */
export function proxyAuthorization(proxy: URL): string | undefined {
  if (proxy.username === "" && proxy.password === "") return undefined;
  const login = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return `Basic ${Buffer.from(login).toString("base64")}`;
}

type Line = { socket: Socket; reader: ProxyReader };

async function askConnect(proxy: URL, to: Destination, { socket, reader }: Line): Promise<void> {
  const name = `${to.host.includes(":") ? `[${to.host}]` : to.host}:${to.port}`;
  const authorization = proxyAuthorization(proxy);
  const extra = authorization === undefined ? "" : `Proxy-Authorization: ${authorization}\r\n`;
  socket.write(`CONNECT ${name} HTTP/1.1\r\nHost: ${name}\r\n${extra}\r\n`);
  const head = (await reader.until("\r\n\r\n")).toString("latin1");
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
  if (status !== "200") throw new Error(`it answered ${status ?? "no HTTP"} to CONNECT ${name}`);
}

async function greetSocks(proxy: URL, to: Destination, { socket, reader }: Line): Promise<void> {
  const hasLogin = proxy.username !== "";
  socket.write(Buffer.from(hasLogin ? [5, 2, 0, 2] : [5, 1, 0]));
  const [version, method] = await reader.take(2);
  if (version !== 5 || method === 255) throw new Error("it accepts none of our ways to sign in");
  if (method === 2) {
    const user = Buffer.from(decodeURIComponent(proxy.username));
    const password = Buffer.from(decodeURIComponent(proxy.password));
    socket.write(Buffer.concat([Buffer.from([1, user.length]), user, Buffer.from([password.length]), password]));
    if ((await reader.take(2))[1] !== 0) throw new Error("it refuses user name and password");
  }
  const name = Buffer.from(to.host);
  const head = Buffer.from([5, 1, 0, 3, name.length]);
  socket.write(Buffer.concat([head, name, Buffer.from([to.port >> 8, to.port & 255])]));
  const answer = await reader.take(4);
  if (answer[1] !== 0)
    throw new Error(`it answered ${answer[1] ?? "nothing"} to the request for ${to.host}:${to.port}`);
  const type = answer[3];
  const length = type === 1 ? 4 : type === 4 ? 16 : ((await reader.take(1))[0] ?? 0);
  await reader.take(length + 2);
}

/** Takes bytes off a socket, exactly as many as asked: what follows belongs to the destination. */
class ProxyReader {
  readonly #socket: Socket;
  #held: Buffer = Buffer.alloc(0);
  #wake: () => void = () => {};
  #failure: Error | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("readable", this.#pull);
    socket.on("error", this.#fail);
    socket.on("close", this.#close);
  }

  async connected(event: "connect" | "secureConnect"): Promise<void> {
    let isOpen = false;
    this.#socket.once(event, () => {
      isOpen = true;
      this.#wake();
    });
    while (!isOpen) await this.#more();
  }

  async take(length: number): Promise<Buffer> {
    while (this.#held.length < length) await this.#more();
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return taken;
  }

  async until(end: string): Promise<Buffer> {
    for (;;) {
      const at = this.#held.indexOf(end);
      if (at >= 0) return this.take(at + end.length);
      if (this.#held.length > proxyAnswerMost) throw new Error("its answer is too long");
      await this.#more();
    }
  }

  release(): void {
    this.#socket.off("readable", this.#pull);
    this.#socket.off("error", this.#fail);
    this.#socket.off("close", this.#close);
    if (this.#held.length > 0) this.#socket.unshift(this.#held);
  }

  #more(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#wake = () => (this.#failure === undefined ? resolve() : reject(this.#failure));
    });
  }

  readonly #pull = (): void => {
    const chunk = this.#socket.read() as Buffer | null;
    if (chunk !== null) this.#held = Buffer.concat([this.#held, chunk]);
    this.#wake();
  };

  readonly #fail = (error: Error): void => {
    this.#failure ??= error;
    this.#wake();
  };

  readonly #close = (): void => {
    this.#failure ??= new Error("it ended the connection");
    this.#wake();
  };
}
