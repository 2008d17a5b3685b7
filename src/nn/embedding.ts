import { ShapeError, showShape, ValueError } from "../core/index.ts";
import { type Arguments, keywords, noGrad } from "../op/index.ts";
import { type BagMode, embeddingBag } from "../ops/embeddingbag.ts";
import { embedding, select, zero_ } from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { normal_ } from "./init.ts";
import { Layer } from "./layer.ts";
import { Module } from "./module.ts";
import { blank, type Factory, Parameter } from "./parameter.ts";
import { py, real } from "./repr.ts";

export interface EmbeddingOptions extends Factory {
  numEmbeddings: number;
  embeddingDim: number;
  /** The row that starts at 0 and gets no gradient; negative counts from the end. */
  paddingIdx?: number | null;
  /** Rows that are looked up are first scaled down, in place, to at most this norm. */
  maxNorm?: number | null;
  /** The p of that norm; 2. */
  normType?: number;
  /** Whether a row's gradient is divided by how often it was looked up; false. */
  scaleGradByFreq?: boolean;
  /** Must be false: gradients are dense. */
  sparse?: boolean;
}

const bindEmbedding = /* @__PURE__ */ keywords<EmbeddingOptions>(
  "Embedding",
  "numEmbeddings, embeddingDim, paddingIdx?, maxNorm?, normType?, scaleGradByFreq?, sparse?, *, device?, dtype?",
  { paddingIdx: null, maxNorm: null, normType: 2, scaleGradByFreq: false, sparse: false, device: null, dtype: null },
);

/**
 * A table of vectors, looked up by index: `y[…, :] = weight[index[…], :]`.
 *
 * Shape: integers `[…]` → `[…, embeddingDim]`.
 *
 * Attributes: `weight` `[numEmbeddings, embeddingDim]`, from N(0, 1), the row `paddingIdx` 0.
 *
 * @example
 * const embed = new nn.Embedding(10, 3);
 * embed(tensor([[1, 2, 4, 5], [4, 3, 2, 9]])).shape // [2, 4, 3]
 */
export class Embedding extends Layer {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;
  weight: Parameter;

  constructor(
    ...args: Arguments<
      EmbeddingOptions,
      [numEmbeddings: number, embeddingDim: number],
      [
        paddingIdx?: number | null,
        maxNorm?: number | null,
        normType?: number,
        scaleGradByFreq?: boolean,
        sparse?: boolean,
      ]
    >
  ) {
    super();
    const { numEmbeddings, embeddingDim, paddingIdx, maxNorm, normType, scaleGradByFreq, sparse, ...factory } =
      bindEmbedding(args);
    if (sparse) throw new ValueError("Embedding: gradients are dense: leave sparse out");
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.paddingIdx = paddingOf("Embedding", paddingIdx, numEmbeddings);
    this.maxNorm = maxNorm;
    this.normType = normType;
    this.scaleGradByFreq = scaleGradByFreq;
    this.weight = blank([numEmbeddings, embeddingDim], factory);
    this.resetParameters();
  }

  /** A table with given vectors, by default frozen. */
  static fromPretrained(
    embeddings: Tensor,
    freeze: boolean = true,
    options: Omit<EmbeddingOptions, "numEmbeddings" | "embeddingDim"> = {},
  ): Embedding {
    const layer = new this({ ...options, ...sizesOf(embeddings) });
    layer.weight = new Parameter(embeddings, !freeze);
    return layer;
  }

  /** Draws the vectors anew. */
  resetParameters(): void {
    drawTable(this.weight, this.paddingIdx);
  }

  forward(input: Tensor): Tensor {
    const { weight, paddingIdx, maxNorm, normType, scaleGradByFreq } = this;
    return embedding(input, weight, paddingIdx, maxNorm, normType, scaleGradByFreq);
  }

  override extraRepr(): string {
    let text = `${this.numEmbeddings}, ${this.embeddingDim}`;
    if (this.paddingIdx !== null) text += `, padding_idx=${this.paddingIdx}`;
    if (this.maxNorm !== null) text += `, max_norm=${real(this.maxNorm)}`;
    if (this.normType !== 2) text += `, norm_type=${real(this.normType)}`;
    if (this.scaleGradByFreq) text += ", scale_grad_by_freq=True";
    return text;
  }
}

/** The sizes of a table that is given. */
function sizesOf(embeddings: Tensor): { numEmbeddings: number; embeddingDim: number } {
  if (embeddings.ndim !== 2) {
    throw new ShapeError(
      `fromPretrained: Embeddings parameter is expected to be 2-dimensional, got ${showShape(embeddings.shape)}`,
    );
  }
  const [numEmbeddings, embeddingDim] = embeddings.shape as readonly [number, number];
  return { numEmbeddings, embeddingDim };
}

/** The row of the padding, counted from the start. */
function paddingOf(name: string, paddingIdx: number | null, numEmbeddings: number): number | null {
  if (paddingIdx === null) return null;
  if (paddingIdx >= numEmbeddings || paddingIdx < -numEmbeddings) {
    throw new ValueError(`${name}: Padding_idx must be within num_embeddings`);
  }
  return paddingIdx < 0 ? numEmbeddings + paddingIdx : paddingIdx;
}

/** Vectors from N(0, 1), that of the padding 0. */
function drawTable(weight: Parameter, paddingIdx: number | null): void {
  normal_(weight);
  if (paddingIdx !== null) noGrad(() => zero_(select(weight, 0, paddingIdx)));
}

export interface EmbeddingBagOptions extends Omit<EmbeddingOptions, "paddingIdx"> {
  /** What becomes of the vectors of a bag; "mean". */
  mode?: BagMode;
  /** Whether the last offset says where the last bag ends; false. */
  includeLastOffset?: boolean;
  /** The row that starts at 0, gets no gradient and counts for nothing; negative counts from the end. */
  paddingIdx?: number | null;
}

const bindEmbeddingBag = /* @__PURE__ */ keywords<EmbeddingBagOptions>(
  "EmbeddingBag",
  "numEmbeddings, embeddingDim, maxNorm?, normType?, scaleGradByFreq?, mode?, sparse?, *, includeLastOffset?, paddingIdx?, device?, dtype?",
  {
    maxNorm: null,
    normType: 2,
    scaleGradByFreq: false,
    mode: "mean",
    sparse: false,
    includeLastOffset: false,
    paddingIdx: null,
    device: null,
    dtype: null,
  },
);

/**
 * A table of vectors that gives the sum, mean or maximum of those that a bag of indices names.
 *
 * Shape: integers `[bags, n]`, or `[n]` with the `offsets` `[bags]` where bags begin → `[bags, embeddingDim]`. For mode "sum"
 * a third tensor, in the shape of the first, scales the vectors.
 *
 * Attributes: `weight` `[numEmbeddings, embeddingDim]`, from N(0, 1), the row `paddingIdx` 0.
 *
 * @example
 * const bag = new nn.EmbeddingBag(10, 3, { mode: "sum" });
 * bag(tensor([1, 2, 4, 5, 4, 3]), tensor([0, 4])).shape // [2, 3]
 */
export class EmbeddingBag extends Module {
  static override readonly forwardSignature: string = "input, offsets?, perSampleWeights?";

  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;
  readonly mode: BagMode;
  readonly includeLastOffset: boolean;
  readonly paddingIdx: number | null;
  weight: Parameter;

  constructor(
    ...args: Arguments<
      EmbeddingBagOptions,
      [numEmbeddings: number, embeddingDim: number],
      [maxNorm?: number | null, normType?: number, scaleGradByFreq?: boolean, mode?: BagMode, sparse?: boolean]
    >
  ) {
    super();
    const options = bindEmbeddingBag(args);
    if (options.sparse) throw new ValueError("EmbeddingBag: gradients are dense: leave sparse out");
    this.numEmbeddings = options.numEmbeddings;
    this.embeddingDim = options.embeddingDim;
    this.maxNorm = options.maxNorm;
    this.normType = options.normType;
    this.scaleGradByFreq = options.scaleGradByFreq;
    this.mode = options.mode;
    this.includeLastOffset = options.includeLastOffset;
    this.paddingIdx = paddingOf("EmbeddingBag", options.paddingIdx, options.numEmbeddings);
    const { device, dtype } = options;
    this.weight = blank([this.numEmbeddings, this.embeddingDim], { device, dtype });
    this.resetParameters();
  }

  /** A table with given vectors, by default frozen. */
  static fromPretrained(
    embeddings: Tensor,
    freeze: boolean = true,
    options: Omit<EmbeddingBagOptions, "numEmbeddings" | "embeddingDim"> = {},
  ): EmbeddingBag {
    const layer = new this({ ...options, ...sizesOf(embeddings) });
    layer.weight = new Parameter(embeddings, !freeze);
    return layer;
  }

  /** Draws the vectors anew. */
  resetParameters(): void {
    drawTable(this.weight, this.paddingIdx);
  }

  forward(input: Tensor, offsets: Tensor | null = null, perSampleWeights: Tensor | null = null): Tensor {
    const { weight, maxNorm, normType, scaleGradByFreq, mode, includeLastOffset, paddingIdx } = this;
    const options = { maxNorm, normType, scaleGradByFreq, mode, includeLastOffset, paddingIdx, perSampleWeights };
    return embeddingBag(input, weight, offsets, options);
  }

  override extraRepr(): string {
    let text = `${this.numEmbeddings}, ${this.embeddingDim}`;
    if (this.maxNorm !== null) text += `, max_norm=${real(this.maxNorm)}`;
    if (this.normType !== 2) text += `, norm_type=${real(this.normType)}`;
    if (this.scaleGradByFreq) text += ", scale_grad_by_freq=True";
    text += `, mode=${py(this.mode)}`;
    if (this.paddingIdx !== null) text += `, padding_idx=${this.paddingIdx}`;
    return text;
  }
}
