// Random tensors, number for number as PyTorch draws them on the CPU: a float32 uniform takes one draw of 32 bits, a
// float64 one takes two; the kernels (assembly/random) have the rest.

import {
  BFLOAT16,
  BOOL,
  broadcast,
  DTypeError,
  defaultFloat,
  dense,
  FLOAT16,
  FLOAT32,
  FLOAT64,
  INT8,
  INT16,
  INT32,
  INT64,
  isComplex,
  isFloating,
  isIntegral,
  REAL,
  resultType,
  ShapeError,
  SUFFIX,
  show,
  strided,
  UINT8,
  ValueError,
} from "../core/index.ts";
import {
  type Attrs,
  asTensor,
  bindArguments,
  Call,
  copyInto,
  inPlace,
  need,
  noGrad,
  type Op,
  op,
  spec,
  toCode,
  toDense,
} from "../op/index.ts";
import { allocate, defaultDevice, readAllSync, reader, scalarTensor, Tensor } from "../tensor/index.ts";
import { gathered, realNumber, sizesOf, whole } from "./arguments.ts";
import { add, div, mul } from "./binary.ts";
import { composed } from "./composed.ts";
import { copy_ } from "./copy.ts";
import { codeOr, FACTORY, type FactoryOptions, finished, type SizesAnd, zeros, zerosLike } from "./create.ts";
import { argmax } from "./extreme.ts";
import { type Generator, generatorOf } from "./generator.ts";
import { amax, amin, sum } from "./reduce.ts";
import { topk } from "./sort.ts";
import { expand } from "./view.ts";

// ── draws ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Fills `y` by a kernel that draws, in the dtype `code`: directly where y is dense and of that dtype. A kernel that draws
 * is one unit of work, for every number depends on those before.
 */
function draw(y: Tensor, kernel: string, code: number, generator: Generator, parameters: (call: Call) => Call): void {
  if (y.layout.size === 0) return;
  const { backend } = y.storage;
  const { state } = generator; // before the launch begins: it may need one itself
  const direct = y.code === code && y.layout.contiguous;
  const target = direct ? y : allocate(backend, code, dense(y.shape));
  const call = new Call(backend.command(need(backend, `${kernel}_${SUFFIX[code]}`)));
  parameters(call.int(target.numel()).tensor(state).tensor(target)).run(1, 1);
  if (!direct) copyInto(y, target);
}

/** The dtype in which a kernel draws floats. */
const drawn = (code: number): number => (code === FLOAT64 ? FLOAT64 : FLOAT32);
/** Bits of a uniform number, by the dtype that it is for. */
const bitsOf = (code: number): number => (code === FLOAT16 ? 11 : code === BFLOAT16 ? 8 : 24);

type Drawing = { readonly generator: Generator } & Attrs;

interface Distribution<A extends Drawing> {
  /** A new tensor. */
  fresh(shape: readonly number[], code: number, device: string, attrs: A): Tensor;
  /** Over x. */
  over(x: Tensor, attrs: A): Tensor;
}

/** The two operators of a distribution: a new tensor, and an old one with new values. */
function distribution<A extends Drawing>(name: string, fill: (y: Tensor, attrs: A) => void): Distribution<A> {
  // The attributes travel in a list: a plain object in the last place would be taken for options.
  const fresh = op(
    name,
    "size, code, device, attrs",
    (shape: readonly number[], code: number, device: string, [attrs]: readonly [A]) => [
      {},
      { shape, code, device, attrs },
    ],
    {
      infer: (_inputs, { shape, code }) => spec(code, shape),
      random: true,
      into: (y, _inputs, { attrs }) => fill(y, attrs),
    },
  ) as (shape: readonly number[], code: number, device: string, attrs: readonly [A]) => Tensor;
  const over = op(name, "input, attrs", (x: Tensor, [attrs]: readonly [A]) => [{ x }, { attrs }], {
    infer: ({ x }) => spec(x.code, x.shape),
    random: true,
    into: (y, _inputs, { attrs }) => fill(y, attrs),
    saves: [],
    vjp: (g) => ({ x: () => zerosLike(g) }),
  }) as (x: Tensor, attrs: readonly [A]) => Tensor;
  const overwrite = inPlace(over);
  return {
    fresh: (shape, code, device, attrs) => fresh(shape, code, device, [attrs]),
    over: (x, attrs) => overwrite(x, [attrs]),
  };
}

/** A complex tensor as its parts, a real one as it is. */
function parts(y: Tensor): Tensor {
  if (!isComplex(y.code)) return y;
  const { shape, strides } = y.layout;
  return new Tensor(y.storage, REAL[y.code]!, strided([...shape, 2], [...strides.map((s) => 2 * s), 1]), 2 * y.offset);
}

const uniform = /* @__PURE__ */ distribution<Drawing & { from: number; to: number }>(
  "uniform",
  (y, { from, to, generator }) => {
    const x = parts(y);
    draw(x, "uniform", drawn(x.code), generator, (call) => {
      call.real(from).real(to);
      return drawn(x.code) === FLOAT32 ? call.real(bitsOf(x.code)) : call;
    });
  },
);

const gauss = /* @__PURE__ */ distribution<Drawing & { mean: number; std: number }>(
  "normal",
  (y, { mean, std, generator }) => {
    const x = parts(y);
    // Both parts of a complex number have half of its variance.
    const deviation = isComplex(y.code) ? std / Math.SQRT2 : std;
    draw(x, "normal", drawn(x.code), generator, (call) => call.real(mean).real(deviation).real(bitsOf(x.code)));
  },
);

const coin = /* @__PURE__ */ distribution<Drawing & { p: number; hit: number }>(
  "bernoulli",
  (y, { p, hit, generator }) => {
    const code = isFloating(y.code) ? drawn(y.code) : BOOL;
    draw(y, "bernoulli", code, generator, (call) => call.real(p).real(hit));
  },
);

const integers = /* @__PURE__ */ distribution<Drawing & { low: bigint; range: bigint }>(
  "randint",
  (y, { low, range, generator }) => {
    draw(y, "randint", INT64, generator, (call) => call.long(BigInt.asIntN(64, range)).long(low));
  },
);

/** Whole numbers over all that the dtype holds exactly. */
const anyInteger = /* @__PURE__ */ distribution<Drawing>("random", (y, { generator }) => {
  const range = WHOLE[y.code]!;
  if (y.code === INT64 || y.code === FLOAT64)
    draw(y, "randint", INT64, generator, (call) => call.long(BigInt.asIntN(64, range)).long(0n));
  else draw(y, "random", INT64, generator, (call) => call.long(range));
});

/** How many numbers `random_` chooses from, by dtype: 0 and the positive ones of an integer, those below 2^(bits) of a float. */
const WHOLE: Readonly<Record<number, bigint>> = {
  [BOOL]: 2n,
  [UINT8]: 2n ** 8n,
  [INT8]: 2n ** 7n,
  [INT16]: 2n ** 15n,
  [INT32]: 2n ** 31n,
  [INT64]: 2n ** 63n,
  [FLOAT16]: 2n ** 11n + 1n,
  [BFLOAT16]: 2n ** 8n + 1n,
  [FLOAT32]: 2n ** 24n + 1n,
  [FLOAT64]: 2n ** 53n + 1n,
};

const shuffled = /* @__PURE__ */ distribution<Drawing>("randperm", (y, { generator }) => {
  draw(y, "randperm", INT64, generator, (call) => call);
});

/** A distribution given by the inverse of its cumulative function, with up to two parameters. */
function inverse(kernel: string): Distribution<Drawing & { p0: number; p1: number }> {
  return distribution(kernel, (y, { p0, p1, generator }) => {
    draw(y, kernel, drawn(y.code), generator, (call) => call.real(p0).real(p1));
  });
}

const exponential = /* @__PURE__ */ inverse("exponential");
const geometric = /* @__PURE__ */ inverse("geometric");
const cauchy = /* @__PURE__ */ inverse("cauchy");
const logNormal = /* @__PURE__ */ inverse("log_normal");

// ── new tensors ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a random factory takes by name. */
export interface RandomOptions extends FactoryOptions {
  generator?: Generator | null;
}
const RANDOM = `*, generator?, ${FACTORY.slice(3)}`;

/** The options' values in the order of RANDOM. */
interface Options {
  readonly generator: Generator;
  readonly code: number;
  readonly device: string;
  readonly requiresGrad: unknown;
}

function options(op: string, values: readonly unknown[], otherwise: number, device: string = defaultDevice()): Options {
  const [generator, dtype, where, requiresGrad] = values;
  return {
    generator: generatorOf(generator, op),
    code: codeOr(dtype, otherwise, op),
    device: (where as string | null | undefined) ?? device,
    requiresGrad,
  };
}

function mustFloat(op: string, code: number, kind: string = "floating point or complex"): void {
  if (isIntegral(code)) throw new DTypeError(`${op}: only defined for ${kind} dtypes, got ${spec(code, []).dtype}`);
}

type Random = (...args: SizesAnd<RandomOptions>) => Tensor;
type RandomLike = (x: Tensor, options?: RandomOptions) => Tensor;

/** Uniform in [0, 1). */
export const rand: Random = (...args) => {
  const [size, ...rest] = bindArguments("rand", `size, ${RANDOM}`, gathered(args));
  const shape = sizesOf(size, "rand");
  return standard("rand", shape, options("rand", rest, defaultFloat()));
};

/** Normal with mean 0 and variance 1; of a complex number, the variance of both parts together. */
export const randn: Random = (...args) => {
  const [size, ...rest] = bindArguments("randn", `size, ${RANDOM}`, gathered(args));
  const shape = sizesOf(size, "randn");
  return standard("randn", shape, options("randn", rest, defaultFloat()));
};

/** As `rand`, with the shape, dtype and device of `x`. */
export const randLike: RandomLike = (...args) => {
  const [input, ...rest] = bindArguments("randLike", `input, ${RANDOM}`, args);
  const x = asTensor(input, "randLike", "input");
  return standard("rand", x.shape, options("randLike", rest, x.code, x.device));
};

/** As `randn`, with the shape, dtype and device of `x`. */
export const randnLike: RandomLike = (...args) => {
  const [input, ...rest] = bindArguments("randnLike", `input, ${RANDOM}`, args);
  const x = asTensor(input, "randnLike", "input");
  return standard("randn", x.shape, options("randnLike", rest, x.code, x.device));
};

function standard(
  op: "rand" | "randn",
  shape: readonly number[],
  { generator, code, device, requiresGrad }: Options,
): Tensor {
  mustFloat(op, code);
  const x =
    op === "rand"
      ? uniform.fresh(shape, code, device, { from: 0, to: 1, generator })
      : gauss.fresh(shape, code, device, { mean: 0, std: 1, generator });
  return finished(x, requiresGrad, op);
}

type Randint = {
  /** Whole numbers in [0, high). */
  (high: number, size: readonly number[], options?: RandomOptions): Tensor;
  /** Whole numbers in [low, high). */
  (low: number, high: number, size: readonly number[], options?: RandomOptions): Tensor;
};

/** Whole numbers in [low, high), low 0 by default; int64 unless `dtype` says otherwise. Throws where the range is empty. */
export const randint: Randint = (...args: unknown[]): Tensor => {
  const short = Array.isArray(args[1]);
  const values = bindArguments("randint", short ? `high, size, ${RANDOM}` : `low, high, size, ${RANDOM}`, args);
  const [low, high, size, ...rest] = short ? [0, ...values] : values;
  return between("randint", low, high, sizesOf(size, "randint"), options("randint", rest, INT64));
};

type RandintLike = {
  (x: Tensor, high: number, options?: RandomOptions): Tensor;
  (x: Tensor, low: number, high: number, options?: RandomOptions): Tensor;
};

/** As `randint`, with the shape, dtype and device of `x`. */
export const randintLike: RandintLike = (...args: unknown[]): Tensor => {
  const short = typeof args[2] !== "number";
  const values = bindArguments("randintLike", short ? `input, high, ${RANDOM}` : `input, low, high, ${RANDOM}`, args);
  const [input, low, high, ...rest] = short ? [values[0], 0, ...values.slice(1)] : values;
  const x = asTensor(input, "randintLike", "input");
  return between("randintLike", low, high, x.shape, options("randintLike", rest, x.code, x.device));
};

function between(
  op: string,
  from: unknown,
  to: unknown,
  shape: readonly number[],
  { generator, code, device, requiresGrad }: Options,
): Tensor {
  const { low, range } = interval(op, from, to);
  return finished(integers.fresh(shape, code, device, { low, range, generator }), requiresGrad, op);
}

function interval(op: string, from: unknown, to: unknown): { low: bigint; range: bigint } {
  const exact = (value: unknown, name: string): bigint =>
    typeof value === "bigint" ? value : BigInt(whole(value, op, name));
  const low = exact(from, "low");
  const range = exact(to, "high") - low;
  if (range <= 0n) throw new ValueError(`${op}: the range from ${low} to ${low + range} is empty: expected low < high`);
  return { low, range };
}

/** The numbers from 0 to n - 1 in random order; int64 unless `dtype` says otherwise. */
export const randperm: (n: number, options?: RandomOptions) => Tensor = (...args) => {
  const [count, ...rest] = bindArguments("randperm", `n, ${RANDOM}`, args);
  const n = whole(count, "randperm", "n");
  if (n < 0) throw new ValueError(`randperm: n is ${n}, expected 0 or more`);
  const { generator, code, device, requiresGrad } = options("randperm", rest, INT64);
  return finished(shuffled.fresh([n], code, device, { generator }), requiresGrad, "randperm");
};

const scaled: (mean: Tensor, std: Tensor, generator: Generator) => Tensor = /* @__PURE__ */ op(
  "normal",
  "mean, std, generator",
  (mean: Tensor, std: Tensor, generator: Generator) => [{ mean, std }, { generator }],
  {
    infer: ({ mean, std }) => spec(resultType([mean, std]), broadcast("normal", [mean.layout, std.layout])),
    random: true,
    decompose({ mean, std }, { generator }) {
      const code = resultType([mean, std]);
      const shape = broadcast("normal", [mean.layout, std.layout]);
      return add(mul(gauss.fresh(shape, code, mean.device, { mean: 0, std: 1, generator }), std), mean);
    },
    saves: [],
    vjp: (_g, _saved, _attrs, { mean, std }) => ({
      mean: () => zeros(mean.shape, { dtype: mean.dtype }),
      std: () => zeros(std.shape, { dtype: std.dtype }),
    }),
  },
);

type Normal = {
  (mean: Tensor, std?: Tensor | number, options?: { generator?: Generator | null }): Tensor;
  (mean: number, std: Tensor, options?: { generator?: Generator | null }): Tensor;
  (mean: number, std: number, size: readonly number[], options?: RandomOptions): Tensor;
};

/**
 * Normal numbers of the given means and standard deviations, which broadcast; with two numbers a new tensor of a size.
 * No gradient flows to them: it is 0.
 */
export const normal: Normal = (...args: unknown[]): Tensor => {
  const [mean, std, size, ...rest] = bindArguments("normal", `mean, std?, size?, ${RANDOM}`, args);
  if (mean instanceof Tensor || std instanceof Tensor) {
    const like = (mean instanceof Tensor ? mean : std) as Tensor;
    const asOne = (x: unknown, name: string): Tensor =>
      x instanceof Tensor
        ? x
        : scalarTensor(
            name === "std" ? deviation(x ?? 1, "normal") : realNumber(x, "normal", name),
            like.code,
            like.storage.backend,
          );
    return scaled(asOne(mean, "mean"), asOne(std, "std"), generatorOf(rest[0], "normal"));
  }
  const shape = sizesOf(size, "normal");
  const { generator, code, device, requiresGrad } = options("normal", rest, defaultFloat());
  mustFloat("normal", code);
  const x = gauss.fresh(shape, code, device, {
    mean: realNumber(mean, "normal", "mean"),
    std: deviation(std ?? 1, "normal"),
    generator,
  });
  return finished(x, requiresGrad, "normal");
};

// ── new values for old tensors ───────────────────────────────────────────────────────────────────────────────────────

type Fill2<A extends string, B extends string> = Op<
  (x: Tensor, ...args: readonly (number | FillOptions<A | B>)[]) => Tensor,
  (...args: readonly (number | FillOptions<A | B>)[]) => Tensor
>;
type FillOptions<N extends string> = Partial<Record<N, number>> & { generator?: Generator | null };

/** Fills `x` with uniform numbers in [from, to), [0, 1) by default. */
export const uniform_: Fill2<"from", "to"> = /* @__PURE__ */ composed(
  "uniform_",
  "input, from?, to?, *, generator?",
  (...args: unknown[]) => {
    const [input, from, to, generator] = args;
    const x = floats(input, "uniform_");
    const attrs = {
      from: realNumber(from ?? 0, "uniform_", "from"),
      to: realNumber(to ?? 1, "uniform_", "to"),
      generator: generatorOf(generator, "uniform_"),
    };
    if (attrs.from > attrs.to) throw new ValueError(`uniform_: from ${attrs.from} is beyond to ${attrs.to}`);
    return uniform.over(x, attrs);
  },
) as never;

/** Fills `x` with normal numbers, of mean 0 and standard deviation 1 by default. */
export const normal_: Fill2<"mean", "std"> = /* @__PURE__ */ composed(
  "normal_",
  "input, mean?, std?, *, generator?",
  (...args: unknown[]) => {
    const [input, mean, std, generator] = args;
    const attrs = {
      mean: realNumber(mean ?? 0, "normal_", "mean"),
      std: deviation(std ?? 1, "normal_"),
      generator: generatorOf(generator, "normal_"),
    };
    return gauss.over(floats(input, "normal_"), attrs);
  },
) as never;

/** Fills `x` with exponential numbers of a rate, 1 by default. */
export const exponential_: Fill2<"lambd", never> = /* @__PURE__ */ composed(
  "exponential_",
  "input, lambd?, *, generator?",
  (...args: unknown[]) => {
    const [input, lambd, generator] = args;
    const rate = realNumber(lambd ?? 1, "exponential_", "lambd");
    if (!(rate > 0)) throw new ValueError(`exponential_: lambd is ${rate}, expected more than 0`);
    return exponential.over(realFloats(input, "exponential_"), {
      p0: rate,
      p1: 0,
      generator: generatorOf(generator, "exponential_"),
    });
  },
) as never;

/** Fills `x` with the numbers of trials up to a success of probability `p`. */
export const geometric_: Fill2<"p", never> = /* @__PURE__ */ composed(
  "geometric_",
  "input, p, *, generator?",
  (...args: unknown[]) => {
    const [input, p, generator] = args;
    const x = asTensor(input, "geometric_", "input");
    if (isComplex(x.code) || x.code === BOOL) throw new DTypeError(`geometric_: not defined for ${x.dtype}`);
    const p0 = realNumber(p, "geometric_", "p");
    if (!(p0 > 0 && p0 < 1)) throw new ValueError(`geometric_: p is ${p0}, expected a number between 0 and 1`);
    return geometric.over(x, { p0, p1: 0, generator: generatorOf(generator, "geometric_") });
  },
) as never;

/** Fills `x` with numbers of Cauchy's distribution, of median 0 and width 1 by default. */
export const cauchy_: Fill2<"median", "sigma"> = /* @__PURE__ */ composed(
  "cauchy_",
  "input, median?, sigma?, *, generator?",
  (...args: unknown[]) => {
    const [input, median, sigma, generator] = args;
    const p1 = realNumber(sigma ?? 1, "cauchy_", "sigma");
    if (!(p1 > 0)) throw new ValueError(`cauchy_: sigma is ${p1}, expected more than 0`);
    return cauchy.over(realFloats(input, "cauchy_"), {
      p0: realNumber(median ?? 0, "cauchy_", "median"),
      p1,
      generator: generatorOf(generator, "cauchy_"),
    });
  },
) as never;

/** Fills `x` with the exponentials of normal numbers, of mean 1 and standard deviation 2 by default. */
export const logNormal_: Fill2<"mean", "std"> = /* @__PURE__ */ composed(
  "logNormal_",
  "input, mean?, std?, *, generator?",
  (...args: unknown[]) => {
    const [input, mean, std, generator] = args;
    const p1 = realNumber(std ?? 2, "logNormal_", "std");
    if (!(p1 > 0)) throw new ValueError(`logNormal_: std is ${p1}, expected more than 0`);
    return logNormal.over(realFloats(input, "logNormal_"), {
      p0: realNumber(mean ?? 1, "logNormal_", "mean"),
      p1,
      generator: generatorOf(generator, "logNormal_"),
    });
  },
) as never;

/**
 * Fills `x` with whole numbers: in [from, to), in [0, to) for one number, else in all that the dtype holds exactly from 0
 * on.
 */
export const random_: Fill2<"from", "to"> = /* @__PURE__ */ composed(
  "random_",
  "input, from?, to?, *, generator?",
  (...args: unknown[]) => {
    const [input, from, to, given] = args;
    const x = asTensor(input, "random_", "input");
    if (isComplex(x.code)) throw new DTypeError(`random_: not defined for ${x.dtype}`);
    const generator = generatorOf(given, "random_");
    if (from === undefined && to === undefined) return anyInteger.over(x, { generator });
    const bounds =
      to === undefined
        ? interval("random_", 0, from)
        : to === null
          ? interval("random_", from, WHOLE[x.code]!)
          : interval("random_", from ?? 0, to);
    return integers.over(x, { ...bounds, generator });
  },
) as never;

function floats(input: unknown, op: string): Tensor {
  const x = asTensor(input, op, "input");
  mustFloat(op, x.code);
  return x;
}

function realFloats(input: unknown, op: string): Tensor {
  const x = floats(input, op);
  if (isComplex(x.code)) throw new DTypeError(`${op}: not defined for ${x.dtype}`);
  return x;
}

function deviation(value: unknown, op: string): number {
  const std = realNumber(value, op, "std");
  if (!(std >= 0)) throw new ValueError(`${op}: std is ${std}, expected 0 or more`);
  return std;
}

// ── chances ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function chance(value: unknown, op: string): number {
  const p = realNumber(value, op, "p");
  if (!(p >= 0 && p <= 1)) throw new ValueError(`${op}: p is ${p}, expected a probability, from 0 to 1`);
  return p;
}

const coins: (p: Tensor, generator: Generator) => Tensor = /* @__PURE__ */ op(
  "bernoulli",
  "input, generator",
  (p: Tensor, generator: Generator) => [{ p }, { generator }],
  {
    infer({ p }) {
      if (!isFloating(p.code)) throw new DTypeError(`bernoulli: probabilities are floating point, got ${show(p)}`);
      return spec(p.code, p.shape);
    },
    random: true,
    into(y, { p }, { generator }) {
      const code = drawn(p.code);
      const limits = toDense(toCode(p, code));
      draw(y, "bernoulli_each", code, generator, (call) => call.tensor(limits));
    },
    saves: [],
    vjp: (g) => ({ p: () => zerosLike(g) }),
  },
);

type Bernoulli = Op<
  (
    x: Tensor,
    p?: number | { p?: number; generator?: Generator | null },
    options?: { generator?: Generator | null },
  ) => Tensor,
  (p?: number | { p?: number; generator?: Generator | null }, options?: { generator?: Generator | null }) => Tensor
>;

/** 1 with the probability that `x` has at the place, else 0; with `p`, with that probability everywhere. */
export const bernoulli: Bernoulli = /* @__PURE__ */ composed(
  "bernoulli",
  "input, p?, *, generator?",
  (...args: unknown[]) => {
    const [input, p, given] = args;
    const x = asTensor(input, "bernoulli", "input");
    const generator = generatorOf(given, "bernoulli");
    return p === undefined
      ? coins(x, generator)
      : coin.fresh(x.shape, x.code, x.device, { p: chance(p, "bernoulli"), hit: 1, generator });
  },
) as never;

type Bernoulli_ = Op<
  (
    x: Tensor,
    p?: number | Tensor | { p?: number | Tensor; generator?: Generator | null },
    options?: { generator?: Generator | null },
  ) => Tensor,
  (
    p?: number | Tensor | { p?: number | Tensor; generator?: Generator | null },
    options?: { generator?: Generator | null },
  ) => Tensor
>;

/** Fills `x` with 1 with the probability `p`, a number (0.5) or a tensor that broadcasts to it, else 0. */
export const bernoulli_: Bernoulli_ = /* @__PURE__ */ composed(
  "bernoulli_",
  "input, p?, *, generator?",
  (...args: unknown[]) => {
    const [input, p, given] = args;
    const x = asTensor(input, "bernoulli_", "input");
    const generator = generatorOf(given, "bernoulli_");
    if (p instanceof Tensor && p.ndim > 0) return copy_(x, coins(expand(p, x.shape), generator));
    return coin.over(x, { p: chance(p ?? 0.5, "bernoulli_"), hit: 1, generator });
  },
) as never;

/** `hit` with the probability `p`, else 0: the noise of dropout. @internal */
export function noise(
  shape: readonly number[],
  code: number,
  device: string,
  p: number,
  hit: number,
  generator: Generator,
): Tensor {
  return coin.fresh(shape, code, device, { p, hit, generator });
}

const choices: (p: Tensor, samples: number, generator: Generator) => Tensor = /* @__PURE__ */ op(
  "multinomial",
  "input, numSamples, generator",
  (p: Tensor, samples: number, generator: Generator) => [{ p }, { samples, generator }],
  {
    infer: ({ p }, { samples }) => spec(INT64, [...p.shape.slice(0, -1), samples]),
    random: true,
    into(y, { p }, { samples, generator }) {
      const code = drawn(p.code);
      const shares = toDense(toCode(p, code));
      const { state } = generator;
      const { backend } = y.storage;
      const categories = p.shape[p.ndim - 1]!;
      const sums = allocate(backend, code, dense([categories]));
      new Call(backend.command(need(backend, `multinomial_${SUFFIX[code]}`)))
        .int(p.numel() / categories)
        .tensor(state)
        .tensor(y)
        .tensor(shares)
        .ints([categories, samples])
        .tensor(sums)
        .run(1, 1);
    },
  },
);

type Multinomial = Op<
  {
    (x: Tensor, numSamples: number, ...rest: readonly (boolean | MultinomialOptions)[]): Tensor;
    (x: Tensor, options: MultinomialOptions & { numSamples: number }): Tensor;
  },
  {
    (numSamples: number, ...rest: readonly (boolean | MultinomialOptions)[]): Tensor;
    (options: MultinomialOptions & { numSamples: number }): Tensor;
  }
>;

export interface MultinomialOptions {
  /** May a category be drawn again? Default false. */
  replacement?: boolean;
  generator?: Generator | null;
}

/**
 * Categories drawn with the probabilities of `x`, whose rows need not add up to 1: [numSamples], or [rows, numSamples],
 * int64. Throws where a probability is negative, infinite or NaN, or a row adds up to 0.
 */
export const multinomial: Multinomial = /* @__PURE__ */ composed(
  "multinomial",
  "input, numSamples, replacement?, *, generator?",
  (...args: unknown[]) => {
    const [input, numSamples, replacement, given] = args;
    const x = asTensor(input, "multinomial", "input");
    if (x.ndim < 1 || x.ndim > 2)
      throw new ShapeError(`multinomial: ${show(x)} has ${x.ndim} dims, expected one or two`);
    if (!isFloating(x.code)) throw new DTypeError(`multinomial: probabilities are floating point, got ${show(x)}`);
    const samples = whole(numSamples, "multinomial", "numSamples");
    const categories = x.shape[x.ndim - 1]!;
    if (samples <= 0) throw new ValueError(`multinomial: numSamples is ${samples}, expected more than 0`);
    if (replacement !== true && samples > categories) {
      throw new ValueError(`multinomial: ${samples} samples of ${categories} categories need replacement`);
    }
    checkShares(x, categories);
    const generator = generatorOf(given, "multinomial");
    if (replacement === true && samples > 1) return choices(x, samples, generator);
    // A race of exponential times: the category with the greatest share over its time comes first.
    const race = div(x, exponential.fresh(x.shape, x.code, x.device, { p0: 1, p1: 0, generator }));
    return samples === 1 ? argmax(race, -1, true) : topk(race, samples).indices;
  },
) as never;

/** Whether all are 0 or more and each row's sum is a number above 0. */
function areShares(x: Tensor): boolean {
  if (x.numel() === 0 || !(Number(amin(x).item()) >= 0)) return false;
  const sums = sum(x, -1);
  return Number(amin(sums).item()) > 0 && Number(amax(sums).item()) < Number.POSITIVE_INFINITY;
}

function checkShares(x: Tensor, categories: number): void {
  if (noGrad(() => areShares(x))) return;
  // What is wrong, or more than a sum of the dtype holds.
  const read = reader(x.code, readAllSync(x, "multinomial")) as (i: number) => number;
  for (let row = 0; row < x.numel(); row += categories) {
    let sum = 0;
    for (let c = 0; c < categories; c++) {
      const p = read(row + c);
      if (!(p >= 0 && p < Number.POSITIVE_INFINITY))
        throw new ValueError(`multinomial: a probability is ${p}, expected a finite number, 0 or more`);
      sum += p;
    }
    if (!(sum > 0)) throw new ValueError("multinomial: the probabilities of a row add up to 0");
  }
}
