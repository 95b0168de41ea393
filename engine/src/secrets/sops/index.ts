// Files that SOPS encrypted: their formats, values and MAC. https://getsops.io, format of 3.13.3

export { isEncrypted } from "./cipher.ts";
export type { DecryptedTree, MacState } from "./decrypt-tree.ts";
export {
  dataKeyOf,
  type Decrypted,
  decryptBranch,
  decryptFile,
  encryptedFormat,
  type Format,
  formatOf,
  isEncryptedAs,
  load,
  nameOf,
  type Unwrap,
} from "./file.ts";
export type { MasterKey, Metadata } from "./metadata.ts";
export { Branch, type Item, Moment, Remark, type Value } from "./tree.ts";
