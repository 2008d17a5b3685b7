// Copies: clone, contiguous, casts, and writes of one tensor over another.

import { broadcast, DTYPES, isScalar, ShapeError, SUFFIX, sameDims, scalarKind, showShape } from "../core/index.ts";
import {
  asTensor,
  bindArguments,
  copyInto,
  f32,
  i64,
  inPlace,
  type Op,
  type Op1,
  type Operand,
  op,
  spec,
  wrongArgument,
} from "../op/index.ts";
import { scalarTensor, Tensor } from "../tensor/index.ts";
import { zerosLike } from "./create.ts";

/** A dense copy with memory of its own. */
export const clone: Op1 = /* @__PURE__ */ op("clone", "input", (x) => [{ x: asTensor(x, "clone", "input") }], {
  infer: ({ x }) => spec(x.code, x.shape),
  into: (y, { x }) => copyInto(y, x),
  saves: [],
  vjp: (g) => ({ x: () => g }),
  samples: () => [[f32(2, 3)], [i64(4)]],
});

/** `x` itself where it is dense, else a dense copy. */
export const contiguous: Op1 = /* @__PURE__ */ op(
  "contiguous",
  "input",
  (x) => [{ x: asTensor(x, "contiguous", "input") }],
  {
    infer: ({ x }) => x,
    decompose: ({ x }) => (x.layout.contiguous ? x : clone(x)),
    samples: () => [[f32(2, 3)]],
  },
);

/** `x` in another dtype, by its code; the real part where a complex one becomes real. Internal: see `to`. @internal */
export const cast: (x: Tensor, code: number) => Tensor = /* @__PURE__ */ op(
  "cast",
  "input, code",
  (x: Tensor, code: number) => [{ x }, { code }],
  {
    infer: ({ x }, { code }) => spec(code, x.shape),
    node: "ToCopyBackward0",
    into: (y, { x }) => copyInto(y, x),
    saves: [],
    vjp: (g) => ({ x: () => g }),
    method: false,
  },
);

/** `source`, broadcast and cast, over `x`: the operator behind `copy_`. */
const copy: Op<(x: Tensor, source: Tensor) => Tensor, (source: Tensor) => Tensor> = /* @__PURE__ */ op(
  "copy",
  "input, src, nonBlocking?",
  (x, source) => [{ x: asTensor(x, "copy_", "input"), source: asTensor(source, "copy_", "src") }],
  {
    infer({ x, source }) {
      if (!sameDims(broadcast("copy_", [x.layout, source.layout]), x.shape)) {
        throw new ShapeError(`copy_: ${showShape(source.shape)} does not broadcast to ${showShape(x.shape)}`);
      }
      return spec(x.code, x.shape);
    },
    into: (y, { source }) => copyInto(y, source),
    saves: [],
    vjp: (g) => ({ x: null, source: () => g }),
  },
);

/** Writes `src`, broadcast and cast, over `x`. */
export const copy_: Op<(x: Tensor, source: Tensor) => Tensor, (source: Tensor) => Tensor> =
  /* @__PURE__ */ inPlace(copy);

/** The operator behind `fill` and `fill_`. */
const filled: Op<(x: Tensor, value: Operand) => Tensor, (value: Operand) => Tensor> = /* @__PURE__ */ op(
  "fill",
  "input, value",
  (x, value) => [{ x: asTensor(x, "fill", "input"), value: fillValue(x, value) }],
  {
    infer({ x, value }) {
      if (value.ndim > 0)
        throw new ShapeError(`fill: value has ${value.ndim} dims, expected a number or a 0-dim tensor`);
      return spec(x.code, x.shape);
    },
    into: (y, { value }) => copyInto(y, value),
    saves: [],
    vjp: (g) => ({ x: () => zerosLike(g), value: () => g }),
    samples: () => [[f32(2, 3), 1.5]],
  },
);

function fillValue(x: Tensor, value: unknown): Tensor {
  if (value instanceof Tensor) return value;
  if (!isScalar(value)) throw wrongArgument("fill", "value", value, "a number or a 0-dim tensor");
  // A complex number does not fit into a real tensor; anything else is cast.
  const kind = scalarKind(value);
  if (kind === 3 && SUFFIX[x.code]![0] !== "c") {
    throw wrongArgument("fill", "value", value, `a real number for ${DTYPES[x.code]}`);
  }
  return scalarTensor(value, x.code, x.storage.backend);
}

/** A tensor like `x` with `value`, a number or a 0-dim tensor, everywhere. A function only, as in PyTorch. */
export function fill(...args: readonly [x: Tensor, value: Operand | { value: Operand }]): Tensor {
  const [x, value] = bindArguments("fill", "input, value", args);
  return filled(x as Tensor, value as Operand);
}

/** Sets every element to `value`. */
export const fill_: Op<(x: Tensor, value: Operand) => Tensor, (value: Operand) => Tensor> =
  /* @__PURE__ */ inPlace(filled);

/** Sets every element to 0. */
export const zero_: Op1 = /* @__PURE__ */ Object.assign((x: Tensor): Tensor => fill_(x, 0), {
  opName: "zero_",
}) as unknown as Op1;

/**
 * A tensor on the same memory that takes no part in autograd. Writes through either are seen by both, and a backward
 * that needs what was overwritten says so.
 */
export const detach: Op1 = /* @__PURE__ */ Object.assign(
  (x: Tensor): Tensor => {
    asTensor(x, "detach", "input");
    return new Tensor(x.storage, x.code, x.layout, x.offset);
  },
  { opName: "detach" },
) as unknown as Op1;
