// From an object back to the file and line that state it.

export { filesMost, fileLengthMost } from "./limits.ts";
export { type Located, locate, type LocateInput, type SourcePlace } from "./locate.ts";
export { type FieldStep, valueAt } from "./nodes.ts";
