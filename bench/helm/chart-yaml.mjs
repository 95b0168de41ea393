// A Chart.yaml: mostly plain, sometimes with every odd thing that a field can hold.

const oddTexts = [
  "a\u0000b",
  "tab\there",
  "line\nbreak",
  "\u00a0nbsp",
  "zero\u200bwidth",
  "soft\u00adhyphen",
  "\ufeffmark",
  "é",
  "\u{1F600}",
  "\ue000private",
  "\u2028",
  "x".repeat(30),
  "",
  " ",
  "1",
  "a: b",
  "\u0085",
];

/** Fields that Go reads as text, with what else may stand there. */
const textFields = [
  "home",
  "description",
  "icon",
  "condition",
  "tags",
  "appVersion",
  "kubeVersion",
  "type",
  "apiVersion",
  "version",
  "name",
];
const raws = [
  "1",
  "1.0",
  "1.10",
  "1e3",
  "0x10",
  "017",
  "true",
  "null",
  "~",
  "[a]",
  "{a: 1}",
  "2001-01-01",
  "-0",
  "1_000",
  "12345678901234567890123",
  "!!str 5",
  "yes",
  "''",
];

function spice(maker) {
  const pick = (list) => maker.pick(list);
  switch (maker.number(9)) {
    case 0:
      return `${pick(textFields)}: ${pick(raws)}`;
    case 1:
      return `${pick(textFields)}: ${JSON.stringify(pick(oddTexts))}`;
    case 2:
      return `keywords: ${pick(["[a, 1, null, true]", "[]", "null", "text", "[a, [b]]", '["a\\u200bb", "c\\td"]', "{a: 1}"])}`;
    case 3:
      return `sources: ${pick(["[https://a]", "[1.50]", "null", "1", '["a\\u0000"]'])}`;
    case 4:
      return `maintainers: ${pick(["[{name: a, email: b@c}]", "[null]", "[a]", "[]", "[{}]", "{name: a}", "[{name: 1, url: true}]", '[{name: "a\\u200bb"}]', "[{name: [x]}]", "[{NAME: x, extra: 1}]"])}`;
    case 5:
      return `annotations: ${pick(["{a: b}", "{a: 1, b: true, c: null}", "[]", "null", "{}", "{a: {b: c}}", "text", "{1: x, true: y}"])}`;
    case 6:
      return `deprecated: ${pick(["true", "false", "null", '"true"', "1", "yes", "[]"])}`;
    case 7:
      return `kubeVersion: ${JSON.stringify(pick([">=1.20", ">= 1.20.0-0 < 2", "<1.0", "1.x", ">=1.37", "^1.30", "x", "~1.37", ">1.2 || <1", "=1.37.0", ">=1.20\u00a0", "1.20 - 1.40", "*", "!=1.37.0"]))}`;
    default:
      return pick([
        "Name: upper",
        "VERSION: 9.9.9",
        "apiversion: v1",
        "unknown: 1",
        "Dependencies: []",
        "aPiVersion: null",
        "keyWords: [k]",
        "DESCRIPTION: d",
        "icon: i\nIcon: j",
      ]);
  }
}

function spicedDependency(maker, dependency) {
  const changed = { ...dependency };
  const set = (name, list) => (changed[name] = maker.pick(list));
  switch (maker.number(8)) {
    case 0:
      set("tags", [null, "text", [1, true], ["a\u200b"], [null], {}]);
      break;
    case 1:
      set("alias", ["a b", "a.b", "", null, 1, "x_y-Z", "é"]);
      break;
    case 2:
      set("condition", [1, null, ["x"], "a.b, one.enabled", " one.enabled", "one.enabled,", ".", "..", "one..enabled"]);
      break;
    case 3:
      set("import-values", [
        null,
        "data",
        [1],
        [null],
        [{ child: 1, parent: true }],
        [{ child: "a" }],
        [["x"]],
        [{ child: null, parent: null }],
        [""],
        [{ child: "", parent: "" }],
      ]);
      break;
    case 4:
      set("version", [1, "", null, "x", ">=1.0.0-0", "1.0", true, " 1", "=1.0.0"]);
      break;
    case 5:
      set("enabled", [false, true, "x", null, 1]);
      break;
    case 6:
      set("repository", ["https://a", 1, null, "file://../one", "a\u0000"]);
      break;
    default:
      set("name", ["", null, 1, "one\u200b", "none", ["x"]]);
  }
  return changed;
}

export function chartYaml(maker, { path, name, dependencies, isDeclared, isLibrary }) {
  const isOdd = maker.odd(0.35);
  const isOld = maker.chance(0.1);
  const lines = [
    `apiVersion: ${isOld ? "v1" : "v2"}`,
    `name: ${name}`,
    `version: ${maker.pick(["1.0.0", "1.0.0", "1.2.3-beta.1", "0.1.0+build", "1.0", "v1.0.0", "1"])}`,
  ];
  if (maker.chance(0.4))
    lines.push(`appVersion: ${maker.pick(['"1.0"', "1.0", "1.16.0", "v2", "1.10", "2024", "0x1F"])}`);
  if (maker.chance(0.2))
    lines.push(`description: ${maker.pick(["A chart", "'with: colon'", "|\n  two\n  lines", ">-\n  folded\n  text"])}`);
  if (isLibrary) lines.push("type: library");
  else if (maker.chance(0.3)) lines.push("type: application");
  if (maker.chance(0.15))
    lines.push(
      "keywords: [a, b]",
      "home: https://a.b",
      "sources: [https://x]",
      "maintainers: [{name: m, email: m@x}]",
      "annotations: {k: v}",
    );
  const listed = dependencies.map((one) => (maker.odd(0.12) ? spicedDependency(maker, one) : one));
  if (maker.odd(0.03)) listed.push(maker.pick([null, "one", {}, [], 1, { name: "one" }]));
  if (isDeclared && isOld && maker.chance(0.8))
    maker.files[`${path}requirements.yaml`] = `dependencies: ${JSON.stringify(listed)}\n`;
  else if (isDeclared) lines.push(`dependencies: ${JSON.stringify(listed)}`);
  if (isOdd) lines.push(...maker.times(2, () => spice(maker)));
  let text = `${lines.join("\n")}\n`;
  if (maker.chance(0.03)) text = `\ufeff${text}`;
  if (maker.chance(0.03)) text = text.replaceAll("\n", "\r\n");
  if (maker.chance(0.02)) text = maker.pick(["---\n", "# c\n", "---\n---\n", "\n"]) + text;
  if (maker.odd(0.03)) text += maker.pick(["---\nname: second\n", "...\n", "a: [\n", "\t", "- x\n"]);
  return text;
}
