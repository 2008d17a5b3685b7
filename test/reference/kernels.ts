// The reference device's kernels, by the names and argument blocks of assembly/. What is not here decomposes or runs as
// a host step, which is how a new device starts.

import type { Block, Loop } from "./block.ts";
import { type Cells, type Complex, kindOf, type Value } from "./cells.ts";
import { pointwiseLoop } from "./pointwise.ts";

/** Left out on purpose: the negation is a host step here, so that the way by the CPU is gone in every run of the tests. */
const ABSENT = "neg";

/** The loop of a kernel's full name ("matmul_f32"), or null. */
export function loopOf(name: string): Loop | null {
  const cut = name.lastIndexOf("_");
  const [stem, suffix] = [name.slice(0, cut), name.slice(cut + 1)];
  if (stem === ABSENT) return null;
  if (suffix.startsWith("w")) return BY_WIDTH[stem]?.(Number(suffix.slice(1))) ?? null;
  const cast = /^cast_(\w+)$/.exec(stem);
  if (cast !== null) return castLoop(cast[1]!, suffix);
  const make = BY_DTYPE[stem];
  if (make === undefined) return pointwiseLoop(stem, suffix);
  return make.suffixes.includes(suffix) ? make.loop(suffix) : null;
}

// ── kernels that move elements, by their width in bytes ──────────────────────────────────────────────────────────────

const BY_WIDTH: Readonly<Record<string, (bytes: number) => Loop>> = {
  copy: (bytes) => (block) => {
    const [y, a] = [block.raw(3, bytes), block.raw(4, bytes)];
    block.each(2, ([to, from]) => y(to!).set(a(from!)));
  },

  fill: (bytes) => (block) => {
    const y = block.raw(3, bytes);
    const value = new Uint8Array(16);
    const view = new DataView(value.buffer);
    for (const slot of [1, 2]) {
      const x = block.scalar(slot);
      if (typeof x === "bigint") view.setBigInt64(8 * (slot - 1), x, true);
      else if (Number.isInteger(x) && bytes <= 4 && slot === 1) view.setInt32(0, x, true);
      else view.setFloat64(8 * (slot - 1), x, true);
    }
    block.each(1, ([to]) => y(to!).set(value.subarray(0, bytes)));
  },

  where: (bytes) => (block) => {
    const [y, a, b] = [block.raw(3, bytes), block.raw(5, bytes), block.raw(6, bytes)];
    const condition = block.raw(4, 1);
    block.each(4, ([to, c, i, j]) => y(to!).set(condition(c!)[0] !== 0 ? a(i!) : b(j!)));
  },

  gather: (bytes) => (block) => {
    const [y, index, x] = [block.raw(3, bytes), block.cells(4, "i64"), block.raw(5, bytes)];
    const [size, step] = [block.number(1), block.number(2)];
    block.each(3, ([to, at, from]) => y(to!).set(x(from! + place(index.get(at!), size) * step)));
  },
};

/** An index as a kernel takes it: in [0, size). */
function place(index: Value, size: number): number {
  const i = Number(index as bigint);
  if (i < 0 || i >= size) throw new IndexFault(`index ${i} is out of range`);
  return i;
}

class IndexFault extends RangeError {
  override readonly name: string = "IndexError";
}

// ── casts ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function castLoop(from: string, to: string): Loop {
  return (block) => {
    const [y, a] = [block.cells(3, to), block.cells(4, from)];
    const wide = to === "i64" || to === "u8" || to === "b8";
    block.each(2, ([i, j]) => y.set(i!, to === "b8" ? truth(a.get(j!)) : converted(a.get(j!), y, wide)));
  };
}

const truth = (x: Value): bigint =>
  typeof x === "object" ? BigInt(x.re !== 0 || x.im !== 0) : BigInt(Number(x) !== 0);

/** A value as another kind of number. Out of range, where C++ leaves it open, an integer is what x86 makes it. */
function converted(x: Value, to: Cells, wide: boolean): Value {
  const real = typeof x === "object" ? x.re : x;
  if (to.kind === "complex") return typeof x === "object" ? x : { re: Number(real), im: 0 };
  if (to.kind === "float") return Number(real);
  if (typeof real === "bigint") return real;
  const least = wide ? -(2n ** 63n) : -(2n ** 31n);
  const whole = Number.isFinite(real) ? BigInt(Math.trunc(real)) : least;
  return whole < least || whole >= -least ? least : whole;
}

// ── loops over numbers ───────────────────────────────────────────────────────────────────────────────────────────────

interface Numeric {
  readonly suffixes: readonly string[];
  loop(suffix: string): Loop;
}

const FLOATS = ["f32", "f64"];
const NUMBERS = [...FLOATS, "i64", "c64", "c128"];

const BY_DTYPE: Readonly<Record<string, Numeric>> = {
  sum: {
    suffixes: [...NUMBERS, "b8"],
    loop: (suffix) => fold(suffix, plus, zero(suffix), suffix === "b8" ? "i64" : suffix),
  },
  prod: { suffixes: NUMBERS, loop: (suffix) => fold(suffix, times, one(suffix)) },
  amax: {
    suffixes: [...FLOATS, "i32", "i64", "b8"],
    loop: (suffix) => fold(suffix, larger, suffix === "b8" ? 0n : null),
  },
  amin: {
    suffixes: [...FLOATS, "i32", "i64", "b8"],
    loop: (suffix) => fold(suffix, smaller, suffix === "b8" ? 1n : null),
  },
  cumsum: { suffixes: NUMBERS, loop: (suffix) => scan(suffix, plus, zero(suffix)) },
  cumprod: { suffixes: NUMBERS, loop: (suffix) => scan(suffix, times, one(suffix)) },
  softmax: { suffixes: FLOATS, loop: (suffix) => softmax(suffix, (x, max, sum) => Math.exp(x - max) / sum) },
  logSoftmax: { suffixes: FLOATS, loop: (suffix) => softmax(suffix, (x, max, sum) => x - max - Math.log(sum)) },
  matmul: { suffixes: [...NUMBERS, "i32"], loop: matmul },
};

const isInteger = (suffix: string): boolean => kindOf(suffix) === "integer";
const isComplex = (suffix: string): boolean => kindOf(suffix) === "complex";
const number = (suffix: string, x: number): Value =>
  isInteger(suffix) ? BigInt(x) : isComplex(suffix) ? { re: x, im: 0 } : x;
const zero = (suffix: string): Value => number(suffix, 0);
const one = (suffix: string): Value => number(suffix, 1);

function plus(a: Value, b: Value): Value {
  if (typeof a === "object") return { re: a.re + (b as Complex).re, im: a.im + (b as Complex).im };
  return ((a as number) + (b as number)) as Value;
}

function times(a: Value, b: Value): Value {
  if (typeof a !== "object") return ((a as number) * (b as number)) as Value;
  const c = b as Complex;
  return { re: a.re * c.re - a.im * c.im, im: a.re * c.im + a.im * c.re };
}

/** The greater one; NaN if either is. */
const larger = (a: Value, b: Value): Value => (a > b || Number.isNaN(a) ? a : b);
const smaller = (a: Value, b: Value): Value => (a < b || Number.isNaN(a) ? a : b);

/** assembly/reduce/fold.ts. Without a neutral value the first element begins. */
function fold(suffix: string, join: (a: Value, b: Value) => Value, neutral: Value | null, result = suffix): Loop {
  return (block) => {
    const [n, inner, size, tile] = [0, 1, 2, 3].map((slot) => block.number(slot)) as [number, number, number, number];
    const x = block.cells(4, suffix);
    const y = block.cells(5, result);
    const divisor = block.number(6);
    const parts = n > size ? Math.ceil(n / size) : 1;
    const tiles = Math.ceil(inner / tile);
    for (let line = 0; line < block.units / tiles; line++) {
      const first = (line % parts) * size;
      const last = Math.min(first + size, n);
      for (let j = 0; j < inner; j++) {
        const at = (i: number): Value => x.get((Math.floor(line / parts) * n + i) * inner + j);
        let total = neutral ?? at(first);
        for (let i = neutral === null ? first + 1 : first; i < last; i++) total = join(total, at(i));
        y.set(line * inner + j, divisor === 1 ? total : divided(total, divisor));
      }
    }
  };
}

function divided(x: Value, by: number): Value {
  if (typeof x === "object") return { re: x.re / by, im: x.im / by };
  return typeof x === "number" ? x / by : x;
}

/** The lines of [outer, n, inner], of which the block's first three slots are n, inner and tile. */
function lines(block: Block, body: (n: number, at: (i: number) => number) => void): void {
  const [n, inner, tile] = [block.number(0), block.number(1), block.number(2)];
  const outer = block.units / Math.ceil(inner / tile);
  for (let o = 0; o < outer; o++) for (let j = 0; j < inner; j++) body(n, (i) => (o * n + i) * inner + j);
}

/** assembly/scan/scan.ts */
function scan(suffix: string, join: (a: Value, b: Value) => Value, neutral: Value): Loop {
  return (block) => {
    const [x, y] = [block.cells(3, suffix), block.cells(4, suffix)];
    const [reverse, exclusive] = [block.number(5) !== 0, block.number(6) !== 0];
    lines(block, (n, at) => {
      let total = neutral;
      for (let i = 0; i < n; i++) {
        const here = at(reverse ? n - 1 - i : i);
        const before = total;
        total = join(total, x.get(here));
        y.set(here, exclusive ? before : total);
      }
    });
  };
}

/** assembly/rows/softmax.ts */
function softmax(suffix: string, finish: (x: number, max: number, sum: number) => number): Loop {
  return (block) => {
    const [x, y] = [block.cells(3, suffix), block.cells(4, suffix)];
    lines(block, (n, at) => {
      const row = Array.from({ length: n }, (_, i) => x.get(at(i)) as number);
      const max = Math.max(...row);
      const sum = row.reduce((total, v) => total + Math.exp(v - max), 0);
      for (const [i, v] of row.entries()) y.set(at(i), finish(v, max, sum));
    });
  };
}

/** assembly/gemm/dense.ts */
function matmul(suffix: string): Loop {
  return (block) => {
    const [m, n, k] = [block.number(0), block.number(1), block.number(2)];
    const tiles = Math.ceil(m / block.number(3)) * Math.ceil(n / block.number(4));
    const [alpha, beta] = [factor(block, 6, suffix), factor(block, 8, suffix)];
    const operands = [10, 11, 12, 13].map((slot) => block.maybe(slot, suffix));
    const rank = block.number(22);
    for (let batch = 0; batch < block.units / tiles; batch++) {
      const base = [0, 1, 2, 3].map((operand) => batchOffset(block, rank, batch, operand));
      const at = (operand: number, i: number, j: number): number =>
        base[operand]! + i * block.number(14 + 2 * operand) + j * block.number(15 + 2 * operand);
      const [c, a, b, d] = operands as [Cells, Cells, Cells, Cells | null];
      const results: [number, Value][] = [];
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let total = zero(suffix);
          for (let p = 0; p < k; p++) total = plus(total, times(a.get(at(1, i, p)), b.get(at(2, p, j))));
          total = times(alpha, total);
          if (d !== null) total = plus(total, times(beta, d.get(at(3, i, j))));
          if (block.number(5) !== 0 && (total as number) < 0) total = zero(suffix);
          results.push([at(0, i, j), total]);
        }
      }
      for (const [i, value] of results) c.set(i, value); // d may be c
    }
  };
}

function factor(block: Block, slot: number, suffix: string): Value {
  const x = block.scalar(slot);
  if (isComplex(suffix)) return { re: Number(x), im: block.number(slot + 1) };
  return isInteger(suffix) ? BigInt(x) : Number(x);
}

function batchOffset(block: Block, rank: number, batch: number, operand: number): number {
  let offset = 0;
  for (let d = rank - 1, rest = batch; d >= 0; d--) {
    const size = block.number(23 + 5 * d);
    offset += (rest % size) * block.number(23 + 5 * d + 1 + operand);
    rest = Math.floor(rest / size);
  }
  return offset;
}
