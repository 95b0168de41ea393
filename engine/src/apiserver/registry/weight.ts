// What an object takes in memory once it is decoded, guessed from its encoding: a text of nothing but brackets takes many times its own
// length, so that length alone would bound nothing.

/** Bytes that one member or item takes beside its text. */
const memberBytes = 48;

const [brace, bracket, colon, comma] = ["{", "[", ":", ","].map((letter) => letter.charCodeAt(0));

/** Bytes, about. */
export function decodedWeight(encoded: Uint8Array): number {
  let members = 0;
  for (let at = 0; at < encoded.length; at++) {
    const letter = encoded[at];
    if (letter === comma || letter === colon || letter === brace || letter === bracket) members++;
  }
  return encoded.length + members * memberBytes;
}
