// Random files in the formats of SOPS, of a seed: values that are hard to write, keys that are hard to read, comments in
// every place.

const texts = [
  ...["", "a", "yes", "null", "12", "1.5", "0x1f", "true", "on", "2024-01-02", "line1\nline2", "line\n", "\nlead"],
  ...["  lead\nx", "trail \nx", "trail ", " lead", "tab\there", "tab\tin\nblock", "héllo", "😀 emoji", "a: b", "a #b"],
  ...["#x", "- d", "'q'", '"dq"', "back\\slash", "{}", "[x]", "%d", "@at", "`bt`", "!tag", "&an", "*al", "?", ": "],
  ...["x:", "1_000", "1:30", "~", "=", "<<", ".inf", "\u0007bell", "nbsp\u00a0x", "\u2028ls", "multi\n\n\nend\n\n"],
  ...["x\n\n", "ünï\nblock", "😀\nblock", `very ${"long ".repeat(40)}`, "-", "---", "...", "--- x", "0o17", "010"],
  ...["+1", "1e3", "y", "n", "Null", "|", ">", "a,b", "key=value", "semi;colon", "dollar$x", "\r\ncr", "a\rb"],
  ...["\ufeffbom", "\u0085nel", "del\u007f"],
];
const keys = [
  "a",
  "b",
  "c",
  "data",
  "stringData",
  "name",
  "x_unencrypted",
  "yes",
  "n",
  "12",
  "k with space",
  "ü",
].concat(["dotted.key", "#h", `long${"k".repeat(130)}`, "1.5", "null", ": c"]);
const integers = [0n, 1n, -5n, 9007199254740993n, 123456789012345678n, 1000000n];
const floats = [1.5, -0.25, 1e100, 1e-9, 123456.789, 0.1];

/** Ways to choose what is encrypted, as arguments of `sops encrypt`. */
const rules = [
  [],
  ["--encrypted-regex", "^(data|stringData|a)$"],
  ["--unencrypted-regex", "^(data|b)$"],
  ["--encrypted-suffix", "a"],
  ["--unencrypted-suffix", "b"],
];

/** `{extension, content, rule}` of a seed; equal seeds give equal files. */
export function randomFile(seed) {
  let state = (seed * 2654435761) >>> 0;
  const below = (limit) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % limit;
  };
  const pick = (list) => list[below(list.length)];
  const value = (depth) => {
    const kind = below(depth > 3 ? 6 : 10);
    if (kind < 3) return pick(texts);
    if (kind === 3) return pick(integers);
    if (kind === 4) return pick(floats);
    if (kind === 5) return pick([true, false, null]);
    return kind < 8 ? map(depth + 1) : Array.from({ length: below(4) }, () => value(depth + 1));
  };
  const map = (depth) => Object.fromEntries(Array.from({ length: below(5) }, () => [pick(keys), value(depth)]));
  const make = {
    yaml: () =>
      Array.from({ length: below(4) === 0 ? 2 : 1 }, () => formatYaml({ first: 1n, ...map(0) }, 0, below)).join(
        "---\n",
      ),
    json: () => formatJson({ first: 1n, ...map(0) }),
    env: () => {
      const lines = Array.from({ length: 1 + below(5) }, (_, i) => `K${i}=${oneLine(pick(texts), "\\n")}\n`);
      return `# about\n${lines.map((line) => (below(4) === 0 ? `# c\n${line}` : line)).join("")}`;
    },
    ini: () => {
      const section = (s) => {
        const line = (i) =>
          `${below(4) === 0 ? "# c\n" : ""}key${"y".repeat(below(4))}${i} = ${oneLine(pick(texts), " ")}\n`;
        return `${below(3) === 0 ? "; about\n" : ""}[s${s}]\n${Array.from({ length: below(4) }, (_, i) => line(i)).join("")}`;
      };
      return (
        (below(2) === 0 ? "top = 1\n" : "") + Array.from({ length: 1 + below(3) }, (_, s) => section(s)).join("\n")
      );
    },
    bin: () => Buffer.from(Array.from({ length: below(200) }, () => below(256))),
  };
  const extension = pick(Object.keys(make));
  return { extension, content: Buffer.from(make[extension]()), rule: pick(rules) };
}

function oneLine(text, mark) {
  return text.replace(/\n/g, mark).replace(/[\r\u0085\u2028]/g, "");
}

function formatJson(value) {
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map(formatJson).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, member]) => `${JSON.stringify(key)}:${formatJson(member)}`)
    .join(",")}}`;
}

/** Blocks of YAML with comments before, behind and after what they hold. */
function formatYaml(value, indent, below) {
  const padding = " ".repeat(indent);
  const comment = () => (below(6) === 0 ? `${padding}# ${["note", "secret plain", "head mid"][below(3)]}\n` : "");
  const rest = (member) => {
    const isBlock = member !== null && typeof member === "object" && Object.keys(member).length > 0;
    if (isBlock) return `\n${formatYaml(member, indent + 4, below)}`;
    return ` ${formatJson(member)}${below(8) === 0 ? " # inline" : ""}\n`;
  };
  const lines = Array.isArray(value)
    ? value.map((item) => `${comment()}${padding}-${rest(item)}`)
    : Object.entries(value).map(([key, member]) => `${comment()}${padding}${JSON.stringify(key)}:${rest(member)}`);
  return lines.join("") + comment();
}
