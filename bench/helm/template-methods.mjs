// Calls for random templates beyond the everyday ones: methods of times, durations, versions, files and values, dates in
// zones, the must* family, verbs of printf that seldom occur, regular expressions of Go's syntax. See `calls` in templates.mjs;
// @T inside a name stands for an operand of that type.

/** What stands for a value of each type, beside the atoms of templates.mjs. */
export const moreAtoms = {
  T: `(toDate "2006-01-02T15:04:05Z07:00" "2024-07-01T12:30:45+02:00") (toDate "2006-01-02 15:04:05.999" "1969-12-31 23:59:59.123") (toDate "2006-01-02" "0050-03-01") (toDate "02 Jan 06" "15 Aug 68") (toDate "2006-01-02" "bad") (dateModify "-1.5h" (toDate "2006-01-02" "2021-03-28")) (toDate "2006-01-02 15:04 MST" "2021-03-28 01:30 CET") (mustToDate "3:04PM Jan _2 2006" "3:04AM Feb  7 2023")`,
  t: `1700000000 (int64 1616893200) 0 -1 (int64 4102444800) (int 1e9) (int64 -62135596800)`,
  z: `"UTC" "Europe/Berlin" "America/New_York" "Asia/Kolkata" "Australia/Lord_Howe" "" "Local" "Nowhere/Land" "Etc/GMT+5" "Pacific/Apia" "America/St_Johns"`,
  Z: `"Mon Jan 2 15:04:05 MST 2006" "2006-01-02T15:04:05.000Z" "2006-01-02T15:04:05.999999999-07:00" "__2 002 Z0700 Z07 -07" "3:4:5 pm PM .00 ,999" "Jan January Mon Monday 1 01 2 02 _2 06 2006" "" "text 7 20" "Z070000 -070000 Z07:00:00"`,
  E: `(mustToDuration "1h30m") (mustToDuration 90) (mustToDuration "-250ms") (durationRoundTo "3h7m" "1h") (durationTruncateTo 3725 "1m") ((@T).Sub (@T)) (mustToDuration 1.25)`,
  N2: `(semver "1.2.3-rc.1+b5") (semver "v2.0") (semver "0.0.1") (semver "10.20.30-alpha.2")`,
  Q: `.Values.AsMap (.Values.Table "map") (.Values.Table "image") .Values`,
  R: `"(?P<first>\\\\w+) (?P<last>\\\\w+)" "(?s)." "(?m)^\\\\w" "(?U)a.*b" "[[:alpha:]]+" "[^[:space:]]*" "\\\\pL+" "\\\\p{Greek}" "\\\\x{1F600}|é" "\\\\Aa|z\\\\z" "a{0,3}?" "(a*)*" "[\\\\w-]+" "\\\\Qa.b\\\\E" "x*" "(?i:HELLO) World" "[a-\\\\d]" "\\\\pN" "(?:a|b)??c" "\\\\bWorld\\\\b" "(" "a**" "(?=x)" "\\\\1" "[z-a]" "a{1001}" "\\\\C" "(?<n>l+)" "^*" "[[:nope:]]" "\\\\z" "$"`,
  r: `"$1" "\${1}x" "$last" "\${first}_$last" "$$" "$0!" "$" "\${" "$10" "$1x" "\${n}" "" "\\\\1"`,
  H: `"{{ tpl .Values.template . }}" "{{ tpl (tpl \\"{{ .Values.template }}\\" .) . }}" "{{ define \\"h\\" }}other {{ . }}{{ end }}{{ include \\"h\\" 1 }}" "{{ .Template.Name }}" "{{ $x := 1 }}{{ $x }}{{ if" "{{ include (print \\"h\\") . }}" "{{ include \\"none\\" . }}" "{{ fail \\"no\\" }}" "{{- block \\"b\\" . }}{{ .Release.Name }}{{ end -}}" "{{ range $i, $e := .Values.list }}{{ $i }}{{ end }}"`,
  h: `"h" (print "h") (printf "%s" "h") (lower "H") (ternary "h" "deep" true) (trimSuffix "x" "hx") "none" (index (list "h" "k") 0) "k"`,
  Y: `"a: !!str 1\\nb: !!int '2'" "? a\\n: b" "a: >-\\n  x\\n  y\\n\\n  z\\n" "{a: 1, a: 2}" "- [a, {b: c}]\\n- ~\\n" "a: 0o17\\nb: 0b11\\nc: 1_000\\nd: .inf" "--- 1\\n--- 2" "x: 'it''s'\\ny: \\"\\\\u00e9\\"" "<<: {a: 1}\\nb: 2" "a:\\n- b\\n-  c: 1\\n   d: 2" "true: 1\\n2: x\\n1.5: y" "a: &a [*a]" "a: 1\\n b: 2" "%x" "k: 2001-12-14t21:59:43.10-05:00" "a: ! x" "'a" "e: \\"\\\\x41\\\\/\\"\\nf: |2\\n   x\\n" "a: |+\\n  x\\n\\n"`,
  O: `"a = 1979-05-27T07:32:00Z\\nb = 1979-05-27\\nc = 07:32:00" "[[x]]\\na = 1\\n[[x]]\\na = 2\\n" "a.b.c = 0x1F\\n'd e' = 1_000.5" "a = {b = 1, c = [1, 2.0]}" "a = '''\\nx\\ny'''\\nb = \\"\\\\u00e9\\"" "a = 1\\na = 2" "[a]\\n[a]" "a = inf\\nb = nan" "a = [1, \\"x\\"]" "a" "= 1" "a = 9223372036854775808" "a = true # c\\r\\n" "a = \\"\\"\\"x \\\\\\n   y\\"\\"\\""`,
  J: `"{\\"a\\": {\\"b\\": [1e3, 0.1, -0, 1E400]}}" "[1, 2" "[]" "\\"\\\\u00e9\\\\ud83d\\\\ude00\\"" "{\\"a\\":1,\\"a\\":2}" " 1 " "1 2" "{a: 1}" "[01]" "true" "\\"\\\\ud800\\"" "{\\"big\\": 9007199254740993}"`,
  U: `"http://[::1]:80/x" "http://a b/" "ftp://u@h/%2f%20?a=b;c#%20" "http://h:x/" "%zz" "a:b:c" "?q" "#f" "http://h?a=1&b=%zz" "http://ü.example/é"`,
  V: `"1.2" "01.2.3" "1.2.3.4" "1.2.3-01" "v1.2.3+a.b" "" "x" "1.2.3-" "99999999999999999999.0.0" "1.2.3-beta.11"`,
  C: `"1.2 - 1.4.5" "<2 , >=1" "=> 1.2" "~> 1.2" "^0.0" "^0" "~0" ">=1.x" "!=1.x" "> 1.2.3-beta" "bad" "" "1.2.3 || 2" ">=1 <2" "~1.x" "^1.2.x-rc" "=1.2" "<=1.2.x" "> v1"`,
  P: `"..a/.b.c/" "a/./b/../../.." "//" "c.tar.gz/" "é/ü.x" "a.b/c"`,
  X: `"aGVs\\nbG8=" "____" "+/+/" "aGVsbG8==" "ORSXG5A=" "orsxg5a="`,
  D: `"1d" "1w2d" "" "1.5" (int64 90) 1.25 "1h1" nil "+3s" "1µs" "9223372036s" "9999999h" (list) true -7`,
};

/** More calls, by the type of the result. */
export const moreCalls = {
  S: `date Z t|date Z A|date_in_zone Z T z|dateInZone Z T z|dateInZone Z t z|dateInZone Z A z|htmlDateInZone T z|htmlDate t|(@T).Format Z|(@T).String|(@E).String|(@N2).String|(@N2).Original|(@N2).Prerelease|(@N2).Metadata|(@Q).YAML|toString T|toString E|toYaml T|toJson E|toJson T|quote T|print E T|toYaml (list~T~E)|mustToPrettyJson A|mustToRawJson A|mustToToml M|mustToToml A|toToml A|mustRegexReplaceAll R S r|mustRegexReplaceAllLiteral R S r|regexReplaceAll R S r|regexReplaceAllLiteral R S r|regexFind R S|mustRegexFind R S|trimall W S|durationRound E|durationRound I|durationRound L|duration I|duration A|include h A|include h G|tpl H G|tpl H M|tpl S A|printf q|printf q|date "2006" (now)|kindOf T|typeOf E|typeOf N2|kindOf N2|.Files.Get S|.Files.AsConfig|.Files.AsSecrets|(.Files.Glob~S).AsConfig|.Capabilities.KubeVersion.GitVersion|.Capabilities.KubeVersion.Minor|.Capabilities.KubeVersion|hello|urlJoin (dict~"scheme"~S~"host"~S~"path"~S~"query"~S~"fragment"~S)|urlJoin M|urlJoin (urlParse~U)|getHostByName S|toYamlPretty M|toYamlPretty la|toJson (urlParse~U)|js A+|html S+|urlquery S+|(@T).Month.String|(@T).Weekday.String|fail S|required S A|print M|print la|println M A|cat M la|wrapWith I S S|join S A|toDecimal S|abbrev I S|substr I I S|plural S S I|sha1sum S|b32dec X|b64dec X|toString (.Files.GetBytes~S)|join S (.Files.Lines~S)|untitle S|initials S|derivePassword 2 "maximum" S S S|derivePassword 1 "pin" S S S|quote A A A|squote A A A`,
  I: `(@T).Year|(@T).Day|(@T).Hour|(@T).Minute|(@T).Second|(@T).Nanosecond|(@T).YearDay|(@N2).Compare N2|(@T).Compare T|len S|len M|len ls|int A|len A|(@T).ISOWeek`,
  L: `(@T).Unix|(@T).UnixMilli|(@T).UnixNano|(@T).UnixMicro|(@E).Milliseconds|(@E).Microseconds|(@E).Nanoseconds|(@N2).Major|(@N2).Minor|(@N2).Patch|int64 A|int64 T|int64 E|durationMilliseconds D|durationMicroseconds D|durationNanoseconds D|add A A|max A A|div N N|mod N N|toDecimal A`,
  F: `(@E).Seconds|(@E).Hours|(@E).Minutes|durationSeconds D|durationWeeks D|durationDays D|float64 E|float64 A|round A I|round F i F|addf A A|subf N N N|mulf N N N`,
  B: `(@T).IsZero|(@T).Before T|(@T).After T|(@T).Equal T|(@N2).LessThan N2|(@N2).GreaterThan N2|(@N2).Equal N2|eq T T|eq E E|lt E E|gt T T|eq A A A|ne A A|lt A A|le A A|gt A A|ge A A|eq E L|deepEqual T T|empty T|empty E|typeIs "time.Time" T|kindIs "struct" T|mustHas A la|has A A|mustRegexMatch R S|regexMatch R S|semverCompare C V|not T|empty N2|kindIs "ptr" N2|hasKey M S|(@T).IsDST|deepEqual N2 N2|.Capabilities.APIVersions.Has S|contains S S|any A A A|all A A A|hasPrefix S S|hasSuffix S S|typeIsLike S A|kindIs S A`,
  ls: `mustRegexFindAll R S I|mustRegexSplit R S I|regexSplit R S I|regexFindAll R S I|mustPrepend ls S|mustAppend ls S|.Files.Lines S|sortAlpha A|splitList S S|mustWithout ls S|mustInitial ls|mustRest ls|mustReverse ls|toStrings A|mustSlice ls I I`,
  la: `mustPrepend la A|mustWithout la A A|mustInitial la|mustRest la|mustChunk k la|mustDeepCopy la|slice la I|slice la I I|concat la la li|chunk I la|mustPush la A|until I|seq I I I|fromYamlArray Y|fromJsonArray J|list .Release .Chart.Name`,
  M: `mustDeepCopy M|lookup S S S S|lookup "v1" "Secret" "" S|(@Q).AsMap|(.Values.Table~S)|fromToml O|mustFromJson J|fromJson J|dict S A S A S|dict A A|.Release|.Subcharts|merge M M|mergeOverwrite M M M|pick M S S|omit M S|urlParse U|tuple A`,
  A: `mustFromJson J|mustLast la|mustFirst ls|mustToDate Z S|mustToDuration D|durationRoundTo D D|durationTruncateTo D D|(@E).Round E|(@E).Truncate E|(@E).Abs|(@T).Add E|(@T).Sub T|(@T).AddDate I I I|(@T).UTC|(@T).Local|(@T).Month|(@T).Weekday|(@T).Truncate E|(@T).Round E|(@T).Location|dateModify D T|mustDateModify D T|date_modify D T|must_date_modify D T|dateModify S T|(@N2).IncMajor|(@N2).IncMinor|(@N2).IncPatch|(@N2).SetPrerelease S|(@N2).SetMetadata S|semver V|(@Q).PathValue S|.Values.PathValue "map.a"|.Values.PathValue K|get M A|dig S S A M|index A A|index la I|index M S|slice S I|.Files.GetBytes S|.Files.Glob S|.Files|index (list~T) 0|list T E|list N2|dict "t" T "e" E|deepCopy (dict~"t"~T)|and A A A|or A A A|ternary A A A|default A A|(@T)|(@E)|(@N2)|coalesce A A|.Capabilities.APIVersions|.Capabilities.HelmVersion.GoVersion|first A|last A|(@A).name|(@M).a|(@M).b.c|(@M).missing.x|(@la).x|(@S).x|call A`,
};

const verbs = "vTtbcdoOqxXUeEfFgGsp%".split("");
const flags = ["", "", "", "+", "-", "#", "0", " ", "+#", "-0", "# ", "+0"];
const sizes = [
  "",
  "",
  "",
  "5",
  "12",
  ".2",
  "8.3",
  ".0",
  ".",
  "3.",
  "*",
  ".*",
  "[1]*",
  "[2]",
  "[3]",
  "[0]",
  "[x]",
  "[1]*.[2]*",
];

/** A format of printf with any verb, flag, width and index. */
export function oddFormat(pick, chance) {
  let text = "";
  for (let i = 0; i < 1 + (chance(0.5) ? 1 : 0); i++)
    text += `%${pick(flags)}${pick(sizes)}${chance(0.05) ? pick(["!", "é", "z", "w", ""]) : pick(verbs)}${pick(["", " ", "|"])}`;
  return text;
}
