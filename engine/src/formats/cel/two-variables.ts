// cel-go's comprehensions with two variables: an index or key beside each value. Macros of the language, made of its own evaluator.

import type { Environment } from "@marcbachmann/cel-js";

/** The parts of cel-js that its macros are given; its own types leave them open. */
type Node = { op: string; args: unknown };
type Scope = {
  forkWithVariable(name: string, type: unknown): Scope;
  reuse(parent: Scope): Scope;
  setIterValue(value: unknown, runner: Runner): Scope;
};
type Checker = { check(node: Node, scope: Scope): unknown; getType(name: string): unknown };
type Runner = { run(node: Node, scope: Scope): unknown };
type Call = { args: Node[]; receiver: Node };

type Macro = {
  outer: Scope | undefined;
  inner: Scope | undefined;
  typeCheck(checker: Checker, macro: Macro, scope: Scope): unknown;
  evaluate(runner: Runner, macro: Macro, scope: Scope): unknown;
};

type Entry = [unknown, unknown];

function entriesOf(range: unknown): Entry[] {
  if (Array.isArray(range)) return range.map((value: unknown, index): Entry => [BigInt(index), value]);
  if (range instanceof Map) return [...range.entries()] as Entry[];
  return Object.entries(range as object);
}

function nameOf(node: Node): string {
  if (node.op === "id" && typeof node.args === "string") return node.args;
  throw new Error("argument must be a simple name");
}

/** `body(index, entry)` evaluates one of the arguments behind the two names. */
type Fold = (entries: readonly Entry[], body: (argument: number, entry: Entry) => unknown) => unknown;

function macro(type: string, fold: Fold): (call: Call) => Macro {
  return ({ args, receiver }) => {
    const [first, second] = [nameOf(args[0] as Node), nameOf(args[1] as Node)];
    const bodies = args.slice(2);
    return {
      outer: undefined,
      inner: undefined,
      typeCheck(checker, self, scope) {
        checker.check(receiver, scope);
        self.outer = scope.forkWithVariable(first, checker.getType("dyn"));
        self.inner = self.outer.forkWithVariable(second, checker.getType("dyn"));
        for (const body of bodies) checker.check(body, self.inner);
        return checker.getType(type);
      },
      evaluate(runner, self, scope) {
        const { outer, inner } = self as { outer: Scope; inner: Scope };
        return fold(entriesOf(runner.run(receiver, scope)), (argument, [key, value]) => {
          const around = outer.reuse(scope).setIterValue(key, runner);
          return runner.run(bodies[argument] as Node, inner.reuse(around).setIterValue(value, runner));
        });
      },
    };
  };
}

/** Errors count only where no other entry decides, as in the one-variable forms. */
function quantified(entries: readonly Entry[], test: (entry: Entry) => unknown, decisive: boolean): boolean {
  let failure: unknown;
  for (const entry of entries) {
    try {
      if (test(entry) === decisive) return decisive;
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure as Error;
  return !decisive;
}

function count(entries: readonly Entry[], test: (entry: Entry) => unknown): number {
  return entries.filter((entry) => test(entry) === true).length;
}

const single: Fold = (entries, body) => count(entries, (entry) => body(0, entry)) === 1;
const object = (pairs: readonly Entry[]): object =>
  Object.fromEntries(pairs.map(([key, value]) => [String(key as string), value]));

/** By signature; `ast` stands for an argument that is not evaluated before the call. */
const macros: Readonly<Record<string, (call: Call) => Macro>> = {
  "list.all(ast, ast, ast): bool": macro("bool", (all, body) => quantified(all, (entry) => body(0, entry), false)),
  "list.exists(ast, ast, ast): bool": macro("bool", (all, body) => quantified(all, (entry) => body(0, entry), true)),
  "list.existsOne(ast, ast, ast): bool": macro("bool", single),
  "list.exists_one(ast, ast, ast): bool": macro("bool", single),
  "list.transformList(ast, ast, ast): list<dyn>": macro("list<dyn>", (all, body) => all.map((entry) => body(0, entry))),
  "list.transformList(ast, ast, ast, ast): list<dyn>": macro("list<dyn>", (all, body) =>
    all.filter((entry) => body(0, entry) === true).map((entry) => body(1, entry)),
  ),
  "list.transformMap(ast, ast, ast): dyn": macro("dyn", (all, body) =>
    object(all.map((entry) => [entry[0], body(0, entry)])),
  ),
  "list.transformMap(ast, ast, ast, ast): dyn": macro("dyn", (all, body) =>
    object(all.filter((entry) => body(0, entry) === true).map((entry) => [entry[0], body(1, entry)])),
  ),
  "list.transformMapEntry(ast, ast, ast): dyn": macro("dyn", (all, body) =>
    object(all.flatMap((entry) => entriesOf(body(0, entry)))),
  ),
};

export function registerTwoVariables(env: Environment): void {
  for (const [signature, handler] of Object.entries(macros)) env.registerFunction(signature, handler as never);
}
