// A component that is drawn again only when one of its properties is another.

import { Component, createElement, type ComponentType, type JSX } from "preact";

export function memo<Props extends object>(inner: ComponentType<Props>): ComponentType<Props> {
  return class Memo extends Component<Props> {
    override shouldComponentUpdate(next: Readonly<Props>): boolean {
      const { props } = this;
      return (Object.keys(next) as (keyof Props)[]).some((name) => next[name] !== props[name]);
    }

    override render(props: Props): JSX.Element {
      return createElement(inner, props);
    }
  };
}
