// Commits and tags as what was signed and the signature over it. A commit carries its signature in a header, a tag at the
// end of its message. https://git-scm.com/docs/gitformat-signature

/** `signature` is "" where the object has none; `payload` is the object without it. */
export type SignedObject = { payload: Buffer; signature: string };

/** A tag object's own headers. */
export type TagHeaders = { object: string; type: string; name: string };

/** Splits the text of a commit; undefined where it carries two signatures, of which only one could be checked. */
export function splitCommit(bytes: Buffer): SignedObject | undefined {
  const end = bytes.indexOf("\n\n");
  const head = bytes.subarray(0, end < 0 ? bytes.length : end + 1);
  const kept: Buffer[] = [];
  const signatures: string[] = [];
  let isSignature = false;
  for (const line of linesOf(head)) {
    const text = line.toString("latin1");
    const match = /^gpgsig(?:-sha256)? (.*\n?)$/s.exec(text);
    if (match !== null) {
      isSignature = true;
      signatures.push(match[1] ?? "");
    } else if (isSignature && text.startsWith(" ")) signatures.push(`${signatures.pop() ?? ""}${text.slice(1)}`);
    else {
      isSignature = false;
      kept.push(line);
    }
  }
  if (signatures.length > 1) return undefined;
  return { payload: Buffer.concat([...kept, bytes.subarray(head.length)]), signature: signatures[0] ?? "" };
}

const signatureBegins = /^-----BEGIN (PGP SIGNATURE|PGP MESSAGE|SSH SIGNATURE|SIGNED MESSAGE)-----/;

/** Splits the text of a tag object at the last line that begins a signature, as git does. */
export function splitTag(bytes: Buffer): SignedObject {
  let at = 0;
  let begins = bytes.length;
  for (const line of linesOf(bytes)) {
    if (signatureBegins.test(line.toString("latin1"))) begins = at;
    at += line.length;
  }
  return { payload: bytes.subarray(0, begins), signature: bytes.toString("latin1", begins) };
}

/** The headers of a tag object; undefined where it has not the form of one. */
export function tagHeaders(bytes: Buffer): TagHeaders | undefined {
  const match = /^object ([0-9a-f]+)\ntype (\w+)\ntag ([^\n]+)\n/.exec(bytes.toString("utf8", 0, 4096));
  return match === null ? undefined : { object: match[1] ?? "", type: match[2] ?? "", name: match[3] ?? "" };
}

/** Lines with their ends. */
function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(10, at);
    const next = end < 0 ? bytes.length : end + 1;
    lines.push(bytes.subarray(at, next));
    at = next;
  }
  return lines;
}
