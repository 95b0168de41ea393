// When an object that is open has changed: its delivery's stream says so.

import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { followDelivery } from "../../state/fleet.ts";
import { type Link, linkKey, type ObjectLink } from "../../wire/types.ts";

/** Counts changes of the object, as far as the stream of `delivery` tells them. */
export function useObjectChanges(object: ObjectLink, delivery: Link | undefined): ReadonlySignal<number> {
  const count = useSignal(0);
  const key = delivery === undefined ? "" : linkKey(delivery);
  useEffect(() => {
    if (key === "") return;
    return followDelivery(key, {
      objects: ({ put }) => {
        if (
          put.some(
            (node) => node.kind === object.kind && node.name === object.name && node.namespace === object.namespace,
          )
        )
          count.value++;
      },
      log: () => undefined,
    });
  }, [key]);
  return count;
}
