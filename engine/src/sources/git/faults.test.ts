import { describe, expect, it } from "vitest";
import { faultOfComplaints, redact } from "./faults.ts";

describe("git's complaints", () => {
  it.each([
    ["fatal: Authentication failed for 'https://x/'", "git-authentication-failed"],
    ["fatal: could not read Username for 'https://x': terminal prompts disabled", "git-authentication-failed"],
    ["git@x: Permission denied (publickey).", "git-authentication-failed"],
    ["fatal: unable to access 'https://x/': The requested URL returned error: 403", "git-authentication-failed"],
    ["Host key verification failed.", "git-host-key-rejected"],
    [
      "fatal: unable to access 'https://x/': SSL certificate problem: self-signed certificate",
      "git-certificate-rejected",
    ],
    ["fatal: unable to access 'https://x/': Could not resolve host: x", "git-unreachable"],
    ["ssh: connect to host x port 22: Connection refused", "git-unreachable"],
    ["fatal: unable to access 'https://x/': The requested URL returned error: 502", "git-unreachable"],
    ["fatal: https://x/info/refs not valid: is this a git repository?", "git-not-spoken"],
    ["fatal: repository 'https://x/' not found", "git-repository-absent"],
    ["fatal: '/x' does not appear to be a git repository", "git-repository-absent"],
    ["fatal: early EOF\nfatal: fetch-pack: invalid index-pack output", "git-damaged"],
    ["fatal: something new", "git-failed"],
  ])("%s", (text, code) => {
    const fault = faultOfComplaints(text, "https://x/");
    expect(fault.code).toBe(code);
    expect(fault.disposition).toBe("retry");
  });

  it("never carry a password or token on", () => {
    expect(redact("fatal: unable to access 'https://me:sesame@host/x/'")).toBe(
      "fatal: unable to access 'https://host/x/'",
    );
    expect(redact("> Authorization: Bearer sesame")).toBe("> Authorization: Bearer ***");
    const fault = faultOfComplaints("fatal: Authentication failed for 'https://me:sesame@host/'", "https://host/");
    expect(String((fault.cause as Error).message)).not.toContain("sesame");
  });
});
