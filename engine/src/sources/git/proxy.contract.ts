// Proxies for tests: HTTP with CONNECT and whole URLs, SOCKS 5, both with a user name and password where wanted.

import { createServer as createHttpServer, request as ask } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export type TestProxy = {
  /** With the credentials in it. */
  url: string;
  /** Hosts and ports that were asked for. */
  asked: string[];
  close(): void;
};

export type ProxyLogin = { username: string; password: string };

async function listening(server: {
  listen(port: number, host: string, done: () => void): unknown;
  address(): unknown;
}): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function join(left: Socket, right: Socket): void {
  left.pipe(right);
  right.pipe(left);
  left.on("error", () => right.destroy());
  right.on("error", () => left.destroy());
  left.on("close", () => right.destroy());
  right.on("close", () => left.destroy());
}

export async function startHttpProxy(login?: ProxyLogin): Promise<TestProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const expected =
    login === undefined ? undefined : `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;
  const server = createHttpServer((request, response) => {
    if (request.headers["proxy-authorization"] !== expected) {
      response.writeHead(407, { "proxy-authenticate": 'Basic realm="proxy"' }).end();
      return;
    }
    const url = new URL(request.url ?? "");
    asked.push(url.host);
    const { "proxy-authorization": _, ...headers } = request.headers;
    const onward = ask(url, { method: request.method ?? "GET", headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  server.on("connect", (request, socket: Socket) => {
    socket.on("error", () => {});
    if (request.headers["proxy-authorization"] !== expected) {
      socket.end('HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="proxy"\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    asked.push(request.url ?? "");
    const [host = "", port = ""] = (request.url ?? "").split(":");
    const onward = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      join(socket, onward);
    });
    onward.on("error", () => socket.destroy());
  });
  const port = await listening(server);
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { url: `http://${userOf(login)}127.0.0.1:${port}`, asked, close };
}

function userOf(login: ProxyLogin | undefined): string {
  return login === undefined ? "" : `${encodeURIComponent(login.username)}:${encodeURIComponent(login.password)}@`;
}

/** https://www.rfc-editor.org/rfc/rfc1928 */
export async function startSocksProxy(login?: ProxyLogin): Promise<TestProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    let step: "greeting" | "login" | "request" = "greeting";
    socket.on("data", function take(bytes: Buffer) {
      if (step === "greeting") {
        const method = login === undefined ? 0 : 2;
        if (!bytes.subarray(2).includes(method)) socket.end(Buffer.from([5, 255]));
        else socket.write(Buffer.from([5, method]));
        step = login === undefined ? "request" : "login";
      } else if (step === "login") {
        const length = bytes[1] ?? 0;
        const name = bytes.toString("utf8", 2, 2 + length);
        const isRight = name === login?.username && bytes.toString("utf8", 3 + length) === login.password;
        if (isRight) socket.write(Buffer.from([1, 0]));
        else socket.end(Buffer.from([1, 1]));
        step = "request";
      } else {
        socket.off("data", take);
        const end = bytes[3] === 3 ? 5 + (bytes[4] ?? 0) : 8;
        const host = bytes[3] === 3 ? bytes.toString("utf8", 5, end) : bytes.subarray(4, 8).join(".");
        const port = bytes.readUInt16BE(end);
        asked.push(`${host}:${port}`);
        const onward = connect(port, host, () => {
          socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
          join(socket, onward);
        });
        onward.on("error", () => socket.end(Buffer.from([5, 5, 0, 1, 0, 0, 0, 0, 0, 0])));
      }
    });
  });
  const port = await listening(server);
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { url: `socks5://${userOf(login)}127.0.0.1:${port}`, asked, close };
}
