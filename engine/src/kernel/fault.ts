// A failure of the world or of input. The code is a closed union in each folder's faults.ts; the disposition says what
// the loop above must do. The message says what failed and never repeats the cause: the edge prints the chain.

/** retry: with back-off. wait: until something it waits for changes. stall: until the input changes. */
export type Disposition = "retry" | "wait" | "stall";

export type FaultOptions<Code extends string = string> = {
  code: Code;
  disposition: Disposition;
  /** Where: a file and line, a URL, a field path, an object. */
  at?: string;
  /** What failed, in words for users; no secret value, no trailing stop. */
  message: string;
  /** What the reader can do about it. */
  hint?: string;
  cause?: unknown;
};

export class Fault<Code extends string = string> extends Error {
  readonly code: Code;
  readonly disposition: Disposition;
  readonly at: string | undefined;
  readonly hint: string | undefined;

  constructor(options: FaultOptions<Code>) {
    super(options.message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "Fault";
    this.code = options.code;
    this.disposition = options.disposition;
    this.at = options.at;
    this.hint = options.hint;
  }
}

/** Anything thrown, as a Fault. What is no Fault is a bug or the platform's own error: code `internal`, retried. */
export function faultFrom(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  const message = thrown instanceof Error ? thrown.message : describeThrown(thrown);
  return new Fault({ code: "internal", disposition: "retry", message, cause: thrown });
}

/** The chain of messages, outermost first, joined for one line; `at` stands before the message it belongs to. */
export function formatFault(thrown: unknown): string {
  const parts: string[] = [];
  for (let error: unknown = thrown; error !== undefined && parts.length < 8; error = (error as Error).cause) {
    if (!(error instanceof Error)) {
      parts.push(describeThrown(error));
      break;
    }
    const at = error instanceof Fault && error.at !== undefined ? `${error.at}: ` : "";
    const text = `${at}${error.message}`;
    if (!parts.some((part) => part.endsWith(error.message))) parts.push(text);
  }
  return parts.join(": ");
}

/** Something thrown that is no Error. */
function describeThrown(thrown: unknown): string {
  return typeof thrown === "string" ? thrown : (JSON.stringify(thrown) ?? typeof thrown);
}
