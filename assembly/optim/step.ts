// Steps of optimizers, in place over contiguous arrays of one dtype, with the operations of PyTorch's single-tensor forms in
// their order. Units are elements. Factors arrive as f64 and act in the dtype of the parameter; `sign` is -1 to maximise.
//
//   sgd_   args ─ p: usize │ g: usize │ buffer: usize or 0 │ first: i32 │ nesterov: i32
//               │ sign: f64 │ decay: f64 │ momentum: f64 │ 1 - dampening: f64 │ lr: f64
//
//     g ← sign · g + decay · p;  buffer ← first ? g : momentum · buffer + (1 - dampening) · g
//     p ← p - lr · (no buffer ? g : nesterov ? g + momentum · buffer : buffer)
//
//   adam_  args ─ p: usize │ g: usize │ m: usize │ v: usize │ greatest v: usize or 0
//               │ sign: f64 │ decay: f64 │ shrink: f64 │ beta1: f64 │ beta2: f64 │ step: f64 │ root: f64 │ eps: f64
//
//     p ← shrink · p (1 - lr · weight decay for AdamW, else 1);  g ← sign · g + decay · p
//     m ← m + (1 - beta1) · (g - m);  v ← beta2 · v + (1 - beta2) · g²
//     p ← p - step · m / (√v / root + eps),  step = lr / (1 - beta1^t), root = √(1 - beta2^t)
//
//   With `greatest v` (amsgrad), it becomes max(itself, v) and stands for v in the last line.

import { int, ptr, real } from "../abi";
import { madd } from "../math";
import { giveSome, takeSome } from "../simd";

// @ts-ignore: decorator
@inline
function factor<T>(args: usize, slot: i32): v128 { return v128.splat<T>(<T>real(args, slot)); }

// @ts-ignore: decorator
@inline
function sgd<T>(args: usize, begin: i32, end: i32): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const buffer = ptr(args, 2);
  const first = int(args, 3) != 0;
  const nesterov = int(args, 4) != 0;
  const sign = factor<T>(args, 5);
  const decay = factor<T>(args, 6);
  const momentum = factor<T>(args, 7);
  const fresh = factor<T>(args, 8);
  const back = v128.neg<T>(factor<T>(args, 9));
  for (let i = begin; i < end; ) {
    const whole = i + lanes <= end;
    const at = <usize>i * sizeof<T>();
    const p = takeSome<T>(ptr(args, 0) + at, whole);
    let g = madd<T>(decay, p, v128.mul<T>(sign, takeSome<T>(ptr(args, 1) + at, whole)));
    if (buffer != 0) {
      const b = first ? g : madd<T>(fresh, g, v128.mul<T>(momentum, takeSome<T>(buffer + at, whole)));
      giveSome<T>(buffer + at, b, whole);
      g = nesterov ? madd<T>(momentum, b, g) : b;
    }
    giveSome<T>(ptr(args, 0) + at, madd<T>(back, g, p), whole);
    i += whole ? lanes : 1;
  }
}

// @ts-ignore: decorator
@inline
function adam<T>(args: usize, begin: i32, end: i32): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const greatest = ptr(args, 4);
  const sign = factor<T>(args, 5);
  const decay = factor<T>(args, 6);
  const shrink = factor<T>(args, 7);
  const fresh1 = v128.splat<T>(<T>(1 - real(args, 8)));
  const beta2 = factor<T>(args, 9);
  const fresh2 = v128.splat<T>(<T>(1 - real(args, 9)));
  const back = v128.neg<T>(factor<T>(args, 10));
  const root = factor<T>(args, 11);
  const eps = factor<T>(args, 12);
  // PyTorch's lerp starts from the nearer end.
  const far = 1 - real(args, 8) >= 0.5;
  const beta1 = factor<T>(args, 8);
  for (let i = begin; i < end; ) {
    const whole = i + lanes <= end;
    const at = <usize>i * sizeof<T>();
    const p = v128.mul<T>(takeSome<T>(ptr(args, 0) + at, whole), shrink);
    const g = madd<T>(decay, p, v128.mul<T>(sign, takeSome<T>(ptr(args, 1) + at, whole)));
    let m = takeSome<T>(ptr(args, 2) + at, whole);
    const gap = v128.sub<T>(g, m);
    m = far ? v128.sub<T>(g, v128.mul<T>(gap, beta1)) : madd<T>(fresh1, gap, m);
    let v = takeSome<T>(ptr(args, 3) + at, whole);
    v = madd<T>(v128.mul<T>(fresh2, g), g, v128.mul<T>(v, beta2));
    giveSome<T>(ptr(args, 2) + at, m, whole);
    giveSome<T>(ptr(args, 3) + at, v, whole);
    if (greatest != 0) {
      v = v128.max<T>(takeSome<T>(greatest + at, whole), v);
      giveSome<T>(greatest + at, v, whole);
    }
    const size = v128.add<T>(v128.div<T>(v128.sqrt<T>(v), root), eps);
    giveSome<T>(ptr(args, 0) + at, v128.add<T>(p, v128.div<T>(v128.mul<T>(back, m), size)), whole);
    i += whole ? lanes : 1;
  }
}

export function sgd_f32(args: usize, begin: i32, end: i32): void { sgd<f32>(args, begin, end); }
export function sgd_f64(args: usize, begin: i32, end: i32): void { sgd<f64>(args, begin, end); }
export function adam_f32(args: usize, begin: i32, end: i32): void { adam<f32>(args, begin, end); }
export function adam_f64(args: usize, begin: i32, end: i32): void { adam<f64>(args, begin, end); }
