// Sums of elements that are picked by an index and weighted: what is read between the pixels of an image.
//
//   blend_         args ─ taps: i32 │ n: i32 │ c: i32 │ size: i32 │ count: i32 │ x │ places: i64 │ weights │ y
//   blendImages_   args ─ the same up to weights │ g │ dx
//   blendWeights_  args ─ the same up to places │ g │ dw
//
//   y[n, c, p]      = Σ_t x[n, c, places[t, n, p]] · weights[t, n, p], in the order of the taps
//   dx[n, c, place] = Σ of g[n, c, p] · weights[t, n, p] that meet there
//   dw[t, n, p]     = Σ_c g[n, c, p] · x[n, c, places[t, n, p]]
//
// x and dx are [n, c, size], places, weights and dw [taps, n, count], y and g [n, c, count], all contiguous. Units of the first and the
// last are chunks of CHUNK points, `chunks` for each n; those of dx planes of n and c. A place out of range is a fault.

import { FAULT_INDEX, fault, int, ptr, scratch } from "../abi";
import { madd } from "../math";

const CHUNK: i32 = 256; // src/ops/gridsample.ts says the same

/** The offsets in bytes of the places of tap t, in i32, for points [first, last) of image `image`. */
// @ts-ignore: decorator
@inline
function offsets<T>(args: usize, t: i32, image: i32, first: i32, last: i32): usize {
  const to = scratch + (<usize>(t * CHUNK) << 2);
  const places = ptr(args, 6) + (<usize>((t * int(args, 1) + image) * int(args, 4)) << 3);
  for (let p = first; p < last; p++) {
    const place = load<i64>(places + (<usize>p << 3));
    const isThere = <u64>place < <u64>int(args, 3);
    if (!isThere) fault(FAULT_INDEX, place);
    store<i32>(to + (<usize>(p - first) << 2), isThere ? <i32>place * <i32>sizeof<T>() : 0);
  }
  return to;
}

/** Elements of x at the offsets at `at`, as many as fill a vector. */
// @ts-ignore: decorator
@inline
function picked<T>(x: usize, at: usize): v128 {
  if (sizeof<T>() == 8) return v128.load64_lane(x + load<u32>(at, 4), v128.load64_zero(x + load<u32>(at)), 1);
  let y = v128.load32_zero(x + load<u32>(at));
  y = v128.load32_lane(x + load<u32>(at, 4), y, 1);
  y = v128.load32_lane(x + load<u32>(at, 8), y, 2);
  return v128.load32_lane(x + load<u32>(at, 12), y, 3);
}

// @ts-ignore: decorator
@inline
function forward<T>(args: usize, begin: i32, end: i32): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const taps = int(args, 0);
  const c = int(args, 2);
  const count = int(args, 4);
  const chunks = (count + CHUNK - 1) / CHUNK;
  const plane = <usize>int(args, 3) * sizeof<T>();
  const pitch = <usize>(int(args, 1) * count) * sizeof<T>(); // from tap to tap of the weights
  for (let unit = begin; unit < end; unit++) {
    const image = unit / chunks;
    const first = (unit - image * chunks) * CHUNK;
    const last = min(first + CHUNK, count);
    for (let t = 0; t < taps; t++) offsets<T>(args, t, image, first, last);
    const weights = ptr(args, 7) + <usize>(image * count + first) * sizeof<T>();
    for (let k = 0; k < c; k++) {
      const x = ptr(args, 5) + <usize>(image * c + k) * plane;
      const y = ptr(args, 8) + <usize>((image * c + k) * count + first) * sizeof<T>();
      let p = 0;
      for (; p + lanes <= last - first; p += lanes) {
        let at = scratch + (<usize>p << 2);
        let w = weights + <usize>p * sizeof<T>();
        let sum = v128.mul<T>(picked<T>(x, at), v128.load(w));
        for (let t = 1; t < taps; t++) {
          at += <usize>CHUNK << 2;
          w += pitch;
          sum = madd<T>(picked<T>(x, at), v128.load(w), sum);
        }
        v128.store(y + <usize>p * sizeof<T>(), sum);
      }
      for (; p < last - first; p++) {
        let at = scratch + (<usize>p << 2);
        let w = weights + <usize>p * sizeof<T>();
        let sum = v128.mul<T>(v128.load_splat<T>(x + load<u32>(at)), v128.load_splat<T>(w));
        for (let t = 1; t < taps; t++) {
          at += <usize>CHUNK << 2;
          w += pitch;
          sum = madd<T>(v128.load_splat<T>(x + load<u32>(at)), v128.load_splat<T>(w), sum);
        }
        store<T>(y + <usize>p * sizeof<T>(), v128.extract_lane<T>(sum, 0));
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function images<T>(args: usize, begin: i32, end: i32): void {
  const taps = int(args, 0);
  const n = int(args, 1);
  const c = int(args, 2);
  const size = int(args, 3);
  const count = int(args, 4);
  for (let unit = begin; unit < end; unit++) {
    const image = unit / c;
    const g = ptr(args, 8) + <usize>unit * <usize>count * sizeof<T>();
    const dx = ptr(args, 9) + <usize>unit * <usize>size * sizeof<T>();
    memory.fill(dx, 0, <usize>size * sizeof<T>());
    for (let t = 0; t < taps; t++) {
      const line = <usize>((t * n + image) * count);
      let place = ptr(args, 6) + (line << 3);
      let w = ptr(args, 7) + line * sizeof<T>();
      let from = g;
      for (let p = 0; p < count; p++) {
        const to = dx + <usize>load<i64>(place) * sizeof<T>();
        if (<u64>load<i64>(place) < <u64>size) store<T>(to, load<T>(to) + load<T>(from) * load<T>(w));
        place += 8;
        w += sizeof<T>();
        from += sizeof<T>();
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function weights<T>(args: usize, begin: i32, end: i32): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const taps = int(args, 0);
  const n = int(args, 1);
  const c = int(args, 2);
  const count = int(args, 4);
  const chunks = (count + CHUNK - 1) / CHUNK;
  const plane = <usize>int(args, 3) * sizeof<T>();
  const line = <usize>count * sizeof<T>();
  for (let unit = begin; unit < end; unit++) {
    const image = unit / chunks;
    const first = (unit - image * chunks) * CHUNK;
    const last = min(first + CHUNK, count);
    const images = ptr(args, 5) + <usize>(image * c) * plane;
    const g = ptr(args, 7) + <usize>(image * c) * line + <usize>first * sizeof<T>();
    for (let t = 0; t < taps; t++) {
      const at = offsets<T>(args, t, image, first, last);
      const to = ptr(args, 8) + <usize>(t * n + image) * line + <usize>first * sizeof<T>();
      let p = 0;
      for (; p + lanes <= last - first; p += lanes) {
        let sum = v128.splat<T>(<T>0);
        let x = images;
        let from = g + <usize>p * sizeof<T>();
        for (let k = 0; k < c; k++) {
          sum = madd<T>(picked<T>(x, at + (<usize>p << 2)), v128.load(from), sum);
          x += plane;
          from += line;
        }
        v128.store(to + <usize>p * sizeof<T>(), sum);
      }
      for (; p < last - first; p++) {
        let sum = v128.splat<T>(<T>0);
        const x = images + load<u32>(at + (<usize>p << 2));
        for (let k = 0; k < c; k++) {
          const from = v128.load_splat<T>(g + <usize>k * line + <usize>p * sizeof<T>());
          sum = madd<T>(v128.load_splat<T>(x + <usize>k * plane), from, sum);
        }
        store<T>(to + <usize>p * sizeof<T>(), v128.extract_lane<T>(sum, 0));
      }
    }
  }
}

export function blend_f32(args: usize, begin: i32, end: i32): void { forward<f32>(args, begin, end); }
export function blend_f64(args: usize, begin: i32, end: i32): void { forward<f64>(args, begin, end); }
export function blendImages_f32(args: usize, begin: i32, end: i32): void { images<f32>(args, begin, end); }
export function blendImages_f64(args: usize, begin: i32, end: i32): void { images<f64>(args, begin, end); }
export function blendWeights_f32(args: usize, begin: i32, end: i32): void { weights<f32>(args, begin, end); }
export function blendWeights_f64(args: usize, begin: i32, end: i32): void { weights<f64>(args, begin, end); }
