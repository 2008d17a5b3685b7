// How weights start. Each fills its tensor in place, off the tape, and gives it back; the draws and their order are
// PyTorch's, so that a seed gives the same weights.

import { showShape, ValueError } from "../core/index.ts";
import { type Arguments, keywords, noGrad } from "../op/index.ts";
import {
  copy_,
  normal_ as drawNormal_,
  uniform_ as drawUniform_,
  empty,
  emptyLike,
  eye,
  fill_,
  type Generator,
  gt,
  logicalOr,
  lt,
  mul_,
  randperm,
  reshape,
  sum,
  where,
  zero_,
} from "../ops/index.ts";
import { tensor as fromValues, type Tensor } from "../tensor/index.ts";

export type Nonlinearity =
  | "linear"
  | "conv1d"
  | "conv2d"
  | "conv3d"
  | "conv_transpose1d"
  | "conv_transpose2d"
  | "conv_transpose3d"
  | "sigmoid"
  | "tanh"
  | "relu"
  | "leaky_relu"
  | "selu";
export type FanMode = "fan_in" | "fan_out";

interface Random {
  /** Where the numbers are drawn; by default the stream of `manualSeed`. */
  generator?: Generator | null;
}
interface Uniform extends Random {
  tensor: Tensor;
  a?: number;
  b?: number;
}
interface Normal extends Random {
  tensor: Tensor;
  mean?: number;
  std?: number;
}
interface TruncNormal extends Normal {
  a?: number;
  b?: number;
}
interface Xavier extends Random {
  tensor: Tensor;
  gain?: number;
}
interface Sparse extends Random {
  tensor: Tensor;
  sparsity: number;
  std?: number;
}
interface Kaiming extends Random {
  tensor: Tensor;
  a?: number;
  mode?: FanMode;
  nonlinearity?: Nonlinearity;
}
type UniformArguments = Arguments<Uniform, [tensor: Tensor], [a?: number, b?: number, generator?: Generator | null]>;
type NormalArguments = Arguments<Normal, [tensor: Tensor], [mean?: number, std?: number, generator?: Generator | null]>;
type TruncNormalArguments = Arguments<
  TruncNormal,
  [tensor: Tensor],
  [mean?: number, std?: number, a?: number, b?: number, generator?: Generator | null]
>;
type XavierArguments = Arguments<Xavier, [tensor: Tensor], [gain?: number, generator?: Generator | null]>;
type SparseArguments = Arguments<
  Sparse,
  [tensor: Tensor, sparsity: number],
  [std?: number, generator?: Generator | null]
>;
type KaimingArguments = Arguments<
  Kaiming,
  [tensor: Tensor],
  [a?: number, mode?: FanMode, nonlinearity?: Nonlinearity, generator?: Generator | null]
>;

const generator = null;
const bindUniform = /* @__PURE__ */ keywords<Uniform>("uniform_", "tensor, a?, b?, generator?", {
  a: 0,
  b: 1,
  generator,
});
const bindNormal = /* @__PURE__ */ keywords<Normal>("normal_", "tensor, mean?, std?, generator?", {
  mean: 0,
  std: 1,
  generator,
});
const bindTruncNormal = /* @__PURE__ */ keywords<TruncNormal>(
  "truncNormal_",
  "tensor, mean?, std?, a?, b?, generator?",
  { mean: 0, std: 1, a: -2, b: 2, generator },
);
const kaiming = { a: 0, mode: "fan_in", nonlinearity: "leaky_relu", generator } as const;
const bindXavierUniform = /* @__PURE__ */ keywords<Xavier>("xavierUniform_", "tensor, gain?, generator?", {
  gain: 1,
  generator,
});
const bindXavierNormal = /* @__PURE__ */ keywords<Xavier>("xavierNormal_", "tensor, gain?, generator?", {
  gain: 1,
  generator,
});
const bindKaimingUniform = /* @__PURE__ */ keywords<Kaiming>(
  "kaimingUniform_",
  "tensor, a?, mode?, nonlinearity?, generator?",
  kaiming,
);
const bindKaimingNormal = /* @__PURE__ */ keywords<Kaiming>(
  "kaimingNormal_",
  "tensor, a?, mode?, nonlinearity?, generator?",
  kaiming,
);
const bindSparse = /* @__PURE__ */ keywords<Sparse>("sparse_", "tensor, sparsity, std?, generator?", {
  std: 0.01,
  generator,
});
const bindOrthogonal = /* @__PURE__ */ keywords<Xavier>("orthogonal_", "tensor, gain?, generator?", {
  gain: 1,
  generator,
});

/**
 * The factor by which a nonlinearity's inputs are scaled so that the variance is kept: 1 for the linear ones and
 * sigmoid, 5/3 for tanh, √2 for relu, √(2 / (1 + slope²)) for leaky_relu (`param`, 0.01), 3/4 for selu.
 */
export function calculateGain(nonlinearity: Nonlinearity, param: number | null = null): number {
  switch (nonlinearity) {
    case "tanh":
      return 5 / 3;
    case "relu":
      return Math.SQRT2;
    case "leaky_relu":
      if (param !== null && typeof param !== "number") {
        throw new ValueError(`negative_slope ${param} not a valid number`);
      }
      return Math.sqrt(2 / (1 + (param ?? 0.01) ** 2));
    case "selu":
      return 3 / 4;
    case "sigmoid":
    case "linear":
    case "conv1d":
    case "conv2d":
    case "conv3d":
    case "conv_transpose1d":
    case "conv_transpose2d":
    case "conv_transpose3d":
      return 1;
    default:
      nonlinearity satisfies never;
      throw new ValueError(`Unsupported nonlinearity ${nonlinearity}`);
  }
}

/** Fills with numbers uniform on [a, b), by default [0, 1). */
export function uniform_(...args: UniformArguments): Tensor {
  const { tensor, a, b, generator } = bindUniform(args);
  return noGrad(() => drawUniform_(tensor, a, b, { generator }));
}

/** Fills with numbers of the normal distribution N(mean, std²), by default N(0, 1). */
export function normal_(...args: NormalArguments): Tensor {
  const { tensor, mean, std, generator } = bindNormal(args);
  return noGrad(() => drawNormal_(tensor, mean, std, { generator }));
}

/** Fills with N(mean, std²) of which what falls outside [a, b] is drawn again. */
export function truncNormal_(...args: TruncNormalArguments): Tensor {
  const { tensor, mean, std, a, b, generator } = bindTruncNormal(args);
  return noGrad(() => {
    drawNormal_(tensor, mean, std, { generator });
    for (let round = 0; round < ROUNDS; round++) {
      const outside = logicalOr(lt(tensor, a), gt(tensor, b));
      if (sum(outside).item() === 0) return tensor;
      // A whole tensor each round, as PyTorch draws.
      copy_(tensor, where(outside, drawNormal_(emptyLike(tensor), mean, std, { generator }), tensor));
    }
    throw new ValueError(`truncNormal_: [${a}, ${b}] holds too little of N(${mean}, ${std}²)`);
  });
}
const ROUNDS = 1000; // bounds that keep one draw in a hundred are done by then

/** Fills with one value. */
export function constant_(tensor: Tensor, value: number): Tensor {
  return noGrad(() => fill_(tensor, value));
}

/** Fills with 1. */
export function ones_(tensor: Tensor): Tensor {
  return constant_(tensor, 1);
}

/** Fills with 0. */
export function zeros_(tensor: Tensor): Tensor {
  return noGrad(() => zero_(tensor));
}

/** Fills a matrix with the identity: as many inputs as fit pass through a linear layer unchanged. */
export function eye_(tensor: Tensor): Tensor {
  if (tensor.ndim !== 2) throw new ValueError("eye_: Only tensors with 2 dimensions are supported");
  return noGrad(() => copy_(tensor, eye(tensor.shape[0]!, tensor.shape[1]!)));
}

/**
 * Fills the weight of a convolution so that it passes as many input channels as fit through unchanged: a 1 in the middle of
 * each kernel on the diagonal, in each of `groups`.
 */
export function dirac_(tensor: Tensor, groups: number | { readonly groups?: number } = 1): Tensor {
  const count = typeof groups === "number" ? groups : (groups.groups ?? 1);
  const [outputs, inputs, ...kernel] = tensor.shape;
  if (outputs === undefined || inputs === undefined || kernel.length < 1 || kernel.length > 3) {
    throw new ValueError("dirac_: Only tensors with 3, 4, or 5 dimensions are supported");
  }
  if (outputs % count !== 0) throw new ValueError("dirac_: dim 0 must be divisible by groups");
  const field = kernel.reduce((product, size) => product * size, 1);
  const middle = kernel.reduce((at, size) => at * size + Math.floor(size / 2), 0);
  const values = new Float32Array(tensor.numel());
  for (let o = 0; o < outputs; o++) {
    const channel = o % (outputs / count);
    if (channel < inputs) values[(o * inputs + channel) * field + middle] = 1;
  }
  return noGrad(() => copy_(tensor, reshape(fromValues(values, { device: tensor.device }), tensor.shape)));
}

/** Glorot's uniform weights: U(-a, a) with a = gain · √(6 / (fanIn + fanOut)). */
export function xavierUniform_(...args: XavierArguments): Tensor {
  const { tensor, gain, generator } = bindXavierUniform(args);
  const { fanIn, fanOut } = fans(tensor, "xavierUniform_");
  const a = Math.sqrt(3) * (gain * Math.sqrt(2 / (fanIn + fanOut)));
  return uniform_(tensor, -a, a, generator);
}

/** Glorot's normal weights: N(0, gain² · 2 / (fanIn + fanOut)). */
export function xavierNormal_(...args: XavierArguments): Tensor {
  const { tensor, gain, generator } = bindXavierNormal(args);
  const { fanIn, fanOut } = fans(tensor, "xavierNormal_");
  return normal_(tensor, 0, gain * Math.sqrt(2 / (fanIn + fanOut)), generator);
}

/**
 * He's uniform weights: U(-b, b) with b = gain · √(3 / fan).
 *
 * The gain is that of `nonlinearity` with slope `a`; `mode` chooses whether the variance is kept forward ("fan_in") or
 * backward ("fan_out"). A tensor without elements is left alone.
 */
export function kaimingUniform_(...args: KaimingArguments): Tensor {
  const { tensor, a, mode, nonlinearity, generator } = bindKaimingUniform(args);
  if (tensor.numel() === 0) return tensor;
  const std = calculateGain(nonlinearity, a) / Math.sqrt(fan(tensor, mode, "kaimingUniform_"));
  const bound = Math.sqrt(3) * std;
  return uniform_(tensor, -bound, bound, generator);
}

/** He's normal weights: N(0, gain² / fan); see `kaimingUniform_`. */
export function kaimingNormal_(...args: KaimingArguments): Tensor {
  const { tensor, a, mode, nonlinearity, generator } = bindKaimingNormal(args);
  if (tensor.numel() === 0) return tensor;
  return normal_(tensor, 0, calculateGain(nonlinearity, a) / Math.sqrt(fan(tensor, mode, "kaimingNormal_")), generator);
}

/**
 * Fills with a (semi-)orthogonal matrix times `gain`: the Q of a normal matrix, with the signs of R's diagonal, which
 * makes it uniform over all such matrices. Dims after the first count as columns.
 */
export function orthogonal_(...args: XavierArguments): Tensor {
  const { tensor, gain, generator } = bindOrthogonal(args);
  if (tensor.ndim < 2) throw new ValueError("orthogonal_: Only tensors with 2 or more dimensions are supported");
  if (tensor.numel() === 0) return tensor;
  return noGrad(() => {
    const rows = tensor.shape[0]!;
    const columns = tensor.numel() / rows;
    const normal = Float64Array.from(
      drawNormal_(empty([rows, columns], { dtype: tensor.dtype }), 0, 1, { generator }).dataSync() as Float32Array,
    );
    const tall = rows < columns ? transpose(normal, rows, columns) : normal;
    const q = orthonormal(tall, Math.max(rows, columns), Math.min(rows, columns));
    copy_(tensor, reshape(fromValues(rows < columns ? transpose(q, columns, rows) : q), tensor.shape));
    return mul_(tensor, gain);
  });
}

/** Fills a matrix with N(0, std²), but for a share `sparsity` of each column, taken at random, with 0. */
export function sparse_(...args: SparseArguments): Tensor {
  const { tensor, sparsity, std, generator } = bindSparse(args);
  const [rows, columns] = tensor.shape;
  if (rows === undefined || columns === undefined || tensor.ndim !== 2) {
    throw new ValueError("sparse_: Only tensors with 2 dimensions are supported");
  }
  return noGrad(() => {
    drawNormal_(tensor, 0, std, { generator });
    const dropped = new Uint8Array(rows * columns);
    for (let column = 0; column < columns; column++) {
      const order = randperm(rows).tolist() as number[]; // from the stream of manualSeed always, as in PyTorch
      for (const row of order.slice(0, Math.ceil(sparsity * rows))) dropped[row * columns + column] = 1;
    }
    const mask = reshape(fromValues(dropped, { dtype: "bool", device: tensor.device }), tensor.shape);
    return copy_(tensor, where(mask, 0, tensor));
  });
}

/** The sizes that weights are scaled by: inputs and outputs of one unit, times the elements of a kernel. */
export function fans(tensor: Tensor, op: string): { readonly fanIn: number; readonly fanOut: number } {
  const [outputs, inputs, ...kernel] = tensor.shape;
  if (outputs === undefined || inputs === undefined) {
    throw new ValueError(
      `${op}: Fan in and fan out can not be computed for tensor with fewer than 2 dimensions: got ${showShape(tensor.shape)}`,
    );
  }
  const field = kernel.reduce((product, size) => product * size, 1);
  return { fanIn: inputs * field, fanOut: outputs * field };
}

function fan(tensor: Tensor, mode: FanMode, op: string): number {
  const { fanIn, fanOut } = fans(tensor, op);
  if (mode === "fan_in") return fanIn;
  if (mode === "fan_out") return fanOut;
  mode satisfies never;
  throw new ValueError(`${op}: Mode ${mode} not supported, please use one of ['fan_in', 'fan_out']`);
}

/**
 * The columns of a tall matrix made orthonormal, each keeping its direction against the ones before: the Q of QR whose R
 * has a positive diagonal. Modified Gram-Schmidt, twice, is as accurate as reflections for a random matrix.
 */
function orthonormal(a: Float64Array, rows: number, columns: number): Float64Array {
  const q = a.slice();
  const dot = (i: number, j: number): number => {
    let sum = 0;
    for (let r = 0; r < rows; r++) sum += q[r * columns + i]! * q[r * columns + j]!;
    return sum;
  };
  for (let j = 0; j < columns; j++) {
    for (let pass = 0; pass < 2; pass++) {
      for (let i = 0; i < j; i++) {
        const along = dot(i, j);
        for (let r = 0; r < rows; r++) q[r * columns + j]! -= along * q[r * columns + i]!;
      }
    }
    const length = Math.sqrt(dot(j, j));
    for (let r = 0; r < rows; r++) q[r * columns + j]! /= length;
  }
  return q;
}

function transpose(a: Float64Array, rows: number, columns: number): Float64Array {
  return a.map((_, i) => a[(i % rows) * columns + Math.floor(i / rows)]!);
}
