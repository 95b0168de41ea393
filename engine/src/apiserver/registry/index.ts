// Resources, their storage and the verbs on them, without any wire format.

export { type Codec, plainCodec } from "./codec.ts";
export type { Change, Past } from "./collection.ts";
export { type Conversion, NotConverted, whenConverted } from "./conversion.ts";
export { applyOver, objectTypeOf, trackOwnership } from "./ownership.ts";
export { decodeObject } from "./schema-checks.ts";
export { asOwn } from "./own.ts";
export { getObject, listObjects, listText, type ListText, passes } from "./read.ts";
export {
  applyConflict,
  badRequest,
  conflict,
  DecodeRefusal,
  expired,
  forbidden,
  internalError,
  invalid,
  methodNotAllowed,
  methodNotServed,
  noSuchPath,
  notAcceptable,
  notFound,
  otherUidText,
  plainError,
  Refusal,
  tooLarge,
  tooMany,
  unauthorized,
  unsupportedMediaType,
} from "./refusal.ts";
export { TextBuffer } from "./text-buffer.ts";
export { itemText, recentText } from "./stored-text.ts";
export { type Admission, type Call, Registry, type WriteCall } from "./registry.ts";
export type { PostReview } from "./review.ts";
export { deleteCollection, deleteObject, type Doomed, type Removal } from "./remove.ts";
export {
  type PartRules,
  apiVersionOf,
  type ResourceTable,
  type ScalePaths,
  type Served,
  type Storage,
  storageKey,
  storagePrefix,
  type Strategy,
  type Subresource,
  type WriteContext,
} from "./resource.ts";
export { type Notice, type Watch, watchObjects } from "./watch.ts";
export { editObject, serverCall } from "./server-writes.ts";
export { changeObject, createObject, startDraft } from "./write.ts";
