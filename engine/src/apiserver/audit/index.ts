// Who changed what: the audit log and the question of authors.

export { auditLine, type Finished, type Version, versionsMade } from "./event.ts";
export { AuditLog, type Author } from "./log.ts";
