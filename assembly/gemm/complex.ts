// C = α·A·B + β·D for complex numbers, in plain loops. The block is the one of dense.ts; relu is not read. Units are tiles
// of C.
//
// A row of the tile is summed in a row of accumulators in the arena, row of B by row of B.

import { int, ptr, real, scratch } from "../abi";
import { element } from "./dense";

/** Columns in one go: their accumulators stay in the first cache. */
const WIDTH: i32 = 1024;

/** E is the type of an element's two parts. */
function matmul<E>(args: usize, begin: i32, end: i32): void {
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
    const j1 = min(j0 + tileN, n);
    for (let i = i0; i < min(i0 + tileM, m); i++) {
      for (let j = j0; j < j1; j += WIDTH) {
        row<E>(args, batch, i, j, min(WIDTH, j1 - j));
      }
    }
  }
}

function row<E>(args: usize, batch: i32, i: i32, j: i32, width: i32): void {
  const size = 2 * sizeof<E>();
  const k = int(args, 2);
  const stepA = <usize>int(args, 17) * size;
  const rowB = <usize>int(args, 18) * size;
  const stepB = <usize>int(args, 19) * size;
  memory.fill(scratch, 0, <usize>width * size);
  let a = complexElement<E>(args, batch, 1, i, 0);
  let b = complexElement<E>(args, batch, 2, 0, j);
  for (let p = 0; p < k; p++) {
    const re = load<E>(a);
    const im = load<E>(a, sizeof<E>());
    let to = scratch;
    let from = b;
    for (let s = 0; s < width; s++) {
      addProduct<E>(to, re, im, from);
      to += size;
      from += stepB;
    }
    a += stepA;
    b += rowB;
  }
  const alphaRe = <E>real(args, 6);
  const alphaIm = <E>real(args, 7);
  const betaRe = <E>real(args, 8);
  const betaIm = <E>real(args, 9);
  const plain = alphaRe == 1 && alphaIm == 0;
  for (let s = 0; s < width; s++) {
    const c = complexElement<E>(args, batch, 0, i, j + s);
    const sum = scratch + <usize>s * size;
    // Multiplying by 1 + 0i would turn an infinite part into a NaN.
    if (plain && ptr(args, 13) == 0) {
      store<E>(c, load<E>(sum));
      store<E>(c, load<E>(sum, sizeof<E>()), sizeof<E>());
      continue;
    }
    let re: E = 0;
    let im: E = 0;
    if (ptr(args, 13) != 0) {
      const d = complexElement<E>(args, batch, 3, i, j + s);
      const x = load<E>(d);
      const y = load<E>(d, sizeof<E>());
      re = betaRe * x - betaIm * y;
      im = betaRe * y + betaIm * x;
    }
    store<E>(c, re);
    store<E>(c, im, sizeof<E>());
    addProduct<E>(c, alphaRe, alphaIm, sum);
  }
}

/** y += (re + im·i) · x */
// @ts-ignore: decorator
@inline
function addProduct<E>(y: usize, re: E, im: E, x: usize): void {
  const xr = load<E>(x);
  const xi = load<E>(x, sizeof<E>());
  store<E>(y, load<E>(y) + (re * xr - im * xi));
  store<E>(y, load<E>(y, sizeof<E>()) + (re * xi + im * xr), sizeof<E>());
}

/** As `element`, for elements of two parts. */
// @ts-ignore: decorator
@inline
function complexElement<E>(args: usize, batch: i32, operand: i32, i: i32, j: i32): usize {
  const base = ptr(args, 10 + operand);
  return base + 2 * (element<E>(args, batch, operand, i, j) - base);
}

export function matmul_c64(args: usize, begin: i32, end: i32): void { matmul<f32>(args, begin, end); }
export function matmul_c128(args: usize, begin: i32, end: i32): void { matmul<f64>(args, begin, end); }
