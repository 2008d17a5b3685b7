// The recorded cases, replayed through a library's public names. Every file is opened into units, one a case, so that
// whoever runs them can stop at one and go on behind it.
import { readdirSync } from "node:fs";
import path from "node:path";
import { callSummary, Decoder, operatorOf, summary } from "./call.ts";
import type { Strictness } from "./compare.ts";
import { compareGradients, compareOutputs, compareStates, compareTensor, flatten, readTensor } from "./compare.ts";
import type { Library, Module, ModuleClass, Operator, OptimizerClass, Tensor } from "./library.ts";
import { camel, lookUp } from "./library.ts";
import type {
  BadInput,
  ModuleCase,
  ModuleFile,
  OperatorCase,
  OperatorFile,
  OptimizerCase,
  OptimizerFile,
  PrintingCase,
  RandomCase,
  RecordedTensor,
} from "./recorded.ts";
import { flattenRecorded, isRecordedTensor, readRecorded, recordedNumber } from "./recorded.ts";

export type Kind = "operator" | "alias" | "module" | "optimizer" | "random" | "printing";
export type Aspect = "forward" | "gradient" | "bad input";

/** The reason of an aspect that had no result to look at. */
export const NO_FORWARD = "no forward";

export interface Result {
  readonly kind: Kind;
  /** Python's name, with the variant behind it. */
  readonly name: string;
  readonly aspect: Aspect;
  /** Which case of the file. */
  readonly label: string;
  /** The call in our own words. */
  readonly call: string;
  readonly outcome: "pass" | "fail" | "absent";
  readonly reason?: string;
}

/** One case, ready to run. It never throws: what the library throws is a failure's reason. */
export interface Unit {
  readonly kind: Kind;
  readonly name: string;
  readonly label: string;
  readonly call: string;
  run(): Result[];
}

/** The files of a folder of recorded cases. */
export function recordedFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((f) => /^(ops|modules|optimizers)[/\\].*\.json(\.gz)?$|^(random|printing)\.json(\.gz)?$/.test(f))
    .sort()
    .map((f) => path.join(folder, f));
}

/** The units of a file whose Python name or ours fits `only`. */
export function unitsOf(library: Library, file: string, only: RegExp): Unit[] {
  const content = readRecorded(file);
  const units = (() => {
    if (has<OperatorFile>(content, "op")) return operatorUnits(library, content);
    if (has<ModuleFile>(content, "module")) return moduleUnits(library, content);
    if (has<OptimizerFile>(content, "optimizer")) return optimizerUnits(library, content);
    const { cases } = content as { cases: readonly unknown[] };
    const isPrinting = path.basename(file).startsWith("printing");
    return isPrinting ? printingUnits(library, cases as PrintingCase[]) : randomUnits(library, cases as RandomCase[]);
  })();
  return units.filter((u) => only.test(u.name) || only.test(u.name.split(".").map(camel).join(".")));
}

function has<T>(content: unknown, key: keyof T): content is T {
  return typeof content === "object" && content !== null && key in content;
}

// Operators

function operatorUnits(library: Library, file: OperatorFile): Unit[] {
  const variant = file.variant === "" ? "" : `.${file.variant}`;
  const units: Unit[] = [];
  for (const [kind, op] of [["operator", file.op] as const, ...file.aliases.map((a) => ["alias", a] as const)]) {
    const name = op + variant;
    const operator = library.scope(() => operatorOf(library, op));
    for (const [dtype, cases] of Object.entries(file.dtypes)) {
      for (const [i, recorded] of cases.entries()) {
        const call = callSummary(op, [recorded.input, ...recorded.args], recorded.kwargs);
        const aspects: Aspect[] = recorded.grads === undefined ? ["forward"] : ["forward", "gradient"];
        const replay = (present: Operator) => () => replayOperator(library, present, file, recorded);
        units.push(unit(library, { kind, name, label: `${dtype}[${i}]`, call }, aspects, operator, replay));
      }
    }
    for (const [i, bad] of file.errors.entries()) {
      const call = callSummary(op, [bad.input, ...bad.args], bad.kwargs);
      const replay = (present: Operator) => () => [replayBadInput(library, present, bad)];
      units.push(unit(library, { kind, name, label: `errors[${i}]`, call }, ["bad input"], operator, replay));
    }
  }
  return units;
}

function replayOperator(library: Library, operator: Operator, file: OperatorFile, recorded: OperatorCase): Verdict[] {
  const decoder = new Decoder(library);
  let input = decoder.value(recorded.input);
  const args = decoder.args(recorded.args, recorded.kwargs);
  if (file.on_clone) input = (input as Tensor).clone();
  library.manualSeed(file.seed);
  const output = operator(input, ...args);
  const uninitialised = /(^|\.|new_)empty/.test(file.op);
  const verdicts = [
    compareOutputs(library, output, recorded.output, uninitialised ? "spec" : { error: recorded.error }),
  ];
  if (recorded.grads !== undefined) {
    verdicts.push(attempt(() => replayGradient(library, decoder, flatten(output), recorded)));
  }
  return verdicts;
}

function replayGradient(
  library: Library,
  decoder: Decoder,
  outputs: readonly unknown[],
  recorded: OperatorCase,
): string | null {
  const cotangents = recorded.cotangents!.map((c) => decoder.tensor(c));
  const got = library.autograd.grad(
    recorded.cotangent_of!.map((i) => outputs[i]),
    decoder.marked,
    { gradOutputs: cotangents, allowUnused: true },
  );
  return compareGradients(library, got, recorded.grads!, (i) => `gradient ${i}`, { error: recorded.grad_error ?? 0 });
}

function replayBadInput(library: Library, operator: Operator, bad: BadInput): Verdict {
  const decoder = new Decoder(library);
  const input = decoder.value(bad.input);
  const args = decoder.args(bad.args, bad.kwargs);
  try {
    operator(input, ...args);
  } catch (error) {
    return isDeliberate(error) ? null : `crashed: ${describe(error)}`;
  }
  return `accepted, where PyTorch says: ${bad.message.split("\n")[0]}`;
}

/** Thrown by a check, not by the host stumbling over what nobody checked. */
function isDeliberate(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof WebAssembly.RuntimeError) return false;
  if (error.name === "ReferenceError" || error.name === "SyntaxError") return false;
  return !/is not a function|is not iterable|Cannot (read|set|destructure|convert|mix)|call stack|Invalid typed array/.test(
    error.message,
  );
}

// Modules

function moduleUnits(library: Library, file: ModuleFile): Unit[] {
  const Class = lookUp(library, `nn.${file.module}`) as ModuleClass | undefined;
  return file.cases.map((recorded, i) => {
    const { args, kwargs } = recorded.constructor;
    const mode = recorded.training ? "train" : "eval";
    const about = { kind: "module" as const, name: `nn.${file.module}`, label: `${mode}[${i}]` };
    const call = `new ${callSummary(about.name, args, kwargs)}`;
    return unit(
      library,
      { ...about, call },
      ["forward", "gradient"],
      Class ?? null,
      (present) => () => replayModule(library, present, recorded),
    );
  });
}

function replayModule(library: Library, Class: ModuleClass, recorded: ModuleCase): Verdict[] {
  const decoder = new Decoder(library);
  const { args, kwargs } = recorded.constructor;
  const module = new Class(...decoder.constructorArgs(args, kwargs));
  module.train(recorded.training);
  const before = Object.entries(recorded.state_before).map(([key, v]) => [key, decoder.tensor(v)] as const);
  // A lazy module has no state to load before its first call.
  if (before.length > 0) module.loadStateDict(Object.fromEntries(before));
  library.manualSeed(0);
  const inputs = decoder.args(recorded.forward.args, recorded.forward.kwargs);
  const output = module(...inputs);
  const strictness: Strictness = { error: 0 };
  const state = attempt(() => compareStates(library, module.stateDict(), recorded.state_after, strictness));
  const forward = compareOutputs(library, output, recorded.output, strictness) ?? state;
  return [forward, attempt(() => replayModuleGradient(library, decoder, module, flatten(output), recorded))];
}

function replayModuleGradient(
  library: Library,
  decoder: Decoder,
  module: Module,
  outputs: readonly unknown[],
  recorded: ModuleCase,
): string | null {
  const cotangents = recorded.cotangents.map((c) => decoder.tensor(c));
  const differentiable = flattenRecorded(recorded.output).flatMap((o, i) =>
    o !== null && typeof o === "object" && isRecordedTensor(o) && o.grad ? [outputs[i]] : [],
  );
  if (cotangents.length === 0) return null;
  const parameters = Object.fromEntries(module.namedParameters());
  const names = Object.keys(recorded.param_grads);
  const missing = names.find((name) => parameters[name] === undefined);
  if (missing !== undefined) return `no parameter ${missing}`;
  const inputs = [...decoder.marked, ...names.map((name) => parameters[name]!)];
  const options = { gradOutputs: cotangents, allowUnused: true };
  const got = inputs.length === 0 ? [] : library.autograd.grad(differentiable, inputs, options);
  const want = [...recorded.input_grads, ...Object.values(recorded.param_grads)];
  const label = (i: number) => (i < decoder.marked.length ? `input ${i}` : names[i - decoder.marked.length]!);
  return compareGradients(library, got, want, (i) => `gradient of ${label(i)}`, { error: 0 });
}

// Optimizers

function optimizerUnits(library: Library, file: OptimizerFile): Unit[] {
  const Class = lookUp(library, `optim.${file.optimizer}`) as OptimizerClass | undefined;
  return file.cases.map((recorded, i) => {
    const name = `optim.${file.optimizer}`;
    const call = `new ${callSummary(name, ["params"], recorded.kwargs)}`;
    const about = { kind: "optimizer" as const, name, label: `${recorded.desc}[${i}]`, call };
    return unit(library, about, ["forward"], Class ?? null, (present) => () => [
      replayOptimizer(library, present, recorded),
    ]);
  });
}

/**
 * Five steps as they were recorded. A long search (LBFGS) tears apart what rounding made differ, in PyTorch too, so the
 * tolerance grows, as an operator's does, by how far our own float32 steps are from our float64 ones.
 */
function replayOptimizer(library: Library, Class: OptimizerClass, recorded: OptimizerCase): Verdict {
  const precise = [...train(library, Class, recorded, "float64")];
  let step = 0;
  let error = 0; // relative, of the loss and all parameters, the greatest so far
  for (const { loss, params } of train(library, Class, recorded, "float32")) {
    const fine = precise[step]!;
    const pairs = params.map((p, i) => [readTensor(p), readTensor(fine.params[i]!)] as const);
    for (const [ours, exact] of [[[loss], [fine.loss]] as const, ...pairs]) {
      for (let k = 0; k < ours.length; k++) {
        const want = Number(exact[k]);
        error = Math.max(error, Math.abs(Number(ours[k]) - want) / (1 + Math.abs(want)));
      }
    }
    const recordedLoss = recordedNumber(recorded.losses[step]!);
    if (!(Math.abs(loss - recordedLoss) <= (2e-5 + 10 * error) * (1 + Math.abs(recordedLoss)))) {
      return `step ${step}: loss ${loss} instead of ${recordedLoss}`;
    }
    for (const [i, p] of params.entries()) {
      const reason = compareTensor(library, p, recorded.params[step]![i]!, { error });
      if (reason !== null) return `step ${step}: parameter ${i}: ${reason}`;
    }
    step++;
  }
  return null;
}

/** The model that all recorded optimizers train: `mean((tanh(x @ p0) @ p1 - y) ** 2)`; its loss and parameters after each step. */
function* train(
  library: Library,
  Class: OptimizerClass,
  recorded: OptimizerCase,
  dtype: "float32" | "float64",
): Generator<{ readonly loss: number; readonly params: readonly Tensor[] }> {
  const decoder = new Decoder(library);
  const read = (value: RecordedTensor): Tensor => decoder.tensor(value).to(dtype);
  const [p0, p1] = recorded.init.map((p) => read(p).detach().requiresGrad_()) as [Tensor, Tensor];
  const [x, y] = [read(recorded.x), read(recorded.y)];
  const optimizer = new Class([p0, p1], ...decoder.constructorArgs([], recorded.kwargs));
  const closure = () => {
    optimizer.zeroGrad();
    const difference = x.matmul(p0).tanh().matmul(p1).sub(y);
    const loss = difference.mul(difference).mean();
    loss.backward();
    return loss;
  };
  for (let step = 0; step < recorded.params.length; step++) {
    const returned = optimizer.step(closure);
    const loss = returned instanceof library.Tensor ? returned.item() : (returned as number);
    yield { loss, params: [p0, p1].map((p) => p.detach().clone()) };
  }
}

// Random streams

// These go through a logarithm, a cosine or a square root of the host's; all others are the same to the bit.
const TRANSCENDENTAL = /randn|normal|exponential|cauchy|orthogonal|Embedding/;

function randomUnits(library: Library, cases: readonly RandomCase[]): Unit[] {
  return cases.map((recorded, i) => {
    const about = { kind: "random" as const, name: recorded.op, label: `seed ${recorded.seed} [${i}]` };
    const call = callSummary(recorded.op, recorded.args, {});
    const strictness: Strictness = TRANSCENDENTAL.test(recorded.op) ? { error: 0 } : "exact";
    if (recorded.state_dict !== undefined) {
      const Class = lookUp(library, recorded.op) as ModuleClass | undefined;
      return unit(library, { ...about, call }, ["forward"], Class ?? null, (present) => () => {
        library.manualSeed(recorded.seed);
        const module = new present(...recorded.args);
        return [compareStates(library, module.stateDict(), recorded.state_dict!, strictness)];
      });
    }
    const operator = library.scope(() => operatorOf(library, recorded.op));
    return unit(library, { ...about, call }, ["forward"], operator, (present) => () => [
      replayRandom(library, present, recorded, strictness),
    ]);
  });
}

function replayRandom(library: Library, operator: Operator, recorded: RandomCase, strictness: Strictness): Verdict {
  const output = recorded.output!;
  const args = new Decoder(library).args(recorded.args, {});
  // An in-place filler of a plain tensor is recorded without the tensor.
  const target = recorded.op.endsWith("_") && !recorded.op.includes(".") ? [library.zeros(output.shape)] : [];
  library.manualSeed(recorded.seed);
  const got = operator(...target, ...args);
  const next = library.rand(3);
  const reason = compareTensor(library, got, output, strictness);
  if (reason !== null || recorded.next_rand3 === undefined) return reason;
  const behind = compareTensor(library, next, recorded.next_rand3, "exact");
  return behind === null ? null : `the stream behind it: ${behind}`;
}

// Printing

function printingUnits(library: Library, cases: readonly PrintingCase[]): Unit[] {
  return cases.map((recorded, i) => {
    const about = { kind: "printing" as const, name: "printing", label: `[${i}]` };
    const call = `String(${summary(recorded.input)})`;
    return unit(library, { ...about, call }, ["forward"], recorded, () => () => [replayPrinting(library, recorded)]);
  });
}

function replayPrinting(library: Library, recorded: PrintingCase): Verdict {
  const x = new Decoder(library).tensor(recorded.input);
  if (recorded.requires_grad) x.requiresGrad_();
  if (recorded.grad_fn !== null && recorded.grad_fn !== "MulBackward0") return `no recipe for ${recorded.grad_fn}`;
  const text = String(recorded.grad_fn === null ? x : x.mul(1));
  return text === recorded.repr ? null : `${JSON.stringify(text)} instead of ${JSON.stringify(recorded.repr)}`;
}

// The frame around every case

/** Null, or why not. */
type Verdict = string | null;
type About = Pick<Unit, "kind" | "name" | "label" | "call">;

/** A case of something the library may lack; `replay` gives a verdict for each aspect. */
function unit<T>(
  library: Library,
  about: About,
  aspects: readonly Aspect[],
  present: T | null,
  replay: (present: T) => () => Verdict[],
): Unit {
  const run = (): Result[] => {
    if (present === null) return aspects.map((aspect) => ({ ...about, aspect, outcome: "absent" }));
    let verdicts: Verdict[];
    try {
      verdicts = library.scope(replay(present));
    } catch (error) {
      verdicts = aspects.map((_, i) => (i === 0 ? describe(error) : NO_FORWARD));
    }
    return aspects.map((aspect, i) => {
      const reason = verdicts[i] ?? null;
      return reason === null ? { ...about, aspect, outcome: "pass" } : { ...about, aspect, outcome: "fail", reason };
    });
  };
  return { ...about, run };
}

function attempt(body: () => Verdict): Verdict {
  try {
    return body();
  } catch (error) {
    return describe(error);
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${String(error)}`;
  return `${error.name}: ${error.message.split("\n")[0]}`;
}
