import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ManualClock } from "#kernel";
import { loadIdentity } from "./identity-files.ts";

const folder = mkdtempSync(join(tmpdir(), "keelson-tls-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hosts = ["localhost", "127.0.0.1", "::1"];
const dayMs = 86_400_000;

describe("the server's identity", () => {
  it("has a certificate that its own authority signed for every host", () => {
    const identity = loadIdentity(undefined, hosts, new ManualClock());
    const server = new X509Certificate(identity.server.certificate);
    const authority = new X509Certificate(identity.authorityCertificate);
    expect(authority.ca).toBe(true);
    expect(server.verify(authority.publicKey)).toBe(true);
    expect(server.checkIssued(authority)).toBe(true);
    expect(server.checkHost("localhost")).toBe("localhost");
    expect(server.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(server.checkIP("::1")).toBeDefined();
    expect(server.checkHost("example.com")).toBeUndefined();
  });

  it("is the same after a restart, and readable by the owner alone", () => {
    const clock = new ManualClock();
    const first = loadIdentity(folder, hosts, clock);
    expect(loadIdentity(folder, hosts, clock)).toEqual(first);
    expect(statSync(join(folder, "admin.token")).mode & 0o077).toBe(0);
  });

  it("renews the server's certificate before it ends and for new hosts, under the same authority", () => {
    const clock = new ManualClock();
    const first = loadIdentity(folder, hosts, clock);
    const wider = loadIdentity(folder, [...hosts, "10.1.2.3"], clock);
    expect(wider.server).not.toEqual(first.server);
    clock.advance(340 * dayMs);
    const later = loadIdentity(folder, hosts, clock);
    expect(later.server).not.toEqual(wider.server);
    expect(later.authorityCertificate).toBe(first.authorityCertificate);
    expect(later.administratorToken).toBe(first.administratorToken);
  });
});
