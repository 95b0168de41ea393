// Writes the questions that the table of Helm's functions asks, one JSON object a line: every function with inputs of its
// own and with odd ones (nil, wrong types, empty, unicode, huge). Recorded answers are testdata of render/helm:
//   node tools/helm-questions.mjs | oracles/helm/answer > answers; see engine/src/render/helm/functions.test.ts.
// The questions of corners.jsonl beside them stand in that file itself.

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

/** Functions that came later, each with a dozen inputs or more; the order above stays as it was recorded. */
const types = ['"string"', '"map"', '"int"', '"[]interface {}"', '""', "nil"];
const later = {
  ...group(
    [any],
    "mustLast mustInitial mustReverse mustCompact mustUniq mustDeepCopy mustToPrettyJson mustToRawJson tuple hello call mustFirst mustRest mustToStrings",
  ),
  ...group([list, any], "mustPrepend mustPush mustWithout mustAppend mustHas push prepend"),
  ...group([integer, list], "mustChunk chunk"),
  ...group([list, integer, integer], "mustSlice slice"),
  ...group([map, map], "mustMergeOverwrite"),
  ...group([types, any], "typeIsLike"),
  ...group([text, text], "trimall"),
  ...group([key, any], "dict"),
  ...group([key, map, map], "pluck"),
  ...group([integer, [...text].reverse()], "trunc abbrev indent nindent repeat wrap"),
  ...group([integer, text, [...text].reverse()], "wrapWith"),
  ...group([[...integer, "7", '"x"', "2.9", "12"]], "until"),
  ...group([[...regex].reverse(), [...text].reverse()], "regexMatch mustRegexMatch regexFind mustRegexFind"),
  ...group([[...regex].reverse(), text, integer], "mustRegexSplit"),
  ...group(
    [[...regex].reverse(), text, ['"$2"', '"${1}z"', '"a$$b"']],
    "regexReplaceAll mustRegexReplaceAll regexReplaceAllLiteral mustRegexReplaceAllLiteral",
  ),
  ...group([[...time, "-1", '"x"', "nil", "1.5", "(list)", "253402300799", "(int64 1)"]], "unixEpoch"),
  ...group([[...time, "-1", "253402300799", "(int64 1)", "951782400", "(int 0)", "-86401", "4102444800"]], "htmlDate"),
  ...group([time, ['"UTC"', '"Asia/Tokyo"', '"Nowhere"', '""']], "htmlDateInZone"),
  ...group([layout, time, ['"Asia/Tokyo"', '"America/St_Johns"']], "date_in_zone"),
  ...group([['"90m"', '"-36h"', '"bad"', '"1.5h"'], time], "date_modify must_date_modify"),
  ...group(
    [
      ['"pw"', '"a much longer password than a key has bytes"', "nil"],
      ['"x"', '"AAAAAAAAAAAAAAAAAAAAAA=="', '"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="', "nil"],
    ],
    "decryptAES",
  ),
  ...group(
    [['"a = 0x1f"', '"t = 07:32:00"', '"x = [1, \\"a\\"]"', '"[a]\\n[a]"', '"a.b = 1\\n[a]\\nc = 2"']],
    "fromToml",
  ),
};
for (const [name, pools] of Object.entries(later))
  for (const args of samples(pools, limit)) ask(`{{ ${name.split("/")[0]} ${args.join(" ")} | printf "%v" }}`);

/** What gives something else each time is asked about, not for. */
const lengths = ["0", "1", "5", "100", "1000", '"3"', "2.5", "nil", "true", '"x"'];
const letters = { AlphaNum: "[a-zA-Z0-9]", Alpha: "[a-zA-Z]", Numeric: "[0-9]", Ascii: "[ -~]" };
for (const [name, letter] of Object.entries(letters)) {
  for (const length of lengths) ask(`{{ rand${name} ${length} | len }}`);
  ask(`{{ rand${name} 40 | regexMatch "^${letter}{40}$" }}`);
  ask(`{{ rand${name} }}`);
}
for (const length of lengths) ask(`{{ randBytes ${length} | b64dec | len }}`);
ask("{{ randBytes 9 | len }}");
ask("{{ randBytes 1 2 }}");
for (const range of ["1 2", "-1 0", "0 1", "5 6", '"a" 2', "1 nil", "1", "7 8", "100 101", "-5 -4", "true 1", "2.5 3"])
  ask(`{{ randInt ${range} }}`);
for (const one of [
  '""',
  '"aaa"',
  "nil",
  "3",
  '"éé"',
  "(list)",
  '"zz"',
  "true",
  '"1"',
  "1.5",
  '"  "',
  '"xxxxxxxx" | len',
])
  ask(`{{ shuffle ${one} }}`);
for (const test of [
  "",
  "| len",
  '| regexMatch "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"',
  "| kindOf",
  "| typeOf",
])
  ask(`{{ uuidv4 ${test === "" ? "1" : test} }}`);
for (const given of ["nil", '"a"', "2.5", "true", "(list)", "(dict)", '"" ""']) ask(`{{ uuidv4 ${given} }}`);
for (const given of [
  "| typeOf",
  "| kindOf",
  "| empty",
  "| unixEpoch | kindOf",
  "1",
  "nil",
  '"x"',
  "1 2",
  "(list)",
  "| toString | empty",
  "| not",
])
  ask(`{{ now ${given} }}`);
for (const given of [
  "now",
  "nil",
  '"x"',
  "(list)",
  "1 2",
  "true",
  "1.5",
  '""',
  "(dict)",
  '(now | dateModify "-1h")',
  '(now | dateModify "25h")',
  '(now | dateModify "-90s")',
])
  ask(`{{ ago ${given} }}`);
for (const given of [
  "nil",
  "3",
  "(list)",
  "true",
  "",
  '"a" "b"',
  "1.5",
  "(dict)",
  '"" | hasPrefix "$2a$10$"',
  '"pw" | len',
  ".Values.big",
  ".Values.missing",
])
  ask(`{{ bcrypt ${given} }}`);
for (const given of [
  '"a" nil',
  "nil nil",
  '"a"',
  '"a:b" "pw"',
  "1 2",
  '"a" "b" "c"',
  "(list) 1",
  "true false",
  '"u" "p" | trunc 9',
  '"" "" | len',
  '"u" "p" "nosuch"',
  ".Values.big 1",
])
  ask(`{{ htpasswd ${given} }}`);
for (const given of [
  '"pw"',
  'nil "a"',
  '"a" nil',
  "1 2",
  '"k" "v" | len',
  '"k" "" | len',
  '"k" "0123456789abcdef" | len',
  "(list) 1",
  'true "x"',
  "",
  '"a" "b" "c"',
  '"k" "v" | decryptAES "k"',
])
  ask(`{{ encryptAES ${given} }}`);
for (const given of [
  '"nosuch"',
  '"" | trunc 31',
  "nil",
  "3",
  "",
  "true",
  "(list)",
  '"RSA"',
  '"ecdsa" | trunc 30',
  '"ed25519" | trunc 27',
  '"ed25519" | len',
  '"rsa" 1',
])
  ask(`{{ genPrivateKey ${given} }}`);
const wrongNames = [
  "",
  "nil",
  '"a"',
  '"a" "b"',
  "nil nil",
  '"a" nil',
  "1 2",
  '"a" 1 2 3 4 5',
  "(list) 1",
  '"a" true',
  '"a" "1" nil',
  "(dict) (dict)",
];
for (const name of [
  "genCA",
  "genCAWithKey",
  "genSelfSignedCert",
  "genSelfSignedCertWithKey",
  "genSignedCert",
  "genSignedCertWithKey",
  "buildCustomCert",
])
  for (const given of wrongNames) ask(`{{ ${name} ${given} }}`);
const authority = '(genCAWithKey "ca" 1 (genPrivateKey "ed25519"))';
for (const one of [
  '{{ genCAWithKey "x" 1 "no key" }}',
  '{{ genCAWithKey "x" 1 (genPrivateKey "ed25519") | kindOf }}',
  `{{ ${authority}.Cert | trunc 27 }}`,
  `{{ ${authority}.Key | trunc 27 }}`,
  `{{ ${authority}.Nothing }}`,
  `{{ genSignedCertWithKey "x" (list "10.0.0.1" "bad") nil 1 ${authority} (genPrivateKey "ed25519") }}`,
  `{{ genSignedCertWithKey "x" (list 1) nil 1 ${authority} (genPrivateKey "ed25519") }}`,
  `{{ genSignedCertWithKey "x" nil (list 1) 1 ${authority} (genPrivateKey "ed25519") }}`,
  `{{ (genSignedCertWithKey "x" (list "::1") (list "a.b") 1 ${authority} (genPrivateKey "ecdsa")).Cert | trunc 27 }}`,
  `{{ (genSelfSignedCertWithKey "x" nil (list "*.b") 1 (genPrivateKey "ecdsa")).Key | trunc 30 }}`,
  '{{ buildCustomCert "bad!" "YQ==" }}',
  '{{ buildCustomCert "YQ==" "bad!" }}',
  '{{ buildCustomCert "YQ==" "YQ==" }}',
])
  ask(one);

/** Helm's own functions, and Go's that need a template around them. */
const helmsOwn = {
  include: [
    '"h" .Release',
    '"h" nil',
    '"none" .',
    "nil .",
    '"h"',
    '"h" 1 2',
    "3 .",
    '"h" (list 1)',
    '"h" .Values | len',
    '"" .',
    '"h" (dict "a" 1)',
    '"h" true',
  ],
  tpl: [
    '"{{ . }}" 1',
    '"{{ .Values.n }}" .',
    '"{{" .',
    '"{{ nosuch }}" .',
    '"" .',
    '"x" nil',
    "nil .",
    "3 .",
    '"{{ include \\"h\\" . }}" 2',
    '"{{ fail \\"x\\" }}" .',
    '"{{ template \\"h\\" 1 }}" .',
    '"{{ .a.b.c }}" .',
    '"{{ define \\"h\\" }}other{{ end }}{{ include \\"h\\" 1 }}" .',
  ],
  required: [
    '"m" 1',
    '"m" nil',
    '"m" ""',
    '"m" 0',
    '"m" false',
    '"m" (list)',
    '"" nil',
    "nil nil",
    '"m" .Values.missing',
    '"m" .Values.n',
    '"m"',
    "1 2",
    '"a\\nb" nil',
  ],
  fail: ['"x"', '""', "nil", "3", "", '"a" "b"', '"a\\nb"', '"é"', "(print 1 2)", "true", "(list)", '"100%"'],
  lookup: [
    '"v1" "Pod" "a" "b"',
    '"v1" "Pod" "" ""',
    '"" "" "" ""',
    '"v1" "Pod"',
    "nil nil nil nil",
    "1 2 3 4",
    '"v1" "Pod" "a" "b" | toJson',
    '"v1" "Pod" "a" "b" | empty',
    '"v1" "Pod" "a" "b" | kindOf',
    '"a/b/c" "Pod" "" ""',
    '"v1" "" "" ""',
    '"v1" "Pod" "a" "b" "c"',
  ],
  call: [
    "nil",
    "1 2",
    '"x" 1',
    "(dict)",
    ".Values.n",
    ".Values.AsMap",
    ".Values.missing",
    "(list) 1",
    "true",
    "1.5",
    ".Release.Name",
    "",
  ],
};
const helper = '{{ define "h" }}[{{ . }}]{{ end }}';
for (const [name, all] of Object.entries(helmsOwn)) for (const given of all) ask(`{{ ${name} ${given} }}${helper}`);

/** Structs by every verb, and the place that an error names behind a parenthesis or inside a map. */
for (const verb of ["%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%t", "%10v|", "%T"]) {
  ask(`{{ printf ${JSON.stringify(verb)} .Capabilities.KubeVersion }}`);
  ask(`{{ printf ${JSON.stringify(verb)} .Capabilities.HelmVersion }}`);
}
for (const one of [
  "{{ .Values.n.x }}",
  "{{ .Values.map.a.x }}",
  "{{ .Chart.Name.x }}",
  "{{ (.Values.n).x }}",
  '{{ (index .Values "n").x }}',
  '{{ (dict "a" 1).a.x }}',
  '{{ $d := dict "a" 1 }}{{ $d.a.x }}',
  "{{ with .Values.n }}{{ .x }}{{ end }}",
  "{{ with .Values.map }}{{ .a.x }}{{ end }}",
  '{{ range list "a" }}{{ .Values.x }}{{ end }}',
  "{{ $v0 ",
  "{{ $v0",
  "{{ $a := 1 }}{{ $a ",
  "{{ range $a, ",
  '{{ concat (list 1) "x" }}',
])
  ask(one);
