// Attention of several heads: the function with PyTorch's long list of arguments, and the module over it.
//
//   l queries, s keys, b sequences, e the width of the model, h heads of width d = e / h

import { BOOL, type DType, DTypeError, isFloating, ShapeError, show, showShape, ValueError } from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";
import {
  add,
  baddbmm,
  bmm,
  cat,
  chunk,
  dropout,
  expand,
  linear,
  maskedFill,
  mean,
  mul,
  pad,
  reshape,
  scaledDotProductAttention,
  softmax,
  split,
  squeeze,
  transpose,
  unsqueeze,
  zeros,
} from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { xavierNormal_, xavierUniform_, zeros_ } from "./init.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { blank, type Factory, type Parameter } from "./parameter.ts";

interface AttentionInputs {
  query: Tensor;
  key: Tensor;
  value: Tensor;
}
interface AttentionOptions {
  /** `[b, s]`: true, or added -∞, where a key is only padding. */
  keyPaddingMask?: Tensor | null;
  /** Whether the shares of attention are wanted too; true. Without them the faster kernel runs. */
  needWeights?: boolean;
  /** `[l, s]` or `[b·h, l, s]`: true where a query must not see a key, or numbers that are added to the scores. */
  attnMask?: Tensor | null;
  /** Whether those shares are the mean over the heads; true. */
  averageAttnWeights?: boolean;
  /** Says that `attnMask` is the causal one, which need then not be read; false. */
  isCausal?: boolean;
}

export interface MultiHeadAttentionForwardOptions extends AttentionInputs, AttentionOptions {
  embedDimToCheck: number;
  numHeads: number;
  /** The projections of query, key and value below one another, `[3e, e]`. */
  inProjWeight: Tensor | null;
  inProjBias: Tensor | null;
  /** One more key and value, the same for every sequence. */
  biasK: Tensor | null;
  biasV: Tensor | null;
  /** Whether a key and a value of zeros are added. */
  addZeroAttn: boolean;
  dropoutP: number;
  outProjWeight: Tensor;
  outProjBias: Tensor | null;
  /** Whether shares are dropped; true. */
  training?: boolean;
  /** Whether the projections are three tensors, for keys and values of other widths; false. */
  useSeparateProjWeight?: boolean;
  qProjWeight?: Tensor | null;
  kProjWeight?: Tensor | null;
  vProjWeight?: Tensor | null;
  /** Keys and values that are projected already, `[b·h, s, d]`. */
  staticK?: Tensor | null;
  staticV?: Tensor | null;
}

const bindForward = /* @__PURE__ */ keywords<MultiHeadAttentionForwardOptions>(
  "multiHeadAttentionForward",
  "query, key, value, embedDimToCheck, numHeads, inProjWeight, inProjBias, biasK, biasV, addZeroAttn, dropoutP, outProjWeight, outProjBias, training?, keyPaddingMask?, needWeights?, attnMask?, useSeparateProjWeight?, qProjWeight?, kProjWeight?, vProjWeight?, staticK?, staticV?, averageAttnWeights?, isCausal?",
  {
    training: true,
    keyPaddingMask: null,
    needWeights: true,
    attnMask: null,
    useSeparateProjWeight: false,
    qProjWeight: null,
    kProjWeight: null,
    vProjWeight: null,
    staticK: null,
    staticV: null,
    averageAttnWeights: true,
    isCausal: false,
  },
);

type ForwardRequired = [
  query: Tensor,
  key: Tensor,
  value: Tensor,
  embedDimToCheck: number,
  numHeads: number,
  inProjWeight: Tensor | null,
  inProjBias: Tensor | null,
  biasK: Tensor | null,
  biasV: Tensor | null,
  addZeroAttn: boolean,
  dropoutP: number,
  outProjWeight: Tensor,
  outProjBias: Tensor | null,
];
type ForwardOptional = [
  training?: boolean,
  keyPaddingMask?: Tensor | null,
  needWeights?: boolean,
  attnMask?: Tensor | null,
  useSeparateProjWeight?: boolean,
  qProjWeight?: Tensor | null,
  kProjWeight?: Tensor | null,
  vProjWeight?: Tensor | null,
  staticK?: Tensor | null,
  staticV?: Tensor | null,
  averageAttnWeights?: boolean,
  isCausal?: boolean,
];

/** The result `[l, b, e]`, and the shares `[b, l, s]` (`[b, h, l, s]` when not averaged), null when not wanted. */
type Attended = [output: Tensor, weights: Tensor | null];

/**
 * Attention of several heads: query, key and value are projected, cut into heads, each attends on its own, and what they
 * found is projected once more.
 *
 * Shape: query `[l, b, e]`, key and value `[s, b, …]`, all without `b` too → `[l, b, e]`, and the shares `[b, l, s]`. With
 * `dropoutP` shares are dropped before they are used.
 */
export function multiHeadAttentionForward(
  ...args: Arguments<MultiHeadAttentionForwardOptions, ForwardRequired, ForwardOptional>
): Attended {
  const options = bindForward(args);
  const { embedDimToCheck, numHeads, outProjWeight, outProjBias, needWeights, averageAttnWeights } = options;
  checkShapes(options);
  const batched = options.query.ndim === 3;
  const [query, key, value] = batched
    ? [options.query, options.key, options.value]
    : each(options, (x) => unsqueeze(x, 1));
  const [length, batch, width] = query.shape as readonly [number, number, number];
  if (width !== embedDimToCheck) {
    throw new ShapeError(
      `multiHeadAttentionForward: was expecting embedding dimension of ${embedDimToCheck}, but got ${width}`,
    );
  }
  const size = width / numHeads;
  if (!Number.isInteger(size)) {
    throw new ShapeError(`multiHeadAttentionForward: embed_dim ${width} not divisible by num_heads ${numHeads}`);
  }

  const padding = options.keyPaddingMask === null ? null : added(options.keyPaddingMask, query, "keyPaddingMask");
  if (options.isCausal && options.attnMask === null) {
    throw new ValueError("multiHeadAttentionForward: Need attn_mask if specifying the is_causal hint.");
  }
  // Only where nothing else masks can the kernel's own causal form stand for the mask.
  const causal = options.isCausal && padding === null && !needWeights;
  let mask = options.attnMask === null || causal ? null : added(options.attnMask, query, "attnMask");

  let [q, k, v] = projected(options, query, key, value);
  let pads = padding === null ? null : batched ? padding : unsqueeze(padding, 0);
  const more = (extra: number): void => {
    if (mask !== null) mask = pad(mask, [0, extra]);
    if (pads !== null) pads = pad(pads, [0, extra]);
  };
  if (options.biasK !== null && options.biasV !== null) {
    k = cat([k, expand(options.biasK, [1, batch, width])]);
    v = cat([v, expand(options.biasV, [1, batch, width])]);
    more(1);
  }
  // [rows, b, e] → [b·h, rows, d]
  const heads = (x: Tensor): Tensor => transpose(reshape(x, [x.shape[0]!, batch * numHeads, size]), 0, 1);
  q = heads(q);
  k = options.staticK ?? heads(k);
  v = options.staticV ?? heads(v);
  if (options.addZeroAttn) {
    const zero = zeros([batch * numHeads, 1, size], { dtype: k.dtype, device: k.device });
    k = cat([k, zero], 1);
    v = cat([v, zero], 1);
    more(1);
  }
  const keys = k.shape[1]!;
  if (mask !== null) mask = fitted(mask, [length, keys], batch * numHeads);
  if (pads !== null) {
    if (pads.shape.join() !== [batch, keys].join()) {
      throw new ShapeError(
        `multiHeadAttentionForward: keyPaddingMask is ${showShape(pads.shape)}, expected ${showShape([batch, keys])}`,
      );
    }
    const ofHeads = reshape(expand(unsqueeze(unsqueeze(pads, 1), 1), [batch, numHeads, 1, keys]), [-1, 1, keys]);
    mask = mask === null ? ofHeads : add(mask, ofHeads);
  }

  const p = options.training ? options.dropoutP : 0;
  // [b·h, l, d] → [l, b, e]
  const joined = (x: Tensor): Tensor => {
    const output = linear(reshape(transpose(x, 0, 1), [length, batch, width]), outProjWeight, outProjBias);
    return batched ? output : squeeze(output, 1);
  };
  if (needWeights) {
    const scaled = mul(q, Math.sqrt(1 / size));
    const turned = transpose(k, 1, 2);
    const scores = mask === null ? bmm(scaled, turned) : baddbmm(mask, scaled, turned);
    const shares = dropout(softmax(scores, -1), p, true);
    const byHead = reshape(shares, [batch, numHeads, length, keys]);
    const weights = averageAttnWeights ? mean(byHead, 1) : byHead;
    return [joined(bmm(shares, v)), batched ? weights : squeeze(weights, 0)];
  }
  const four = (x: Tensor): Tensor => reshape(x, [batch, numHeads, x.shape[1]!, x.shape[2]!]);
  const full = mask === null ? null : mask.shape[0] === 1 ? unsqueeze(mask, 0) : four(mask);
  const found = scaledDotProductAttention(four(q), four(k), four(v), full, p, causal);
  return [joined(reshape(found, [batch * numHeads, length, size])), null];
}

/** `f` of query, key and value. What was one tensor stays one: its projection is one product. */
function each({ query, key, value }: AttentionInputs, f: (x: Tensor) => Tensor): [Tensor, Tensor, Tensor] {
  const q = f(query);
  const k = key === query ? q : f(key);
  return [q, k, value === key ? k : f(value)];
}

function checkShapes({
  query,
  key,
  value,
  keyPaddingMask,
  attnMask,
  useSeparateProjWeight,
}: AttentionInputs & Required<AttentionOptions> & { useSeparateProjWeight: boolean }): void {
  const name = "multiHeadAttentionForward";
  const { ndim } = query;
  if (ndim !== 2 && ndim !== 3) {
    throw new ShapeError(
      `${name}: query should be unbatched 2D or batched 3D tensor but received ${ndim}-D query tensor`,
    );
  }
  if (key.ndim !== ndim || value.ndim !== ndim) {
    throw new ShapeError(
      `${name}: For ${ndim}-D query, expected key and value to be ${ndim}-D but found ${key.ndim}-D and ${value.ndim}-D tensors respectively`,
    );
  }
  if (keyPaddingMask !== null && keyPaddingMask.ndim !== ndim - 1) {
    throw new ShapeError(
      `${name}: For ${ndim}-D query, expected keyPaddingMask to be ${ndim - 1}-D but found ${keyPaddingMask.ndim}-D tensor instead`,
    );
  }
  if (attnMask !== null && attnMask.ndim !== 2 && attnMask.ndim !== 3) {
    throw new ShapeError(`${name}: attnMask's dimension ${attnMask.ndim} is not supported: expected 2 or 3`);
  }
  const alike = useSeparateProjWeight ? ndim - 1 : ndim;
  if (key.shape.slice(0, alike).join() !== value.shape.slice(0, alike).join()) {
    throw new ShapeError(
      `${name}: key shape ${showShape(key.shape)} does not match value shape ${showShape(value.shape)}`,
    );
  }
}

/** A mask as numbers to add: true becomes -∞. */
function added(mask: Tensor, beside: Tensor, name: string): Tensor {
  if (mask.code === BOOL) {
    return maskedFill(zeros(mask.shape, { dtype: beside.dtype, device: beside.device }), mask, -Infinity);
  }
  if (!isFloating(mask.code)) {
    throw new DTypeError(
      `multiHeadAttentionForward: only bool and floating types of ${name} are supported, got ${show(mask)}`,
    );
  }
  return mask;
}

/** A mask of scores as `[1, l, s]` or `[b·h, l, s]`. */
function fitted(mask: Tensor, scores: readonly [number, number], count: number): Tensor {
  const full = mask.ndim === 2 ? unsqueeze(mask, 0) : mask;
  const expected = [mask.ndim === 2 ? 1 : count, ...scores];
  if (full.shape.join() !== expected.join()) {
    throw new ShapeError(
      `multiHeadAttentionForward: The shape of the ${mask.ndim}D attn_mask is ${showShape(mask.shape)}, but should be ${showShape(expected.slice(-mask.ndim))}.`,
    );
  }
  return full;
}

/** Query, key and value projected, in as few products as there are different inputs. */
function projected(
  options: MultiHeadAttentionForwardOptions,
  query: Tensor,
  key: Tensor,
  value: Tensor,
): [Tensor, Tensor, Tensor] {
  const { inProjWeight: weight, inProjBias: bias, qProjWeight, kProjWeight, vProjWeight } = options;
  const width = query.shape.at(-1)!;
  if (options.useSeparateProjWeight) {
    if (qProjWeight == null || kProjWeight == null || vProjWeight == null) {
      throw new TypeError("multiHeadAttentionForward: useSeparateProjWeight is True but a projection weight is None");
    }
    const [q, k, v] = bias === null ? [null, null, null] : (chunk(bias, 3) as [Tensor, Tensor, Tensor]);
    return [linear(query, qProjWeight, q), linear(key, kProjWeight, k), linear(value, vProjWeight, v)];
  }
  if (weight === null) {
    throw new TypeError("multiHeadAttentionForward: useSeparateProjWeight is False but inProjWeight is None");
  }
  if (query === key && key === value) {
    return split(linear(query, weight, bias), width, -1) as [Tensor, Tensor, Tensor];
  }
  const cuts = key === value ? [width, 2 * width] : [width, width, width];
  const [forQuery, forKey, forValue] = split(weight, cuts, 0) as [Tensor, Tensor, Tensor?];
  const [q, k, v] = bias === null ? [null, null, null] : (split(bias, cuts, 0) as [Tensor, Tensor, Tensor?]);
  const ofQuery = linear(query, forQuery, q);
  if (forValue === undefined) {
    return [ofQuery, ...(split(linear(key, forKey, k), width, -1) as [Tensor, Tensor])];
  }
  return [ofQuery, linear(key, forKey, k), linear(value, forValue, v ?? null)];
}

export interface MultiheadAttentionOptions extends Factory {
  /** The width of the model, which the heads share. */
  embedDim: number;
  numHeads: number;
  /** The chance of a share to be dropped while training; 0. */
  dropout?: number;
  /** Whether the projections have biases; true. */
  bias?: boolean;
  /** Whether one more key and value are learned; false. */
  addBiasKv?: boolean;
  /** Whether a key and a value of zeros are added; false. */
  addZeroAttn?: boolean;
  /** The width of keys; by default `embedDim`. */
  kdim?: number | null;
  /** The width of values; by default `embedDim`. */
  vdim?: number | null;
  /** Whether inputs and output are `[b, l, e]` in place of `[l, b, e]`; false. */
  batchFirst?: boolean;
}

const bindModule = /* @__PURE__ */ keywords<MultiheadAttentionOptions>(
  "MultiheadAttention",
  "embedDim, numHeads, dropout?, bias?, addBiasKv?, addZeroAttn?, kdim?, vdim?, batchFirst?, device?, dtype?",
  {
    dropout: 0,
    bias: true,
    addBiasKv: false,
    addZeroAttn: false,
    kdim: null,
    vdim: null,
    batchFirst: false,
    device: null,
    dtype: null,
  },
);
const CALL = "query, key, value, keyPaddingMask?, needWeights?, attnMask?, averageAttnWeights?, isCausal?";
const bindCall = /* @__PURE__ */ keywords<AttentionInputs & AttentionOptions>("MultiheadAttention", CALL, {
  keyPaddingMask: null,
  needWeights: true,
  attnMask: null,
  averageAttnWeights: true,
  isCausal: false,
});

/** PyTorch's name for the last projection, which its repr shows. */
class NonDynamicallyQuantizableLinear extends Linear {}

/**
 * Attention of several heads: `softmax(q·kᵀ / √d)·v` in each, over projections of query, key and value; what they find side
 * by side is projected once more.
 *
 * Shape: query `[l, b, e]`, key `[s, b, kdim]`, value `[s, b, vdim]` (`[b, l, e]` … with `batchFirst`; all without `b` too) → the output in
 * the query's shape, and the shares of attention `[b, l, s]`, null with `needWeights: false`.
 *
 * Attributes: `inProjWeight` `[3e, e]` (or `qProjWeight`, `kProjWeight`, `vProjWeight` where widths differ) from Glorot's uniform,
 * `inProjBias` `[3e]` and `outProj`'s bias 0, `outProj`, and with `addBiasKv` `biasK` and `biasV` `[1, 1, e]`.
 *
 * @example
 * const attention = new nn.MultiheadAttention(64, 4, { batchFirst: true });
 * const [output, weights] = attention(x, x, x, { attnMask: nn.Transformer.generateSquareSubsequentMask(10) });
 */
export class MultiheadAttention extends Module {
  static override readonly stateNames: Readonly<Record<string, string>> = {
    inProjWeight: "in_proj_weight",
    qProjWeight: "q_proj_weight",
    kProjWeight: "k_proj_weight",
    vProjWeight: "v_proj_weight",
    inProjBias: "in_proj_bias",
    outProj: "out_proj",
    biasK: "bias_k",
    biasV: "bias_v",
  };
  static override readonly forwardSignature: string = CALL;

  readonly embedDim: number;
  readonly kdim: number;
  readonly vdim: number;
  readonly numHeads: number;
  readonly headDim: number;
  readonly dropout: number;
  readonly batchFirst: boolean;
  readonly addZeroAttn: boolean;
  inProjWeight: Parameter | null;
  qProjWeight: Parameter | null;
  kProjWeight: Parameter | null;
  vProjWeight: Parameter | null;
  inProjBias: Parameter | null;
  outProj: Linear;
  biasK: Parameter | null;
  biasV: Parameter | null;

  constructor(
    ...args: Arguments<
      MultiheadAttentionOptions,
      [embedDim: number, numHeads: number],
      [
        dropout?: number,
        bias?: boolean,
        addBiasKv?: boolean,
        addZeroAttn?: boolean,
        kdim?: number | null,
        vdim?: number | null,
        batchFirst?: boolean,
        device?: string | null,
        dtype?: DType | null,
      ]
    >
  ) {
    super();
    const { embedDim: e, numHeads, bias, addBiasKv, kdim, vdim, device, dtype, ...rest } = bindModule(args);
    if (!(e > 0 && numHeads > 0)) {
      throw new ValueError(
        `embed_dim and num_heads must be greater than 0, got embed_dim=${e} and num_heads=${numHeads} instead`,
      );
    }
    if (e % numHeads !== 0)
      throw new ValueError(`MultiheadAttention: embed_dim must be divisible by num_heads, got ${e} and ${numHeads}`);
    const factory = { device, dtype };
    this.embedDim = e;
    this.kdim = kdim ?? e;
    this.vdim = vdim ?? e;
    this.numHeads = numHeads;
    this.headDim = e / numHeads;
    this.dropout = rest.dropout;
    this.batchFirst = rest.batchFirst;
    this.addZeroAttn = rest.addZeroAttn;
    const one = this.kdim === e && this.vdim === e;
    this.qProjWeight = one ? null : blank([e, e], factory);
    this.kProjWeight = one ? null : blank([e, this.kdim], factory);
    this.vProjWeight = one ? null : blank([e, this.vdim], factory);
    this.inProjWeight = one ? blank([3 * e, e], factory) : null;
    this.inProjBias = bias ? blank([3 * e], factory) : null;
    this.outProj = new NonDynamicallyQuantizableLinear(e, e, { bias, ...factory });
    this.biasK = addBiasKv ? blank([1, 1, e], factory) : null;
    this.biasV = addBiasKv ? blank([1, 1, e], factory) : null;
    for (const weight of [this.inProjWeight, this.qProjWeight, this.kProjWeight, this.vProjWeight]) {
      if (weight !== null) xavierUniform_(weight);
    }
    if (this.inProjBias !== null) {
      zeros_(this.inProjBias);
      zeros_(this.outProj.bias!); // the two are there together
    }
    if (this.biasK !== null) xavierNormal_(this.biasK);
    if (this.biasV !== null) xavierNormal_(this.biasV);
  }

  forward(
    ...args: Arguments<
      AttentionInputs & AttentionOptions,
      [query: Tensor, key: Tensor, value: Tensor],
      [
        keyPaddingMask?: Tensor | null,
        needWeights?: boolean,
        attnMask?: Tensor | null,
        averageAttnWeights?: boolean,
        isCausal?: boolean,
      ]
    >
  ): Attended {
    const inputs = bindCall(args);
    const turn = this.batchFirst && inputs.query.ndim === 3;
    const [q, k, v] = turn ? each(inputs, (x) => transpose(x, 0, 1)) : [inputs.query, inputs.key, inputs.value];
    const [output, weights] = multiHeadAttentionForward({
      ...inputs,
      query: q,
      key: k,
      value: v,
      embedDimToCheck: this.embedDim,
      numHeads: this.numHeads,
      inProjWeight: this.inProjWeight,
      inProjBias: this.inProjBias,
      biasK: this.biasK,
      biasV: this.biasV,
      addZeroAttn: this.addZeroAttn,
      dropoutP: this.dropout,
      outProjWeight: this.outProj.weight,
      outProjBias: this.outProj.bias,
      training: this.training,
      useSeparateProjWeight: this.inProjWeight === null,
      qProjWeight: this.qProjWeight,
      kProjWeight: this.kProjWeight,
      vProjWeight: this.vProjWeight,
    });
    return [turn ? transpose(output, 0, 1) : output, weights];
  }
}
