// Kubernetes' CEL libraries (apiserver/pkg/cel/library, v1.36) over the environment of cel-js: strings, regex, lists, sets, url,
// ip, cidr, quantity, format, semver.

import { type Environment, Optional } from "@marcbachmann/cel-js";
import { registerAuthorizer } from "./authorizer.ts";
import { registerLists, registerSets } from "./lists.ts";
import { registerTwoVariables } from "./two-variables.ts";
import {
  containsCidr,
  containsIp,
  CidrRange,
  IpAddress,
  isGlobalUnicast,
  isLinkLocalMulticast,
  isLinkLocalUnicast,
  isLoopback,
  isUnspecified,
  parseCidr,
  parseIp,
  parseUrl,
  Url,
} from "./network.ts";
import { parseQuantity, Quantity } from "./quantity.ts";
import { jsonPatchKey } from "./objects.ts";
import { registerSemver } from "./semver.ts";
import { charAt, findAll, formatText, matchesRegex, replaceText } from "./text.ts";

/** A value or an error in the words of the library. */
function orThrow<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new Error(message);
  return value;
}

/** Registers all of them. */
export function registerLibraries(env: Environment): void {
  registerStrings(env);
  registerLists(env);
  registerSets(env);
  registerUrl(env);
  registerIp(env);
  registerCidr(env);
  registerQuantity(env);
  registerFormats(env);
  registerSemver(env);
  registerAuthorizer(env);
  registerTwoVariables(env);
}

function registerStrings(env: Environment): void {
  env
    // The language's own matches runs on JavaScript's engine, which may never end; expressions are rewritten to call this.
    .registerFunction("jsonPatchKey(string): string", jsonPatchKey)
    .registerFunction("string.matchesLinear(string): bool", matchesRegex)
    .registerFunction("matches(string, string): bool", matchesRegex)
    .registerFunction(
      "string.find(string): string",
      (text: string, pattern: string) => findAll(text, pattern, 1)[0] ?? "",
    )
    .registerFunction("string.findAll(string): list<string>", (text: string, pattern: string) =>
      findAll(text, pattern, -1),
    )
    .registerFunction("string.findAll(string, int): list<string>", (text: string, pattern: string, limit: bigint) =>
      findAll(text, pattern, Number(limit)),
    )
    .registerFunction("string.charAt(int): string", (text: string, index: bigint) =>
      orThrow(charAt(text, index), `index out of range: ${index}`),
    )
    .registerFunction("string.replace(string, string): string", (text: string, from: string, to: string) =>
      replaceText(text, { from, to, limit: -1 }),
    )
    // oxlint-disable-next-line max-params -- the receiver and the three arguments of the library's own signature
    .registerFunction(
      "string.replace(string, string, int): string",
      (text: string, from: string, to: string, limit: bigint) => replaceText(text, { from, to, limit: Number(limit) }),
    )
    .registerFunction("string.reverse(): string", (text: string) => Array.from(text).reverse().join(""))
    .registerFunction("string.format(list): string", formatText);
}

function registerUrl(env: Environment): void {
  env
    .registerType("Url", Url)
    .registerFunction("url(string): Url", (text: string) =>
      orThrow(
        parseUrl(text),
        `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
      ),
    )
    .registerFunction("isURL(string): bool", (text: string) => parseUrl(text) !== undefined)
    .registerFunction("Url.getScheme(): string", (url: Url) => url.scheme)
    .registerFunction("Url.getHost(): string", (url: Url) => url.host)
    .registerFunction("Url.getHostname(): string", (url: Url) => url.hostname)
    .registerFunction("Url.getPort(): string", (url: Url) => url.port)
    .registerFunction("Url.getEscapedPath(): string", (url: Url) => url.path)
    .registerFunction("Url.getQuery(): map", (url: Url) => url.values);
}

class IpNamespace {}

function registerIp(env: Environment): void {
  const parse = (text: string): IpAddress =>
    orThrow(parseIp(text), `IP Address "${text}" parse error during conversion from string`);
  env
    .registerType("IP", IpAddress)
    .registerType("IpNamespace", IpNamespace)
    .registerConstant("ip", "IpNamespace", new IpNamespace())
    .registerFunction("ip(string): IP", parse)
    .registerFunction("isIP(string): bool", (text: string) => parseIp(text) !== undefined)
    .registerFunction(
      "IpNamespace.isCanonical(string): bool",
      (_: IpNamespace, text: string) => parse(text).toString() === text,
    )
    .registerFunction("IP.family(): int", (ip: IpAddress) => BigInt(ip.family))
    .registerFunction("IP.isUnspecified(): bool", isUnspecified)
    .registerFunction("IP.isLoopback(): bool", isLoopback)
    .registerFunction("IP.isGlobalUnicast(): bool", isGlobalUnicast)
    .registerFunction("IP.isLinkLocalMulticast(): bool", isLinkLocalMulticast)
    .registerFunction("IP.isLinkLocalUnicast(): bool", isLinkLocalUnicast)
    .registerFunction("string(IP): string", (ip: IpAddress) => ip.toString())
    .registerOperator("IP == IP", (a: IpAddress, b: IpAddress) => a.equals(b));
}

function registerCidr(env: Environment): void {
  const parse = (text: string): CidrRange =>
    orThrow(parseCidr(text), `CIDR "${text}" parse error during conversion from string`);
  const address = (text: string): IpAddress =>
    orThrow(parseIp(text), `IP Address "${text}" parse error during conversion from string`);
  env
    .registerType("CIDR", CidrRange)
    .registerFunction("cidr(string): CIDR", parse)
    .registerFunction("isCIDR(string): bool", (text: string) => parseCidr(text) !== undefined)
    .registerFunction("CIDR.containsIP(IP): bool", containsIp)
    .registerFunction("CIDR.containsIP(string): bool", (range: CidrRange, text: string) =>
      containsIp(range, address(text)),
    )
    .registerFunction("CIDR.containsCIDR(CIDR): bool", containsCidr)
    .registerFunction("CIDR.containsCIDR(string): bool", (range: CidrRange, text: string) =>
      containsCidr(range, parse(text)),
    )
    .registerFunction("CIDR.ip(): IP", (range: CidrRange) => range.ip)
    .registerFunction("CIDR.masked(): CIDR", (range: CidrRange) => range.masked)
    .registerFunction("CIDR.prefixLength(): int", (range: CidrRange) => BigInt(range.prefix))
    .registerFunction("string(CIDR): string", (range: CidrRange) => range.toString())
    .registerOperator("CIDR == CIDR", (a: CidrRange, b: CidrRange) => a.toString() === b.toString());
}

function registerQuantity(env: Environment): void {
  const whole = (value: bigint): Quantity => new Quantity(value * 10n ** 9n);
  env
    .registerType("Quantity", Quantity)
    .registerFunction("quantity(string): Quantity", (text: string) =>
      orThrow(
        parseQuantity(text),
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
      ),
    )
    .registerFunction("isQuantity(string): bool", (text: string) => parseQuantity(text) !== undefined)
    .registerFunction("Quantity.sign(): int", (value: Quantity) => BigInt(value.compare(new Quantity(0n))))
    .registerFunction("Quantity.isInteger(): bool", (value: Quantity) => value.isInteger)
    .registerFunction("Quantity.asInteger(): int", (value: Quantity) =>
      orThrow(value.isInteger ? value.integer : undefined, "cannot convert value to integer"),
    )
    .registerFunction("Quantity.asApproximateFloat(): double", (value: Quantity) => value.number)
    .registerFunction("Quantity.add(Quantity): Quantity", (a: Quantity, b: Quantity) => new Quantity(a.nanos + b.nanos))
    .registerFunction("Quantity.add(int): Quantity", (a: Quantity, b: bigint) => new Quantity(a.nanos + whole(b).nanos))
    .registerFunction("Quantity.sub(Quantity): Quantity", (a: Quantity, b: Quantity) => new Quantity(a.nanos - b.nanos))
    .registerFunction("Quantity.sub(int): Quantity", (a: Quantity, b: bigint) => new Quantity(a.nanos - whole(b).nanos))
    .registerFunction("Quantity.isLessThan(Quantity): bool", (a: Quantity, b: Quantity) => a.compare(b) < 0)
    .registerFunction("Quantity.isGreaterThan(Quantity): bool", (a: Quantity, b: Quantity) => a.compare(b) > 0)
    .registerFunction("Quantity.compareTo(Quantity): int", (a: Quantity, b: Quantity) => BigInt(a.compare(b)))
    .registerOperator("Quantity == Quantity", (a: Quantity, b: Quantity) => a.compare(b) === 0);
}

/** A named format: what is wrong with a text, as the messages of name validation. */
export class NamedFormat {
  readonly name: string;
  readonly errors: (text: string) => string[];

  constructor(name: string, errors: (text: string) => string[]) {
    this.name = name;
    this.errors = errors;
  }
}

class FormatNamespace {}

function patternFormat(name: string, pattern: RegExp, max: number): NamedFormat {
  return new NamedFormat(name, (text) => [
    ...(text.length > max ? [`must be no more than ${max} bytes`] : []),
    ...(pattern.test(text)
      ? []
      : [`must match the format ${name} (regex used for validation is '${pattern.source.slice(1, -1)}')`]),
  ]);
}

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const qualified = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const namedFormats: readonly NamedFormat[] = [
  patternFormat("dns1123Label", new RegExp(`^${label}$`), 63),
  patternFormat("dns1123Subdomain", new RegExp(`^${label}(\\.${label})*$`), 253),
  patternFormat("dns1035Label", /^[a-z]([-a-z0-9]*[a-z0-9])?$/, 63),
  patternFormat("dns1123LabelPrefix", new RegExp(`^${label}-?$`), 63),
  patternFormat("dns1123SubdomainPrefix", new RegExp(`^${label}(\\.${label})*[-.]?$`), 253),
  patternFormat("dns1035LabelPrefix", /^[a-z]([-a-z0-9]*[a-z0-9])?-?$/, 63),
  patternFormat("qualifiedName", new RegExp(`^(${label}(\\.${label})*/)?${qualified}$`), 317),
  patternFormat("labelValue", new RegExp(`^(${qualified})?$`), 63),
  new NamedFormat("uri", (text) => (parseUrl(text) === undefined ? [`invalid URI: ${text}`] : [])),
  patternFormat("uuid", /^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$/, 36),
  patternFormat("byte", /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, Number.MAX_SAFE_INTEGER),
  patternFormat("date", /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/, 10),
  patternFormat(
    "datetime",
    /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/,
    64,
  ),
];

function registerFormats(env: Environment): void {
  env.registerType("NamedFormat", NamedFormat).registerType("FormatNamespace", FormatNamespace);
  env.registerConstant("format", "FormatNamespace", new FormatNamespace());
  for (const format of namedFormats)
    env.registerFunction(`FormatNamespace.${format.name}(): NamedFormat`, () => format);
  env.registerFunction("FormatNamespace.named(string): optional<NamedFormat>", (_: FormatNamespace, name: string) => {
    const found = namedFormats.find((format) => format.name === name);
    return found === undefined ? Optional.none() : Optional.of(found);
  });
  env.registerFunction("NamedFormat.validate(string): optional<list<string>>", (format: NamedFormat, text: string) => {
    const errors = format.errors(text);
    return errors.length === 0 ? Optional.none() : Optional.of(errors);
  });
}
