// Σ (x - m) and Σ (x - m)² of a row and of columns, folded in the runs of blocked.ts. m is the mean as well as a float32 sum
// knows it; the first sum tells what it missed: mean = m + Σ (x - m) / n, Σ (x - mean)² = Σ (x - m)² - (Σ (x - m))² / n.

import { scratch } from "../abi";
import { madd } from "../math";
import { bothOf } from "../simd";
import { TILE } from "./blocked";

const RUN: i32 = 32; // groups of four vectors: the same 128 steps as in blocked.ts

/** The sum of the lanes, in double precision. */
// @ts-ignore: decorator
@inline
export function lanesSum<T>(v: v128): f64 {
  if (sizeof<T>() == 8) return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
  const low = f64x2.promote_low_f32x4(v);
  const high = f64x2.promote_low_f32x4(v128.shuffle<i64>(v, v, 1, 1));
  const s = f64x2.add(low, high);
  return f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
}

/** The second result of `deviations`: Σ (x - m). */
export let drift: f64 = 0;

/** Σ (x[i] - m)² over n contiguous elements. */
export function deviations<T>(n: i32, x: usize, m: T): f64 {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const mean = v128.splat<T>(m);
  let squares: f64 = 0;
  let sum: f64 = 0;
  let groups = n / (4 * lanes);
  let rest = n - groups * 4 * lanes;
  while (groups > 0) {
    const run = min(groups, RUN);
    groups -= run;
    let a = v128.splat<T>(0);
    let b = a;
    let c = a;
    let d = a;
    let s = a;
    let t = a;
    for (let i = 0; i < run; i++) {
      const p = v128.sub<T>(v128.load(x, 0), mean);
      const q = v128.sub<T>(v128.load(x, 16), mean);
      const u = v128.sub<T>(v128.load(x, 32), mean);
      const v = v128.sub<T>(v128.load(x, 48), mean);
      a = madd<T>(p, p, a);
      b = madd<T>(q, q, b);
      c = madd<T>(u, u, c);
      d = madd<T>(v, v, d);
      s = v128.add<T>(s, v128.add<T>(p, u));
      t = v128.add<T>(t, v128.add<T>(q, v));
      x += 64;
    }
    squares += lanesSum<T>(v128.add<T>(bothOf<T>(0, a, b), bothOf<T>(1, c, d)));
    sum += lanesSum<T>(bothOf<T>(2, s, t));
  }
  for (; rest > 0; rest--) {
    const d = <f64>(load<T>(x) - m);
    squares += d * d;
    sum += d;
    x += sizeof<T>();
  }
  drift = sum;
  return squares;
}

// What `columnDeviations` takes and gives, TILE of each; the first 16 · TILE bytes of the scratch are those of blocked.ts.
// @ts-ignore: decorator
@inline export function tileMeans(): usize { return scratch + <usize>TILE * 16; } // T
// @ts-ignore: decorator
@inline export function tileSquares(): usize { return scratch + <usize>TILE * 24; } // f64
// @ts-ignore: decorator
@inline export function tileDrifts(): usize { return scratch + <usize>TILE * 32; } // f64
// @ts-ignore: decorator
@inline function narrowSquares(): usize { return scratch; } // T
// @ts-ignore: decorator
@inline function narrowDrifts(): usize { return scratch + <usize>TILE * 8; } // T

/** Sets `tileSquares` and `tileDrifts` of `width` columns of n elements from `tileMeans`. */
export function columnDeviations<T>(n: i32, width: i32, stride: i32, x: usize): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const pitch = <usize>stride * sizeof<T>();
  const whole = <usize>(width / lanes) << 4;
  const bytes = <usize>width * sizeof<T>();
  const means = tileMeans();
  const squares = narrowSquares();
  const drifts = narrowDrifts();
  memory.fill(tileSquares(), 0, <usize>width << 3);
  memory.fill(tileDrifts(), 0, <usize>width << 3);
  while (n > 0) {
    let left = min(n, 4 * RUN);
    n -= left;
    memory.fill(squares, 0, bytes);
    memory.fill(drifts, 0, bytes);
    for (; left >= 4; left -= 4) {
      let j: usize = 0;
      for (; j < whole; j += 16) {
        const mean = v128.load(means + j);
        const p = v128.sub<T>(v128.load(x + j), mean);
        const q = v128.sub<T>(v128.load(x + pitch + j), mean);
        const u = v128.sub<T>(v128.load(x + 2 * pitch + j), mean);
        const v = v128.sub<T>(v128.load(x + 3 * pitch + j), mean);
        const s = v128.add<T>(v128.add<T>(p, q), v128.add<T>(u, v));
        v128.store(drifts + j, v128.add<T>(v128.load(drifts + j), s));
        const t = madd<T>(v, v, madd<T>(u, u, madd<T>(q, q, v128.mul<T>(p, p))));
        v128.store(squares + j, v128.add<T>(v128.load(squares + j), t));
      }
      for (; j < bytes; j += sizeof<T>()) {
        for (let i: usize = 0; i < 4; i++) single<T>(x + i * pitch + j, j);
      }
      x += 4 * pitch;
    }
    for (; left > 0; left--) {
      for (let j: usize = 0; j < bytes; j += sizeof<T>()) single<T>(x + j, j);
      x += pitch;
    }
    for (let j = 0; j < width; j++) {
      const from = <usize>j * sizeof<T>();
      const to = <usize>j << 3;
      store<f64>(tileSquares() + to, load<f64>(tileSquares() + to) + <f64>load<T>(squares + from));
      store<f64>(tileDrifts() + to, load<f64>(tileDrifts() + to) + <f64>load<T>(drifts + from));
    }
  }
}

/** One element, of the column whose accumulators are at j. */
// @ts-ignore: decorator
@inline
function single<T>(x: usize, j: usize): void {
  const d = load<T>(x) - load<T>(tileMeans() + j);
  store<T>(narrowDrifts() + j, load<T>(narrowDrifts() + j) + d);
  store<T>(narrowSquares() + j, load<T>(narrowSquares() + j) + d * d);
}
