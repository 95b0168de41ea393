// What main.ts hands to the command line: the rooms that it must not import itself. Each is loaded when first called.

export type Ports = {
  /** Of the package: `0.1.0`. */
  version: string;
};
