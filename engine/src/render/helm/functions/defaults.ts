// Sprig's defaults and its looks at types.

import { define, type FunctionTable, goTypeOf, kindOf, type Value } from "#formats/gotemplate";
import { isEmpty } from "./cast.ts";
import { deepEqual } from "./equality.ts";

export const defaultFunctions: FunctionTable = {
  default: define("any, ...any", (fallback: Value, ...given: Value[]) =>
    given.length === 0 || isEmpty(given[0]) ? fallback : given[0],
  ),
  empty: define("any", isEmpty),
  coalesce: define("...any", (...values: Value[]) => values.find((value) => !isEmpty(value)) ?? null),
  all: define("...any", (...values: Value[]) => !values.some(isEmpty)),
  any: define("...any", (...values: Value[]) => values.some((value) => !isEmpty(value))),
  ternary: define("any, any, bool", (yes: Value, no: Value, condition: boolean) => (condition ? yes : no)),
  typeOf: define("any", goTypeOf),
  typeIs: define("string, any", (type: string, value: Value) => goTypeOf(value) === type),
  typeIsLike: define("string, any", (type: string, value: Value) => [type, `*${type}`].includes(goTypeOf(value))),
  kindOf: define("any", kindOf),
  kindIs: define("string, any", (kind: string, value: Value) => kindOf(value) === kind),
  deepEqual: define("any, any", deepEqual),
};
