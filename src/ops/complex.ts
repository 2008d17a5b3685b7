// Complex numbers: their parts, as views, and what is particular to them.

import {
  broadcast,
  ComplexScalar,
  complexOf,
  DTypeError,
  defaultFloat,
  FLOAT16,
  FLOAT32,
  FLOAT64,
  isComplex,
  isFloating,
  REAL,
  show,
  strided,
} from "../core/index.ts";
import {
  asTensor,
  bindArguments,
  c64,
  copyInto,
  f32,
  type Op,
  type Op1,
  type Op2T,
  op,
  operatorOf,
  publish,
  type Spec,
  spec,
  unary,
  view,
} from "../op/index.ts";
import { scalarTensor, Tensor } from "../tensor/index.ts";
import { div, mul, sub } from "./binary.ts";
import { eq, lt } from "./compare.ts";
import { written } from "./composed.ts";
import { where } from "./ternary.ts";
import { abs, flat, isnan, reciprocal, sign } from "./unary.ts";

const I = /* @__PURE__ */ new ComplexScalar(0, 1);

const conjugate: Op1 = /* @__PURE__ */ unary("conj", {
  expr: "conj(x)",
  saves: [],
  vjp: (g) => ({ x: () => conj(g) }),
  samples: () => [[c64(2, 3)]],
});

/** The complex conjugate; a real `x` itself. */
export const conj: Op1 = /* @__PURE__ */ byKind(conjugate, (x) => x);
export const conjPhysical: Op1 = conj;
/** `conjPhysical`, in place. */
export const conjPhysical_: Op1 = /* @__PURE__ */ written("conjPhysical_", conjPhysical);
/** `x` itself: a conjugate is written out when it is taken. */
export const resolveConj: Op1 = /* @__PURE__ */ Object.assign(
  (x: Tensor): Tensor => asTensor(x, "resolveConj", "input"),
  {
    opName: "resolveConj",
  },
) as unknown as Op1;

// ── parts ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function complexOnly(x: Tensor, name: string): Tensor {
  if (!isComplex(asTensor(x, name, "input").code))
    throw new DTypeError(`${name}: expected complex numbers, got ${show(x)}`);
  return x;
}

/** One form for complex numbers and another for real ones. */
function byKind(ofComplex: Op1, ofReal: (x: Tensor) => Tensor): Op1 {
  const operator = operatorOf(ofComplex);
  const { name, signature } = operator;
  return publish(operator, (x: Tensor, ...rest: unknown[]): Tensor => {
    if (rest.length > 0) bindArguments(name, signature, [x, ...rest]); // says what is one too many
    return isComplex(asTensor(x, name, "input").code) ? ofComplex(x) : ofReal(x);
  }) as unknown as Op1;
}

/** A view of one part of complex numbers: the part-th of every pair. */
function partOf(name: string, part: 0 | 1, vjp: (g: Tensor) => Tensor): Op1 {
  return view(name, "input", (x: Tensor) => [{ x: complexOnly(x, name) }, {}], {
    view: ({ layout, offset, code }) => ({
      layout: strided(
        layout.shape,
        layout.strides.map((s) => 2 * s),
      ),
      offset: 2 * offset + part,
      code: REAL[code]!,
    }),
    vjp,
    method: "attribute",
    samples: () => [[c64(2, 3)]],
  });
}

const realPart: Op1 = /* @__PURE__ */ partOf("real", 0, (g) => g);

/** The real part, a view; a real `x` itself. */
export const real: Op1 = /* @__PURE__ */ byKind(realPart, (x) => x);

/** The imaginary part, a view. Throws DTypeError for real numbers. */
export const imag: Op1 = /* @__PURE__ */ partOf("imag", 1, (g) => mul(g, I));

// ── functions ────────────────────────────────────────────────────────────────────────────────────────────────────────

const paired: Op2T = /* @__PURE__ */ op(
  "complex",
  "real, imag",
  (a, b) => [{ a: asTensor(a, "complex", "real"), b: asTensor(b, "complex", "imag") }],
  {
    infer({ a, b }) {
      for (const x of [a, b]) {
        if (x.code !== FLOAT16 && x.code !== FLOAT32 && x.code !== FLOAT64) {
          throw new DTypeError(`complex: expected float16, float32 or float64 tensors, got ${show(a)} and ${show(b)}`);
        }
      }
      if (a.code !== b.code)
        throw new DTypeError(`complex: real is ${a.dtype} and imag ${b.dtype}: expected one dtype`);
      return spec(complexOf(a.code), broadcast("complex", [a.layout, b.layout]));
    },
    into(y, { a, b }) {
      const strides = y.layout.strides.map((s) => 2 * s);
      const part = (i: number): Tensor =>
        new Tensor(y.storage, REAL[y.code]!, strided(y.layout.shape, strides), 2 * y.offset + i);
      copyInto(part(0), a);
      copyInto(part(1), b);
    },
    saves: [],
    vjp: (g) => ({ a: () => real(g), b: () => imag(g) }),
    samples: () => [
      [f32(2, 3), f32(2, 3)],
      [f32(2, 1), f32(3)],
    ],
  },
);

type Complex = Op<
  { (real: Tensor, imag: Tensor): Tensor; (real: number, imag: number): ComplexScalar },
  (imag: Tensor) => Tensor
>;

/**
 * Complex numbers of their parts; of two numbers a complex scalar. Throws DTypeError unless the tensors are float16,
 * float32 or float64 alike.
 */
export const complex: Complex = /* @__PURE__ */ publish(/* @__PURE__ */ operatorOf(paired), ((
  ...args: [never, never]
) =>
  args.length === 2 && typeof args[0] === "number" && typeof args[1] === "number"
    ? new ComplexScalar(args[0], args[1])
    : paired(...args)) as never) as unknown as Complex;

const angleOfComplex: Op1 = /* @__PURE__ */ unary("angle", {
  result: "real",
  saves: ["x"],
  // z = r·e^(iθ): θ grows by i·z / r² = i / conj z.
  vjp: (g, { x }) => ({ x: () => where(eq(x, 0), 0, mul(mul(g, I), reciprocal(conj(x)))) }),
  samples: () => [[c64(2, 3)]],
});

const angleOfReal: Op1 = /* @__PURE__ */ op("angle", "input", (x) => [{ x }], {
  infer: ({ x }) => spec(floatCode(x), x.shape),
  decompose: ({ x }) => {
    const half = scalarTensor(Math.PI, floatCode(x), x.storage.backend);
    return where(isnan(x), Number.NaN, where(lt(x, 0), half, 0));
  },
  saves: [],
  vjp: (g) => ({ x: () => flat(g) }),
});

function floatCode(x: Spec): number {
  return isFloating(x.code) ? x.code : defaultFloat();
}

/** The angle of a complex number in (-π, π]; of a real one π below 0, else 0, or NaN. */
export const angle: Op1 = /* @__PURE__ */ byKind(angleOfComplex, angleOfReal);

const direction: Op1 = /* @__PURE__ */ unary("sgn", {
  saves: ["x"],
  vjp: (g, { x }) => ({
    x: () => {
      const size = abs(x);
      const along = mul(real(div(g, x)), sgn(x)); // the part of g that only makes x longer
      return where(eq(size, 0), 0, div(sub(g, mul(along, size)), size));
    },
  }),
  samples: () => [[c64(2, 3)]],
});

/** `x / |x|`, 0 for 0; the sign of a real number. */
export const sgn: Op1 = /* @__PURE__ */ byKind(direction, sign);
/** `sgn`, in place. */
export const sgn_: Op1 = /* @__PURE__ */ written("sgn_", sgn);
