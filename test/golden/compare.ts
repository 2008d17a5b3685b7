// Whether what came is what was recorded; the answer is null, or the reason why not.
import type { Library, Tensor } from "./library.ts";
import type { Recorded, RecordedState, RecordedTensor } from "./recorded.ts";
import { elements, flattenRecorded, isRecordedTensor, recordedBytes, recordedNumber } from "./recorded.ts";

// How far a result may be from the recorded one, |a - b| ≤ tolerance · (1 + |b|), before what PyTorch's own float32
// answer is away from its float64 answer is allowed tenfold on top: a few roundings of a result of order one.
const TOLERANCE: Readonly<Record<string, number>> = {
  float64: 1e-9,
  complex128: 1e-9,
  float32: 2e-5,
  complex64: 2e-5,
  float16: 1e-3,
  bfloat16: 8e-3,
};

/** "exact": to the bit; "spec": shape and dtype alone, for memory that nobody wrote. */
export type Strictness = { readonly error: number } | "exact" | "spec";

/** Outputs of any nesting, flattened on both sides. */
export function compareOutputs(library: Library, got: unknown, want: Recorded, strictness: Strictness): string | null {
  const ours = flatten(got);
  const theirs = flattenRecorded(want);
  if (ours.length !== theirs.length) return `${ours.length} outputs instead of ${theirs.length}`;
  for (const [i, recorded] of theirs.entries()) {
    const reason = compareOutput(library, ours[i], recorded, strictness);
    if (reason !== null) return theirs.length === 1 ? reason : `output ${i}: ${reason}`;
  }
  return null;
}

/** Arrays opened, all levels. */
export function flatten(value: unknown): unknown[] {
  return Array.isArray(value) ? value.flatMap(flatten) : [value];
}

export function compareTensor(
  library: Library,
  got: unknown,
  want: RecordedTensor,
  strictness: Strictness,
): string | null {
  if (!(got instanceof library.Tensor)) return `${nameOf(got)} instead of a tensor`;
  if (got.dtype !== want.$tensor) return `dtype ${got.dtype} instead of ${want.$tensor}`;
  if (got.shape.join() !== want.shape.join())
    return `shape [${got.shape.join(", ")}] instead of [${want.shape.join(", ")}]`;
  if (strictness === "spec") return null;
  const ours = readTensor(got);
  const theirs = elements(want.$tensor, recordedBytes(want));
  const tolerance = strictness === "exact" ? 0 : (TOLERANCE[want.$tensor] ?? 0) + 10 * strictness.error;
  return compareElements(ours, theirs, want, TOLERANCE[want.$tensor] === undefined ? 0 : tolerance);
}

/** A module's state, by names. */
export function compareStates(
  library: Library,
  got: Readonly<Record<string, Tensor>>,
  want: RecordedState,
  strictness: Strictness,
): string | null {
  const [ours, theirs] = [got, want].map((state) => Object.keys(state).sort().join(" "));
  if (ours !== theirs) return `state of ${ours || "nothing"} instead of ${theirs || "nothing"}`;
  for (const [key, recorded] of Object.entries(want)) {
    const reason = compareTensor(library, got[key], recorded, strictness);
    if (reason !== null) return `${key}: ${reason}`;
  }
  return null;
}

/** Gradients; null stands for one that does not flow. */
export function compareGradients(
  library: Library,
  got: readonly (Tensor | null | undefined)[],
  want: readonly (RecordedTensor | null)[],
  names: (i: number) => string,
  strictness: Strictness,
): string | null {
  for (const [i, recorded] of want.entries()) {
    const gradient = got[i] ?? null;
    if (gradient === null && recorded === null) continue;
    if (gradient === null) return `${names(i)}: none, where one flows`;
    if (recorded === null) return `${names(i)}: one, where none flows`;
    const reason = compareTensor(library, gradient, recorded, strictness);
    if (reason !== null) return `${names(i)}: ${reason}`;
  }
  return null;
}

function compareOutput(library: Library, got: unknown, want: Recorded, strictness: Strictness): string | null {
  if (want === null) return got === null || got === undefined ? null : `${nameOf(got)} instead of null`;
  if (typeof want === "boolean" || typeof want === "string") {
    return got === want ? null : `${nameOf(got)} instead of ${want}`;
  }
  if (typeof want === "object" && isRecordedTensor(want)) return compareTensor(library, got, want, strictness);
  if (typeof want === "object" && "$complex" in want) return compareComplex(got, want.$complex.map(recordedNumber));
  if (typeof want === "object" && "$int" in want) {
    return String(got) === want.$int ? null : `${nameOf(got)} instead of ${want.$int}`;
  }
  if (typeof got !== "number" && typeof got !== "bigint") return `${nameOf(got)} instead of a number`;
  const value = recordedNumber(want);
  const tolerance = Number.isInteger(value) ? 0 : 2e-5;
  return near(Number(got), value, tolerance) ? null : `${got} instead of ${value}`;
}

function compareComplex(got: unknown, [re, im]: readonly number[]): string | null {
  const ours = got as { readonly re?: unknown; readonly im?: unknown } | null;
  if (typeof ours?.re !== "number" || typeof ours.im !== "number") return `${nameOf(got)} instead of a complex number`;
  const right = near(ours.re, re!, 2e-5) && near(ours.im, im!, 2e-5);
  return right ? null : `complex(${ours.re}, ${ours.im}) instead of complex(${re}, ${im})`;
}

function compareElements(
  ours: ArrayLike<number | bigint>,
  theirs: ArrayLike<number | bigint>,
  want: RecordedTensor,
  tolerance: number,
): string | null {
  if (ours.length !== theirs.length) return `${ours.length} elements instead of ${theirs.length}`;
  const lanes = want.$tensor.startsWith("complex") ? 2 : 1;
  let wrong = 0;
  let first = -1;
  let furthest = 0;
  for (let i = 0; i < theirs.length; i += lanes) {
    // A complex number's parts are held to its magnitude.
    const scale = lanes === 2 ? Math.hypot(Number(theirs[i]), Number(theirs[i + 1])) : Math.abs(Number(theirs[i]));
    let right = true;
    for (let lane = i; lane < i + lanes; lane++) {
      if (same(ours[lane]!, theirs[lane]!, tolerance, scale)) continue;
      right = false;
      furthest = Math.max(furthest, Math.abs(Number(ours[lane]) - Number(theirs[lane])) / (1 + scale));
    }
    if (right) continue;
    wrong++;
    if (first < 0) first = i / lanes;
  }
  if (wrong === 0) return null;
  const show = (values: ArrayLike<number | bigint>) =>
    lanes === 2 ? `${values[2 * first]} + ${values[2 * first + 1]}i` : `${values[first]}`;
  const where = position(first, want.shape);
  const off =
    tolerance > 0 ? `, off by up to ${furthest.toExponential(1)} (allowed ${tolerance.toExponential(1)})` : "";
  return `${wrong} of ${theirs.length / lanes} values${off}; first at ${where}: ${show(ours)} instead of ${show(theirs)}`;
}

function same(a: number | bigint, b: number | bigint, tolerance: number, scale: number): boolean {
  return typeof a === "bigint" || typeof b === "bigint" ? a === b : near(a, b, tolerance, scale);
}

function near(a: number, b: number, tolerance: number, scale: number = Math.abs(b)): boolean {
  if (Object.is(a, b) || a === b) return true;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  return Math.abs(a - b) <= tolerance * (1 + (Number.isFinite(scale) ? scale : 0));
}

function position(index: number, shape: readonly number[]): string {
  const indices: number[] = [];
  for (const n of shape.toReversed()) {
    indices.unshift(index % n);
    index = Math.floor(index / n);
  }
  return `[${indices.join(", ")}]`;
}

/** The elements of a tensor. */
export function readTensor(x: Tensor): ArrayLike<number | bigint> {
  const { buffer, byteOffset, byteLength } = x.detach().dataSync();
  return elements(x.dtype, new Uint8Array(buffer, byteOffset, byteLength));
}

function nameOf(value: unknown): string {
  if (value === null || typeof value !== "object") return String(value);
  return `a ${value.constructor?.name ?? "object"}`;
}
