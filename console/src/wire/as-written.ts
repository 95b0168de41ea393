// What comes from the server was written by others: commits, objects, messages. Signs that turn the reading direction around
// could make a page say something else than it holds (CVE-2021-42574); each is shown as a sign that something stood there.

const turning = /[\u202a-\u202e\u2066-\u2069]/g;

/** The text of an answer, with what would turn it around made visible. */
export function asWritten(text: string): string {
  return text.replace(turning, "\ufffd");
}
