// Times by a layout of Go's. The renderer knows these, and is loaded for them alone.

import { formatGoTime } from "#render/helm";

/** The time as `layout` says, such as 2006-01-02. */
export function byLayout(layout: string): (time: string | undefined) => string {
  return (time) => formatGoTime(time ?? "", layout);
}
