// The CTC loss of sequences (src/ops/ctc.ts): the variables of its lattice forward, and the derivative on the way back.
//
//   ctc_          args ─ t: i32 │ n: i32 │ c: i32 │ k: i32 │ blank: i32 │ x │ places: i64 │ times: i64 │ counts: i64 │ losses │ forward
//   ctcBackward_  args ─ the same up to counts │ losses │ forward │ g │ dx
//
// t steps, n sequences, c classes, k places of the lattice; x and dx are [t, n, c], places [n, k], times, counts, losses and g
// [n], forward [t, n, k]; all contiguous, x logarithms. Units are sequences.
//
//   forward[0] = x of the first two places, elsewhere -∞
//   forward[t] = log(e^a + e^b + e^c) + x,  a, b, c = forward[t - 1] at the place and at the one, and if that may be jumped from the
//                two, before it; from times[n] on it stays
//   loss       = -log of all e^forward at the last label and at the blank behind it
//   shares     = at the end e^(forward + loss) of these two; a step before each place has of the shares behind it the part that
//                came from it, e^(forward - arrived), arrived = forward behind it - x there
//   dx         = (e^x - Σ shares of the places of the class) · g, 0 from times[n] on and where g is 0
//
// A class out of range is a fault.

import { FAULT_INDEX, fault, int, ptr, scratch } from "../abi";
import { exp4, exp64, log4, log64 } from "../math";
import { giveSome, takeSome } from "../simd";
import { expNegative } from "./exp";

// The arena: rows of ROOM bytes, of which two elements lie before the first place and as many behind the last.
const ROOM: usize = 256 << 10; // src/ops/ctc.ts has the places that it holds
const SPARE: usize = 16;

// @ts-ignore: decorator
@inline function arena(row: i32): usize { return scratch + ROOM * <usize>row + SPARE; }

// @ts-ignore: decorator
@inline function fill<T>(to: usize, count: i32, value: T): void {
  for (let i = 0; i < count; i++) store<T>(to + <usize>i * sizeof<T>(), value);
}

/** -∞ and what lies between a row and the next: so a place that is not there is never reached. */
// @ts-ignore: decorator
@inline
function clear<T>(row: usize, k: i32, value: T): void {
  fill<T>(row - SPARE, <i32>(SPARE / sizeof<T>()), value);
  fill<T>(row + <usize>k * sizeof<T>(), <i32>(SPARE / sizeof<T>()), value);
}

/** Where a place may be reached from the one before the last 0, else -∞. Returns false where a class is out of range. */
// @ts-ignore: decorator
@inline
function jumps<T>(args: usize, unit: i32, to: usize): bool {
  const k = int(args, 3);
  const places = ptr(args, 6) + (<usize>(unit * k) << 3);
  const blank = int(args, 4);
  for (let i = 0; i < k; i++) {
    const place = load<i64>(places + (<usize>i << 3));
    if (<u64>place >= <u64>int(args, 2)) {
      fault(FAULT_INDEX, place);
      return false;
    }
    const may = i >= 2 && place != blank && place != load<i64>(places + (<usize>(i - 2) << 3));
    store<T>(to + <usize>i * sizeof<T>(), may ? <T>0 : <T>-Infinity);
  }
  return true;
}

/** The logarithms of the places at a step. */
// @ts-ignore: decorator
@inline
function emitted<T>(k: i32, x: usize, places: usize, to: usize): void {
  for (let i = 0; i < k; i++) {
    store<T>(to, load<T>(x + <usize>load<i64>(places) * sizeof<T>()));
    to += sizeof<T>();
    places += 8;
  }
}

// @ts-ignore: decorator
@inline function logarithm<T>(x: v128): v128 { return sizeof<T>() == 4 ? log4(x) : log64(x); }

/** log(e^a + e^b + e^c), of nothing but -∞ that. */
// @ts-ignore: decorator
@inline
function together<T>(a: v128, b: v128, c: v128): v128 {
  const most = v128.max<T>(v128.max<T>(a, b), c);
  const origin = v128.andnot(most, v128.eq<T>(most, v128.splat<T>(<T>-Infinity)));
  const ab = v128.add<T>(expNegative<T>(v128.sub<T>(a, origin)), expNegative<T>(v128.sub<T>(b, origin)));
  return v128.add<T>(logarithm<T>(v128.add<T>(ab, expNegative<T>(v128.sub<T>(c, origin)))), origin);
}

// @ts-ignore: decorator
@inline
function forward<T>(args: usize, begin: i32, end: i32): void {
  const steps = int(args, 0);
  const n = int(args, 1);
  const c = int(args, 2);
  const k = int(args, 3);
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const bytes = <usize>k * sizeof<T>();
  const jump = arena(0);
  const emission = arena(1);
  const before = arena(2);
  for (let unit = begin; unit < end; unit++) {
    if (!jumps<T>(args, unit, jump)) return;
    const places = ptr(args, 6) + (<usize>(unit * k) << 3);
    const time = load<i64>(ptr(args, 7) + (<usize>unit << 3));
    fill<T>(before, k, <T>-Infinity);
    clear<T>(before, k, <T>-Infinity);
    let y: usize = 0;
    for (let t = 0; t < steps; t++) {
      y = ptr(args, 10) + <usize>(t * n + unit) * bytes;
      if (t > 0 && t >= time) {
        memory.copy(y, before, bytes);
        continue;
      }
      emitted<T>(k, ptr(args, 5) + <usize>(t * n + unit) * <usize>c * sizeof<T>(), places, emission);
      if (t == 0) {
        fill<T>(y, k, <T>-Infinity);
        memory.copy(y, emission, min(bytes, 2 * sizeof<T>()));
      } else {
        for (let i = 0; i < k; ) {
          const whole = i + lanes <= k;
          const at = <usize>i * sizeof<T>();
          const a = takeSome<T>(before + at, whole);
          const b = takeSome<T>(before + at - sizeof<T>(), whole);
          const d = v128.add<T>(takeSome<T>(before + at - 2 * sizeof<T>(), whole), takeSome<T>(jump + at, whole));
          giveSome<T>(y + at, v128.add<T>(together<T>(a, b, d), takeSome<T>(emission + at, whole)), whole);
          i += whole ? lanes : 1;
        }
      }
      memory.copy(before, y, bytes);
    }
    const last = <i32>load<i64>(ptr(args, 8) + (<usize>unit << 3)) * 2;
    const a = v128.load_splat<T>(before + <usize>last * sizeof<T>());
    const b = v128.load_splat<T>(before + <usize>last * sizeof<T>() - sizeof<T>());
    const all = together<T>(a, b, v128.splat<T>(<T>-Infinity));
    store<T>(ptr(args, 9) + <usize>unit * sizeof<T>(), -v128.extract_lane<T>(all, 0));
  }
}

// @ts-ignore: decorator
@inline
function backward<T>(args: usize, begin: i32, end: i32): void {
  const steps = int(args, 0);
  const n = int(args, 1);
  const c = int(args, 2);
  const k = int(args, 3);
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const bytes = <usize>k * sizeof<T>();
  const jump = arena(0);
  const emission = arena(1);
  const arrived = arena(2);
  const share = arena(3);
  for (let unit = begin; unit < end; unit++) {
    if (!jumps<T>(args, unit, jump)) return;
    const places = ptr(args, 6) + (<usize>(unit * k) << 3);
    const time = load<i64>(ptr(args, 7) + (<usize>unit << 3));
    const last = <i32>load<i64>(ptr(args, 8) + (<usize>unit << 3)) * 2;
    const loss = load<T>(ptr(args, 9) + <usize>unit * sizeof<T>());
    const g = load<T>(ptr(args, 11) + <usize>unit * sizeof<T>());
    fill<T>(share, k, <T>0);
    clear<T>(share, k, <T>0);
    clear<T>(arrived, k, <T>Infinity);
    clear<T>(jump, k, <T>-Infinity);
    const end = ptr(args, 10) + <usize>((steps - 1) * n + unit) * bytes;
    for (let i = max(last - 1, 0); i <= last; i++) {
      const at = <usize>i * sizeof<T>();
      const way = v128.splat<T>(load<T>(end + at) + loss);
      store<T>(share + at, v128.extract_lane<T>(exponential<T>(way), 0));
    }
    for (let t = steps - 1; t >= 0; t--) {
      const x = ptr(args, 5) + <usize>(t * n + unit) * <usize>c * sizeof<T>();
      const dx = ptr(args, 12) + <usize>(t * n + unit) * <usize>c * sizeof<T>();
      if (t >= time || g == 0) memory.fill(dx, 0, <usize>c * sizeof<T>());
      else slopes<T>(c, k, x, places, share, g, dx);
      if (t == 0 || t >= time) continue;
      const here = ptr(args, 10) + <usize>(t * n + unit) * bytes;
      const before = here - <usize>n * bytes;
      emitted<T>(k, x, places, emission);
      for (let i = 0; i < k; ) {
        const whole = i + lanes <= k;
        const at = <usize>i * sizeof<T>();
        const way = v128.sub<T>(takeSome<T>(here + at, whole), takeSome<T>(emission + at, whole));
        // What nobody reached gives nothing back.
        const isFinite = v128.lt<T>(v128.abs<T>(way), v128.splat<T>(<T>Infinity));
        giveSome<T>(arrived + at, v128.bitselect(way, v128.splat<T>(<T>Infinity), isFinite), whole);
        i += whole ? lanes : 1;
      }
      for (let i = 0; i < k; ) {
        const whole = i + lanes <= k;
        const at = <usize>i * sizeof<T>();
        const from = takeSome<T>(before + at, whole);
        let sum = part<T>(from, share + at, arrived + at, whole);
        sum = v128.add<T>(sum, part<T>(from, share + at + sizeof<T>(), arrived + at + sizeof<T>(), whole));
        const third = part<T>(from, share + at + 2 * sizeof<T>(), arrived + at + 2 * sizeof<T>(), whole);
        const may = v128.eq<T>(takeSome<T>(jump + at + 2 * sizeof<T>(), whole), v128.splat<T>(<T>0));
        giveSome<T>(share + at, v128.add<T>(sum, v128.and(third, may)), whole);
        i += whole ? lanes : 1;
      }
    }
  }
}

// @ts-ignore: decorator
@inline function exponential<T>(x: v128): v128 { return sizeof<T>() == 4 ? exp4(x) : exp64(x); }

/** What of a share came from `from`. */
// @ts-ignore: decorator
@inline
function part<T>(from: v128, share: usize, arrived: usize, whole: bool): v128 {
  const size = expNegative<T>(v128.sub<T>(from, takeSome<T>(arrived, whole)));
  return v128.mul<T>(takeSome<T>(share, whole), size);
}

/** dx = (e^x - shares) · g */
function slopes<T>(c: i32, k: i32, x: usize, places: usize, share: usize, g: T, dx: usize): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const by = v128.splat<T>(g);
  for (let i = 0; i < c; ) {
    const whole = i + lanes <= c;
    const at = <usize>i * sizeof<T>();
    giveSome<T>(dx + at, exponential<T>(takeSome<T>(x + at, whole)), whole);
    i += whole ? lanes : 1;
  }
  for (let i = 0; i < k; i++) {
    const at = dx + <usize>load<i64>(places + (<usize>i << 3)) * sizeof<T>();
    store<T>(at, load<T>(at) - load<T>(share + <usize>i * sizeof<T>()));
  }
  for (let i = 0; i < c; ) {
    const whole = i + lanes <= c;
    const at = <usize>i * sizeof<T>();
    giveSome<T>(dx + at, v128.mul<T>(takeSome<T>(dx + at, whole), by), whole);
    i += whole ? lanes : 1;
  }
}

export function ctc_f32(args: usize, begin: i32, end: i32): void { forward<f32>(args, begin, end); }
export function ctc_f64(args: usize, begin: i32, end: i32): void { forward<f64>(args, begin, end); }
export function ctcBackward_f32(args: usize, begin: i32, end: i32): void { backward<f32>(args, begin, end); }
export function ctcBackward_f64(args: usize, begin: i32, end: i32): void { backward<f64>(args, begin, end); }
