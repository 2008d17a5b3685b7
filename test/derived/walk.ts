// The declarations as test cases: every operator with each of its samples, and tensors made from a sample in any dtype,
// on any device, in any layout.

import * as fl from "flambeau";
import { codeOf, type DType, isComplex, SIZE } from "#src/core/dtype";
import { dense, extent, type Layout, strided } from "#src/core/layout";
import { backendOf } from "#src/device/registry";
import { type Operator, type OperatorFunction, published } from "#src/op/operator";
import type { Sample, TensorSample } from "#src/op/types";
import { encode, fromBytes } from "#src/tensor/create";
import { Tensor } from "#src/tensor/tensor";

export interface Entry {
  /** As in PyTorch, camelCase; in-place forms end in `_`. */
  readonly name: string;
  readonly f: (...args: unknown[]) => unknown;
  readonly operator: Operator;
  readonly samples: readonly Sample[];
  /** True where the root exports the function under its name. */
  readonly isPublic: boolean;
}

/** Every operator that has been declared, once by each of its names. */
export function entries(): Entry[] {
  const root = fl as unknown as Record<string, unknown>;
  const last = new Map<string, OperatorFunction>();
  // A family publishes its general form first and its quick one last.
  for (const f of published) last.set(`${f.opName} ${f.operator.signature}`, f);
  return [...last.values()]
    .map((f) => ({
      name: f.opName,
      f: f as (...args: unknown[]) => unknown,
      operator: f.operator,
      samples: f.operator.rule.samples?.() ?? [],
      isPublic: root[f.opName] === f,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

export const isInPlace = ({ name }: Entry): boolean => name.endsWith("_");

// ── values ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** How the elements of a tensor lie in its storage. */
export type Arrangement = "dense" | "offset" | "strided" | "expanded";
export const ARRANGEMENTS: readonly Arrangement[] = ["dense", "offset", "strided", "expanded"];

export interface Making {
  readonly device?: string;
  readonly arrangement?: Arrangement;
  /** What the floats of a sample become. */
  readonly dtype?: DType;
  /** The values of an expanded tensor, which repeat along its first dim, in another arrangement. */
  readonly repeating?: boolean;
  readonly requiresGrad?: boolean;
}

export const isSample = (x: unknown): x is TensorSample =>
  typeof x === "object" && x !== null && (x as { sample?: unknown }).sample === true;

/** The arguments of a sample with its tensors made. Numbers, lists and options stay as they are. */
export function make(sample: Sample, making: Making = {}): unknown[] {
  let place = 0;
  const visit = (x: unknown): unknown => {
    if (isSample(x)) return tensorOf(x, making, place++);
    if (Array.isArray(x)) return x.map(visit);
    if (typeof x === "object" && x !== null && Object.getPrototypeOf(x) === Object.prototype) {
      return Object.fromEntries(Object.entries(x).map(([key, value]) => [key, visit(value)]));
    }
    return x;
  };
  return sample.map(visit);
}

/** The tensors among arguments, those in lists and options too. */
export function tensorsIn(x: unknown): Tensor[] {
  if (x instanceof Tensor) return [x];
  if (Array.isArray(x)) return x.flatMap(tensorsIn);
  if (typeof x === "object" && x !== null && Object.getPrototypeOf(x) === Object.prototype) {
    return Object.values(x).flatMap(tensorsIn);
  }
  return [];
}

/** Whether a sample has a tensor whose dtype can be another. */
export const hasFloats = (sample: Sample): boolean => JSON.stringify(sample).includes('"dtype":"float32"');

function tensorOf(sample: TensorSample, making: Making, place: number): Tensor {
  const { shape } = sample;
  const dtype = sample.dtype === "float32" ? (making.dtype ?? "float32") : widened(sample.dtype, making.dtype);
  const arrangement = making.arrangement ?? "dense";
  const values = valuesOf(sample, dtype, place, arrangement === "expanded" || making.repeating === true);
  const x = placed(values, shape, dtype, arrangement, making.device ?? "cpu");
  if (making.requiresGrad === true && /float|complex/.test(dtype)) x.requiresGrad_();
  return x;
}

/** Complex samples follow the precision that is asked for. */
function widened(own: DType, wanted: DType | undefined): DType {
  return own === "complex64" && (wanted === "float64" || wanted === "complex128") ? "complex128" : own;
}

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Numbers in the sample's range, spread so that no two are near each other: kinks and ties are the samples' affair. */
function valuesOf({ shape, low, high }: TensorSample, dtype: DType, place: number, repeating: boolean): number[] {
  const size = shape.reduce((n, s) => n * s, 1);
  const period = repeating && shape.length > 0 && shape[0]! > 0 ? size / shape[0]! : size;
  const parts = dtype.startsWith("complex") ? 2 : 1;
  const least = dtype === "uint8" || dtype === "bool" ? Math.max(low, 0) : low;
  return Array.from({ length: size * parts }, (_, i) => {
    const t = (((i % (period * parts)) + 1) * GOLDEN + place * 0.37) % 1;
    if (/float|complex/.test(dtype)) return low + (high - low) * t;
    return Math.floor(Math.ceil(least) + (Math.floor(high) - Math.ceil(least) + 1) * t);
  });
}

/** A tensor with these values in this arrangement. Elements of the storage that it does not show are 77. */
function placed(values: number[], shape: readonly number[], dtype: DType, kind: Arrangement, device: string): Tensor {
  const code = codeOf(dtype);
  const { layout, offset } = arranged(shape, kind);
  const parts = isComplex(code) ? 2 : 1;
  const room = offset + extent(layout) + (kind === "dense" ? 0 : 2);
  const all = new Array<number>(room * parts).fill(77);
  let next = 0;
  const visit = (d: number, at: number): void => {
    if (d === shape.length) {
      for (let p = 0; p < parts; p++) all[at * parts + p] = values[next++]!;
      return;
    }
    for (let i = 0; i < shape[d]!; i++) visit(d + 1, at + i * layout.strides[d]!);
  };
  visit(0, offset);
  const pairs =
    parts === 1 ? all : Array.from({ length: room }, (_, i) => new fl.ComplexScalar(all[2 * i]!, all[2 * i + 1]!));
  const data = encode(pairs as number[], code);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, room * SIZE[code]!);
  const whole = fromBytes(backendOf(device, "test"), code, [room], bytes);
  const x = new Tensor(whole.storage, code, layout, offset);
  whole.dispose();
  return x;
}

function arranged(shape: readonly number[], kind: Arrangement): { layout: Layout; offset: number } {
  if (kind === "dense") return { layout: dense(shape), offset: 0 };
  if (kind === "offset") return { layout: dense(shape), offset: 3 };
  // The first dim runs innermost, with a gap of one element; or it repeats.
  const strides = new Array<number>(shape.length).fill(0);
  let stride = kind === "strided" ? 2 : 1;
  for (let k = 0; k < shape.length; k++) {
    const d = kind === "strided" ? k : shape.length - 1 - k;
    if (kind === "expanded" && d === 0) break;
    strides[d] = stride;
    stride *= Math.max(shape[d]!, 1);
  }
  return { layout: strided(shape, strides), offset: 1 };
}
