// What the HTTP port itself can fail with.

export type ServerCode = "port-taken";
