// What recurrent networks compute in one step, and the modules that take one step.
//
//   b rows of a batch, i the width of the input, h that of the state

import type { DType } from "../core/index.ts";
import { ShapeError, showShape } from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";
import { add, linear, squeeze, unsqueeze, zeros } from "../ops/index.ts";
import { gruScan, gruStep, lstmScan, lstmStep, rnnScan, rnnStep } from "../ops/recurrence.ts";
import type { Tensor } from "../tensor/index.ts";
import { uniform_ } from "./init.ts";
import { Module } from "./module.ts";
import { blank, type Factory, type Parameter } from "./parameter.ts";
import { className } from "./repr.ts";

/** Of one layer in one direction. The gates lie below one another: h rows for RNN, 3h for GRU, 4h for LSTM. */
export interface Weights {
  readonly ih: Parameter;
  readonly hh: Parameter;
  readonly biasIh: Parameter | null;
  readonly biasHh: Parameter | null;
  /** Projects the state of an LSTM to a smaller output. */
  readonly hr: Parameter | null;
}

/** What goes from step to step, `[b, h]` each: the output, and for LSTM the cell. */
export type States = readonly Tensor[];

/** A layer in one direction, in parts, so that the first is done for all steps at once. */
export interface Recurrence {
  /** The input's part of the gates: `[…, i]` → `[…, gates]`. */
  readonly project: (x: Tensor) => Tensor;
  /** New states from that part and the old ones. */
  readonly step: (gates: Tensor, states: States) => States;
  /** All steps of a whole batch: gates and states `[t, b, …]`. null where only steps will do. */
  readonly walk: ((gates: Tensor, first: States, reverse: boolean) => States) | null;
}

const bothBiases = ({ biasIh, biasHh }: Weights): Tensor | null =>
  biasIh === null || biasHh === null ? null : add(biasIh, biasHh);

/** `h' = act(W·x + b + U·h + c)`. */
export function simple(weights: Weights, nonlinearity: Nonlinearity): Recurrence {
  const rectified = nonlinearity === "relu";
  return {
    project: (x) => linear(x, weights.ih, bothBiases(weights)),
    step: (gates, [h]) => [rnnStep(gates, weights.hh, h!, rectified)],
    walk: (gates, [h], reverse) => [rnnScan(gates, weights.hh, h!, rectified, reverse)],
  };
}

/** `c' = σ(f)·c + σ(i)·tanh(g)`, `h' = σ(o)·tanh(c')`, of the gates i, f, g, o = W·x + b + U·h + c. */
export function lstm(weights: Weights): Recurrence {
  const { hh, hr } = weights;
  return {
    project: (x) => linear(x, weights.ih, bothBiases(weights)),
    step(gates, [first, cell]) {
      const { h, c } = lstmStep(gates, hh, first!, cell!);
      return [hr === null ? h : linear(h, hr), c];
    },
    walk:
      hr !== null // its step is no part of the operator
        ? null
        : (gates, [first, cell], reverse) => {
            const { h, c } = lstmScan(gates, hh, first!, cell!, reverse);
            return [h, c];
          },
  };
}

/** `h' = (1 - z)·n + z·h` with `r, z = σ(W·x + b + U·h + c)` and `n = tanh(W·x + b + r·(U·h + c))`. */
export function gru(weights: Weights): Recurrence {
  const { hh, biasHh } = weights;
  return {
    project: (x) => linear(x, weights.ih, weights.biasIh),
    step: (gates, [h]) => [gruStep(gates, hh, h!, biasHh).h],
    walk: (gates, [h], reverse) => [gruScan(gates, hh, h!, biasHh, reverse).h],
  };
}

export type Nonlinearity = "tanh" | "relu";

/** Throws for a nonlinearity that is none of the two. */
export function nonlinearityOf(value: string, op: string): Nonlinearity {
  if (value === "tanh" || value === "relu") return value;
  throw new TypeError(`${op}: Unknown nonlinearity '${value}'. Select from 'tanh' or 'relu'.`);
}

/** Draws every weight from U(-k, k) with k = 1 / √h, as all recurrent modules start. */
export function resetRecurrent(parameters: Iterable<Parameter>, hiddenSize: number): void {
  const k = hiddenSize > 0 ? 1 / Math.sqrt(hiddenSize) : 0;
  for (const parameter of parameters) uniform_(parameter, -k, k);
}

export interface CellOptions extends Factory {
  inputSize: number;
  hiddenSize: number;
  /** Whether biases are learned; true. */
  bias?: boolean;
}
export interface RNNCellOptions extends CellOptions {
  /** What makes the state of the sum: "tanh" or "relu". */
  nonlinearity?: Nonlinearity;
}

type CellArguments = Arguments<
  CellOptions,
  [inputSize: number, hiddenSize: number],
  [bias?: boolean, device?: string | null, dtype?: DType | null]
>;

const cellBinder = (name: string): ((args: readonly unknown[]) => Required<CellOptions>) =>
  keywords<CellOptions>(name, "inputSize, hiddenSize, bias?, device?, dtype?", {
    bias: true,
    device: null,
    dtype: null,
  });
const bindLSTMCell = /* @__PURE__ */ cellBinder("LSTMCell");
const bindGRUCell = /* @__PURE__ */ cellBinder("GRUCell");

/** What the cells share. */
abstract class Cell extends Module {
  static override readonly stateNames: Readonly<Record<string, string>> = {
    weightIh: "weight_ih",
    weightHh: "weight_hh",
    biasIh: "bias_ih",
    biasHh: "bias_hh",
  };
  static override readonly forwardSignature: string = "input, hx?";

  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly bias: boolean;
  weightIh: Parameter;
  weightHh: Parameter;
  biasIh: Parameter | null;
  biasHh: Parameter | null;

  constructor({ inputSize, hiddenSize, bias, device, dtype }: Required<CellOptions>, gates: number) {
    super();
    const rows = gates * hiddenSize;
    const factory = { device, dtype };
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.bias = bias;
    this.weightIh = blank([rows, inputSize], factory);
    this.weightHh = blank([rows, hiddenSize], factory);
    this.biasIh = bias ? blank([rows], factory) : null;
    this.biasHh = bias ? blank([rows], factory) : null;
    this.resetParameters();
  }

  /** Draws the weights anew. */
  resetParameters(): void {
    resetRecurrent(this.parameters(), this.hiddenSize);
  }

  protected get weights(): Weights {
    return { ih: this.weightIh, hh: this.weightHh, biasIh: this.biasIh, biasHh: this.biasHh, hr: null };
  }

  /** One step over a batch; a single row, `[i]`, is a batch of one meanwhile. */
  protected advance({ project, step }: Recurrence, input: Tensor, given: States | null, count: number): States {
    const { inputSize, hiddenSize } = this;
    const name = className(this);
    if (input.ndim !== 1 && input.ndim !== 2) {
      throw new ShapeError(`Expected input to be 1D or 2D, got ${input.ndim}D instead`);
    }
    if (input.shape.at(-1) !== inputSize) {
      throw new ShapeError(`input has inconsistent input_size: got ${input.shape.at(-1)} expected ${inputSize}`);
    }
    const lead = input.shape.slice(0, -1);
    const blankState = (): Tensor => zeros([...lead, hiddenSize], { dtype: input.dtype, device: input.device });
    const states = given ?? Array.from({ length: count }, blankState);
    for (const state of states) {
      if (
        state.ndim !== input.ndim ||
        state.shape.at(-1) !== hiddenSize ||
        (state.shape.at(-2) !== lead.at(-1) && lead.length > 0)
      ) {
        throw new ShapeError(
          `${name}: hidden ${showShape(state.shape)} does not fit: expected ${showShape([...lead, hiddenSize])}`,
        );
      }
    }
    if (lead.length > 0) return step(project(input), states);
    return step(
      project(unsqueeze(input, 0)),
      states.map((s) => unsqueeze(s, 0)),
    ).map((s) => squeeze(s, 0));
  }

  override extraRepr(): string {
    return `${this.inputSize}, ${this.hiddenSize}${this.bias ? "" : ", bias=False"}`;
  }
}

const bindRNNCell = /* @__PURE__ */ keywords<RNNCellOptions>(
  "RNNCell",
  "inputSize, hiddenSize, bias?, nonlinearity?, device?, dtype?",
  { bias: true, nonlinearity: "tanh", device: null, dtype: null },
);

/**
 * One step of a simple recurrent network: `h' = tanh(W·x + b + U·h + c)`, or relu.
 *
 * Shape: `[b, inputSize]` and a state `[b, hiddenSize]` (zeros without) → the next state; without `b` too.
 */
export class RNNCell extends Cell {
  readonly nonlinearity: Nonlinearity;

  constructor(
    ...args: Arguments<
      RNNCellOptions,
      [inputSize: number, hiddenSize: number],
      [bias?: boolean, nonlinearity?: Nonlinearity, device?: string | null, dtype?: DType | null]
    >
  ) {
    const { nonlinearity, ...options } = bindRNNCell(args);
    super(options, 1);
    this.nonlinearity = nonlinearityOf(nonlinearity, "RNNCell");
  }

  forward(input: Tensor, hx?: Tensor | null): Tensor {
    return this.advance(simple(this.weights, this.nonlinearity), input, hx == null ? null : [hx], 1)[0]!;
  }

  override extraRepr(): string {
    return super.extraRepr() + (this.nonlinearity === "tanh" ? "" : `, nonlinearity=${this.nonlinearity}`);
  }
}

/**
 * One step of a long short-term memory; see `LSTM`.
 *
 * Shape: `[b, inputSize]` and the states `[h, c]`, `[b, hiddenSize]` each (zeros without) → the next `[h, c]`; without `b` too.
 */
export class LSTMCell extends Cell {
  constructor(...args: CellArguments) {
    super(bindLSTMCell(args), 4);
  }

  forward(input: Tensor, hx?: readonly [h: Tensor, c: Tensor] | null): [h: Tensor, c: Tensor] {
    const [h, c] = this.advance(lstm(this.weights), input, hx ?? null, 2);
    return [h!, c!];
  }
}

/**
 * One step of a gated recurrent unit; see `GRU`.
 *
 * Shape: `[b, inputSize]` and a state `[b, hiddenSize]` (zeros without) → the next state; without `b` too.
 */
export class GRUCell extends Cell {
  constructor(...args: CellArguments) {
    super(bindGRUCell(args), 3);
  }

  forward(input: Tensor, hx?: Tensor | null): Tensor {
    return this.advance(gru(this.weights), input, hx == null ? null : [hx], 1)[0]!;
  }
}
