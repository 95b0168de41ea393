// Where a page cannot be drawn, the frame stays: one sees what failed, and can go on elsewhere.

import { Component, type ComponentChildren, type JSX } from "preact";
import { Trouble } from "./nothing.tsx";

type State = { error: unknown };

/** Catches what its children throw while they are drawn; a new `key` begins afresh. */
export class Boundary extends Component<{ children: ComponentChildren }, State> {
  static override getDerivedStateFromError(error: unknown): State {
    return { error };
  }

  override render(): ComponentChildren {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return <Broken error={error} retry={() => this.setState({ error: undefined })} />;
  }
}

function Broken({ error, retry }: { error: unknown; retry: () => void }): JSX.Element {
  const message = error instanceof Error ? error.message : String(error);
  return (
    <>
      <h1 tabIndex={-1}>This page could not be drawn</h1>
      <Trouble
        error={{ message, hint: "What came may have an unexpected form. The other pages work." }}
        retry={retry}
      />
      <p>
        <a href="/">Back to the fleet</a>
      </p>
    </>
  );
}
