// From an object back to the file and line that state it.

export { filesMost, fileLengthMost } from "./limits.ts";
export type { Edited } from "./edit.ts";
export { fieldSteps } from "./field-path.ts";
export { type Located, Locator, type Searched, type SourcePlace } from "./locate.ts";
export { type FieldStep, valueAt } from "./nodes.ts";
