// Memory that only the collector can give back. A yield alone never makes it run, because it does not see a device's
// bytes; plain ArrayBuffers that are made and dropped are counted by every engine and do.

import type { Backend } from "../device/index.ts";

const BALLAST = 64 << 20; // an ArrayBuffer large enough that engines count it at once
const ROUNDS = 60;
const HURRIED = 8; // rounds after which the collector's own threads, late on a busy machine, are given time
const SETTLE = 3; // turns in which the finalizers of one collection have run
const HEADROOM = 128 << 20; // what may be made, beside what is in use, before the next time
const LEAST = 256 << 20; // below this nothing is asked for
const watermarks = new WeakMap<Backend, number>();

/** True when a device uses so much that unreachable tensors should be looked for. */
export function underPressure(backend: Backend): boolean {
  return backend.stats().allocated > (watermarks.get(backend) ?? Math.min(LEAST, backend.capacity / 4));
}

/**
 * Asks for the memory of unreachable tensors: provokes a collection and lets finalizers run. The watermark follows what
 * is really in use, so that a program with much live memory is not slowed down for nothing.
 */
export async function relieve(backend: Backend): Promise<void> {
  const gc = (globalThis as { gc?: () => void }).gc;
  const canary = release();
  for (let round = 0; round < ROUNDS && !canary.gone; round++) {
    if (gc !== undefined) gc();
    else dropBallast();
    await (round < HURRIED ? macrotask() : pause(round - HURRIED));
  }
  for (let turn = 0; turn < SETTLE; turn++) await macrotask();
  const live = backend.stats().allocated;
  const mark = Math.max(LEAST, live + Math.max(HEADROOM, live / 2));
  watermarks.set(backend, Math.min(mark, Math.max(live + BALLAST, backend.capacity * 0.75)));
}

const aviary = new FinalizationRegistry<{ gone: boolean }>((canary) => {
  canary.gone = true;
});

/** Something that nobody can reach: once it is gone, a whole collection has been, and found what was garbage before it. */
function release(): { readonly gone: boolean } {
  const canary = { gone: false };
  aviary.register({}, canary);
  return canary;
}

/** The last buffer made; the one before it is garbage. */
let ballast: ArrayBuffer | null = null;
function dropBallast(): void {
  if (ballast === null) ballast = new ArrayBuffer(BALLAST);
  ballast = null;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds));
}

/** Finalizers run only between macrotasks. A MessageChannel turns one at once on every host. */
function macrotask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}
