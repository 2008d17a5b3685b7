// Families of operators: what their members have in common is said once, here.

import {
  BOOL,
  broadcast,
  DTypeError,
  defaultFloat,
  dense,
  isComplex,
  isDifferentiable,
  isHalf,
  isIntegral,
  isScalar,
  REAL,
  resultType,
  type Scalar,
  scalarKind,
  showValue,
  withOuter,
} from "../core/index.ts";
import type { Backend, Kernel } from "../device/index.ts";
import { allocate, isTracked, scalarTensor, Tensor } from "../tensor/index.ts";
import { wrongArgument } from "./bind.ts";
import { context } from "./context.ts";
import { showView } from "./dispatch.ts";
import { computing, fullName, POINTWISE_GRAIN, pointwiseAs } from "./launch.ts";
import { Operator, publish, spec } from "./operator.ts";
import { record } from "./tape.ts";
import type {
  AnyRule,
  Attrs,
  CotangentsOf,
  Op,
  Op1,
  Op2T,
  Pointwise,
  Sample,
  SavedOf,
  Spec,
  SpecsOf,
  ViewOf,
  ViewSource,
} from "./types.ts";

/**
 * The dtype of a result: that of the operands; a floating one (integers become float32); bool; or real, of a complex
 * operand.
 */
export type ResultKind = "same" | "float" | "bool" | "real";

interface MemberOf<N, S extends string> {
  readonly result?: ResultKind;
  /** The meaning for one element, over the inputs' names. */
  readonly expr?: string;
  readonly kernel?: string;
  readonly saves?: readonly S[];
  vjp?(g: Tensor, saved: SavedOf<S, N>, attrs: Attrs, specs: SpecsOf<N>): CotangentsOf<N>;
  decompose?(inputs: N, attrs: Attrs): Tensor | null;
  /** The dtype that the operands are brought to, where promotion does not say it. */
  compute?(operands: readonly Spec[]): number;
  /** Throws for dtypes that the operator does not take. */
  check?(inputs: SpecsOf<N>): void;
  readonly samples?: () => readonly Sample[];
  readonly node?: string;
  readonly method?: false;
}

interface BinaryOf<S extends string> extends MemberOf<Binary, S> {
  /** Which operands may be numbers: either (the default), the second, none. */
  readonly numbers?: "other" | "none";
  /** `alpha`, a factor of the second operand: how the two are multiplied. */
  alpha?(other: Operand, alpha: Scalar): Operand;
}

type Unary = { readonly x: Tensor };
type Binary = { readonly a: Tensor; readonly b: Tensor };

const NO_ATTRS: Attrs = Object.freeze({});

/** Element-wise over one tensor: `name_dtype` of assembly/pointwise is the kernel. */
export function unary<const S extends "x" | "out" = never>(name: string, member: MemberOf<Unary, S>): Op1 {
  const kind = member.result ?? "same";
  const pointwise: Pointwise = {
    kernel: member.kernel ?? name,
    compute: member.compute ?? (([x]) => (kind === "float" && isIntegral(x!.code) ? defaultFloat() : x!.code)),
    bool: kind === "bool",
    ...(member.expr === undefined ? {} : { expr: member.expr }),
  };
  const rule = {
    infer: (inputs: SpecsOf<Unary>) => {
      member.check?.(inputs);
      return spec(
        resultCode(kind, pointwise.compute([inputs.x])),
        inputs.x.layout.contiguous ? inputs.x.layout : dense(inputs.x.shape),
      );
    },
    pointwise,
    ...shared(member),
  } as unknown as AnyRule;
  const operator = new Operator(name, "input", (x) => [{ x: asTensor(x, name, "input") }], rule);
  operator.inputNames = ["x"];
  const quick = new Quick(operator);
  const general = publish(operator);
  const f = (x: Tensor, ...rest: unknown[]): unknown => {
    if (rest.length === 0 && x instanceof Tensor && context.interpreter === null && x.layout.contiguous) {
      try {
        const y = quick.unary(x);
        if (y !== null) return y;
      } catch (error) {
        throw withOuter(error, name);
      }
    }
    return general(x, ...rest);
  };
  return publish(operator, f as (...args: never[]) => unknown) as unknown as Op1;
}

/** A tensor or a number. */
export type Operand = Tensor | Scalar;
export type Op2 = Op<(a: Operand, b: Operand) => Tensor, (b: Operand) => Tensor>;

/** Two operands and a factor of the second. */
export type Op2A = Op<
  (a: Operand, b: Operand, options?: { alpha?: Scalar }) => Tensor,
  (b: Operand, options?: { alpha?: Scalar }) => Tensor
>;
/** A tensor, and a tensor or a number. */
export type Op2N = Op<(a: Tensor, b: Operand) => Tensor, (b: Operand) => Tensor>;

type Part = "a" | "b" | "out";

/** Element-wise over two tensors that broadcast, either of which may be a number. */
export function binary<const S extends Part = never>(
  name: string,
  member: BinaryOf<S> & { alpha(other: Operand, alpha: Scalar): Operand },
): Op2A;
export function binary<const S extends Part = never>(name: string, member: BinaryOf<S> & { numbers: "none" }): Op2T;
export function binary<const S extends Part = never>(name: string, member: BinaryOf<S> & { numbers: "other" }): Op2N;
export function binary<const S extends Part = never>(name: string, member: BinaryOf<S>): Op2;
export function binary<const S extends Part = never>(name: string, member: BinaryOf<S>): unknown {
  const kind = member.result ?? "same";
  const pointwise: Pointwise = {
    kernel: member.kernel ?? name,
    compute:
      member.compute ??
      ((operands) => {
        const common = resultType(operands);
        return kind === "float" && isIntegral(common) ? defaultFloat() : common;
      }),
    bool: kind === "bool",
    ...(member.expr === undefined ? {} : { expr: member.expr }),
  };
  const rule = {
    infer: (inputs: SpecsOf<Binary>) => {
      member.check?.(inputs);
      const { a, b } = inputs;
      const code = resultCode(kind, pointwise.compute([a, b]));
      return spec(
        code,
        a.layout === b.layout && a.layout.contiguous ? a.layout : dense(broadcast(name, [a.layout, b.layout])),
      );
    },
    pointwise,
    ...shared(member),
  } as unknown as AnyRule;
  const { numbers, alpha: times } = member;
  const bind = (a: unknown, b: unknown, alpha: unknown): [{ a: Tensor; b: Tensor }] => {
    if (numbers !== undefined) asTensor(a, name, "input");
    if (numbers === "none") asTensor(b, name, "other");
    return [asOperands(name, a, alpha == null ? b : times!(b as Operand, alpha as Scalar))];
  };
  const operator = new Operator(name, times === undefined ? "input, other" : "input, other, *, alpha?", bind, rule);
  operator.inputNames = ["a", "b"];
  const quick = new Quick(operator);
  const general = publish(operator);
  const f = (a: unknown, b: unknown, ...rest: unknown[]): unknown => {
    if (rest.length === 0 && context.interpreter === null) {
      try {
        const y = straight(a, b);
        if (y !== null) return y;
      } catch (error) {
        throw withOuter(error, name);
      }
    }
    return general(a, b, ...rest);
  };
  const straight = (a: unknown, b: unknown): Tensor | null => {
    if (a instanceof Tensor && b instanceof Tensor) {
      if (a.code !== b.code) return null;
      return a.layout === b.layout && a.layout.contiguous ? quick.binary(a, b, a, 1, 1) : quick.spread(a, b);
    }
    if (a instanceof Tensor && a.layout.contiguous) {
      return typeof b === "number" && numbers !== "none" ? quick.withNumber(a, b, false) : null;
    }
    const second = typeof a === "number" && numbers === undefined && b instanceof Tensor && b.layout.contiguous;
    return second ? quick.withNumber(b, a, true) : null;
  };
  return publish(operator, f as (...args: never[]) => unknown);
}

function shared(member: object): Partial<AnyRule> {
  const { saves, vjp, decompose, samples, node, method } = member as AnyRule;
  return {
    ...(saves === undefined ? {} : { saves }),
    ...(vjp === undefined ? {} : { vjp }),
    ...(decompose === undefined ? {} : { decompose }),
    ...(samples === undefined ? {} : { samples }),
    ...(node === undefined ? {} : { node }),
    ...(method === undefined ? {} : { method }),
  };
}

function resultCode(kind: ResultKind, code: number): number {
  return kind === "bool" ? BOOL : kind === "real" ? REAL[code]! : code;
}

/** How a dtype is computed without a cast: the kernel, and the dtype of the result. */
interface Way {
  readonly kernel: Kernel;
  readonly out: number;
  /** The dtype that the kernel computes in: float32 for the half types. */
  readonly by: number;
}

/** Runs the kernel on operands of the dtype `code`. */
function launchAs({ kernel, out, by }: Way, code: number, y: Tensor, operands: readonly Tensor[]): void {
  pointwiseAs(y.storage.backend, kernel, by, out === code ? by : out, y, operands, 0, 0);
}

/** The straight line for operands of one dtype, and where they are dense and alike for no more than their launch. */
class Quick {
  readonly #operator: Operator;
  #backend: Backend | null = null;
  #ways: (Way | null | undefined)[] = [];

  constructor(operator: Operator) {
    this.#operator = operator;
  }

  unary(x: Tensor): Tensor | null {
    const { backend, allocation } = x.storage;
    if (allocation === null) return null; // the general way says what is wrong
    const way = this.#way(backend, x.code);
    if (way === null) return null;
    const tracked = context.grad && x.auto !== null && isTracked(x);
    if (tracked && this.#operator.rule.vjp === undefined) return null;
    const { layout } = x;
    const y = allocate(backend, way.out, layout);
    const n = layout.size;
    if (way.by !== x.code) launchAs(way, x.code, y, [x]);
    else if (n > 0) {
      backend
        .command(way.kernel)
        .int(1)
        .real(0)
        .real(0)
        .buffer(y.storage.allocation!, 0)
        .buffer(allocation, x.offset * x.elementSize())
        .int(n)
        .int(1)
        .int(1)
        .run(n, POINTWISE_GRAIN);
    }
    if (tracked) record(this.#operator, [x], NO_ATTRS, [y], null);
    return y;
  }

  /** A tensor and a number that does not change its dtype. */
  withNumber(x: Tensor, value: number, first: boolean): Tensor | null {
    const { code } = x;
    const stays = isDifferentiable(code) || (code !== BOOL && Number.isInteger(value));
    if (!stays || this.#way(x.storage.backend, code) === null) return null;
    const number = scalarTensor(value, code, x.storage.backend);
    return first ? this.binary(number, x, x, 0, 1) : this.binary(x, number, x, 1, 0);
  }

  /** Of one dtype, as they lie: they broadcast to the result. */
  spread(a: Tensor, b: Tensor): Tensor | null {
    const { backend } = a.storage;
    const way = this.#wayOf(a, b);
    const tracked = way !== null && context.grad && (isTracked(a) || isTracked(b));
    if (way === null || (tracked && this.#operator.rule.vjp === undefined)) return null;
    const y = allocate(backend, way.out, dense(broadcast(this.#operator.name, [a.layout, b.layout])));
    launchAs(way, a.code, y, [a, b]);
    if (tracked) record(this.#operator, [a, b], NO_ATTRS, [y], null);
    return y;
  }

  #wayOf(a: Tensor, b: Tensor): Way | null {
    const { backend, allocation } = a.storage;
    if (allocation === null || b.storage.allocation === null || b.storage.backend !== backend) return null;
    return this.#way(backend, a.code);
  }

  /** `like` is the operand with the result's layout; an operand with step 0 is one element. */
  binary(a: Tensor, b: Tensor, like: Tensor, stepA: number, stepB: number): Tensor | null {
    const { backend } = a.storage;
    const way = this.#wayOf(a, b);
    const tracked = way !== null && context.grad && (isTracked(a) || isTracked(b));
    if (way === null || (tracked && this.#operator.rule.vjp === undefined)) return null;
    const { layout } = like;
    const y = allocate(backend, way.out, layout);
    const n = layout.size;
    if (way.by !== a.code) launchAs(way, a.code, y, [a, b]);
    else if (n > 0) {
      backend
        .command(way.kernel)
        .int(1)
        .real(0)
        .real(0)
        .buffer(y.storage.allocation!, 0)
        .buffer(a.storage.allocation!, a.offset * a.elementSize())
        .buffer(b.storage.allocation!, b.offset * b.elementSize())
        .int(n)
        .int(1)
        .int(stepA)
        .int(stepB)
        .run(n, POINTWISE_GRAIN);
    }
    if (tracked) record(this.#operator, [a, b], NO_ATTRS, [y], null);
    return y;
  }

  #way(backend: Backend, code: number): Way | null {
    if (this.#backend !== backend) {
      this.#backend = backend;
      this.#ways = [];
    }
    let way = this.#ways[code];
    if (way === undefined) {
      way = this.#find(backend, code);
      this.#ways[code] = way;
    }
    return way;
  }

  /** Null for a dtype that is refused, promoted or has no kernel, and for narrow integers: the general way sees to those. */
  #find(backend: Backend, code: number): Way | null {
    const { rule, inputNames } = this.#operator;
    const { kernel, compute } = rule.pointwise!;
    const x = spec(code, []);
    const inputs = Object.fromEntries(inputNames.map((name) => [name, x]));
    const by = computing(backend, kernel, code);
    if (compute(inputNames.map(() => x)) !== code || by < 0 || (by !== code && !isHalf(code))) return null;
    try {
      const out = rule.infer!(inputs, NO_ATTRS) as Spec;
      return { kernel: backend.kernel(fullName(kernel, by))!, out: out.code, by };
    } catch {
      return null;
    }
  }
}

/** A view: `layout` gives the result's layout and offset; nothing is copied. */
export interface ViewMember<A> {
  view(x: ViewSource, attrs: A): ViewOf;
  vjp(g: Tensor, attrs: A, x: Spec): Tensor;
  readonly samples?: () => readonly Sample[];
  readonly node?: string | ((inputs: { readonly x: Spec }, attrs: A) => string);
  readonly method?: false | "attribute";
}

/** An operator whose result shows the elements of its input through another layout. */
export function view<F extends (...args: never[]) => unknown, A extends object>(
  name: string,
  signature: string,
  bind: (...args: never[]) => readonly [{ readonly x: Tensor }, A],
  member: ViewMember<NoInfer<A>>,
): F {
  const { vjp, ...rest } = member;
  const rule = {
    ...rest,
    saves: [],
    vjp: (g: Tensor, _saved: unknown, attrs: A, { x }: { x: Spec }) => ({ x: () => vjp(g, attrs, x) }),
  } as unknown as AnyRule;
  const operator = new Operator(name, signature, bind as never, rule);
  operator.inputNames = ["x"];
  const f = (...args: unknown[]): Tensor => {
    const { inputs, attrs } = operator.bound(args);
    return showView(operator, asTensor(inputs["x"], name, "input"), attrs);
  };
  return publish(operator, f as (...args: never[]) => unknown) as unknown as F;
}

// ── arguments ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A tensor argument. Throws TypeError for what is none. */
export function asTensor(x: unknown, op: string, name: string): Tensor {
  if (x instanceof Tensor) return x;
  const foreign = typeof x === "object" && x !== null && "storage" in x && "layout" in x;
  throw wrongArgument(
    op,
    name,
    x,
    foreign ? "a Tensor of this copy of flambeau: it comes from another one" : "a Tensor",
  );
}

/** Two operands, one of which may be a number: it becomes a 0-dim tensor of the dtype that promotion gives it. */
export function asOperands(op: string, a: unknown, b: unknown): { a: Tensor; b: Tensor } {
  if (a instanceof Tensor) return { a, b: b instanceof Tensor ? b : wrapped(op, "other", b, a) };
  if (b instanceof Tensor) return { a: wrapped(op, "input", a, b), b };
  throw new TypeError(`${op}: expected a Tensor, got ${showValue(a)} and ${showValue(b)}`);
}

/** A number as the partner of a tensor. */
export function wrapped(op: string, name: string, value: unknown, partner: Tensor): Tensor {
  if (!isScalar(value)) throw wrongArgument(op, name, value, "a Tensor or a number");
  return scalarTensor(value, resultType([partner, scalarKind(value)]), partner.storage.backend);
}

/** The dtype that a list of tensors is brought to. */
export function commonType(tensors: readonly Spec[]): number {
  return resultType(tensors);
}

/** Throws DTypeError for a complex operand. */
export function noComplex(op: string, ...specs: readonly Spec[]): void {
  for (const x of specs) if (isComplex(x.code)) throw new DTypeError(`${op}: not defined for ${x.dtype}`);
}
