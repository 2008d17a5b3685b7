// y[i] = op(y[i - 1], x[i]) along the middle axis of a contiguous [outer, n, inner].
//
//   cumsum_, cumprod_, logcumsumexp_  args ─ n: i32 │ inner: i32 │ tile: i32 │ x: usize │ y: usize │ reverse: i32 │ exclusive: i32
//   cumprodBackward_                  args ─ n: i32 │ inner: i32 │ tile: i32 │ x: usize │ dx: usize │ reverse: i32 │ exclusive: i32 │ g: usize
//   cummax_, cummin_                  args ─ n: i32 │ inner: i32 │ tile: i32 │ x: usize │ y: usize │ indices: usize
//
// inner is cut into tiles of `tile` ≤ 1024 columns (512 of complex numbers); units are outer · tiles. y may be x. float32
// accumulates in float64. `reverse` runs from the end; `exclusive` gives what was folded before an element, without it.
// cummax and cummin take the last of equals, a NaN stays once it is met; indices are int64.

import { int, ptr, scratch } from "../abi";

// T: elements, W: accumulators, `pair`: numbers in an element.
// @ts-ignore: decorator
@inline
function scan<T, W, O>(args: usize, begin: i32, end: i32, pair: i32 = 1): void {
  const op = changetype<O>(0);
  const n = int(args, 0);
  const inner = int(args, 1) * pair;
  const tile = int(args, 2) * pair;
  const tiles = (inner + tile - 1) / tile;
  const reverse = int(args, 5) != 0;
  const exclusive = int(args, 6) != 0;
  const row = <usize>inner * sizeof<T>();
  const pitch: usize = reverse ? -row : row;
  for (let unit = begin; unit < end; unit++) {
    const outer = unit / tiles;
    const column = (unit - outer * tiles) * tile;
    const width = min(tile, inner - column);
    const first = outer * n + (reverse ? n - 1 : 0);
    const offset = (<usize>first * <usize>inner + <usize>column) * sizeof<T>();
    let x = ptr(args, 3) + offset;
    let y = ptr(args, 4) + offset;
    if (inner == 1) {
      line<T, W, O>(n, x, y, pitch, exclusive);
      continue;
    }
    for (let j = 0; j < width; j++) store<W>(scratch + <usize>j * sizeof<W>(), op.zero<W>());
    for (let i = 0; i < n; i++) {
      for (let j: usize = 0; j < <usize>width; j++) {
        const before = load<W>(scratch + j * sizeof<W>());
        const total = op.scalar<W>(before, <W>load<T>(x + j * sizeof<T>()));
        store<W>(scratch + j * sizeof<W>(), total);
        store<T>(y + j * sizeof<T>(), <T>(exclusive ? before : total));
      }
      x += pitch;
      y += pitch;
    }
  }
}

/** The scan of n elements `pitch` bytes apart: what is folded stays in a register. */
// @ts-ignore: decorator
@inline
function line<T, W, O>(n: i32, x: usize, y: usize, pitch: usize, exclusive: bool): void {
  const op = changetype<O>(0);
  let total = op.zero<W>();
  for (; n > 0; n--) {
    const next = op.scalar<W>(total, <W>load<T>(x));
    store<T>(y, <T>(exclusive ? total : next));
    total = next;
    x += pitch;
    y += pitch;
  }
}

// @ts-ignore: decorator
@final
class Add {
  // @ts-ignore: decorator
  @inline zero<T>(): T { return <T>0; }
  // @ts-ignore: decorator
  @inline scalar<T>(a: T, b: T): T { return a + b; }
}

// @ts-ignore: decorator
@final
class Multiply {
  // @ts-ignore: decorator
  @inline zero<T>(): T { return <T>1; }
  // @ts-ignore: decorator
  @inline scalar<T>(a: T, b: T): T { return a * b; }
}

/** log(e^a + e^b), without overflow: the larger one is taken out. */
// @ts-ignore: decorator
@final
class LogAddExp {
  // @ts-ignore: decorator
  @inline zero<T>(): T { return <T>-Infinity; }
  // @ts-ignore: decorator
  @inline scalar<T>(a: T, b: T): T {
    const high = max<T>(a, b);
    const low = min<T>(a, b);
    if (low == high || low == -Infinity) return low == high && abs<T>(low) != Infinity ? <T>(<f64>high + Math.LN2) : high;
    return <T>(<f64>high + Math.log1p(Math.exp(<f64>low - <f64>high)));
  }
}

export function cumsum_f32(args: usize, begin: i32, end: i32): void { scan<f32, f64, Add>(args, begin, end); }
export function cumsum_f64(args: usize, begin: i32, end: i32): void { scan<f64, f64, Add>(args, begin, end); }
export function cumsum_i64(args: usize, begin: i32, end: i32): void { scan<i64, i64, Add>(args, begin, end); }
export function cumsum_c64(args: usize, begin: i32, end: i32): void { scan<f32, f64, Add>(args, begin, end, 2); }
export function cumsum_c128(args: usize, begin: i32, end: i32): void { scan<f64, f64, Add>(args, begin, end, 2); }
export function cumprod_f32(args: usize, begin: i32, end: i32): void { scan<f32, f64, Multiply>(args, begin, end); }
export function cumprod_f64(args: usize, begin: i32, end: i32): void { scan<f64, f64, Multiply>(args, begin, end); }
export function cumprod_i64(args: usize, begin: i32, end: i32): void { scan<i64, i64, Multiply>(args, begin, end); }
export function logcumsumexp_f32(args: usize, begin: i32, end: i32): void { scan<f32, f64, LogAddExp>(args, begin, end); }
export function logcumsumexp_f64(args: usize, begin: i32, end: i32): void { scan<f64, f64, LogAddExp>(args, begin, end); }

// Products of complex numbers: one column at a time.
// @ts-ignore: decorator
@inline
function complexProducts<T>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const inner = int(args, 1);
  const tile = int(args, 2);
  const tiles = (inner + tile - 1) / tile;
  const reverse = int(args, 5) != 0;
  const exclusive = int(args, 6) != 0;
  const row = <usize>inner * 2 * sizeof<T>();
  for (let unit = begin; unit < end; unit++) {
    const outer = unit / tiles;
    const column = (unit - outer * tiles) * tile;
    for (let j = column; j < min(column + tile, inner); j++) {
      let at = (<usize>(outer * n + (reverse ? n - 1 : 0)) * <usize>inner + <usize>j) * 2 * sizeof<T>();
      let re: f64 = 1;
      let im: f64 = 0;
      for (let i = 0; i < n; i++) {
        const c = <f64>load<T>(ptr(args, 3) + at);
        const d = <f64>load<T>(ptr(args, 3) + at + sizeof<T>());
        const nextRe = re * c - im * d;
        const nextIm = re * d + im * c;
        store<T>(ptr(args, 4) + at, <T>(exclusive ? re : nextRe));
        store<T>(ptr(args, 4) + at + sizeof<T>(), <T>(exclusive ? im : nextIm));
        re = nextRe;
        im = nextIm;
        at += reverse ? -row : row;
      }
    }
  }
}

export function cumprod_c64(args: usize, begin: i32, end: i32): void { complexProducts<f32>(args, begin, end); }
export function cumprod_c128(args: usize, begin: i32, end: i32): void { complexProducts<f64>(args, begin, end); }

// dx[k] = Π x[j < k] · S[k], where S[k] = g[k] + x[k + 1] · S[k + 1], or g[k + 1] + x[k + 1] · S[k + 1] of exclusive products: right
// where elements are zero, which a quotient by x is not. A first pass leaves the products in dx. Real numbers are
// complex ones without an imaginary part (`pair` 1).
// @ts-ignore: decorator
@inline
function productsBackward<T>(args: usize, begin: i32, end: i32, pair: usize): void {
  const n = int(args, 0);
  const inner = int(args, 1);
  const tile = int(args, 2);
  const tiles = (inner + tile - 1) / tile;
  const reverse = int(args, 5) != 0;
  const exclusive = int(args, 6) != 0;
  const size = pair * sizeof<T>();
  const row = <usize>inner * size;
  const pitch: usize = reverse ? -row : row;
  for (let unit = begin; unit < end; unit++) {
    const outer = unit / tiles;
    const column = (unit - outer * tiles) * tile;
    for (let j = column; j < min(column + tile, inner); j++) {
      let at = (<usize>(outer * n + (reverse ? n - 1 : 0)) * <usize>inner + <usize>j) * size;
      let re: f64 = 1;
      let im: f64 = 0;
      for (let i = 0; i < n; i++) {
        const c = part<T>(ptr(args, 3) + at, 0, pair);
        const d = part<T>(ptr(args, 3) + at, 1, pair);
        give<T>(ptr(args, 4) + at, re, im, pair);
        const next = re * c - im * d;
        im = re * d + im * c;
        re = next;
        at += pitch;
      }
      re = 0; // S
      im = 0;
      for (let i = n - 1; i >= 0; i--) {
        at -= pitch;
        const gRe = part<T>(ptr(args, 7) + at, 0, pair);
        const gIm = part<T>(ptr(args, 7) + at, 1, pair);
        if (!exclusive) {
          re += gRe;
          im += gIm;
        }
        const p = part<T>(ptr(args, 4) + at, 0, pair);
        const q = part<T>(ptr(args, 4) + at, 1, pair);
        give<T>(ptr(args, 4) + at, p * re - q * im, p * im + q * re, pair);
        const c = part<T>(ptr(args, 3) + at, 0, pair);
        const d = part<T>(ptr(args, 3) + at, 1, pair);
        const next = re * c - im * d;
        im = re * d + im * c;
        re = next;
        if (exclusive) {
          re += gRe;
          im += gIm;
        }
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function part<T>(at: usize, k: usize, pair: usize): f64 { return k < pair ? <f64>load<T>(at + k * sizeof<T>()) : 0; }
// @ts-ignore: decorator
@inline
function give<T>(at: usize, re: f64, im: f64, pair: usize): void {
  store<T>(at, <T>re);
  if (pair == 2) store<T>(at + sizeof<T>(), <T>im);
}

export function cumprodBackward_f32(args: usize, begin: i32, end: i32): void { productsBackward<f32>(args, begin, end, 1); }
export function cumprodBackward_f64(args: usize, begin: i32, end: i32): void { productsBackward<f64>(args, begin, end, 1); }
export function cumprodBackward_c64(args: usize, begin: i32, end: i32): void { productsBackward<f32>(args, begin, end, 2); }
export function cumprodBackward_c128(args: usize, begin: i32, end: i32): void { productsBackward<f64>(args, begin, end, 2); }

// @ts-ignore: decorator
@inline
function running<T>(args: usize, begin: i32, end: i32, highest: boolean): void {
  const n = int(args, 0);
  const inner = int(args, 1);
  const tile = int(args, 2);
  const pitch = <usize>inner * sizeof<T>();
  const tiles = (inner + tile - 1) / tile;
  for (let unit = begin; unit < end; unit++) {
    const outer = unit / tiles;
    const column = (unit - outer * tiles) * tile;
    for (let j = column; j < min(column + tile, inner); j++) {
      const first = <usize>(outer * n) * <usize>inner + <usize>j;
      let x = ptr(args, 3) + first * sizeof<T>();
      let y = ptr(args, 4) + first * sizeof<T>();
      let index = ptr(args, 5) + (first << 3);
      let best = load<T>(x);
      let place: i64 = 0;
      for (let i = 0; i < n; i++) {
        const v = load<T>(x);
        if (v != v || (highest ? v >= best : v <= best)) {
          best = v;
          place = i;
        }
        store<T>(y, best);
        store<i64>(index, place);
        x += pitch;
        y += pitch;
        index += <usize>inner << 3;
      }
    }
  }
}

export function cummax_f32(args: usize, begin: i32, end: i32): void { running<f32>(args, begin, end, true); }
export function cummax_f64(args: usize, begin: i32, end: i32): void { running<f64>(args, begin, end, true); }
export function cummax_i32(args: usize, begin: i32, end: i32): void { running<i32>(args, begin, end, true); }
export function cummax_i64(args: usize, begin: i32, end: i32): void { running<i64>(args, begin, end, true); }
export function cummin_f32(args: usize, begin: i32, end: i32): void { running<f32>(args, begin, end, false); }
export function cummin_f64(args: usize, begin: i32, end: i32): void { running<f64>(args, begin, end, false); }
export function cummin_i32(args: usize, begin: i32, end: i32): void { running<i32>(args, begin, end, false); }
export function cummin_i64(args: usize, begin: i32, end: i32): void { running<i64>(args, begin, end, false); }
