// Which rows of a long list are worth drawing: those in view, and a few beyond, so that scrolling finds them there.

/** Rows drawn beyond each edge: a fast flick moves about this far between two frames. */
const beyond = 12;

export type Span = { first: number; end: number };

/** The rows to draw of `count` rows of one height, when `top` to `bottom` of the list is in view. */
export function spanInView({
  count,
  rowHeight,
  top,
  bottom,
}: {
  count: number;
  rowHeight: number;
  top: number;
  bottom: number;
}): Span {
  const first = Math.floor(top / rowHeight) - beyond;
  const end = Math.ceil(bottom / rowHeight) + beyond;
  return { first: clamp(first, count), end: clamp(end, count) };
}

const clamp = (index: number, count: number): number => Math.max(0, Math.min(count, index));
