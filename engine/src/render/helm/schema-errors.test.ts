// What a schema says of values, recorded from the real Helm 4.3.1.

import { expect, it } from "vitest";
import { faultFrom, memoryTree } from "#kernel";
import { renderChart } from "./index.ts";

const cases: [schema: string, values: string, words: string][] = [
  [
    '{"anyOf":[{"required":["x","z"],"properties":{"a":{"type":"string"}}},{"required":["y"]}]}',
    "a: 1\n",
    "- at '': 'anyOf' failed\n  - at '': validation failed\n    - at '': missing properties 'x', 'z'\n    - at '/a': got number, want string\n  - at '': missing property 'y'",
  ],
  [
    '{"oneOf":[{"required":["a"]},{"properties":{"a":{"type":"integer"}}}]}',
    "a: 1\n",
    "- at '': 'oneOf' failed, subschemas 0, 1 matched",
  ],
  [
    '{"properties":{"list":{"items":{"type":"array"}}},"required":["a"]}',
    "list: [1, 2]\n",
    "- at '': missing property 'a'\n- at '/list': validation failed\n  - at '/list/0': got number, want array\n  - at '/list/1': got number, want array",
  ],
  [
    '{"properties":{"list":{"items":{"type":"array"}}}}',
    "list: [1, 2]\n",
    "- at '/list/0': got number, want array\n- at '/list/1': got number, want array",
  ],
  [
    '{"properties":{"m":{"properties":{"a":{"$ref":"#/$defs/x"}}}},"$defs":{"x":{"minLength":3,"pattern":"x"}}}',
    "m: {a: b}\n",
    "- at '/m/a': validation failed\n  - at '/m/a': minLength: got 1, want 3\n  - at '/m/a': 'b' does not match pattern 'x'",
  ],
  [
    '{"properties":{"a":{"propertyNames":{"pattern":"^[a-z]$"}}}}',
    "a: {é: 1}\n",
    "- at '/a': invalid propertyName 'é'\n  - at '': 'é' does not match pattern '^[a-z]$'",
  ],
  ['{"not":{"required":["a"]}}', "a: 1\n", "- at '': 'not' failed"],
  [
    '{"allOf":[{"required":["x"]},{"required":["y"]}]}',
    "a: 1\n",
    "- at '': 'allOf' failed\n  - at '': missing property 'x'\n  - at '': missing property 'y'",
  ],
  ['{"allOf":[{"required":["x"]}]}', "a: 1\n", "- at '': 'allOf' failed\n  - at '': missing property 'x'"],
  [
    '{"if":{"required":["a"]},"then":{"required":["x"],"properties":{"a":{"type":"string"}}}}',
    "a: 1\n",
    "- at '': missing property 'x'\n- at '/a': got number, want string",
  ],
  [
    '{"properties":{"a":{"$ref":"#/$defs/q"}},"$defs":{"q":{"anyOf":[{"type":"string"},{"type":"boolean"}]}}}',
    "a: 1\n",
    "- at '/a': 'anyOf' failed\n  - at '/a': got number, want string\n  - at '/a': got number, want boolean",
  ],
  [
    '{"required":["x","y"],"additionalProperties":false}',
    "a: 1\n",
    "- at '': missing properties 'x', 'y'\n- at '': additional properties 'a' not allowed",
  ],
  [
    '{"properties":{"a":{"prefixItems":[{"type":"string"}],"items":false}}}',
    "a: [1, 2]\n",
    "- at '/a/0': got number, want string\n- at '/a/1': false schema",
  ],
  [
    '{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"a":{"items":[{"type":"string"}],"additionalItems":false}}}',
    "a: [x, 2]\n",
    "- at '/a': last 1 additionalItem(s) not allowed",
  ],
  [
    '{"properties":{"a":{"unevaluatedItems":false}}}',
    "a: [x, 2]\n",
    "- at '/a/0': false schema\n- at '/a/1': false schema",
  ],
  [
    '{"$schema":"https://json-schema.org/draft/2019-09/schema","properties":{"a":{}},"unevaluatedProperties":false}',
    "a: 1\nq: 2\n",
    "- at '/q': false schema",
  ],
  ['{"dependentSchemas":{"a":{"required":["b"]}}}', "a: 1\n", "- at '': missing property 'b'"],
  ['{"dependentRequired":{"a":["b"]}}', "a: 1\n", "- at '': properties 'b' required, if 'a' exists"],
  [
    '{"propertyNames":{"maxLength":2,"pattern":"^b"}}',
    "aaa: 1\n",
    "- at '': invalid propertyName 'aaa'\n  - at '': maxLength: got 3, want 2\n  - at '': 'aaa' does not match pattern '^b'",
  ],
  ['{"properties":{"a":{"type":["string","null"]}}}', "a: 1\n", "- at '/a': got number, want null or string"],
  ['{"properties":{"a":{"const":{"b":1}}}}', "a: 1\n", "- at '/a': 'const' failed"],
  ['{"properties":{"a":{"enum":[1,true,null,[1],{"x":2}]}}}', "a: q\n", "- at '/a': 'enum' failed"],
  ['{"properties":{"a":{"enum":["x",null,3]}}}', "a: q\n", "- at '/a': value must be one of 'x', <nil>, 3"],
  [
    '{"properties":{"a":{"maxLength":1,"pattern":"^b","minLength":9}}}',
    "a: zzz\n",
    "- at '/a': minLength: got 3, want 9\n- at '/a': maxLength: got 3, want 1\n- at '/a': 'zzz' does not match pattern '^b'",
  ],
  ['{"properties":{"a":{"multipleOf":0.1}}}', "a: 0.35\n", "- at '/a': multipleOf: got 0.35, want 0.1"],
  ['{"properties":{"a":{"multipleOf":0.1}}}', "a: 0.3\n", ""],
  [
    '{"minProperties":3,"maxProperties":0}',
    "a: 1\n",
    "- at '': minProperties: got 1, want 3\n- at '': maxProperties: got 1, want 0",
  ],
  ['{"properties":{"a":false}}', "a: x\n", "- at '/a': false schema"],
  ["false", "a: x\n", "- at '': false schema"],
  [
    '{"properties":{"a":{"oneOf":[{"type":"string"},{"type":"object","properties":{"x":{"type":"string"}},"required":["y","z"]}]}}}',
    "a: {x: 1}\n",
    "- at '/a': 'oneOf' failed, none matched\n  - at '/a': got object, want string\n  - at '/a': validation failed\n    - at '/a': missing properties 'y', 'z'\n    - at '/a/x': got number, want string",
  ],
  [
    '{"$schema":"http://json-schema.org/draft-04/schema#","properties":{"a":{"not":{"const":1}}}}',
    "a: 2\n",
    "- at '/a': 'not' failed",
  ],
  [
    '{"$schema":"http://json-schema.org/draft-04/schema#","properties":{"a":{"contains":{"type":"string"}}},"propertyNames":{"maxLength":0}}',
    "a: [2]\n",
    "",
  ],
  [
    '{"$schema":"http://json-schema.org/draft-06/schema#","if":{"required":["a"]},"then":{"required":["b"]},"properties":{"a":{"const":2}}}',
    "a: 1\n",
    "- at '/a': value must be 2",
  ],
  [
    '{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"a":{"$ref":"#/definitions/x","type":"string"}},"definitions":{"x":{"maximum":3}}}',
    "a: 4\n",
    "- at '/a': maximum: got 4, want 3",
  ],
  [
    '{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"if":{"type":"string"},"nullable":{"type":"string"}}}',
    "if: 1\nnullable: 2\n",
    "- at '/if': got number, want string\n- at '/nullable': got number, want string",
  ],
  [
    '{"$schema":"http://json-schema.org/draft-04/schema#","properties":{"a":{"minimum":3,"exclusiveMinimum":true}}}',
    "a: 3\n",
    "- at '/a': exclusiveMinimum: got 3, want 3",
  ],
  [
    '{"properties":{"a":{"uniqueItems":true,"minItems":5,"items":{"type":"integer"}}}}',
    "a: [1, x, 1]\n",
    "- at '/a': minItems: got 3, want 5\n- at '/a': items at 0 and 2 are equal\n- at '/a/1': got string, want integer",
  ],
  [
    '{"properties":{"a":{"items":{"anyOf":[{"$ref":"#/$defs/s"},{"type":"null"}]}}},"$defs":{"s":{"type":"string"}}}',
    "a: [1, x]\n",
    "- at '/a/0': 'anyOf' failed\n  - at '/a/0': got number, want string\n  - at '/a/0': got number, want null",
  ],
  [
    '{"properties":{"a":{"allOf":[{"items":{"allOf":[{"type":"string"},{"minLength":3}]}},{"minItems":4}]}}}',
    "a: [1, x]\n",
    "- at '/a': 'allOf' failed\n  - at '/a': validation failed\n    - at '/a/0': 'allOf' failed\n      - at '/a/0': got number, want string\n    - at '/a/1': 'allOf' failed\n      - at '/a/1': minLength: got 1, want 3\n  - at '/a': minItems: got 2, want 4",
  ],
  [
    '{"patternProperties":{"^a":{"type":"string","maxLength":1}},"properties":{"b":{"required":["q"]}},"additionalProperties":false}',
    "a: 1\nb: {}\n",
    "- at '/a': got number, want string\n- at '/b': missing property 'q'",
  ],
  [
    '{"$schema":"http://json-schema.org/draft-04/schema#","required":[]}',
    "a: 1\n",
    "\"file:///values.schema.json#\" is not valid against metaschema: jsonschema validation failed with 'http://json-schema.org/draft-04/schema#'\n- at '/required': minItems: got 0, want 1",
  ],
  [
    '{"properties":{"a":{"type":"strin"}}}',
    "a: 1\n",
    "\"file:///values.schema.json#\" is not valid against metaschema: jsonschema validation failed with 'https://json-schema.org/draft/2020-12/schema#'\n- at '': 'allOf' failed\n  - at '/properties/a': 'allOf' failed\n    - at '/properties/a/type': 'anyOf' failed\n      - at '/properties/a/type': value must be one of 'array', 'boolean', 'integer', 'null', 'number', 'object', 'string'\n      - at '/properties/a/type': got string, want array",
  ],
  [
    '{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"a":{"pattern":"("}}}',
    "a: 1\n",
    "\"file:///values.schema.json#\" is not valid against metaschema: jsonschema validation failed with 'http://json-schema.org/draft-07/schema#'\n- at '/properties/a/pattern': '(' is not valid regex: error parsing regexp: missing closing ): `(`",
  ],
  [
    '{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/a"}}}',
    "a: 1\n",
    "- at '': both /$ref/$ref and /$ref resolve to \"file:///values.schema.json#/$defs/a\" causing reference cycle",
  ],
  [
    '{"$ref":"other.json"}',
    "a: 1\n",
    'failing loading "file:///other.json": open /other.json: no such file or directory',
  ],
  [
    '{"$ref":"#here"}',
    "a: 1\n",
    'anchor in "file:///values.schema.json#here" not found in schema "file:///values.schema.json"',
  ],
  ['{"properties":{"a":{"$ref":"urn:x:y"}}}', "a: 1\n", ""],
  [
    '{"unevaluatedProperties":false,"anyOf":[{"properties":{"a":true},"required":["a"]},{"properties":{"b":{"type":"string"}}}]}',
    "a: 1\nb: 2\nc: 3\n",
    "- at '/b': false schema\n- at '/c': false schema",
  ],
  [
    '{"properties":{"l":{"prefixItems":[true],"contains":{"type":"string"},"unevaluatedItems":false}}}',
    "l: [1, x, 2]\n",
    "- at '/l/2': false schema",
  ],
  [
    '{"$schema":"https://json-schema.org/draft/2019-09/schema","$recursiveAnchor":true,"properties":{"a":{"$recursiveRef":"#"}},"additionalProperties":false}',
    "a: {b: 1}\n",
    "- at '/a': additional properties 'b' not allowed",
  ],
  [
    '{"$id":"https://x/y","$ref":"tree","$defs":{"t":{"$id":"tree","$dynamicAnchor":"n","properties":{"a":{"$dynamicRef":"#n"}}},"s":{"$dynamicAnchor":"n","type":"object","maxProperties":1}}}',
    "a: {b: 1, c: 2}\n",
    "- at '/a': maxProperties: got 2, want 1",
  ],
  [
    '{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"a":{"$ref":"#/definitions/x","maximum":0}},"definitions":{"x":{"minimum":2}}}',
    "a: 1\n",
    "- at '/a': minimum: got 1, want 2",
  ],
  [
    '{"properties":{"a":{"maximum":1234567,"multipleOf":0.1},"b":{"maximum":1000.5}}}',
    "a: 12345678.25\nb: 123456\n",
    "- at '/a': validation failed\n  - at '/a': maximum: got 1.234567825×10⁰⁷, want 1.234567×10⁰⁶\n  - at '/a': multipleOf: got 1.234567825×10⁰⁷, want 0.1\n- at '/b': maximum: got 123,456, want 1,000.5",
  ],
  ['{"$schema":"urn:own/own.json"}', "a: 1\n", ""],
  [
    '{"properties":{"l":{"contains":{"const":1},"minContains":2,"maxContains":1}}}',
    "l: [1, 2]\n",
    "- at '/l': min 2 items required to match contains schema, but matched 1 items at 0\n  - at '/l/1': value must be 1",
  ],
  ['{"properties":{"a":{"enum":[1.0,"x",null]}}}', "a: 3\n", "- at '/a': value must be one of 1.0, 'x', <nil>"],
  [
    '{"minProperties":2,"propertyNames":{"maxLength":1}}',
    "ab: 3\n",
    "- at '': minProperties: got 1, want 2\n- at '': invalid propertyName 'ab'\n  - at '': maxLength: got 2, want 1",
  ],
  [
    '{"$schema":"http://json-schema.org/draft-04/schema#","properties":{"a":{"minimum":1,"exclusiveMinimum":true}}}',
    "a: 1\n",
    "- at '/a': exclusiveMinimum: got 1, want 1",
  ],
];

const heading = "values don't meet the specifications of the schema(s) in the following chart(s):\nc:\n";

it.each(cases)("%s of %j", (schema, values, words) => {
  const chart = memoryTree({
    "Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
    "values.yaml": values,
    "values.schema.json": schema,
  });
  let said = "";
  try {
    renderChart(chart, { releaseName: "r" });
  } catch (thrown) {
    said = faultFrom(thrown).message.replace(heading, "").trimEnd();
  }
  expect(said).toBe(words);
});
