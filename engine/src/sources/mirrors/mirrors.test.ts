import { describe, expect, it } from "vitest";
import { mirroredUrl, parseMirrors } from "./index.ts";

const map = parseMirrors(
  `
mirrors:
  - { from: "https://github.com/", to: "https://git.corp.example/github" }
  - { from: "https://github.com/acme", to: "ssh://git@git.corp.example:2222/acme" }
  - { from: "https://github.com/acme/shop", to: "file:///srv/mirrors/shop.git" }
  - { from: "ssh://github.com", to: "https://git.corp.example/github", secretRef: { name: login, namespace: flux-system } }
  - { from: "ssh://deploy@github.com", to: "https://deploy.example/x" }
  - { from: "oci://ghcr.io/", to: "oci://registry.corp.example:5000/ghcr", insecure: true }
  - { from: "oci://ghcr.io/acme/charts/", to: "oci://charts.corp.example" }
  - { from: "https://charts.example:8443", to: "http://charts.corp.example", passCredentials: true }
`,
  "mirrors.yaml",
);

describe("a map of mirrors", () => {
  it.each<[string, string, string]>([
    ["a host", "https://github.com/other/x", "https://git.corp.example/github/other/x"],
    ["a group before its host", "https://github.com/acme/web.git", "ssh://git@git.corp.example:2222/acme/web.git"],
    ["one repository before its group", "https://github.com/acme/shop", "file:///srv/mirrors/shop.git"],
    ["a repository with .git as the one without", "https://github.com/acme/shop.git", "file:///srv/mirrors/shop.git"],
    ["no group whose name only begins so", "https://github.com/acme-x/y", "https://git.corp.example/github/acme-x/y"],
    ["no host whose name only begins so", "https://github.com.evil.example/a", "https://github.com.evil.example/a"],
    ["any user", "ssh://git@github.com/a/b", "https://git.corp.example/github/a/b"],
    ["one user before any", "ssh://deploy@github.com/a/b", "https://deploy.example/x/a/b"],
    ["a host in other letters", "HTTPS://GitHub.com/Acme/x", "https://git.corp.example/github/Acme/x"],
    ["a default port that is written out", "https://github.com:443/acme/x", "ssh://git@git.corp.example:2222/acme/x"],
    ["no other port", "https://github.com:8443/acme/x", "https://github.com:8443/acme/x"],
    ["no other scheme", "http://github.com/acme/x", "http://github.com/acme/x"],
    ["a registry", "oci://ghcr.io/team/app", "oci://registry.corp.example:5000/ghcr/team/app"],
    ["the longest prefix of a registry", "oci://ghcr.io/acme/charts/web", "oci://charts.corp.example/web"],
    ["a port", "https://charts.example:8443/index.yaml?x=1", "http://charts.corp.example/index.yaml?x=1"],
    ["nothing that climbs out of a prefix", "https://github.com/acme/../x", "https://github.com/acme/../x"],
    ["nothing that climbs in disguise", "https://github.com/acme/%2e%2E/x", "https://github.com/acme/%2e%2E/x"],
    ["nothing that is no URL", "git@github.com:a/b", "git@github.com:a/b"],
    ["nothing that it does not name", "https://example.org/a", "https://example.org/a"],
  ])("covers %s", (_name, url, expected) => {
    expect(mirroredUrl(map, url).url).toBe(expected);
  });

  it("gives the rule with its Secret, and none where the URL stands for itself", () => {
    const found = mirroredUrl(map, "ssh://git@github.com/a/b").rule;
    expect(found).toMatchObject({ secretRef: { name: "login", namespace: "flux-system" }, passCredentials: false });
    expect(mirroredUrl(map, "oci://ghcr.io/x").rule?.insecure).toBe(true);
    expect(mirroredUrl(map, "https://example.org/a")).toEqual({ url: "https://example.org/a" });
    expect(mirroredUrl([], "https://example.org/a")).toEqual({ url: "https://example.org/a" });
    expect(parseMirrors("", "empty.yaml")).toEqual([]);
  });

  it.each<[string, string, string]>([
    ["no list", "{}", "no list `mirrors`"],
    ["no YAML", "mirrors: [", "no YAML"],
    ["no URL", "mirrors: [{ from: x, to: 'https://y' }]", "mirrors[0].from is no URL"],
    ["a scheme that is none of ours", "mirrors: [{ from: 'https://x', to: 'ext://y' }]", "mirrors[0].to is no URL"],
    ["a password", "mirrors: [{ from: 'https://x', to: 'https://u:sesame@y' }]", "mirrors[0].to holds a password"],
    ["a mistyped member", "mirrors: [{ from: 'https://x', to: 'https://y', form: z }]", "mirrors[0].form"],
    ["half a Secret", "mirrors: [{ from: 'https://x', to: 'https://y', secretRef: { name: a } }]", "needs a name and"],
    [
      "one prefix twice",
      "mirrors: [{ from: 'https://x', to: 'https://y' }, { from: 'https://x', to: 'https://z' }]",
      "same",
    ],
    ["no host", "mirrors: [{ from: 'https:///x', to: 'https://y' }]", "names no host"],
    ["a flag that is none", "mirrors: [{ from: 'https://x', to: 'https://y', insecure: 'yes' }]", "neither true nor"],
  ])("is refused with %s", (_name, text, expected) => {
    let thrown: unknown;
    try {
      parseMirrors(text, "mirrors.yaml");
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      code: "mirrors-invalid",
      at: "mirrors.yaml",
      message: expect.stringContaining(expected),
    });
    expect(String((thrown as Error).message)).not.toContain("sesame");
  });
});
