// Phases of images along a stride of two, each dense beside the others: a row of x has even columns from a row of the one and
// odd ones from a row of the other. `convZip` puts phases in their places in x, `convUnzip` takes them from there.
//
//   args ─ 0 stride along the columns of x │ 1 height of x │ 2 its width │ 3 phases │ 4 x │ elements: 5 from phase to phase │
//          6 from plane to plane of a phase (0: of so many as it has)
//
// Phases are in the order of their first places in x. Units: planes of x.

import { int, ptr } from "../abi";

// @ts-ignore: decorator
@inline
function move<T>(args: usize, begin: i32, end: i32, isZip: bool): void {
  const sy = int(args, 0);
  const h = int(args, 1);
  const w = int(args, 2);
  const apart = int(args, 5);
  const row = <usize>w * sizeof<T>();
  let x = ptr(args, 4) + <usize>begin * <usize>h * row;
  for (let plane = begin; plane < end; plane++) {
    for (let y = 0; y < h; y++) {
      const phase = y % sy;
      const rows = (h - phase + sy - 1) / sy;
      const even = ptr(args, 3) + <usize>(2 * phase * apart + rowOf(args, plane, y / sy, rows, w + 1 >> 1)) * sizeof<T>();
      const odd = ptr(args, 3) + <usize>((2 * phase + 1) * apart + rowOf(args, plane, y / sy, rows, w >> 1)) * sizeof<T>();
      if (isZip) zip<T>(w, even, odd, x);
      else unzip<T>(w, even, odd, x);
      x += row;
    }
  }
}

/** The element at which row y of a plane begins in a phase of `rows` × `columns`. */
// @ts-ignore: decorator
@inline
function rowOf(args: usize, plane: i32, y: i32, rows: i32, columns: i32): i32 {
  const step = int(args, 6);
  return plane * (step == 0 ? rows * columns : step) + y * columns;
}

// Rows of w elements, x = a₀ b₀ a₁ b₁ … The last vector is moved back, over the one before.

function zip<T>(w: i32, a: usize, b: usize, x: usize): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const pairs = w >> 1;
  if (pairs < lanes) zipFew<T>(pairs, a, b, x);
  else {
    for (let i = 0; i < pairs; i += lanes) {
      const at = <usize>min(i, pairs - lanes) * sizeof<T>();
      const u = v128.load(a + at), v = v128.load(b + at);
      v128.store(x + 2 * at, sizeof<T>() == 4 ? v128.shuffle<f32>(u, v, 0, 4, 1, 5) : v128.shuffle<f64>(u, v, 0, 2));
      v128.store(x + 2 * at, sizeof<T>() == 4 ? v128.shuffle<f32>(u, v, 2, 6, 3, 7) : v128.shuffle<f64>(u, v, 1, 3), 16);
    }
  }
  if (w & 1) store<T>(x + <usize>(w - 1) * sizeof<T>(), load<T>(a + <usize>pairs * sizeof<T>()));
}

function zipFew<T>(pairs: i32, a: usize, b: usize, x: usize): void {
  for (; pairs > 0; pairs--) {
    store<T>(x, load<T>(a));
    store<T>(x, load<T>(b), sizeof<T>());
    a += sizeof<T>();
    b += sizeof<T>();
    x += 2 * sizeof<T>();
  }
}

function unzip<T>(w: i32, a: usize, b: usize, x: usize): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const pairs = w >> 1;
  if (pairs < lanes) unzipFew<T>(pairs, a, b, x);
  else {
    for (let i = 0; i < pairs; i += lanes) {
      const at = <usize>min(i, pairs - lanes) * sizeof<T>();
      const u = v128.load(x + 2 * at), v = v128.load(x + 2 * at, 16);
      v128.store(a + at, sizeof<T>() == 4 ? v128.shuffle<f32>(u, v, 0, 2, 4, 6) : v128.shuffle<f64>(u, v, 0, 2));
      v128.store(b + at, sizeof<T>() == 4 ? v128.shuffle<f32>(u, v, 1, 3, 5, 7) : v128.shuffle<f64>(u, v, 1, 3));
    }
  }
  if (w & 1) store<T>(a + <usize>pairs * sizeof<T>(), load<T>(x + <usize>(w - 1) * sizeof<T>()));
}

function unzipFew<T>(pairs: i32, a: usize, b: usize, x: usize): void {
  for (; pairs > 0; pairs--) {
    store<T>(a, load<T>(x));
    store<T>(b, load<T>(x, sizeof<T>()));
    a += sizeof<T>();
    b += sizeof<T>();
    x += 2 * sizeof<T>();
  }
}

export function convZip_f32(args: usize, begin: i32, end: i32): void { move<f32>(args, begin, end, true); }
export function convZip_f64(args: usize, begin: i32, end: i32): void { move<f64>(args, begin, end, true); }
export function convUnzip_f32(args: usize, begin: i32, end: i32): void { move<f32>(args, begin, end, false); }
export function convUnzip_f64(args: usize, begin: i32, end: i32): void { move<f64>(args, begin, end, false); }
