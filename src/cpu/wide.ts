// The wide kernels: V8 can pair vectors of 128 bits to the 256 of AVX2, which doubles what arithmetic is bound by. It does so
// only where its experimental pass is on, so the host compiles a second module of the kernels that gain (assembly/wide.ts)
// in a thread of its own, with the pass on for as long as that takes. They take their namesakes'
// places in the table once a program has shown that it has much to compute. Each gives the same bits as its namesake, so
// that no number depends on when.
//
// FLAMBEAU_WIDE=0 does without them, FLAMBEAU_WIDE=1 has them from the first launch on.

import type { Host } from "../device/index.ts";

// A launch's heat is one, and one more for each part of its work that is worth a thread: some tens of microseconds.
const WARM = 8192; // about a second
const LOOK = 256; // from then on between two looks whether they have come

/** Counts what a program has computed, and sees to the wide kernels when that is much. */
export class Heat {
  readonly #host: Host | null;
  readonly #widen: (module: WebAssembly.Module) => void;
  readonly #atOnce: boolean;
  #left: number;

  /** `host` is null where the kernels that are there have no wide namesakes. */
  constructor(host: Host | null, widen: (module: WebAssembly.Module) => void) {
    const wish = host?.env("FLAMBEAU_WIDE");
    this.#host = host?.wide === undefined || wish === "0" ? null : host;
    this.#widen = widen;
    this.#atOnce = wish === "1";
    this.#left = this.#host === null ? Number.POSITIVE_INFINITY : this.#atOnce ? 0 : WARM;
  }

  add(heat: number): void {
    this.#left -= heat;
    if (this.#left <= 0) this.#look();
  }

  #look(): void {
    const module = this.#host!.wide!(this.#atOnce);
    if (module) this.#widen(module);
    this.#left = module === undefined ? LOOK : Number.POSITIVE_INFINITY;
  }
}

/** Whether the same work takes less time where its vectors can be paired: an engine that cannot is as fast on both. */
export function doesPair(probe: (turns: number, pairs: number) => void): boolean {
  let [paired, single] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let i = 0; i < ROUNDS; i++) {
    paired = Math.min(paired, time(probe, 1));
    single = Math.min(single, time(probe, 0));
  }
  return paired < GAIN * single;
}

const ROUNDS = 8;
const TURNS = 20_000; // some 50 µs
const GAIN = 0.8;

function time(probe: (turns: number, pairs: number) => void, pairs: number): number {
  const started = performance.now();
  probe(TURNS, pairs);
  return performance.now() - started;
}
