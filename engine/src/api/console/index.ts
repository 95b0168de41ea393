// The protocol between the console and the server: what is asked, what is answered, what is streamed.

export type { Action, ActionAsk, ActionDone, ActionPlan, Rights } from "./actions.ts";
export type {
  ChainLink,
  ConditionView,
  DeliveryPage,
  FieldDiff,
  HistoryEntry,
  PlanStep,
  PlanView,
  ReleaseEntry,
  Tree,
} from "./delivery.ts";
export type {
  Card,
  Change,
  DriftView,
  FleetState,
  HeldView,
  LogLine,
  ObjectChanges,
  SearchAnswer,
  SearchHit,
  StreamEvents,
  TreeNode,
} from "./fleet.ts";
export type { ChainItem, FieldOwner, ObjectPage, Origin, Place } from "./object.ts";
export { apiPaths, linkKey, parseLinkKey } from "./paths.ts";
export type { ClusterFacts, ServerFacts, Session, SignedOut } from "./session.ts";
export type { CommitEffect, DeliveryThen, Moment, ObjectThen, Timeline, TimelineEntry } from "./timeline.ts";
export type { Commit, Happening, Health, Link, ObjectLink, Refusal, RefusalCode } from "./words.ts";
