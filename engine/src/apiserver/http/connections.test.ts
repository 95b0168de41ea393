import type { Socket } from "node:net";
import { expect, it } from "vitest";
import { Connections } from "./connections.ts";

/** The far end of a connection; `isOpen` until somebody closes it. */
type End = { remoteAddress: string; remotePort: number; isOpen: boolean };

function end(remotePort: number): End & Socket {
  let closed = (): void => undefined;
  const one = {
    remoteAddress: "127.0.0.1",
    remotePort,
    isOpen: true,
    once: (_: string, act: () => void) => (closed = act),
    destroy: () => {
      one.isOpen = false;
      closed();
    },
  };
  return one as unknown as End & Socket;
}

const whole = { isUnfinished: false };
const unfinished = { isUnfinished: true };

type Step = (connections: Connections, ends: readonly Socket[]) => void;

const secured: Step = (connections, ends) => {
  for (const one of ends) connections.secured(one);
};

/** Opens three where there is room for three, lets `step` happen, and opens a fourth. */
function whoStays(step: Step): boolean[] {
  const connections = new Connections(3);
  const ends = [end(1), end(2), end(3)];
  for (const one of ends) connections.open(one);
  step(connections, ends);
  const late = end(4);
  connections.open(late);
  expect(connections.size).toBe(3);
  return [...ends, late].map(({ isOpen }) => isOpen);
}

function asks(connections: Connections, socket: Socket | undefined, pending: { isUnfinished: boolean }): () => void {
  return connections.begin(connections.of(socket as Socket), pending);
}

const cases: Record<string, { step: Step; stays: boolean[] }> = {
  "lets go whose handshake is unfinished, the longest first": {
    step: () => undefined,
    stays: [false, true, true, true],
  },
  "keeps who finished the handshake before who did not": {
    step: (connections, [first]) => connections.secured(first as Socket),
    stays: [true, false, true, true],
  },
  "lets go who has asked for nothing for the longest time": {
    step: (connections, ends) => {
      secured(connections, ends);
      asks(connections, ends[0], whole)();
      asks(connections, ends[2], whole);
    },
    stays: [true, false, true, true],
  },
  "lets go who sends no body whole, where all others are at work": {
    step: (connections, ends) => {
      secured(connections, ends);
      asks(connections, ends[0], whole);
      asks(connections, ends[1], unfinished);
      asks(connections, ends[2], unfinished);
      asks(connections, ends[2], whole);
    },
    stays: [true, false, true, true],
  },
  "turns away who comes while all are at work": {
    step: (connections, ends) => {
      secured(connections, ends);
      for (const one of ends) asks(connections, one, whole);
    },
    stays: [true, true, true, false],
  },
};

for (const [name, { step, stays }] of Object.entries(cases)) it(name, () => expect(whoStays(step)).toEqual(stays));

it("has room again when one has gone, and knows no more of it", () => {
  const connections = new Connections(1);
  const [first, second] = [end(1), end(2)];
  connections.open(first);
  first.destroy();
  expect(connections.of(first)).toBeUndefined();
  connections.open(second);
  expect([connections.size, second.isOpen]).toEqual([1, true]);
});
