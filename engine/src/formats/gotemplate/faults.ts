// What can go wrong with a Go template. A parse error ends before anything runs; an execution error carries the place,
// the expression and, as its cause, the error of the function or template called there.

import { Fault } from "#kernel";

export type TemplateFaultCode = "template-parse" | "template-exec" | "template-limit" | "template-stack";

/** An error in a template's text: "template: NAME:LINE: reason", as Go's parser words it. */
export class TemplateParseError extends Fault<TemplateFaultCode> {
  constructor(message: string) {
    super({ code: "template-parse", disposition: "stall", message });
    this.name = "TemplateParseError";
  }
}

/** An error while a template runs: "template: NAME:LINE:COLUMN: executing "T" at <EXPRESSION>: reason". */
export class TemplateExecError extends Fault<TemplateFaultCode> {
  constructor(message: string, cause?: unknown) {
    super({ code: "template-exec", disposition: "stall", message, cause });
    this.name = "TemplateExecError";
  }
}

/** A time, depth or output limit that was reached; never turned into a function's error, so that nothing swallows it. */
export class TemplateLimitError extends Fault<TemplateFaultCode> {
  constructor(message: string, code: "template-limit" | "template-stack" = "template-limit") {
    super({ code, disposition: "stall", message, hint: "look for a loop that never ends" });
    this.name = "TemplateLimitError";
  }
}

/** Templates called each other more deeply than this thread's stack holds; one with a longer stack may go on. */
export class TemplateStackError extends TemplateLimitError {
  constructor() {
    super("templates call each other too deeply", "template-stack");
    this.name = "TemplateStackError";
  }
}

/** An error that a function returns or a Go function would panic with; the caller adds its place. */
export class GoError extends Error {
  override readonly name: string = "GoError";
}

/** Something was called that is no function; who knows the template's text names it by that. */
export class NotAFunction extends GoError {
  readonly type: string;

  constructor(name: string, type: string) {
    super(`non-function ${name} of type ${type}`);
    this.type = type;
  }

  messageFor(name: string): string {
    return `non-function ${name} of type ${this.type}`;
  }
}
