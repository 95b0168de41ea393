// Which actions a delivery offers in its present state, in words; each with the reason why it is not possible, where it is not.

import type { Action, ActionAsk, Card, Rights } from "../wire/types.ts";

export type Offer = { ask: ActionAsk; name: string; keys: string; whyNot: string; isMain: boolean };

/** One action by name and key, with the reason why it is not possible. */
export function offerOf(what: Pick<Offer, "ask" | "name" | "keys">, rights: Rights | undefined): Offer {
  const right = rights?.[what.ask.action];
  const whyNot = right === undefined ? "your rights are being read" : right.ok ? "" : right.reason;
  return { ...what, whyNot, isMain: false };
}

/** What one can ask of a card. Without rights yet, everything waits for them. */
export function offersOf(card: Card, rights: Rights | undefined): Offer[] {
  const link = { kind: card.kind, namespace: card.namespace, name: card.name };
  const offer = (action: Action, name: string, keys: string, more: Partial<ActionAsk> = {}): Offer =>
    offerOf({ ask: { action, link, ...more }, name, keys }, rights);
  const offers: Offer[] = [];
  if (card.held !== undefined)
    offers.push({
      ...offer("approve", "Approve…", "a", card.held.revision === "" ? {} : { revision: card.held.revision }),
      isMain: true,
    });
  if (card.drift.length > 0) {
    offers.push({ ...offer("heal", "Heal the drift…", "H"), isMain: true });
    offers.push(offer("accept", "Accept into Git…", "A"));
  }
  offers.push(offer("reconcile", "Reconcile…", "r"));
  const isStopped = card.isSuspended || card.pinned !== undefined;
  offers.push(isStopped ? { ...offer("resume", "Resume…", "s"), isMain: true } : offer("suspend", "Suspend…", "s"));
  return offers;
}

/** The title of each action's window. */
export function titleOf({ action, link }: ActionAsk): string {
  const names: Readonly<Record<Action, string>> = {
    reconcile: `Reconcile ${link.name}`,
    suspend: `Suspend ${link.name}`,
    resume: `Resume ${link.name}`,
    approve: `Approve what ${link.name} holds back`,
    heal: `Heal the drift of ${link.name}`,
    accept: `Accept the drift of ${link.name} into Git`,
    "roll-back": `Roll ${link.name} back`,
  };
  return names[action];
}

/** The word on the button that does it. */
export function verbOf(action: Action): string {
  const verbs: Readonly<Record<Action, string>> = {
    reconcile: "Reconcile now",
    suspend: "Suspend",
    resume: "Resume",
    approve: "Approve",
    heal: "Heal",
    accept: "Accept",
    "roll-back": "Roll back",
  };
  return verbs[action];
}
