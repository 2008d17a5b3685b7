// The funnel: every call of every operator passes here.
//
//   interpreter? → it decides
//   infer → view? a layout over the same storage
//         → kernel (resolved once per operator and dtype), on dense operands, widened where the dtype is narrow
//         → else the formula → else a host step on the CPU
//   record, if gradients are on and an input asks for them

import { DeviceError, DTYPES, DTypeError, dense, SIZE, show, withOuter } from "../core/index.ts";
import { type Backend, backendOf } from "../device/index.ts";
import {
  allocate,
  assertAlive,
  defaultDevice,
  fromBytes,
  isTracked,
  popFrame,
  popLaunch,
  pushFrame,
  pushLaunch,
  sameBackend,
  Tensor,
} from "../tensor/index.ts";
import { below, context, noGrad } from "./context.ts";
import { computing, copyInto, kernelsOf, MissingKernel, pointwiseAs, toCode, toDense } from "./launch.ts";
import type { Operator } from "./operator.ts";
import { anyTracked, linkView, nameNodes, nodesSoFar, record } from "./tape.ts";
import type { Attrs, Input, Inputs, Spec } from "./types.ts";

/** Runs an operator on bound arguments. Several results come as an array with the outputs' names. */
export function dispatch(operator: Operator, inputs: Inputs, attrs: Attrs): Tensor | Tensor[] {
  const { interpreter } = context;
  if (interpreter !== null) return interpreter.apply(operator, inputs, attrs);
  return evaluate(operator, inputs, attrs);
}

/** The funnel below every interpreter. */
export function evaluate(operator: Operator, inputs: Inputs, attrs: Attrs): Tensor | Tensor[] {
  if (operator.run !== null) return operator.run(inputs, attrs);
  try {
    const { rule } = operator;
    const flat = operator.flatten(inputs);
    const backend = check(operator, flat, attrs);
    const tracked = context.grad && anyTracked(flat);
    if (rule.view !== undefined) return viewOf(operator, flat[0]!, attrs, tracked);
    if (rule.dynamic !== undefined) return dynamic(operator, inputs, flat, attrs, backend, tracked);

    const specs = inferred(operator, inputs, attrs);
    // What has no derivative of its own is differentiated through its formula.
    const byFormula = rule.decompose !== undefined && tracked && rule.vjp === undefined;
    const outs = byFormula ? null : launched(operator, inputs, flat, attrs, specs, backend);
    if (outs !== null) {
      if (rule.mutates !== undefined) {
        for (const name of rule.mutates) for (const x of listOf(inputs[name]!)) x.storage.version++;
      }
      if (tracked) record(operator, flat, attrs, outs, inputs);
      return operator.named(outs);
    }
    const before = nodesSoFar();
    const results =
      formula(operator, inputs, attrs, rule.vjp !== undefined && tracked) ??
      hostStep(operator, inputs, attrs, specs, backend);
    if (tracked) record(operator, flat, attrs, results, inputs);
    if (byFormula && rule.node !== undefined) nameNodes(results, before, operator.nodeName(inputs, attrs));
    return operator.named(results);
  } catch (error) {
    throw withOuter(error, operator.name);
  }
}

/** The specs of the results, as an array. */
export function inferred(operator: Operator, inputs: Inputs, attrs: Attrs): readonly Spec[] {
  const result = operator.rule.infer!(inputs as never, attrs);
  return Array.isArray(result) ? result : [result as Spec];
}

/** All inputs alive and on one device, which is the answer. */
function check(operator: Operator, flat: readonly (Tensor | null)[], attrs: Attrs): Backend {
  let first: Tensor | null = null;
  for (let i = 0; i < flat.length; i++) {
    const x = flat[i]!;
    if (x === null) continue;
    if (!(x instanceof Tensor))
      throw new TypeError(`${operator.name}: expected a Tensor of this copy of flambeau, got ${String(x)}`);
    assertAlive(x, operator.name);
    if (first === null) first = x;
    else sameBackend(first, x, operator.name);
  }
  if (first !== null) return first.storage.backend;
  return backendOf((attrs["device"] as string | null | undefined) ?? defaultDevice(), operator.name);
}

function viewOf(operator: Operator, x: Tensor, attrs: Attrs, tracked: boolean): Tensor {
  const { layout, offset, code } = operator.rule.view!(x, attrs);
  const y = new Tensor(x.storage, code ?? x.code, layout, offset);
  if (tracked) record(operator, [x], attrs, [y], { x });
  linkView(operator, x, attrs, y);
  return y;
}

/** The straight line of a view: nothing is computed, and there is one input. */
export function showView(operator: Operator, x: Tensor, attrs: Attrs): Tensor {
  if (context.interpreter !== null) return dispatch(operator, { x }, attrs) as Tensor;
  try {
    assertAlive(x, operator.name);
    return viewOf(operator, x, attrs, context.grad && x.auto !== null && isTracked(x));
  } catch (error) {
    throw withOuter(error, operator.name);
  }
}

function dynamic(
  operator: Operator,
  inputs: Inputs,
  flat: readonly (Tensor | null)[],
  attrs: Attrs,
  backend: Backend,
  tracked: boolean,
): Tensor | Tensor[] {
  if (!backend.synchronous) {
    throw new DeviceError(
      `${operator.name}: the shape of the result depends on values, which "${backend.device}" cannot read without waiting: move the tensor to "cpu" first`,
    );
  }
  const frame = pushFrame();
  let results: readonly Tensor[] = [];
  try {
    const result = noGrad(() => operator.rule.dynamic!(inputs, attrs));
    results = Array.isArray(result) ? result : [result as Tensor];
  } finally {
    popFrame(frame, results);
  }
  if (tracked) record(operator, flat, attrs, results, inputs);
  return operator.named(results);
}

/** The results of the kernel, or null where the device has none for these arguments. */
function launched(
  operator: Operator,
  inputs: Inputs,
  flat: readonly (Tensor | null)[],
  attrs: Attrs,
  specs: readonly Spec[],
  backend: Backend,
): readonly Tensor[] | null {
  const { rule } = operator;
  if (rule.pointwise !== undefined)
    return pointwiseLaunched(operator, flat as readonly Tensor[], attrs, specs[0]!, backend);
  if (rule.into === undefined && rule.launch === undefined) return null;
  const own = kernelCode(operator, inputs, flat, specs);
  let code = own;
  if (rule.kernelName !== undefined) {
    const name = rule.kernelName(inputs as never, attrs);
    if (name === null || backend.kernel(name) === null) return null;
  } else if (rule.kernel !== undefined) {
    code = computing(backend, rule.kernel, own);
    if (code < 0) return null;
  }
  const outs = placesOf(operator, inputs, specs, backend);
  const frame = pushLaunch();
  try {
    if (rule.into !== undefined) rule.into(outs[0]!, inputs, attrs);
    else if (own === code && asTheyAre(operator, flat)) {
      rule.launch!(kernelsOf(backend, code), inputs, operator.outputs(outs), attrs);
    } else launchInto(operator, inputs, attrs, outs, backend, own, code);
    return outs;
  } catch (error) {
    for (const y of outs) y.dispose();
    const another = operator.rule.decompose !== undefined || backend.device !== "cpu";
    if (error instanceof MissingKernel && another) return null;
    throw error;
  } finally {
    popLaunch(frame);
  }
}

/** New tensors for the results, dense where the rule does not say otherwise. */
function placesOf(operator: Operator, inputs: Inputs, specs: readonly Spec[], backend: Backend): readonly Tensor[] {
  const { places } = operator.rule;
  if (places !== undefined) return places(specs, backend, inputs);
  const outs: Tensor[] = [];
  for (let i = 0; i < specs.length; i++) {
    const { code, layout } = specs[i]!;
    outs.push(allocate(backend, code, layout.contiguous ? layout : dense(layout.shape)));
  }
  return outs;
}

/** True where a kernel in the operands' own dtype takes them as they lie. */
function asTheyAre(operator: Operator, flat: readonly (Tensor | null)[]): boolean {
  if (operator.rule.strided === true) return true;
  for (let i = 0; i < flat.length; i++) if (flat[i] !== null && !flat[i]!.layout.contiguous) return false;
  return true;
}

/** The result of a pointwise kernel, in a new tensor. */
function pointwiseLaunched(
  operator: Operator,
  operands: readonly Tensor[],
  attrs: Attrs,
  out: Spec,
  backend: Backend,
): Tensor[] | null {
  const { kernel, compute } = operator.rule.pointwise!;
  const own = compute(operands);
  const code = computing(backend, kernel, own);
  if (code < 0) return null;
  const y = allocate(backend, out.code, dense(out.layout.shape));
  runPointwise(operator, operands, attrs, y, own, code);
  return [y];
}

/**
 * Runs a pointwise kernel into `y`, whatever its strides. y is one of the operands exactly, or overlaps none. False, and
 * nothing is done, where the device has no kernel for the operands.
 */
export function pointwiseInto(operator: Operator, operands: readonly Tensor[], attrs: Attrs, y: Tensor): boolean {
  const { kernel, compute } = operator.rule.pointwise!;
  const own = compute(operands);
  const code = computing(y.storage.backend, kernel, own);
  if (code < 0) return false;
  runPointwise(operator, operands, attrs, y, own, code);
  return true;
}

/** Runs an element-wise launch into `y`, as `pointwiseInto` does. */
export function elementwiseInto(operator: Operator, inputs: Inputs, attrs: Attrs, y: Tensor): boolean {
  const { kernelName, launch } = operator.rule;
  const { backend } = y.storage;
  const name = kernelName!(inputs as never, attrs);
  if (name === null || backend.kernel(name) === null) return false;
  const frame = pushLaunch();
  try {
    launch!(kernelsOf(backend, y.code), inputs, operator.outputs([y]), attrs);
  } finally {
    popLaunch(frame);
  }
  return true;
}

/** The operands' dtype is `own`, the kernel computes in `code`. */
function runPointwise(
  operator: Operator,
  operands: readonly Tensor[],
  attrs: Attrs,
  y: Tensor,
  own: number,
  code: number,
): void {
  const { kernel, bool, params } = operator.rule.pointwise!;
  const { backend } = y.storage;
  const [p0, p1] = params?.(attrs) ?? NO_PARAMS;
  const frame = pushLaunch();
  try {
    const gives = !bool && y.code === own ? code : y.code;
    pointwiseAs(backend, kernelsOf(backend, code).find(kernel)!, code, gives, y, operands, p0, p1);
  } finally {
    popLaunch(frame);
  }
}

const NO_PARAMS = [0, 0] as const;

/** Runs the kernel with dense, widened operands into `outs`, whose dtypes and shapes are those of the specs. */
function launchInto(
  operator: Operator,
  inputs: Inputs,
  attrs: Attrs,
  outs: readonly Tensor[],
  backend: Backend,
  own: number,
  code: number,
): void {
  const { rule } = operator;
  const ready = (x: Tensor, name: string): Tensor => {
    const wide = x.code === own && code !== own && rule.asIs?.includes(name) !== true ? toCode(x, code) : x;
    return rule.strided === true ? wide : toDense(wide);
  };
  const operands: Record<string, Tensor | null | readonly Tensor[]> = {};
  for (const name in inputs) {
    const x = inputs[name]!;
    operands[name] = x === null ? null : x instanceof Tensor ? ready(x, name) : x.map((one) => ready(one, name));
  }
  const targets = outs.map((y) =>
    y.code === own && code !== own ? allocate(backend, code, dense(y.layout.shape)) : y,
  );
  rule.launch!(kernelsOf(backend, code), operands, operator.outputs(targets), attrs);
  for (const [i, y] of outs.entries()) if (targets[i] !== y) copyInto(y, targets[i]!);
  for (const name of rule.mutates ?? []) {
    const used = listOf(operands[name]!);
    for (const [i, x] of listOf(inputs[name]!).entries()) if (used[i] !== x) copyInto(x, used[i]!);
  }
}

/** The dtype that chooses the kernel. */
function kernelCode(
  operator: Operator,
  inputs: Inputs,
  flat: readonly (Tensor | null)[],
  specs: readonly Spec[],
): number {
  const { kernelBy } = operator.rule;
  if (kernelBy === "out") return specs[0]!.code;
  let first = kernelBy === undefined ? null : firstOf(inputs[kernelBy]!);
  for (let i = 0; first === null && i < flat.length; i++) first = flat[i]!;
  return (first ?? specs[0]!).code;
}

/** The tensors of an input. */
function listOf(input: Input): readonly Tensor[] {
  return input === null ? [] : input instanceof Tensor ? [input] : input;
}

/** The tensor of an input, the first of a list, or null. */
function firstOf(input: Input): Tensor | null {
  return input === null || input instanceof Tensor ? input : (input[0] ?? null);
}

/** The formula's results, or null without one; its intermediates go back at once, unless the tape needs them. */
function formula(operator: Operator, inputs: Inputs, attrs: Attrs, quiet: boolean): readonly Tensor[] | null {
  const { decompose } = operator.rule;
  if (decompose === undefined) return null;
  const frame = pushFrame();
  let results: readonly Tensor[] = [];
  try {
    const result = quiet ? noGrad(() => decompose(inputs, attrs)) : decompose(inputs, attrs);
    if (result === null) return null;
    results = Array.isArray(result) ? result : [result as Tensor];
  } finally {
    popFrame(frame, results);
  }
  // A formula that gives back its own input still makes a new tensor, as every operator does.
  return results.map((y) => (operator.flatten(inputs).includes(y) ? again(y) : y));
}

function again(x: Tensor): Tensor {
  const y = new Tensor(x.storage, x.code, x.layout, x.offset);
  y.auto = x.auto;
  return y;
}

const warned = new Set<string>();
/** How often each operator ran as a host step, by "operator on device". */
export const hostSteps: Map<string, number> = new Map();

/** Runs an operator that the device cannot do on the CPU: read, compute, write, in the order of the device's queue. */
function hostStep(
  operator: Operator,
  inputs: Inputs,
  attrs: Attrs,
  specs: readonly Spec[],
  backend: Backend,
): Tensor[] {
  const key = `${operator.name} on ${backend.device}`;
  if (backend.device === "cpu") {
    const types = operator
      .flatten(inputs)
      .filter((x) => x !== null)
      .map(show)
      .join(", ");
    throw new DTypeError(`${operator.name}: not implemented for ${types || DTYPES[specs[0]!.code]}`);
  }
  hostSteps.set(key, (hostSteps.get(key) ?? 0) + 1);
  if (!warned.has(key)) {
    warned.add(key);
    console.warn(`flambeau: ${key} runs on the CPU, for want of a kernel there`);
  }
  const outs = specs.map((spec) => allocate(backend, spec.code, dense(spec.layout.shape)));
  const sources = operator.flatten(inputs).filter((x) => x !== null);
  const mutated = (operator.rule.mutates ?? []).flatMap((name) => listOf(inputs[name]!));
  backend.host({
    reads: sources.map((x) => x.storage.allocation!),
    writes: [...outs, ...mutated].map((x) => x.storage.allocation!),
    compute: (bytes) => onCpu(operator, inputs, attrs, sources, bytes, mutated),
  });
  for (const x of mutated) x.storage.version++;
  return outs;
}

/** The computation of a host step: the bytes of the results, then those of the storages that it wrote into. */
function onCpu(
  operator: Operator,
  inputs: Inputs,
  attrs: Attrs,
  sources: readonly Tensor[],
  bytes: readonly Uint8Array[],
  mutated: readonly Tensor[],
): Uint8Array[] {
  const cpu = backendOf("cpu", operator.name);
  const frame = pushFrame();
  try {
    const copies = new Map<Tensor, Tensor>();
    for (const [i, x] of sources.entries()) {
      // The whole storage, so that layout and offset hold in the copy too.
      const whole = fromBytes(cpu, x.code, [Math.floor(bytes[i]!.length / SIZE[x.code]!)], bytes[i]!);
      copies.set(x, new Tensor(whole.storage, x.code, x.layout, x.offset));
    }
    const moved = operator.flatten(inputs).map((x) => (x === null ? null : copies.get(x)!));
    const here = "device" in attrs ? { ...attrs, device: "cpu" } : attrs;
    const result = noGrad(() => below(null, () => evaluate(operator, operator.rebuild(inputs, moved), here)));
    const read = (x: Tensor, offset: number, length: number): Uint8Array =>
      cpu.readSync(x.storage.allocation!, offset, length);
    return [
      ...(Array.isArray(result) ? result : [result]).map((y) => {
        const data = toDense(y);
        const size = SIZE[data.code]!;
        return read(data, data.offset * size, data.layout.size * size);
      }),
      ...mutated.map((x) => read(copies.get(x)!, 0, bytes[sources.indexOf(x)]!.length)),
    ];
  } finally {
    popFrame(frame, []);
  }
}
