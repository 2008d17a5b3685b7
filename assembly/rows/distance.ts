// Distances of rows from rows, by the sum of magnitudes (p = 1) or the root of the sum of squares (p = 2).
//
//   distances_          args ─ n: i32 │ r: i32 │ m: i32 │ p: i32 │ triangle: i32 │ a: [batch, n, m] │ b: [batch, r, m] │ y: [batch, n, r]
//   distancesBackward_  args ─ n │ r │ m │ p │ triangle │ a │ b │ w: [batch, n, r] │ da: [batch, n, m]
//
//   y[i, j]  = ‖a[i] - b[j]‖
//   da[i]    = Σ_j w[i, j] · sign(a[i] - b[j]), of p = 2 Σ_j w[i, j] · (a[i] - b[j])
//
// With `triangle` a and b are the same n rows, and y and w have the pairs i < j alone, one behind the other; da is then that of both
// rows of a pair. All contiguous. Units are rows of a.

import { int, ptr, scratch } from "../abi";
import { madd } from "../math";
import { total } from "../simd";

/** Where the pairs of row i begin, less i + 1: pair (i, j) is at that place plus j. */
// @ts-ignore: decorator
@inline function pairsOf(n: i32, i: i32): i32 { return <i32>((<i64>i * (2 * n - i - 1)) / 2) - i - 1; }

// @ts-ignore: decorator
@inline
function forward<T>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const r = int(args, 1);
  const m = int(args, 2);
  const triangle = int(args, 4) != 0;
  const bytes = <usize>m * sizeof<T>();
  for (let unit = begin; unit < end; unit++) {
    const i = unit % n;
    const a = ptr(args, 5) + <usize>unit * bytes;
    const b = ptr(args, 6) + <usize>(unit / n * r) * bytes;
    const y = ptr(args, 7) + <usize>(triangle ? pairsOf(n, i) : unit * r) * sizeof<T>();
    if (int(args, 3) == 1) line<T>(triangle ? i + 1 : 0, r, m, a, b, y, false);
    else line<T>(triangle ? i + 1 : 0, r, m, a, b, y, true);
  }
}

/** Row a's distances from rows [first, r) of b, four at a time. */
// @ts-ignore: decorator
@inline
function line<T>(first: i32, r: i32, m: i32, a: usize, b: usize, y: usize, squares: bool): void {
  const bytes = <usize>m * sizeof<T>();
  const whole = bytes & ~15;
  for (let j = first; j < r; j += 4) {
    // A row that is not there is the last once more.
    const b0 = b + <usize>j * bytes;
    const b1 = b + <usize>min(j + 1, r - 1) * bytes;
    const b2 = b + <usize>min(j + 2, r - 1) * bytes;
    const b3 = b + <usize>min(j + 3, r - 1) * bytes;
    let s0 = v128.splat<T>(<T>0), s1 = s0, s2 = s0, s3 = s0;
    let k: usize = 0;
    for (; k < whole; k += 16) {
      const x = v128.load(a + k);
      s0 = grown<T>(s0, v128.sub<T>(x, v128.load(b0 + k)), squares);
      s1 = grown<T>(s1, v128.sub<T>(x, v128.load(b1 + k)), squares);
      s2 = grown<T>(s2, v128.sub<T>(x, v128.load(b2 + k)), squares);
      s3 = grown<T>(s3, v128.sub<T>(x, v128.load(b3 + k)), squares);
    }
    let t0 = total<T>(s0), t1 = total<T>(s1), t2 = total<T>(s2), t3 = total<T>(s3);
    for (; k < bytes; k += sizeof<T>()) {
      const x = load<T>(a + k);
      t0 += size<T>(x - load<T>(b0 + k), squares);
      t1 += size<T>(x - load<T>(b1 + k), squares);
      t2 += size<T>(x - load<T>(b2 + k), squares);
      t3 += size<T>(x - load<T>(b3 + k), squares);
    }
    const to = y + <usize>j * sizeof<T>();
    store<T>(to, squares ? sqrt<T>(t0) : t0);
    if (j + 1 < r) store<T>(to, squares ? sqrt<T>(t1) : t1, sizeof<T>());
    if (j + 2 < r) store<T>(to, squares ? sqrt<T>(t2) : t2, 2 * sizeof<T>());
    if (j + 3 < r) store<T>(to, squares ? sqrt<T>(t3) : t3, 3 * sizeof<T>());
  }
}

// @ts-ignore: decorator
@inline
function grown<T>(sum: v128, d: v128, squares: bool): v128 {
  return squares ? madd<T>(d, d, sum) : v128.add<T>(sum, v128.abs<T>(d));
}

// @ts-ignore: decorator
@inline function size<T>(d: T, squares: bool): T { return squares ? d * d : abs<T>(d); }

// @ts-ignore: decorator
@inline
function backward<T>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const bytes = <usize>int(args, 2) * sizeof<T>();
  for (let unit = begin; unit < end; unit++) {
    if (int(args, 3) == 1) pull<T>(args, unit, n, bytes, false);
    else pull<T>(args, unit, n, bytes, true);
  }
}

/** The weights of row `unit`: those of a triangle in the arena, of the row and itself 0. */
// @ts-ignore: decorator
@inline
function weights<T>(args: usize, unit: i32, n: i32, r: i32): usize {
  const w = ptr(args, 7);
  if (int(args, 4) == 0) return w + <usize>(unit * r) * sizeof<T>();
  let place = unit - 1; // of the pair of rows 0 and `unit`
  for (let j = 0; j < unit; j++) {
    store<T>(scratch + <usize>j * sizeof<T>(), load<T>(w + <usize>place * sizeof<T>()));
    place += n - j - 2;
  }
  const own = scratch + <usize>unit * sizeof<T>();
  store<T>(own, <T>0);
  const first = <usize>(pairsOf(n, unit) + unit + 1) * sizeof<T>();
  memory.copy(own + sizeof<T>(), w + first, <usize>(n - unit - 1) * sizeof<T>());
  return scratch;
}

/** One row of da, 64 or 16 bytes at a time. */
// @ts-ignore: decorator
@inline
function pull<T>(args: usize, unit: i32, n: i32, bytes: usize, squares: bool): void {
  const r = int(args, 1);
  const a = ptr(args, 5) + <usize>unit * bytes;
  const b = ptr(args, 6) + <usize>(unit / n * r) * bytes;
  const to = ptr(args, 8) + <usize>unit * bytes;
  const row = weights<T>(args, unit, n, r);
  let k: usize = 0;
  for (; k + 64 <= bytes; k += 64) {
    const x0 = v128.load(a + k), x1 = v128.load(a + k, 16), x2 = v128.load(a + k, 32), x3 = v128.load(a + k, 48);
    let s0 = v128.splat<T>(<T>0), s1 = s0, s2 = s0, s3 = s0;
    for (let j = 0; j < r; j++) {
      const w = v128.load_splat<T>(row + <usize>j * sizeof<T>());
      const from = b + <usize>j * bytes + k;
      s0 = madd<T>(slope<T>(v128.sub<T>(x0, v128.load(from)), squares), w, s0);
      s1 = madd<T>(slope<T>(v128.sub<T>(x1, v128.load(from, 16)), squares), w, s1);
      s2 = madd<T>(slope<T>(v128.sub<T>(x2, v128.load(from, 32)), squares), w, s2);
      s3 = madd<T>(slope<T>(v128.sub<T>(x3, v128.load(from, 48)), squares), w, s3);
    }
    v128.store(to + k, s0);
    v128.store(to + k, s1, 16);
    v128.store(to + k, s2, 32);
    v128.store(to + k, s3, 48);
  }
  while (k < bytes) {
    const whole = k + 16 <= bytes;
    const x = whole ? v128.load(a + k) : v128.load_splat<T>(a + k);
    let s = v128.splat<T>(<T>0);
    for (let j = 0; j < r; j++) {
      const from = b + <usize>j * bytes + k;
      const d = v128.sub<T>(x, whole ? v128.load(from) : v128.load_splat<T>(from));
      s = madd<T>(slope<T>(d, squares), v128.load_splat<T>(row + <usize>j * sizeof<T>()), s);
    }
    if (whole) v128.store(to + k, s);
    else store<T>(to + k, v128.extract_lane<T>(s, 0));
    k += whole ? 16 : sizeof<T>();
  }
}

/** d, or its sign: 0 of 0. */
// @ts-ignore: decorator
@inline
function slope<T>(d: v128, squares: bool): v128 {
  if (squares) return d;
  const one = v128.or(v128.and(d, v128.splat<T>(<T>-0.0)), v128.splat<T>(<T>1));
  return v128.and(one, v128.ne<T>(d, v128.splat<T>(<T>0)));
}

export function distances_f32(args: usize, begin: i32, end: i32): void { forward<f32>(args, begin, end); }
export function distances_f64(args: usize, begin: i32, end: i32): void { forward<f64>(args, begin, end); }
export function distancesBackward_f32(args: usize, begin: i32, end: i32): void { backward<f32>(args, begin, end); }
export function distancesBackward_f64(args: usize, begin: i32, end: i32): void { backward<f64>(args, begin, end); }
