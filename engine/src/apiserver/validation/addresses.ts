// IP addresses and networks as Kubernetes reads them (apimachinery util/validation/ip.go, v1.36): what Go's sloppy parser takes is an
// address; leading zeros and IPv4 in IPv6's clothes are refused where they are new; some fields want the canonical form too.

import { type FieldError, invalid } from "#api/crd";

/** `bytes`: 4 or 16; an IPv4 address that is written as an IPv6 one has 4. */
export type Address = { bytes: readonly number[]; isMapped: boolean; hasLeadingZeros: boolean };

/** The address that a text means; undefined: none. */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(":")) return parseIpv4(text);
  const parsed = parseIpv6(text);
  if (parsed === undefined) return undefined;
  const { bytes } = parsed;
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  return { ...parsed, bytes: isMapped ? bytes.slice(12) : bytes, isMapped };
}

function parseIpv4(text: string): Address | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d+$/.test(part) && Number(part) <= 255)) return undefined;
  const hasLeadingZeros = parts.some((part) => part.length > 1 && part.startsWith("0"));
  return { bytes: parts.map(Number), isMapped: false, hasLeadingZeros };
}

function parseIpv6(text: string): Address | undefined {
  const [head = "", tail, ...more] = text.split("::");
  if (more.length > 0) return undefined;
  const last = tail ?? head;
  const dotted = last.slice(last.lastIndexOf(":") + 1);
  const embedded = dotted.includes(".") ? parseIpv4(dotted) : undefined;
  if (dotted.includes(".") && embedded === undefined) return undefined;
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  const all = [...before, ...after];
  if (embedded !== undefined) all.pop();
  if (!all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  const count = all.length + (embedded === undefined ? 0 : 2);
  if (tail === undefined ? count !== 8 : count > 7) return undefined;
  const bytes = all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
  bytes.push(...(embedded?.bytes ?? []));
  const gap = Array.from({ length: 16 - bytes.length }, () => 0);
  const at = tail === undefined ? bytes.length : Math.min(before.length * 2, bytes.length);
  bytes.splice(at, 0, ...gap);
  return { bytes, isMapped: false, hasLeadingZeros: embedded?.hasLeadingZeros === true };
}

function groupsOf(text: string): string[] {
  return text === "" ? [] : text.split(":");
}

/** The one text of an address (RFC 5952). */
export function addressText({ bytes }: Pick<Address, "bytes">): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, index) => ((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0));
  let [start, length] = [-1, 1];
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (end < 8 && groups[end] === 0) end++;
    if (end - at > length) [start, length] = [at, end - at];
    at = Math.max(at, end - 1);
  }
  const hex = groups.map((group) => group.toString(16));
  if (start < 0) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}

/** IPv4 or IPv6, as Services name it. */
export function familyOf(text: string): "IPv4" | "IPv6" {
  return parseAddress(text)?.bytes.length === 16 ? "IPv6" : "IPv4";
}

/** Of a field that takes what it always took, and of what is new only the unambiguous. `known`: what stood there before. */
export function addressErrors(text: string, field: string, known: readonly string[] = []): FieldError[] {
  if (known.includes(text)) return [];
  const address = parseAddress(text);
  if (address === undefined)
    return [invalid(field, text, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")];
  return [
    ...(address.hasLeadingZeros ? [invalid(field, text, "must not have leading 0s")] : []),
    ...(address.isMapped && !address.hasLeadingZeros
      ? [invalid(field, text, "must not be an IPv4-mapped IPv6 address")]
      : []),
  ];
}

/** Of a field that takes the canonical form alone. */
export function strictAddressErrors(text: string, field: string): FieldError[] {
  const errors = addressErrors(text, field);
  const address = parseAddress(text);
  if (errors.length > 0 || address === undefined) return errors;
  const canonical = addressText(address);
  return text === canonical ? [] : [invalid(field, text, `must be in canonical form (${JSON.stringify(canonical)})`)];
}

type Network = { address: Address; bits: number; hasLeadingZeros: boolean };

function parseNetwork(text: string): Network | undefined {
  const [host = "", bits = "", ...more] = text.split("/");
  const address = parseAddress(host);
  if (more.length > 0 || address === undefined || !/^\d{1,10}$/.test(bits)) return undefined;
  const most = host.includes(":") ? 128 : 32;
  if (Number(bits) > most) return undefined;
  return { address, bits: Number(bits), hasLeadingZeros: address.hasLeadingZeros || /^0\d/.test(bits) };
}

/** The network without the bits that are not its own. */
function maskedText({ address, bits }: Network): string {
  const own = address.isMapped ? bits - 96 : bits;
  const bytes = address.bytes.map((byte, index) => {
    const kept = Math.max(0, Math.min(8, own - index * 8));
    return byte & (256 - 2 ** (8 - kept));
  });
  return `${addressText({ bytes })}/${Math.max(0, own)}`;
}

/** Networks of a field that takes what it always took; `known`: what stood there before. */
export function networkErrors(text: string, field: string, known: readonly string[] = []): FieldError[] {
  if (known.includes(text)) return [];
  const network = parseNetwork(text);
  if (network === undefined)
    return [invalid(field, text, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")];
  if (network.hasLeadingZeros) return [invalid(field, text, "must not have leading 0s in IP or prefix length")];
  if (network.address.isMapped) return [invalid(field, text, "must not have an IPv4-mapped IPv6 address")];
  const whole = `${addressText(network.address)}/${network.bits}`;
  return whole === maskedText(network) ? [] : [invalid(field, text, "must not have bits set beyond the prefix length")];
}

/** Networks of a field that takes the canonical form alone. */
export function strictNetworkErrors(text: string, field: string): FieldError[] {
  const errors = networkErrors(text, field);
  const network = parseNetwork(text);
  if (errors.length > 0 || network === undefined) return errors;
  const canonical = maskedText(network);
  return text === canonical ? [] : [invalid(field, text, `must be in canonical form (${JSON.stringify(canonical)})`)];
}

/** Of an interface's own address with the size of its network. */
export function interfaceAddressErrors(text: string, field: string): FieldError[] {
  const network = parseNetwork(text);
  if (network === undefined)
    return [invalid(field, text, "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)")];
  const { address, bits } = network;
  const canonical = `${addressText(address)}/${address.bytes.length === 4 && bits > 32 ? bits - 96 : bits}`;
  return text === canonical ? [] : [invalid(field, text, `must be in canonical form (${JSON.stringify(canonical)})`)];
}

/** True when the first network holds all of the second, and is larger. */
export function isWithin(inner: string, outer: string): boolean {
  const [small, large] = [parseNetwork(inner), parseNetwork(outer)];
  if (small === undefined || large === undefined || small.bits <= large.bits) return false;
  if (small.address.bytes.length !== large.address.bytes.length) return false;
  return maskedText({ ...small, bits: large.bits }) === maskedText(large);
}

/** IPv4 or IPv6 of a network. */
export function networkFamily(text: string): "IPv4" | "IPv6" | undefined {
  const network = parseNetwork(text);
  return network === undefined ? undefined : network.address.bytes.length === 16 ? "IPv6" : "IPv4";
}

const [loopback, linkLocal, multicast] = [
  "may not be in the loopback range (127.0.0.0/8, ::1/128)",
  "may not be in the link-local range (169.254.0.0/16, fe80::/10)",
  "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
];

/** Addresses that nobody else can reach. */
export function unreachableErrors(text: string, field: string): FieldError[] {
  const address = parseAddress(text);
  if (address === undefined) return [invalid(field, text, "must be a valid IP address")];
  const { bytes } = address;
  const [first = 0, second = 0, third = 0] = bytes;
  const plain = addressText(address);
  const isOld = bytes.length === 4;
  return [
    ...(plain === "0.0.0.0" || plain === "::" ? [`may not be unspecified (${text})`] : []),
    ...((isOld ? first === 127 : plain === "::1") ? [loopback] : []),
    ...((isOld ? first === 169 && second === 254 : first === 0xfe && (second & 0xc0) === 0x80) ? [linkLocal] : []),
    ...((isOld ? first === 224 && second === 0 && third === 0 : first === 0xff && (second & 0xf) === 2)
      ? [multicast]
      : []),
  ].map((detail) => invalid(field, text, detail as string));
}

/** What a client is told of an address that is taken, but is not written as it should be. */
export function addressWarnings(text: string, field: string): string[] {
  const address = parseAddress(text);
  if (address === undefined) return [];
  const canonical = addressText(address);
  const shown = `${JSON.stringify(text)}`;
  if (address.isMapped || address.hasLeadingZeros)
    return [`${field}: non-standard IP address ${shown} is invalid: use ${JSON.stringify(canonical)}`];
  if (address.bytes.length === 4 || canonical === text) return [];
  return [`${field}: IPv6 address ${shown} should be in RFC 5952 canonical format (${JSON.stringify(canonical)})`];
}

/** The same of a network. */
export function networkWarnings(text: string, field: string): string[] {
  const network = parseNetwork(text);
  if (network === undefined) return [];
  const { address, bits } = network;
  const [masked, single] = [maskedText(network), `${addressText(address)}/${address.isMapped ? 128 : bits}`];
  const shown = JSON.stringify(text);
  const warnings: string[] = [];
  if (`${addressText(address)}/${bits}` !== masked && !address.isMapped) {
    const one = JSON.stringify(single.replace(/\d+$/, address.bytes.length === 4 ? "32" : "128"));
    warnings.push(
      `${field}: CIDR value ${shown} is ambiguous in this context (should be ${JSON.stringify(masked)} or ${one}?)`,
    );
  }
  if (network.hasLeadingZeros || address.isMapped)
    warnings.push(`${field}: non-standard CIDR value ${shown} is invalid: use ${JSON.stringify(masked)}`);
  if (warnings.length > 0 || address.bytes.length === 4 || masked === text) return warnings;
  return [`${field}: IPv6 CIDR value ${shown} should be in RFC 5952 canonical format (${JSON.stringify(masked)})`];
}
