// The tree that SOPS sees in every format: ordered branches of keys and values, comments among them. Integers are bigint
// and floats are numbers, since their text, which the MAC covers, differs. Text that is no UTF-8 stays bytes.
// https://github.com/getsops/sops (3.13.3, sops.go)

import { decodeUtf8Strict } from "#kernel";

/** A comment, without the mark that begins it; it stands in the place of a key, or of a list's item. */
export class Remark {
  readonly text: string;
  /** Behind a value, in its line. */
  readonly isInline: boolean;

  constructor(text: string, isInline = false) {
    this.text = text;
    this.isInline = isInline;
  }
}

/** A YAML timestamp, as RFC 3339 text. */
export class Moment {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export class Branch {
  readonly items: readonly Item[];

  constructor(items: readonly Item[]) {
    this.items = items;
  }
}

export type Scalar = string | Uint8Array | bigint | number | boolean | null | Moment;
export type Value = Scalar | Remark | Branch | readonly Value[];
/** A comment as key has no value. */
export type Item = { key: string | Remark; value: Value };

/** Text where the bytes are UTF-8, else the bytes. */
export function textOrBytes(bytes: Uint8Array): string | Uint8Array {
  return decodeUtf8Strict(bytes) ?? bytes;
}

/** The value at a key of a branch; undefined where there is none. */
export function valueAt(branch: Branch, key: string): Value | undefined {
  return branch.items.find((item) => item.key === key)?.value;
}
