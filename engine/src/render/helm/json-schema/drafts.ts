// The drafts of JSON Schema, and the metaschema of each. https://json-schema.org/specification

import { type Data, readData } from "./data.ts";
import { metaschemaTexts } from "./metaschemas.ts";

export type Draft = {
  version: 4 | 6 | 7 | 2019 | 2020;
  url: string;
  /** The keyword that names a schema. */
  id: "id" | "$id";
  /** Where schemas stand in a schema: `*` for each member, `[]` for each item. */
  subschemas: readonly string[];
  vocabularyPrefix: string;
  vocabularies: readonly string[];
  /** Those that count where a metaschema names none. */
  usual: readonly string[];
};

/** A draft, and the vocabularies that a metaschema of one's own asks for. */
export type Dialect = { draft: Draft; vocabularies: readonly string[] | undefined };

const in4 =
  "definitions/* not allOf/[] anyOf/[] oneOf/[] properties/* additionalProperties patternProperties/* items items/[] additionalItems dependencies/*".split(
    " ",
  );
const in6 = [...in4, "propertyNames", "contains"];
const in7 = [...in6, "if", "then", "else"];
const in2019 = [...in7, "$defs/*", "dependentSchemas/*", "unevaluatedProperties", "unevaluatedItems", "contentSchema"];
const in2020 = [...in2019, "prefixItems/[]"];

function older(version: 4 | 6 | 7, subschemas: readonly string[]): Draft {
  return {
    version,
    url: `http://json-schema.org/draft-0${version}/schema`,
    id: version === 4 ? "id" : "$id",
    subschemas,
    vocabularyPrefix: "",
    vocabularies: [],
    usual: [],
  };
}

const draft2019: Draft = {
  version: 2019,
  url: "https://json-schema.org/draft/2019-09/schema",
  id: "$id",
  subschemas: in2019,
  vocabularyPrefix: "https://json-schema.org/draft/2019-09/vocab/",
  vocabularies: ["core", "applicator", "validation", "meta-data", "format", "content"],
  usual: ["core", "applicator", "validation"],
};

/** The newest, for schemas that name none. */
export const draft2020: Draft = {
  version: 2020,
  url: "https://json-schema.org/draft/2020-12/schema",
  id: "$id",
  subschemas: in2020,
  vocabularyPrefix: "https://json-schema.org/draft/2020-12/vocab/",
  vocabularies: [
    "core",
    "applicator",
    "unevaluated",
    "validation",
    "meta-data",
    "format-annotation",
    "format-assertion",
    "content",
  ],
  usual: ["core", "applicator", "unevaluated", "validation"],
};

const drafts: readonly Draft[] = [older(4, in4), older(6, in6), older(7, in7), draft2019, draft2020];

/** The draft that an URL names; undefined for a metaschema of one's own. */
export function draftAt(url: string): Draft | undefined {
  const [place = "", fragment = ""] = url.split(/#(.*)/s);
  if (fragment !== "") return undefined;
  const path = place.replace(/^https?:\/\//, "");
  if (path === "json-schema.org/schema") return draft2020;
  return drafts.find((draft) => draft.url.replace(/^https?:\/\//, "") === path);
}

/** The metaschema at an URL; undefined where none of the drafts' stands there. */
export function metaschemaAt(url: string): Data | undefined {
  const path = /^https?:\/\/json-schema\.org\/(.*)$/.exec(url)?.[1];
  const text = path === undefined ? undefined : metaschemaTexts[path];
  return text === undefined ? undefined : readData(text);
}

export function hasVocabulary({ draft, vocabularies }: Dialect, name: string): boolean {
  return name === "core" || draft.version < 2019 || (vocabularies ?? draft.usual).includes(name);
}
