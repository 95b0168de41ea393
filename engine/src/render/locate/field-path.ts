// Paths of fields as they are shown, `.spec.containers[name=web].image`, as steps that can be followed.

import type { Json } from "#kernel";
import type { FieldStep } from "./nodes.ts";

const part = /\.?([A-Za-z_][A-Za-z0-9_-]*)|\[("(?:[^"\\]|\\.)*")\]|\[(\d+)\]|\[([^\]]*)\]/y;

/** The steps of a path; undefined for what is none. */
export function fieldSteps(path: string): FieldStep[] | undefined {
  const steps: FieldStep[] = [];
  part.lastIndex = 0;
  while (part.lastIndex < path.length) {
    const [whole, name, quoted, index, keys] = part.exec(path) ?? [];
    if (whole === undefined) return undefined;
    if (name !== undefined) steps.push(name);
    else if (quoted !== undefined) steps.push(JSON.parse(quoted) as string);
    else if (index !== undefined) steps.push({ index: Number(index) });
    else steps.push({ match: keysOf(keys ?? "") });
  }
  return steps;
}

/** `name=web,port=80`, values as JSON or bare. */
function keysOf(text: string): { [name: string]: Json } {
  return Object.fromEntries(
    text.split(",").map((pair) => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at), valueOf(pair.slice(at + 1))];
    }),
  );
}

function valueOf(text: string): Json {
  if (!/^(?:"|\d+$|true$|false$)/.test(text)) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
