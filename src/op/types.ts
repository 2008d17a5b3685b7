// The types of an operator: its public function, and the rule that it is declared by.

import type { DType, Layout, Meta } from "../core/index.ts";
import type { Backend } from "../device/index.ts";
import type { Tensor } from "../tensor/index.ts";
import type { Kernels } from "./launch.ts";

// ── the public function ──────────────────────────────────────────────────────────────────────────────────────────────

export type Dim = number | readonly number[] | null;

/** Each forms of call that PyTorch's rule allows: positional prefixes, then one object with names that were not given. */
export type Forms<R extends readonly unknown[], P extends readonly unknown[], N extends readonly PropertyKey[], K> =
  | [...R, ...P]
  | [...R, ...Options<K>]
  | (N extends readonly [infer A extends PropertyKey, ...infer _] ? [...R, ...Take1<P>, ...Options<Omit<K, A>>] : never)
  | (N extends readonly [infer A extends PropertyKey, infer B extends PropertyKey, ...infer _]
      ? [...R, ...Take2<P>, ...Options<Omit<K, A | B>>]
      : never)
  | (N extends readonly [
      infer A extends PropertyKey,
      infer B extends PropertyKey,
      infer C extends PropertyKey,
      ...infer _,
    ]
      ? [...R, ...Take3<P>, ...Options<Omit<K, A | B | C>>]
      : never);
/** The object of what may still be named. Where nothing may there is none: an empty type would take any object. */
type Options<K> = [keyof K] extends [never] ? never : [options: Partial<K>];
type Take1<P extends readonly unknown[]> =
  Required<P> extends readonly [infer _X, ...infer R]
    ? Required<P> extends readonly [...infer H, ...R]
      ? H
      : never
    : never;
type Take2<P extends readonly unknown[]> =
  Required<P> extends readonly [infer _X, infer _Y, ...infer R]
    ? Required<P> extends readonly [...infer H, ...R]
      ? H
      : never
    : never;
type Take3<P extends readonly unknown[]> =
  Required<P> extends readonly [infer _X, infer _Y, infer _Z, ...infer R]
    ? Required<P> extends readonly [...infer H, ...R]
      ? H
      : never
    : never;

/** What a binder receives: the arguments in the signature's order, undefined where absent. */
export type Given<P extends readonly unknown[]> = number extends P["length"]
  ? P
  : P extends readonly []
    ? []
    : P extends readonly [infer H, ...infer R]
      ? [H, ...Given<R>]
      : P extends readonly [(infer H)?, ...infer R]
        ? [H | undefined, ...Given<R>]
        : [];

/** The form in which the required arguments `Q` are named too. */
type ByName<First extends readonly unknown[], Q, K> = [Q] extends [never] ? never : [...First, options: Q & Partial<K>];

export declare const BOUND: unique symbol;

/** An operator with the function type F and the method type M. */
export type Op<F, M> = F & Meta<M>;
/** One whose function has many forms of call: B is what its binder receives. */
export type OpOf<F, M, B extends readonly unknown[]> = Op<F, M> & { readonly [BOUND]: B };
/** x → tensor. */
export type Op1 = Op<(x: Tensor) => Tensor, () => Tensor>;
/** Two tensors. */
export type Op2T = Op<(a: Tensor, b: Tensor) => Tensor, (b: Tensor) => Tensor>;
/**
 * One tensor, then optional arguments: P are the positional ones with their labels, N their names in order, K all that
 * may be named (keyword-only ones too).
 */
export type OpK<P extends readonly unknown[], N extends readonly PropertyKey[], K, R = Tensor> = Op<
  (...args: Forms<[x: Tensor], P, N, K>) => R,
  (...args: Forms<[], P, N, K>) => R
> &
  Bound<[], P>;
/** As OpK, with the required arguments Q between the tensor and the optional ones, and M for their names. */
export type OpQ<
  Q extends readonly unknown[],
  P extends readonly unknown[],
  N extends readonly PropertyKey[],
  K,
  R = Tensor,
  M = never,
> = Op<
  (...args: Forms<[x: Tensor, ...Q], P, N, K> | ByName<[x: Tensor], M, K>) => R,
  (...args: Forms<Q, P, N, K> | ByName<[], M, K>) => R
> &
  Bound<Q, P>;
/** An operator of a tensor and the required arguments Q, whose names are M. */
export type OpN<Q extends readonly unknown[], M, R = Tensor> = OpQ<Q, [], [], object, R, M>;
/** As OpQ, for a function that is no method: R are its required arguments, M the names of all but the first. */
export type FnQ<
  R extends readonly unknown[],
  P extends readonly unknown[],
  N extends readonly PropertyKey[],
  K,
  Result = Tensor,
  M = never,
> = ((
  ...args: Forms<R, P, N, K> | ByName<R extends readonly [infer X, ...unknown[]] ? [x: X] : [], M, K>
) => Result) & { readonly [BOUND]: [...Given<R>, ...Given<P>] };
/** What a binder receives. An interface, whose members are looked at late: Tensor is made of types that mention it. */
interface Bound<Q extends readonly unknown[], P extends readonly unknown[]> {
  readonly [BOUND]: [x: Tensor, ...Given<Q>, ...Given<P>];
}

/** Several results as an array with names. */
export type Named<N extends readonly string[]> = { -readonly [I in keyof N]: Tensor } & {
  readonly [K in N[number]]: Tensor;
};

// ── the rule ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What is known of a tensor before it is computed. A Tensor is its own spec. */
export interface Spec {
  readonly code: number;
  readonly layout: Layout;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly ndim: number;
}

export type Input = Tensor | null | readonly Tensor[];
export type Inputs = Readonly<Record<string, Input>>;
export type Attrs = Readonly<Record<string, unknown>>;

export type SpecsOf<N> = {
  readonly [K in keyof N]: N[K] extends readonly Tensor[] ? readonly Spec[] : null extends N[K] ? Spec | null : Spec;
};
export type SavedOf<S extends string, N> = {
  readonly [K in S]: K extends keyof N ? N[K] : Tensor;
};
export type OutputsOf<O extends string> = { readonly [K in O]: Tensor };
/** The cotangent of the result, or one by name (null where none came) for several results. */
export type CotangentOf<O extends string> = [O] extends ["out"] ? Tensor : { readonly [K in O]: Tensor | null };
/**
 * One thunk an input, called only if the cotangent is needed; for a list of tensors a function of the place. null says
 * that none flows, on purpose. The engine sums what a thunk returns to the input's shape, takes the real part for a real
 * input and casts to its dtype: a rule never does.
 */
export type CotangentsOf<N> = {
  readonly [K in keyof N]: N[K] extends readonly Tensor[] ? ((i: number) => Tensor) | null : (() => Tensor) | null;
};

/** Where kernels put cotangents: a dense tensor of its input's shape and dtype for each that is wanted, null for the others. */
export type IntoOf<N> = { readonly [K in keyof N]: Tensor | null };

/** What a view is a view of. `offset` is that of the first element in the storage, in elements. */
export interface ViewSource extends Spec {
  readonly offset: number;
}

/** The layout of a view and its offset in the storage, both in elements of its own dtype: `code` where that changes. */
export interface ViewOf {
  readonly layout: Layout;
  readonly offset: number;
  readonly code?: number;
}

/**
 * What an operator is. Give `infer` and one of: a kernel (`kernel` or `kernelName`, with `launch`), a formula
 * (`decompose`), a view (`view`), or a data-dependent computation (`dynamic`). With a kernel and a formula, the formula
 * is the fallback on devices and dtypes without the kernel.
 */
export interface Rule<N, A, S extends string, O extends string> {
  /** Checks the arguments and gives the result's spec, or one an output. Reads no values. Views need none. */
  infer?(inputs: SpecsOf<N>, attrs: A): Spec | readonly Spec[];

  /** A kernel `name_suffix`: the suffix is that of the first input (or of `kernelBy`); narrow dtypes are widened around it. */
  readonly kernel?: string;
  /** The input whose dtype chooses the kernel; "out" for the result. */
  readonly kernelBy?: (keyof N & string) | "out";
  /** Inputs that are not widened with the one that chooses the kernel, though their dtype be the same (masks). */
  readonly asIs?: readonly (keyof N & string)[];
  /** A kernel by its full name, without widening. null: not in this case, decompose. */
  kernelName?(inputs: SpecsOf<N>, attrs: A): string | null;
  /** A pointwise kernel: the funnel broadcasts, promotes, widens and walks the strides. Set by the families. */
  readonly pointwise?: Pointwise;
  /** Fills the block and runs. Inputs arrive dense unless `strided`. */
  launch?(k: Kernels, inputs: N, outputs: OutputsOf<O>, attrs: A): void;
  /** Writes the result into a tensor of any strides that overlaps no input; instead of `launch`, for what is a copy. */
  into?(target: Tensor, inputs: N, attrs: A): void;
  /** Makes the results of `launch` where they are not dense, each with memory of its own. */
  places?(specs: readonly Spec[], backend: Backend, inputs: N): readonly Tensor[];
  /** True where `launch` reads the strides of its inputs itself. */
  readonly strided?: boolean;
  /** True where it also writes any strides, each element from those at its place: an in-place form launches over its input. */
  readonly elementwise?: boolean;
  /** The formula over other operators; null where it does not hold, which leaves the host step. */
  decompose?(inputs: N, attrs: A): Tensor | readonly Tensor[] | null;
  /** The layout of a view of the first input. */
  view?(x: ViewSource, attrs: A): ViewOf;
  /** Results whose shape depends on values: computed at once on a device that can. */
  dynamic?(inputs: N, attrs: A): Tensor | readonly Tensor[];

  /** What the tape keeps: inputs by name, "out" (or an output's name), or nothing. Shapes and dtypes are always there. */
  readonly saves?: readonly S[];
  vjp?(g: CotangentOf<O>, saved: SavedOf<S, N>, attrs: A, specs: SpecsOf<N>): CotangentsOf<N>;
  /**
   * The cotangents that are wanted, by kernels in one go: what runs in place of `vjp` where the backward is not itself recorded
   * and nobody interprets. The operands come as they lie. False, and nothing is done, where `vjp` has to give them, as it does
   * where a kernel is missing. Not for lists of tensors.
   */
  backward?(k: Kernels, g: CotangentOf<O>, saved: SavedOf<S, N>, into: IntoOf<N>, attrs: A): boolean;

  /** What PyTorch prints for its node where that is not its own name: "AddmmBackward0", "SumBackward1". For people only. */
  readonly node?: string | ((inputs: SpecsOf<N>, attrs: A) => string);

  /** Names of the outputs, in order, where there are several. */
  readonly outputs?: readonly O[];
  /** False: several results come as a bare array, for operators that only others call. Names take as long as a launch. */
  readonly named?: false;
  /** The outputs through which gradients flow; all that have a differentiable dtype where absent. */
  readonly differentiable?: readonly NoInfer<O>[];
  /** Inputs that the kernel writes. */
  readonly mutates?: readonly (keyof N & string)[];
  /** True where it draws random numbers: never merged, reordered or folded. */
  readonly random?: boolean;

  /** False: a function only. A function: how the method calls it. "attribute": a getter. */
  readonly method?: false | "attribute" | ((self: Tensor, ...args: never[]) => unknown);
  /** Argument lists for the derived tests; made when they are asked for, so that a bundler can drop an operator that nobody uses. */
  readonly samples?: () => readonly Sample[];
}

/** A spec of a test's argument; see `f32` and its like in samples.ts. */
export interface TensorSample {
  readonly sample: true;
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Where the values lie. */
  readonly low: number;
  readonly high: number;
}
export type Sample = readonly unknown[];

/** How a pointwise operator computes. */
export interface Pointwise {
  /** The kernel's name before the suffix of the computing dtype. */
  readonly kernel: string;
  /** The dtype that the operands are brought to. */
  compute(operands: readonly Spec[]): number;
  /** True where the kernel writes bytes 0 and 1. */
  readonly bool: boolean;
  /** The parameters p0 and p1, from the attributes. */
  params?(attrs: Attrs): readonly [number, number];
  /**
   * The meaning for one element, for the reference device and for emitters: an expression over the inputs' names and p0,
   * p1, with the operators of JavaScript's arithmetic, comparisons, `&& || !`, `c ? a : b` and functions by their names
   * in C (`exp(x)`, `max(a, b)`, `erf(x)` …).
   */
  readonly expr?: string;
}

/** A rule as the funnel sees it, its types forgotten: the declaration has checked them. */
export type AnyRule = Rule<Inputs, Attrs, string, string>;
