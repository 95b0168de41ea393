// A thread that reads one index and ends.

import { parentPort, workerData } from "node:worker_threads";
import { type FullIndex, readIndex, readStoredIndex } from "./chart-index.ts";
import type { IndexReply, IndexRequest } from "./index-reader.ts";

function replyTo({ bytes, at, isStored }: IndexRequest): IndexReply {
  try {
    if (isStored) return { charts: textsOf(readStoredIndex(bytes)), stored: new Uint8Array() };
    const { index, json } = readIndex(bytes, at);
    return { charts: textsOf(index), stored: new TextEncoder().encode(json) };
  } catch (thrown) {
    const { message, cause } = thrown as Error;
    return { message, cause: cause instanceof Error ? cause.message : undefined };
  }
}

function textsOf(index: FullIndex): [string, string][] {
  return [...index].map(([name, versions]) => [name, JSON.stringify(versions)]);
}

const reply = replyTo(workerData as IndexRequest);
const buffers = "stored" in reply ? [reply.stored.buffer as ArrayBuffer] : [];
parentPort?.postMessage(reply, buffers);
