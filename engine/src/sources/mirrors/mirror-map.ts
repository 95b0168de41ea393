// Which address stands for another. A prefix ends where a part of the path does, so `https://host/team` never covers
// `https://host/team-other`; the longest prefix wins; what no rule covers is left as it is.

/** A Secret of the installation, not of the object whose URL is mirrored. */
export type MirrorSecretRef = { namespace: string; name: string };

/** URLs that begin with `from` are fetched from `to`. */
export type MirrorRule = {
  from: string;
  to: string;
  /** Credentials for the mirror, with the keys that the kind of source reads. */
  secretRef?: MirrorSecretRef;
  /** `ca.crt`, `tls.crt` and `tls.key` for the mirror. */
  certSecretRef?: MirrorSecretRef;
  /** `address`, `username` and `password` of a proxy on the way to the mirror. */
  proxySecretRef?: MirrorSecretRef;
  /** Sends the object's own credentials to the mirror, where it has no Secret of its own. Off unless asked for. */
  passCredentials: boolean;
  /** Speaks plain HTTP to a registry or bucket. */
  insecure: boolean;
};

/** The rules, those with the longest prefix first. */
export type MirrorMap = readonly MirrorRule[];

/** `rule` is absent where the URL stands for itself. */
export type MirroredUrl = { url: string; rule?: MirrorRule };

/** Where a URL is fetched from. */
export function mirroredUrl(map: MirrorMap, url: string): MirroredUrl {
  if (map.length === 0) return { url };
  const wanted = splitUrl(url);
  if (wanted === undefined) return { url };
  for (const rule of map) {
    const rest = restBelow(rule.from, wanted);
    if (rest !== undefined) return { url: joinUrl(rule.to, rest), rule };
  }
  return { url };
}

export type SplitUrl = { scheme: string; user: string; host: string; port: string; parts: string[]; suffix: string };

const defaultPorts: Readonly<Record<string, string>> = { http: "80", https: "443", ssh: "22" };

/** The parts of a URL that are compared; undefined for what is none. An absolute path counts as a file URL. */
export function splitUrl(text: string): SplitUrl | undefined {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(.*)$/i.exec(text.startsWith("/") ? `file://${text}` : text);
  if (match === null) return undefined;
  const [, rawScheme = "", authority = "", path = "", suffix = ""] = match;
  const scheme = rawScheme.toLowerCase();
  const at = authority.lastIndexOf("@");
  const place = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(authority.slice(at + 1));
  const parts = path.split("/").filter((part) => part !== "");
  // A path that climbs is compared as what it stands for, or not at all.
  if (place === null || parts.some((part) => /^(\.|%2e){1,2}$/i.test(part))) return undefined;
  const port = place[2] ?? "";
  return {
    scheme,
    user: (authority.slice(0, Math.max(0, at)).split(":")[0] ?? "").toLowerCase(),
    host: (place[1] ?? "").toLowerCase(),
    port: port === defaultPorts[scheme] ? "" : port,
    parts,
    suffix,
  };
}

/** What follows the prefix, or undefined where it is none of this URL. A prefix without a user name is for all users. */
function restBelow(from: string, url: SplitUrl): string[] | undefined {
  const prefix = splitUrl(from);
  if (prefix === undefined) return undefined;
  if (prefix.scheme !== url.scheme || prefix.host !== url.host || prefix.port !== url.port) return undefined;
  if (prefix.user !== "" && prefix.user !== url.user) return undefined;
  const count = prefix.parts.length;
  const isBelow = prefix.parts.every(
    (part, i) =>
      part === url.parts[i] || (i === count - 1 && i === url.parts.length - 1 && isSameName(part, url.parts[i])),
  );
  return isBelow ? [...url.parts.slice(count), ...(url.suffix === "" ? [] : [url.suffix])] : undefined;
}

/** `shop` and `shop.git` are one repository. */
function isSameName(a: string, b: string | undefined): boolean {
  return b !== undefined && a.replace(/\.git$/, "") === b.replace(/\.git$/, "");
}

function joinUrl(to: string, rest: readonly string[]): string {
  const [path, suffix] = [rest.filter((part) => !/^[?#]/.test(part)), rest.find((part) => /^[?#]/.test(part)) ?? ""];
  return path.length === 0 ? `${to}${suffix}` : `${to.replace(/\/+$/, "")}/${path.join("/")}${suffix}`;
}
