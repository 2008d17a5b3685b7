// A parallel loop over the units of one kernel, shared by the main thread and its workers.
//
// One job at a time. Chunks are claimed by compare-and-swap on one i64 of (epoch, next): a late worker that still holds
// the last job's epoch can never claim a chunk of the next job. All cells live in the header block, each group on its
// own cache line:
//
//   128 claim: i64    epoch << 32 | next chunk
//   192 epoch: i32    what sleeping workers wait on
//   196 slot  200 args  204 n  208 grain  212 chunks     the job
//   256 done: i32     chunks finished
//   320 ready: i32    workers that have arrived
//   324 sleeping: i32 workers in a wait
//   328 limit: i32    workers that may take part (setNumThreads)
//   332 stop: i32     1 ends the workers
//   336 lost: i32     1 when a worker fell in the midst of a chunk: it says so itself
//   340 calls: i32    how often the workers were called back to JavaScript

import { thread } from "./abi";

const CLAIM: usize = 128;
const EPOCH: usize = 192;
const SLOT: usize = 196;
const ARGS: usize = 200;
const N: usize = 204;
const GRAIN: usize = 208;
const CHUNKS: usize = 212;
const DONE: usize = 256;
const READY: usize = 320;
const SLEEPING: usize = 324;
const LIMIT: usize = 328;
const STOP: usize = 332;
const LOST: usize = 336;
const CALLS: usize = 340;

const CLOSED: i64 = 0x7fffffff; // no job has so many chunks
const SPINS = 20_000; // some 50 µs: the time that a step of a small model leaves between two launches
const TURN = 4_000_000; // spins between two looks at the clock, which JavaScript has: some 10 ms

// How a job stands: what `launch` and `settle` return.
const DONE_ALL = 0;
const WAITING = 1; // a worker still holds a chunk
const BROKEN = 2; // a worker fell: its chunk is not done, or half

/**
 * Runs the kernel in table slot `slot` over [0, n) in chunks of `grain` units; the caller takes part. Returns how it stands
 * when the caller has nothing more to do; while that is `WAITING`, `settle` waits on.
 */
export function launch(slot: i32, args: usize, n: i32, grain: i32): i32 {
  if (n <= grain || atomic.load<i32>(READY) == 0 || atomic.load<i32>(LIMIT) == 0) {
    call_indirect(slot, args, 0, n);
    return DONE_ALL;
  }
  const chunks = (n + grain - 1) / grain;
  const epoch = atomic.load<i32>(EPOCH) + 1;
  // Closed while the cells change: a worker that still looks at the last job can claim nothing.
  atomic.store<i64>(CLAIM, (<i64>epoch << 32) | CLOSED);
  store<i32>(SLOT, slot);
  store<i32>(ARGS, <i32>args);
  store<i32>(N, n);
  store<i32>(GRAIN, grain);
  store<i32>(CHUNKS, chunks);
  atomic.store<i32>(DONE, 0);
  atomic.store<i64>(CLAIM, <i64>epoch << 32);
  atomic.store<i32>(EPOCH, epoch);
  if (atomic.load<i32>(SLEEPING) > 0) atomic.notify(EPOCH, min(chunks - 1, atomic.load<i32>(LIMIT)));
  drain(epoch);
  return settle();
}

/** Waits for a while for the chunks that workers hold. */
export function settle(): i32 {
  const chunks = load<i32>(CHUNKS);
  for (let spins = TURN; atomic.load<i32>(DONE) < chunks; spins--) {
    if (atomic.load<i32>(LOST) == 1) return BROKEN;
    if (spins == 0) return WAITING;
  }
  return DONE_ALL;
}

/**
 * A worker's life: waits for jobs and takes chunks until told to stop (false) or called back to JavaScript (true), which
 * has answered `calls` calls so far.
 */
export function work(calls: i32): bool {
  let seen = atomic.load<i32>(EPOCH);
  if (atomic.load<i32>(CALLS) != calls) return true;
  atomic.add<i32>(READY, 1);
  while (true) {
    let spins = SPINS;
    while (atomic.load<i32>(EPOCH) == seen && spins > 0) spins--;
    if (spins == 0) {
      atomic.add<i32>(SLEEPING, 1);
      while (atomic.load<i32>(EPOCH) == seen) atomic.wait<i32>(EPOCH, seen, -1);
      atomic.sub<i32>(SLEEPING, 1);
    }
    if (atomic.load<i32>(STOP) == 1 || atomic.load<i32>(CALLS) != calls) break;
    seen = atomic.load<i32>(EPOCH);
    if (thread <= atomic.load<i32>(LIMIT)) drain(seen);
  }
  atomic.sub<i32>(READY, 1);
  return atomic.load<i32>(STOP) == 0;
}

/** Claims and runs chunks of the job `epoch` until none is left or another job has begun. */
function drain(epoch: i32): void {
  while (true) {
    const claim = atomic.load<i64>(CLAIM);
    if (<i32>(claim >> 32) != epoch) return;
    const chunk = <i32>claim;
    // The job's cells belong to `epoch` as long as the swap below succeeds.
    const slot = load<i32>(SLOT);
    const args = <usize>load<i32>(ARGS);
    const n = load<i32>(N);
    const grain = load<i32>(GRAIN);
    if (chunk >= load<i32>(CHUNKS)) return;
    if (atomic.cmpxchg<i64>(CLAIM, claim, claim + 1) != claim) continue;
    const begin = chunk * grain;
    call_indirect(slot, args, begin, min(begin + grain, n));
    atomic.add<i32>(DONE, 1);
  }
}
