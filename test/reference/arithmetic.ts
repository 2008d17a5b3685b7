// What the operators and functions of expressions mean for each kind of number.

import type { Complex, Kind } from "./cells.ts";
import type { Arithmetic } from "./expression.ts";

/** Reals: double precision. */
const REALS: Arithmetic = {
  literal: Number,
  truth: (x) => x !== 0,
  unary: { "-": (x: number) => -x, "+": (x: number) => x, "~": (x: number) => ~x },
  binary: {
    "+": (a: number, b: number) => a + b,
    "-": (a: number, b: number) => a - b,
    "*": (a: number, b: number) => a * b,
    "/": (a: number, b: number) => a / b,
    "%": (a: number, b: number) => a % b,
    "**": (a: number, b: number) => (a === 1 ? 1 : a ** b),
    "<": (a: number, b: number) => a < b,
    "<=": (a: number, b: number) => a <= b,
    ">": (a: number, b: number) => a > b,
    ">=": (a: number, b: number) => a >= b,
    "==": (a: number, b: number) => a === b,
    "!=": (a: number, b: number) => a !== b,
  },
  functions: {
    abs: Math.abs,
    sqrt: Math.sqrt,
    rsqrt: (x: number) => 1 / Math.sqrt(x),
    exp: Math.exp,
    exp2: (x: number) => 2 ** x,
    expm1: Math.expm1,
    log: Math.log,
    log2: Math.log2,
    log10: Math.log10,
    log1p: Math.log1p,
    sin: Math.sin,
    cos: Math.cos,
    tan: Math.tan,
    asin: Math.asin,
    acos: Math.acos,
    atan: Math.atan,
    atan2: Math.atan2,
    sinh: Math.sinh,
    cosh: Math.cosh,
    tanh: Math.tanh,
    asinh: Math.asinh,
    acosh: Math.acosh,
    atanh: Math.atanh,
    floor: Math.floor,
    ceil: Math.ceil,
    trunc: Math.trunc,
    round: nearestEven,
    rint: nearestEven,
    sign: Math.sign,
    pow: (a: number, b: number) => (a === 1 ? 1 : a ** b),
    hypot: Math.hypot,
    max: Math.max,
    min: Math.min,
    fmod: (a: number, b: number) => a % b,
    remainder: (a: number, b: number) => a - b * Math.floor(a / b),
    floorDivide: (a: number, b: number) => Math.floor(a / b),
    truncDivide: (a: number, b: number) => Math.trunc(a / b),
    isnan: (x: number) => Number.isNaN(x),
    isinf: (x: number) => Math.abs(x) === Number.POSITIVE_INFINITY,
    isfinite: (x: number) => Number.isFinite(x),
    erf,
    erfc: (x: number) => 1 - erf(x),
    sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
    PI: () => Math.PI,
    E: () => Math.E,
    inf: () => Number.POSITIVE_INFINITY,
    nan: () => Number.NaN,
    SQRT1_2: () => Math.SQRT1_2,
    LN2: () => Math.LN2,
  },
};

/** What `a / b` is of integers until it is rounded: the two of them. */
class Quotient {
  readonly floor: bigint;
  readonly trunc: bigint;
  constructor(a: bigint, b: bigint) {
    this.trunc = a / nonzero(b);
    this.floor = a % b !== 0n && a < 0n !== b < 0n ? this.trunc - 1n : this.trunc;
  }
}

/** Integers of any width: they wrap when they are stored. */
const INTEGERS: Arithmetic = {
  literal: (text) => BigInt(Number(text)),
  truth: (x) => x !== 0n,
  unary: { "-": (x: bigint) => -x, "+": (x: bigint) => x, "~": (x: bigint) => ~x },
  binary: {
    "+": (a: bigint, b: bigint) => a + b,
    "-": (a: bigint, b: bigint) => a - b,
    "*": (a: bigint, b: bigint) => a * b,
    "/": (a: bigint, b: bigint) => new Quotient(a, b) as never,
    "%": (a: bigint, b: bigint) => a % nonzero(b),
    "**": power,
    "<": (a: bigint, b: bigint) => a < b,
    "<=": (a: bigint, b: bigint) => a <= b,
    ">": (a: bigint, b: bigint) => a > b,
    ">=": (a: bigint, b: bigint) => a >= b,
    "==": (a: bigint, b: bigint) => a === b,
    "!=": (a: bigint, b: bigint) => a !== b,
    "&": (a: bigint, b: bigint) => a & b,
    "|": (a: bigint, b: bigint) => a | b,
    "^": (a: bigint, b: bigint) => a ^ b,
  },
  functions: {
    abs: (x: bigint) => (x < 0n ? -x : x),
    sign: (x: bigint) => (x > 0n ? 1n : x < 0n ? -1n : 0n),
    floor: (x: bigint | Quotient) => (x instanceof Quotient ? x.floor : x),
    ceil: (x: bigint) => x,
    trunc: (x: bigint | Quotient) => (x instanceof Quotient ? x.trunc : x),
    round: (x: bigint) => x,
    max: (a: bigint, b: bigint) => (a > b ? a : b),
    min: (a: bigint, b: bigint) => (a < b ? a : b),
    pow: power,
    fmod: (a: bigint, b: bigint) => a % nonzero(b),
    remainder: (a: bigint, b: bigint) => a - b * floorDivide(a, b),
    floorDivide,
    truncDivide: (a: bigint, b: bigint) => a / nonzero(b),
    isnan: () => false,
    isinf: () => false,
    isfinite: () => true,
  },
};

/** Bool: 0 and 1. */
export const TRUTHS: Arithmetic = { ...INTEGERS, unary: { "~": (x: bigint) => (x === 0n ? 1n : 0n) } };

function nonzero(x: bigint): bigint {
  if (x === 0n) throw new RangeError("ZeroDivisionError");
  return x;
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / nonzero(b);
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

function power(a: bigint, b: bigint): bigint {
  return b < 0n ? (a === 1n ? 1n : a === -1n ? (b % 2n === 0n ? 1n : -1n) : 0n) : a ** b;
}

const complex = (re: number, im: number): Complex => ({ re, im });
const times = (a: Complex, b: Complex): Complex => complex(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re);
const exp = ({ re, im }: Complex): Complex => complex(Math.exp(re) * Math.cos(im), Math.exp(re) * Math.sin(im));
const log = ({ re, im }: Complex): Complex => complex(Math.log(Math.hypot(re, im)), Math.atan2(im, re));

function over(a: Complex, b: Complex): Complex {
  const size = b.re * b.re + b.im * b.im;
  return complex((a.re * b.re + a.im * b.im) / size, (a.im * b.re - a.re * b.im) / size);
}

function root({ re, im }: Complex): Complex {
  const size = Math.hypot(re, im);
  const real = Math.sqrt((size + re) / 2);
  const imaginary = Math.sqrt((size - re) / 2);
  return complex(real, im < 0 || Object.is(im, -0) ? -imaginary : imaginary);
}

const COMPLEX: Arithmetic = {
  literal: (text) => complex(Number(text), 0),
  truth: (x) => (x as Complex).re !== 0 || (x as Complex).im !== 0,
  unary: { "-": (x: Complex) => complex(-x.re, -x.im), "+": (x: Complex) => x },
  binary: {
    "+": (a: Complex, b: Complex) => complex(a.re + b.re, a.im + b.im),
    "-": (a: Complex, b: Complex) => complex(a.re - b.re, a.im - b.im),
    "*": times,
    "/": over,
    "**": (a: Complex, b: Complex) => exp(times(b, log(a))),
    "==": (a: Complex, b: Complex) => a.re === b.re && a.im === b.im,
    "!=": (a: Complex, b: Complex) => a.re !== b.re || a.im !== b.im,
  },
  functions: {
    abs: (x: Complex) => complex(Math.hypot(x.re, x.im), 0),
    conj: (x: Complex) => complex(x.re, -x.im),
    real: (x: Complex) => complex(x.re, 0),
    imag: (x: Complex) => complex(x.im, 0),
    exp,
    log,
    sqrt: root,
  },
};

export const ARITHMETIC: Readonly<Record<Kind, Arithmetic>> = { float: REALS, integer: INTEGERS, complex: COMPLEX };

function nearestEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (Math.abs(x) >= 2 ** 52 || !Number.isFinite(x)) return x;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0);
  const result = up ? floor + 1 : floor;
  return result === 0 && (x < 0 || Object.is(x, -0)) ? -0 : result;
}

/** The error function: its power series near 0, the continued fraction of erfc beyond. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (a >= 6 || Number.isNaN(x)) return Number.isNaN(x) ? x : Math.sign(x);
  if (a < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let k = 60; k > 0; k--) fraction = k / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + fraction)));
}
