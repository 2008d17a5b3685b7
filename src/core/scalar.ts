// Numbers as operands. JavaScript has no 1.0: an integral number is an integer, unless it is boxed as a float.

import { SCALAR_BOOL, SCALAR_COMPLEX, SCALAR_FLOAT, SCALAR_INT, type ScalarKind } from "./promotion.ts";

/** A float scalar, also where its value is integral: `fl.Float(1)` is PyTorch's `1.0`. */
export class FloatScalar {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
  valueOf(): number {
    return this.value;
  }
  toString(): string {
    return Number.isInteger(this.value) ? this.value.toFixed(1) : String(this.value);
  }
}

/** `value` as a float scalar: the dtype of a result with it is that of a fraction. */
export function Float(value: number): FloatScalar {
  return new FloatScalar(Number(value));
}

/** A complex scalar. */
export class ComplexScalar {
  readonly re: number;
  readonly im: number;
  constructor(re: number, im: number) {
    this.re = re;
    this.im = im;
  }
  toString(): string {
    return `(${this.re}${this.im < 0 || Object.is(this.im, -0) ? "-" : "+"}${Math.abs(this.im)}j)`;
  }
}

export type Scalar = number | bigint | boolean | FloatScalar | ComplexScalar;

export function isScalar(x: unknown): x is Scalar {
  return (
    typeof x === "number" ||
    typeof x === "bigint" ||
    typeof x === "boolean" ||
    x instanceof FloatScalar ||
    x instanceof ComplexScalar
  );
}

/** What kind of operand a number is. */
export function scalarKind(x: Scalar): ScalarKind {
  if (typeof x === "number") return Number.isInteger(x) ? SCALAR_INT : SCALAR_FLOAT;
  if (typeof x === "bigint") return SCALAR_INT;
  if (typeof x === "boolean") return SCALAR_BOOL;
  return x instanceof FloatScalar ? SCALAR_FLOAT : SCALAR_COMPLEX;
}

/** The real value of a scalar as a number: true is 1, a bigint is rounded, the imaginary part of a complex one is dropped. */
export function toNumber(x: Scalar): number {
  if (typeof x === "number") return x;
  return x instanceof ComplexScalar ? x.re : Number(x instanceof FloatScalar ? x.value : x);
}
