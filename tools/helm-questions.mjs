// Writes the questions that the table of Helm's functions asks, one JSON object a line: every function with inputs of its
// own and with odd ones (nil, wrong types, empty, unicode, huge). Recorded answers are testdata of render/helm:
//   node tools/helm-questions.mjs | oracles/helm/answer > answers; see engine/src/render/helm/functions.test.ts.

const any = [
  "nil",
  "0",
  "1",
  "-3",
  "1.5",
  '""',
  '"abc"',
  '"héllo wörld"',
  "true",
  "(list)",
  '(list 1 "a" nil 2.5 "a")',
  "(dict)",
  '(dict "b" 1 "a" (list 1 2))',
  ".Values.big",
  ".Values.missing",
  "(int64 7)",
];
const text = [
  '""',
  '"abc"',
  '"Hello World_foo-bar"',
  '"héllo ✓ wörld"',
  '"a\\nb\\n"',
  '"  x  "',
  '"/a//b/../c.tar.gz"',
  '"1.2.3-rc.1+b5"',
  '"aGVsbG8="',
  '"true"',
  '"HTTPServerID42x"',
  '"a,b,,c"',
  "nil",
  "3",
  '(list "a")',
  '"\\xff\\xfe"',
];
const number = [
  "0",
  "1",
  "-1",
  "5",
  "100",
  "1.5",
  '"7"',
  '"0x1f"',
  '"1e3"',
  "nil",
  "true",
  ".Values.big",
  "-2.5",
  '"abc"',
  "2147483648",
  "9223372036854775807",
];
const integer = ["0", "1", "-1", "3", "10", "100", "nil", "1.0", '"4"', ".Values.n"];
const list = [
  "(list)",
  "(list 1 2 3)",
  '(list "b" "a" "c" "a")',
  '(list nil "" 0 1 false)',
  "nil",
  '"text"',
  "(until 4)",
  '(splitList "," "x,y,z")',
  '(dict "a" 1)',
  "3",
  "(list (list 1) (list 2))",
  "(list 1 1.0 (int64 1))",
];
const map = [
  "(dict)",
  '(dict "a" 1 "b" "x")',
  '(dict "a" (dict "b" (dict "c" 3)))',
  "nil",
  '"text"',
  "(list)",
  ".Values",
  ".Values.map",
  '(dict "é" nil)',
  "(dict 1 2)",
  "3",
  '(dict "a")',
];
const key = ['"a"', '"b"', '""', "nil", "1"];
const regex = [
  '"a+"',
  '"^$"',
  '""',
  '"(b)(c)?"',
  '"[A-Z]\\\\w*"',
  '"(?P<x>l+)o"',
  '"("',
  '"\\\\d{2,}|ö"',
  '"(?i)HELLO"',
];
const version = [
  '"1.2.3"',
  '"v1.2"',
  '"1"',
  '"1.2.3-beta.1+x"',
  '"01.2.3"',
  '"x"',
  '""',
  '"1.0.0-rc.1"',
  '"2.0.0"',
  '"1.20.4-gke.5"',
  "nil",
  "1",
];
const range = [
  '">=1.0.0"',
  '"^1.2"',
  '"~1.2.3"',
  '"1.x || >2"',
  '"1.0 - 2.0"',
  '">1.0.0-0 <2"',
  '"!=1.2.x"',
  '"<=1.2"',
  '"*"',
  '""',
  '"bad"',
  '">= 1.19-0, < 1.30"',
  '"=1.2.3,>0"',
  '"^0.0.3"',
];
const layout = ['"2006-01-02T15:04:05Z07:00"', '"Mon Jan _2 3:04PM 2006"', '"02/01/06 .000 MST"', '""', '"2006"'];
const time = [
  "0",
  "1700000000",
  '(toDate "2006-01-02" "2024-02-29")',
  '(toDate "2006-01-02T15:04:05Z07:00" "2021-06-01T12:30:45+02:00")',
  "(int64 86400)",
];
const duration = [
  '"1h30m"',
  '"90"',
  '"-5s"',
  '"1.5h"',
  "3600",
  "0",
  "nil",
  '"x"',
  "1.5",
  '"2562047h"',
  '"100ms"',
  "(list)",
  '"9d"',
  "true",
];
const json = [
  '"{}"',
  '"[1,2,{\\"a\\":null}]"',
  '"{\\"a\\":1e3,\\"b\\":\\"<&>\\"}"',
  '"null"',
  '"1"',
  '""',
  '"{bad"',
  '"[1,]"',
  '"\\"x\\""',
  '"{\\"a\\":1} x"',
  '"tru"',
  "nil",
];
const yaml = [
  '"a: 1"',
  '"- 1\\n- x"',
  '"a: [1, {b: yes}]\\nc: 0x10"',
  '"null"',
  '"a: 1e3\\nb: 1.0"',
  '""',
  '"x"',
  '"a: b: c"',
  '"- a\\nb: 1"',
  '"a: |\\n  x\\n  y\\n"',
  '"\\"\\\\u00e9\\""',
  "nil",
];
const url = [
  '"https://u:p@h.example:8080/a%20b?q=1#f"',
  '"mailto:a@b"',
  '"/x/y"',
  '""',
  '"http://[::1]:80/"',
  '"//h/p"',
  '"http://a b"',
  '"%zz"',
  '"h:80"',
  '"HTTP://X"',
  '"http://h?a b#c d"',
  "nil",
];

/** Function to the pools of its parameters; the product is thinned to what `limit` allows. */
const functions = {
  ...group(
    [any],
    "empty typeOf kindOf toString toJson toPrettyJson toRawJson mustToJson toYaml mustToYaml toYamlPretty quote squote len not html js urlquery print println deepCopy toStrings list int int64 float64 toDecimal first last rest initial uniq compact reverse sortAlpha floor ceil add1 add1f toToml",
  ),
  ...group(
    [text],
    "upper lower title untitle trim nospace initials swapcase snakecase camelcase kebabcase b64enc b64dec b32enc b32dec sha1sum sha256sum sha512sum adler32sum base dir clean ext isAbs osBase osDir osClean osExt osIsAbs atoi regexQuoteMeta getHostByName",
  ),
  ...group([integer, text], "trunc abbrev indent nindent repeat wrap"),
  ...group(
    [text, text],
    "trimAll trimSuffix trimPrefix contains hasPrefix hasSuffix split splitList join eq ne lt cat",
  ),
  ...group([text, text, text], "replace"),
  ...group([integer, integer, text], "substr abbrevboth"),
  ...group([integer, text, text], "wrapWith"),
  ...group([text, integer, text], "splitn"),
  ...group([text, text, integer], "plural"),
  ...group(
    [number, number],
    "add sub mul div mod max min addf subf mulf divf maxf minf biggest eq ne lt le gt ge and or",
  ),
  ...group([number, integer], "round"),
  ...group([integer], "until seq"),
  ...group([integer, integer], "seq"),
  ...group([integer, integer, integer], "untilStep seq"),
  ...group(
    [list],
    "first last rest initial reverse uniq compact sortAlpha mustFirst mustRest toStrings len toJson concat",
  ),
  ...group([list, any], "append prepend without slice push mustAppend index"),
  ...group([any, list], "has join mustHas default coalesce ternary"),
  ...group([integer, list], "chunk"),
  ...group([list, integer, integer], "slice"),
  ...group([list, list], "concat eq deepEqual"),
  ...group([map], "toJson toYaml len deepCopy urlJoin"),
  ...group(
    [
      [
        "(dict)",
        '(dict "a" 1)',
        '(dict "é" nil)',
        "nil",
        '"text"',
        "(list)",
        "3",
        "(dict 1 2)",
        '(dict "a")',
        '(dict "a" (dict "b" 1))',
        "true",
        ".Values.missing",
      ],
    ],
    "keys values",
  ),
  ...group([map, key], "get hasKey unset pick omit index"),
  ...group([key, map], "pluck"),
  ...group([map, key, any], "set"),
  ...group([map, map], "merge mergeOverwrite mustMerge deepEqual"),
  ...group([key, key, any, map], "dig"),
  ...group([any, any], "default eq ne deepEqual typeIs kindIs coalesce and or lt any all"),
  ...group([any, any, any], "ternary"),
  ...group([regex, text], "regexMatch mustRegexMatch regexFind mustRegexFind"),
  ...group([regex, text, integer], "regexFindAll regexSplit mustRegexFindAll"),
  ...group(
    [regex, text, ['"X"', '"$1-${x}$$"', '"$1W"', '""']],
    "regexReplaceAll regexReplaceAllLiteral mustRegexReplaceAll",
  ),
  ...group([version], "semver"),
  ...group([range, version], "semverCompare"),
  ...group([layout, time], "date"),
  ...group([layout, time, ['"UTC"', '"America/New_York"', '"Nowhere"']], "dateInZone"),
  ...group([['"1h"', '"-24h"', '"x"'], time], "dateModify mustDateModify"),
  ...group([time], "htmlDate unixEpoch"),
  ...group(
    [duration],
    "duration durationRound mustToDuration durationSeconds durationMilliseconds durationMicroseconds durationNanoseconds durationMinutes durationHours durationDays durationWeeks",
  ),
  ...group([duration, duration], "durationRoundTo durationTruncateTo"),
  ...group([layout, ['"2024-02-30"', '"2024-01-02T03:04:05Z"', '"2024"', '""']], "toDate mustToDate"),
  ...group([json], "fromJson fromJsonArray mustFromJson"),
  ...group([yaml], "fromYaml fromYamlArray"),
  ...group(
    [
      [
        '"a = 1\\nb = [1, 2.5]\\n[t]\\nc = \\"x\\""',
        '"a = "',
        '"d = 2024-01-02"',
        '"[[l]]\\nx = true\\n[[l]]\\ny = 0x1f"',
        '""',
        "\"a.b = 'l'\"",
        '"a = 1\\na = 2"',
        '"= 1"',
        "nil",
      ],
    ],
    "fromToml",
  ),
  ...group([map], "toToml mustToToml"),
  ...group([url], "urlParse"),
  ...group(
    [[1, 2, 7].map(String), ['"long"', '"pin"', '"maximum"', '"x"'], ['"pw"'], ['"user"'], ['"site"']],
    "derivePassword",
  ),
  ...group(
    [
      ['"pw"', '""'],
      ['""', '"bad!"', '"YWJj"'],
    ],
    "decryptAES",
  ),
};

function group(pools, names) {
  return Object.fromEntries(
    names.split(" ").map((name) => [`${name}/${pools.length}/${pools.map((pool) => pool[0]).join()}`, pools]),
  );
}

const formats =
  "%v %d %s %q %t %x %X %o %b %c %U %e %E %f %F %g %G %T %5d %-5d| %05d %+d %x %#x %#v %+v %6.2f %.3s %8.3s %% %z %[2]d %*d %.0f %.1f %5t %08.3f % d %+q %#q %#U % x %.10g %.3g %.2e".split(
    " ",
  );

let seed = Number(process.argv[3] ?? "12345");
function next(limit) {
  seed = (seed * 1103515245 + 12345) % 2147483648;
  return seed % limit;
}

/** At most `limit` of the product, each input at least once where that is possible. */
function* samples(pools, limit) {
  const total = pools.reduce((product, pool) => product * pool.length, 1);
  if (total <= limit) {
    for (let i = 0; i < total; i++) {
      let rest = i;
      yield pools.map((pool) => {
        const item = pool[rest % pool.length];
        rest = Math.floor(rest / pool.length);
        return item;
      });
    }
    return;
  }
  for (let i = 0; i < limit; i++)
    yield pools.map((pool, at) => (i < pool.length && at === 0 ? pool[i] : pool[next(pool.length)]));
}

const values = { big: 1000000, n: 3, map: { a: 1, z: { y: "x" } }, yes: true };
function ask(text) {
  process.stdout.write(`${JSON.stringify({ text, values })}\n`);
}

const limit = Number(process.argv[2] ?? "16");
for (const [name, pools] of Object.entries(functions))
  for (const args of samples(pools, limit)) ask(`{{ ${name.split("/")[0]} ${args.join(" ")} | printf "%v" }}`);
for (const format of formats)
  for (const arg of ["42", "-1.5", '"hé"', "true", "nil", '(list 1 "a")', '(dict "k" 2.0)', ".Values.big"])
    ask(`{{ printf ${JSON.stringify(format)} ${arg} }}`);

/** Layouts and texts whose refusal depends on where the reading stops. */
const dates = [
  ["2006-01-02T15:04:05Z07:00", "2024-05-06T07:08:09+02:30"],
  ["2006-01-02 MST", "2024-05-06 CET"],
  ["2006-01-02 15:04 MST", "2024-05-06 10:00 GMT-3"],
  ["Monday, 2 January 06", "friday, 3 MAY 24"],
  ["Jan _2 15:04:05.000", "Feb  3 04:05:06.789"],
  ["15:04:05", "04:05:06,5"],
  ["2006 002", "2024 060"],
  ["2006 002", "2023 366"],
  ["2006-01-02 002", "2024-03-01 060"],
  ["2006-01-02", "2023-02-29"],
  ["2006-13-02", "2023-13-02"],
  ["3:04PM", "13:04PM"],
  ["3:04PM", "12:04AM"],
  ["-0700", "+2500"],
  ["-07:00:00", "+01:02:03"],
  ["Z07:00 MST", "Z UTC"],
  ["2006  01", "2006 01"],
  ["2006", "20é4"],
  ['2006"', "2024'"],
  ["15h", "24h"],
];
for (const [layout, given] of dates)
  ask(`{{ mustToDate ${JSON.stringify(layout)} ${JSON.stringify(given)} | printf "%v" }}`);
/** Lengths that are refused, and nil maps and lists. */
const others = [
  '{{ semverCompare (repeat 600 "1") "1.2.3" }}',
  '{{ semver (repeat 600 "1") }}',
  '{{ semver (repeat 100 "1") }}',
  '{{ semver "1.2.3-01" }}',
  '{{ semverCompare (repeat 40 "1||") "1.2.3" }}',
  '{{ semverCompare "99999999999999999999999" "1.2.3" }}',
  '{{ fromJson "null" | toYaml }}',
  '{{ fromJson "null" | printf "%#v" }}',
  '{{ set (fromJson "null") "a" 1 }}',
  '{{ list (fromYaml "") (fromYamlArray "null") (fromJsonArray "null") | toJson }}',
  '{{ deepCopy (fromJson "null") | toYaml }}',
  '{{ toToml (dict "t" (toDate "2006-01-02" "2020-02-29") "l" (list (toDate "2006-01-02" "2020-02-29"))) }}',
];
for (const one of others) ask(one);
