// The wire: requests, answers, watches, the port.

export { Bodies } from "./bodies.ts";
export type { Incoming } from "./exchange.ts";
export { handle, type HandlerContext } from "./handler.ts";
export { kubeconfigText } from "./kubeconfig.ts";
export { listen } from "./listener.ts";
export { Metrics } from "./metrics.ts";
export { deleteOptions } from "./query.ts";
export { Presenter } from "./presenter.ts";
export { Unsent } from "./unsent.ts";
