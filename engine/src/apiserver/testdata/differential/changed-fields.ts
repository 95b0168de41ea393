// Every kind, made once, then sent again with each of its fields otherwise in turn: what may change, what may not and in which words, what
// is kept or dropped in silence. So too its status, through the object and by itself. The changes are dry runs: each starts from the same.

import { schemaFor } from "#api/kubernetes";
import type { SchemaNode, SchemaRef } from "#kernel";
import { changed, changes, isMap, merged, type Taste, type Value } from "./field-walk.ts";
import { fieldSubjects, rareSubjects } from "./rare-subjects.ts";
import { post, put, remove, saved, type Script, type Step, unseen } from "./steps.ts";
import { type Part, type Subject, subjects } from "./subjects.ts";

/** Steps of one script. */
const stepsMost = 40;

/** Another value of the same form, as far as a text shows its own. */
function otherText(text: string): string {
  const number = /\d+/.exec(text);
  if (/^\d{4}-\d\d-\d\dT/.test(text)) return text.replace(/^\d{4}/, "2021");
  if (/^\d+(\.\d+){3}/.test(text)) return text.replace(/^(\d+)\.(\d+)/, "$1.77");
  if (number !== null && /^\d+(\.\d+)?([A-Za-z]{0,2}|%)$/.test(text)) return text.replace(number[0], String(Number(number[0]) + 1));
  if (text.startsWith("/") || text === "") return `${text}/other`;
  return /^[A-Z]/.test(text) ? `${text}Other` : `${text}-other`;
}

function enumOf(node: SchemaNode): readonly Value[] {
  return node.enum ?? [];
}

/** What is likely right. */
const taste: Taste = {
  instead: (value, node) => {
    if (enumOf(node).length > 0) return [undefined, ...enumOf(node).filter((one) => one !== value)];
    if (typeof value === "string") return [undefined, otherText(value)];
    if (typeof value === "number") return [undefined, value + 1, ...(value > 1 ? [value - 1] : [])];
    return [undefined, ...(typeof value === "boolean" ? [!value] : [])];
  },
  lists: (value) => [undefined, ...(value.length > 1 ? [value.slice(1), value.toReversed()] : [])],
  structures: [undefined],
  unset: (node, name) => {
    if (enumOf(node).length > 0) return enumOf(node).slice(0, 2);
    if (node.type === "integer" || node.type === "number") return [3];
    if (node.type === "boolean") return [true, false];
    if (node.type === "int-or-string") return [1];
    if (node.format === "date-time") return ["2022-02-02T02:02:02Z"];
    return [/quantity|storage|capacity/i.test(name) ? "2Gi" : "other"];
  },
  key: "other",
  levelsBelow: 1,
  skipped: new Set(["apiVersion", "kind", "metadata", "status"]),
};

function rootOf({ apiVersion, kind }: Subject): SchemaRef | undefined {
  const slash = apiVersion.indexOf("/");
  return schemaFor(slash < 0 ? "" : apiVersion.slice(0, slash), apiVersion.slice(slash + 1), kind);
}

/** Where objects of one kind are put, and how they are named there. */
class Place {
  readonly #subject: Subject;
  readonly #namespace: string;
  readonly #list: string;

  constructor(subject: Subject) {
    const { apiVersion, plural, isNamespaced, id } = subject;
    this.#subject = subject;
    this.#namespace = `changed-${id}`;
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    this.#list = isNamespaced ? `${root}/namespaces/${this.#namespace}/${plural}` : `${root}/${plural}`;
  }

  /** An object as it is sent: of the version that was made, where there is one. */
  body(name: string, object: Value, version?: string): string {
    const { apiVersion, kind } = this.#subject;
    const metadata = { ...(version === undefined ? {} : { resourceVersion: version }), ...((object as Part)["metadata"] as Part | undefined) };
    const whole = { ...(object as Part), apiVersion, kind, metadata: { name, ...metadata } };
    return JSON.stringify(whole).replaceAll('"NS"', JSON.stringify(this.#namespace));
  }

  path(name: string, subresource = ""): string {
    return `${this.#list}/${name}${subresource}`;
  }

  /** A script over one object that is made first, and after what `first` does to it sent again in each of these forms. */
  script(name: string, start: Value, first: readonly Step[], steps: readonly Step[]): Script {
    const { isNamespaced, kind } = this.#subject;
    const before = isNamespaced ? [unseen(post("/api/v1/namespaces", { metadata: { name: this.#namespace } }))] : [];
    if (kind === "Pod") before.push(unseen(post(`/api/v1/namespaces/${this.#namespace}/serviceaccounts`, { metadata: { name: "default" } })));
    const made = saved("a", post(this.#list, this.body(name, start)));
    const after = isNamespaced ? [] : [unseen(remove(this.path(name)))];
    return { name: `changed/${this.#subject.id}: ${name}`, steps: [...before, made, ...first, ...steps, ...after] };
  }

  change(name: string, object: Value, subresource = ""): Step {
    return put(`${this.path(name, subresource)}?dryRun=All`, this.body(name, object, "{{a.rv}}"));
  }
}

/** An address is named by itself. */
function nameFor({ base }: Subject, name: string): string {
  const { metadata } = base;
  return isMap(metadata) && typeof metadata["name"] === "string" ? metadata["name"] : name;
}

/** Every start of a kind: its plain object, and each with a part more. */
function startsOf({ base, parts }: Subject): Value[] {
  return [base, ...parts.map((part) => merged(base, part))];
}

/** What each start is changed to: each of its fields otherwise, once for all starts, and the start before and after it. */
function specScripts(subject: Subject, root: SchemaRef): Script[] {
  const place = new Place(subject);
  const starts = startsOf(subject);
  const told = new Set<string>();
  return starts.flatMap((start, number) => {
    const fields = changes(root, start, [], taste).filter(({ at, value }) => {
      const key = `${at.join(".")} ${JSON.stringify(value)}`;
      return !told.has(key) && told.add(key) !== undefined;
    });
    const others = number === 0 ? starts.slice(1) : [starts[0], starts[(number + 1) % starts.length]];
    const wanted = [...fields.map(({ at, value }) => changed(start, at, value)), ...others];
    return pieces(wanted).map((piece, index) => {
      const name = nameFor(subject, `c-${subject.id}-${number}-${index}`);
      return place.script(name, start, [], piece.map((object) => place.change(name, object)));
    });
  });
}

function pieces<T>(list: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(list.length / stepsMost) }, (_, index) => list.slice(index * stepsMost, (index + 1) * stepsMost));
}

const statusTaste: Taste = { ...taste, skipped: new Set(["apiVersion", "kind", "metadata", "spec"]) };

/** A status that is written, then changed field by field; and the rest of the object with it. */
function statusScripts(subject: Subject, root: SchemaRef): Script[] {
  const { base, status = [], parts } = subject;
  const place = new Place(subject);
  return status.slice(0, 2).flatMap((given, number) => {
    const start = { ...base, status: given };
    const fields = changes(root, start, [], statusTaste).map(({ at, value }) => changed(start, at, value));
    const whole = [...fields, base, { ...merged(start, parts[0] ?? {}) as Part, metadata: { labels: { other: "x" } } }, ...status.map((one) => ({ ...base, status: one }))];
    return pieces(whole).map((piece, index) => {
      const name = nameFor(subject, `s-${subject.id}-${number}-${index}`);
      const written = saved("a", put(place.path(name, "/status"), place.body(name, start, "{{a.rv}}")));
      const steps = piece.flatMap((object) => [place.change(name, object, "/status"), ...(index === 0 ? [place.change(name, object)] : [])]);
      return place.script(name, base, [written], steps);
    });
  });
}

/** Kinds whose status the real server writes meanwhile: a change comes too late there, or not. */
const written: ReadonlySet<string> = new Set(["flowschema", "registration"]);

/** Every kind but those that the real server writes itself. */
export function changedFieldScripts(): readonly Script[] {
  return [...subjects, ...rareSubjects, ...fieldSubjects]
    .filter(({ id }) => !written.has(id))
    .flatMap((subject) => {
      const root = rootOf(subject);
      return root === undefined ? [] : [...specScripts(subject, root), ...statusScripts(subject, root)];
    });
}
