// Work queue, back-off and the loop over keys. Knows no kind of ours.

export {
  type ControllerOptions,
  type Pass,
  type Reconcile,
  type ReconcileResult,
  runController,
} from "./controller.ts";
export { priorities, type Priority, type Work, WorkQueue, type WorkQueueOptions } from "./work-queue.ts";
export { type Numbered, type ThreadEnd, ThreadLost, ThreadPool, type ThreadPoolOptions } from "./thread-pool.ts";
