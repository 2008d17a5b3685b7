// What the root has beside operators and modules: tensors from data, dtypes, devices, contexts, memory, errors.

import {
  codeOf,
  DTYPES,
  type DType,
  defaultFloat,
  isFloating,
  promoteTypes as promote,
  setDefaultFloat,
  showValue,
} from "./core/index.ts";
import { CpuBackend } from "./cpu/index.ts";
import { backendOf, type MemoryStats } from "./device/index.ts";
import { relieve as relieveBackend, Tensor, type TensorData, type TensorOptions, tensor } from "./tensor/index.ts";

export * from "./about.ts";
export {
  AutogradError,
  ComplexScalar,
  DeviceError,
  DisposedError,
  type DType,
  DTypeError,
  Float,
  FloatScalar,
  FormatError,
  IndexError,
  LinAlgError,
  OutOfMemoryError,
  type Scalar,
  ShapeError,
  ValueError,
} from "./core/index.ts";
export {
  type Allocation,
  type Backend,
  type Command,
  devices,
  type HostStep,
  type Kernel,
  type MemoryStats,
  Queue,
  registerDevice,
} from "./device/index.ts";
export {
  enableGrad,
  hostSteps,
  type Interpreter,
  inferenceMode,
  interpret,
  isGradEnabled,
  noGrad,
  setGradEnabled,
} from "./op/index.ts";
export {
  frombuffer,
  type Nested,
  Scope,
  scope,
  Tensor,
  type TensorData,
  type TensorOptions,
  type TypedArray,
  tensor,
} from "./tensor/index.ts";

export const bool = "bool";
export const uint8 = "uint8";
export const int8 = "int8";
export const int16 = "int16";
export const short = "int16";
export const int32 = "int32";
export const int = "int32";
export const int64 = "int64";
export const long = "int64";
export const float16 = "float16";
export const half = "float16";
export const bfloat16 = "bfloat16";
export const float32 = "float32";
export const float = "float32";
export const float64 = "float64";
export const double = "float64";
export const complex64 = "complex64";
export const cfloat = "complex64";
export const complex128 = "complex128";
export const cdouble = "complex128";

export const pi: number = Math.PI;
export const e: number = Math.E;
export const inf: number = Number.POSITIVE_INFINITY;
export const nan: number = Number.NaN;

/** A tensor of the data: the very one where it is a tensor of this dtype on this device already. */
export function asTensor(data: TensorData, options: Pick<TensorOptions, "dtype" | "device"> = {}): Tensor {
  if (!(data instanceof Tensor)) return tensor(data, options);
  return data.to({ dtype: options.dtype ?? data.dtype, device: options.device ?? data.device });
}

/** The dtype that holds values of both. */
export function promoteTypes(a: DType, b: DType): DType {
  for (const x of [a, b]) if (codeOf(x) < 0) throw new TypeError(`promoteTypes: ${showValue(x)} is no dtype`);
  return DTYPES[promote(codeOf(a), codeOf(b))]!;
}

/** Sets the dtype that fractions get: a floating point one. */
export function setDefaultDtype(dtype: DType): void {
  const code = codeOf(dtype);
  if (code < 0 || !isFloating(code))
    throw new TypeError(`setDefaultDtype: expected a floating point dtype, got ${showValue(dtype)}`);
  setDefaultFloat(code);
}

export function getDefaultDtype(): DType {
  return DTYPES[defaultFloat()]!;
}

function cpu(op: string): CpuBackend {
  const backend = backendOf("cpu", op);
  if (backend instanceof CpuBackend) return backend;
  throw new TypeError(`${op}: the device "cpu" is not flambeau's own`);
}

/** How many threads a kernel on the CPU may use, the calling one included. */
export function setNumThreads(count: number): void {
  cpu("setNumThreads").setThreads(count);
}
export function getNumThreads(): number {
  return cpu("getNumThreads").threads;
}

/**
 * What the devices are: `fl.backends.cpu.describe()` says which build runs, on how many threads and why. What scripts ask of
 * others is answered: there are none, and `cudnn`'s switches switch nothing.
 */
export const backends: {
  readonly cpu: { describe(): string };
  readonly mps: { isAvailable(): boolean };
  readonly cudnn: { deterministic: boolean; benchmark: boolean };
} = {
  cpu: { describe: () => cpu("describe").describe() },
  mps: { isAvailable: () => false },
  cudnn: { deterministic: true, benchmark: false },
};

/** The answers to a script that asks for a GPU of NVIDIA's: there is none, and nothing to seed, empty or wait for. */
export const cuda: {
  isAvailable(): boolean;
  deviceCount(): number;
  manualSeed(seed: number | bigint): void;
  manualSeedAll(seed: number | bigint): void;
  emptyCache(): void;
  synchronize(): void;
} = {
  isAvailable: () => false,
  deviceCount: () => 0,
  manualSeed() {},
  manualSeedAll() {},
  emptyCache() {},
  synchronize() {},
};

/** Accepted for PyTorch's sake: results are always the same here, on any number of threads. */
export function useDeterministicAlgorithms(_mode: boolean, _options: { warnOnly?: boolean } = {}): void {}

/** Bytes in use, at most in use, and held; number of storages. */
export function memoryStats(device = "cpu"): MemoryStats {
  return backendOf(device, "memoryStats").stats();
}

/** Starts the count of the peak anew. */
export function resetPeakMemoryStats(device = "cpu"): void {
  backendOf(device, "resetPeakMemoryStats").resetPeak();
}

/** Asks for the memory of tensors that nobody can reach any more. */
export function relieve(device = "cpu"): Promise<void> {
  return relieveBackend(backendOf(device, "relieve"));
}
