// Conversions: to another dtype or device, and the short forms `x.float()`, `x.long()` …

import {
  BFLOAT16,
  BOOL,
  COMPLEX64,
  COMPLEX128,
  codeOf,
  type DType,
  FLOAT16,
  FLOAT32,
  FLOAT64,
  INT8,
  INT16,
  INT32,
  INT64,
  showValue,
  UINT8,
} from "../core/index.ts";
import { asTensor, bindArguments, method, type Op, op } from "../op/index.ts";
import { deviceOf, dtypeArgument, fromBytes, readAllSync, Tensor } from "../tensor/index.ts";
import { cast, clone } from "./copy.ts";

/** `x` in the dtype with this code: itself where it has it. @internal */
export function asCode(x: Tensor, code: number): Tensor {
  return x.code === code ? x : cast(x, code);
}

type MemoryFormat = "contiguous_format" | "preserve_format" | "channels_last" | "channels_last_3d";
const FORMATS: readonly unknown[] = ["contiguous_format", "preserve_format", "channels_last", "channels_last_3d"];

/** Strides are the library's own affair: a memory format is checked and changes nothing that can be seen in the values. */
function checkFormat(name: string, format: unknown): void {
  if (format != null && !FORMATS.includes(format)) {
    throw new TypeError(`${name}: memoryFormat is ${showValue(format)}, expected one of ${FORMATS.join(", ")}`);
  }
}

/** A copy on another device. Throws DeviceError where the source cannot be read without waiting. */
const move: (x: Tensor, device: string) => Tensor = /* @__PURE__ */ op(
  "to",
  "input, device",
  (x: Tensor, device: string) => [{ x }, { to: device, from: x.device }],
  {
    dynamic: ({ x }, { to }) => fromBytes(deviceOf(to, "to"), x.code, x.shape, readAllSync(x, "to")),
    saves: [],
    vjp: (g, _saved, { from }) => ({ x: () => move(g, from) }),
  },
);

interface ToOptions {
  dtype?: DType | null;
  device?: string | null;
  /** Accepted for PyTorch's sake. */
  nonBlocking?: boolean;
  /** A copy even where nothing changes. Default false. */
  copy?: boolean;
  memoryFormat?: MemoryFormat | null;
}

type To = Op<
  (x: Tensor, ...args: readonly (DType | Tensor | string | boolean | null | ToOptions)[]) => Tensor,
  (...args: readonly (DType | Tensor | string | boolean | null | ToOptions)[]) => Tensor
>;

/**
 * `x` in another dtype, on another device, or both: `x.to("float64")`, `x.to("cpu", "int64")`, `x.to(like)`,
 * `x.to({ dtype })`. `x` itself where nothing changes, unless `copy`. A float becomes an integer by dropping its fraction.
 */
export const to: To = /* @__PURE__ */ method("to", (x: Tensor, ...args: readonly unknown[]): Tensor => {
  asTensor(x, "to", "input");
  const [device, dtype, , copy, format] = conversion(args);
  checkFormat("to", format);
  const code = dtype == null ? x.code : dtypeArgument(dtype, "to");
  const here = device == null || deviceOf(device as string, "to") === x.storage.backend;
  const there = here ? x : move(x, device as string);
  if (code !== x.code) return cast(there, code);
  return there === x && copy === true ? clone(x) : there;
});

/** The arguments of `to` in the order of its longest form: device, dtype, nonBlocking, copy, memoryFormat. */
function conversion(args: readonly unknown[]): readonly unknown[] {
  const rest = "nonBlocking?, copy?, *, memoryFormat?";
  const [first] = args;
  if (first instanceof Tensor) {
    const [, ...others] = bindArguments("to", `other, ${rest}`, args);
    return [first.device, first.dtype, ...others];
  }
  if (codeOf(first) >= 0) return [null, ...bindArguments("to", `dtype, ${rest}`, args)];
  return bindArguments("to", `device?, dtype?, ${rest}`, args);
}

/** `x` in the dtype and on the device of `other`. */
export const typeAs: Op<(x: Tensor, other: Tensor) => Tensor, (other: Tensor) => Tensor> = /* @__PURE__ */ method(
  "typeAs",
  (x: Tensor, other: Tensor): Tensor => to(asTensor(x, "typeAs", "input"), asTensor(other, "typeAs", "other")),
);

/** `x` on the CPU: itself if it is there. */
export const cpu: Op<(x: Tensor) => Tensor, () => Tensor> = /* @__PURE__ */ method(
  "cpu",
  (x: Tensor): Tensor => to(asTensor(x, "cpu", "input"), "cpu"),
);

type Converter = Op<
  (x: Tensor, options?: { memoryFormat?: MemoryFormat }) => Tensor,
  (options?: { memoryFormat?: MemoryFormat }) => Tensor
>;

function converter(name: string, code: number): Converter {
  return method(name, (...args: unknown[]): Tensor => {
    const [x, format] = bindArguments(name, "input, *, memoryFormat?", args);
    checkFormat(name, format);
    return asCode(asTensor(x, name, "input"), code);
  }) as unknown as Converter;
}

/** `x` as float32. */
export const float: Converter = /* @__PURE__ */ converter("float", FLOAT32);
/** `x` as float64. */
export const double: Converter = /* @__PURE__ */ converter("double", FLOAT64);
/** `x` as float16. */
export const half: Converter = /* @__PURE__ */ converter("half", FLOAT16);
/** `x` as bfloat16. */
export const bfloat16: Converter = /* @__PURE__ */ converter("bfloat16", BFLOAT16);
/** `x` as int64. */
export const long: Converter = /* @__PURE__ */ converter("long", INT64);
/** `x` as int32. */
export const int: Converter = /* @__PURE__ */ converter("int", INT32);
/** `x` as int16. */
export const short: Converter = /* @__PURE__ */ converter("short", INT16);
/** `x` as int8. */
export const char: Converter = /* @__PURE__ */ converter("char", INT8);
/** `x` as uint8. */
export const byte: Converter = /* @__PURE__ */ converter("byte", UINT8);
/** `x` as bool: true where it is not 0. */
export const bool: Converter = /* @__PURE__ */ converter("bool", BOOL);
/** `x` as complex64. */
export const cfloat: Converter = /* @__PURE__ */ converter("cfloat", COMPLEX64);
/** `x` as complex128. */
export const cdouble: Converter = /* @__PURE__ */ converter("cdouble", COMPLEX128);
