// A search along a line for a point that satisfies the strong Wolfe conditions: the loss fell as the slope promises, and
// the slope itself is almost flat. First the step grows until two points have such a point between them, then they close
// in on it. J. Nocedal and S. J. Wright, "Numerical Optimization", algorithms 3.5 and 3.6.

import type { Tensor } from "../tensor/index.ts";

/** A point of the line: how far along, the loss, its gradient, and the slope along the line. */
export interface Point {
  readonly t: number;
  readonly loss: number;
  readonly grad: Tensor;
  readonly slope: number;
}

const FALL = 1e-4; // the share of the promised fall that is asked for
const FLATTER = 0.9; // the share of the first slope that may be left
const CLOSEST = 1e-9; // points nearer than this are one
const MOST_TRIES = 25;

/** The point to go to from `start`, of those that `probe` finds; `size` is the direction's largest element. */
export function strongWolfe(probe: (t: number) => Point, start: Point, first: number, size: number): Point {
  const tooHigh = ({ t, loss }: Point): boolean => loss > start.loss + FALL * t * start.slope;
  const flat = ({ slope }: Point): boolean => Math.abs(slope) <= -FLATTER * start.slope;

  let previous = start;
  let now = probe(first);
  let tries = 0;
  let bracket: [Point, Point] | null = null;
  while (bracket === null && tries < MOST_TRIES) {
    if (tooHigh(now) || (tries > 1 && now.loss >= previous.loss)) bracket = [previous, now];
    else if (flat(now)) return now;
    else if (now.slope >= 0) bracket = [previous, now];
    else {
      const t = lowest(previous, now, now.t + 0.01 * (now.t - previous.t), now.t * 10);
      previous = now;
      now = probe(t);
      tries++;
    }
  }
  bracket ??= [start, now];

  let low: 0 | 1 = bracket[0].loss <= bracket[1].loss ? 0 : 1;
  let stuck = false;
  while (tries < MOST_TRIES) {
    const [a, b] = bracket;
    const [least, most] = a.t <= b.t ? [a.t, b.t] : [b.t, a.t];
    if ((most - least) * size < CLOSEST) break;
    let t = lowest(a, b, least, most);
    // A point near an end twice, or at it, makes no progress: it is taken a tenth of the way inside.
    const margin = 0.1 * (most - least);
    if (Math.min(most - t, t - least) >= margin) stuck = false;
    else if (stuck || t >= most || t <= least) {
      t = Math.abs(t - most) < Math.abs(t - least) ? most - margin : least + margin;
      stuck = false;
    } else stuck = true;

    const point = probe(t);
    tries++;
    const high = low === 0 ? 1 : 0;
    if (tooHigh(point) || point.loss >= bracket[low].loss) {
      bracket[high] = point;
      low = bracket[0].loss <= bracket[1].loss ? 0 : 1;
      continue;
    }
    const done = flat(point);
    if (!done && point.slope * (bracket[high].t - bracket[low].t) >= 0) bracket[high] = bracket[low];
    bracket[low] = point;
    if (done) break;
  }
  return bracket[low];
}

/** Where the cubic through two points with their slopes is lowest, held to [least, most]; the middle where it has no such place. */
function lowest(a: Point, b: Point, least: number, most: number): number {
  const d1 = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.t - b.t);
  const square = d1 ** 2 - a.slope * b.slope;
  if (!(square >= 0)) return (least + most) / 2;
  const d2 = Math.sqrt(square);
  const [near, far] = a.t <= b.t ? [a, b] : [b, a];
  const t = far.t - (far.t - near.t) * ((far.slope + d2 - d1) / (far.slope - near.slope + 2 * d2));
  return Math.min(Math.max(t, least), most);
}
