// Charts that are damaged or packed in unusual ways. What is expected is what Helm 4.3.1 makes of the same bytes; where Helm says no
// more than that the archive cannot be loaded, the words are ours.

import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { formatFault } from "#kernel";
import { loadChartArchive } from "./load.ts";

type Entry = { name: string; text?: string; flag?: string; link?: string; size?: number; sum?: number };

const octal = (value: number, width: number): string => `${value.toString(8).padStart(width, "0")}\0`;

function tar(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ name, text = "", flag = "0", link = "", size, sum }) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write(octal(size ?? Buffer.byteLength(text), 11), 124);
    header.write("        ", 148);
    header.write(flag, 156);
    header.write(link, 157);
    header.write("ustar\0", 257);
    header.write(octal(sum ?? header.reduce((total, byte) => total + byte, 0), 6), 148);
    const data = Buffer.alloc(Math.ceil(Buffer.byteLength(text) / 512) * 512);
    data.write(text);
    return [header, data];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

const head = "apiVersion: v2\nname: web\nversion: 0.1.0\n";
const whole: Entry[] = [
  { name: "web/Chart.yaml", text: head },
  { name: "web/values.yaml", text: "a: 1\n" },
];
const packed = (...entries: Entry[]): Buffer => gzipSync(tar([...whole, ...entries]));

/** Name, version and the files that templates see with their sizes; or what is wrong. */
function outcome(bytes: Uint8Array): string {
  try {
    const { metadata, files } = loadChartArchive(new Uint8Array(bytes));
    return [`${metadata.name}-${metadata.version}`, ...files.map(({ name, data }) => `${name}=${data.length}`)].join(
      " ",
    );
  } catch (thrown) {
    return formatFault(thrown);
  }
}

describe("a packed chart", () => {
  const large = "x".repeat(100_000);
  it.each<[what: string, bytes: Uint8Array, result: string]>([
    ["whole", packed(), "web-0.1.0"],
    ["with bytes behind the archive", Buffer.concat([packed(), Buffer.from("junk")]), "web-0.1.0"],
    ["with a wrong checksum of gzip", Buffer.concat([packed().subarray(0, -8), Buffer.alloc(8)]), "web-0.1.0"],
    ["cut within gzip's last 8 bytes", packed().subarray(0, -3), "web-0.1.0"],
    ["cut in the middle", packed().subarray(0, 60), "the archive ends in the middle of a file"],
    ["without the two empty blocks", gzipSync(tar(whole).subarray(0, -1024)), "web-0.1.0"],
    [
      "cut within a file",
      gzipSync(tar([...whole, { name: "web/x", text: large }]).subarray(0, 50_000)),
      "the archive ends in the middle of a file",
    ],
    [
      "with a header whose sum is wrong",
      packed({ name: "web/x", sum: 1 }),
      "the archive is no valid tar: a header's checksum is not that of its bytes",
    ],
    ["with a symbolic link", packed({ name: "web/l", flag: "2", link: "/etc/passwd" }), "web-0.1.0 l=0"],
    ["with a hard link that states a size", packed({ name: "web/l", flag: "1", size: 700 }), "web-0.1.0 l=0"],
    [
      "with a pipe and a device",
      packed({ name: "web/p", flag: "6" }, { name: "web/d", flag: "3" }),
      "web-0.1.0 p=0 d=0",
    ],
    ["with a folder's entry", packed({ name: "web/f/", flag: "5" }), "web-0.1.0"],
    [
      "with a link for Chart.yaml",
      gzipSync(tar([{ name: "web/Chart.yaml", flag: "2", link: "values.yaml" }])),
      "validation: chart.metadata.name is required",
    ],
    ["with Chart.yaml twice", packed({ name: "web/Chart.yaml", text: "version: 0.2.0\n" }), "web-0.2.0"],
    ["with another top folder", packed({ name: "other/x", text: "1" }), "web-0.1.0 x=1"],
    ["with ../ in front", packed({ name: "../evil", text: "1" }), "web-0.1.0 evil=1"],
    ["with ../ within", packed({ name: "web/../../evil" }), "chart illegally references parent directory"],
    ["with an absolute path within", packed({ name: "web//etc/evil" }), "chart illegally contains absolute paths"],
    ["with a drive", packed({ name: "web/c:/x" }), "chart contains illegally named files"],
    ["with backslashes", packed({ name: "web\\a\\b", text: "1" }), "web-0.1.0 a/b=1"],
    [
      "without a folder",
      gzipSync(tar([{ name: "Chart.yaml", text: head }])),
      'chart illegally contains content outside the base directory: "Chart.yaml"',
    ],
    ["without Chart.yaml", gzipSync(tar([{ name: "web/values.yaml" }])), "Chart.yaml file is missing"],
    ["of nothing", gzipSync(tar([])), "no files in chart archive"],
  ])("%s", (_, bytes, result) => {
    expect(outcome(bytes)).toBe(result);
  });
});

describe("Chart.yaml and Chart.lock", () => {
  const decoding = "error unmarshaling JSON: while decoding JSON:";
  it.each<[more: string, result: string]>([
    ["apiversion: v1\n", "web-0.1.0"],
    ["Version: 9.0.0\n", "web-0.1.0"],
    [
      "maintainers: [a]\n",
      `cannot load Chart.yaml: ${decoding} json: cannot unmarshal string into Go struct field Metadata.maintainers of type v2.Maintainer`,
    ],
    ["maintainers: [null]\n", "validation: maintainers must not contain empty or null nodes"],
    [
      "dependencies: [{name: x, enabled: x}]\n",
      `cannot load Chart.yaml: ${decoding} json: cannot unmarshal string into Go struct field Dependency.dependencies.enabled of type bool`,
    ],
    [
      "dependencies: [{name: x, tags: a}]\n",
      `cannot load Chart.yaml: ${decoding} json: cannot unmarshal string into Go struct field Dependency.dependencies.tags of type []string`,
    ],
    [
      "dependencies: [{name: x, import-values: a}]\n",
      `cannot load Chart.yaml: ${decoding} json: cannot unmarshal string into Go struct field Dependency.dependencies.import-values of type []interface {}`,
    ],
  ])("%j in Chart.yaml", (more, result) => {
    expect(outcome(gzipSync(tar([{ name: "web/Chart.yaml", text: head + more }])))).toBe(result);
  });

  it("takes the last of a member's spellings, sorted by their bytes", () => {
    const chart = loadChartArchive(packed({ name: "web/Chart.yaml", text: "apiversion: v1\nApiVersion: v3\n" }));
    expect(chart.metadata.apiVersion).toBe("v1");
  });

  it.each<[lock: string, result: string]>([
    [
      "dependencies: [",
      "cannot load Chart.lock: error converting YAML to JSON: yaml: line 1: did not find expected node content",
    ],
    ["[]", `cannot load Chart.lock: ${decoding} json: cannot unmarshal array into Go value of type v2.Lock`],
    ["generated: 5", `cannot load Chart.lock: ${decoding} Time.UnmarshalJSON: input is not a JSON string`],
    ["generated: '2026-01-02T03:04:05.6+07:00'\ndigest: 5", "web-0.1.0"],
    ["", "web-0.1.0"],
  ])("%j in Chart.lock", (text, result) => {
    expect(outcome(packed({ name: "web/Chart.lock", text }))).toBe(result);
  });
});
