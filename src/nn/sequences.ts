// fl.nn.utils.rnn: sequences of different lengths as one tensor, with padding or packed without.
//
//   t steps of the longest, b sequences

import { ShapeError, showShape, ValueError } from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";
import { cat, full, indexSelect, narrow, permute, reshape, split, stack } from "../ops/index.ts";
import { Tensor, tensor } from "../tensor/index.ts";

/**
 * Sequences without padding: all first steps, then all second steps, and so on, the longest sequence first.
 *
 * `batchSizes` (int64) says how many sequences have each step, `sortedIndices` where each of them stood before it was sorted
 * by length, `unsortedIndices` the way back; null where the order was given.
 */
export class PackedSequence {
  readonly data: Tensor;
  readonly batchSizes: Tensor;
  readonly sortedIndices: Tensor | null;
  readonly unsortedIndices: Tensor | null;

  constructor(
    data: Tensor,
    batchSizes: Tensor,
    sortedIndices: Tensor | null = null,
    unsortedIndices: Tensor | null = null,
  ) {
    this.data = data;
    this.batchSizes = batchSizes;
    this.sortedIndices = sortedIndices;
    this.unsortedIndices = unsortedIndices;
  }
}

interface PackOptions {
  input: Tensor;
  /** Steps of each sequence. */
  lengths: Tensor | readonly number[];
  /** Whether the input is `[b, t, …]`; false. */
  batchFirst?: boolean;
  /** Whether the sequences come longest first; with false they are sorted here; true. */
  enforceSorted?: boolean;
}
const bindPack = /* @__PURE__ */ keywords<PackOptions>(
  "packPaddedSequence",
  "input, lengths, batchFirst?, enforceSorted?",
  { batchFirst: false, enforceSorted: true },
);

/** Packs sequences that are padded to one length: `[t, b, …]`, or `[b, t, …]` with `batchFirst`. */
export function packPaddedSequence(
  ...args: Arguments<
    PackOptions,
    [input: Tensor, lengths: Tensor | readonly number[]],
    [batchFirst?: boolean, enforceSorted?: boolean]
  >
): PackedSequence {
  const { input, lengths: given, batchFirst, enforceSorted } = bindPack(args);
  const lengths = numbers(given);
  const [steps, batch] = (batchFirst ? [input.shape[1], input.shape[0]] : input.shape) as [number, number];
  if (input.ndim < 2 || lengths.length !== batch) {
    throw new ShapeError(
      `packPaddedSequence: expected as many lengths as sequences, got ${lengths.length} and ${showShape(input.shape)}`,
    );
  }
  for (const length of lengths) {
    if (!(length > 0 && length <= steps)) {
      throw new ValueError(
        `packPaddedSequence: Length of all samples has to be greater than 0 and at most ${steps}, got ${length}`,
      );
    }
  }
  const order = [...lengths.keys()];
  if (enforceSorted) {
    if (lengths.some((length, i) => i > 0 && length > lengths[i - 1]!)) {
      throw new ValueError(
        "packPaddedSequence: `lengths` must be in decreasing order: pass enforceSorted: false to have them sorted",
      );
    }
  } else order.sort((a, b) => lengths[b]! - lengths[a]!);
  const sizes = sizesOf(lengths);
  const place = batchFirst ? (s: number, i: number) => i * steps + s : (s: number, i: number) => s * batch + i;
  const rows = sizes.flatMap((size, s) => order.slice(0, size).map((i) => place(s, i)));
  const data = indexSelect(reshape(input, [steps * batch, ...input.shape.slice(2)]), 0, integers(rows, input));
  return new PackedSequence(
    data,
    integers(sizes),
    enforceSorted ? null : integers(order, input),
    enforceSorted ? null : integers(inverse(order), input),
  );
}

interface UnpackOptions {
  sequence: PackedSequence;
  /** Whether the result is `[b, t, …]`; false. */
  batchFirst?: boolean;
  /** What stands behind a sequence's end; 0. */
  paddingValue?: number;
  /** Steps of the result, at least those of the longest sequence; by default as many. */
  totalLength?: number | null;
}
const bindUnpack = /* @__PURE__ */ keywords<UnpackOptions>(
  "padPackedSequence",
  "sequence, batchFirst?, paddingValue?, totalLength?",
  { batchFirst: false, paddingValue: 0, totalLength: null },
);

/** The way back of `packPaddedSequence`: the padded tensor and the lengths, in the order of before. */
export function padPackedSequence(
  ...args: Arguments<
    UnpackOptions,
    [sequence: PackedSequence],
    [batchFirst?: boolean, paddingValue?: number, totalLength?: number | null]
  >
): [padded: Tensor, lengths: Tensor] {
  const { sequence, batchFirst, paddingValue, totalLength } = bindUnpack(args);
  const { data } = sequence;
  const sizes = numbers(sequence.batchSizes);
  const batch = sizes[0] ?? 0;
  const steps = totalLength ?? sizes.length;
  if (steps < sizes.length) {
    throw new ValueError(
      `padPackedSequence: Expected total_length to be at least the length of the longest sequence in input, but got total_length=${steps} and max sequence length being ${sizes.length}`,
    );
  }
  const starts = [0];
  for (const size of sizes) starts.push(starts.at(-1)! + size);
  const padding = data.shape[0]!; // the row behind all others
  const order = sequence.unsortedIndices === null ? [...Array(batch).keys()] : numbers(sequence.unsortedIndices);
  const place = (s: number, i: number): number => (order[i]! < (sizes[s] ?? 0) ? starts[s]! + order[i]! : padding);
  const rows = batchFirst
    ? order.flatMap((_, i) => Array.from({ length: steps }, (_, s) => place(s, i)))
    : Array.from({ length: steps }, (_, s) => order.map((_, i) => place(s, i))).flat();
  const filler = full([1, ...data.shape.slice(1)], paddingValue, { dtype: data.dtype, device: data.device });
  const padded = indexSelect(cat([data, filler]), 0, integers(rows, data));
  const lengths = order.map((i) => sizes.filter((size) => size > i).length);
  return [
    reshape(padded, [...(batchFirst ? [batch, steps] : [steps, batch]), ...data.shape.slice(1)]),
    integers(lengths),
  ];
}

interface PadOptions {
  sequences: readonly Tensor[];
  /** Whether the result is `[b, t, …]`; false. */
  batchFirst?: boolean;
  /** What stands where a sequence is not; 0. */
  paddingValue?: number;
  /** On which side; "right". */
  paddingSide?: "right" | "left";
}
const bindPad = /* @__PURE__ */ keywords<PadOptions>(
  "padSequence",
  "sequences, batchFirst?, paddingValue?, paddingSide?",
  { batchFirst: false, paddingValue: 0, paddingSide: "right" },
);

/** Sequences `[length, …]` of different lengths as one tensor `[t, b, …]`, or `[b, t, …]` with `batchFirst`. */
export function padSequence(
  ...args: Arguments<
    PadOptions,
    [sequences: readonly Tensor[]],
    [batchFirst?: boolean, paddingValue?: number, paddingSide?: "right" | "left"]
  >
): Tensor {
  const { sequences, batchFirst, paddingValue, paddingSide } = bindPad(args);
  if (sequences.length === 0) throw new ValueError("padSequence: received an empty list of sequences");
  const steps = Math.max(...sequences.map((x) => x.shape[0]!));
  const padded = sequences.map((x) => {
    const missing = steps - x.shape[0]!;
    if (missing === 0) return x;
    const filler = full([missing, ...x.shape.slice(1)], paddingValue, { dtype: x.dtype, device: x.device });
    return cat(paddingSide === "left" ? [filler, x] : [x, filler]);
  });
  return stack(padded, batchFirst ? 0 : 1);
}

/** The way back of `padSequence`: each sequence in its own length. */
export function unpadSequence(
  paddedSequences: Tensor,
  lengths: Tensor | readonly number[],
  batchFirst: boolean | { readonly batchFirst?: boolean } = false,
): Tensor[] {
  const first = typeof batchFirst === "boolean" ? batchFirst : (batchFirst.batchFirst ?? false);
  const dims = [...paddedSequences.shape.keys()];
  const byBatch = first ? paddedSequences : permute(paddedSequences, [1, 0, ...dims.slice(2)]);
  return split(byBatch, 1, 0).map((x, i) => narrow(reshape(x, x.shape.slice(1)), 0, 0, numbers(lengths)[i]!));
}

interface PackListOptions {
  sequences: readonly Tensor[];
  /** Whether the sequences come longest first; with false they are sorted here; true. */
  enforceSorted?: boolean;
}
const bindPackList = /* @__PURE__ */ keywords<PackListOptions>("packSequence", "sequences, enforceSorted?", {
  enforceSorted: true,
});

/** Packs a list of sequences `[length, …]`. */
export function packSequence(
  ...args: Arguments<PackListOptions, [sequences: readonly Tensor[]], [enforceSorted?: boolean]>
): PackedSequence {
  const { sequences, enforceSorted } = bindPackList(args);
  const lengths = sequences.map((x) => x.shape[0]!);
  return packPaddedSequence(padSequence(sequences), lengths, false, enforceSorted);
}

/** The way back of `packSequence`. */
export function unpackSequence(packedSequences: PackedSequence): Tensor[] {
  return unpadSequence(...padPackedSequence(packedSequences));
}

/** Integers as numbers. */
export const numbers = (x: Tensor | readonly number[]): readonly number[] =>
  x instanceof Tensor ? (x.tolist() as number[]) : x;

/** How many sequences have step 0, 1, …. */
function sizesOf(lengths: readonly number[]): number[] {
  return Array.from({ length: Math.max(0, ...lengths) }, (_, s) => lengths.filter((length) => length > s).length);
}

const integers = (values: readonly number[], beside?: Tensor): Tensor =>
  tensor(values, { dtype: "int64", ...(beside === undefined ? {} : { device: beside.device }) });

function inverse(order: readonly number[]): number[] {
  const back = new Array<number>(order.length);
  for (const [i, from] of order.entries()) back[from] = i;
  return back;
}
