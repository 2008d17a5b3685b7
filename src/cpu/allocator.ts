// The allocator over the linear memory: two-level segregated fit with immediate coalescing (Masmano et al. 2004, "TLSF").
// Its records are JavaScript objects outside the heap, so nothing that a kernel writes can corrupt it. All sizes are
// multiples of 64 bytes and all addresses 64-byte aligned.
//
// Small blocks that are freed wait in a list of their exact size and come back without a split; they are coalesced when a
// request could not be met otherwise.

import type { Allocation } from "../device/index.ts";

const ALIGN = 64;
const QUICK = 64; // sizes up to 64 × 64 bytes have a quick list
const SECOND = 8; // classes within a power of two

export class Block implements Allocation {
  address: number;
  bytes: number;
  generation = 0;
  free = false;
  /** Neighbours in memory. */
  before: Block | null;
  after: Block | null;
  /** Neighbours in the free list of its class. */
  previous: Block | null = null;
  next: Block | null = null;

  constructor(address: number, bytes: number, before: Block | null, after: Block | null) {
    this.address = address;
    this.bytes = bytes;
    this.before = before;
    this.after = after;
  }
}

export class Allocator {
  allocated = 0;
  peak = 0;
  count = 0;
  readonly #grow: (least: number) => number;
  readonly #quick: Block[][] = Array.from({ length: QUICK + 1 }, () => []);
  readonly #bins: (Block | null)[] = new Array(64 * SECOND).fill(null);
  #last: Block | null = null;
  #top: number;

  /**
   * Manages memory from `base` on. `grow(n)` provides at least n more bytes behind what it gave before and says how many,
   * 0 where it cannot.
   */
  constructor(base: number, bytes: number, grow: (least: number) => number) {
    this.#top = Math.ceil(base / ALIGN) * ALIGN;
    this.#grow = grow;
    this.#extend(base + bytes - this.#top);
  }

  /** A block of at least `bytes` bytes, or null. */
  allocate(bytes: number): Block | null {
    const units = bytes <= ALIGN ? 1 : Math.ceil(bytes / ALIGN);
    const block = (units <= QUICK ? this.#quick[units]!.pop() : undefined) ?? this.#find(units * ALIGN);
    if (block === null) return null;
    this.allocated += block.bytes;
    if (this.allocated > this.peak) this.peak = this.allocated;
    this.count++;
    return block;
  }

  free(block: Block): void {
    block.generation++;
    this.allocated -= block.bytes;
    this.count--;
    const units = block.bytes / ALIGN;
    if (units <= QUICK) this.#quick[units]!.push(block);
    else this.#release(block);
  }

  #find(bytes: number): Block | null {
    let block = this.#take(bytes);
    if (block !== null) return block;
    if (this.#coalesceQuick()) {
      block = this.#take(bytes);
      if (block !== null) return block;
    }
    // The last block, if it is free, is a part of what is needed.
    const tail = this.#last?.free ? this.#last.bytes : 0;
    const grown = this.#grow(bytes - tail);
    if (grown === 0) return null;
    this.#extend(grown);
    return this.#take(bytes);
  }

  /** Takes the first block of a class where every member fits, and gives back what is left over. */
  #take(bytes: number): Block | null {
    for (let bin = binAbove(bytes); bin < this.#bins.length; bin++) {
      const block = this.#bins[bin]!;
      if (block !== null) return this.#carve(block, bytes);
    }
    // Members of its own class may fit too: the last resort before growing.
    for (let block = this.#bins[binOf(bytes)]!; block !== null; block = block.next!) {
      if (block.bytes >= bytes) return this.#carve(block, bytes);
    }
    return null;
  }

  #carve(block: Block, bytes: number): Block {
    this.#unlink(block);
    if (block.bytes > bytes) {
      const rest = new Block(block.address + bytes, block.bytes - bytes, block, block.after);
      if (rest.after === null) this.#last = rest;
      else rest.after.before = rest;
      block.after = rest;
      block.bytes = bytes;
      this.#link(rest);
    }
    return block;
  }

  #release(block: Block): void {
    const { before, after } = block;
    let merged = block;
    if (before?.free) {
      this.#unlink(before);
      before.bytes += block.bytes;
      this.#skip(before, block);
      merged = before;
    }
    if (after?.free) {
      this.#unlink(after);
      merged.bytes += after.bytes;
      this.#skip(merged, after);
    }
    this.#link(merged);
  }

  /** `gone` became a part of `kept`, the block before it. */
  #skip(kept: Block, gone: Block): void {
    kept.after = gone.after;
    if (gone.after === null) this.#last = kept;
    else gone.after.before = kept;
  }

  #coalesceQuick(): boolean {
    let any = false;
    for (const list of this.#quick) {
      for (const block of list) {
        this.#release(block);
        any = true;
      }
      list.length = 0;
    }
    return any;
  }

  #extend(bytes: number): void {
    const usable = Math.floor(bytes / ALIGN) * ALIGN;
    if (usable === 0) return;
    const block = new Block(this.#top, usable, this.#last, null);
    if (this.#last !== null) this.#last.after = block;
    this.#last = block;
    this.#top += usable;
    this.#release(block);
  }

  #link(block: Block): void {
    const bin = binOf(block.bytes);
    const head = this.#bins[bin]!;
    block.free = true;
    block.previous = null;
    block.next = head;
    if (head !== null) head.previous = block;
    this.#bins[bin] = block;
  }

  #unlink(block: Block): void {
    if (block.previous === null) this.#bins[binOf(block.bytes)] = block.next;
    else block.previous.next = block.next;
    if (block.next !== null) block.next.previous = block.previous;
    block.free = false;
    block.previous = null;
    block.next = null;
  }
}

/** The class of a free block: the power of two, and the eighth of it, that its size has reached. */
function binOf(bytes: number): number {
  const units = bytes / ALIGN;
  const power = 31 - Math.clz32(units);
  const eighth = power < 3 ? 0 : (units >>> (power - 3)) & (SECOND - 1);
  return power * SECOND + eighth;
}

/** The first class in which every block has at least `bytes` bytes. */
function binAbove(bytes: number): number {
  const bin = binOf(bytes);
  const units = bytes / ALIGN;
  const power = bin >> 3;
  const exact = power < 3 ? units === 1 << power : units % (1 << (power - 3)) === 0;
  return exact ? bin : bin + 1;
}
