// What Go shows of times and of their zones, recorded from the real Helm 4.3.1 with TZ=UTC.

import { expect, it } from "vitest";
import { executeTemplate } from "#formats/gotemplate";
import { chartFunctions } from "./table.ts";
import { seededEnvironment } from "./environment.ts";

const functions = Object.fromEntries(chartFunctions(seededEnvironment("times", 0)));

const cases: [template: string, expected: string][] = [
  ['{{ toDate "2006-01-02" "2020-01-02" | printf "%#v" }}', "time.Date(2020, time.January, 2, 0, 0, 0, 0, time.Local)"],
  [
    '{{ mustToDate "2006-01-02 15:04 -0700" "2020-01-02 10:00 +0000" | printf "%#v" }}',
    "time.Date(2020, time.January, 2, 10, 0, 0, 0, time.Local)",
  ],
  [
    '{{ mustToDate "2006-01-02T15:04:05Z07:00" "2020-01-02T10:00:00Z" | printf "%#v" }}',
    "time.Date(2020, time.January, 2, 10, 0, 0, 0, time.UTC)",
  ],
  [
    '{{ mustToDate "2006-01-02 15:04 MST" "2020-01-02 10:00 CET" | printf "%#v" }}',
    'time.Date(2020, time.January, 2, 10, 0, 0, 0, time.Location("CET"))',
  ],
  ['{{ toDate "2006-01-02" "bad" | printf "%d" }}', "{0 0 0}"],
  ['{{ mustToDate "2006-01-02T15:04:05Z07:00" "2020-01-02T10:00:00.5Z" | printf "%d" }}', "{500000000 63713556000 0}"],
  [
    '{{ $t := toDate "2006-01-02" "2020-01-02" }}{{ $t.UTC | printf "%#v" }} {{ $t.Local | printf "%#v" }}',
    "time.Date(2020, time.January, 2, 0, 0, 0, 0, time.UTC) time.Date(2020, time.January, 2, 0, 0, 0, 0, time.Local)",
  ],
];

it.each(cases)("%s", (template, expected) => {
  expect(executeTemplate(template, {}, { functions })).toBe(expected);
});
