// A parallel loop over the units of one kernel, shared by the main thread and its workers.
//
// One job at a time. Its chunks lie in lanes, one for each thread: neighbouring kernels walk over the same memory, and a
// thread that takes the same part of it each time has that part in its own cache. A thread takes its lane from the front, or
// in a job that is to be done backwards from the back; when that is done it helps the others, from the other end. A lane is
// claimed by compare-and-swap on one i64 that also says which job it is of, so that a late worker that still holds the last
// job's epoch can never claim a chunk of the next. All cells live below the static data, each group on its own cache line:
//
//   192 epoch: i32    what sleeping workers wait on
//   196 slot  200 args  204 n  208 grain  212 chunks  216 lanes  220 back: i32     the job
//   256 done: i32     chunks finished
//   320 ready: i32    workers that have arrived
//   324 sleeping: i32 workers in a wait
//   328 limit: i32    workers that may take part (setNumThreads)
//   332 stop: i32     1 ends the workers
//   336 lost: i32     1 when a worker fell in the midst of a chunk: it says so itself
//   340 calls: i32    how often the workers were called back to JavaScript
//   8192 + 64·lane: i64    epoch << 32 | the end of its chunks << 16 | the first that nobody took

import { scratch, thread } from "./abi";

const EPOCH: usize = 192;
const SLOT: usize = 196;
const ARGS: usize = 200;
const N: usize = 204;
const GRAIN: usize = 208;
const CHUNKS: usize = 212;
const LANES: usize = 216;
const BACK: usize = 220;
const DONE: usize = 256;
const READY: usize = 320;
const SLEEPING: usize = 324;
const LIMIT: usize = 328;
const STOP: usize = 332;
const LOST: usize = 336;
const CALLS: usize = 340;
const CLAIMS: usize = 8192;

// The time that a step of a small model leaves between two launches: some 100 µs. To wake a thread takes 5 to 10 µs; but a
// processor that both share, or with others, is held up by one that only looks.
const SPINS = 8_000;
const TURN = 4_000_000; // spins between two looks at the clock, which JavaScript has: some 10 ms

// How a job stands: what `launch` and `settle` return.
const DONE_ALL = 0;
const WAITING = 1; // a worker still holds a chunk
const BROKEN = 2; // a worker fell: its chunk is not done, or half

/**
 * Runs the kernel in table slot `slot` over [0, n) in chunks of `grain` units, at most 65,535; where `back` is 1, each thread
 * begins with its last. The caller takes part. Returns how it stands when the caller has nothing more to do; while that is
 * `WAITING`, `settle` waits on.
 */
export function launch(slot: i32, args: usize, n: i32, grain: i32, back: i32): i32 {
  const workers = min(atomic.load<i32>(READY), atomic.load<i32>(LIMIT));
  if (n <= grain || workers <= 0) {
    call_indirect(slot, args, 0, n);
    return DONE_ALL;
  }
  const chunks = (n + grain - 1) / grain;
  const lanes = min(workers + 1, chunks);
  const epoch = atomic.load<i32>(EPOCH) + 1;
  store<i32>(SLOT, slot);
  store<i32>(ARGS, <i32>args);
  store<i32>(N, n);
  store<i32>(GRAIN, grain);
  store<i32>(CHUNKS, chunks);
  store<i32>(LANES, lanes);
  store<i32>(BACK, back);
  atomic.store<i32>(DONE, 0);
  for (let lane = 0, first = 0; lane < lanes; lane++) {
    const end = (chunks * (lane + 1)) / lanes;
    atomic.store<i64>(claimOf(lane), (<i64>epoch << 32) | <i64>(<u32>((end << 16) | first)));
    first = end;
  }
  atomic.store<i32>(EPOCH, epoch);
  if (atomic.load<i32>(SLEEPING) > 0) atomic.notify(EPOCH, min(chunks - 1, atomic.load<i32>(LIMIT)));
  drain(epoch);
  return settle();
}

// @ts-ignore: decorator
@inline function claimOf(lane: i32): usize { return CLAIMS + (<usize>lane << 6); }

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
    while (atomic.load<i32>(EPOCH) == seen && spins > 0) {
      // A store that is waited for, to this thread's own memory: the processor does not run looks ahead, and leaves more of a
      // core to a second thread on it.
      atomic.store<i32>(scratch, --spins);
    }
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
  const lanes = load<i32>(LANES);
  for (let i = 0; i < lanes; i++) {
    const cell = claimOf((thread + i) % lanes);
    while (true) {
      const claim = atomic.load<i64>(cell);
      const first = <i32>claim & 0xffff;
      const end = <i32>(<u32>claim >> 16);
      if (<i32>(claim >> 32) != epoch || first >= end) break;
      const isFront = (i == 0) != (load<i32>(BACK) == 1);
      if (atomic.cmpxchg<i64>(cell, claim, isFront ? claim + 1 : claim - 0x10000) != claim) continue;
      // The job's cells belong to `epoch` until this chunk is done.
      const grain = load<i32>(GRAIN);
      const begin = (isFront ? first : end - 1) * grain;
      call_indirect(load<i32>(SLOT), <usize>load<i32>(ARGS), begin, min(begin + grain, load<i32>(N)));
      atomic.add<i32>(DONE, 1);
    }
  }
}
