import { expect, it } from "vitest";
import { timeProblem } from "./time.ts";

const layout = '"2006-01-02T15:04:05Z07:00"';

it.each([
  ["2020-01-01T00:00:00Z", false, undefined],
  ["2020-02-29T23:59:59.25+02:00", false, undefined],
  ["2020-01-01T00:00:00.000001Z", true, undefined],
  ["", false, `parsing time "" as ${layout}: cannot parse "" as "2006"`],
  ["yesterday", false, `parsing time "yesterday" as ${layout}: cannot parse "yesterday" as "2006"`],
  ["2020-01-01", false, `parsing time "2020-01-01" as ${layout}: cannot parse "" as "T"`],
  ["2020-13-01T00:00:00Z", false, 'parsing time "2020-13-01T00:00:00Z": month out of range'],
  ["2021-02-29T00:00:00Z", false, 'parsing time "2021-02-29T00:00:00Z": day out of range'],
  ["2020-01-01T00:00:00Zx", false, 'parsing time "2020-01-01T00:00:00Zx": extra text: "x"'],
  [
    "2020-01-01T00:00:00Z",
    true,
    'parsing time "2020-01-01T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
  ],
])("a time is taken or refused as Go does: %s", (text, isMicro, problem) => {
  expect(timeProblem(text, isMicro)).toBe(problem);
});
