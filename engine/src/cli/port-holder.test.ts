import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { Fault } from "#kernel";
import { checkPortFree } from "./port-holder.ts";

describe("a port", () => {
  it("is free when it is 0", async () => {
    await checkPortFree(0, "--port");
  });

  it("in use is told with who holds it and what to do", async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const thrown: unknown = await checkPortFree(port, "--port").catch((error: unknown) => error);
    server.close();
    expect(thrown).toBeInstanceOf(Fault);
    const fault = thrown as Fault;
    expect([fault.code, fault.at]).toEqual(["busy", `127.0.0.1:${port}`]);
    expect(fault.message).toContain(`process ${process.pid}`);
    expect(fault.hint).toBe("choose another with --port PORT; --port 0 takes any free one");
  });
});
