// What ssh runs to reach a server through a proxy: a small program for Node, since neither git nor ssh speaks to proxies.
// The proxy's URL comes in the environment, so that its password stands on no command line.

/** CONNECT over http and https, or SOCKS 5 (RFC 1928, RFC 1929); host and port are the arguments. */
export const connectorText = `import net from "node:net";
import tls from "node:tls";

const { env, argv, exit, stdin, stdout, stderr } = process;
const proxy = new URL(env.KEELSON_PROXY);
const [host, port] = [argv[2], Number(argv[3])];
const [user, password] = [decodeURIComponent(proxy.username), decodeURIComponent(proxy.password)];
const isSocks = proxy.protocol.startsWith("socks5");
const place = {
  host: proxy.hostname.replace(/^\\[|\\]$/g, ""),
  port: Number(proxy.port || (isSocks ? 1080 : proxy.protocol === "https:" ? 443 : 80)),
};
const socket = proxy.protocol === "https:" ? tls.connect({ ...place, servername: net.isIP(place.host) ? "" : place.host }) : net.connect(place);

const fail = (text) => {
  stderr.write(text + "\\n");
  exit(1);
};
socket.on("error", (error) => fail("the proxy cannot be reached: " + error.message));

let pending = Buffer.alloc(0);
const read = async (isWhole) => {
  for (;;) {
    const length = isWhole(pending);
    if (length !== undefined) {
      const taken = pending.subarray(0, length);
      pending = pending.subarray(length);
      return taken;
    }
    if (pending.length > 65536) fail("the proxy answered too much");
    const chunk = await new Promise((resolve) => {
      const take = () => {
        const bytes = socket.read();
        if (bytes !== null) resolve(bytes);
        else socket.once("readable", take);
      };
      socket.once("end", () => resolve(null));
      take();
    });
    if (chunk === null) fail("the proxy refuses the connection");
    pending = Buffer.concat([pending, chunk]);
  }
};
const bytes = (count) => read((all) => (all.length >= count ? count : undefined));

if (isSocks) {
  socket.write(Buffer.from(user === "" ? [5, 1, 0] : [5, 2, 0, 2]));
  const method = (await bytes(2))[1];
  if (method === 2) {
    const [name, secret] = [Buffer.from(user), Buffer.from(password)];
    socket.write(Buffer.concat([Buffer.from([1, name.length]), name, Buffer.from([secret.length]), secret]));
    if ((await bytes(2))[1] !== 0) fail("the proxy refuses the user name and password");
  } else if (method !== 0) fail("the proxy refuses every way to sign in");
  const name = Buffer.from(host);
  socket.write(Buffer.concat([Buffer.from([5, 1, 0, 3, name.length]), name, Buffer.from([port >> 8, port & 255])]));
  const head = await bytes(5);
  if (head[1] !== 0) fail("the proxy refuses the connection: SOCKS5 code " + head[1]);
  await bytes((head[3] === 1 ? 4 : head[3] === 4 ? 16 : head[4] + 1) + 1);
} else {
  const target = (host.includes(":") ? "[" + host + "]" : host) + ":" + port;
  const login = user === "" ? "" : "Proxy-Authorization: Basic " + Buffer.from(user + ":" + password).toString("base64") + "\\r\\n";
  socket.write("CONNECT " + target + " HTTP/1.1\\r\\nHost: " + target + "\\r\\n" + login + "\\r\\n");
  const head = (await read((all) => (all.indexOf("\\r\\n\\r\\n") < 0 ? undefined : all.indexOf("\\r\\n\\r\\n") + 4))).toString("latin1");
  const status = /^HTTP\\/1\\.[01] (\\d+)/.exec(head)?.[1];
  if (status !== "200") fail("the proxy answered " + status);
}
stdout.write(pending);
socket.pipe(stdout);
stdin.pipe(socket);
socket.on("close", () => exit(0));
`;
