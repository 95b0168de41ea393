// Kubernetes' authorizer library (apiserver/pkg/cel/library/authz.go): questions of access, asked of whoever the caller gives.

import type { Environment } from "@marcbachmann/cel-js";

export type AccessAttributes = {
  verb: string;
  path?: string;
  group?: string;
  resource?: string;
  subresource?: string;
  namespace?: string;
  name?: string;
};

export type AccessDecision = { isAllowed: boolean; reason: string };

/** Decides for the requester, or for a service account where one is named. */
export type DecideAccess = (
  attributes: AccessAttributes,
  account: { namespace: string; name: string } | undefined,
) => AccessDecision;

/** The variable `authorizer`. */
export class CelAuthorizer {
  readonly decide: DecideAccess;
  readonly account: { namespace: string; name: string } | undefined;
  constructor(decide: DecideAccess, account?: { namespace: string; name: string }) {
    this.decide = decide;
    this.account = account;
  }
}

class PathCheck {
  readonly authorizer: CelAuthorizer;
  readonly path: string;
  constructor(authorizer: CelAuthorizer, path: string) {
    this.authorizer = authorizer;
    this.path = path;
  }
}

class GroupCheck {
  readonly authorizer: CelAuthorizer;
  readonly group: string;
  constructor(authorizer: CelAuthorizer, group: string) {
    this.authorizer = authorizer;
    this.group = group;
  }
}

/** What `authorizer.requestResource` is, and what each step of a question gives. */
export class CelResourceCheck {
  readonly authorizer: CelAuthorizer;
  readonly attributes: Omit<AccessAttributes, "verb">;
  constructor(authorizer: CelAuthorizer, attributes: Omit<AccessAttributes, "verb">) {
    this.authorizer = authorizer;
    this.attributes = attributes;
  }
  with(more: Partial<AccessAttributes>): CelResourceCheck {
    return new CelResourceCheck(this.authorizer, { ...this.attributes, ...more });
  }
}

class Decision {
  readonly made: AccessDecision;
  constructor(made: AccessDecision) {
    this.made = made;
  }
}

export function registerAuthorizer(env: Environment): void {
  env
    .registerType("Authorizer", CelAuthorizer)
    .registerType("PathCheck", PathCheck)
    .registerType("GroupCheck", GroupCheck)
    .registerType("ResourceCheck", CelResourceCheck)
    .registerType("Decision", Decision)
    .registerFunction("Authorizer.path(string): PathCheck", (from: CelAuthorizer, path: string) => {
      if (path === "") throw new Error("path must not be empty");
      return new PathCheck(from, path);
    })
    .registerFunction("Authorizer.group(string): GroupCheck", (from: CelAuthorizer, group: string) => {
      return new GroupCheck(from, group);
    })
    .registerFunction(
      "Authorizer.serviceAccount(string, string): Authorizer",
      (from: CelAuthorizer, namespace: string, name: string) => new CelAuthorizer(from.decide, { namespace, name }),
    )
    .registerFunction("GroupCheck.resource(string): ResourceCheck", (from: GroupCheck, resource: string) => {
      return new CelResourceCheck(from.authorizer, { group: from.group, resource });
    })
    .registerFunction(
      "ResourceCheck.subresource(string): ResourceCheck",
      (from: CelResourceCheck, subresource: string) => from.with({ subresource }),
    )
    .registerFunction("ResourceCheck.namespace(string): ResourceCheck", (from: CelResourceCheck, namespace: string) =>
      from.with({ namespace }),
    )
    .registerFunction("ResourceCheck.name(string): ResourceCheck", (from: CelResourceCheck, name: string) =>
      from.with({ name }),
    )
    .registerFunction(
      "ResourceCheck.check(string): Decision",
      ({ authorizer, attributes }: CelResourceCheck, verb: string) => {
        return new Decision(authorizer.decide({ ...attributes, verb }, authorizer.account));
      },
    )
    .registerFunction("PathCheck.check(string): Decision", ({ authorizer, path }: PathCheck, verb: string) => {
      return new Decision(authorizer.decide({ path, verb }, authorizer.account));
    })
    .registerFunction("Decision.allowed(): bool", ({ made }: Decision) => made.isAllowed)
    .registerFunction("Decision.reason(): string", ({ made }: Decision) => made.reason)
    .registerFunction("Decision.errored(): bool", () => false)
    .registerFunction("Decision.error(): string", () => "");
}
