// IP addresses, CIDR ranges and URLs as Kubernetes' CEL libraries know them: no leading zeros, no zones, no IPv4 inside IPv6.

export class IpAddress {
  readonly family: 4 | 6;
  readonly bits: bigint;

  constructor(family: 4 | 6, bits: bigint) {
    this.family = family;
    this.bits = bits;
  }

  get width(): number {
    return this.family === 4 ? 32 : 128;
  }

  equals(other: IpAddress): boolean {
    return this.family === other.family && this.bits === other.bits;
  }

  toString(): string {
    return this.family === 4 ? formatIpv4(this.bits) : formatIpv6(this.bits);
  }
}

export function parseIp(text: string): IpAddress | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): IpAddress | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255))
    return undefined;
  return new IpAddress(
    4,
    parts.reduce((bits, part) => bits * 256n + BigInt(part), 0n),
  );
}

function parseIpv6(text: string): IpAddress | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => (half === "" ? [] : half.split(":")));
  const [left = [], right = []] = groups;
  const missing = 8 - left.length - right.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...left, ...Array.from({ length: missing }, () => "0"), ...right];
  if (!all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return new IpAddress(
    6,
    all.reduce((bits, group) => bits * 65536n + BigInt(`0x${group}`), 0n),
  );
}

function formatIpv4(bits: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => ((bits >> shift) & 255n).toString()).join(".");
}

/** RFC 5952: lower case, the longest run of zeros (of two or more) shortened. */
function formatIpv6(bits: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => Number((bits >> BigInt(112 - 16 * index)) & 65535n));
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const text = (part: number[]): string => part.map((group) => group.toString(16)).join(":");
  if (best.start < 0) return text(groups);
  return `${text(groups.slice(0, best.start))}::${text(groups.slice(best.start + best.length))}`;
}

function isWithin(ip: IpAddress, range: string): boolean {
  const cidr = parseCidr(range);
  return cidr !== undefined && containsIp(cidr, ip);
}

export function isUnspecified(ip: IpAddress): boolean {
  return ip.bits === 0n;
}

export function isLoopback(ip: IpAddress): boolean {
  return ip.family === 4 ? isWithin(ip, "127.0.0.0/8") : ip.bits === 1n;
}

export function isLinkLocalMulticast(ip: IpAddress): boolean {
  return isWithin(ip, "224.0.0.0/24") || isWithin(ip, "ff02::/16");
}

export function isLinkLocalUnicast(ip: IpAddress): boolean {
  return isWithin(ip, "169.254.0.0/16") || isWithin(ip, "fe80::/10");
}

/** As Go's net/netip: unicast beyond the link, private ranges included. */
export function isGlobalUnicast(ip: IpAddress): boolean {
  if (isUnspecified(ip) || isLoopback(ip) || isLinkLocalUnicast(ip)) return false;
  return !isWithin(ip, "224.0.0.0/4") && !isWithin(ip, "ff00::/8") && !isWithin(ip, "255.255.255.255/32");
}

export class CidrRange {
  readonly ip: IpAddress;
  readonly prefix: number;

  constructor(ip: IpAddress, prefix: number) {
    this.ip = ip;
    this.prefix = prefix;
  }

  /** The range with all bits beyond the prefix zero. */
  get masked(): CidrRange {
    const shift = BigInt(this.ip.width - this.prefix);
    return new CidrRange(new IpAddress(this.ip.family, (this.ip.bits >> shift) << shift), this.prefix);
  }

  toString(): string {
    return `${this.ip.toString()}/${this.prefix}`;
  }
}

export function parseCidr(text: string): CidrRange | undefined {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const ip = match === null ? undefined : parseIp(match[1] as string);
  const prefix = Number(match?.[2]);
  return ip === undefined || prefix > ip.width ? undefined : new CidrRange(ip, prefix);
}

export function containsIp(range: CidrRange, ip: IpAddress): boolean {
  if (range.ip.family !== ip.family) return false;
  const shift = BigInt(ip.width - range.prefix);
  return range.ip.bits >> shift === ip.bits >> shift;
}

export function containsCidr(range: CidrRange, other: CidrRange): boolean {
  return other.prefix >= range.prefix && containsIp(range, other.ip);
}

/** An absolute URL, or a path from the root, as Go's url.ParseRequestURI reads it. */
export class Url {
  readonly scheme: string;
  /** With the port. */
  readonly host: string;
  readonly path: string;
  readonly query: string;

  constructor(parts: { scheme: string; host: string; path: string; query: string }) {
    this.scheme = parts.scheme;
    this.host = parts.host;
    this.path = parts.path;
    this.query = parts.query;
  }

  get hostname(): string {
    const bracket = /^\[([^\]]*)\]/.exec(this.host);
    return bracket === null ? this.host.replace(/:\d*$/, "") : (bracket[1] as string);
  }

  get port(): string {
    return /:(\d*)$/.exec(this.host.replace(/^\[[^\]]*\]/, ""))?.[1] ?? "";
  }

  /** Values of each key of the query, keys as they come. */
  get values(): Map<string, string[]> {
    const values = new Map<string, string[]>();
    for (const pair of this.query.split("&")) {
      if (pair === "") continue;
      const equals = pair.indexOf("=");
      const key = decodeQuery(equals < 0 ? pair : pair.slice(0, equals));
      const value = decodeQuery(equals < 0 ? "" : pair.slice(equals + 1));
      values.set(key, [...(values.get(key) ?? []), value]);
    }
    return values;
  }
}

declare const decodeURIComponent: (text: string) => string;

function decodeQuery(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

export function parseUrl(text: string): Url | undefined {
  if (hasControl(text) || /%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  const match = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?]*)(?:\?(.*))?$/.exec(text);
  if (match === null) return undefined;
  const [, scheme = "", authority = "", path = "", query = ""] = match;
  if (scheme === "" && !text.startsWith("/")) return undefined;
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  if (/[\s<>"{}|\\^`]/.test(host) || !/^(?:\[[0-9a-fA-F:.%]+\]|[^:[\]]*)(?::\d*)?$/.test(host)) return undefined;
  return new Url({ scheme: scheme.toLowerCase(), host, path: escapePath(path), query });
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x20 || text.charCodeAt(i) === 0x7f) return true;
  return false;
}

declare const encodeURI: (text: string) => string;

function escapePath(path: string): string {
  return encodeURI(path).replaceAll("%25", "%");
}
