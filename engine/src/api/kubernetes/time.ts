// What Go says of a time that is none (time.Parse with the layouts of metav1.Time and MicroTime), or nothing where it is one; and how it
// writes one that it has read.

type Element = readonly [layout: string, pattern: RegExp];

const dash: Element = ["-", /^-/];
const colon: Element = [":", /^:/];
const date: readonly Element[] = [["2006", /^\d{4}/], dash, ["01", /^\d{2}/], dash, ["02", /^\d{2}/], ["T", /^T/]];
const clock: readonly Element[] = [["15", /^\d{2}/], colon, ["04", /^\d{2}/], colon];
const zone: Element = ["Z07:00", /^(?:Z|[+-]\d{2}:\d{2})/];

/** A fraction of a second may stand where the layout has none. */
const seconds: readonly Element[] = [...date, ...clock, ["05", /^\d{2}(?:[.,]\d+)?/], zone];
const micro: readonly Element[] = [...date, ...clock, ["05", /^\d{2}/], [".000000", /^[.,]\d{6}/], zone];

/** The last time of either form that is one: thousands of objects say the same second. */
const lastGood = { seconds: "", micro: "" };

/** `isMicro`: with exactly six digits of a second, as MicroTime has them. */
export function timeProblem(text: string, isMicro: boolean): string | undefined {
  const form = isMicro ? "micro" : "seconds";
  if (text === lastGood[form] && text !== "") return undefined;
  const problem = findProblem(text, isMicro);
  if (problem === undefined) lastGood[form] = text;
  return problem;
}

const plainForms = {
  seconds: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
  micro: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/,
};

/** A time as Go writes it again: in UTC, without what its type does not hold of a second. */
export function canonicalTime(text: string, isMicro: boolean): string {
  if (plainForms[isMicro ? "micro" : "seconds"].test(text)) return text;
  const [, fraction = ""] = /[.,](\d+)/.exec(text) ?? [];
  const whole = new Date(text.replace(/[.,]\d+/, "")).toISOString().slice(0, 19);
  return isMicro ? `${whole}.${fraction}Z` : `${whole}Z`;
}

function findProblem(text: string, isMicro: boolean): string | undefined {
  const elements = isMicro ? micro : seconds;
  const layout = elements.map(([one]) => one).join("");
  let rest = text;
  for (const [element, pattern] of elements) {
    const match = pattern.exec(rest);
    if (match === null)
      return `parsing time ${quoted(text)} as ${quoted(layout)}: cannot parse ${quoted(rest)} as ${quoted(element)}`;
    rest = rest.slice(match[0].length);
  }
  if (rest !== "") return `parsing time ${quoted(text)}: extra text: ${quoted(rest)}`;
  const wrong = outOfRange(text);
  return wrong === undefined ? undefined : `parsing time ${quoted(text)}: ${wrong} out of range`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function outOfRange(text: string): string | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = text.slice(0, 19).split(/\D/).map(Number);
  if (month < 1 || month > 12) return "month";
  if (hour > 23) return "hour";
  if (minute > 59) return "minute";
  if (second > 59) return "second";
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = month === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return day < 1 || day > days ? "day" : undefined;
}
