// Random whole charts through helm and keelson: templates in several files and subcharts, partials that override one
// another, files, .helmignore, hooks, order of kinds, odd documents, notes, definitions, odd Chart.yaml, and the flags of
// `helm template`. Needs the engine built and helm-batch in KEELSON_ORACLES.
//
//   npm run proof -- helm-whole [count] [first seed] [report]
import { compareCases } from "./compare.mjs";
import { makeCase } from "./whole-cases.mjs";

const [count = "5000", first = "1", report] = process.argv.slice(2);
await compareCases(makeCase, { count: Number(count), first: Number(first), report });
