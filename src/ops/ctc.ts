// The CTC loss: how likely a sequence of labels is, if each step in time emits one of them or a blank, and repetitions and
// then blanks are dropped (Graves et al. 2006, https://doi.org/10.1145/1143844.1143891).
//
// t steps in time, n sequences, c classes, k = 2s + 1 places of the lattice: blank, label, blank, label … blank.

import { DTypeError, isFloating, isIntegral, ShapeError, SUFFIX, show, ValueError } from "../core/index.ts";
import { type Call, type Kernels, op, spec, toDense } from "../op/index.ts";
import { Tensor, tensor } from "../tensor/index.ts";
import { wholes } from "./arguments.ts";
import { add, div, mul, sub } from "./binary.ts";
import { eq, ge, gt, lt, ne } from "./compare.ts";
import { arange, full } from "./create.ts";
import { gather, scatterAdd, zerosOf } from "./gather.ts";
import { cat, stack } from "./join.ts";
import { logicalAnd, logicalOr } from "./logic.ts";
import { type LossOf, type LossReduction, lossOf, reduced } from "./lossform.ts";
import { narrow, select } from "./pick.ts";
import { grainOf } from "./product.ts";
import { logsumexp } from "./softmax.ts";
import { clampMin, where } from "./ternary.ts";
import { exp, isfinite, isinf, neg } from "./unary.ts";
import { expand, reshape, unsqueeze } from "./view.ts";

const NEVER = Number.NEGATIVE_INFINITY;

type Lengths = Tensor | readonly number[] | number;

export interface CtcLossOptions {
  /** Logarithms of probabilities: [t, n, c], or [t, c] of one sequence. */
  logProbs: Tensor;
  /** The labels: [n, s] with room to spare, or all one behind the other. */
  targets: Tensor;
  /** How many steps each sequence has. */
  inputLengths: Lengths;
  /** How many labels each sequence has. */
  targetLengths: Lengths;
  /** The class that is the blank; 0. */
  blank?: number;
  /** What becomes of the losses: "mean" divides each by its number of labels first; "mean". */
  reduction?: LossReduction;
  /** Whether a sequence that is impossible counts as 0 and not as ∞; false. */
  zeroInfinity?: boolean;
}

/**
 * The negative log-likelihood of label sequences, over all ways to emit them.
 *
 * As in PyTorch the gradient supposes that `logProbs` come from `logSoftmax`.
 */
export const ctcLoss: LossOf<
  CtcLossOptions,
  [logProbs: Tensor, targets: Tensor, inputLengths: Lengths, targetLengths: Lengths],
  [blank?: number, reduction?: LossReduction, zeroInfinity?: boolean]
> = /* @__PURE__ */ lossOf<CtcLossOptions>(
  "ctcLoss",
  ["logProbs", "targets"],
  "inputLengths, targetLengths, blank?, reduction?, zeroInfinity?",
  { blank: 0, reduction: "mean", zeroInfinity: false },
  ({ logProbs, targets, inputLengths, targetLengths, blank, reduction, zeroInfinity }) => {
    if (!isFloating(logProbs.code)) throw new DTypeError(`logProbs is ${show(logProbs)}, expected floats`);
    if (!isIntegral(targets.code)) throw new DTypeError(`targets is ${show(targets)}, expected integers`);
    if (logProbs.ndim !== 2 && logProbs.ndim !== 3) {
      throw new ShapeError(`logProbs is ${show(logProbs)}, expected [t, n, c] or [t, c]`);
    }
    const x = logProbs.ndim === 3 ? logProbs : unsqueeze(logProbs, 1);
    const [steps, n, c] = x.shape as [number, number, number];
    if (!(blank >= 0 && blank < c)) throw new ValueError(`blank is ${blank}, expected a class below ${c}`);
    const times = lengthsOf("inputLengths", inputLengths, n, steps);
    const counts = lengthsOf("targetLengths", targetLengths, n, Number.POSITIVE_INFINITY);
    const labels = labelsOf(targets, counts);
    const device = { device: x.device };
    const [losses] = likelihood(
      x,
      tensor(lattice(labels, blank), device),
      tensor(times, device),
      tensor(counts, device),
      blank,
    );
    const finite = zeroInfinity ? where(isinf(losses!), 0, losses!) : losses!;
    const each =
      reduction === "mean" ? div(finite, clampMin(tensor(counts, { ...device, dtype: x.dtype }), 1)) : finite;
    return reduced(reduction === "none" && logProbs.ndim === 2 ? reshape(each, []) : each, reduction);
  },
  () => "CtcLossBackward0",
);

/** One length for each of n sequences, none above `most`. */
function lengthsOf(name: string, given: Lengths, n: number, most: number): number[] {
  const list = wholes(given instanceof Tensor ? given.tolist() : given, "ctcLoss", name);
  if (list.length !== n) throw new ShapeError(`${name} has ${list.length} entries, expected ${n}`);
  const bad = list.find((length) => length < 0 || length > most);
  if (bad !== undefined) throw new ValueError(`${name} has ${bad}, expected 0 to ${most}`);
  return list;
}

/** The labels of each sequence. */
function labelsOf(targets: Tensor, counts: readonly number[]): number[][] {
  const total = counts.reduce((a, b) => a + b, 0);
  const width = targets.shape.at(-1) ?? 1;
  if (
    targets.ndim === 2 ? targets.shape[0] !== counts.length || counts.some((s) => s > width) : targets.numel() < total
  ) {
    throw new ShapeError(`targets is ${show(targets)}, which has not ${counts.join(", ")} labels`);
  }
  if (targets.ndim === 2) return (targets.tolist() as number[][]).map((row, i) => row.slice(0, counts[i]));
  const flat = reshape(targets, [-1]).tolist() as number[];
  let end = 0;
  return counts.map((s) => {
    end += s;
    return flat.slice(end - s, end);
  });
}

/** The classes of the places: blanks around labels, and blanks to the end of the longest. */
function lattice(labels: readonly number[][], blank: number): number[][] {
  const most = Math.max(0, ...labels.map((row) => row.length));
  return labels.map((row) =>
    Array.from({ length: 2 * most + 1 }, (_, k) => (k % 2 === 1 ? (row[(k - 1) / 2] ?? blank) : blank)),
  );
}

/** x[:, k - by], and `fill` where there is none. */
function shifted(x: Tensor, by: number, fill: number | boolean): Tensor {
  const k = x.shape[1]!;
  const width = Math.min(Math.abs(by), k);
  const gap = full([x.shape[0]!, width], fill, { dtype: x.dtype, device: x.device });
  return by > 0 ? cat([gap, narrow(x, 1, 0, k - width)], 1) : cat([narrow(x, 1, width, k - width), gap], 1);
}

/** Places [n, k] that may be reached from the one before the last: other labels than that. */
function mayJump(places: Tensor, blank: number): Tensor {
  const other = logicalAnd(ne(places, blank), ne(places, shifted(places, 2, blank)));
  return logicalAnd(other, ge(arange(places.shape[1]!, { device: places.device }), 2));
}

/** The places where a sequence may end: its last label and the blank behind it. */
function isEnd(places: Tensor, counts: Tensor): Tensor {
  const k = arange(places.shape[1]!, { device: places.device });
  const last = mul(unsqueeze(counts, 1), 2);
  return logicalOr(eq(k, last), eq(k, sub(last, 1)));
}

/** Log-probabilities of the places: [t, n, k]. */
const emitted = (x: Tensor, places: Tensor): Tensor => gather(x, 2, expand(places, [x.shape[0]!, ...places.shape]));

/**
 * The losses [n], and the forward variables [t, n, k]: of all ways to be at a place of the lattice after a step. When a
 * sequence is over they stay.
 */
const likelihood: (x: Tensor, places: Tensor, times: Tensor, counts: Tensor, blank: number) => Tensor[] =
  /* @__PURE__ */ op(
    "ctcLoss",
    "logProbs, places, times, counts, blank",
    (x: Tensor, places: Tensor, times: Tensor, counts: Tensor, blank: number) => [
      { x, places, times, counts },
      { blank },
    ],
    {
      method: false,
      outputs: ["losses", "forward"],
      differentiable: ["losses"],
      infer: ({ x, places }) => [spec(x.code, [x.shape[1]!]), spec(x.code, [x.shape[0]!, ...places.shape])],
      kernelName: ({ x, places }) =>
        places.shape[1]! <= MOST_PLACES && x.layout.size > 0 ? `ctc_${SUFFIX[x.code]}` : null,
      launch(k, { x, places, times, counts }, { losses, forward }, { blank }) {
        const work = x.shape[0]! * places.shape[1]! * WORK;
        const call = begun(k, "ctc", x, places, times, counts, blank);
        call.tensor(losses).tensor(forward).run(x.shape[1]!, grainOf(work));
      },
      decompose({ x, places, times, counts }, { blank }) {
        const emissions = emitted(x, places);
        const jump = mayJump(places, blank);
        const first = lt(arange(places.shape[1]!, { device: x.device }), 2);
        const begun = where(first, select(emissions, 0, 0), NEVER);
        const forward = [begun];
        for (let t = 1; t < x.shape[0]!; t++) {
          const before = forward.at(-1)!;
          const ways = [before, shifted(before, 1, NEVER), where(jump, shifted(before, 2, NEVER), NEVER)];
          const after = add(logsumexp(stack(ways, 0), 0), select(emissions, 0, t));
          forward.push(where(unsqueeze(gt(times, t), 1), after, before));
        }
        const ended = where(isEnd(places, counts), forward.at(-1)!, NEVER);
        return [neg(logsumexp(ended, 1)), stack(forward, 0)];
      },
      saves: ["x", "places", "times", "counts", "losses", "forward"],
      vjp: (g, { x, places, times, counts, losses, forward }, { blank }) => ({
        x: () => {
          const shares = posterior(x, places, times, counts, losses, forward, blank);
          const classes = expand(places, shares.shape);
          const expected = scatterAdd(zerosOf(x, shares), 2, classes, shares);
          const live = lt(reshape(arange(x.shape[0]!, { device: x.device }), [-1, 1, 1]), reshape(times, [-1, 1]));
          // A cotangent of 0 belongs to a loss that counts as 0 because it is infinite.
          const slope = mul(sub(exp(x), expected), unsqueeze(g.losses!, 1));
          return where(logicalAnd(live, ne(unsqueeze(g.losses!, 1), 0)), slope, 0);
        },
        places: null,
        times: null,
        counts: null,
      }),
      backward(k, { losses: g }, { x, places, times, counts, losses, forward }, into, { blank }) {
        if (places.shape[1]! > MOST_PLACES || x.layout.size === 0) return false;
        const work = x.shape[0]! * (places.shape[1]! + x.shape[2]!) * WORK;
        const slope = toDense(g!);
        const call = begun(k, "ctcBackward", toDense(x), toDense(places), toDense(times), toDense(counts), blank);
        call.tensor(losses).tensor(forward).tensor(slope).tensor(into.x).run(x.shape[1]!, grainOf(work));
        return true;
      },
    },
  );

/** Places of the lattice for which the kernels have room: ROOM of assembly/rows/ctc.ts, in float64. */
const MOST_PLACES = 32_000;
/** Multiplications that a place, or a class, takes as long as in a step. */
const WORK = 48;

/** What the blocks of both kernels begin with. */
function begun(
  k: Kernels,
  name: string,
  x: Tensor,
  places: Tensor,
  times: Tensor,
  counts: Tensor,
  blank: number,
): Call {
  const [steps, n, c] = x.shape as [number, number, number];
  const call = k.call(name).int(steps).int(n).int(c).int(places.shape[1]!).int(blank);
  return call.tensor(x).tensor(places).tensor(times).tensor(counts);
}

/** How probable each place is after each step, given the labels: [t, n, k]. From the end back, each share goes where it came from. */
function posterior(
  x: Tensor,
  places: Tensor,
  times: Tensor,
  counts: Tensor,
  losses: Tensor,
  forward: Tensor,
  blank: number,
): Tensor {
  const steps = x.shape[0]!;
  const emissions = emitted(x, places);
  const jump = mayJump(places, blank);
  const last = select(forward, 0, steps - 1);
  let share = where(isEnd(places, counts), exp(add(last, unsqueeze(losses, 1))), 0);
  const shares = [share];
  for (let t = steps - 1; t > 0; t--) {
    const before = select(forward, 0, t - 1);
    const arrived = sub(select(forward, 0, t), select(emissions, 0, t));
    // What nobody reached gives nothing back.
    const sum = where(isfinite(arrived), arrived, Number.POSITIVE_INFINITY);
    const from = (by: number, given: Tensor): Tensor =>
      by === 0
        ? mul(given, exp(sub(before, sum)))
        : mul(shifted(given, -by, 0), exp(sub(before, shifted(sum, -by, Number.POSITIVE_INFINITY))));
    const parts = add(add(from(0, share), from(1, share)), from(2, where(jump, share, 0)));
    share = where(unsqueeze(gt(times, t), 1), parts, share);
    shares.push(share);
  }
  return stack(shares.reverse(), 0);
}
