// Random charts with subcharts and random values of every origin through helm and keelson: how they merge. Defaults, values
// files of all looks, the --set family, globals, nulls, aliases, conditions, tags, import-values, schemas. Needs the engine
// built and helm-batch in KEELSON_ORACLES.
//
//   npm run proof -- helm-values [count] [first seed] [report]
import { compareCases } from "./compare.mjs";
import { makeCase } from "./values-cases.mjs";

const [count = "5000", first = "1", report] = process.argv.slice(2);
await compareCases(makeCase, { count: Number(count), first: Number(first), report });
