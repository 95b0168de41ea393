// When an object that is open has changed: the stream of its delivery says so.

import { type ReadonlySignal, useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { cards, followDelivery } from "../../state/fleet.ts";
import { type ObjectLink, parseLinkKey } from "../../wire/types.ts";

export type ObjectChanges = {
  /** Changes with the object, as far as the stream tells of it, and with its delivery: what Git says, drift, what was healed. */
  cause: ReadonlySignal<unknown>;
  /** Says which delivery states the object, once that is known. */
  follow: (delivery: string) => void;
};

/** Follows the delivery whose key is `from`, or that which is named later. */
export function useObjectChanges(object: ObjectLink, from: string): ObjectChanges {
  const count = useSignal(0);
  const key = useSignal(parseLinkKey(from) === undefined ? "" : from);
  useEffect(() => {
    if (key.value === "") return;
    const isIt = (node: ObjectLink): boolean =>
      node.kind === object.kind && node.name === object.name && node.namespace === object.namespace;
    return followDelivery(key.value, {
      objects: ({ put }) => {
        if (put.some(isIt)) count.value++;
      },
      log: () => undefined,
    });
  }, [key.value]);
  return {
    cause: useComputed(() => ({ count: count.value, card: cards.value.get(key.value) })),
    follow: (delivery) => void (key.value = delivery),
  };
}
