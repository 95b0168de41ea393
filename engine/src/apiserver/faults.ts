// What can keep the server from starting.

/**
 * port-in-use: another process listens there. cannot-listen: the address is not ours to use. cannot-unseal: a stored Secret was
 * encrypted with another key.
 */
export type ApiServerFaultCode = "port-in-use" | "cannot-listen" | "cannot-unseal";
