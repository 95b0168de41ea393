// Bytes as texts of one character each, and what they say in UTF-8.

/** The bytes of a text. */
export function encodeUtf8(text: string): string {
  return encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, "\ufffd")).replaceAll(
    /%([\dA-F]{2})/g,
    (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)),
  );
}

/** The text of bytes; undefined when they are none. */
export function decodeUtf8(bytes: string): string | undefined {
  try {
    return decodeURIComponent(
      bytes.replaceAll(/[^]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, "0")}`),
    );
  } catch {
    return undefined;
  }
}
