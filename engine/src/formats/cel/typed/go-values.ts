// How Go reads texts as numbers, times and durations, and writes them (strconv and time of Go 1.26): what the real server's constants
// come to.

const durationUnits: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** The range of Go's int64: of integers, and of durations in nanoseconds. */
export function isInt64(value: bigint): boolean {
  return value >= -(2n ** 63n) && value < 2n ** 63n;
}

/** strconv.ParseInt in base 10. */
export function parseInt64(text: string): bigint | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, ""));
  return isInt64(value) ? value : undefined;
}

/** strconv.ParseUint in base 10. */
export function parseUint64(text: string): bigint | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  const value = BigInt(text);
  return value < 2n ** 64n ? value : undefined;
}

/** strconv.ParseFloat: decimal, hexadecimal, or the words for what is no number; underscores stand between digits. */
export function parseFloat64(text: string): number | undefined {
  if (/^nan$/i.test(text)) return Number.NaN;
  const infinite = /^([+-]?)inf(?:inity)?$/i.exec(text);
  if (infinite !== null) return infinite[1] === "-" ? -Infinity : Infinity;
  if (/(^|\D)_|_(\D|$)/.test(text.replace(/^([+-]?)0[xX]_?/, "$10").replaceAll(/[a-fA-F]/g, "0"))) return undefined;
  const plain = text.replaceAll("_", "");
  const hex = /^([+-]?)0[xX]([\da-fA-F]*)\.?([\da-fA-F]*)[pP]([+-]?\d+)$/.exec(plain);
  const value = hex === null ? decimal(plain) : hexadecimal(hex);
  return value === undefined || !Number.isFinite(value) ? undefined : value;
}

function decimal(text: string): number | undefined {
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

function hexadecimal([, sign = "", whole = "", part = "", exponent = ""]: RegExpExecArray): number | undefined {
  if (whole + part === "") return undefined;
  const digits = Number(BigInt(`0x${whole}${part}`));
  return (sign === "-" ? -digits : digits) * 2 ** (Number(exponent) - 4 * part.length);
}

/** time.ParseDuration, in nanoseconds. */
export function parseNanoseconds(text: string): bigint | undefined {
  const [, sign = "", body = ""] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (body === "0") return 0n;
  if (!/^((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/.test(body)) return undefined;
  let total = 0n;
  for (const [, whole = "", part = "", unit = ""] of body.matchAll(/(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g)) {
    const scale = BigInt(durationUnits[unit] ?? 0);
    total += BigInt(whole === "" ? 0 : whole) * scale + (BigInt(`0${part}`) * scale) / 10n ** BigInt(part.length);
  }
  const nanoseconds = sign === "-" ? -total : total;
  return isInt64(nanoseconds) ? nanoseconds : undefined;
}

/** The first and the last second of a time of CEL: the years 1 to 9999. */
const secondsMin = -62135596800n;
const secondsMax = 253402300799n;

/** True for a time that CEL can hold. */
export function isTime(seconds: bigint): boolean {
  return seconds >= secondsMin && seconds <= secondsMax;
}

/** time.Parse of RFC 3339, in seconds of any range. Go takes an hour of one digit, and a comma before parts of a second. */
export function parseSeconds(text: string): bigint | undefined {
  const match =
    /^(\d{4})-(\d\d)-(\d\d)T(\d{1,2}):(\d\d):(\d\d)(?:[.,]\d+)?(?:Z|([+-])(\d\d):(\d\d))$/.exec(text) ?? undefined;
  if (match === undefined) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [zoneHours, zoneMinutes] = [Number(match[8] ?? 0), Number(match[9] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59 || zoneHours > 24 || zoneMinutes > 60) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const offset = (zoneHours * 60 + zoneMinutes) * 60 * (match[7] === "-" ? -1 : 1);
  return BigInt(Math.floor(date.getTime() / 1000) + hour * 3600 + minute * 60 + second - offset);
}
