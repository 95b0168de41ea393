// What one render carries along: its functions, its options, its named templates and its budgets.

import { TemplateExecError, TemplateLimitError, TemplateStackError } from "./faults.ts";
import type { GoFunction } from "./functions.ts";
import { loopTurnsMax, outputLengthMax } from "./limits.ts";
import { Surveyor } from "./survey.ts";
import { Words } from "./words.ts";
import { formatNode, formatPlace, type Node, type Source } from "./tree.ts";
import { byteLength } from "./bytes.ts";
import { quote } from "./print.ts";
import type { Value } from "./values.ts";

/** What to do about a key that a map lacks: "zero" gives nil, "error" ends the render. */
export type MissingKey = "default" | "zero" | "error";

/** How a list of statements ended: 0 at its end, 1 by break, 2 by continue. */
export type Signal = 0 | 1 | 2;

export type Statement = (frame: Frame, dot: Value) => Signal;

/** A template ready to run. */
export type Compiled = { name: string; source: Source; slots: number; run: Statement; isEmpty: boolean };

/** Budgets shared by all that one render runs. */
export type Budget = {
  turns: number;
  calls: number;
  length: number;
  outputLengthMax: number;
  /** Called now and then; throws when the time is up. */
  checkTime: (() => void) | undefined;
};

export function newBudget(options: { outputLengthMax?: number; checkTime?: () => void } = {}): Budget {
  return {
    turns: 0,
    calls: 0,
    length: 0,
    outputLengthMax: options.outputLengthMax ?? outputLengthMax,
    checkTime: options.checkTime,
  };
}

/** Functions and templates that can see each other; a clone adds its own without showing them to the original. */
export class TemplateSet {
  readonly functions: Map<string, GoFunction>;
  readonly missingKey: MissingKey;
  readonly budget: Budget;
  readonly surveyor: Surveyor;
  readonly #templates = new Map<string, Compiled>();
  readonly #parent: TemplateSet | undefined;

  constructor(
    functions: Map<string, GoFunction>,
    options: { missingKey?: MissingKey; budget?: Budget; parent?: TemplateSet } = {},
  ) {
    this.functions = functions;
    this.missingKey = options.missingKey ?? "default";
    this.budget = options.budget ?? newBudget();
    this.#parent = options.parent;
    this.surveyor = options.parent?.surveyor ?? new Surveyor(new Words((name) => functions.has(name)));
  }

  /** A set that sees all of this one; what is added to it stays in it. */
  clone(): TemplateSet {
    return new TemplateSet(this.functions, { missingKey: this.missingKey, budget: this.budget, parent: this });
  }

  find(name: string): Compiled | undefined {
    return this.#templates.get(name) ?? this.#parent?.find(name);
  }

  /** Adds a definition; one that is only blanks does not replace another. */
  add(template: Compiled): void {
    if (template.isEmpty && this.find(template.name) !== undefined) return;
    this.#templates.set(template.name, template);
  }

  /** The text that the named template gives for `data`. `owner` is named in the error when there is none. */
  execute(name: string, data: Value, owner: string = name): string {
    const template = this.find(name);
    if (template === undefined)
      throw new TemplateExecError(`template: no template ${quote(name)} associated with template ${quote(owner)}`);
    const frame = new Frame(this, template, data);
    this.turn();
    try {
      template.run(frame, data);
    } catch (error) {
      throw limitFor(error) ?? error;
    }
    return frame.out;
  }

  /** Counts one call of a function; some take long, so the time is looked at more often than in loops. */
  call(): void {
    const budget = this.budget;
    if ((++budget.calls & 0xf) === 0) budget.checkTime?.();
  }

  /** Counts one turn of a loop, or one call of a template: those that call each other can take forever without any loop. */
  turn(): void {
    const budget = this.budget;
    budget.turns++;
    if ((budget.turns & 0x3ff) === 0) budget.checkTime?.();
    if (budget.turns > loopTurnsMax) throw new TemplateLimitError(`more than ${loopTurnsMax} turns of loops`);
  }
}

/** The limit that JavaScript itself has met; undefined for any other error. */
function limitFor(error: unknown): TemplateLimitError | undefined {
  if (!(error instanceof RangeError)) return undefined;
  if (error.message.includes("call stack")) return new TemplateStackError();
  return /length|allocation|repeat count/i.test(error.message)
    ? new TemplateLimitError("a text or a list grew longer than can be held")
    : undefined;
}

/** One execution of one template. */
export class Frame {
  readonly set: TemplateSet;
  readonly template: Compiled;
  readonly variables: Value[];
  /** Templates around this one, up to where an include or a tpl began anew. */
  readonly depth: number;
  /** The node being evaluated, for errors. */
  at: Node | undefined = undefined;
  /** The dot is what a range hands out of a list or map of anything; for errors, which name that type. */
  isDotAnything = false;
  /** The slots of variables of which the same is true. */
  #anything: Set<number> | undefined;
  out = "";

  constructor(set: TemplateSet, template: Compiled, data: Value, depth = 0) {
    this.set = set;
    this.template = template;
    this.depth = depth;
    this.variables = Array.from<Value>({ length: template.slots });
    this.variables[0] = data;
  }

  /** `isAnything`: the value is handed out of a list or map of anything. */
  setVariable(slot: number, value: Value, isAnything: boolean): void {
    this.variables[slot] = value;
    if (isAnything) (this.#anything ??= new Set()).add(slot);
    else this.#anything?.delete(slot);
  }

  /** Whether what the node begins at is handed out as anything: parentheses hand on what lies inside. */
  beginsAtAnything(node: Node): boolean {
    if (node.type === "variable") return this.#anything?.has(node.slot) ?? false;
    return node.type === "field" && this.isDotAnything;
  }

  write(text: string): void {
    this.out += text;
    const budget = this.set.budget;
    budget.length += text.length;
    if (budget.length > budget.outputLengthMax)
      throw new TemplateLimitError(`output is longer than ${budget.outputLengthMax} characters`);
  }

  fail(message: string, cause?: unknown): never {
    const name = this.template.name;
    if (this.at === undefined) throw new TemplateExecError(`template: ${name}: ${message}`, cause);
    const place = formatPlace(this.at, byteLength);
    throw new TemplateExecError(
      `template: ${place}: executing ${quote(name)} at <${formatNode(this.at)}>: ${message}`,
      cause,
    );
  }
}
