// C = α·A·B + β·D for integers, which wrap. The block is the one of dense.ts, with α and β as i64; relu is not read. Units
// are tiles of C.
//
// Where no sum can leave the integers that a float64 holds, a tile is the product of float64 matrices, exact whatever the
// order of its sums: engines multiply two or four of these at once, and no two int64. Else a row of the tile is summed in a
// row of accumulators in the arena, row of B by row of B.

import { int, long, ptr, scratch } from "../abi";
import { FREE, packedProduct, PANELS } from "./block";
import { DEPTH, HEIGHT } from "./core";
import { element } from "./dense";
import { TILE_BYTES } from "./finish";
import { columns, ROWS } from "./micro";

export function matmul_i32(args: usize, begin: i32, end: i32): void { matmul<i32>(args, begin, end); }
export function matmul_i64(args: usize, begin: i32, end: i32): void { matmul<i64>(args, begin, end); }

/** Columns in one go: their panels fit the arena, and so do their accumulators. */
const WIDTH: i32 = 504;
/** Rows and columns from which on converting pays. */
const FEW: i32 = 6;
/** The bits of a number x with |x| < 2^51 are those of this and x added as integers. */
const MAGIC: f64 = 6755399441055744;
const BITS: i32 = 51;

function matmul<T>(args: usize, begin: i32, end: i32): void {
  const m = int(args, 0);
  const n = int(args, 1);
  const tileM = int(args, 3);
  const tileN = int(args, 4);
  const down = (m + tileM - 1) / tileM;
  const across = (n + tileN - 1) / tileN;
  for (let unit = begin; unit < end; unit++) {
    const stack = unit / down;
    const batch = stack / across;
    const i0 = (unit - stack * down) * tileM;
    const j0 = (stack - batch * across) * tileN;
    const i1 = min(i0 + tileM, m);
    const j1 = min(j0 + tileN, n);
    const isExact = i1 - i0 >= FEW && j1 - j0 >= FEW && fits<T>(args, batch, i0, i1 - i0, j0, j1 - j0);
    for (let j = j0; j < j1; j += WIDTH) {
      const width = min(WIDTH, j1 - j);
      if (isExact) block<T>(args, batch, i0, i1, j, width);
      else for (let i = i0; i < i1; i++) row<T>(args, batch, i, j, width);
    }
  }
}

/** Whether every sum of the tile's products is less than 2^51 in size. */
function fits<T>(args: usize, batch: i32, i: i32, m: i32, j: i32, n: i32): bool {
  const k = int(args, 2);
  const size = sizeof<T>();
  const a = bits<T>(element<T>(args, batch, 1, i, 0), m, <usize>int(args, 16) * size, k, <usize>int(args, 17) * size);
  const b = bits<T>(element<T>(args, batch, 2, 0, j), k, <usize>int(args, 18) * size, n, <usize>int(args, 19) * size);
  return a + b + 32 - clz<i32>(k) <= BITS;
}

/** The least number of bits b such that all numbers of a matrix are at least -2^b and less than 2^b. */
function bits<T>(at: usize, m: i32, row: usize, n: i32, column: usize): i32 {
  let seen: u64 = 0;
  for (; m > 0; m--) {
    let x = at;
    for (let s = n; s > 0; s--) {
      const value = <i64>load<T>(x);
      seen |= value ^ (value >> 63);
      x += column;
    }
    at += row;
  }
  return 64 - <i32>clz<u64>(seen);
}

/** A tile, or columns of it, as a product of float64: blocks of it in the arena, which go to C as integers. */
function block<T>(args: usize, batch: i32, i0: i32, i1: i32, j: i32, width: i32): void {
  const k = int(args, 2);
  const size = sizeof<T>();
  const rowA = <usize>int(args, 16) * size, columnA = <usize>int(args, 17) * size;
  const rowB = <usize>int(args, 18) * size, columnB = <usize>int(args, 19) * size;
  const sums = scratch + FREE;
  const rowSums = <usize>width << 3;
  for (let p = 0; p == 0 || p < k; p += DEPTH) {
    const depth = min(DEPTH, k - p);
    pack<T>(scratch + PANELS, columns<f64>(), element<T>(args, batch, 2, p, j), width, columnB, depth, rowB);
    for (let i = i0; i < i1; i += HEIGHT) {
      const height = min(HEIGHT, i1 - i);
      pack<T>(scratch + TILE_BYTES, ROWS, element<T>(args, batch, 1, i, p), height, rowA, depth, columnA);
      packedProduct<f64>(height, width, depth, scratch + PANELS, sums, rowSums, false);
      for (let r = 0; r < height; r++) finish<T>(args, batch, i + r, j, width, sums + <usize>r * rowSums, p == 0);
    }
  }
}

/** As block.ts packs, `count` vectors of length k by `lanes`, made float64. */
function pack<T>(to: usize, lanes: i32, from: usize, count: i32, across: usize, k: i32, along: usize): void {
  const pitch = <usize>lanes << 3;
  for (; count > 0; count -= lanes) {
    if (count < lanes) memory.fill(to, 0, pitch * k);
    const some = min(count, lanes);
    for (let l = 0; l < some; l++) {
      let x = from;
      let y = to + (<usize>l << 3);
      for (let p = k; p > 0; p--) {
        store<f64>(y, <f64>load<T>(x));
        x += along;
        y += pitch;
      }
      from += across;
    }
    to += pitch * k;
  }
}

/** A row of float64 sums to C: the first with β·D, later ones to what is there. */
function finish<T>(args: usize, batch: i32, i: i32, j: i32, width: i32, sums: usize, isFirst: bool): void {
  const alpha = <T>long(args, 6);
  const beta = <T>long(args, 8);
  const hasD = isFirst && ptr(args, 13) != 0;
  const step = <usize>int(args, 15) * sizeof<T>();
  const stepD = <usize>int(args, 21) * sizeof<T>();
  let c = element<T>(args, batch, 0, i, j);
  let d = hasD ? element<T>(args, batch, 3, i, j) : 0;
  for (let s = 0; s < width; s++) {
    const sum = reinterpret<i64>(load<f64>(sums + (<usize>s << 3)) + MAGIC) - reinterpret<i64>(MAGIC);
    let y: T = alpha * <T>sum;
    if (hasD) y += beta * load<T>(d);
    if (!isFirst) y += load<T>(c);
    store<T>(c, y);
    c += step;
    d += stepD;
  }
}

function row<T>(args: usize, batch: i32, i: i32, j: i32, width: i32): void {
  const k = int(args, 2);
  const stepA = <usize>int(args, 17) * sizeof<T>();
  const rowB = <usize>int(args, 18) * sizeof<T>();
  const stepB = <usize>int(args, 19) * sizeof<T>();
  const lanes: i32 = 16 / <i32>sizeof<T>();
  memory.fill(scratch, 0, <usize>width * sizeof<T>());
  let a = element<T>(args, batch, 1, i, 0);
  let b = element<T>(args, batch, 2, 0, j);
  for (let p = 0; p < k; p++) {
    const x = load<T>(a);
    let to = scratch;
    let from = b;
    let s = 0;
    if (stepB == sizeof<T>()) {
      const xs = v128.splat<T>(x);
      for (; s + lanes <= width; s += lanes) {
        v128.store(to, v128.add<T>(v128.load(to), v128.mul<T>(xs, v128.load(from))));
        to += 16;
        from += 16;
      }
    }
    for (; s < width; s++) {
      store<T>(to, load<T>(to) + x * load<T>(from));
      to += sizeof<T>();
      from += stepB;
    }
    a += stepA;
    b += rowB;
  }
  const alpha = <T>long(args, 6);
  const beta = <T>long(args, 8);
  for (let s = 0; s < width; s++) {
    let y: T = alpha * load<T>(scratch + <usize>s * sizeof<T>());
    if (ptr(args, 13) != 0) y += beta * load<T>(element<T>(args, batch, 3, i, j + s));
    store<T>(element<T>(args, batch, 0, i, j + s), y);
  }
}
