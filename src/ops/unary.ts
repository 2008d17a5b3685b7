// Element-wise functions of one tensor.

import { isComplex, REAL, SUFFIX, strided } from "../core/index.ts";
import { asTensor, c64, copyInto, f32, need, type Op1, op, pointwise, spec, unary } from "../op/index.ts";
import { Tensor } from "../tensor/index.ts";

/** `-x`. */
export const neg: Op1 = /* @__PURE__ */ unary("neg", {
  expr: "-x",
  saves: [],
  vjp: (g) => ({ x: () => neg(g) }),
  samples: [[f32(2, 3)]],
});

/** The complex conjugate; a real tensor's is itself. */
export const conj: Op1 = /* @__PURE__ */ op("conj", "input", (x) => [{ x: asTensor(x, "conj", "input") }], {
  infer: ({ x }) => spec(x.code, x.shape),
  into(y, { x }) {
    copyInto(y, x);
    if (!isComplex(x.code)) return;
    // The imaginary parts of y are a real tensor of stride 2.
    const { backend } = y.storage;
    const twice = y.layout.strides.map((s) => 2 * s);
    const imaginary = new Tensor(y.storage, REAL[y.code]!, strided(y.shape, twice), 2 * y.offset + 1);
    pointwise(backend, need(backend, `neg_${SUFFIX[imaginary.code]}`), imaginary, [imaginary], 0, 0);
    imaginary.endScope();
  },
  saves: [],
  vjp: (g) => ({ x: () => conj(g) }),
  samples: [[f32(2, 3)], [c64(2, 3)]],
});
