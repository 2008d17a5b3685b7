// Steps of optimizers, in place over contiguous arrays of one dtype, with the operations of PyTorch's single-tensor forms in
// their order (but that the root of adam is multiplied in, not divided by). Factors arrive as f64 and act in the dtype of
// the parameter; `sign` is -1 to maximise.
//
//   sgd_   args ─ 0 sign: f64 │ 1 decay: f64 │ 2 momentum: f64 │ 3 1 - dampening: f64 │ 4 lr: f64
//               │ 5 first: i32 │ 6 nesterov: i32 │ 7 … the list: p │ g │ buffer or 0
//
//     g ← sign · g + decay · p;  buffer ← first ? g : momentum · buffer + (1 - dampening) · g
//     p ← p - lr · (no buffer ? g : nesterov ? g + momentum · buffer : buffer)
//
//   adam_  args ─ 0 sign: f64 │ 1 decay: f64 │ 2 shrink: f64 │ 3 beta1: f64 │ 4 beta2: f64 │ 5 step: f64 │ 6 root: f64
//               │ 7 eps: f64 │ 8 … the list: p │ g │ m │ v │ greatest v or 0
//
//     p ← shrink · p (1 - lr · weight decay for AdamW, else 1);  g ← sign · g + decay · p
//     m ← m + (1 - beta1) · (g - m);  v ← beta2 · v + (1 - beta2) · g²
//     p ← p - step · m / (√v / root + eps),  step = lr / (1 - beta1^t), root = √(1 - beta2^t)
//
//   With `greatest v` (amsgrad), it becomes max(itself, v) and stands for v in the last line.
//
//   rmsprop_  args ─ 0 sign: f64 │ 1 decay: f64 │ 2 alpha: f64 │ 3 eps: f64 │ 4 momentum: f64 │ 5 lr: f64
//                  │ 6 … the list: p │ g │ v │ buffer or 0 │ average or 0
//
//     g ← sign · g + decay · p;  v ← alpha · v + (1 - alpha) · g²;  average ← average + (1 - alpha) · (g - average)
//     d ← g / (√(v - average²) + eps), or without average g / (√v + eps);  buffer ← momentum · buffer + d
//     p ← p - lr · (buffer or d)
//
//   adagrad_  args ─ 0 sign: f64 │ 1 decay: f64 │ 2 rate: f64 │ 3 eps: f64 │ 4 … the list: p │ g │ sum
//
//     g ← sign · g + decay · p;  sum ← sum + g²;  p ← p - rate · g / (√sum + eps)
//
// Of 16-bit floats all is computed in f32 and what is written is rounded once.
//
// The list is a count, the units of the launch and, for so many parameters: elements │ the addresses. A unit is its share of
// every parameter: a thread that takes the first units has the first part of each, which is what products that are cut in as
// many parts give it and take from it.

import { int, ptr, real, scratch } from "../abi";
import { Brain, Half, narrow, widen } from "../cast/half";
import { madd } from "../math";
import { giveSome, takeSome } from "../simd";

const STEP: i32 = 16; // elements: cuts are on whole cache lines

// @ts-ignore: decorator
@inline
function factor<T>(args: usize, slot: i32): v128 { return v128.splat<T>(<T>real(args, slot)); }

/** Runs `O` over units [begin, end) of the list at slot `list`, each parameter with `count` addresses. */
// @ts-ignore: decorator
@inline
function overList<T, O>(args: usize, list: i32, count: i32, begin: i32, end: i32): void {
  const op = changetype<O>(0);
  const units = int(args, list + 1);
  let slot = list + 2;
  for (let left = int(args, list); left > 0; left--) {
    const n = int(args, slot);
    const i = place(n, begin, units);
    const last = place(n, end, units);
    if (i < last) op.over<T>(args, slot + 1, i, last);
    slot += 1 + count;
  }
}

const STRIP: i32 = 1024; // elements of each array that are f32 at a time
const STRIPS: usize = 1024; // in the scratch arena, beyond a block of arguments

/** `O` in f32 for arrays of 16-bit floats, of the type F; the list is at slot `list`, with `count` addresses a parameter. */
// @ts-ignore: decorator
@inline
function overShort<F, O>(args: usize, list: i32, count: i32, begin: i32, end: i32): void {
  memory.copy(scratch, args, <usize>list << 3);
  const units = int(args, list + 1);
  let slot = list + 2;
  for (let left = int(args, list); left > 0; left--) {
    const n = int(args, slot);
    const last = place(n, end, units);
    for (let i = place(n, begin, units); i < last; i += STRIP) shortStep<F, O>(args, slot + 1, list, count, i, min(STRIP, last - i));
    slot += 1 + count;
  }
}

/** `some` elements from i on of the parameter whose addresses begin at `slot`; those of their f32 are put at slot `list` of the block in the arena. */
function shortStep<F, O>(args: usize, slot: i32, list: i32, count: i32, i: i32, some: i32): void {
  const addresses = scratch + (<usize>list << 3);
  for (let k = 0; k < count; k++) {
    const from = ptr(args, slot + k);
    const strip = scratch + STRIPS + <usize>(k * STRIP) * 4;
    store<usize>(addresses + (<usize>k << 3), from == 0 ? 0 : strip);
    if (from != 0) widen<F>(some, strip, from + (<usize>i << 1));
  }
  changetype<O>(0).over<f32>(scratch, list, 0, some);
  for (let k = 0; k < count; k++) {
    const to = ptr(args, slot + k);
    if (to != 0 && k != GRADIENT) narrow<F>(some, to + (<usize>i << 1), scratch + STRIPS + <usize>(k * STRIP) * 4);
  }
}

const GRADIENT: i32 = 1; // the array that is not written

/** The first of n elements that is not before `unit`. */
function place(n: i32, unit: i32, units: i32): i32 {
  return unit == units ? n : <i32>((<i64>(n / STEP) * unit) / units) * STEP;
}

// @ts-ignore: decorator
@final
class Sgd {
  /** Elements [i, end) of the parameter whose addresses begin at `slot`. */
  over<T>(args: usize, slot: i32, i: i32, end: i32): void {
    const lanes: i32 = 16 / <i32>sizeof<T>();
    const to = ptr(args, slot);
    const from = ptr(args, slot + 1);
    const buffer = ptr(args, slot + 2);
    const sign = factor<T>(args, 0);
    const decay = factor<T>(args, 1);
    const momentum = factor<T>(args, 2);
    const fresh = factor<T>(args, 3);
    const back = v128.neg<T>(factor<T>(args, 4));
    const first = int(args, 5) != 0;
    const nesterov = int(args, 6) != 0;
    for (; buffer == 0 && i + 4 * lanes <= end; i += 4 * lanes) {
      const at = <usize>i * sizeof<T>();
      const a = v128.load(to + at), b = v128.load(to + at, 16), c = v128.load(to + at, 32), d = v128.load(to + at, 48);
      const e = madd<T>(decay, a, v128.mul<T>(sign, v128.load(from + at)));
      const f = madd<T>(decay, b, v128.mul<T>(sign, v128.load(from + at, 16)));
      const g = madd<T>(decay, c, v128.mul<T>(sign, v128.load(from + at, 32)));
      const h = madd<T>(decay, d, v128.mul<T>(sign, v128.load(from + at, 48)));
      v128.store(to + at, madd<T>(back, e, a));
      v128.store(to + at, madd<T>(back, f, b), 16);
      v128.store(to + at, madd<T>(back, g, c), 32);
      v128.store(to + at, madd<T>(back, h, d), 48);
    }
    while (i < end) {
      const whole = i + lanes <= end;
      const at = <usize>i * sizeof<T>();
      const p = takeSome<T>(to + at, whole);
      let g = madd<T>(decay, p, v128.mul<T>(sign, takeSome<T>(from + at, whole)));
      if (buffer != 0) {
        const b = first ? g : madd<T>(fresh, g, v128.mul<T>(momentum, takeSome<T>(buffer + at, whole)));
        giveSome<T>(buffer + at, b, whole);
        g = nesterov ? madd<T>(momentum, b, g) : b;
      }
      giveSome<T>(to + at, madd<T>(back, g, p), whole);
      i += whole ? lanes : 1;
    }
  }
}

// @ts-ignore: decorator
@final
class Adam {
  /** Elements [i, end) of the parameter whose addresses begin at `slot`. */
  over<T>(args: usize, slot: i32, i: i32, end: i32): void {
    const lanes: i32 = 16 / <i32>sizeof<T>();
    const to = ptr(args, slot);
    const from = ptr(args, slot + 1);
    const average = ptr(args, slot + 2);
    const squares = ptr(args, slot + 3);
    const greatest = ptr(args, slot + 4);
    const sign = factor<T>(args, 0);
    const decay = factor<T>(args, 1);
    const shrink = factor<T>(args, 2);
    const fresh1 = v128.splat<T>(<T>(1 - real(args, 3)));
    const beta2 = factor<T>(args, 4);
    const fresh2 = v128.splat<T>(<T>(1 - real(args, 4)));
    // step · m / (√v / root + eps) = step · root · m / (√v + eps · root): one division less.
    const back = v128.splat<T>(<T>(-real(args, 5) * real(args, 6)));
    const eps = v128.splat<T>(<T>(real(args, 7) * real(args, 6)));
    // PyTorch's lerp starts from the nearer end.
    const far = 1 - real(args, 3) >= 0.5;
    const beta1 = factor<T>(args, 3);
    while (i < end) {
      const whole = i + lanes <= end;
      const at = <usize>i * sizeof<T>();
      const p = v128.mul<T>(takeSome<T>(to + at, whole), shrink);
      const g = madd<T>(decay, p, v128.mul<T>(sign, takeSome<T>(from + at, whole)));
      let m = takeSome<T>(average + at, whole);
      const gap = v128.sub<T>(g, m);
      m = far ? v128.sub<T>(g, v128.mul<T>(gap, beta1)) : madd<T>(fresh1, gap, m);
      let v = takeSome<T>(squares + at, whole);
      v = madd<T>(v128.mul<T>(fresh2, g), g, v128.mul<T>(v, beta2));
      giveSome<T>(average + at, m, whole);
      giveSome<T>(squares + at, v, whole);
      if (greatest != 0) {
        v = v128.max<T>(takeSome<T>(greatest + at, whole), v);
        giveSome<T>(greatest + at, v, whole);
      }
      const size = v128.add<T>(v128.sqrt<T>(v), eps);
      giveSome<T>(to + at, v128.add<T>(p, v128.div<T>(v128.mul<T>(back, m), size)), whole);
      i += whole ? lanes : 1;
    }
  }
}

// @ts-ignore: decorator
@final
class Rmsprop {
  /** Elements [i, end) of the parameter whose addresses begin at `slot`. */
  over<T>(args: usize, slot: i32, i: i32, end: i32): void {
    const lanes: i32 = 16 / <i32>sizeof<T>();
    const to = ptr(args, slot);
    const from = ptr(args, slot + 1);
    const squares = ptr(args, slot + 2);
    const buffer = ptr(args, slot + 3);
    const average = ptr(args, slot + 4);
    const sign = factor<T>(args, 0);
    const decay = factor<T>(args, 1);
    const alpha = factor<T>(args, 2);
    const fresh = v128.splat<T>(<T>(1 - real(args, 2)));
    const eps = factor<T>(args, 3);
    const momentum = factor<T>(args, 4);
    const back = v128.neg<T>(factor<T>(args, 5));
    while (i < end) {
      const whole = i + lanes <= end;
      const at = <usize>i * sizeof<T>();
      const p = takeSome<T>(to + at, whole);
      const g = madd<T>(decay, p, v128.mul<T>(sign, takeSome<T>(from + at, whole)));
      let v = v128.mul<T>(takeSome<T>(squares + at, whole), alpha);
      v = madd<T>(v128.mul<T>(fresh, g), g, v);
      giveSome<T>(squares + at, v, whole);
      if (average != 0) {
        let m = takeSome<T>(average + at, whole);
        m = madd<T>(fresh, v128.sub<T>(g, m), m);
        giveSome<T>(average + at, m, whole);
        v = v128.sub<T>(v, v128.mul<T>(m, m));
      }
      const size = v128.add<T>(v128.sqrt<T>(v), eps);
      if (buffer == 0) giveSome<T>(to + at, v128.add<T>(p, v128.div<T>(v128.mul<T>(back, g), size)), whole);
      else {
        const b = v128.add<T>(v128.mul<T>(takeSome<T>(buffer + at, whole), momentum), v128.div<T>(g, size));
        giveSome<T>(buffer + at, b, whole);
        giveSome<T>(to + at, madd<T>(back, b, p), whole);
      }
      i += whole ? lanes : 1;
    }
  }
}

// @ts-ignore: decorator
@final
class Adagrad {
  /** Elements [i, end) of the parameter whose addresses begin at `slot`. */
  over<T>(args: usize, slot: i32, i: i32, end: i32): void {
    const lanes: i32 = 16 / <i32>sizeof<T>();
    const to = ptr(args, slot);
    const from = ptr(args, slot + 1);
    const sum = ptr(args, slot + 2);
    const sign = factor<T>(args, 0);
    const decay = factor<T>(args, 1);
    const back = v128.neg<T>(factor<T>(args, 2));
    const eps = factor<T>(args, 3);
    while (i < end) {
      const whole = i + lanes <= end;
      const at = <usize>i * sizeof<T>();
      const p = takeSome<T>(to + at, whole);
      const g = madd<T>(decay, p, v128.mul<T>(sign, takeSome<T>(from + at, whole)));
      const s = madd<T>(g, g, takeSome<T>(sum + at, whole));
      giveSome<T>(sum + at, s, whole);
      const size = v128.add<T>(v128.sqrt<T>(s), eps);
      giveSome<T>(to + at, v128.add<T>(p, v128.div<T>(v128.mul<T>(back, g), size)), whole);
      i += whole ? lanes : 1;
    }
  }
}

export function sgd_f32(args: usize, begin: i32, end: i32): void { overList<f32, Sgd>(args, 7, 3, begin, end); }
export function sgd_f64(args: usize, begin: i32, end: i32): void { overList<f64, Sgd>(args, 7, 3, begin, end); }
export function sgd_f16(args: usize, begin: i32, end: i32): void { overShort<Half, Sgd>(args, 7, 3, begin, end); }
export function sgd_bf16(args: usize, begin: i32, end: i32): void { overShort<Brain, Sgd>(args, 7, 3, begin, end); }
export function adam_f32(args: usize, begin: i32, end: i32): void { overList<f32, Adam>(args, 8, 5, begin, end); }
export function adam_f64(args: usize, begin: i32, end: i32): void { overList<f64, Adam>(args, 8, 5, begin, end); }
export function rmsprop_f32(args: usize, begin: i32, end: i32): void { overList<f32, Rmsprop>(args, 6, 5, begin, end); }
export function rmsprop_f64(args: usize, begin: i32, end: i32): void { overList<f64, Rmsprop>(args, 6, 5, begin, end); }
export function adagrad_f32(args: usize, begin: i32, end: i32): void { overList<f32, Adagrad>(args, 4, 3, begin, end); }
export function adagrad_f64(args: usize, begin: i32, end: i32): void { overList<f64, Adagrad>(args, 4, 3, begin, end); }
export function rmsprop_f16(args: usize, begin: i32, end: i32): void { overShort<Half, Rmsprop>(args, 6, 5, begin, end); }
export function rmsprop_bf16(args: usize, begin: i32, end: i32): void { overShort<Brain, Rmsprop>(args, 6, 5, begin, end); }
export function adagrad_f16(args: usize, begin: i32, end: i32): void { overShort<Half, Adagrad>(args, 4, 3, begin, end); }
export function adagrad_bf16(args: usize, begin: i32, end: i32): void { overShort<Brain, Adagrad>(args, 4, 3, begin, end); }
export function adam_f16(args: usize, begin: i32, end: i32): void { overShort<Half, Adam>(args, 8, 5, begin, end); }
export function adam_bf16(args: usize, begin: i32, end: i32): void { overShort<Brain, Adam>(args, 8, 5, begin, end); }
