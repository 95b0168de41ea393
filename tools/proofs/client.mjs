// A small client of a Kubernetes API over one HTTP/2 connection, for what measures or torments a server.

import { connect } from "node:http2";

/** `ask` resolves with `{ code, headers, body }` and rejects when the connection breaks before the answer is whole. */
export function openClient({ url, token }) {
  const session = connect(url, { rejectUnauthorized: false });
  // Whoever asks is told by the stream; the session's own error would end the process.
  session.on("error", () => {});
  const open = (method, path, headers, hasBody) =>
    session.request(
      { ":method": method, ":path": path, authorization: `Bearer ${token}`, ...headers },
      { endStream: !hasBody },
    );

  const ask = (method, path, { body, contentType = "application/json", headers = {} } = {}) =>
    new Promise((resolve, reject) => {
      const stream = open(
        method,
        path,
        { "content-type": contentType, accept: "application/json", ...headers },
        body !== undefined,
      );
      const chunks = [];
      let answered;
      stream.on("response", (found) => (answered = found));
      stream.on("data", (chunk) => chunks.push(chunk));
      stream.on("end", () => {
        if (answered === undefined) reject(new Error("the connection ended before an answer"));
        else if (stream.rstCode !== 0) reject(new Error("the answer was cut short"));
        else resolve({ code: answered[":status"], headers: answered, body: Buffer.concat(chunks) });
      });
      stream.on("error", reject);
      stream.on("aborted", () => reject(new Error("the connection broke")));
      stream.on("close", () => reject(new Error("the connection broke")));
      if (body !== undefined)
        stream.end(typeof body === "object" && !Buffer.isBuffer(body) ? JSON.stringify(body) : body);
    });

  /** Tells each event of a watch; resolves when the stream ends, however it ends. */
  const watch = (path, tell) =>
    new Promise((resolve) => {
      const stream = open("GET", path, { accept: "application/json" }, false);
      let rest = "";
      stream.setEncoding("utf8");
      stream.on("data", (text) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop();
        for (const line of lines) tell(JSON.parse(line));
      });
      stream.on("error", () => {});
      stream.on("close", resolve);
    });

  return { ask, watch, session, close: () => session.destroy() };
}

/** Park and Miller's generator: small, and the same everywhere. `next(n)` gives a whole number below n. */
export function seeded(seed) {
  let state = (seed % 2147483646) + 1;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}
