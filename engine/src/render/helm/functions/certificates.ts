// Sprig's certificates: authorities, self-signed and signed, as crypto/x509 writes them.

import { utf8ToBytes } from "@noble/hashes/utils.js";
import {
  define,
  type FunctionTable,
  GoError,
  type GoFunction,
  GoObject,
  isList,
  printValue,
  stringOf,
  type Value,
} from "#formats/gotemplate";
import { decodeBase64 } from "./base64.ts";
import {
  bits,
  bytesToBigint,
  concatBytes,
  der,
  formatPem,
  integer,
  octets,
  oid,
  parsePem,
  readDer,
  sequence,
} from "./der.ts";
import { struct } from "./plain.ts";
import type { FunctionEnvironment } from "./environment.ts";
import {
  formatKey,
  keyIdentifier,
  newRsaKey,
  parsePrivateKey,
  type PrivateKey,
  publicKeyInfo,
  sign,
  signatureAlgorithm,
} from "./keys.ts";

/** What the functions return: the certificate and its key, both PEM. */
export class Certificate extends GoObject {
  readonly goType: string = "sprig.certificate";
  readonly kind: string = "struct";
  readonly cert: string;
  readonly key: string;
  constructor(cert: string, key: string) {
    super();
    this.cert = cert;
    this.key = key;
  }
  print(): string {
    return `{${this.cert} ${this.key}}`;
  }
  override parts(): [string, Value][] {
    return [
      ["Cert", this.cert],
      ["Key", this.key],
    ];
  }
  plain(): Value {
    return struct({ Cert: this.cert, Key: this.key });
  }
  override field(name: string): Value {
    return name === "Cert" ? this.cert : name === "Key" ? this.key : undefined;
  }
}

type Request = { name: string; addresses: Value; hosts: Value; days: bigint; isAuthority: boolean };
type Signer = { key: PrivateKey; subject: Uint8Array; keyId: Uint8Array | undefined };

function build(
  request: Request,
  key: PrivateKey,
  signer: Signer | undefined,
  environment: FunctionEnvironment,
): Certificate {
  const addresses = textItems(request.addresses, (item) => `error parsing ip: ${printValue(item)} is not a string`).map(
    parseAddress,
  );
  const hosts = textItems(
    request.hosts,
    (item) => `error processing alternate dns name: ${printValue(item)} is not a string`,
  );
  const info = publicKeyInfo(key);
  const subject = nameOf(request.name);
  const by = signer ?? { key, subject, keyId: request.isAuthority ? keyIdentifier(info) : undefined };
  const now = environment.nowMs();
  const algorithm = signatureAlgorithm(by.key);
  const ownId = request.isAuthority ? keyIdentifier(info) : undefined;
  const body = sequence(
    der(0xa0, integer(2n)),
    integer(bytesToBigint(environment.randomBytes(16))),
    algorithm,
    by.subject,
    sequence(timeOf(now), timeOf(now + Number(request.days) * 86_400_000)),
    subject,
    info,
    der(
      0xa3,
      sequence(
        ...extensions(request, { ownId, signerId: signer === undefined ? undefined : by.keyId, addresses, hosts }),
      ),
    ),
  );
  const certificate = sequence(body, algorithm, bits(sign(by.key, body)));
  return new Certificate(formatPem("CERTIFICATE", certificate), formatKey(key));
}

function textItems(list: Value, complaint: (item: Value) => string): string[] {
  if (!isList(list)) return [];
  return list.map((item) => {
    if (typeof item !== "string") throw new GoError(complaint(item));
    return item;
  });
}

function nameOf(commonName: string): Uint8Array {
  if (commonName === "") return sequence();
  const isPrintable = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(commonName);
  return sequence(der(0x31, sequence(oid("2.5.4.3"), der(isPrintable ? 0x13 : 0x0c, utf8ToBytes(commonName)))));
}

function timeOf(ms: number): Uint8Array {
  const text = new Date(ms).toISOString().replace(/[-:T]/g, "").slice(0, 14);
  const year = Number(text.slice(0, 4));
  return year >= 1950 && year < 2050 ? der(0x17, utf8ToBytes(`${text.slice(2)}Z`)) : der(0x18, utf8ToBytes(`${text}Z`));
}

type Names = {
  ownId: Uint8Array | undefined;
  signerId: Uint8Array | undefined;
  addresses: Uint8Array[];
  hosts: string[];
};

function extensions(request: Request, names: Names): Uint8Array[] {
  const list: Uint8Array[] = [];
  const add = (identifier: string, isCritical: boolean, value: Uint8Array): void => {
    list.push(sequence(oid(identifier), ...(isCritical ? [Uint8Array.of(1, 1, 0xff)] : []), octets(value)));
  };
  add("2.5.29.15", true, request.isAuthority ? bits(Uint8Array.of(0xa4), 2) : bits(Uint8Array.of(0xa0), 5));
  add("2.5.29.37", false, sequence(oid("1.3.6.1.5.5.7.3.1"), oid("1.3.6.1.5.5.7.3.2")));
  add("2.5.29.19", true, request.isAuthority ? sequence(Uint8Array.of(1, 1, 0xff)) : sequence());
  if (names.ownId !== undefined) add("2.5.29.14", false, octets(names.ownId));
  if (names.signerId !== undefined) add("2.5.29.35", false, sequence(der(0x80, names.signerId)));
  const alternates = [
    ...names.hosts.map((host) => der(0x82, utf8ToBytes(host))),
    ...names.addresses.map((address) => der(0x87, address)),
  ];
  if (alternates.length > 0) add("2.5.29.17", false, sequence(...alternates));
  return list;
}

/** The bytes of an IP address, 4 or 16. Throws a GoError. */
function parseAddress(text: string): Uint8Array {
  const bytes = parseIpv4(text) ?? parseIpv6(text);
  if (bytes === undefined) throw new GoError(`error parsing ip: ${text}`);
  return bytes;
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return undefined;
  return Uint8Array.from(parts.map(Number));
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2 || !text.includes(":")) return undefined;
  const groups = halves.map((half) => (half === "" ? [] : half.split(":").flatMap(ipv6Group)));
  const [head = [], tail = []] = groups;
  const missing = 8 - head.length - tail.length;
  if ((halves.length === 2 ? missing < 1 : missing !== 0) || [...head, ...tail].includes(-1)) return undefined;
  const all = [...head, ...Array.from({ length: halves.length === 2 ? missing : 0 }, () => 0), ...tail];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

function ipv6Group(group: string): number[] {
  const tail = parseIpv4(group);
  if (tail !== undefined)
    return [((tail[0] as number) << 8) | (tail[1] as number), ((tail[2] as number) << 8) | (tail[3] as number)];
  return [/^[0-9a-fA-F]{1,4}$/.test(group) ? Number.parseInt(group, 16) : -1];
}

/** The parts of an authority's certificate that a signature by it copies. */
function signerFrom(authority: Value): Signer {
  if (!(authority instanceof Certificate)) throw new GoError("unable to decode certificate");
  const block = parsePem(authority.cert);
  if (block === undefined) throw new GoError("unable to decode certificate");
  const body = readDer(readDer(readDer(block.bytes)[0]?.content ?? block.bytes)[0]?.content ?? block.bytes);
  const subject = body[5]?.whole;
  if (subject === undefined)
    throw new GoError("error parsing certificate: decodedSignerCert.Bytes: x509: malformed certificate");
  try {
    return {
      key: parsePrivateKey(authority.key),
      subject,
      keyId: subjectKeyId(body.find((value) => value.tag === 0xa3)?.content),
    };
  } catch (error) {
    if (error instanceof GoError) throw new GoError(`error parsing private key: ${error.message}`);
    throw error;
  }
}

function subjectKeyId(list: Uint8Array | undefined): Uint8Array | undefined {
  if (list === undefined) return undefined;
  const wanted = oid("2.5.29.14");
  for (const extension of readDer(readDer(list)[0]?.content ?? list)) {
    const [identifier, ...rest] = readDer(extension.content);
    if (identifier !== undefined && concatBytes(identifier.whole).join() === wanted.join())
      return readDer(rest.at(-1)?.content ?? new Uint8Array())[0]?.content;
  }
  return undefined;
}

function custom(certificate: string, key: string): Value {
  const decode = (text: string, what: string): string => {
    try {
      return stringOf(decodeBase64(text));
    } catch {
      throw new GoError(`unable to decode base64 ${what}`);
    }
  };
  const cert = decode(certificate, "certificate");
  const secret = decode(key, "private key");
  if (parsePem(cert) === undefined) throw new GoError("unable to decode certificate");
  try {
    parsePrivateKey(secret);
  } catch (error) {
    if (error instanceof GoError) throw new GoError(`error parsing private key: ${error.message}`);
    throw error;
  }
  return new Certificate(cert, secret);
}

function keyFromPem(text: string): PrivateKey {
  try {
    return parsePrivateKey(text);
  } catch (error) {
    if (error instanceof GoError) throw new GoError(`parsing private key: ${error.message}`);
    throw error;
  }
}

/** The certificate functions, with `environment` for keys, serial numbers and dates. */
export function certificateFunctions(environment: FunctionEnvironment): FunctionTable {
  const fresh = (): PrivateKey => newRsaKey(2048, environment);
  const authority = (name: string, days: bigint, key: PrivateKey): Value =>
    build({ name, addresses: null, hosts: null, days, isAuthority: true }, key, undefined, environment);
  const leaf = (request: Omit<Request, "isAuthority">, key: PrivateKey, signer?: Value): Value =>
    build({ ...request, isAuthority: false }, key, signer === undefined ? undefined : signerFrom(signer), environment);
  type Leaf = [name: string, addresses: Value, hosts: Value, days: bigint];
  const request = ([name, addresses, hosts, days]: Leaf): Omit<Request, "isAuthority"> => ({
    name,
    addresses,
    hosts,
    days,
  });
  const functions: { [name: string]: GoFunction } = {
    buildCustomCert: define("string, string", custom),
    genCA: define("string, int", (name: string, days: bigint) => authority(name, days, fresh())),
    genCAWithKey: define("string, int, string", (name: string, days: bigint, key: string) =>
      authority(name, days, keyFromPem(key)),
    ),
    genSelfSignedCert: define("string, list, list, int", (...args: Leaf) => leaf(request(args), fresh())),
    genSelfSignedCertWithKey: define("string, list, list, int, string", (...args: [...Leaf, string]) =>
      leaf(request(args.slice(0, 4) as Leaf), keyFromPem(args[4])),
    ),
    genSignedCert: define("string, list, list, int, any", (...args: [...Leaf, Value]) =>
      leaf(request(args.slice(0, 4) as Leaf), fresh(), args[4] ?? null),
    ),
    genSignedCertWithKey: define("string, list, list, int, any, string", (...args: [...Leaf, Value, string]) =>
      leaf(request(args.slice(0, 4) as Leaf), keyFromPem(args[5]), args[4] ?? null),
    ),
  };
  return functions;
}
