// What a large index of charts costs: reading it in this thread, and in one of its own, with how long the event loop stood
// still meanwhile. Run: node bench/chart-index.mjs [versions] (after npm run build).
import { monitorEventLoopDelay, performance } from "node:perf_hooks";

const dist = new URL("../engine/dist/", import.meta.url);
const { IndexReader, readIndex, readStoredIndex } = await import(`${dist}sources/charts/index.js`);

const versions = Number(process.argv[2] ?? 20_000);
const clock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** As `helm repo index` writes them: one hundred versions of each chart. */
function indexText() {
  const entry = (chart, version) => `  - apiVersion: v2
    appVersion: 1.${version}.0
    created: "2026-01-01T00:00:00.123456789Z"
    dependencies:
    - name: common
      repository: https://charts.example.com/common
      version: 2.x.x
    description: A chart among many, number ${chart}, to see what reading it costs
    digest: ${"ab".repeat(32)}
    home: https://example.com
    keywords: [web, database]
    maintainers:
    - email: a@example.com
      name: A
    name: chart-${chart}
    urls:
    - https://charts.example.com/chart-${chart}-1.${version}.0.tgz
    version: 1.${version}.0
`;
  let text = "apiVersion: v1\nentries:\n";
  for (let chart = 0; chart < versions / 100; chart++) {
    text += `  chart-${chart}:\n`;
    for (let version = 0; version < 100; version++) text += entry(chart, version);
  }
  return `${text}generated: "2026-01-01T00:00:00Z"\n`;
}

async function measure(label, work) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await new Promise((resolve) => setTimeout(resolve, 20));
  delay.reset();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const start = performance.now();
  const result = await work();
  const ms = performance.now() - start;
  await new Promise((resolve) => setTimeout(resolve, 20));
  delay.disable();
  console.log(
    `${label.padEnd(40)} ${ms.toFixed(0).padStart(7)} ms, at most ${(delay.max / 1e6).toFixed(0)} ms at a stretch`,
  );
  return result;
}

const bytes = Buffer.from(indexText());
console.log(`${versions} versions, ${(bytes.length / 1e6).toFixed(1)} MB`);
const { signal } = new AbortController();
const reader = new IndexReader(clock);
const { stored, index } = await measure("fetched, in a thread of its own", () => reader.read(bytes, "index", signal));
await measure("one chart looked up", async () => index.get("chart-7").length);
await measure("stored, in a thread of its own", () => reader.readStored(stored, signal));
const own = await measure("fetched, in this thread", async () => readIndex(bytes, "index"));
await measure("stored, in this thread", async () => readStoredIndex(Buffer.from(own.json)));
if (Buffer.compare(Buffer.from(own.json), stored) !== 0) throw new Error("the two differ");
