// The one place that knows every room: it wires the rings together and hands the command line its ports.
export {};
