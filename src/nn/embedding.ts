import { ShapeError, showShape, ValueError } from "../core/index.ts";
import { type Arguments, keywords, noGrad } from "../op/index.ts";
import { embedding, select, zero_ } from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { normal_ } from "./init.ts";
import { Layer } from "./layer.ts";
import { blank, type Factory, Parameter } from "./parameter.ts";
import { real } from "./repr.ts";

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
    if (paddingIdx !== null && (paddingIdx >= numEmbeddings || paddingIdx < -numEmbeddings)) {
      throw new ValueError("Embedding: Padding_idx must be within num_embeddings");
    }
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.paddingIdx = paddingIdx !== null && paddingIdx < 0 ? numEmbeddings + paddingIdx : paddingIdx;
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
    const [rows, columns] = embeddings.shape;
    if (embeddings.ndim !== 2) {
      throw new ShapeError(
        `fromPretrained: Embeddings parameter is expected to be 2-dimensional, got ${showShape(embeddings.shape)}`,
      );
    }
    const layer = new Embedding({ ...options, numEmbeddings: rows!, embeddingDim: columns! });
    layer.weight = new Parameter(embeddings, !freeze);
    return layer;
  }

  /** Draws the vectors anew. */
  resetParameters(): void {
    normal_(this.weight);
    const { paddingIdx } = this;
    if (paddingIdx !== null) noGrad(() => zero_(select(this.weight, 0, paddingIdx)));
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
