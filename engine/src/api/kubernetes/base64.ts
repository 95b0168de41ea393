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
  if (valid.test(text.replace(/[\r\n]/g, ""))) return undefined;
  const wrong = /[^A-Za-z0-9+/=\r\n]|=(?!=?[\r\n]*$)/.exec(text);
  // Without a wrong character the text ends too soon: Go names where its last whole group began.
  const at = wrong?.index ?? text.length - (text.length % 4);
  return `illegal base64 data at input byte ${at}`;
}
