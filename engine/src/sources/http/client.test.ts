import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { realClock } from "../../cluster/cluster.contract.ts";
import { makeCertificate, temporaryFolder } from "../git/repository.contract.ts";
import { proxyFor } from "./access.ts";
import { HttpClient, type HttpRequest, textBytesOf } from "./client.ts";

const client = new HttpClient({ clock: realClock, random: () => 0 });
const servers: { close(): unknown; closeAllConnections?(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections?.();
    server.close();
  }
});
afterAll(() => client.close());

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

async function listen<T extends { listen(port: number, host: string, done: () => void): unknown }>(
  server: T,
): Promise<T> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

async function serve(answer: Answer): Promise<string> {
  const server: Server = await listen(createServer(answer));
  servers.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function ask(url: string, more: Partial<HttpRequest> = {}): HttpRequest {
  return { url, signal: new AbortController().signal, timeoutMs: 30_000, ...more };
}

async function textOf(request: HttpRequest, sizeMost = 1000): Promise<string> {
  return (await client.read(request, sizeMost)).bytes.toString("utf8");
}

async function faultOf(run: Promise<unknown>): Promise<{ code: string; message: string; at: string }> {
  return run.then(
    () => ({ code: "none", message: "", at: "" }),
    (thrown: { code: string; message: string; at: string }) => thrown,
  );
}

describe("a redirect", () => {
  it("is followed with credentials to the same origin, without to another", async () => {
    const seen: Record<string, string | undefined> = {};
    const other = await serve((request, response) => {
      seen["other"] = request.headers.authorization;
      response.end("other");
    });
    const first = await serve((request, response) => {
      seen[request.url ?? ""] = request.headers.authorization;
      const to = request.url === "/a" ? "/b" : other;
      response.writeHead(307, { location: to }).end();
    });
    const headers = { authorization: "Basic secret" };
    expect(await textOf(ask(`${first}/a`, { headers }))).toBe("other");
    expect(seen).toEqual({ "/a": "Basic secret", "/b": "Basic secret", other: undefined });
    await textOf(ask(`${first}/a`, { headers, passesCredentials: true }));
    expect(seen["other"]).toBe("Basic secret");
  });

  it.each(["file:///etc/passwd", "ftp://host/x", "//"])("to %s is refused", async (location) => {
    const url = await serve((_, response) => response.writeHead(302, { location }).end());
    expect((await faultOf(textOf(ask(url)))).code).toBe("http-url-invalid");
  });

  it("without end is given up", async () => {
    const url = await serve((_, response) => response.writeHead(302, { location: "/x" }).end());
    expect((await faultOf(textOf(ask(url)))).code).toBe("http-redirected-too-often");
  });
});

describe("a server", () => {
  it("that is overloaded is asked again as it wishes", async () => {
    const times: number[] = [];
    const url = await serve((_, response) => {
      times.push(Date.now());
      if (times.length < 3) response.writeHead(times.length === 1 ? 429 : 503, { "retry-after": "1" }).end("busy");
      else response.end("well");
    });
    expect(await textOf(ask(url))).toBe("well");
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(950);
  });

  it.each([
    [{ "retry-after": "3600" }, 1],
    [{}, 3],
  ])("that stays overloaded (%j) is asked %i times", async (headers, expected) => {
    let count = 0;
    const url = await serve((_, response) => {
      count += 1;
      response.writeHead(500, headers).end();
    });
    expect((await faultOf(textOf(ask(url)))).code).toBe("http-refused");
    expect(count).toBe(expected);
  });

  it.each<[string, Answer, string]>([
    [
      "refuses",
      (_, response) => response.writeHead(403, { "content-type": "text/plain" }).end("no"),
      "http-authentication-failed",
    ],
    ["knows nothing", (_, response) => response.writeHead(404).end(), "http-absent"],
    ["sends without end", (_, response) => endless(response), "http-too-large"],
    [
      "announces too much",
      (_, response) => response.writeHead(200, { "content-length": "5000000000" }).write("x"),
      "http-too-large",
    ],
    ["cuts off", (_, response) => cut(response), "http-cut-off"],
    ["speaks no HTTP", (request) => void request.socket.end("garbage\r\n\r\n"), "http-unreachable"],
  ])("that %s ends in a fault", async (_, answer, code) => {
    expect((await faultOf(textOf(ask(await serve(answer))))).code).toBe(code);
  });

  it("that is slow is given up at the time limit", async () => {
    const url = await serve((_, response) => void response.write("x"));
    expect((await faultOf(textOf(ask(url, { timeoutMs: 300 })))).code).toBe("http-timeout");
  });

  it("that is not there is told by its address, without secrets", async () => {
    const fault = await faultOf(textOf(ask("http://user:secret@127.0.0.1:1/x?token=secret")));
    expect(fault).toMatchObject({ code: "http-unreachable", at: "http://127.0.0.1:1/x" });
  });

  it("may pack a text, but not beyond its bound", async () => {
    const packed = gzipSync("x".repeat(100_000));
    const url = await serve((_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(packed));
    expect((await textBytesOf(await client.send(ask(url)), 100_000)).length).toBe(100_000);
    expect((await faultOf(textBytesOf(await client.send(ask(url)), 99_999))).code).toBe("http-too-large");
  });

  it("gets no header with a line break in it", async () => {
    const url = await serve((_, response) => response.end());
    const headers = { authorization: "Bearer a\r\nx: y" };
    expect((await faultOf(textOf(ask(url, { headers })))).code).toBe("http-access-invalid");
  });
});

function endless(response: ServerResponse): void {
  const more = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(65536)));
    if (!response.destroyed) response.once("drain", more);
  };
  more();
}

function cut(response: ServerResponse): void {
  response.writeHead(200, { "content-length": "100" });
  response.write("x", () => response.destroy());
}

describe("over TLS", () => {
  it("only what its authority has signed is trusted, and a client's certificate is shown", async () => {
    const { authority, options } = makeCertificate(temporaryFolder("http"));
    const tls = { ...options, ca: authority, requestCert: true, rejectUnauthorized: false };
    const server = await listen(
      createTlsServer(tls, (request, response) => {
        const shown = (request.socket as unknown as { authorized: boolean }).authorized;
        response.end(String(shown));
      }),
    );
    servers.push(server);
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    expect((await faultOf(textOf(ask(url)))).code).toBe("http-certificate-rejected");
    expect(await textOf(ask(url, { access: { authority } }))).toBe("false");
    const own = { authority, certificate: options.cert, certificateKey: options.key };
    expect(await textOf(ask(url, { access: own }))).toBe("true");
    const broken = { authority, certificate: "x", certificateKey: "y" };
    expect((await faultOf(textOf(ask(url, { access: broken })))).code).toBe("http-access-invalid");
  });
});

/** A proxy for CONNECT and plain requests; notes what it was asked. */
async function serveProxy(seen: string[], login?: string): Promise<string> {
  const isAllowed = (request: IncomingMessage): boolean =>
    login === undefined || request.headers["proxy-authorization"] === `Basic ${Buffer.from(login).toString("base64")}`;
  const proxy = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    response.writeHead(isAllowed(request) ? 200 : 407).end("by proxy");
  });
  proxy.on("connect", (request: IncomingMessage, socket: Socket) => {
    seen.push(`CONNECT ${request.url}`);
    if (!isAllowed(request)) return socket.end("HTTP/1.1 407 no\r\n\r\n");
    const [host = "", port = ""] = (request.url ?? "").split(":");
    const onward = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 yes\r\n\r\n");
      onward.pipe(socket).pipe(onward);
    });
    onward.on("error", () => socket.destroy());
    socket.on("error", () => onward.destroy());
    return undefined;
  });
  await listen(proxy);
  servers.push(proxy);
  return `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

describe("through a proxy", () => {
  it("plain requests go whole, TLS goes in a tunnel", async () => {
    const seen: string[] = [];
    const proxy = await serveProxy(seen, "u:p");
    const { authority, options } = makeCertificate(temporaryFolder("http"));
    const server = await listen(createTlsServer(options, (_, response) => response.end("secure")));
    servers.push(server);
    const { port } = server.address() as AddressInfo;
    const access = { authority, proxy: `http://u:p@${proxy}` };
    expect(await textOf(ask("http://example.test/x?y", { access }))).toBe("by proxy");
    expect(await textOf(ask(`https://127.0.0.1:${port}/`, { access }))).toBe("secure");
    expect(seen).toEqual(["GET http://example.test/x?y", `CONNECT 127.0.0.1:${port}`]);
    const wrong = { authority, proxy: `http://u:wrong@${proxy}` };
    expect((await faultOf(textOf(ask(`https://127.0.0.1:${port}/`, { access: wrong })))).code).toBe(
      "http-proxy-failed",
    );
  });

  it("of SOCKS 5 names are left to it", async () => {
    const target = await serve((_, response) => response.end("reached"));
    const seen: string[] = [];
    const proxy = await listen(createTcpServer((socket) => void speakSocks(socket, new URL(target), seen)));
    servers.push(proxy);
    const access = { proxy: `socks5://u:p@127.0.0.1:${(proxy.address() as AddressInfo).port}` };
    expect(await textOf(ask("http://name.test:81/", { access }))).toBe("reached");
    expect(seen).toEqual(["u:p", "name.test:81"]);
  });

  it.each([
    ["http://a.test/", {}, undefined],
    ["http://a.test/", { http: "http://p:1" }, "http://p:1/"],
    ["https://a.test/", { http: "http://p:1" }, undefined],
    ["https://a.test/", { https: "p:1" }, "http://p:1/"],
    ["https://a.test/", { https: "http://p:1", none: "b.test,a.test" }, undefined],
    ["https://x.a.test/", { https: "http://p:1", none: ".a.test" }, undefined],
    ["https://xa.test/", { https: "http://p:1", none: "a.test" }, "http://p:1/"],
    ["https://10.1.2.3/", { https: "http://p:1", none: "10.0.0.0/8" }, undefined],
    ["https://a.test:8443/", { https: "http://p:1", none: "a.test:443" }, "http://p:1/"],
    ["https://a.test/", { https: "http://p:1", none: "*" }, undefined],
    ["http://127.0.0.1:5000/", { http: "http://p:1" }, undefined],
  ])("%s with the environment's %j goes by %s", (url, settings, expected) => {
    expect(proxyFor(new URL(url), {}, settings)?.href).toBe(expected);
  });
});

async function speakSocks(socket: Socket, target: URL, seen: string[]): Promise<void> {
  const take = async (): Promise<Buffer> => new Promise((resolve) => socket.once("data", resolve));
  socket.on("error", () => {});
  await take();
  socket.write(Buffer.from([5, 2]));
  const login = await take();
  const length = login[1] ?? 0;
  seen.push(`${login.toString("utf8", 2, 2 + length)}:${login.toString("utf8", 3 + length)}`);
  socket.write(Buffer.from([1, 0]));
  const wish = await take();
  seen.push(`${wish.toString("utf8", 5, 5 + (wish[4] ?? 0))}:${wish.readUInt16BE(wish.length - 2)}`);
  const onward = connect(Number(target.port), target.hostname, () => {
    socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
    onward.pipe(socket).pipe(onward);
  });
  onward.on("error", () => socket.destroy());
}
