// What every kernel agrees on.
//
// A kernel is `name_dtype(args: usize, begin: i32, end: i32): void`. `args` is the address of an argument block of
// 8-byte slots (an address or an i32 in the low half, an f64 or i64 in the whole of it); [begin, end) is the part of
// its work to do, in units that the kernel defines (elements, rows, tiles). Units are independent of each other and a
// kernel writes only the outputs of its units, so any partition over threads gives the same bits.
//
// Memory map. JavaScript's side of it is src/cpu/memory.ts.
//
//        0 ┌──────────────────────────────┐
//       64 │ fault: code i32, detail i64  │ set by `fault`, read and cleared by the launcher
//      192 │ pool: job, done …            │ parallel.ts
//     1024 │ argument block               │ 7 kB: 896 slots
//     8192 │ pool: claims                 │ parallel.ts
//    10 kB │ vector constants             │ tools/kernels.mjs
//    64 kB ├──────────────────────────────┤
//          │ static data of wide kernels  │ wide.ts
//     1 MB ├──────────────────────────────┤
//          │ static data of these kernels │ constants only: it is copied again by every thread
//          ├──────────────────────────────┤ __heap_base
//          │ heap (allocator in           │
//          │ JavaScript), scratch arenas  │
//          └──────────────────────────────┘

export const FAULT: usize = 64;

/** Bytes of the scratch arena that each thread owns. */
export const SCRATCH_BYTES: usize = 2 << 20;

/** This thread's scratch arena, SCRATCH_BYTES long and 64-byte aligned. A global of the instance, so each thread has its own. */
export let scratch: usize = 0;
/** This thread's number: 0 is the main thread. */
export let thread: i32 = 0;

/** Told once after instantiation who this instance is. */
export function enter(number: i32, arena: usize): void {
  thread = number;
  scratch = arena;
}

// Slot readers.
// @ts-ignore: decorator
@inline export function ptr(args: usize, slot: i32): usize { return load<usize>(args + (<usize>slot << 3)); }
// @ts-ignore: decorator
@inline export function int(args: usize, slot: i32): i32 { return load<i32>(args + (<usize>slot << 3)); }
// @ts-ignore: decorator
@inline export function long(args: usize, slot: i32): i64 { return load<i64>(args + (<usize>slot << 3)); }
// @ts-ignore: decorator
@inline export function real(args: usize, slot: i32): f64 { return load<f64>(args + (<usize>slot << 3)); }

// Codes of faults: a value in a tensor that a kernel cannot take. Nothing is read or written out of bounds; the
// operator throws once the kernel is done. src/cpu/fault.ts has the messages.
export const FAULT_INDEX: i32 = 1; // an index out of range: detail = the index
export const FAULT_PROBABILITY: i32 = 3; // a probability beyond [0, 1]: detail = the element
export const FAULT_DIVISION: i32 = 4; // an integer divided by zero

/** Records the first fault of a launch. */
export function fault(code: i32, detail: i64): void {
  if (atomic.cmpxchg<i32>(FAULT, 0, code) == 0) store<i64>(FAULT + 8, detail);
}
