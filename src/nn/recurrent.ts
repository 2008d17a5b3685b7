// Recurrent networks over whole sequences.
//
//   t steps, b sequences, i the width of the input, h that of the state
//
// The input's part of the gates is one product for all steps; the steps themselves are one operator (ops/recurrence.ts)
// where every step has the whole batch. Steps lie below one another, [t·b, …]: a packed sequence is the same with fewer rows
// at its end.

import { type DType, isComplex, ShapeError, showShape, ValueError } from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";
import {
  cat,
  dropout,
  indexSelect,
  narrow,
  reshape,
  select,
  split,
  squeeze,
  stack,
  transpose,
  unbind,
  unsqueeze,
  zeros,
} from "../ops/index.ts";
import { popFrame, pushFrame, type Tensor } from "../tensor/index.ts";
import {
  gru,
  lstm,
  type Nonlinearity,
  nonlinearityOf,
  type Recurrence,
  resetRecurrent,
  type States,
  simple,
  type Weights,
} from "./cells.ts";
import { Module } from "./module.ts";
import { blank, type Factory, type Parameter } from "./parameter.ts";
import { className, py, real } from "./repr.ts";
import { numbers, PackedSequence } from "./sequences.ts";

export interface RecurrentOptions extends Factory {
  /** The width of the input. */
  inputSize: number;
  /** The width of the state. */
  hiddenSize: number;
  /** Networks on top of one another, each over the outputs of the one below; 1. */
  numLayers?: number;
  /** Whether biases are learned; true. */
  bias?: boolean;
  /** Whether input and output are `[b, t, …]` in place of `[t, b, …]`; false. */
  batchFirst?: boolean;
  /** The chance of an output of a layer below to be dropped while training; 0. */
  dropout?: number;
  /** Whether a second network reads from the end, its outputs beside the first one's; false. */
  bidirectional?: boolean;
}
export interface RNNOptions extends RecurrentOptions {
  /** What makes the state of the sum: "tanh" or "relu". */
  nonlinearity?: Nonlinearity;
}
export interface LSTMOptions extends RecurrentOptions {
  /** The width that outputs are projected to; 0 for none. */
  projSize?: number;
}

const DEFAULTS = {
  numLayers: 1,
  bias: true,
  batchFirst: false,
  dropout: 0,
  bidirectional: false,
  device: null,
  dtype: null,
} as const;
const bindRNN = /* @__PURE__ */ keywords<RNNOptions>(
  "RNN",
  "inputSize, hiddenSize, numLayers?, nonlinearity?, bias?, batchFirst?, dropout?, bidirectional?, device?, dtype?",
  { ...DEFAULTS, nonlinearity: "tanh" },
);
const bindLSTM = /* @__PURE__ */ keywords<LSTMOptions>(
  "LSTM",
  "inputSize, hiddenSize, numLayers?, bias?, batchFirst?, dropout?, bidirectional?, projSize?, device?, dtype?",
  { ...DEFAULTS, projSize: 0 },
);
const bindGRU = /* @__PURE__ */ keywords<RecurrentOptions>(
  "GRU",
  "inputSize, hiddenSize, numLayers?, bias?, batchFirst?, dropout?, bidirectional?, device?, dtype?",
  DEFAULTS,
);

/** The fields of the weights of one layer and direction: `weightIhL0`, `weightHhL1Reverse`, …. */
type WeightName = `${"weightIh" | "weightHh" | "weightHr" | "biasIh" | "biasHh"}L${string}`;

/**
 * What RNN, LSTM and GRU share.
 *
 * Attributes: `weightIhL0` `[gates, inputSize]`, `weightHhL0` `[gates, hiddenSize]`, `biasIhL0` and `biasHhL0` `[gates]`, with
 * gates = h for RNN, 3h for GRU, 4h for LSTM; with projections `weightHrL0` `[projSize, hiddenSize]`. So for every layer
 * (`L1`) and the way back (`L0Reverse`), all from U(-k, k) with k = 1 / √h.
 */
export abstract class RNNBase extends Module {
  static override readonly forwardSignature: string = "input, hx?";

  /** `weightIhL0Reverse` is `weight_ih_l0_reverse`. */
  static override stateName(field: string): string {
    return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  }

  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly projSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  [weight: WeightName]: Parameter;

  constructor(options: Required<LSTMOptions>, gates: number) {
    super();
    check(className(this), options);
    const { inputSize, hiddenSize, projSize, numLayers, bias, batchFirst, bidirectional, device, dtype } = options;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.projSize = projSize;
    this.numLayers = numLayers;
    this.bias = bias;
    this.batchFirst = batchFirst;
    this.dropout = options.dropout;
    this.bidirectional = bidirectional;
    const factory = { device, dtype };
    const rows = gates * hiddenSize;
    const width = projSize || hiddenSize;
    for (let layer = 0; layer < numLayers; layer++) {
      for (const suffix of this.suffixes(layer)) {
        const below = layer === 0 ? inputSize : width * this.directions;
        this[`weightIhL${suffix}`] = blank([rows, below], factory);
        this[`weightHhL${suffix}`] = blank([rows, width], factory);
        if (bias) {
          this[`biasIhL${suffix}`] = blank([rows], factory);
          this[`biasHhL${suffix}`] = blank([rows], factory);
        }
        if (projSize > 0) this[`weightHrL${suffix}`] = blank([projSize, hiddenSize], factory);
      }
    }
    this.resetParameters();
  }

  /** Draws the weights anew. */
  resetParameters(): void {
    resetRecurrent(this.parameters(), this.hiddenSize);
  }

  /** Does nothing: weights lie as they are used. */
  flattenParameters(): void {}

  /** The weights by layer and direction. */
  get allWeights(): Parameter[][] {
    return Array.from({ length: this.numLayers }, (_, layer) => this.suffixes(layer)).flatMap((suffixes) =>
      suffixes.map((suffix) => {
        const { ih, hh, biasIh, biasHh, hr } = this._weights(suffix);
        return [ih, hh, biasIh, biasHh, hr].filter((w) => w !== null);
      }),
    );
  }

  private get directions(): number {
    return this.bidirectional ? 2 : 1;
  }

  /** What the names of a layer's weights end in, a direction each. */
  private suffixes(layer: number): string[] {
    return this.bidirectional ? [`${layer}`, `${layer}Reverse`] : [`${layer}`];
  }

  /** One step over given weights. */
  protected abstract recurrence(weights: Weights): Recurrence;

  /** All layers over a sequence. `given` are the first states, `[layers · directions, b, width]` each. */
  protected run<T extends Tensor | PackedSequence>(
    input: T,
    given: States | null,
    widths: readonly number[],
  ): { readonly output: T; readonly last: States } {
    const packed = input instanceof PackedSequence;
    const order = packed ? input : null;
    const { data, sizes } = packed ? { data: input.data, sizes: numbers(input.batchSizes) } : this._rows(input);
    const single = !packed && input.ndim === 2;
    const batch = sizes[0] ?? 0;
    const first = this._first(given, widths, batch, data, single, order?.sortedIndices ?? null);

    let x = data;
    const last: Tensor[][] = widths.map(() => []);
    for (let layer = 0; layer < this.numLayers; layer++) {
      const outputs = this.suffixes(layer).map((suffix, direction) => {
        const states = first.map((ofAll) => ofAll[layer * this.directions + direction]!);
        const after = scan(this.recurrence(this._weights(suffix)), x, sizes, states, direction === 1);
        for (const [k, state] of after.states.entries()) last[k]!.push(state);
        return after.output;
      });
      x = outputs.length === 1 ? outputs[0]! : cat(outputs, 1);
      if (layer < this.numLayers - 1) x = dropout(x, this.dropout, this.training);
    }

    const back = order?.unsortedIndices ?? null;
    const ends = last.map((states) => {
      const all = stack(states); // [layers · directions, b, width]
      return single ? squeeze(all, 1) : back === null ? all : indexSelect(all, 1, back);
    });
    const output = packed
      ? new PackedSequence(x, input.batchSizes, input.sortedIndices, input.unsortedIndices)
      : this._shaped(x, sizes.length, batch, single);
    return { output: output as T, last: ends }; // packed for packed, a tensor for a tensor
  }

  /** A sequence as rows: `[t, b, i]`, `[b, t, i]` or `[t, i]` → `[t·b, i]`, and how many belong to each step. */
  private _rows(input: Tensor): { data: Tensor; sizes: number[] } {
    if (input.ndim !== 2 && input.ndim !== 3) {
      throw new ShapeError(`Expected input to be 2D or 3D, got ${input.ndim}D instead`);
    }
    const inTime = input.ndim === 3 && this.batchFirst ? transpose(input, 0, 1) : input;
    const [steps, batch] = input.ndim === 3 ? inTime.shape : [inTime.shape[0], 1];
    if (steps === 0) throw new ShapeError("Expected sequence length to be larger than 0");
    if (input.shape.at(-1) !== this.inputSize) {
      throw new ShapeError(
        `input.size(-1) must be equal to input_size. Expected ${this.inputSize}, got ${input.shape.at(-1)}`,
      );
    }
    return { data: reshape(inTime, [steps! * batch!, this.inputSize]), sizes: new Array(steps).fill(batch) };
  }

  /** The way back of `#rows`. */
  private _shaped(rows: Tensor, steps: number, batch: number, single: boolean): Tensor {
    if (single) return rows;
    const inTime = reshape(rows, [steps, batch, rows.shape[1]!]);
    return this.batchFirst ? transpose(inTime, 0, 1) : inTime;
  }

  /** The first states by layer and direction, `[b, width]` each. */
  private _first(
    given: States | null,
    widths: readonly number[],
    batch: number,
    beside: Tensor,
    single: boolean,
    sorted: Tensor | null,
  ): Tensor[][] {
    const count = this.numLayers * this.directions;
    if (given === null) {
      return widths.map((width) =>
        new Array(count).fill(zeros([batch, width], { dtype: beside.dtype, device: beside.device })),
      );
    }
    return widths.map((width, k) => {
      const state = given[k]!;
      const expected = single ? [count, width] : [count, batch, width];
      if (state.shape.join() !== expected.join()) {
        throw new ShapeError(
          `Expected hidden${widths.length > 1 ? `[${k}]` : ""} size ${showShape(expected)}, got ${showShape(state.shape)}`,
        );
      }
      const batched = single ? unsqueeze(state, 1) : state;
      return unbind(sorted === null ? batched : indexSelect(batched, 1, sorted));
    });
  }

  private _weights(suffix: string): Weights {
    return {
      ih: this[`weightIhL${suffix}`]!,
      hh: this[`weightHhL${suffix}`]!,
      biasIh: this[`biasIhL${suffix}`] ?? null,
      biasHh: this[`biasHhL${suffix}`] ?? null,
      hr: this[`weightHrL${suffix}`] ?? null,
    };
  }

  override extraRepr(): string {
    let text = `${this.inputSize}, ${this.hiddenSize}`;
    if (this.projSize !== 0) text += `, proj_size=${this.projSize}`;
    if (this.numLayers !== 1) text += `, num_layers=${this.numLayers}`;
    if (!this.bias) text += `, bias=${py(this.bias)}`;
    if (this.batchFirst) text += `, batch_first=${py(this.batchFirst)}`;
    if (this.dropout !== 0) text += `, dropout=${real(this.dropout)}`;
    if (this.bidirectional) text += `, bidirectional=${py(this.bidirectional)}`;
    return text;
  }
}

/** One layer in one direction over rows of steps: `sizes[s]` rows belong to step s. What nobody sees goes back at once. */
function scan(
  recurrence: Recurrence,
  x: Tensor,
  sizes: readonly number[],
  first: States,
  reverse: boolean,
): { readonly output: Tensor; readonly states: States } {
  const frame = pushFrame();
  let kept: readonly Tensor[] = [];
  try {
    const result = scanned(recurrence, x, sizes, first, reverse);
    kept = [result.output, ...result.states];
    return result;
  } finally {
    popFrame(frame, kept);
  }
}

function scanned(
  recurrence: Recurrence,
  x: Tensor,
  sizes: readonly number[],
  first: States,
  reverse: boolean,
): { readonly output: Tensor; readonly states: States } {
  const { project, walk } = recurrence;
  const gates = project(x);
  const [steps, batch] = [sizes.length, sizes[0]!];
  if (walk === null || batch === 0 || sizes.at(-1) !== batch || isComplex(x.code)) {
    return stepwise(recurrence, split(gates, sizes, 0), sizes, first, reverse);
  }
  const all = walk(reshape(gates, [steps, batch, gates.shape[1]!]), first, reverse);
  return {
    output: reshape(all[0]!, [steps * batch, all[0]!.shape[2]!]),
    states: all.map((state) => select(state, 0, reverse ? 0 : -1)),
  };
}

/**
 * The same step by step. Sequences that end early leave the batch with their last state; read from the end, they join it
 * with their first.
 */
function stepwise(
  { step }: Recurrence,
  gates: readonly Tensor[],
  sizes: readonly number[],
  first: States,
  reverse: boolean,
): { readonly output: Tensor; readonly states: States } {
  const order = [...gates.keys()];
  if (reverse) order.reverse();
  const outputs = new Array<Tensor>(gates.length);
  const ended: States[] = [];
  let rows = sizes[order[0]!]!;
  let states = rows === sizes[0] ? first : first.map((s) => narrow(s, 0, 0, rows));
  for (const s of order) {
    const size = sizes[s]!;
    if (size < rows) {
      ended.unshift(states.map((state) => narrow(state, 0, size, rows - size)));
      states = states.map((state) => narrow(state, 0, 0, size));
    } else if (size > rows) {
      states = states.map((state, k) => cat([state, narrow(first[k]!, 0, rows, size - rows)]));
    }
    rows = size;
    states = step(gates[s]!, states);
    outputs[s] = states[0]!;
  }
  return {
    output: cat(outputs),
    states: ended.length === 0 ? states : states.map((state, k) => cat([state, ...ended.map((e) => e[k]!)])),
  };
}

function check(name: string, { inputSize, hiddenSize, projSize, numLayers, dropout }: Required<LSTMOptions>): void {
  for (const [argument, value] of Object.entries({ hiddenSize, numLayers })) {
    if (!Number.isInteger(value) || value <= 0) {
      throw new ValueError(`${name}: ${argument} is ${value}, expected an integer greater than zero`);
    }
  }
  if (!Number.isInteger(inputSize) || inputSize < 0) {
    throw new ValueError(`${name}: inputSize is ${inputSize}, expected an integer that is not negative`);
  }
  if (!(dropout >= 0 && dropout <= 1)) {
    throw new ValueError(
      `${name}: dropout should be a number in range [0, 1] representing the probability of an element being zeroed, got ${dropout}`,
    );
  }
  if (projSize < 0)
    throw new ValueError(`${name}: proj_size should be a positive integer or zero to disable projections`);
  if (projSize >= hiddenSize) throw new ValueError(`${name}: proj_size has to be smaller than hidden_size`);
}

// Called, they give back the kind of input that they got: the module's own call signature would forget it.
export interface RNN {
  // biome-ignore lint/style/useShorthandFunctionType: an interface merges with the class, a type does not
  <T extends Tensor | PackedSequence>(input: T, hx?: Tensor | null): [output: T, last: Tensor];
}
/**
 * A simple recurrent network: `h[s] = tanh(W·x[s] + b + U·h[s-1] + c)`, or relu, in each layer.
 *
 * Shape: `[t, b, inputSize]` (`[b, t, inputSize]` with `batchFirst`, `[t, inputSize]` without a batch) or a packed sequence, and the
 * first state `[layers · directions, b, hiddenSize]` (zeros without) → the outputs of the last layer,
 * `[t, b, directions · hiddenSize]`, and the last state of every layer.
 *
 * @example
 * const rnn = new nn.RNN(10, 20, 2);
 * const [output, last] = rnn(randn(5, 3, 10));
 * output.shape // [5, 3, 20]
 */
export class RNN extends RNNBase {
  readonly nonlinearity: Nonlinearity;

  constructor(
    ...args: Arguments<
      RNNOptions,
      [inputSize: number, hiddenSize: number],
      [
        numLayers?: number,
        nonlinearity?: Nonlinearity,
        bias?: boolean,
        batchFirst?: boolean,
        dropout?: number,
        bidirectional?: boolean,
        device?: string | null,
        dtype?: DType | null,
      ]
    >
  ) {
    const { nonlinearity, ...options } = bindRNN(args);
    super({ ...options, projSize: 0 }, 1);
    this.nonlinearity = nonlinearityOf(nonlinearity, "RNN");
  }

  protected override recurrence(weights: Weights): Recurrence {
    return simple(weights, this.nonlinearity);
  }

  forward(input: PackedSequence, hx?: Tensor | null): [output: PackedSequence, last: Tensor];
  forward(input: Tensor, hx?: Tensor | null): [output: Tensor, last: Tensor];
  forward(input: Tensor | PackedSequence, hx?: Tensor | null): [output: Tensor | PackedSequence, last: Tensor] {
    const { output, last } = this.run(input, hx == null ? null : [hx], [this.hiddenSize]);
    return [output, last[0]!];
  }
}
// `Module` knows the last form of `forward` alone.
export interface RNN {
  // biome-ignore lint/style/useShorthandFunctionType: an interface merges with the class, a type does not
  (input: PackedSequence, hx?: Tensor | null): [output: PackedSequence, last: Tensor];
}

export interface LSTM {
  // biome-ignore lint/style/useShorthandFunctionType: an interface merges with the class, a type does not
  <T extends Tensor | PackedSequence>(
    input: T,
    hx?: readonly [h: Tensor, c: Tensor] | null,
  ): [output: T, last: [h: Tensor, c: Tensor]];
}
/**
 * A long short-term memory: gates `i, f, g, o = W·x[s] + b + U·h[s-1] + c` write a cell and show it,
 * `c[s] = σ(f)·c[s-1] + σ(i)·tanh(g)`, `h[s] = σ(o)·tanh(c[s])`, in each layer.
 *
 * Shape: as RNN; the states are `[h, c]`, first and last. With `projSize` p the output of each layer is `R·h`, of width p.
 *
 * @example
 * const lstm = new nn.LSTM(10, 20, 2, { batchFirst: true });
 * const [output, [h, c]] = lstm(randn(3, 5, 10));
 * output.shape // [3, 5, 20]
 */
export class LSTM extends RNNBase {
  constructor(
    ...args: Arguments<
      LSTMOptions,
      [inputSize: number, hiddenSize: number],
      [
        numLayers?: number,
        bias?: boolean,
        batchFirst?: boolean,
        dropout?: number,
        bidirectional?: boolean,
        projSize?: number,
        device?: string | null,
        dtype?: DType | null,
      ]
    >
  ) {
    super(bindLSTM(args), 4);
  }

  protected override recurrence(weights: Weights): Recurrence {
    return lstm(weights);
  }

  forward(
    input: PackedSequence,
    hx?: readonly [h: Tensor, c: Tensor] | null,
  ): [output: PackedSequence, last: [h: Tensor, c: Tensor]];
  forward(input: Tensor, hx?: readonly [h: Tensor, c: Tensor] | null): [output: Tensor, last: [h: Tensor, c: Tensor]];
  forward(
    input: Tensor | PackedSequence,
    hx?: readonly [h: Tensor, c: Tensor] | null,
  ): [output: Tensor | PackedSequence, last: [h: Tensor, c: Tensor]] {
    const { output, last } = this.run(input, hx ?? null, [this.projSize || this.hiddenSize, this.hiddenSize]);
    return [output, [last[0]!, last[1]!]];
  }
}
// `Module` knows the last form of `forward` alone.
export interface LSTM {
  // biome-ignore lint/style/useShorthandFunctionType: an interface merges with the class, a type does not
  (
    input: PackedSequence,
    hx?: readonly [h: Tensor, c: Tensor] | null,
  ): [output: PackedSequence, last: [h: Tensor, c: Tensor]];
}

export interface GRU {
  // biome-ignore lint/style/useShorthandFunctionType: an interface merges with the class, a type does not
  <T extends Tensor | PackedSequence>(input: T, hx?: Tensor | null): [output: T, last: Tensor];
}
/**
 * A gated recurrent unit: `r, z = σ(W·x[s] + b + U·h[s-1] + c)` say what is forgotten and kept,
 * `n = tanh(W·x[s] + b + r·(U·h[s-1] + c))`, `h[s] = (1 - z)·n + z·h[s-1]`, in each layer.
 *
 * Shape: as RNN.
 *
 * @example
 * const gru = new nn.GRU(10, 20, { bidirectional: true });
 * const [output] = gru(randn(5, 3, 10));
 * output.shape // [5, 3, 40]
 */
export class GRU extends RNNBase {
  constructor(
    ...args: Arguments<
      RecurrentOptions,
      [inputSize: number, hiddenSize: number],
      [
        numLayers?: number,
        bias?: boolean,
        batchFirst?: boolean,
        dropout?: number,
        bidirectional?: boolean,
        device?: string | null,
        dtype?: DType | null,
      ]
    >
  ) {
    super({ ...bindGRU(args), projSize: 0 }, 3);
  }

  protected override recurrence(weights: Weights): Recurrence {
    return gru(weights);
  }

  forward(input: PackedSequence, hx?: Tensor | null): [output: PackedSequence, last: Tensor];
  forward(input: Tensor, hx?: Tensor | null): [output: Tensor, last: Tensor];
  forward(input: Tensor | PackedSequence, hx?: Tensor | null): [output: Tensor | PackedSequence, last: Tensor] {
    const { output, last } = this.run(input, hx == null ? null : [hx], [this.hiddenSize]);
    return [output, last[0]!];
  }
}
// `Module` knows the last form of `forward` alone.
export interface GRU {
  // biome-ignore lint/style/useShorthandFunctionType: an interface merges with the class, a type does not
  (input: PackedSequence, hx?: Tensor | null): [output: PackedSequence, last: Tensor];
}
