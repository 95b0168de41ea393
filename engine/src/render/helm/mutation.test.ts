// Damaged charts: whatever is changed in one, loading and rendering end in output or in a Fault, and they end.

import { describe, expect, it } from "vitest";
import { encodeUtf8, Fault } from "#kernel";
import { loadChartFiles, packChart, renderChart } from "./index.ts";

const files: Record<string, string> = {
  "Chart.yaml":
    "apiVersion: v2\nname: web\nversion: 0.1.0\nkubeVersion: '>=1.20-0'\n" +
    "dependencies:\n- {name: sub, version: ^0.2.0, condition: sub.on, import-values: [{child: a, parent: b}]}\n",
  "values.yaml": "size: 2\nlist: [1, {a: b}]\nsub:\n  on: true\n  a: {c: 1}\n",
  "values.schema.json": '{"type":"object","properties":{"size":{"type":"integer","minimum":1}}}',
  "templates/a.yaml":
    '{{- range $i, $e := .Values.list }}\n---\nkind: ConfigMap\nmetadata:\n  name: {{ printf "%s-%d" $.Release.Name $i }}\n' +
    'data:\n{{ toYaml (dict "e" $e) | indent 2 }}\n{{- end }}\n{{ include "x" . }}{{ tpl "{{ .Values.size }}" . }}',
  "templates/_x.tpl": '{{ define "x" }}# {{ .Files.Get "README.md" | trunc 3 }}{{ end }}',
  "README.md": "# Web\n",
  "charts/sub/Chart.yaml": "apiVersion: v1\nname: sub\nversion: 0.2.0\n",
  "charts/sub/templates/s.yaml": "kind: Secret\nmetadata:\n  name: s\n",
};

const chips = [
  "{{",
  "}}",
  ":",
  "- ",
  "\t",
  "\u0000",
  "'",
  '"',
  "*a",
  "&a ",
  "!!binary ",
  "9".repeat(40),
  "|",
  "é",
  "../",
  "#",
  "~",
];

/** A repeatable choice below `limit`. */
function chooser(seed: number): (limit: number) => number {
  let state = seed * 2654435761 + 1;
  return (limit) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) >>> 0;
    return state % limit;
  };
}

function mutate(text: string, choose: (limit: number) => number): string {
  const at = choose(text.length + 1);
  const length = choose(4);
  const chip = chips[choose(chips.length)] ?? "";
  return text.slice(0, at) + (choose(3) === 0 ? "" : chip) + text.slice(at + length);
}

const encode = (entries: readonly (readonly [string, string])[]): { name: string; data: Uint8Array }[] =>
  entries.map(([name, text]) => ({ name, data: encodeUtf8(text) }));

const turnsMax = 100_000;

/** The failure, unless it is one that a user can be told. */
function crashOf(bytes: Uint8Array): unknown {
  let turns = 0;
  const checkTime = (): void => {
    if (turns++ > turnsMax) throw new Error("it does not end");
  };
  try {
    renderChart(bytes, { releaseName: "shop", checkTime });
    return undefined;
  } catch (thrown) {
    return thrown instanceof Fault ? undefined : thrown;
  }
}

describe("a damaged chart", () => {
  const whole = packChart(loadChartFiles(encode(Object.entries(files)))).bytes;

  it("ends in a fault when its text is changed", () => {
    for (let seed = 0; seed < 600; seed++) {
      const choose = chooser(seed);
      const entries = Object.entries(files);
      const at = choose(entries.length);
      const changed = entries.map(([name, text], i) => [name, i === at ? mutate(text, choose) : text] as const);
      let crash: unknown;
      try {
        crash = crashOf(packChart(loadChartFiles(encode(changed))).bytes);
      } catch (thrown) {
        crash = thrown instanceof Fault ? undefined : thrown;
      }
      expect(crash, `seed ${seed}`).toBeUndefined();
    }
  });

  it("ends in a fault when its archive is changed", () => {
    for (let seed = 0; seed < 500; seed++) {
      const choose = chooser(seed);
      const bytes = whole.slice(0, choose(4) === 0 ? choose(whole.length) : whole.length);
      for (let i = 0; i <= choose(3); i++) bytes[choose(bytes.length || 1)] = choose(256);
      expect(crashOf(bytes), `seed ${seed}`).toBeUndefined();
    }
  });
});
