// Tensors made of nothing: constants, ranges, the identity, indices of triangles.

import {
  BOOL,
  ComplexScalar,
  complexOf,
  type DType,
  DTypeError,
  defaultFloat,
  dense,
  extent,
  FLOAT32,
  FLOAT64,
  INT32,
  INT64,
  isComplex,
  isDifferentiable,
  isIntegral,
  isScalar,
  REAL,
  SCALAR_BOOL,
  SCALAR_COMPLEX,
  SCALAR_FLOAT,
  type Scalar,
  ShapeError,
  SIZE,
  SUFFIX,
  scalarKind,
  showShape,
  strided,
  toNumber,
  underName,
  ValueError,
} from "../core/index.ts";
import {
  asTensor,
  bindArguments,
  Call,
  copyInto,
  isPlain,
  need,
  type Op,
  op,
  spec,
  wrongArgument,
} from "../op/index.ts";
import {
  allocate,
  scalarTensor as constantTensor,
  defaultDevice,
  dtypeArgument,
  setRequiresGrad,
  Tensor,
  tensor,
} from "../tensor/index.ts";
import { gathered, realNumber, sizesOf, whole, wholes } from "./arguments.ts";

/** What every factory takes by name. `layout`, `pinMemory` and `memoryFormat` have one value here, PyTorch's default. */
export interface FactoryOptions {
  dtype?: DType | null;
  device?: string | null;
  requiresGrad?: boolean;
  layout?: string | null;
  pinMemory?: boolean | null;
  memoryFormat?: string | null;
}

/** The end of a factory's signature, and the values that `bindArguments` gives for it. @internal */
export const FACTORY = "*, dtype?, device?, requiresGrad?, layout?, pinMemory?, memoryFormat?";
type FactoryValues = readonly [
  dtype: DType | null | undefined,
  device: string | null | undefined,
  requiresGrad?: boolean | undefined,
  ...rest: unknown[],
];

/** Sizes as a list or one by one, then options. */
export type SizesAnd<O> = [size: readonly number[], options?: O] | number[] | [...size: number[], options: O];

/** The code of a dtype argument, or another where there is none. @internal */
export function codeOr(dtype: unknown, otherwise: number, op: string): number {
  return dtype == null ? otherwise : dtypeArgument(dtype, op);
}

/** A factory's result, marked as its options say. @internal */
export function finished(x: Tensor, requiresGrad: unknown, op: string): Tensor {
  if (requiresGrad !== true) return x;
  if (!isDifferentiable(x.code))
    throw new DTypeError(`${op}: only floating point and complex tensors can require gradients, got ${x.dtype}`);
  setRequiresGrad(x, true);
  return x;
}

// ── constants ────────────────────────────────────────────────────────────────────────────────────────────────────────

const FILL_GRAIN = 1 << 20; // bytes worth another thread: filling is all memory

const filled: (shape: readonly number[], value: Scalar, code: number, device: string) => Tensor = /* @__PURE__ */ op(
  "full",
  "size, value, code, device",
  (shape: readonly number[], value: Scalar, code: number, device: string) => [{}, { shape, value, code, device }],
  {
    infer: (_inputs, { shape, code }) => spec(code, shape),
    into: (y, _inputs, { value }) => fillInto(y, value),
  },
);

/** Sets every element. @internal */
export function fillInto(y: Tensor, value: Scalar): void {
  const { backend } = y.storage;
  const bytes = y.numel() * SIZE[y.code]!;
  const clear = y.layout.contiguous && !(value instanceof ComplexScalar) && Object.is(toNumber(value), 0);
  if (clear) new Call(backend.command(need(backend, "clear_w1"))).tensor(y).run(bytes, FILL_GRAIN);
  else copyInto(y, constantTensor(value, y.code, backend));
}

function make(
  op: string,
  shape: readonly number[],
  value: Scalar,
  otherwise: number,
  device: string,
  options: FactoryValues,
): Tensor {
  const [dtype, where, requiresGrad] = options;
  const code = codeOr(dtype, otherwise, op);
  if (scalarKind(value) === SCALAR_COMPLEX && !isComplex(code))
    throw wrongArgument(op, "fillValue", value, "a real number");
  try {
    return finished(filled(shape, value, code, where ?? device), requiresGrad, op);
  } catch (error) {
    throw underName(error, "full", op);
  }
}

type Constant = (...args: SizesAnd<FactoryOptions>) => Tensor;

function constant(name: string, value: number): Constant {
  return (...args) => {
    const [size, ...options] = bindArguments(name, `size, ${FACTORY}`, gathered(args));
    return make(name, sizesOf(size, name), value, defaultFloat(), defaultDevice(), options as unknown as FactoryValues);
  };
}

/** Zeros, of the default float type unless `dtype` says otherwise. */
export const zeros: Constant = /* @__PURE__ */ constant("zeros", 0);
/** Ones, of the default float type unless `dtype` says otherwise. */
export const ones: Constant = /* @__PURE__ */ constant("ones", 1);
/** Elements that nobody set. They are zeros here: what was in the memory before is nobody's business. */
export const empty: Constant = /* @__PURE__ */ constant("empty", 0);

/** `fillValue` everywhere; the dtype is that of the number (int64, bool, the default float or complex type). */
export const full: (size: number | readonly number[], fillValue: Scalar | Tensor, options?: FactoryOptions) => Tensor =
  (...args) => {
    const [size, given, ...options] = bindArguments("full", `size, fillValue, ${FACTORY}`, args);
    const value = numberOf(given, "full", "fillValue");
    return make(
      "full",
      sizesOf(size, "full"),
      value,
      codeOfNumber(value),
      defaultDevice(),
      options as unknown as FactoryValues,
    );
  };

type Like = (x: Tensor, options?: FactoryOptions) => Tensor;

function like(name: string, value: number): Like {
  return (...args) => {
    const [input, ...options] = bindArguments(name, `input, ${FACTORY}`, args);
    const x = asTensor(input, name, "input");
    return make(name, x.shape, value, x.code, x.device, options as unknown as FactoryValues);
  };
}

/** Zeros with the shape, dtype and device of `x`, unless an option says otherwise. */
export const zerosLike: Like = /* @__PURE__ */ like("zerosLike", 0);
/** Ones with the shape, dtype and device of `x`, unless an option says otherwise. */
export const onesLike: Like = /* @__PURE__ */ like("onesLike", 1);
/** As `empty`, with the shape, dtype and device of `x`. */
export const emptyLike: Like = /* @__PURE__ */ like("emptyLike", 0);

/** `fillValue` everywhere, with the shape, dtype and device of `x` unless an option says otherwise. */
export const fullLike: (x: Tensor, fillValue: Scalar, options?: FactoryOptions) => Tensor = (...args) => {
  const [input, given, ...options] = bindArguments("fullLike", `input, fillValue, ${FACTORY}`, args);
  const x = asTensor(input, "fullLike", "input");
  return make(
    "fullLike",
    x.shape,
    numberOf(given, "fullLike", "fillValue"),
    x.code,
    x.device,
    options as unknown as FactoryValues,
  );
};

type New = Op<(x: Tensor, ...args: SizesAnd<FactoryOptions>) => Tensor, (...args: SizesAnd<FactoryOptions>) => Tensor>;

function fresh(name: string, value: number): New {
  const call = (x: Tensor, ...args: readonly unknown[]): Tensor => {
    const [size, ...options] = bindArguments(name, `size, ${FACTORY}`, gathered(args));
    const { code, device } = asTensor(x, name, "input");
    return make(name, sizesOf(size, name), value, code, device, options as unknown as FactoryValues);
  };
  return Object.assign(call, { opName: name }) as unknown as New;
}

/** Zeros of any size with the dtype and device of `x`. */
export const newZeros: New = /* @__PURE__ */ fresh("newZeros", 0);
/** Ones of any size with the dtype and device of `x`. */
export const newOnes: New = /* @__PURE__ */ fresh("newOnes", 1);
/** As `empty`, with the dtype and device of `x`. */
export const newEmpty: New = /* @__PURE__ */ fresh("newEmpty", 0);

type NewFull = (size: readonly number[], fillValue: Scalar, options?: FactoryOptions) => Tensor;

/** `fillValue` in any size with the dtype and device of `x`. */
export const newFull: Op<(x: Tensor, ...args: Parameters<NewFull>) => Tensor, NewFull> = /* @__PURE__ */ Object.assign(
  (x: Tensor, ...args: Parameters<NewFull>): Tensor => {
    const [size, given, ...options] = bindArguments("newFull", `size, fillValue, ${FACTORY}`, args);
    const { code, device } = asTensor(x, "newFull", "input");
    const value = numberOf(given, "newFull", "fillValue");
    return make("newFull", sizesOf(size, "newFull"), value, code, device, options as unknown as FactoryValues);
  },
  { opName: "newFull" },
) as never;

/** A number, or the value of a 0-dim tensor. */
function numberOf(value: unknown, op: string, name: string): Scalar {
  if (isScalar(value)) return value;
  if (value instanceof Tensor && value.ndim === 0) return value.item();
  throw wrongArgument(op, name, value, "a number");
}

/** The dtype of a tensor that is made of a number. */
function codeOfNumber(value: Scalar): number {
  const kind = scalarKind(value);
  if (kind === SCALAR_COMPLEX) return complexOf(defaultFloat());
  return kind === SCALAR_FLOAT ? defaultFloat() : kind === SCALAR_BOOL ? BOOL : INT64;
}

// ── strides of one's own ─────────────────────────────────────────────────────────────────────────────────────────────

/** As `empty`, with the given strides. */
export const emptyStrided: (size: readonly number[], stride: readonly number[], options?: FactoryOptions) => Tensor = (
  ...args
) => {
  const [size, stride, ...options] = bindArguments("emptyStrided", `size, stride, ${FACTORY}`, args);
  return withStrides(
    "emptyStrided",
    size,
    stride,
    defaultFloat(),
    defaultDevice(),
    options as unknown as FactoryValues,
  );
};

type NewStrided = (size: readonly number[], stride: readonly number[], options?: FactoryOptions) => Tensor;

/** As `emptyStrided`, with the dtype and device of `x`. */
export const newEmptyStrided: Op<(x: Tensor, ...args: Parameters<NewStrided>) => Tensor, NewStrided> =
  /* @__PURE__ */ Object.assign(
    (x: Tensor, ...args: Parameters<NewStrided>): Tensor => {
      const [size, stride, ...options] = bindArguments("newEmptyStrided", `size, stride, ${FACTORY}`, args);
      const { code, device } = asTensor(x, "newEmptyStrided", "input");
      return withStrides("newEmptyStrided", size, stride, code, device, options as unknown as FactoryValues);
    },
    { opName: "newEmptyStrided" },
  ) as never;

/** As `empty`, dense in memory with the dims in the order `physicalLayout`, outermost first. */
export const emptyPermuted: (
  size: readonly number[],
  physicalLayout: readonly number[],
  options?: FactoryOptions,
) => Tensor = (...args) => {
  const [size, physicalLayout, ...options] = bindArguments("emptyPermuted", `size, physicalLayout, ${FACTORY}`, args);
  const shape = sizesOf(size, "emptyPermuted");
  const order = wholes(physicalLayout, "emptyPermuted", "physicalLayout");
  if ([...order].sort((a, b) => a - b).some((d, i) => d !== i) || order.length !== shape.length) {
    throw new ShapeError(`emptyPermuted: physicalLayout ${showShape(order)} is no order of ${shape.length} dims`);
  }
  const inner = dense(order.map((d) => shape[d]!)).strides;
  const strides = shape.map((_, d) => inner[order.indexOf(d)]!);
  return withStrides(
    "emptyPermuted",
    shape,
    strides,
    defaultFloat(),
    defaultDevice(),
    options as unknown as FactoryValues,
  );
};

function withStrides(
  op: string,
  size: unknown,
  stride: unknown,
  otherwise: number,
  device: string,
  options: FactoryValues,
): Tensor {
  const shape = sizesOf(size, op);
  const strides = wholes(stride, op, "stride");
  if (strides.length !== shape.length || strides.some((s) => s < 0)) {
    throw new ShapeError(`${op}: strides ${showShape(strides)} do not fit the size ${showShape(shape)}`);
  }
  const layout = strided(shape, strides);
  const [dtype, where, requiresGrad] = options;
  const { storage, code } = make(op, [extent(layout)], 0, otherwise, device, [dtype, where]);
  return finished(new Tensor(storage, code, layout, 0), requiresGrad, op);
}

/** A 0-dim tensor, of the default float type unless `dtype` says otherwise. */
export const scalarTensor: (value: Scalar, options?: FactoryOptions) => Tensor = (...args) => {
  const [value, ...options] = bindArguments("scalarTensor", `s, ${FACTORY}`, args);
  return make(
    "scalarTensor",
    [],
    numberOf(value, "scalarTensor", "s"),
    defaultFloat(),
    defaultDevice(),
    options as unknown as FactoryValues,
  );
};

// ── ranges ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const RANGE_GRAIN = 16384; // elements worth another thread

/** A launch of a range's kernel, which there is for float32, float64 and int64; other dtypes are cast from the nearest. */
function ranged(y: Tensor, kernel: string, launch: (call: Call, y: Tensor, code: number) => void): void {
  const code = isIntegral(y.code) ? INT64 : REAL[y.code] === FLOAT64 ? FLOAT64 : FLOAT32;
  const { backend } = y.storage;
  const target = y.code === code ? y : allocate(backend, code, dense(y.shape));
  launch(new Call(backend.command(need(backend, `${kernel}_${SUFFIX[code]}`))), target, code);
  if (target !== y) copyInto(y, target);
}

const stepped: (n: number, start: number, step: number, code: number, device: string) => Tensor = /* @__PURE__ */ op(
  "arange",
  "n, start, step, code, device",
  (n: number, start: number, step: number, code: number, device: string) => [{}, { n, start, step, code, device }],
  {
    infer: (_inputs, { n, code }) => spec(code, [n]),
    into: (y, _inputs, { n, start, step }) =>
      ranged(y, "arange", (call, target, code) => {
        call.tensor(target);
        if (code === INT64) call.long(BigInt(Math.trunc(start))).long(BigInt(Math.trunc(step)));
        else call.real(start).real(step);
        call.run(n, RANGE_GRAIN);
      }),
  },
);

type Arange = {
  /** The numbers from 0 up to, without, `end`. */
  (end: number | Scalar, options?: FactoryOptions): Tensor;
  /** The numbers from `start` up to, without, `end`, `step` apart. */
  (start: number | Scalar, end: number | Scalar, options?: FactoryOptions): Tensor;
  (start: number | Scalar, end: number | Scalar, step: number | Scalar, options?: FactoryOptions): Tensor;
};

/**
 * The numbers from `start` (0) up to, without, `end`, `step` (1) apart: `⌈(end - start) / step⌉` of them. int64 where all
 * three are integral, else of the default float type. Throws where the step is 0 or leads away from the end.
 */
export const arange: Arange = (...args: unknown[]): Tensor => {
  const last = args[args.length - 1];
  const named = isPlain(last) ? last : {};
  const given = args.length - (named === last ? 1 : 0);
  // One bound is the end; it may come by name, and so may the second of two.
  const endAlone = given + ["start", "end"].filter((name) => named[name] !== undefined).length === 1;
  const values = bindArguments("arange", endAlone ? `end, ${FACTORY}` : `start, end, step?, ${FACTORY}`, args);
  const [from, to, by, dtype, device, requiresGrad] = endAlone ? [0, values[0], 1, ...values.slice(1)] : values;
  const bounds = [from, to, by ?? 1].map((value, i) => numberOf(value, "arange", ["start", "end", "step"][i]!));
  const code = codeOr(dtype, bounds.some((x) => scalarKind(x) === SCALAR_FLOAT) ? defaultFloat() : INT64, "arange");
  const exact = bounds.map(toNumber) as [number, number, number];
  const [start, end, step] = code === INT64 ? (exact.map(Math.trunc) as [number, number, number]) : exact;
  if (!Number.isFinite(start) || !Number.isFinite(end))
    throw new ValueError(`arange: from ${start} to ${end} is no finite range`);
  if (step === 0 || Number.isNaN(step)) throw new ValueError(`arange: step is ${step}, expected another number than 0`);
  if (step > 0 ? end < start : end > start)
    throw new ValueError(`arange: a step of ${step} leads away from ${start} to ${end}`);
  const n = Math.ceil((end - start) / step);
  const where = (device as string | null | undefined) ?? defaultDevice();
  return finished(stepped(n, start, step, code, where), requiresGrad, "arange");
};

const spaced: (n: number, start: number, stop: number, code: number, device: string) => Tensor = /* @__PURE__ */ op(
  "linspace",
  "n, start, stop, code, device",
  (n: number, start: number, stop: number, code: number, device: string) => [{}, { n, start, stop, code, device }],
  {
    infer: (_inputs, { n, code }) => spec(code, [n]),
    into: (y, _inputs, { n, start, stop }) =>
      ranged(y, "linspace", (call, target, code) => {
        // The step is rounded as the elements are.
        const round = code === FLOAT32 ? Math.fround : (v: number): number => v;
        const step = n > 1 ? round((round(stop) - round(start)) / (n - 1)) : 0;
        call
          .int(n)
          .tensor(target)
          .real(start)
          .real(n > 1 ? stop : start)
          .real(step)
          .run(n, RANGE_GRAIN);
      }),
  },
);

type Bound = Scalar | Tensor;

/** `steps` numbers evenly spaced from `start` to `end`, both included. */
export const linspace: (start: Bound, end: Bound, steps: number, options?: FactoryOptions) => Tensor = (...args) => {
  const [from, to, count, dtype, device, requiresGrad] = bindArguments(
    "linspace",
    `start, end, steps, ${FACTORY}`,
    args,
  );
  const [start, end] = [numberOf(from, "linspace", "start"), numberOf(to, "linspace", "end")];
  const n = stepsOf(count, "linspace");
  const code = spacedCode(dtype, start, end, "linspace");
  const where = (device as string | null | undefined) ?? defaultDevice();
  const x = isComplex(code)
    ? tensor(evenly(n, start, end), { dtype: code === complexOf(FLOAT64) ? "complex128" : "complex64", device: where })
    : spaced(n, toNumber(start), toNumber(end), code, where);
  return finished(x, requiresGrad, "linspace");
};

/** `steps` numbers from `base ** start` to `base ** end`, whose logarithms are evenly spaced. */
export const logspace: (start: Bound, end: Bound, steps: number, base?: number, options?: FactoryOptions) => Tensor = (
  ...args
) => {
  const [from, to, count, base, dtype, device, requiresGrad] = bindArguments(
    "logspace",
    `start, end, steps, base?, ${FACTORY}`,
    args,
  );
  const [start, end] = [numberOf(from, "logspace", "start"), numberOf(to, "logspace", "end")];
  const n = stepsOf(count, "logspace");
  const code = spacedCode(dtype, start, end, "logspace");
  const of = realNumber(base ?? 10, "logspace", "base");
  const values = isComplex(code)
    ? evenly(n, start, end).map((x) => power(of, x))
    : powers(of, n, toNumber(start), toNumber(end));
  const dtypeName = spec(code, []).dtype;
  return finished(
    tensor(values, { dtype: dtypeName, device: (device as string | null | undefined) ?? null }),
    requiresGrad,
    "logspace",
  );
};

function stepsOf(value: unknown, op: string): number {
  const n = whole(value, op, "steps");
  if (n < 0) throw new ValueError(`${op}: steps is ${n}, expected 0 or more`);
  return n;
}

function spacedCode(dtype: unknown, start: Scalar, end: Scalar, op: string): number {
  const complex = [start, end].some((x) => scalarKind(x) === SCALAR_COMPLEX);
  const code = codeOr(dtype, complex ? complexOf(defaultFloat()) : defaultFloat(), op);
  if (complex && !isComplex(code)) throw new DTypeError(`${op}: complex bounds need a complex dtype`);
  return code;
}

/** Number i of n that are evenly spaced from a to b, reckoned from the nearer end. */
function spacedAt(i: number, n: number, a: number, b: number): number {
  const step = n > 1 ? (b - a) / (n - 1) : 0;
  return i < n / 2 ? a + step * i : b - step * (n - 1 - i);
}

function powers(base: number, n: number, start: number, end: number): Float64Array<ArrayBuffer> {
  const values = new Float64Array(n);
  for (let i = 0; i < n; i++) values[i] = base ** spacedAt(i, n, start, end);
  return values;
}

/** Evenly spaced complex numbers. */
function evenly(n: number, start: Scalar, end: Scalar): ComplexScalar[] {
  const im = (x: Scalar): number => (x instanceof ComplexScalar ? x.im : 0);
  return Array.from(
    { length: n },
    (_, i) => new ComplexScalar(spacedAt(i, n, toNumber(start), toNumber(end)), spacedAt(i, n, im(start), im(end))),
  );
}

function power(base: number, { re, im }: ComplexScalar): ComplexScalar {
  const size = base ** re;
  return im === 0
    ? new ComplexScalar(size, 0)
    : new ComplexScalar(size * Math.cos(im * Math.log(base)), size * Math.sin(im * Math.log(base)));
}

// ── matrices ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const identity: (n: number, m: number, code: number, device: string) => Tensor = /* @__PURE__ */ op(
  "eye",
  "n, m, code, device",
  (n: number, m: number, code: number, device: string) => [{}, { n, m, code, device }],
  {
    infer: (_inputs, { n, m, code }) => spec(code, [n, m]),
    into(y, _inputs, { n, m }) {
      fillInto(y, 0);
      fillInto(new Tensor(y.storage, y.code, strided([Math.min(n, m)], [m + 1]), y.offset), 1);
    },
  },
);

type Eye = { (n: number, options?: FactoryOptions): Tensor; (n: number, m: number, options?: FactoryOptions): Tensor };

/** The n × m matrix (m is n by default) with ones on the main diagonal. */
export const eye: Eye = (...args: unknown[]): Tensor => {
  const [rows, columns, dtype, device, requiresGrad] = bindArguments("eye", `n, m?, ${FACTORY}`, args);
  const [n, m] = sizesOf([rows, columns ?? rows], "eye", "n, m") as [number, number];
  const where = (device as string | null | undefined) ?? defaultDevice();
  return finished(identity(n, m, codeOr(dtype, defaultFloat(), "eye"), where), requiresGrad, "eye");
};

type Triangle = (row: number, col: number, offset?: number, options?: FactoryOptions) => Tensor;

/** `from` and `to` bound the columns of row i that are inside. */
function triangle(
  name: string,
  from: (diagonal: number) => number,
  to: (diagonal: number, columns: number) => number,
): Triangle {
  return (...args) => {
    const [row, col, diagonal, dtype, device] = bindArguments(name, `row, col, offset?, ${FACTORY}`, args);
    const [rows, columns] = sizesOf([row, col], name, "row, col") as [number, number];
    const offset = whole(diagonal ?? 0, name, "offset");
    const first = (i: number): number => Math.max(from(i + offset), 0);
    const last = (i: number): number => Math.max(Math.min(to(i + offset, columns), columns), first(i));
    let n = 0;
    for (let i = 0; i < rows; i++) n += last(i) - first(i);
    const places = new Int32Array(2 * n);
    let next = 0;
    for (let i = 0; i < rows; i++) {
      const end = last(i);
      for (let j = first(i); j < end; j++) {
        places[next] = i;
        places[n + next++] = j;
      }
    }
    const small = tensor(places, { dtype: "int32", device: (device as string | null | undefined) ?? null });
    const y = allocate(small.storage.backend, codeOr(dtype, INT64, name), dense([2, n]));
    copyInto(y, new Tensor(small.storage, INT32, dense([2, n]), 0));
    return y;
  };
}

/** The rows and columns, [2, n], of the elements on and below a diagonal, in row-major order. */
export const trilIndices: Triangle = /* @__PURE__ */ triangle(
  "trilIndices",
  () => 0,
  (diagonal) => diagonal + 1,
);
/** The rows and columns, [2, n], of the elements on and above a diagonal, in row-major order. */
export const triuIndices: Triangle = /* @__PURE__ */ triangle(
  "triuIndices",
  (diagonal) => diagonal,
  (_, columns) => columns,
);
