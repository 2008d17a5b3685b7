// y = a in another dtype. The block is the one of iterate.ts with the operands y, a.
//
// Numbers pass through i64 where the source is an integer and through f64 elsewhere, exactly, and are rounded once, to
// nearest even. A float becomes an integer by dropping its fraction; out of range, where C++ leaves it open, by what x86
// gives: the least i32 (i64 for i64 and u8), of which a narrower integer keeps the low bits. A complex number loses its
// imaginary part, a real one has 0. To bool is ≠ 0.
//
// The 16-bit floats have casts from and to f32 alone: others go by f32 in strips (pointwise/strips.ts), as in PyTorch.

import { int, ptr } from "../abi";
import { column, row0, row1, seek, step, strideAt } from "../iterate";
import { Light, map1 } from "../pointwise/map";
import { narrow } from "../simd";
import { Brain, Half, narrow as shorten, widen } from "./half";

// @ts-ignore: decorator
@inline
function cast<S, D>(args: usize, begin: i32, end: i32): void { castFours<S, D, Singly>(args, begin, end); }

/** As `cast`; where elements lie side by side, F does four at a time. */
// @ts-ignore: decorator
@inline
function castFours<S, D, F>(args: usize, begin: i32, end: i32): void {
  const fours = changetype<F>(0);
  const from = changetype<S>(0);
  const to = changetype<D>(0);
  const last = int(args, 0) - 1;
  const stepY = <usize>strideAt(args, 2, last, 0) * to.width;
  const stepA = <usize>strideAt(args, 2, last, 1) * from.width;
  for (let left = seek(args, 2, begin); begin < end; left = step(args, 2, begin)) {
    left = min(left, end - begin);
    begin += left;
    let y = ptr(args, 3) + <usize>row0 * to.width + <usize>column * stepY;
    let a = ptr(args, 4) + <usize>row1 * from.width + <usize>column * stepA;
    if (fours.any && stepY == to.width && stepA == from.width) {
      for (; left >= 4; left -= 4) {
        if (!fours.put(y, a)) four<S, D>(y, a);
        y += 4 * to.width;
        a += 4 * from.width;
      }
    }
    for (; left > 0; left--) {
      if (from.integral) to.putLong(y, from.long(a));
      else to.put(y, from.re(a), from.im(a));
      y += stepY;
      a += stepA;
    }
  }
}

/** Four numbers that lie side by side, one by one. */
function four<S, D>(y: usize, a: usize): void {
  const from = changetype<S>(0);
  const to = changetype<D>(0);
  for (let i = 0; i < 4; i++) {
    if (from.integral) to.putLong(y, from.long(a));
    else to.put(y, from.re(a), from.im(a));
    y += to.width;
    a += from.width;
  }
}

// A dtype is a class without fields: how a number of it is read and written.

// @ts-ignore: decorator
@final
class Plain<T> {
  // @ts-ignore: decorator
  @inline get width(): usize { return sizeof<T>(); }
  // @ts-ignore: decorator
  @inline get integral(): bool { return isInteger<T>(); }
  // @ts-ignore: decorator
  @inline long(p: usize): i64 { return <i64>load<T>(p); }
  // @ts-ignore: decorator
  @inline re(p: usize): f64 { return <f64>load<T>(p); }
  // @ts-ignore: decorator
  @inline im(p: usize): f64 { return 0; }
  // @ts-ignore: decorator
  @inline putLong(p: usize, x: i64): void { store<T>(p, <T>x); }
  // @ts-ignore: decorator
  @inline
  put(p: usize, re: f64, im: f64): void {
    if (isFloat<T>()) store<T>(p, <T>re);
    else if (sizeof<T>() == 8 || !isSigned<T>()) store<T>(p, <T>(abs<f64>(re) < 9223372036854775808.0 ? <i64>re : i64.MIN_VALUE));
    else store<T>(p, <T>(abs<f64>(re) < 2147483648 ? <i32>re : i32.MIN_VALUE));
  }
}

// @ts-ignore: decorator
@final
class Bool {
  // @ts-ignore: decorator
  @inline get width(): usize { return 1; }
  // @ts-ignore: decorator
  @inline putLong(p: usize, x: i64): void { store<u8>(p, u8(x != 0)); }
  // @ts-ignore: decorator
  @inline put(p: usize, re: f64, im: f64): void { store<u8>(p, u8(re != 0 || im != 0)); }
}

// @ts-ignore: decorator
@final
class Complex<T> {
  // @ts-ignore: decorator
  @inline get width(): usize { return 2 * sizeof<T>(); }
  // @ts-ignore: decorator
  @inline get integral(): bool { return false; }
  // @ts-ignore: decorator
  @inline long(p: usize): i64 { return 0; }
  // @ts-ignore: decorator
  @inline re(p: usize): f64 { return <f64>load<T>(p); }
  // @ts-ignore: decorator
  @inline im(p: usize): f64 { return <f64>load<T>(p + sizeof<T>()); }
  // @ts-ignore: decorator
  @inline
  putLong(p: usize, x: i64): void {
    store<T>(p, <T>x);
    store<T>(p + sizeof<T>(), 0);
  }
  // @ts-ignore: decorator
  @inline
  put(p: usize, re: f64, im: f64): void {
    store<T>(p, <T>re);
    store<T>(p + sizeof<T>(), <T>im);
  }
}

// Four at a time: `put` writes them and says true, or says false for numbers that are beyond its means.

// @ts-ignore: decorator
@final
class Singly {
  // @ts-ignore: decorator
  @inline get any(): bool { return false; }
  // @ts-ignore: decorator
  @inline put(y: usize, a: usize): bool { return false; }
}

class Fours {
  // @ts-ignore: decorator
  @inline get any(): bool { return true; }
}

/** Whether all four f32 lie within what i32 holds. */
// @ts-ignore: decorator
@inline function areWords(x: v128): bool { return i32x4.all_true(f32x4.lt(f32x4.abs(x), f32x4.splat(2147483648))); }

/** The whole parts of such numbers. */
// @ts-ignore: decorator
@inline
function words(x: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? i32x4.relaxed_trunc_f32x4_s(x) : i32x4.trunc_sat_f32x4_s(x);
}

/** f32 to an integer type, of which a narrow one keeps the low bits of an i32. */
// @ts-ignore: decorator
@final
class FloatsTo<T> extends Fours {
  // @ts-ignore: decorator
  @inline
  put(y: usize, a: usize): bool {
    const x = v128.load(a);
    if (!areWords(x)) return false;
    const z = words(x);
    if (sizeof<T>() == 8) {
      v128.store(y, i64x2.extend_low_i32x4_s(z));
      v128.store(y, i64x2.extend_high_i32x4_s(z), 16);
    } else if (sizeof<T>() == 4) v128.store(y, z);
    else if (sizeof<T>() == 2) v128.store_lane<u64>(y, i8x16.shuffle(z, z, 0, 1, 4, 5, 8, 9, 12, 13, 0, 1, 4, 5, 8, 9, 12, 13), 0);
    else v128.store_lane<u32>(y, i8x16.shuffle(z, z, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12), 0);
    return true;
  }
}

const MAGIC: f64 = 6755399441055744; // 1.5 · 2^52: added to a whole number below 2^51, it leaves that number in the low bits

// @ts-ignore: decorator
@final
class DoublesToLongs extends Fours {
  // @ts-ignore: decorator
  @inline
  put(y: usize, a: usize): bool {
    const low = v128.load(a);
    const high = v128.load(a, 16);
    const most = f64x2.splat(2251799813685248); // 2^51
    if (!i64x2.all_true(v128.and(f64x2.lt(f64x2.abs(low), most), f64x2.lt(f64x2.abs(high), most)))) return false;
    const magic = f64x2.splat(MAGIC);
    v128.store(y, i64x2.sub(f64x2.add(f64x2.trunc(low), magic), magic));
    v128.store(y, i64x2.sub(f64x2.add(f64x2.trunc(high), magic), magic), 16);
    return true;
  }
}

/** i64 to a float: those that an i32 holds. */
// @ts-ignore: decorator
@final
class LongsTo<T> extends Fours {
  // @ts-ignore: decorator
  @inline
  put(y: usize, a: usize): bool {
    const low = v128.load(a);
    const high = v128.load(a, 16);
    const x = v128.shuffle<i32>(low, high, 0, 2, 4, 6);
    if (!i32x4.all_true(i32x4.eq(v128.shuffle<i32>(low, high, 1, 3, 5, 7), i32x4.shr_s(x, 31)))) return false;
    if (sizeof<T>() == 4) v128.store(y, f32x4.convert_i32x4_s(x));
    else {
      v128.store(y, f64x2.convert_low_i32x4_s(x));
      v128.store(y, f64x2.convert_low_i32x4_s(v128.shuffle<i64>(x, x, 1, 1)), 16);
    }
    return true;
  }
}

// @ts-ignore: decorator
@final
class BytesToLongs extends Fours {
  // @ts-ignore: decorator
  @inline
  put(y: usize, a: usize): bool {
    const x = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load_zero<u32>(a)));
    v128.store(y, i64x2.extend_low_i32x4_u(x));
    v128.store(y, i64x2.extend_high_i32x4_u(x), 16);
    return true;
  }
}

/** f32 from 16-bit floats where all lie side by side; returns the unit that it came to. */
// @ts-ignore: decorator
@inline
function widenRow<F>(args: usize, begin: i32, end: i32): i32 {
  if (!isRow(args)) return begin;
  widen<F>(end - begin, ptr(args, 3) + (<usize>begin << 2), ptr(args, 4) + (<usize>begin << 1));
  return end;
}

/** 16-bit floats from f32, likewise. */
// @ts-ignore: decorator
@inline
function narrowRow<F>(args: usize, begin: i32, end: i32): i32 {
  if (!isRow(args)) return begin;
  shorten<F>(end - begin, ptr(args, 3) + (<usize>begin << 1), ptr(args, 4) + (<usize>begin << 2));
  return end;
}

/** Whether both operands are one row. */
// @ts-ignore: decorator
@inline function isRow(args: usize): bool { return int(args, 0) == 1 && strideAt(args, 2, 0, 0) == 1 && strideAt(args, 2, 0, 1) == 1; }

/** To bool: what is not 0. */
// @ts-ignore: decorator
@final
class Truths<T> extends Fours {
  // @ts-ignore: decorator
  @inline
  put(y: usize, a: usize): bool {
    let mask = v128.ne<T>(v128.load(a), v128.splat<T>(<T>0));
    if (sizeof<T>() == 8) mask = v128.shuffle<i32>(mask, v128.ne<T>(v128.load(a, 16), v128.splat<T>(<T>0)), 0, 2, 4, 6);
    v128.store_lane<u32>(y, narrow<i32>(mask), 0);
    return true;
  }
}

// The pairs of training and of images have vectors; each gives the bits of the loop above.

// @ts-ignore: decorator
@final
export class BytesToWords extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(x)); }
}

// @ts-ignore: decorator
@final
export class BytesToFloats extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(x))); }
}

// @ts-ignore: decorator
@final
export class WordsToFloats extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return f32x4.convert_i32x4_s(x); }
}

// @ts-ignore: decorator
@final
export class WordsToLongs extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return i64x2.extend_low_i32x4_s(x); }
}

// @ts-ignore: decorator
@final
export class LongsToWords extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return v128.shuffle<i32>(x, x, 0, 2, 0, 2); }
}

// @ts-ignore: decorator
@final
export class FloatsToDoubles extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return f64x2.promote_low_f32x4(x); }
}

// @ts-ignore: decorator
@final
export class DoublesToFloats extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return f32x4.demote_f64x2_zero(x); }
}

// @ts-ignore: decorator
@final
class Widened<F> extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return changetype<F>(0).even(i32x4.extend_low_i16x8_u(x)); }
}

// @ts-ignore: decorator
@final
class Narrowed<F> extends Light {
  // @ts-ignore: decorator
  @inline
  apply<T>(x: v128): v128 {
    const y = changetype<F>(0).low(x);
    return i16x8.narrow_i32x4_u(y, y);
  }
}

export function cast_f32_f64(args: usize, begin: i32, end: i32): void { map1<f32, f64, FloatsToDoubles>(args, begin, end); }
export function cast_f32_i64(args: usize, begin: i32, end: i32): void { castFours<Plain<f32>, Plain<i64>, FloatsTo<i64>>(args, begin, end); }
export function cast_f32_i32(args: usize, begin: i32, end: i32): void { castFours<Plain<f32>, Plain<i32>, FloatsTo<i32>>(args, begin, end); }
export function cast_f32_i16(args: usize, begin: i32, end: i32): void { castFours<Plain<f32>, Plain<i16>, FloatsTo<i16>>(args, begin, end); }
export function cast_f32_i8(args: usize, begin: i32, end: i32): void { castFours<Plain<f32>, Plain<i8>, FloatsTo<i8>>(args, begin, end); }
export function cast_f32_u8(args: usize, begin: i32, end: i32): void { castFours<Plain<f32>, Plain<u8>, FloatsTo<u8>>(args, begin, end); }
export function cast_f32_b8(args: usize, begin: i32, end: i32): void { castFours<Plain<f32>, Bool, Truths<f32>>(args, begin, end); }
export function cast_f32_f16(args: usize, begin: i32, end: i32): void { map1<f32, u16, Narrowed<Half>>(args, narrowRow<Half>(args, begin, end), end); }
export function cast_f32_bf16(args: usize, begin: i32, end: i32): void { map1<f32, u16, Narrowed<Brain>>(args, narrowRow<Brain>(args, begin, end), end); }
export function cast_f32_c64(args: usize, begin: i32, end: i32): void { cast<Plain<f32>, Complex<f32>>(args, begin, end); }
export function cast_f32_c128(args: usize, begin: i32, end: i32): void { cast<Plain<f32>, Complex<f64>>(args, begin, end); }
export function cast_f64_f32(args: usize, begin: i32, end: i32): void { map1<f64, f32, DoublesToFloats>(args, begin, end); }
export function cast_f64_i64(args: usize, begin: i32, end: i32): void { castFours<Plain<f64>, Plain<i64>, DoublesToLongs>(args, begin, end); }
export function cast_f64_i32(args: usize, begin: i32, end: i32): void { cast<Plain<f64>, Plain<i32>>(args, begin, end); }
export function cast_f64_i16(args: usize, begin: i32, end: i32): void { cast<Plain<f64>, Plain<i16>>(args, begin, end); }
export function cast_f64_i8(args: usize, begin: i32, end: i32): void { cast<Plain<f64>, Plain<i8>>(args, begin, end); }
export function cast_f64_u8(args: usize, begin: i32, end: i32): void { cast<Plain<f64>, Plain<u8>>(args, begin, end); }
export function cast_f64_b8(args: usize, begin: i32, end: i32): void { cast<Plain<f64>, Bool>(args, begin, end); }
export function cast_f64_c64(args: usize, begin: i32, end: i32): void { cast<Plain<f64>, Complex<f32>>(args, begin, end); }
export function cast_f64_c128(args: usize, begin: i32, end: i32): void { cast<Plain<f64>, Complex<f64>>(args, begin, end); }
export function cast_i64_f32(args: usize, begin: i32, end: i32): void { castFours<Plain<i64>, Plain<f32>, LongsTo<f32>>(args, begin, end); }
export function cast_i64_f64(args: usize, begin: i32, end: i32): void { castFours<Plain<i64>, Plain<f64>, LongsTo<f64>>(args, begin, end); }
export function cast_i64_i32(args: usize, begin: i32, end: i32): void { map1<i64, i32, LongsToWords>(args, begin, end); }
export function cast_i64_i16(args: usize, begin: i32, end: i32): void { cast<Plain<i64>, Plain<i16>>(args, begin, end); }
export function cast_i64_i8(args: usize, begin: i32, end: i32): void { cast<Plain<i64>, Plain<i8>>(args, begin, end); }
export function cast_i64_u8(args: usize, begin: i32, end: i32): void { cast<Plain<i64>, Plain<u8>>(args, begin, end); }
export function cast_i64_b8(args: usize, begin: i32, end: i32): void { castFours<Plain<i64>, Bool, Truths<i64>>(args, begin, end); }
export function cast_i64_c64(args: usize, begin: i32, end: i32): void { cast<Plain<i64>, Complex<f32>>(args, begin, end); }
export function cast_i64_c128(args: usize, begin: i32, end: i32): void { cast<Plain<i64>, Complex<f64>>(args, begin, end); }
export function cast_i32_f32(args: usize, begin: i32, end: i32): void { map1<i32, f32, WordsToFloats>(args, begin, end); }
export function cast_i32_f64(args: usize, begin: i32, end: i32): void { cast<Plain<i32>, Plain<f64>>(args, begin, end); }
export function cast_i32_i64(args: usize, begin: i32, end: i32): void { map1<i32, i64, WordsToLongs>(args, begin, end); }
export function cast_i32_i16(args: usize, begin: i32, end: i32): void { cast<Plain<i32>, Plain<i16>>(args, begin, end); }
export function cast_i32_i8(args: usize, begin: i32, end: i32): void { cast<Plain<i32>, Plain<i8>>(args, begin, end); }
export function cast_i32_u8(args: usize, begin: i32, end: i32): void { cast<Plain<i32>, Plain<u8>>(args, begin, end); }
export function cast_i32_b8(args: usize, begin: i32, end: i32): void { cast<Plain<i32>, Bool>(args, begin, end); }
export function cast_i32_c64(args: usize, begin: i32, end: i32): void { cast<Plain<i32>, Complex<f32>>(args, begin, end); }
export function cast_i32_c128(args: usize, begin: i32, end: i32): void { cast<Plain<i32>, Complex<f64>>(args, begin, end); }
export function cast_i16_f32(args: usize, begin: i32, end: i32): void { cast<Plain<i16>, Plain<f32>>(args, begin, end); }
export function cast_i16_f64(args: usize, begin: i32, end: i32): void { cast<Plain<i16>, Plain<f64>>(args, begin, end); }
export function cast_i16_i64(args: usize, begin: i32, end: i32): void { cast<Plain<i16>, Plain<i64>>(args, begin, end); }
export function cast_i16_i32(args: usize, begin: i32, end: i32): void { cast<Plain<i16>, Plain<i32>>(args, begin, end); }
export function cast_i16_i8(args: usize, begin: i32, end: i32): void { cast<Plain<i16>, Plain<i8>>(args, begin, end); }
export function cast_i16_u8(args: usize, begin: i32, end: i32): void { cast<Plain<i16>, Plain<u8>>(args, begin, end); }
export function cast_i16_b8(args: usize, begin: i32, end: i32): void { cast<Plain<i16>, Bool>(args, begin, end); }
export function cast_i16_c64(args: usize, begin: i32, end: i32): void { cast<Plain<i16>, Complex<f32>>(args, begin, end); }
export function cast_i16_c128(args: usize, begin: i32, end: i32): void { cast<Plain<i16>, Complex<f64>>(args, begin, end); }
export function cast_i8_f32(args: usize, begin: i32, end: i32): void { cast<Plain<i8>, Plain<f32>>(args, begin, end); }
export function cast_i8_f64(args: usize, begin: i32, end: i32): void { cast<Plain<i8>, Plain<f64>>(args, begin, end); }
export function cast_i8_i64(args: usize, begin: i32, end: i32): void { cast<Plain<i8>, Plain<i64>>(args, begin, end); }
export function cast_i8_i32(args: usize, begin: i32, end: i32): void { cast<Plain<i8>, Plain<i32>>(args, begin, end); }
export function cast_i8_i16(args: usize, begin: i32, end: i32): void { cast<Plain<i8>, Plain<i16>>(args, begin, end); }
export function cast_i8_u8(args: usize, begin: i32, end: i32): void { cast<Plain<i8>, Plain<u8>>(args, begin, end); }
export function cast_i8_b8(args: usize, begin: i32, end: i32): void { cast<Plain<i8>, Bool>(args, begin, end); }
export function cast_i8_c64(args: usize, begin: i32, end: i32): void { cast<Plain<i8>, Complex<f32>>(args, begin, end); }
export function cast_i8_c128(args: usize, begin: i32, end: i32): void { cast<Plain<i8>, Complex<f64>>(args, begin, end); }
export function cast_u8_f32(args: usize, begin: i32, end: i32): void { map1<u8, f32, BytesToFloats>(args, begin, end); }
export function cast_u8_f64(args: usize, begin: i32, end: i32): void { cast<Plain<u8>, Plain<f64>>(args, begin, end); }
export function cast_u8_i64(args: usize, begin: i32, end: i32): void { castFours<Plain<u8>, Plain<i64>, BytesToLongs>(args, begin, end); }
export function cast_u8_i32(args: usize, begin: i32, end: i32): void { map1<u8, i32, BytesToWords>(args, begin, end); }
export function cast_u8_i16(args: usize, begin: i32, end: i32): void { cast<Plain<u8>, Plain<i16>>(args, begin, end); }
export function cast_u8_i8(args: usize, begin: i32, end: i32): void { cast<Plain<u8>, Plain<i8>>(args, begin, end); }
export function cast_u8_b8(args: usize, begin: i32, end: i32): void { cast<Plain<u8>, Bool>(args, begin, end); }
export function cast_u8_c64(args: usize, begin: i32, end: i32): void { cast<Plain<u8>, Complex<f32>>(args, begin, end); }
export function cast_u8_c128(args: usize, begin: i32, end: i32): void { cast<Plain<u8>, Complex<f64>>(args, begin, end); }
export function cast_f16_f32(args: usize, begin: i32, end: i32): void { map1<u16, f32, Widened<Half>>(args, widenRow<Half>(args, begin, end), end); }
export function cast_bf16_f32(args: usize, begin: i32, end: i32): void { map1<u16, f32, Widened<Brain>>(args, widenRow<Brain>(args, begin, end), end); }
export function cast_c64_f32(args: usize, begin: i32, end: i32): void { cast<Complex<f32>, Plain<f32>>(args, begin, end); }
export function cast_c64_f64(args: usize, begin: i32, end: i32): void { cast<Complex<f32>, Plain<f64>>(args, begin, end); }
export function cast_c64_i64(args: usize, begin: i32, end: i32): void { cast<Complex<f32>, Plain<i64>>(args, begin, end); }
export function cast_c64_i32(args: usize, begin: i32, end: i32): void { cast<Complex<f32>, Plain<i32>>(args, begin, end); }
export function cast_c64_i16(args: usize, begin: i32, end: i32): void { cast<Complex<f32>, Plain<i16>>(args, begin, end); }
export function cast_c64_i8(args: usize, begin: i32, end: i32): void { cast<Complex<f32>, Plain<i8>>(args, begin, end); }
export function cast_c64_u8(args: usize, begin: i32, end: i32): void { cast<Complex<f32>, Plain<u8>>(args, begin, end); }
export function cast_c64_b8(args: usize, begin: i32, end: i32): void { cast<Complex<f32>, Bool>(args, begin, end); }
export function cast_c64_c128(args: usize, begin: i32, end: i32): void { cast<Complex<f32>, Complex<f64>>(args, begin, end); }
export function cast_c128_f32(args: usize, begin: i32, end: i32): void { cast<Complex<f64>, Plain<f32>>(args, begin, end); }
export function cast_c128_f64(args: usize, begin: i32, end: i32): void { cast<Complex<f64>, Plain<f64>>(args, begin, end); }
export function cast_c128_i64(args: usize, begin: i32, end: i32): void { cast<Complex<f64>, Plain<i64>>(args, begin, end); }
export function cast_c128_i32(args: usize, begin: i32, end: i32): void { cast<Complex<f64>, Plain<i32>>(args, begin, end); }
export function cast_c128_i16(args: usize, begin: i32, end: i32): void { cast<Complex<f64>, Plain<i16>>(args, begin, end); }
export function cast_c128_i8(args: usize, begin: i32, end: i32): void { cast<Complex<f64>, Plain<i8>>(args, begin, end); }
export function cast_c128_u8(args: usize, begin: i32, end: i32): void { cast<Complex<f64>, Plain<u8>>(args, begin, end); }
export function cast_c128_b8(args: usize, begin: i32, end: i32): void { cast<Complex<f64>, Bool>(args, begin, end); }
export function cast_c128_c64(args: usize, begin: i32, end: i32): void { cast<Complex<f64>, Complex<f32>>(args, begin, end); }

// A truth value is a byte that is 0 or 1.
export {
  cast_u8_f32 as cast_b8_f32,
  cast_u8_f64 as cast_b8_f64,
  cast_u8_i64 as cast_b8_i64,
  cast_u8_i32 as cast_b8_i32,
  cast_u8_i16 as cast_b8_i16,
  cast_u8_i8 as cast_b8_i8,
  cast_u8_c64 as cast_b8_c64,
  cast_u8_c128 as cast_b8_c128,
  cast_u8_i8 as cast_b8_u8,
};
