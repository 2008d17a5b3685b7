// The Transformer of "Attention Is All You Need" (Vaswani et al., 2017), encoder and decoder, as PyTorch builds it.
//
//   s steps of the source, t of the target, b sequences, e the width of the model; [s, b, e], or [b, s, e] with batchFirst

import { BOOL, type DType, ShapeError, ValueError } from "../core/index.ts";
import { type Arguments, isGradEnabled, keywords } from "../op/index.ts";
import { add, full, gelu, maskedFill, relu, triu, unsqueeze } from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { MultiheadAttention } from "./attention.ts";
import { ModuleList } from "./containers.ts";
import { Dropout } from "./dropout.ts";
import { xavierUniform_ } from "./init.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { LayerNorm } from "./norm.ts";
import type { Factory } from "./parameter.ts";

/** What stands between the two maps of a layer: a name, or any function of a tensor. */
export type Activation = "relu" | "gelu" | ((x: Tensor) => Tensor);

export interface TransformerLayerOptions extends Factory {
  /** The width of the model. */
  dModel: number;
  /** Heads of attention, which share that width. */
  nhead: number;
  /** The width between the two maps; 2048. */
  dimFeedforward?: number;
  /** The chance of an element to be dropped; 0.1. */
  dropout?: number;
  /** relu. */
  activation?: Activation;
  /** Added to the variance in normalisation; 1e-5. */
  layerNormEps?: number;
  /** Whether inputs are `[b, s, e]` in place of `[s, b, e]`; false. */
  batchFirst?: boolean;
  /** Whether normalisation comes before attention and maps, not behind; false. */
  normFirst?: boolean;
  /** Whether linear maps and normalisation have biases; true. */
  bias?: boolean;
}
type LayerArguments = Arguments<
  TransformerLayerOptions,
  [dModel: number, nhead: number],
  [
    dimFeedforward?: number,
    dropout?: number,
    activation?: Activation,
    layerNormEps?: number,
    batchFirst?: boolean,
    normFirst?: boolean,
    bias?: boolean,
    device?: string | null,
    dtype?: DType | null,
  ]
>;

const LAYER_DEFAULTS = {
  dimFeedforward: 2048,
  dropout: 0.1,
  activation: relu as (x: Tensor) => Tensor,
  layerNormEps: 1e-5,
  batchFirst: false,
  normFirst: false,
  bias: true,
  device: null,
  dtype: null,
} as const;
const layerBinder = (name: string): ((args: readonly unknown[]) => Required<TransformerLayerOptions>) =>
  keywords<TransformerLayerOptions>(
    name,
    "dModel, nhead, dimFeedforward?, dropout?, activation?, layerNormEps?, batchFirst?, normFirst?, bias?, device?, dtype?",
    LAYER_DEFAULTS,
  );
const bindEncoderLayerOptions = /* @__PURE__ */ layerBinder("TransformerEncoderLayer");
const bindDecoderLayerOptions = /* @__PURE__ */ layerBinder("TransformerDecoderLayer");

type Mask = Tensor | null;

interface EncoderCall {
  src: Tensor;
  /** `[s, s]`: true where a step must not see another, or numbers that are added to the scores. */
  srcMask?: Mask;
  /** `[b, s]`: true where a step is only padding. */
  srcKeyPaddingMask?: Mask;
  /** Says that `srcMask` is the causal one, which need then not be read. */
  isCausal?: boolean;
}
const ENCODER_CALL = "src, srcMask?, srcKeyPaddingMask?, isCausal?";
const bindEncoderLayer = /* @__PURE__ */ keywords<EncoderCall>("TransformerEncoderLayer", ENCODER_CALL, {
  srcMask: null,
  srcKeyPaddingMask: null,
  isCausal: false,
});

/**
 * One layer of an encoder: attention of the steps to one another, then two linear maps for each step, each added to what
 * came in, dropped and normalised.
 *
 * Shape: `[s, b, e]` (`[b, s, e]` with `batchFirst`, `[s, e]` without a batch), kept.
 *
 * @example
 * const layer = new nn.TransformerEncoderLayer(512, 8, { batchFirst: true });
 * layer(randn(32, 10, 512)).shape // [32, 10, 512]
 */
export class TransformerEncoderLayer extends Module {
  static override readonly stateNames: Readonly<Record<string, string>> = { selfAttn: "self_attn" };
  static override readonly forwardSignature: string = ENCODER_CALL;

  selfAttn: MultiheadAttention;
  linear1: Linear;
  dropout: Dropout;
  linear2: Linear;
  readonly normFirst: boolean;
  norm1: LayerNorm;
  norm2: LayerNorm;
  dropout1: Dropout;
  dropout2: Dropout;
  activation: (x: Tensor) => Tensor;

  constructor(...args: LayerArguments) {
    super();
    const { dModel, nhead, dimFeedforward, dropout, layerNormEps, batchFirst, normFirst, ...rest } =
      bindEncoderLayerOptions(args);
    const { activation, ...more } = rest;
    this.selfAttn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst, ...more });
    this.linear1 = new Linear(dModel, dimFeedforward, more);
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, more);
    this.normFirst = normFirst;
    this.norm1 = new LayerNorm(dModel, { eps: layerNormEps, ...more });
    this.norm2 = new LayerNorm(dModel, { eps: layerNormEps, ...more });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.activation = activationOf(activation);
  }

  forward(
    ...args: Arguments<EncoderCall, [src: Tensor], [srcMask?: Mask, srcKeyPaddingMask?: Mask, isCausal?: boolean]>
  ): Tensor {
    const { src, srcMask, srcKeyPaddingMask, isCausal } = bindEncoderLayer(args);
    const attend = (x: Tensor): Tensor =>
      this.dropout1(this.selfAttn(x, x, x, srcKeyPaddingMask, false, srcMask, true, isCausal)[0]);
    const map = (x: Tensor): Tensor => this.dropout2(this.linear2(this.dropout(this.activation(this.linear1(x)))));
    const x = residual(src, attend, this.norm1, this.normFirst);
    return residual(x, map, this.norm2, this.normFirst);
  }
}

interface DecoderCall {
  tgt: Tensor;
  /** What the encoder made of the source. */
  memory: Tensor;
  /** `[t, t]`, as `srcMask`. */
  tgtMask?: Mask;
  /** `[t, s]`, as `srcMask`. */
  memoryMask?: Mask;
  /** `[b, t]`: true where a step of the target is only padding. */
  tgtKeyPaddingMask?: Mask;
  /** `[b, s]`: true where a step of the source is only padding. */
  memoryKeyPaddingMask?: Mask;
  /** Says that `tgtMask` is the causal one, which need then not be read. */
  tgtIsCausal?: boolean | null;
  /** The same of `memoryMask`; false. */
  memoryIsCausal?: boolean;
}
type DecoderArguments = Arguments<
  DecoderCall,
  [tgt: Tensor, memory: Tensor],
  [
    tgtMask?: Mask,
    memoryMask?: Mask,
    tgtKeyPaddingMask?: Mask,
    memoryKeyPaddingMask?: Mask,
    tgtIsCausal?: boolean | null,
    memoryIsCausal?: boolean,
  ]
>;
const DECODER_CALL =
  "tgt, memory, tgtMask?, memoryMask?, tgtKeyPaddingMask?, memoryKeyPaddingMask?, tgtIsCausal?, memoryIsCausal?";
const bindDecoder = /* @__PURE__ */ keywords<DecoderCall>("TransformerDecoder", DECODER_CALL, {
  tgtMask: null,
  memoryMask: null,
  tgtKeyPaddingMask: null,
  memoryKeyPaddingMask: null,
  tgtIsCausal: null,
  memoryIsCausal: false,
});

/**
 * One layer of a decoder: attention of the target's steps to one another, then to the encoder's, then two linear maps for each
 * step, each added to what came in, dropped and normalised.
 *
 * Shape: target `[t, b, e]` and memory `[s, b, e]` (batch first with `batchFirst`; both without `b` too) → the target's.
 */
export class TransformerDecoderLayer extends Module {
  static override readonly stateNames: Readonly<Record<string, string>> = {
    selfAttn: "self_attn",
    multiheadAttn: "multihead_attn",
  };
  static override readonly forwardSignature: string = DECODER_CALL;

  selfAttn: MultiheadAttention;
  multiheadAttn: MultiheadAttention;
  linear1: Linear;
  dropout: Dropout;
  linear2: Linear;
  readonly normFirst: boolean;
  norm1: LayerNorm;
  norm2: LayerNorm;
  norm3: LayerNorm;
  dropout1: Dropout;
  dropout2: Dropout;
  dropout3: Dropout;
  activation: (x: Tensor) => Tensor;

  constructor(...args: LayerArguments) {
    super();
    const { dModel, nhead, dimFeedforward, dropout, layerNormEps, batchFirst, normFirst, ...rest } =
      bindDecoderLayerOptions(args);
    const { activation, ...more } = rest;
    this.selfAttn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst, ...more });
    this.multiheadAttn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst, ...more });
    this.linear1 = new Linear(dModel, dimFeedforward, more);
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, more);
    this.normFirst = normFirst;
    this.norm1 = new LayerNorm(dModel, { eps: layerNormEps, ...more });
    this.norm2 = new LayerNorm(dModel, { eps: layerNormEps, ...more });
    this.norm3 = new LayerNorm(dModel, { eps: layerNormEps, ...more });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.dropout3 = new Dropout(dropout);
    this.activation = activationOf(activation);
  }

  forward(...args: DecoderArguments): Tensor {
    const { tgt, memory, tgtMask, memoryMask, tgtKeyPaddingMask, memoryKeyPaddingMask, ...causal } = bindDecoder(args);
    const attend = (x: Tensor): Tensor =>
      this.dropout1(this.selfAttn(x, x, x, tgtKeyPaddingMask, false, tgtMask, true, causal.tgtIsCausal ?? false)[0]);
    const look = (x: Tensor): Tensor => {
      const { memoryIsCausal } = causal;
      const seen = this.multiheadAttn(x, memory, memory, memoryKeyPaddingMask, false, memoryMask, true, memoryIsCausal);
      return this.dropout2(seen[0]);
    };
    const map = (x: Tensor): Tensor => this.dropout3(this.linear2(this.dropout(this.activation(this.linear1(x)))));
    let x = residual(tgt, attend, this.norm1, this.normFirst);
    x = residual(x, look, this.norm2, this.normFirst);
    return residual(x, map, this.norm3, this.normFirst);
  }
}

/** `norm(x + f(x))`, or `x + f(norm(x))`. */
const residual = (x: Tensor, f: (x: Tensor) => Tensor, norm: LayerNorm, normFirst: boolean): Tensor =>
  normFirst ? add(x, f(norm(x))) : norm(add(x, f(x)));

function activationOf(activation: Activation): (x: Tensor) => Tensor {
  if (typeof activation === "function") return activation;
  if (activation === "relu") return relu;
  if (activation === "gelu") return gelu;
  throw new ValueError(`activation should be relu/gelu, not ${activation}`);
}

interface EncoderOptions {
  /** The layer of which all are copies: they begin with the same weights. */
  encoderLayer: Module;
  numLayers: number;
  /** Normalises what the last layer gives; none. */
  norm?: Module | null;
  /** Whether padding comes out as zeros in evaluation, as where PyTorch leaves it out of its computation; true. */
  enableNestedTensor?: boolean;
  /** Accepted for PyTorch's sake. */
  maskCheck?: boolean;
}
const bindEncoder = /* @__PURE__ */ keywords<EncoderOptions>(
  "TransformerEncoder",
  "encoderLayer, numLayers, norm?, enableNestedTensor?, maskCheck?",
  { norm: null, enableNestedTensor: true, maskCheck: true },
);
interface EncoderStackCall {
  src: Tensor;
  /** As in TransformerEncoderLayer. */
  mask?: Mask;
  srcKeyPaddingMask?: Mask;
  isCausal?: boolean | null;
}
const STACK_CALL = "src, mask?, srcKeyPaddingMask?, isCausal?";
const bindStack = /* @__PURE__ */ keywords<EncoderStackCall>("TransformerEncoder", STACK_CALL, {
  mask: null,
  srcKeyPaddingMask: null,
  isCausal: null,
});

/**
 * Encoder layers on top of one another.
 *
 * Shape: as one layer.
 *
 * @example
 * const encoder = new nn.TransformerEncoder(new nn.TransformerEncoderLayer(512, 8), 6);
 * encoder(randn(10, 32, 512)).shape // [10, 32, 512]
 */
export class TransformerEncoder extends Module {
  static override readonly forwardSignature: string = STACK_CALL;

  layers: ModuleList;
  readonly numLayers: number;
  norm: Module | null;
  readonly enableNestedTensor: boolean;

  constructor(
    ...args: Arguments<
      EncoderOptions,
      [encoderLayer: Module, numLayers: number],
      [norm?: Module | null, enableNestedTensor?: boolean, maskCheck?: boolean]
    >
  ) {
    super();
    const { encoderLayer, numLayers, norm, enableNestedTensor } = bindEncoder(args);
    this.layers = copies(encoderLayer, numLayers);
    this.numLayers = numLayers;
    this.norm = norm;
    this.enableNestedTensor = enableNestedTensor;
  }

  forward(
    ...args: Arguments<
      EncoderStackCall,
      [src: Tensor],
      [mask?: Mask, srcKeyPaddingMask?: Mask, isCausal?: boolean | null]
    >
  ): Tensor {
    const { src, mask, srcKeyPaddingMask: padding, isCausal } = bindStack(args);
    let x = src;
    for (const layer of this.layers) x = layer(x, mask, padding, isCausal ?? false);
    // PyTorch leaves padding out where nothing is trained, and fills it with zeros afterwards.
    if (padding !== null && padding.code === BOOL && mask === null && this.leavesPaddingOut(src)) {
      x = maskedFill(x, unsqueeze(padding, -1), 0);
    }
    return this.norm === null ? x : this.norm(x);
  }

  private leavesPaddingOut(src: Tensor): boolean {
    const first = this.layers.at(0);
    if (!this.enableNestedTensor || this.training || src.ndim !== 3) return false;
    if (!(first instanceof TransformerEncoderLayer)) return false;
    if (isGradEnabled() && (src.requiresGrad || [...this.parameters()].some((p) => p.requiresGrad))) return false;
    const { selfAttn, normFirst, norm1, norm2, activation } = first;
    return (
      !normFirst &&
      selfAttn.batchFirst &&
      selfAttn.inProjBias !== null &&
      selfAttn.numHeads % 2 === 0 &&
      norm1.eps === norm2.eps &&
      (activation === relu || activation === gelu)
    );
  }
}

interface DecoderOptions {
  /** The layer of which all are copies: they begin with the same weights. */
  decoderLayer: Module;
  numLayers: number;
  /** Normalises what the last layer gives; none. */
  norm?: Module | null;
}
const bindDecoderStack = /* @__PURE__ */ keywords<DecoderOptions>(
  "TransformerDecoder",
  "decoderLayer, numLayers, norm?",
  { norm: null },
);

/**
 * Decoder layers on top of one another.
 *
 * Shape: as one layer.
 */
export class TransformerDecoder extends Module {
  static override readonly forwardSignature: string = DECODER_CALL;

  layers: ModuleList;
  readonly numLayers: number;
  norm: Module | null;

  constructor(...args: Arguments<DecoderOptions, [decoderLayer: Module, numLayers: number], [norm?: Module | null]>) {
    super();
    const { decoderLayer, numLayers, norm } = bindDecoderStack(args);
    this.layers = copies(decoderLayer, numLayers);
    this.numLayers = numLayers;
    this.norm = norm;
  }

  forward(...args: DecoderArguments): Tensor {
    const { tgt, memory, tgtMask, memoryMask, tgtKeyPaddingMask, memoryKeyPaddingMask, ...causal } = bindDecoder(args);
    const { tgtIsCausal, memoryIsCausal } = causal;
    let x = tgt;
    for (const layer of this.layers) {
      x = layer(
        x,
        memory,
        tgtMask,
        memoryMask,
        tgtKeyPaddingMask,
        memoryKeyPaddingMask,
        tgtIsCausal ?? false,
        memoryIsCausal,
      );
    }
    return this.norm === null ? x : this.norm(x);
  }
}

const copies = (layer: Module, count: number): ModuleList =>
  new ModuleList(Array.from({ length: count }, () => Module.copy(layer)));

export interface TransformerOptions extends Omit<TransformerLayerOptions, "dModel" | "nhead"> {
  /** The width of the model; 512. */
  dModel?: number;
  /** Heads of attention; 8. */
  nhead?: number;
  /** 6. */
  numEncoderLayers?: number;
  /** 6. */
  numDecoderLayers?: number;
  /** Stands in place of the encoder. */
  customEncoder?: Module | null;
  /** Stands in place of the decoder. */
  customDecoder?: Module | null;
}
const bindTransformer = /* @__PURE__ */ keywords<TransformerOptions>(
  "Transformer",
  "dModel?, nhead?, numEncoderLayers?, numDecoderLayers?, dimFeedforward?, dropout?, activation?, customEncoder?, customDecoder?, layerNormEps?, batchFirst?, normFirst?, bias?, device?, dtype?",
  {
    ...LAYER_DEFAULTS,
    dModel: 512,
    nhead: 8,
    numEncoderLayers: 6,
    numDecoderLayers: 6,
    customEncoder: null,
    customDecoder: null,
  },
);

interface TransformerCall {
  src: Tensor;
  tgt: Tensor;
  /** The masks are those of TransformerEncoderLayer and TransformerDecoderLayer. */
  srcMask?: Mask;
  tgtMask?: Mask;
  memoryMask?: Mask;
  srcKeyPaddingMask?: Mask;
  tgtKeyPaddingMask?: Mask;
  memoryKeyPaddingMask?: Mask;
  srcIsCausal?: boolean | null;
  tgtIsCausal?: boolean | null;
  memoryIsCausal?: boolean;
}
const TRANSFORMER_CALL =
  "src, tgt, srcMask?, tgtMask?, memoryMask?, srcKeyPaddingMask?, tgtKeyPaddingMask?, memoryKeyPaddingMask?, srcIsCausal?, tgtIsCausal?, memoryIsCausal?";
const bindTransformerCall = /* @__PURE__ */ keywords<TransformerCall>("Transformer", TRANSFORMER_CALL, {
  srcMask: null,
  tgtMask: null,
  memoryMask: null,
  srcKeyPaddingMask: null,
  tgtKeyPaddingMask: null,
  memoryKeyPaddingMask: null,
  srcIsCausal: null,
  tgtIsCausal: null,
  memoryIsCausal: false,
});

/**
 * An encoder that reads the source and a decoder that writes the target, seeing what the encoder made.
 *
 * Shape: source `[s, b, e]` and target `[t, b, e]` (batch first with `batchFirst`; both without `b` too) → the target's.
 * All matrices begin as Glorot's uniform.
 *
 * @example
 * const model = new nn.Transformer({ dModel: 64, nhead: 4, numEncoderLayers: 2, numDecoderLayers: 2 });
 * const tgtMask = nn.Transformer.generateSquareSubsequentMask(20);
 * model(randn(10, 32, 64), randn(20, 32, 64), { tgtMask }).shape // [20, 32, 64]
 */
export class Transformer extends Module {
  static override readonly forwardSignature: string = TRANSFORMER_CALL;

  encoder: Module;
  decoder: Module;
  readonly dModel: number;
  readonly nhead: number;
  readonly batchFirst: boolean;

  constructor(
    ...args: Arguments<
      TransformerOptions,
      [],
      [
        dModel?: number,
        nhead?: number,
        numEncoderLayers?: number,
        numDecoderLayers?: number,
        dimFeedforward?: number,
        dropout?: number,
        activation?: Activation,
        customEncoder?: Module | null,
        customDecoder?: Module | null,
        layerNormEps?: number,
        batchFirst?: boolean,
        normFirst?: boolean,
        bias?: boolean,
        device?: string | null,
        dtype?: DType | null,
      ]
    >
  ) {
    super();
    const { numEncoderLayers, numDecoderLayers, customEncoder, customDecoder, ...layer } = bindTransformer(args);
    const { dModel, layerNormEps, bias, device, dtype } = layer;
    const norm = (): LayerNorm => new LayerNorm(dModel, { eps: layerNormEps, bias, device, dtype });
    this.encoder =
      customEncoder ?? new TransformerEncoder(new TransformerEncoderLayer(layer), numEncoderLayers, norm());
    this.decoder =
      customDecoder ?? new TransformerDecoder(new TransformerDecoderLayer(layer), numDecoderLayers, norm());
    for (const parameter of this.parameters()) if (parameter.ndim > 1) xavierUniform_(parameter);
    this.dModel = dModel;
    this.nhead = layer.nhead;
    this.batchFirst = layer.batchFirst;
  }

  /** `[size, size]`: -∞ where a step would see a later one, 0 elsewhere. */
  static generateSquareSubsequentMask(size: number, options: Factory = {}): Tensor {
    return triu(full([size, size], -Infinity, options), 1);
  }

  forward(
    ...args: Arguments<
      TransformerCall,
      [src: Tensor, tgt: Tensor],
      [
        srcMask?: Mask,
        tgtMask?: Mask,
        memoryMask?: Mask,
        srcKeyPaddingMask?: Mask,
        tgtKeyPaddingMask?: Mask,
        memoryKeyPaddingMask?: Mask,
        srcIsCausal?: boolean | null,
        tgtIsCausal?: boolean | null,
        memoryIsCausal?: boolean,
      ]
    >
  ): Tensor {
    const call = bindTransformerCall(args);
    const { src, tgt } = call;
    const batch = this.batchFirst ? 0 : 1;
    if (src.ndim === 3 && src.shape[batch] !== tgt.shape[batch]) {
      throw new ShapeError("the batch number of src and tgt must be equal");
    }
    if (src.shape.at(-1) !== this.dModel || tgt.shape.at(-1) !== this.dModel) {
      throw new ShapeError("the feature number of src and tgt must be equal to d_model");
    }
    const memory: Tensor = this.encoder(src, call.srcMask, call.srcKeyPaddingMask, call.srcIsCausal);
    return this.decoder(
      tgt,
      memory,
      call.tgtMask,
      call.memoryMask,
      call.tgtKeyPaddingMask,
      call.memoryKeyPaddingMask,
      call.tgtIsCausal,
      call.memoryIsCausal,
    );
  }
}
