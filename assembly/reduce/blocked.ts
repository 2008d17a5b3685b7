// The two ways to fold many numbers into one, and the operators to fold with.
//
// Both work in runs of 8 · 16 = 128 steps: a run folds in the element type T (eight independent chains hide the latency
// of the addition), its result goes to an accumulator of the wide type W. So a float32 sum makes at most 16 + 3
// additions in float32 before it continues in float64, and 128 booleans fit the byte in which they are counted. Where a
// run begins depends on nothing but the position inside the unit.

import { scratch } from "../abi";
import { aside } from "../simd";

const GROUP: i32 = 8; // vectors of a row, or rows of a column tile, that are taken together
const RUN: i32 = 16; // groups in a run
const AHEAD: usize = 4096; // bytes: a page

/** Columns that `columns` folds at once at most: their accumulators take 12 kB of a 32 kB L1. */
export const TILE: i32 = 1024;

// @ts-ignore: decorator
@inline export function wideTile(): usize { return scratch; }
// @ts-ignore: decorator
@inline function narrowTile(): usize { return scratch + <usize>TILE * 8; }

/**
 * Folds n contiguous elements at x. Where `limit` is given, the kernel goes on from there up to `limit`: a line of a page to
 * come is touched in every run, since the processor's own prefetching ends with the page.
 */
export function row<T, W, O>(n: i32, x: usize, limit: usize = 0): W {
  const op = changetype<O>(0);
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const step = GROUP * lanes;
  let total = op.zero<W>();
  let wide = f64x2.splat(0); // where W is f64 and T f32
  let touched = 0;
  let groups = n / step;
  let rest = n - groups * step;
  while (groups > 0) {
    const run = min(groups, RUN);
    groups -= run;
    if (x + AHEAD < limit) touched |= load<u8>(x + AHEAD);
    let a = op.lift<T>(v128.load(x, 0));
    let b = op.lift<T>(v128.load(x, 16));
    let c = op.lift<T>(v128.load(x, 32));
    let d = op.lift<T>(v128.load(x, 48));
    let e = op.lift<T>(v128.load(x, 64));
    let f = op.lift<T>(v128.load(x, 80));
    let g = op.lift<T>(v128.load(x, 96));
    let h = op.lift<T>(v128.load(x, 112));
    x += 128;
    for (let i = 1; i < run; i++) {
      a = op.vector<T>(a, op.lift<T>(v128.load(x, 0)));
      b = op.vector<T>(b, op.lift<T>(v128.load(x, 16)));
      c = op.vector<T>(c, op.lift<T>(v128.load(x, 32)));
      d = op.vector<T>(d, op.lift<T>(v128.load(x, 48)));
      e = op.vector<T>(e, op.lift<T>(v128.load(x, 64)));
      f = op.vector<T>(f, op.lift<T>(v128.load(x, 80)));
      g = op.vector<T>(g, op.lift<T>(v128.load(x, 96)));
      h = op.vector<T>(h, op.lift<T>(v128.load(x, 112)));
      x += 128;
    }
    if (WIDE_VECTORS) {
      // Through memory, as in `bothOf`.
      const at = aside(0);
      v128.store(at, a);
      v128.store(at, b, 16);
      v128.store(at, c, 32);
      v128.store(at, d, 48);
      v128.store(at, e, 64);
      v128.store(at, f, 80);
      v128.store(at, g, 96);
      v128.store(at, h, 112);
      a = v128.load(at);
      b = v128.load(at, 16);
      c = v128.load(at, 32);
      d = v128.load(at, 48);
      e = v128.load(at, 64);
      f = v128.load(at, 80);
      g = v128.load(at, 96);
      h = v128.load(at, 112);
    }
    a = op.vector<T>(op.vector<T>(a, b), op.vector<T>(c, d));
    e = op.vector<T>(op.vector<T>(e, f), op.vector<T>(g, h));
    a = op.vector<T>(a, e);
    if (isFloat<T>() && sizeof<T>() < sizeof<W>()) {
      wide = f64x2.add(wide, f64x2.add(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(v128.shuffle<i64>(a, a, 1, 1))));
    } else {
      total = op.scalar<W>(total, across<T, W, O>(a));
    }
  }
  if (isFloat<T>() && sizeof<T>() < sizeof<W>()) total = <W>(f64x2.extract_lane(wide, 0) + f64x2.extract_lane(wide, 1));
  store<u8>(narrowTile(), <u8>touched); // or nothing would have been loaded
  if (rest >= lanes) {
    let a = op.lift<T>(v128.load(x));
    x += 16;
    for (rest -= lanes; rest >= lanes; rest -= lanes) {
      a = op.vector<T>(a, op.lift<T>(v128.load(x)));
      x += 16;
    }
    total = op.scalar<W>(total, across<T, W, O>(a));
  }
  for (; rest > 0; rest--) {
    total = op.scalar<W>(total, <W>op.liftOne<T>(load<T>(x)));
    x += sizeof<T>();
  }
  return total;
}

/**
 * The greatest (least) of n ≥ 1 floats. Two instructions a vector where that with NaN and zeros takes ten: the greatest but
 * for NaN, and a sum that is NaN where one of them is. Where it is, or where zeros of both signs may have met, `row` decides.
 */
export function extremeOf<T, O>(n: i32, x: usize): T {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  let left = n;
  let at = x;
  let a = v128.splat<T>(load<T>(x)), b = a, c = a, d = a;
  let s = v128.splat<T>(<T>0), t = s, u = s, v = s;
  for (; left >= 4 * lanes; left -= 4 * lanes) {
    a = better<T, O>(a, v128.load(at));
    b = better<T, O>(b, v128.load(at, 16));
    c = better<T, O>(c, v128.load(at, 32));
    d = better<T, O>(d, v128.load(at, 48));
    s = v128.add<T>(s, v128.load(at));
    t = v128.add<T>(t, v128.load(at, 16));
    u = v128.add<T>(u, v128.load(at, 32));
    v = v128.add<T>(v, v128.load(at, 48));
    at += 64;
  }
  a = better<T, O>(better<T, O>(a, b), better<T, O>(c, d));
  s = v128.add<T>(v128.add<T>(s, t), v128.add<T>(u, v));
  for (; left > 0; left--) {
    const y = v128.load_splat<T>(at);
    a = better<T, O>(a, y);
    s = v128.add<T>(s, y);
    at += sizeof<T>();
  }
  const best = across<T, T, O>(a);
  return best == 0 || v128.any_true(v128.ne<T>(s, s)) ? row<T, T, O>(n, x) : best;
}

// @ts-ignore: decorator
@inline
function better<T, O>(a: v128, b: v128): v128 {
  return idof<O>() == idof<Maximum>() ? v128.pmax<T>(a, b) : v128.pmin<T>(a, b);
}

/** Folds the lanes of v in W. */
// @ts-ignore: decorator
@inline
function across<T, W, O>(v: v128): W {
  const op = changetype<O>(0);
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const at = narrowTile();
  v128.store(at, v);
  let total = <W>load<T>(at);
  for (let i = 1; i < lanes; i++) total = op.scalar<W>(total, <W>load<T>(at + <usize>i * sizeof<T>()));
  return total;
}

/** Folds `width` ≤ TILE columns of n elements, `stride` elements from row to row, into `wideTile()`. */
export function columns<T, W, O>(n: i32, width: i32, stride: i32, x: usize): void {
  const op = changetype<O>(0);
  const wide = wideTile();
  const narrow = narrowTile();
  const pitch = <usize>stride * sizeof<T>();
  let first = true; // nothing is in the wide accumulators yet
  while (n > 0) {
    let left = min(n, GROUP * RUN);
    n -= left;
    if (left >= GROUP) {
      eight<T, O>(width, narrow, x, pitch, true);
      x += <usize>GROUP * pitch;
      for (left -= GROUP; left >= GROUP; left -= GROUP) {
        eight<T, O>(width, narrow, x, pitch, false);
        x += <usize>GROUP * pitch;
      }
      widen<T, W, O>(width, narrow, first, false);
      first = false;
    }
    for (; left > 0; left--) {
      widen<T, W, O>(width, x, first, true);
      first = false;
      x += pitch;
    }
  }
  if (first) {
    for (let j = 0; j < width; j++) store<W>(wide + <usize>j * sizeof<W>(), op.zero<W>());
  }
}

/**
 * As `columns`, for the greatest (least) of n ≥ 1 floats and as `extremeOf` does it. A column with a NaN, or zeros that may have
 * been of both signs, has `columns` decide.
 */
export function extremeColumns<T, O>(n: i32, width: i32, stride: i32, x: usize): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const pitch = <usize>stride * sizeof<T>();
  const whole = <usize>(width / lanes) << 4;
  if (whole != <usize>width * sizeof<T>()) return columns<T, T, O>(n, width, stride, x);
  const to = wideTile();
  memory.copy(to, x, whole);
  let odd = v128.splat<T>(<T>0); // NaN where one was
  let at = x;
  for (let left = n; left > 0; ) {
    const rows = min(left, 4);
    left -= rows;
    // A row that is not there is the first of the four once more.
    const x1 = at + (rows > 1 ? pitch : 0);
    const x2 = at + (rows > 2 ? 2 * pitch : 0);
    const x3 = at + (rows > 3 ? 3 * pitch : 0);
    for (let j: usize = 0; j < whole; j += 16) {
      const a = v128.load(at + j), b = v128.load(x1 + j), c = v128.load(x2 + j), d = v128.load(x3 + j);
      odd = v128.add<T>(odd, v128.add<T>(v128.add<T>(a, b), v128.add<T>(c, d)));
      v128.store(to + j, better<T, O>(v128.load(to + j), better<T, O>(better<T, O>(a, b), better<T, O>(c, d))));
    }
    at += 4 * pitch;
  }
  let zeros = i64x2.splat(0);
  for (let j: usize = 0; j < whole; j += 16) zeros = v128.or(zeros, v128.eq<T>(v128.load(to + j), v128.splat<T>(<T>0)));
  if (v128.any_true(v128.or(zeros, v128.ne<T>(odd, odd)))) columns<T, T, O>(n, width, stride, x);
}

/** Folds a row, of elements that are still to be lifted or of accumulators, into the wide accumulators; the first row sets them. */
// @ts-ignore: decorator
@inline
function widen<T, W, O>(width: i32, from: usize, first: boolean, lift: boolean): void {
  const op = changetype<O>(0);
  let wide = wideTile();
  if (isFloat<T>() && sizeof<T>() < sizeof<W>()) {
    const zero = f64x2.splat(<f64>op.zero<W>());
    for (; width >= 4; width -= 4) {
      const x = v128.load(from);
      const v = lift ? op.lift<T>(x) : x;
      const low = first ? zero : v128.load(wide);
      const high = first ? zero : v128.load(wide, 16);
      v128.store(wide, op.vector<W>(low, f64x2.promote_low_f32x4(v)));
      v128.store(wide, op.vector<W>(high, f64x2.promote_low_f32x4(v128.shuffle<i64>(v, v, 1, 1))), 16);
      wide += 32;
      from += 16;
    }
  }
  if (isFloat<T>() == isFloat<W>() && sizeof<T>() == sizeof<W>()) {
    const lanes: i32 = 16 / <i32>sizeof<T>();
    const zero = v128.splat<T>(op.zero<T>());
    for (; width >= lanes; width -= lanes) {
      const x = v128.load(from);
      v128.store(wide, op.vector<T>(first ? zero : v128.load(wide), lift ? op.lift<T>(x) : x));
      wide += 16;
      from += 16;
    }
  }
  for (; width > 0; width--) {
    const x = load<T>(from);
    const before = first ? op.zero<W>() : load<W>(wide);
    store<W>(wide, op.scalar<W>(before, <W>(lift ? op.liftOne<T>(x) : x)));
    wide += sizeof<W>();
    from += sizeof<T>();
  }
}

/** Folds eight rows into the narrow accumulators, which the first group of a run sets. */
// @ts-ignore: decorator
@inline
function eight<T, O>(width: i32, y: usize, x: usize, pitch: usize, first: boolean): void {
  const op = changetype<O>(0);
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const x1 = x + pitch;
  const x2 = x1 + pitch;
  const x3 = x2 + pitch;
  const x4 = x3 + pitch;
  const x5 = x4 + pitch;
  const x6 = x5 + pitch;
  const x7 = x6 + pitch;
  let j: usize = 0; // in bytes
  const whole = <usize>(width / lanes) << 4;
  for (; j < whole; j += 16) {
    const a = op.vector<T>(op.lift<T>(v128.load(x + j)), op.lift<T>(v128.load(x1 + j)));
    const b = op.vector<T>(op.lift<T>(v128.load(x2 + j)), op.lift<T>(v128.load(x3 + j)));
    const c = op.vector<T>(op.lift<T>(v128.load(x4 + j)), op.lift<T>(v128.load(x5 + j)));
    const d = op.vector<T>(op.lift<T>(v128.load(x6 + j)), op.lift<T>(v128.load(x7 + j)));
    const s = op.vector<T>(op.vector<T>(a, b), op.vector<T>(c, d));
    v128.store(y + j, first ? s : op.vector<T>(v128.load(y + j), s));
  }
  for (const end = <usize>width * sizeof<T>(); j < end; j += sizeof<T>()) {
    const a = op.scalar<T>(op.liftOne<T>(load<T>(x + j)), op.liftOne<T>(load<T>(x1 + j)));
    const b = op.scalar<T>(op.liftOne<T>(load<T>(x2 + j)), op.liftOne<T>(load<T>(x3 + j)));
    const c = op.scalar<T>(op.liftOne<T>(load<T>(x4 + j)), op.liftOne<T>(load<T>(x5 + j)));
    const d = op.scalar<T>(op.liftOne<T>(load<T>(x6 + j)), op.liftOne<T>(load<T>(x7 + j)));
    const s = op.scalar<T>(op.scalar<T>(a, b), op.scalar<T>(c, d));
    store<T>(y + j, first ? s : op.scalar<T>(load<T>(y + j), s));
  }
}

// The operators: `zero` is neutral, `scalar` and `vector` fold two values, `liftOne` and `lift` are what is done to an
// element before.

// @ts-ignore: decorator
@final
export class Sum {
  // @ts-ignore: decorator
  @inline zero<T>(): T { return <T>0; }
  // @ts-ignore: decorator
  @inline liftOne<T>(x: T): T { return x; }
  // @ts-ignore: decorator
  @inline lift<T>(x: v128): v128 { return x; }
  // @ts-ignore: decorator
  @inline scalar<T>(a: T, b: T): T { return <T>(a + b); }
  // @ts-ignore: decorator
  @inline vector<T>(a: v128, b: v128): v128 { return v128.add<T>(a, b); }
}

/** Σ x of what is a number. */
// @ts-ignore: decorator
@final
export class SumOfNumbers {
  // @ts-ignore: decorator
  @inline zero<T>(): T { return <T>0; }
  // @ts-ignore: decorator
  @inline liftOne<T>(x: T): T { return x == x ? x : <T>0; }
  // @ts-ignore: decorator
  @inline lift<T>(x: v128): v128 { return v128.and(x, v128.eq<T>(x, x)); }
  // @ts-ignore: decorator
  @inline scalar<T>(a: T, b: T): T { return <T>(a + b); }
  // @ts-ignore: decorator
  @inline vector<T>(a: v128, b: v128): v128 { return v128.add<T>(a, b); }
}

/** Σ x² */
// @ts-ignore: decorator
@final
export class SumOfSquares {
  // @ts-ignore: decorator
  @inline zero<T>(): T { return <T>0; }
  // @ts-ignore: decorator
  @inline liftOne<T>(x: T): T { return <T>(x * x); }
  // @ts-ignore: decorator
  @inline lift<T>(x: v128): v128 { return v128.mul<T>(x, x); }
  // @ts-ignore: decorator
  @inline scalar<T>(a: T, b: T): T { return <T>(a + b); }
  // @ts-ignore: decorator
  @inline vector<T>(a: v128, b: v128): v128 { return v128.add<T>(a, b); }
}

/** Σ |x| */
// @ts-ignore: decorator
@final
export class SumOfMagnitudes {
  // @ts-ignore: decorator
  @inline zero<T>(): T { return <T>0; }
  // @ts-ignore: decorator
  @inline liftOne<T>(x: T): T { return abs<T>(x); }
  // @ts-ignore: decorator
  @inline lift<T>(x: v128): v128 { return v128.abs<T>(x); }
  // @ts-ignore: decorator
  @inline scalar<T>(a: T, b: T): T { return <T>(a + b); }
  // @ts-ignore: decorator
  @inline vector<T>(a: v128, b: v128): v128 { return v128.add<T>(a, b); }
}

// @ts-ignore: decorator
@final
export class Product {
  // @ts-ignore: decorator
  @inline zero<T>(): T { return <T>1; }
  // @ts-ignore: decorator
  @inline liftOne<T>(x: T): T { return x; }
  // @ts-ignore: decorator
  @inline lift<T>(x: v128): v128 { return x; }
  // @ts-ignore: decorator
  @inline scalar<T>(a: T, b: T): T { return <T>(a * b); }
  // @ts-ignore: decorator
  @inline vector<T>(a: v128, b: v128): v128 { return v128.mul<T>(a, b); }
}

/** The greatest but for NaN, which may win or be lost: for those who look for NaN elsewhere. An instruction instead of nine. */
// @ts-ignore: decorator
@final
export class Peak {
  // @ts-ignore: decorator
  @inline zero<T>(): T { return <T>-Infinity; }
  // @ts-ignore: decorator
  @inline liftOne<T>(x: T): T { return x; }
  // @ts-ignore: decorator
  @inline lift<T>(x: v128): v128 { return x; }
  // @ts-ignore: decorator
  @inline scalar<T>(a: T, b: T): T { return a < b ? b : a; }
  // @ts-ignore: decorator
  @inline vector<T>(a: v128, b: v128): v128 { return v128.pmax<T>(a, b); }
}

/** A NaN wins: that is what WebAssembly's own max and min of floats do. */
// @ts-ignore: decorator
@final
export class Maximum {
  // @ts-ignore: decorator
  @inline zero<T>(): T {
    if (isFloat<T>()) return <T>-Infinity;
    return <T>(isSigned<T>() ? (<u64>1 << (8 * sizeof<T>() - 1)) : 0);
  }
  // @ts-ignore: decorator
  @inline liftOne<T>(x: T): T { return x; }
  // @ts-ignore: decorator
  @inline lift<T>(x: v128): v128 { return x; }
  // @ts-ignore: decorator
  @inline scalar<T>(a: T, b: T): T { return max<T>(a, b); }
  // @ts-ignore: decorator
  @inline vector<T>(a: v128, b: v128): v128 {
    if (isInteger<T>() && sizeof<T>() == 8) return v128.bitselect(a, b, v128.gt<T>(a, b));
    return v128.max<T>(a, b);
  }
}

// @ts-ignore: decorator
@final
export class Minimum {
  // @ts-ignore: decorator
  @inline zero<T>(): T {
    if (isFloat<T>()) return <T>Infinity;
    return <T>(isSigned<T>() ? (<u64>1 << (8 * sizeof<T>() - 1)) - 1 : 1); // bytes are booleans
  }
  // @ts-ignore: decorator
  @inline liftOne<T>(x: T): T { return x; }
  // @ts-ignore: decorator
  @inline lift<T>(x: v128): v128 { return x; }
  // @ts-ignore: decorator
  @inline scalar<T>(a: T, b: T): T { return min<T>(a, b); }
  // @ts-ignore: decorator
  @inline vector<T>(a: v128, b: v128): v128 {
    if (isInteger<T>() && sizeof<T>() == 8) return v128.bitselect(a, b, v128.lt<T>(a, b));
    return v128.min<T>(a, b);
  }
}
