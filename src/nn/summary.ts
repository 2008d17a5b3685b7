// A model as a table: its modules in the order in which they are called, what they give, and how much they learn.

import { type DType, showShape } from "../core/index.ts";
import { type Arguments, keywords, noGrad } from "../op/index.ts";
import { zeros } from "../ops/index.ts";
import { scope, Tensor } from "../tensor/index.ts";
import type { Module } from "./module.ts";
import { className } from "./repr.ts";

/** A call of a module. */
export interface SummaryRow {
  /** Its name in the model, "" for the model itself. */
  readonly name: string;
  /** Its class. */
  readonly type: string;
  /** How deep it lies; the model is 0. */
  readonly depth: number;
  /** The shapes of the tensors that it gave. */
  readonly outputShapes: readonly (readonly number[])[];
  /** Elements of the parameters that are its own, not its children's; null where an earlier row has them. */
  readonly parameters: number | null;
}

/** What `summary` found. It prints as a table. */
export class Summary {
  readonly rows: readonly SummaryRow[];
  /** Elements of all parameters. */
  readonly totalParams: number;
  /** Elements of those that are trained. */
  readonly trainableParams: number;

  constructor(rows: readonly SummaryRow[], totalParams: number, trainableParams: number) {
    this.rows = rows;
    this.totalParams = totalParams;
    this.trainableParams = trainableParams;
  }

  toString(): string {
    const cells = this.rows.map(({ name, type, depth, outputShapes, parameters }) => [
      `${"  ".repeat(depth)}${name === "" ? "" : `(${name.slice(name.lastIndexOf(".") + 1)}): `}${type}`,
      outputShapes.map(showShape).join(" "),
      parameters === null ? "shared" : count(parameters),
    ]);
    const table = [["Layer", "Output shape", "Parameters"], ...cells];
    const [first, second, third] = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]!.length)));
    const lines = table.map(([a, b, c]) => `${a!.padEnd(first!)}  ${b!.padEnd(second!)}  ${c!.padStart(third!)}`);
    const rule = "─".repeat(lines[0]!.length);
    const total = `Parameters: ${count(this.totalParams)}, of which ${count(this.trainableParams)} are trained`;
    return [lines[0], rule, ...lines.slice(1), rule, total].join("\n");
  }
}

// Node's util.inspect asks for this.
Object.defineProperty(Summary.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: Summary) {
    return this.toString();
  },
});

interface SummaryOptions {
  model: Module;
  /** The shape of the input with its batch, or a list of the shapes of several. */
  inputSize?: readonly number[] | readonly (readonly number[])[] | null;
  /** The arguments of the model themselves, in place of zeros. */
  inputData?: readonly unknown[] | Tensor | null;
  /** The dtype of the zeros; by default the current float type. */
  dtype?: DType | null;
}
const bind = /* @__PURE__ */ keywords<SummaryOptions>("summary", "model, inputSize?, *, inputData?, dtype?", {
  inputSize: null,
  inputData: null,
  dtype: null,
});

/**
 * Calls a model once, evaluating and without gradients, and says which modules were called, what shapes they gave and how
 * many parameters they have.
 *
 * @example
 * console.log(fl.utils.summary(model, [1, 3, 32, 32]));
 * fl.utils.summary(gpt, [1, 64], { dtype: "int64" }).totalParams;
 */
export function summary(
  ...args: Arguments<
    SummaryOptions,
    [model: Module],
    [inputSize?: readonly number[] | readonly (readonly number[])[] | null]
  >
): Summary {
  const { model, inputSize, inputData, dtype } = bind(args);
  if ((inputSize === null) === (inputData === null)) {
    throw new TypeError("summary: expected one of inputSize and inputData");
  }
  const parameters = [...model.parameters()];
  const rows = scope(() => {
    const device = parameters[0]?.device ?? null;
    const ofShape = (shape: readonly number[]): Tensor => zeros(shape, { dtype, device });
    const input = inputSize === null ? [inputData].flat() : shapesOf(inputSize).map(ofShape);
    return watched(model, () => noGrad(() => void model(...input)));
  });
  const trained = parameters.filter((parameter) => parameter.requiresGrad);
  return new Summary(rows, elements(parameters), elements(trained));
}

/** The calls of modules while `body` runs. */
function watched(model: Module, body: () => void): SummaryRow[] {
  const rows: (SummaryRow & { outputShapes: readonly (readonly number[])[] })[] = [];
  const open: (typeof rows)[number][] = [];
  const counted = new Set<Module>();
  const undo: (() => void)[] = [];
  for (const [name, module] of model.namedModules()) {
    const { training } = module;
    const begin = module.registerForwardPreHook(() => {
      const parameters = counted.has(module) ? null : elements([...module.parameters(false)]);
      counted.add(module);
      const row = { name, type: className(module), depth: open.length, outputShapes: [], parameters };
      rows.push(row);
      open.push(row);
    });
    const end = module.registerForwardHook((_module, _args, output) => {
      open.pop()!.outputShapes = tensorsIn(output).map((x) => x.shape);
    });
    undo.push(() => {
      begin.remove();
      end.remove();
      module.training = training;
    });
  }
  try {
    model.eval();
    body();
  } finally {
    for (const back of undo) back();
  }
  return rows;
}

const shapesOf = (sizes: readonly number[] | readonly (readonly number[])[]): readonly (readonly number[])[] =>
  (sizes.length > 0 && Array.isArray(sizes[0]) ? sizes : [sizes]) as readonly (readonly number[])[];

/** The tensors in a result, however deep in arrays and objects. */
function tensorsIn(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(tensorsIn) : [];
}

const elements = (tensors: readonly Tensor[]): number => tensors.reduce((total, x) => total + x.numel(), 0);
const count = (n: number): string => n.toLocaleString("en");
