// Random YAML texts with comments everywhere: well-formed ones, and heaps of lines that mostly are not. One text for a seed.
import { makeRandom } from "./random.mjs";

const scalars = [
  "x",
  "1",
  "'q'",
  '"d"',
  "~",
  "a b",
  "true",
  "x#y",
  "é",
  '"a\\nb"',
  "0x1F",
  "!!str 5",
  "!own v",
  "''",
  "null",
];
const keys = ["a", "b", "c", "d-e", "'k'", '"q r"', "1", "f"];

/** The text of a seed. */
export function commentedText(seed) {
  const random = makeRandom(seed);
  return random.chance(0.65) ? new Writer(random).document() : heap(random);
}

/** A well-formed map or list, to stand inside something else. */
export function commentedPart(seed) {
  const writer = new Writer(makeRandom(seed));
  writer.between(0);
  if (writer.chance(0.8)) writer.map(0, 3);
  else writer.list(0, 3);
  writer.between(0);
  return `${writer.lines.join("\n")}\n`;
}

class Writer {
  constructor(random) {
    this.random = random;
    this.lines = [];
    this.count = 0;
    this.density = random.pick([0.1, 0.25, 0.5]);
    this.anchors = 0;
  }

  chance(share) {
    return this.random.chance(share);
  }

  document() {
    const { random } = this;
    if (this.chance(0.15)) this.lines.push(random.pick(["---", "--- # start", "---   "]));
    this.between(0);
    const kind = random.weighted([
      [7, "map"],
      [3, "list"],
      [1, "scalar"],
      [1, "flow"],
    ]);
    if (kind === "map") this.map(0, 3);
    else if (kind === "list") this.list(0, 3);
    else this.lines.push((kind === "flow" ? this.flow(2) : random.pick(scalars)) + this.end());
    this.between(0);
    if (this.chance(0.06)) this.lines.push("...", ...(this.chance(0.5) ? ["# behind"] : []));
    const last = random.pick(["\n", "\n", "\n", "", "\n\n"]);
    const text = this.lines.join("\n") + last;
    return this.chance(0.04) ? text.replaceAll("\n", "\r\n") : text;
  }

  comment() {
    this.count++;
    return this.random.pick([`# c${this.count}`, `#c${this.count}`, `#  c${this.count} `, "#", `# c${this.count}: x`]);
  }

  /** Comments and blank lines in front of what stands at `indent`. */
  between(indent) {
    while (this.chance(this.density)) {
      const { random } = this;
      const at = Math.max(0, indent + random.pick([0, 0, 0, 0, 2, -2, 4, -4, 1, -1]));
      this.lines.push(random.chance(0.35) ? random.pick(["", "", "  ", "\t"]) : " ".repeat(at) + this.comment());
    }
  }

  end() {
    if (!this.chance(this.density)) return this.chance(0.05) ? "  " : "";
    return this.random.pick([" ", " ", "   ", "\t"]) + this.comment();
  }

  properties() {
    if (!this.chance(0.06)) return "";
    return this.random.pick([`&n${this.anchors++} `, "!t ", "!!map "]).replace("!!map ", "");
  }

  map(indent, depth, isBehindDash = false) {
    const count = 1 + this.random.int(3);
    const names = new Set(this.random.times(count, () => this.random.pick(keys)));
    let isFirst = isBehindDash;
    for (const name of names) {
      if (!isFirst) this.between(indent);
      const head = isFirst ? this.lines.pop() : " ".repeat(indent);
      isFirst = false;
      if (this.chance(0.02)) {
        this.lines.push(`${head}? ${name}${this.end()}`);
        this.between(indent);
        this.lines.push(`${" ".repeat(indent)}: ${this.random.pick(scalars)}${this.end()}`);
      } else this.value(`${head}${name}:`, indent, depth, false);
    }
  }

  list(indent, depth, isBehindDash = false) {
    const count = 1 + this.random.int(3);
    let isFirst = isBehindDash;
    for (let i = 0; i < count; i++) {
      if (!isFirst) this.between(indent);
      const head = isFirst ? this.lines.pop() : " ".repeat(indent);
      isFirst = false;
      this.item(head, indent, depth);
    }
  }

  item(head, indent, depth) {
    const { random } = this;
    const kind = random.weighted([
      [4, "value"],
      [depth > 0 ? 4 : 0, "map"],
      [depth > 0 ? 1 : 0, "list"],
    ]);
    if (kind === "value") return this.value(`${head}-`, indent, depth, true);
    const inner = indent + 2;
    if (this.chance(0.25)) {
      this.lines.push(`${head}-${this.end()}`);
      this.between(inner);
      return kind === "map" ? this.map(inner, depth - 1) : this.list(inner, depth - 1);
    }
    this.lines.push(`${head}- `);
    return kind === "map" ? this.map(inner, depth - 1, true) : this.list(inner, depth - 1, true);
  }

  value(head, indent, depth, isItem) {
    const { random } = this;
    const kind = random.weighted([
      [8, "scalar"],
      [depth > 0 ? 4 : 0, "map"],
      [depth > 0 ? 4 : 0, "list"],
      [2, "flow"],
      [1, "null"],
      [1, "block"],
      [1, "below"],
      [0.5, "long"],
      [this.anchors > 0 ? 0.5 : 0, "alias"],
    ]);
    const properties = this.properties();
    if (kind === "scalar") this.lines.push(`${head} ${properties}${random.pick(scalars)}${this.end()}`);
    else if (kind === "alias") this.lines.push(`${head} *n${random.int(this.anchors)}${this.end()}`);
    else if (kind === "null") this.lines.push(head + this.end());
    else if (kind === "flow") this.lines.push(`${head} ${properties}${this.flow(2, indent)}${this.end()}`);
    else if (kind === "long")
      this.lines.push(`${head} word${this.chance(0.3) ? " more" : ""}`, `${" ".repeat(indent + 2)}on${this.end()}`);
    else if (kind === "below") {
      this.lines.push(head + this.end());
      this.between(indent + 2);
      this.lines.push(`${" ".repeat(indent + 2)}${random.pick(scalars)}${this.end()}`);
    } else if (kind === "block") this.block(`${head} ${properties}`, indent);
    else {
      this.lines.push(`${head}${properties === "" ? "" : ` ${properties.trim()}`}${this.end()}`);
      const inner = indent + (kind === "list" && !isItem ? random.pick([0, 2]) : random.pick([2, 2, 2, 4, 1]));
      this.between(inner);
      if (kind === "map") this.map(inner, depth - 1);
      else this.list(inner, depth - 1);
    }
  }

  block(head, indent) {
    const { random } = this;
    this.lines.push(`${head}${random.pick(["|", ">", "|-", ">-", "|+", ">+"])}${this.end()}`);
    for (let i = random.int(3); i >= 0; i--)
      this.lines.push(
        random.chance(0.2) ? "" : `${" ".repeat(indent + 2)}${random.pick(["text", "# no comment", "  deeper"])}`,
      );
  }

  flow(depth, indent = 0) {
    const { random } = this;
    const isMap = random.chance(0.5);
    const count = random.int(4);
    const gap = () => {
      if (!this.chance(this.density * 0.5)) return random.pick(["", " ", " "]);
      const pad = " ".repeat(indent + random.pick([2, 2, 0, 4]));
      const extra = random.chance(0.3) ? `${pad}${this.comment()}\n` : "";
      return `${random.pick([` ${this.comment()}`, "", ""])}\n${extra}${random.chance(0.1) ? "\n" : ""}${pad}`;
    };
    const parts = random.times(count, (i) => {
      const item =
        depth > 0 && random.chance(0.3) ? this.flow(depth - 1, indent + 2) : random.pick(scalars.slice(0, 9));
      const text = isMap ? `${keys[i]}:${gap() || " "}${item}` : random.chance(0.05) ? `${keys[i]}: ${item}` : item;
      return gap() + text + gap();
    });
    const [open, close] = isMap ? "{}" : "[]";
    const tail = count > 0 && random.chance(0.15) ? `,${gap()}` : "";
    return open + (count === 0 ? gap() : "") + parts.join(",") + tail + close;
  }
}

const pieces = [
  "a: 1",
  "b:",
  "c: x # end",
  "- x",
  "- a: 1",
  "-",
  "- # dash",
  "-   # far",
  "# one",
  "# two",
  "# three",
  "",
  "",
  "d: [x, y]",
  "e: [x, # in",
  "]",
  "f: {g: 1, # in",
  "}",
  "h: |",
  "i: &x",
  "j: *x",
  "? k",
  ": l",
  "m: !t # tag",
  "- - n",
  "- - # deep",
  "---",
  "--- # mark",
  "...",
  "o: # behind",
  "'p': \"q\" # quoted",
  "r:\t# tab",
  "- s: # t",
  "u",
];

function heap(random) {
  const lines = random.times(2 + random.int(8), () => {
    const indent = random.weighted([
      [5, 0],
      [4, 2],
      [2, 4],
      [0.5, 1],
      [0.5, 3],
      [0.5, 6],
    ]);
    return " ".repeat(indent) + random.pick(random.chance(0.45) ? pieces.slice(0, 13) : pieces);
  });
  const text = `${lines.join("\n")}${random.pick(["\n", "\n", ""])}`;
  return random.chance(0.03) ? text.replaceAll("\n", "\r\n") : text;
}
