// The allocator against a model: random requests and returns, and after each the truth about every byte.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Allocator, type Block } from "#src/cpu/allocator";

/** Numbers that are the same in every run (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A heap of at most `most` bytes that grows by `step`, and what it gave out. */
class Model {
  readonly live = new Set<Block>();
  readonly allocator: Allocator;
  top: number;
  readonly base: number;

  constructor(base: number, initial: number, most: number, step: number) {
    this.base = base;
    this.top = base + initial;
    this.allocator = new Allocator(base, initial, (least) => {
      const more = Math.ceil(least / step) * step;
      if (this.top + more > base + most) return 0;
      this.top += more;
      return more;
    });
  }

  allocate(bytes: number): Block | null {
    const block = this.allocator.allocate(bytes);
    if (block === null) return null;
    assert.is(block.address % 64, 0, "addresses are aligned to 64 bytes");
    assert.ok(block.bytes >= Math.max(bytes, 1) && block.bytes < bytes + 64 + 64, `${block.bytes} for ${bytes}`);
    assert.ok(block.address >= this.base && block.address + block.bytes <= this.top, "inside the heap");
    this.live.add(block);
    return block;
  }

  free(block: Block): void {
    const { generation } = block;
    this.live.delete(block);
    this.allocator.free(block);
    assert.is(block.generation, generation + 1, "a returned block has another life");
  }

  check(): void {
    const blocks = [...this.live].sort((a, b) => a.address - b.address);
    for (let i = 1; i < blocks.length; i++) {
      assert.ok(blocks[i - 1]!.address + blocks[i - 1]!.bytes <= blocks[i]!.address, "no two overlap");
    }
    const bytes = blocks.reduce((n, b) => n + b.bytes, 0);
    assert.is(this.allocator.allocated, bytes);
    assert.is(this.allocator.count, blocks.length);
    assert.ok(this.allocator.peak >= bytes);
  }
}

const test = suite("allocator");

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`random requests and returns, seed ${seed}`, () => {
    const next = random(seed);
    const model = new Model(4096 * 16 + 8, 1 << 16, 64 << 20, 1 << 16);
    const sizes = [() => 1 + next() * 64, () => next() * 4096, () => next() * 65536, () => next() * (1 << 20)];
    for (let i = 0; i < 6000; i++) {
      const growing = next() < (i < 3000 ? 0.6 : 0.4);
      if (growing || model.live.size === 0) {
        const kind = Math.floor(next() * (seed % 2 === 0 ? 2 : 4));
        model.allocate(Math.floor(sizes[kind]!()));
      } else {
        const blocks = [...model.live];
        model.free(blocks[Math.floor(next() * blocks.length)]!);
      }
      if (i % 50 === 0) model.check();
    }
    model.check();
    for (const block of [...model.live]) model.free(block);
    model.check();
    assert.is(model.allocator.allocated, 0);
    // All that was given back is one piece again: the whole heap fits into one request.
    const whole = model.allocate(model.top - model.base - 64);
    assert.ok(whole !== null, "free neighbours are joined");
  });
}

test("what was returned is used again before the heap grows", () => {
  const model = new Model(0, 1 << 20, 1 << 30, 1 << 20);
  const first = Array.from({ length: 12 }, () => model.allocate(64 << 10)!);
  const { top } = model;
  for (let round = 0; round < 100; round++) {
    for (const block of [...model.live]) model.free(block);
    for (let i = 0; i < first.length; i++) model.allocate((60 << 10) + ((round * 97 + i * 31) % 4096));
  }
  assert.is(model.top, top);
});

test("small ones that wait for their size are joined when a large one needs the room", () => {
  const model = new Model(0, 1 << 20, 1 << 20, 1 << 16);
  const small: Block[] = [];
  for (let block = model.allocate(100); block !== null; block = model.allocate(100)) small.push(block);
  assert.ok(small.length > 8000);
  for (const block of small) model.free(block);
  assert.ok(model.allocate((1 << 20) - 64) !== null);
});

test("a request that cannot be met is null and changes nothing", () => {
  const model = new Model(0, 1 << 16, 1 << 20, 1 << 16);
  const kept = model.allocate(1000)!;
  const { allocated, count, peak } = model.allocator;
  assert.is(model.allocate(2 << 20), null);
  assert.equal([model.allocator.allocated, model.allocator.count, model.allocator.peak], [allocated, count, peak]);
  model.check();
  assert.ok(model.allocate(1000) !== null, "and the next one is met");
  model.free(kept);
});

test("the heap grows by what is missing behind the last free block", () => {
  const model = new Model(0, 1 << 16, 1 << 20, 64);
  model.allocate(1 << 20);
  assert.is(model.top, 1 << 20);
});

test("nothing, and one byte, take a block of 64", () => {
  const model = new Model(0, 1 << 16, 1 << 16, 64);
  assert.is(model.allocate(0)!.bytes, 64);
  assert.is(model.allocate(1)!.bytes, 64);
  assert.is(model.allocate(64)!.bytes, 64);
  assert.is(model.allocate(65)!.bytes, 128);
});

test.run();
