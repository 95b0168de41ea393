// Go's regular expressions that mean the same to the platform's own engine, which is at hand: what follows the rest of Go's syntax
// takes longer to load than most charts take to render. Only patterns whose time is bounded by the text's length.

import { nativeStepsMax } from "../limits.ts";

/** A pattern for the platform, and how many of its parts repeat: each multiplies the time by the text's length. */
export type NativePattern = { pattern: RegExp; repeats: number };

const classMember =
  /[A-Z]-[A-Z]|[a-z]-[a-z]|[0-9]-[0-9]|[A-Za-z0-9_ .,:;/@%+=~!#<>"'*?(){}|$]|\\[wds.+*?()|{}^$/\\[\]-]/.source;
const part: RegExp = new RegExp(
  [
    /(?<anchor>[\^$])/.source,
    /(?<open>\((?:\?:)?)/.source,
    /(?<close>\)[?*+]?)/.source,
    /(?<or>\|)/.source,
    `(?<one>${[
      /\\[wWdDsS]|\\[.+*?()[\]{}|^$/\\-]/.source,
      `\\[\\^?-?(?:${classMember})+-?\\]`,
      /[A-Za-z0-9_ /:@%=,;<>&~`'"!#-]/.source,
      /\./.source,
    ].join("|")})(?<times>(?:[*+?]|\\{\\d{1,2}(?:,\\d{0,2})?\\})\\??)?`,
  ].join("|"),
  "y",
);

/** The platform's pattern for one of Go's; undefined where they may differ. */
export function nativePattern(go: string): NativePattern | undefined {
  try {
    return translate(go);
  } catch (error) {
    // A range from high to low: the words about it are the other's.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function translate(go: string): NativePattern | undefined {
  let text = "";
  let repeats = 0;
  /** What stands in each group that is open: undefined where it is more than characters. */
  const bodies: (string[] | undefined)[] = [];
  for (let at = 0; at < go.length; at = part.lastIndex) {
    part.lastIndex = at;
    const groups = part.exec(go)?.groups;
    if (groups === undefined) return undefined;
    const { anchor, open, close, or, one = "", times = "" } = groups;
    if (close !== undefined) {
      if (bodies.length === 0) return undefined;
      const body = bodies.pop();
      if (close.length > 1 && emptyFirst.test(go)) return undefined;
      if (/[*+]/.test(close) && !isDecidedBySight(body)) return undefined;
    }
    if (or !== undefined || times !== "" || (close?.length ?? 0) > 1) repeats++;
    if (one === "" || !/^\??$/.test(times)) bodies.fill(undefined);
    if (open !== undefined) bodies.push([]);
    const written = asGo(one);
    bodies.at(-1)?.push(written + times);
    text += anchor ?? open ?? close ?? or ?? written + times;
  }
  if (bodies.length > 0) return undefined;
  return { pattern: new RegExp(text, "g"), repeats };
}

/** Where a group may match nothing before it matches something, the two do not agree on whether it did. */
const emptyFirst = /\((?:\?:)?\||\|[|)]|[*+?}]\?/;

/** One character for each that a class can tell from others: it names characters of ASCII only. */
const probes: readonly string[] = Array.from({ length: 129 }, (_, code) => String.fromCharCode(code));

/** True when the next character alone says how a repeated group goes on: each of its parts takes others, and one is always there. */
function isDecidedBySight(body: readonly string[] | undefined): boolean {
  if (body === undefined || body.every((one) => one.endsWith("?"))) return false;
  const shapes = body.map((one) => new RegExp(`^${one.replace(/\?$/, "")}$`));
  return probes.every((probe) => shapes.filter((shape) => shape.test(probe)).length < 2);
}

/** Blanks are five characters in Go, and a dot is all but the line feed. */
function asGo(one: string): string {
  if (one === ".") return "[^\\n]";
  if (one === "\\S") return "[^\\t\\n\\f\\r ]";
  if (one === "\\s") return "[\\t\\n\\f\\r ]";
  return one.startsWith("[")
    ? one.replace(/\\(.)/g, (pair, mark: string) => (mark === "s" ? "\\t\\n\\f\\r " : pair))
    : one;
}

const surrogate = /[\ud800-\udfff]/;

/** True where the platform finds the same in this text, in bounded time. */
export function fitsText({ repeats }: NativePattern, text: string): boolean {
  return (text.length + 1) ** (repeats + 1) <= nativeStepsMax && !surrogate.test(text);
}
