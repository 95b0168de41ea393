// Turns the tree of a template into closures. The node being evaluated is noted in the frame at the same points where
// Go's own executor does it, so that errors name the same place.

import {
  type Argument,
  callFunction,
  type CallSite,
  constantValue,
  type Expression,
  type Final,
  noFinal,
} from "./calls.ts";
import { isShortCircuit, evaluateLogic } from "./logic.ts";
import { evaluateFields } from "./fields.ts";
import { executionDepthMax } from "./limits.ts";
import { compileRange } from "./range.ts";
import { printValue, quote } from "./print.ts";

import type { Compiled, Frame, Signal, Statement } from "./runtime.ts";
import { Frame as NewFrame } from "./runtime.ts";
import { formatNode } from "./tree.ts";
import type {
  ArgumentNode,
  ChainNode,
  CommandNode,
  Definition,
  FieldNode,
  IdentifierNode,
  PipeNode,
  StatementList,
  StatementNode,
  TemplateNode,
  VariableNode,
} from "./tree.ts";
import { GoObject, isTrue, type Value } from "./values.ts";

/** A definition ready to run; its closures are made when it first does, since most of a library's templates never do. */
export function compile(definition: Definition): Compiled {
  const { name, source, slots, isEmpty, list } = definition;
  const compiled: Compiled = {
    name,
    source,
    slots,
    isEmpty,
    run: (frame, dot) => {
      compiled.run = compileNodes(list.nodes);
      return compiled.run(frame, dot);
    },
  };
  return compiled;
}

/** What is parsed only when it runs is compiled then, too. */
function compileList(list: StatementList): Statement {
  if (list.isParsed) return compileNodes(list.nodes);
  let run: Statement | undefined;
  return (frame, dot) => (run ??= compileNodes(list.nodes))(frame, dot);
}

function compileNodes(nodes: readonly StatementNode[]): Statement {
  const statements = nodes.map(compileStatement);
  if (statements.length === 1) return statements[0] as Statement;
  return (frame, dot) => {
    for (const statement of statements) {
      const signal = statement(frame, dot);
      if (signal !== 0) return signal;
    }
    return 0;
  };
}

function compileStatement(node: StatementNode): Statement {
  switch (node.type) {
    case "text": {
      const { value } = node;
      return (frame) => {
        frame.write(value);
        return 0;
      };
    }
    case "action":
      return compileAction(node.pipe);
    case "if":
    case "with":
      return compileCondition(node.type, node);
    case "range":
      return compileRange(node, {
        pipe: compilePipe(node.pipe),
        list: compileList(node.list),
        elseList: node.elseList && compileList(node.elseList),
      });
    case "template":
      return compileTemplate(node);
    case "break":
      return () => 1;
    case "continue":
      return () => 2;
  }
}

function compileAction(pipe: PipeNode): Statement {
  const evaluate = compilePipe(pipe);
  const isSilent = pipe.declarations.length > 0;
  return (frame, dot) => {
    frame.at = pipe;
    const value = evaluate(frame, dot);
    if (!isSilent) frame.write(printAlone(value));
    return 0;
  };
}

/** An action's text: what is nil shows as "<no value>". */
function printAlone(value: Value): string {
  if (value === undefined || value === null) return "<no value>";
  return value instanceof GoObject ? value.printAlone() : printValue(value);
}

function compileCondition(
  type: "if" | "with",
  node: { pipe: PipeNode; list: StatementList; elseList: StatementList | undefined },
): Statement {
  const evaluate = compilePipe(node.pipe);
  const list = compileList(node.list);
  const elseList = node.elseList && compileList(node.elseList);
  return (frame, dot) => {
    const value = evaluate(frame, dot);
    if (isTrue(value)) return type === "with" ? runWith(frame, list, value) : list(frame, dot);
    return elseList === undefined ? 0 : elseList(frame, dot);
  };
}

/** The dot that a pipeline gives has the type of what it is, also where a range handed it out as anything. */
function runWith(frame: Frame, list: Statement, dot: Value): Signal {
  const outer = frame.isDotAnything;
  frame.isDotAnything = false;
  const signal = list(frame, dot);
  frame.isDotAnything = outer;
  return signal;
}

function compileTemplate(node: TemplateNode): Statement {
  const evaluate = node.pipe && compilePipe(node.pipe);
  return (frame, dot): Signal => {
    frame.at = node;
    const template = frame.set.find(node.name);
    if (template === undefined) return frame.fail(`template ${quote(node.name)} not defined`);
    if (frame.depth === executionDepthMax) frame.fail(`exceeded maximum template depth (${executionDepthMax})`);
    const data = evaluate === undefined ? undefined : evaluate(frame, dot);
    const inner = new NewFrame(frame.set, template, data, frame.depth + 1);
    frame.set.turn();
    template.run(inner, data);
    frame.out += inner.out;
    return 0;
  };
}

function compilePipe(pipe: PipeNode): Expression {
  const commands = pipe.commands.map(compileCommand);
  const slots = pipe.declarations.map((variable) => variable.slot);
  const single = commands[0] as ReturnType<typeof compileCommand>;
  return (frame, dot) => {
    frame.at = pipe;
    let value = single(frame, dot, noFinal);
    for (let i = 1; i < commands.length; i++)
      value = (commands[i] as ReturnType<typeof compileCommand>)(frame, dot, value === null ? undefined : value);
    if (value === null) value = undefined;
    for (const [i, slot] of slots.entries()) {
      if (slot < 0) frame.fail(`undefined variable: ${pipe.declarations[i]?.name}`);
      frame.setVariable(slot, value, false);
    }
    return value;
  };
}

type Command = (frame: Frame, dot: Value, final: Final) => Value;

function compileCommand(command: CommandNode): Command {
  const first = command.args[0] as ArgumentNode;
  const args = command.args.slice(1).map(compileArgument);
  switch (first.type) {
    case "field":
      return compileField(first, args);
    case "chain":
      return compileChain(first, args);
    case "identifier":
      return compileCall(first, { name: first.name, node: command, args });
    case "variable":
      return compileVariable(first, args);
    case "pipe": {
      const evaluate = compilePipe(first);
      return (frame, dot, final) => {
        if (args.length > 0 || final !== noFinal) failNoFunction(frame, command);
        return evaluate(frame, dot);
      };
    }
    case "dot":
    case "nil":
    case "bool":
    case "string":
    case "number":
      return compileConstantCommand(first, command);
  }
}

function failNoFunction(frame: Frame, command: CommandNode): never {
  const first = command.args[0] as ArgumentNode;
  return frame.fail(`can't give argument to non-function ${formatNode(first)}`);
}

function compileConstantCommand(first: ArgumentNode, command: CommandNode): Command {
  return (frame, dot, final) => {
    frame.at = first;
    if (command.args.length > 1 || final !== noFinal) failNoFunction(frame, command);
    if (first.type === "dot") return dot;
    if (first.type === "nil") return frame.fail("nil is not a command");
    return constantValue(frame, first);
  };
}

/** Functions are looked up when called, so that one compiled text serves many renders. */
function compileCall(node: IdentifierNode, site: CallSite): Command {
  const { name } = node;
  if (isShortCircuit(name))
    return (frame, dot, final) => {
      frame.at = node;
      return evaluateLogic(frame, dot, { site, isOr: name === "or" }, final);
    };
  return (frame, dot, final) => {
    frame.at = node;
    const fn = frame.set.functions.get(name);
    if (fn === undefined) return frame.fail(`${quote(name)} is not a defined function`);
    return callFunction(frame, dot, { fn, site }, final);
  };
}

function compileField(node: FieldNode, args: readonly Argument[]): Command {
  const { names } = node;
  if (names.length === 0) return (_frame, dot) => dot;
  return (frame, dot, final) => {
    frame.at = node;
    return evaluateFields(frame, { dot, receiver: dot, names, node, args }, final);
  };
}

function compileVariable(node: VariableNode, args: readonly Argument[]): Command {
  const { names, slot } = node;
  return (frame, dot, final) => {
    frame.at = node;
    if (slot < 0) return frame.fail(`undefined variable: ${node.name}`);
    const value = frame.variables[slot];
    if (names.length > 0) return evaluateFields(frame, { dot, receiver: value, names, node, args }, final);
    if (args.length > 0 || final !== noFinal) return frame.fail(`can't give argument to non-function ${node.name}`);
    return value;
  };
}

function compileChain(node: ChainNode, args: readonly Argument[]): Command {
  const inner = compileArgument(node.node);
  return (frame, dot, final) => {
    frame.at = node;
    if (inner.evaluate === undefined) return frame.fail("indirection through explicit nil");
    // As in Go, what fails behind the parenthesis is told of the last thing inside it.
    const receiver = inner.evaluate(frame, dot);
    return evaluateFields(frame, { dot, receiver, names: node.names, node, args }, final);
  };
}

function compileArgument(node: ArgumentNode): Argument {
  switch (node.type) {
    case "dot":
      return { node, evaluate: (_frame, dot) => dot };
    case "field":
      return { node, evaluate: withoutFinal(compileField(node, [])) };
    case "variable":
      return { node, evaluate: withoutFinal(compileVariable(node, [])) };
    case "pipe":
      return { node, evaluate: compilePipe(node) };
    case "identifier":
      return { node, evaluate: withoutFinal(compileCall(node, { name: node.name, node, args: [] })) };
    case "chain":
      return { node, evaluate: withoutFinal(compileChain(node, [])) };
    case "nil":
    case "bool":
    case "string":
    case "number":
      return { node, evaluate: undefined };
  }
}

function withoutFinal(command: Command): Expression {
  return (frame, dot) => command(frame, dot, noFinal);
}
