// Base64 as Go's encoding/json has it for []byte: standard alphabet, padded, line breaks ignored.

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const [a, b, c] = [bytes[i] as number, bytes[i + 1], bytes[i + 2]];
    const bits = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    text += `${alphabet.charAt(bits >> 18)}${alphabet.charAt((bits >> 12) & 63)}`;
    text += b === undefined ? "=" : alphabet.charAt((bits >> 6) & 63);
    text += c === undefined ? "=" : alphabet.charAt(bits & 63);
  }
  return text;
}

const valid = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The text as Go writes the same bytes again: without line breaks, and with nothing in the bits that no byte fills. */
export function canonicalBase64(text: string): string {
  const plain = /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, "") : text;
  const padding = plain.endsWith("==") ? 2 : plain.endsWith("=") ? 1 : 0;
  if (padding === 0) return plain;
  const at = plain.length - padding - 1;
  const value = alphabet.indexOf(plain.charAt(at));
  const spare = padding === 2 ? 15 : 3;
  return value < 0 || (value & spare) === 0
    ? plain
    : `${plain.slice(0, at)}${alphabet.charAt(value & ~spare)}${"=".repeat(padding)}`;
}

/** Go's words for text that is not base64; undefined when it is. */
export function base64Error(text: string): string | undefined {
  if (valid.test(text)) return undefined;
  const at = wrongByte(text);
  return at === undefined ? undefined : `illegal base64 data at input byte ${at}`;
}

/** Where Go's decoder gives up. */
function wrongByte(text: string): number | undefined {
  let held = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text.charAt(at);
    if (letter === "=") return wrongPadding(text, at, held);
    if (isBreak(letter)) continue;
    if (!alphabet.includes(letter)) return at;
    held = (held + 1) % 4;
  }
  return held === 0 ? undefined : text.length - held;
}

/** The same from the first `=` on, which follows so many letters of a group. */
function wrongPadding(text: string, first: number, held: number): number | undefined {
  if (held < 2) return first;
  let at = afterBreaks(text, first + 1);
  if (held === 2) {
    if (at === text.length) return at;
    if (text.charAt(at) !== "=") return at - 1;
    at = afterBreaks(text, at + 1);
  }
  return at < text.length ? at : undefined;
}

function afterBreaks(text: string, from: number): number {
  let at = from;
  while (isBreak(text.charAt(at))) at++;
  return at;
}

function isBreak(letter: string): boolean {
  return letter === "\n" || letter === "\r";
}
