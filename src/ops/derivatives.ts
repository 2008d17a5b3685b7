// fl.autograd.functional: derivatives of functions, where `grad` takes those of results. Not exported with the other
// operators: the names are its own.

import { AutogradError, show, showValue } from "../core/index.ts";
import { asTensor, enableGrad, keywords } from "../op/index.ts";
import { isTracked, Tensor } from "../tensor/index.ts";
import { grad, requiresGrad_ } from "./autograd.ts";
import { within } from "./composed.ts";
import { detach } from "./copy.ts";
import { onesLike, zeros, zerosLike } from "./create.ts";
import { stack } from "./join.ts";
import { select } from "./pick.ts";
import { reshape, viewAs } from "./view.ts";

/** One tensor, or several. */
type Tensors = Tensor | readonly Tensor[];
/** What a function receives: the inputs as its arguments. */
type Each<I extends Tensors> = I extends Tensor ? [I] : I extends readonly Tensor[] ? [...I] : never;
/** A value for one tensor, an array of them for several. */
type Like<I extends Tensors, V> = I extends Tensor ? V : V[];
type Func<I extends Tensors, O extends Tensors> = (...inputs: Each<I>) => O;

interface Options {
  /** Whether the result can be differentiated again; false. */
  createGraph?: boolean;
  /** Whether an output that does not depend on an input is an error, where zeros would be the answer; false. */
  strict?: boolean;
}
interface ManyOptions extends Options {
  /** Accepted for PyTorch's sake, as is `strategy`: rows are computed one by one here. */
  vectorize?: boolean;
  strategy?: string;
}
type Vector<I extends Tensors> = I | null | Options;

const bindMany = (name: string) =>
  keywords<Required<ManyOptions>>(name, "createGraph?, strict?, vectorize?, strategy?", {
    createGraph: false,
    strict: false,
    vectorize: false,
    strategy: "reverse-mode",
  });
const bindVector = (name: string) =>
  keywords<Required<Options> & { v: Tensors | null }>(name, "v?, createGraph?, strict?", {
    v: null,
    createGraph: false,
    strict: false,
  });

const listOf = (x: Tensors): readonly Tensor[] => (x instanceof Tensor ? [x] : x);

/** A function at a point: the inputs with a history of their own, and what comes of them. */
interface Point {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

function evaluated<I extends Tensors, O extends Tensors>(
  name: string,
  func: Func<I, O>,
  at: I,
  create: boolean,
): Point {
  const inputs = listOf(at).map((x) => {
    asTensor(x, name, "inputs");
    return create && isTracked(x) ? viewAs(x, x) : requiresGrad_(detach(x), true);
  });
  const outputs = listOf(func(...(inputs as unknown as Each<I>))); // one for one
  for (const y of outputs) {
    if (!(y instanceof Tensor)) throw new TypeError(`${name}: the function gave ${showValue(y)}, expected tensors`);
  }
  return { inputs, outputs };
}

/** The gradients of `outputs`, with zeros where there is no dependence. */
function gradients(
  name: string,
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  weights: readonly Tensor[],
  { create, strict }: { create: boolean; strict: boolean },
): Tensor[] {
  const tracked = outputs.map((y, i) => ({ y, weight: weights[i]! })).filter(({ y }) => isTracked(y));
  const found: readonly (Tensor | null)[] =
    tracked.length === 0
      ? inputs.map(() => null)
      : grad(
          tracked.map(({ y }) => y),
          inputs,
          {
            gradOutputs: tracked.map(({ weight }) => weight),
            retainGraph: true,
            createGraph: create,
            allowUnused: true,
          },
        );
  return found.map((g, i) => {
    if (g !== null && (!strict || !create || isTracked(g))) return g;
    if (!strict) return zerosLike(inputs[i]!);
    throw new AutogradError(`${name}: the result is independent of input ${i}, which strict mode does not allow`);
  });
}

/** The vector of a product: as given, checked against what it multiplies; 1 for a single number. */
function vectorFor(name: string, v: Tensors | null, like: readonly Tensor[], what: string): readonly Tensor[] {
  if (v === null) {
    if (like.length === 1 && like[0]!.numel() === 1) return [onesLike(like[0]!)];
    throw new AutogradError(`${name}: the vector v can only be left out if ${what} is a single number`);
  }
  const list = listOf(v);
  if (list.length !== like.length) throw new AutogradError(`${name}: v has ${list.length} tensors for ${like.length}`);
  for (const [i, x] of list.entries()) {
    if (String(asTensor(x, name, "v").shape) === String(like[i]!.shape)) continue;
    throw new AutogradError(`${name}: v is ${show(x)}, expected the size of ${show(like[i]!)}`);
  }
  return list;
}

const scalarOf = (name: string, { outputs }: Point): Tensor => {
  const [y] = outputs;
  if (outputs.length === 1 && y!.numel() === 1) return y!;
  throw new AutogradError(`${name}: the function has to give one tensor with a single element, got ${show(y!)}`);
};

/** Runs with gradients on; what comes out is cut from the tape unless it is asked for. */
const recorded = (name: string, create: boolean, body: () => readonly Tensor[]): Tensor[] =>
  within(name, () => enableGrad(body).map((x) => (create ? x : detach(x))));

/** A flat list in the form of the inputs: itself where they are several. */
const shaped = <V>(like: Tensors, list: readonly V[]): V | readonly V[] => (like instanceof Tensor ? list[0]! : list);

/**
 * The Jacobian of `func` at `inputs`: for each output and input a tensor of the shape of both, one behind the other. Lists of
 * them for several inputs or outputs, those of the inputs inside.
 *
 * @example
 * autograd.functional.jacobian((x) => x.square(), tensor([1, 2], { dtype: "float32" })) // [[2, 0], [0, 4]]
 */
export function jacobian<I extends Tensors, O extends Tensors>(
  func: Func<I, O>,
  inputs: I,
  ...rest: readonly (boolean | string | ManyOptions)[]
): Like<O, Like<I, Tensor>> {
  const { createGraph: create, strict } = bindMany("jacobian")(rest);
  let single = true;
  const flat = recorded("jacobian", create, () => {
    const watched: Func<I, O> = (...xs) => {
      const y = func(...xs);
      single = y instanceof Tensor;
      return y;
    };
    const point = evaluated("jacobian", watched, inputs, create);
    return point.outputs.flatMap((y) => jacobianOf("jacobian", y, point.inputs, create, strict));
  });
  const count = listOf(inputs).length;
  const rows = Array.from({ length: flat.length / count }, (_, i) =>
    shaped(inputs, flat.slice(i * count, (i + 1) * count)),
  );
  return (single ? rows[0] : rows) as Like<O, Like<I, Tensor>>;
}

/** The Jacobians of one output, one an input. */
function jacobianOf(name: string, y: Tensor, inputs: readonly Tensor[], create: boolean, strict: boolean): Tensor[] {
  const flat = reshape(y, -1);
  const rows = Array.from({ length: y.numel() }, (_, i) => {
    const element = select(flat, 0, i);
    return gradients(name, [element], inputs, [onesLike(element)], { create, strict });
  });
  return inputs.map((x, i) => {
    const size = [...y.shape, ...x.shape];
    return rows.length === 0
      ? zeros(size, { dtype: x.dtype, device: x.device })
      : reshape(stack(rows.map((row) => row[i]!)), size);
  });
}

/**
 * The Hessian of `func`, which gives a single number, at `inputs`: a tensor of the input's shape twice, or lists of lists of them.
 *
 * @example
 * autograd.functional.hessian((x) => x.pow(3).sum(), tensor([1, 2], { dtype: "float32" })) // [[6, 0], [0, 12]]
 */
export function hessian<I extends Tensors>(
  func: Func<I, Tensor>,
  inputs: I,
  ...rest: readonly (boolean | string | ManyOptions)[]
): Like<I, Like<I, Tensor>> {
  const { createGraph: create, strict } = bindMany("hessian")(rest);
  const flat = recorded("hessian", create, () => {
    const point = evaluated("hessian", func, inputs, create);
    const y = scalarOf("hessian", point);
    const slopes = gradients("hessian", [y], point.inputs, [onesLike(y)], { create: true, strict });
    return slopes.flatMap((g) => jacobianOf("hessian", g, point.inputs, create, strict));
  });
  const count = listOf(inputs).length;
  const rows = Array.from({ length: count }, (_, i) => shaped(inputs, flat.slice(i * count, (i + 1) * count)));
  return shaped(inputs, rows) as Like<I, Like<I, Tensor>>;
}

/** A product with a vector: what `func` gave, and the product, in the forms of outputs and inputs. */
type Product<O, P> = [outputs: O, product: P];

function product<I extends Tensors, O extends Tensors>(
  name: string,
  func: Func<I, O>,
  inputs: I,
  rest: readonly unknown[],
  body: (point: Point, v: Tensors | null, options: { create: boolean; strict: boolean }) => readonly Tensor[],
): { readonly outputs: O; readonly product: readonly Tensor[] } {
  const { v, createGraph: create, strict } = bindVector(name)(rest);
  let form: O | undefined;
  const all = recorded(name, create, () => {
    const point = evaluated<I, O>(name, (...xs) => (form = func(...xs)), inputs, create);
    return [...point.outputs, ...body(point, v, { create, strict })];
  });
  const count = listOf(form!).length;
  return { outputs: shaped(form!, all.slice(0, count)) as O, product: all.slice(count) };
}

/**
 * `vᵀJ`: what `func` gives at `inputs`, and the product of `v`, which has the form of that, with the Jacobian.
 *
 * @example
 * const [y, product] = autograd.functional.vjp((x) => x.exp(), x, v);
 */
export function vjp<I extends Tensors, O extends Tensors>(
  func: Func<I, O>,
  inputs: I,
  ...rest: readonly (boolean | Vector<O>)[]
): Product<O, I> {
  const { outputs, product: out } = product("vjp", func, inputs, rest, (point, v, options) =>
    gradients("vjp", point.outputs, point.inputs, vectorFor("vjp", v, point.outputs, "the output"), options),
  );
  return [outputs, shaped(inputs, out) as I];
}

/** `Jv`: what `func` gives at `inputs`, and the product of the Jacobian with `v`, which has the form of the inputs. */
export function jvp<I extends Tensors, O extends Tensors>(
  func: Func<I, O>,
  inputs: I,
  ...rest: readonly (boolean | Vector<I>)[]
): Product<O, O> {
  const { outputs, product: out } = product("jvp", func, inputs, rest, (point, v, options) => {
    const vector = vectorFor("jvp", v, point.inputs, "the input");
    // uᵀJ is linear in u: its derivative by u, along v, is Jv.
    const u = point.outputs.map((y) => requiresGrad_(zerosLike(y), true));
    const rows = gradients("jvp", point.outputs, point.inputs, u, { create: true, strict: options.strict });
    return gradients("jvp", rows, u, vector, options);
  });
  return [outputs, shaped(outputs, out) as O];
}

/** `vᵀH` for a function that gives a single number: that, and the product of `v` with the Hessian. */
export function vhp<I extends Tensors>(
  func: Func<I, Tensor>,
  inputs: I,
  ...rest: readonly (boolean | Vector<I>)[]
): Product<Tensor, I> {
  return curvature("vhp", func, inputs, rest);
}

/** `Hv`, which is `vhp`, for a Hessian is symmetric. */
export function hvp<I extends Tensors>(
  func: Func<I, Tensor>,
  inputs: I,
  ...rest: readonly (boolean | Vector<I>)[]
): Product<Tensor, I> {
  return curvature("hvp", func, inputs, rest);
}

function curvature<I extends Tensors>(
  name: string,
  func: Func<I, Tensor>,
  inputs: I,
  rest: readonly unknown[],
): Product<Tensor, I> {
  const { outputs, product: out } = product(name, func, inputs, rest, (point, v, options) => {
    const y = scalarOf(name, point);
    const vector = vectorFor(name, v, point.inputs, "the input");
    const slopes = gradients(name, [y], point.inputs, [onesLike(y)], { create: true, strict: options.strict });
    return gradients(name, slopes, point.inputs, vector, options);
  });
  return [outputs, shaped(inputs, out) as I];
}
