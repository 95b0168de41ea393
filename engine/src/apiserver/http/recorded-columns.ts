// The columns of the kinds that Kubernetes itself serves, as a real server defines them.

import { columnsText } from "./data/columns.ts";

export type RecordedColumn = { name: string; type: string; format: string; description: string; priority: number };

type Data = { texts: string[]; kinds: Record<string, [string, string, string, number, number][]> };

let parsed: Data | undefined;

/** undefined: the real server serves no such list. */
export function recordedColumns(resource: {
  group: string;
  version: string;
  plural: string;
}): RecordedColumn[] | undefined {
  parsed ??= JSON.parse(columnsText) as Data;
  const { kinds, texts } = parsed;
  const rows = kinds[`${resource.group}/${resource.version}/${resource.plural}`];
  return rows?.map(([name, type, format, text, priority]) => ({
    name,
    type,
    format,
    description: texts[text] ?? "",
    priority,
  }));
}
