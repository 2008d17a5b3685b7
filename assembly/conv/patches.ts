// Patches added up to the images that they were cut from (col2im): y += what each tap saw.
//
//   fold_  args ─ kernel h: i32 │ kernel w │ apart h │ apart w │ step h │ step w │ padding h │ padding w │ h │ w │ grid h │ grid w
//               │ numbers of an element: i32 │ x: usize │ y: usize
//
// x is [planes, kernel h · kernel w, grid h · grid w], y [planes, h, w], both contiguous. Tap (i, j) of the patch in row r and column
// s of the grid lies at row r · step h + i · apart h - padding h of the image, and likewise its column; beyond the image it goes
// nowhere. A pixel gets its taps in their order. Units are planes. Elements of two numbers are complex.

import { int, ptr } from "../abi";

// @ts-ignore: decorator
@inline
function fold<T>(args: usize, begin: i32, end: i32): void {
  const kh = int(args, 0);
  const kw = int(args, 1);
  const stepH = int(args, 4);
  const stepW = int(args, 5);
  const h = int(args, 8);
  const w = int(args, 9);
  const rows = int(args, 10);
  const columns = int(args, 11);
  const numbers = int(args, 12);
  const bytes = <usize>numbers * sizeof<T>();
  const image = <usize>(h * w) * bytes;
  const line = <usize>columns * bytes;
  let x = ptr(args, 13) + <usize>begin * <usize>(kh * kw * rows) * line;
  for (let unit = begin; unit < end; unit++) {
    const y = ptr(args, 14) + <usize>unit * image;
    memory.fill(y, 0, image);
    for (let i = 0; i < kh; i++) {
      for (let j = 0; j < kw; j++) {
        const left = j * int(args, 3) - int(args, 7); // the column of the first patch's tap
        const first = left < 0 ? (stepW - 1 - left) / stepW : 0;
        const last = left < w ? min(columns, (w - 1 - left) / stepW + 1) : 0;
        let row = i * int(args, 2) - int(args, 6);
        for (let r = 0; r < rows; r++) {
          if (row >= 0 && row < h && first < last) {
            const to = y + <usize>(row * w + left + first * stepW) * bytes;
            addLine<T>(last - first, numbers, to, <usize>stepW * bytes, x + <usize>first * bytes);
          }
          row += stepH;
          x += line;
        }
      }
    }
  }
}

/** y += x, `count` elements, those of y `pitch` bytes apart. */
// @ts-ignore: decorator
@inline
function addLine<T>(count: i32, numbers: i32, y: usize, pitch: usize, x: usize): void {
  const bytes = <usize>numbers * sizeof<T>();
  if (pitch == bytes) {
    let k: usize = 0;
    const end = <usize>count * bytes;
    for (; k + 16 <= end; k += 16) v128.store(y + k, v128.add<T>(v128.load(y + k), v128.load(x + k)));
    for (; k < end; k += sizeof<T>()) store<T>(y + k, <T>(load<T>(y + k) + load<T>(x + k)));
    return;
  }
  for (; count > 0; count--) {
    for (let k: usize = 0; k < bytes; k += sizeof<T>()) store<T>(y + k, <T>(load<T>(y + k) + load<T>(x + k)));
    y += pitch;
    x += bytes;
  }
}

export function fold_f32(args: usize, begin: i32, end: i32): void { fold<f32>(args, begin, end); }
export function fold_f64(args: usize, begin: i32, end: i32): void { fold<f64>(args, begin, end); }
export function fold_i32(args: usize, begin: i32, end: i32): void { fold<i32>(args, begin, end); }
export function fold_i64(args: usize, begin: i32, end: i32): void { fold<i64>(args, begin, end); }
export function fold_c64(args: usize, begin: i32, end: i32): void { fold<f32>(args, begin, end); }
export function fold_c128(args: usize, begin: i32, end: i32): void { fold<f64>(args, begin, end); }
