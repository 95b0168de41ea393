// A change of one file as `git diff` shows it.

import type { JSX } from "preact";

export function UnifiedDiff({ path, text }: { path: string; text: string }): JSX.Element {
  const lines = text.replace(/\n$/, "").split("\n");
  const what = (line: string): string =>
    /^(\+\+\+|---|@@|diff |index )/.test(line)
      ? "is-head"
      : line.startsWith("+")
        ? "is-added"
        : line.startsWith("-")
          ? "is-removed"
          : "";
  return (
    <figure class="unified">
      <figcaption>
        <code>{path}</code>
      </figcaption>
      <pre tabIndex={0}>
        {lines.map((line, index) => (
          <span key={index} class={what(line)}>
            {line}
            {"\n"}
          </span>
        ))}
      </pre>
    </figure>
  );
}
