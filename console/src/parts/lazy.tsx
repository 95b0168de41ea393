// A part of the console that is fetched when it is first shown.

import { useSignal } from "@preact/signals";
import type { ComponentType, JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Awaiting, Trouble } from "./nothing.tsx";

/** A component that stands for one that is not here yet. `load` runs once, and again after a failure. */
export function lazy<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  isQuiet = false,
): ComponentType<Props> {
  let loaded: ComponentType<Props> | undefined;
  return function Lazy(props: Props): JSX.Element | null {
    const state = useSignal<"waiting" | "here" | "failed">(loaded === undefined ? "waiting" : "here");
    useEffect(() => {
      if (state.value !== "waiting") return;
      load().then(
        (found) => {
          loaded = found;
          state.value = "here";
        },
        () => (state.value = "failed"),
      );
    }, [state.value]);
    const Loaded = loaded;
    if (state.value === "here" && Loaded !== undefined) return <Loaded {...props} />;
    if (state.value === "waiting") return isQuiet ? null : <Awaiting what="Opening" />;
    const error = { message: "This part of the console could not be fetched.", hint: "The server may be restarting." };
    return <Trouble error={error} retry={() => (state.value = "waiting")} />;
  };
}
