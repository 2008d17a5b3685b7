// A weight as its length and its direction, which are trained apart (T. Salimans and D. P. Kingma, 2016).

import { ValueError } from "../core/index.ts";
import { type Arguments, keywords, noGrad } from "../op/index.ts";
import { clone, div, type Handle, mul, sqrt, square, sum } from "../ops/index.ts";
import { outside, type Tensor } from "../tensor/index.ts";
import type { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

interface WeightNorm<M extends Module> {
  module: M;
  /** The field of the weight; "weight". */
  name?: string;
  /** The dim along which each entry has a length of its own; 0. null is one length for all. */
  dim?: number | null;
}
interface Applied {
  readonly g: string;
  readonly v: string;
  readonly dim: number | null;
  readonly hook: Handle;
}
/** A module as an object of fields. */
type Fields = Record<string, Tensor>;

const bind = /* @__PURE__ */ keywords<WeightNorm<Module>>("weightNorm", "module, name?, dim?", {
  name: "weight",
  dim: 0,
});
const appliedTo = /* @__PURE__ */ new WeakMap<Module, Map<string, Applied>>();

/**
 * Makes a weight of `module` the product `g · v / |v|` of two parameters, `weight_g` and `weight_v`, which take its place; gives
 * the module back. The weight itself is computed before each `forward`.
 *
 * @example
 * const layer = nn.utils.weightNorm(new nn.Linear(20, 40));
 * Object.keys(layer.stateDict()) // ["bias", "weight_g", "weight_v"]
 */
export function weightNorm<M extends Module>(
  ...args: Arguments<WeightNorm<M>, [module: M], [name?: string, dim?: number | null]>
): M {
  const { module, name, dim } = bind(args);
  const applied = appliedTo.get(module) ?? new Map<string, Applied>();
  if (applied.has(name)) throw new ValueError(`Cannot register two weight_norm hooks on the same parameter ${name}`);
  const fields = module as unknown as Fields;
  const weight = fields[name];
  if (!(weight instanceof Parameter)) throw new ValueError(`weightNorm: the module has no parameter "${name}"`);

  const key = (module.constructor as typeof Module).stateName(name);
  const [g, v] = [`${key}_g`, `${key}_v`];
  const direction = noGrad(() => outside(() => clone(weight)));
  const length = noGrad(() => outside(() => lengthOf(weight, dim)));
  module.registerParameter(name, null);
  delete fields[name];
  module.registerParameter(g, new Parameter(length));
  module.registerParameter(v, new Parameter(direction));
  const compute = (): void => {
    fields[name] = product(fields[g]!, fields[v]!, dim);
  };
  compute();
  applied.set(name, { g, v, dim, hook: module.registerForwardPreHook(compute) });
  appliedTo.set(module, applied);
  return module as M;
}

/** Takes `weightNorm` off again: the weight, as it is now, is a parameter. */
export function removeWeightNorm<M extends Module>(module: M, name: string = "weight"): M {
  const applied = appliedTo.get(module)?.get(name);
  if (applied === undefined) throw new ValueError(`weight_norm of '${name}' not found in ${module}`);
  const { g, v, dim, hook } = applied;
  const fields = module as unknown as Fields;
  const weight = noGrad(() => outside(() => product(fields[g]!, fields[v]!, dim)));
  hook.remove();
  appliedTo.get(module)!.delete(name);
  for (const field of [name, g, v]) delete fields[field];
  module.registerParameter(name, new Parameter(weight));
  return module;
}

const product = (g: Tensor, v: Tensor, dim: number | null): Tensor => mul(v, div(g, lengthOf(v, dim)));

/** The 2-norm over all dims but `dim`, which stay with size 1; over all where that is null or, as in PyTorch, -1. */
function lengthOf(v: Tensor, dim: number | null): Tensor {
  if (dim === null || dim === -1) return sqrt(sum(square(v)));
  const others = v.shape.map((_, d) => d).filter((d) => d !== (dim < 0 ? dim + v.ndim : dim));
  return sqrt(others.length === 0 ? square(v) : sum(square(v), others, true));
}
