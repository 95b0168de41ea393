// Paths of fields, one under the other.

import type { JSX } from "preact";

export function FieldList({ fields }: { fields: readonly string[] }): JSX.Element {
  return (
    <ul>
      {fields.map((field) => (
        <li key={field}>
          <code>{field}</code>
        </li>
      ))}
    </ul>
  );
}
