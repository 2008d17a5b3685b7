// Rows that rotations turn, two neighbours at a time, in strips: of eight vectors, what is left of two. The rows of a strip lie
// side by side, so that it stays in a near cache, and of two rows that are turned one stays in registers.
//
// Rotations are kept for some rounds, each of which turns the rows of a range, and then go down strip by strip:
//
//   rounds ─ from, to [KEPT] int32 │ cosines, sines [KEPT, 2, n]

import { madd, msub } from "../math";
import { lanes, rotate } from "./rows";

/** Rounds that are kept. */
export const KEPT: i32 = 16;

/** Bytes of the rounds, and of strips of so many columns. src/ops/kernelfactors.ts has the same. */
export function roundsBytes<T>(n: i32): usize { return inLines(<usize>(KEPT << 3) + <usize>(KEPT * n * 2) * sizeof<T>()); }
export function stripsBytes<T>(n: i32, columns: i32): usize {
  const whole = (columns + 2 * lanes<T>() - 1) & (-2 * lanes<T>());
  return inLines(<usize>(n * whole) * sizeof<T>());
}
/** To whole cache lines. */
export function inLines(bytes: usize): usize { return (bytes + 63) & ~63; }

/** The cosine of the rotation of rows i and i + 1 in a round; its sine is n elements on. */
// @ts-ignore: decorator
@inline
export function turnAt<T>(rounds: usize, n: i32, round: i32, i: i32): usize {
  return rounds + (KEPT << 3) + <usize>(round * n * 2 + i) * sizeof<T>();
}

/** Notes that a round has the rotations [from, to). */
export function keepRange(rounds: usize, round: i32, from: i32, to: i32): void {
  store<i32>(rounds + (<usize>round << 3), from);
  store<i32>(rounds + (<usize>round << 3), to, 4);
}

/** Columns of a matrix to strips; from strips, where there is an order, whose row order[i] becomes row i. */
export function moveStrips<T>(n: i32, columns: i32, x: usize, row: usize, strips: usize, order: usize): void {
  for (let j = 0; j < columns; ) {
    const wide = columns - j >= 8 * lanes<T>();
    const pitch: usize = wide ? 128 : 32;
    const bytes: usize = wide ? 128 : <usize>min(columns - j, 2 * lanes<T>()) * sizeof<T>();
    let at = x + <usize>j * sizeof<T>();
    for (let i = 0; i < n; i++) {
      if (order == 0) memory.copy(strips + <usize>i * pitch, at, bytes);
      else memory.copy(at, strips + <usize>load<i32>(order + (<usize>i << 2)) * pitch, bytes);
      at += row;
    }
    strips += <usize>n * pitch;
    j += wide ? 8 * lanes<T>() : 2 * lanes<T>();
  }
}

/**
 * Turns rows i and i + 1 of all strips to c·i + s·(i + 1) and c·(i + 1) - s·i where `up`, for i that grows; else, for i that falls,
 * to c·i - s·(i + 1) and c·(i + 1) + s·i.
 */
export function turnStrips<T>(n: i32, columns: i32, strips: usize, rounds: usize, kept: i32, up: bool): void {
  const apart = up ? sizeof<T>() : -sizeof<T>();
  for (let j = 0; j < columns; ) {
    const wide = columns - j >= 8 * lanes<T>();
    const pitch: usize = wide ? 128 : 32;
    for (let round = 0; round < kept; round++) {
      const from = load<i32>(rounds + (<usize>round << 3));
      const to = load<i32>(rounds + (<usize>round << 3), 4);
      if (from >= to) continue;
      const cosines = turnAt<T>(rounds, n, round, up ? from : to - 1);
      const sines = cosines + <usize>n * sizeof<T>();
      const at = strips + <usize>(up ? from : to) * pitch;
      if (wide) turnStrip<T>(at, up ? pitch : -pitch, to - from, cosines, sines, apart);
      else turnNarrow<T>(at, up ? pitch : -pitch, to - from, cosines, sines, apart);
    }
    strips += <usize>n * pitch;
    j += wide ? 8 * lanes<T>() : 2 * lanes<T>();
  }
}

/** Turns rows i and j, wherever they lie, to c·i - s·j and c·j + s·i. */
export function turnApart<T>(n: i32, columns: i32, strips: usize, i: i32, j: i32, c: T, s: T): void {
  for (let at = 0; at < columns; ) {
    const width = columns - at >= 8 * lanes<T>() ? 8 * lanes<T>() : 2 * lanes<T>();
    const pitch = <usize>width * sizeof<T>();
    rotate<T>(strips + <usize>i * pitch, strips + <usize>j * pitch, width, c, s);
    strips += <usize>n * pitch;
    at += width;
  }
}

/** Turns the sign of row i. */
export function negateRow<T>(n: i32, columns: i32, strips: usize, i: i32): void {
  turnApart<T>(n, columns, strips, i, i, -1, 0);
}

/** Turns the row at `at` with as many rows beyond, `step` bytes one after the other, by turns `apart` from each other. */
function turnStrip<T>(at: usize, step: usize, count: i32, cosines: usize, sines: usize, apart: usize): void {
  let y0 = v128.load(at), y1 = v128.load(at, 16), y2 = v128.load(at, 32), y3 = v128.load(at, 48);
  let y4 = v128.load(at, 64), y5 = v128.load(at, 80), y6 = v128.load(at, 96), y7 = v128.load(at, 112);
  for (; count > 0; count--) {
    const c = v128.load_splat<T>(cosines);
    const s = v128.load_splat<T>(sines);
    cosines += apart;
    sines += apart;
    const last = at;
    at += step;
    let p = v128.load(at), q = v128.load(at, 16);
    v128.store(last, madd<T>(s, p, v128.mul<T>(c, y0)));
    v128.store(last, madd<T>(s, q, v128.mul<T>(c, y1)), 16);
    y0 = msub<T>(s, y0, v128.mul<T>(c, p));
    y1 = msub<T>(s, y1, v128.mul<T>(c, q));
    p = v128.load(at, 32), q = v128.load(at, 48);
    v128.store(last, madd<T>(s, p, v128.mul<T>(c, y2)), 32);
    v128.store(last, madd<T>(s, q, v128.mul<T>(c, y3)), 48);
    y2 = msub<T>(s, y2, v128.mul<T>(c, p));
    y3 = msub<T>(s, y3, v128.mul<T>(c, q));
    p = v128.load(at, 64), q = v128.load(at, 80);
    v128.store(last, madd<T>(s, p, v128.mul<T>(c, y4)), 64);
    v128.store(last, madd<T>(s, q, v128.mul<T>(c, y5)), 80);
    y4 = msub<T>(s, y4, v128.mul<T>(c, p));
    y5 = msub<T>(s, y5, v128.mul<T>(c, q));
    p = v128.load(at, 96), q = v128.load(at, 112);
    v128.store(last, madd<T>(s, p, v128.mul<T>(c, y6)), 96);
    v128.store(last, madd<T>(s, q, v128.mul<T>(c, y7)), 112);
    y6 = msub<T>(s, y6, v128.mul<T>(c, p));
    y7 = msub<T>(s, y7, v128.mul<T>(c, q));
  }
  v128.store(at, y0);
  v128.store(at, y1, 16);
  v128.store(at, y2, 32);
  v128.store(at, y3, 48);
  v128.store(at, y4, 64);
  v128.store(at, y5, 80);
  v128.store(at, y6, 96);
  v128.store(at, y7, 112);
}

/** The same of a strip of two vectors. */
function turnNarrow<T>(at: usize, step: usize, count: i32, cosines: usize, sines: usize, apart: usize): void {
  let y0 = v128.load(at), y1 = v128.load(at, 16);
  for (; count > 0; count--) {
    const c = v128.load_splat<T>(cosines);
    const s = v128.load_splat<T>(sines);
    cosines += apart;
    sines += apart;
    const last = at;
    at += step;
    const p = v128.load(at), q = v128.load(at, 16);
    v128.store(last, madd<T>(s, p, v128.mul<T>(c, y0)));
    v128.store(last, madd<T>(s, q, v128.mul<T>(c, y1)), 16);
    y0 = msub<T>(s, y0, v128.mul<T>(c, p));
    y1 = msub<T>(s, y1, v128.mul<T>(c, q));
  }
  v128.store(at, y0);
  v128.store(at, y1, 16);
}
