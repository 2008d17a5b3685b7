// Slopes of sampled functions.

import { DTYPES, defaultFloat, isComplex, isIntegral, REAL, ShapeError, show, ValueError } from "../core/index.ts";
import { asTensor } from "../op/index.ts";
import { Tensor } from "../tensor/index.ts";
import { realNumber } from "./arguments.ts";
import { axisOf } from "./axes.ts";
import { add, div, mul, sub } from "./binary.ts";
import { composedFunction } from "./composed.ts";
import { full } from "./create.ts";
import { diff } from "./difference.ts";
import { cat } from "./join.ts";
import { narrow } from "./pick.ts";
import { reshape } from "./view.ts";

type Spacing = number | readonly (number | Tensor)[] | null;
export interface GradientOptions {
  /** The step along all dims, or one a dim, or the coordinates along each dim; 1. */
  spacing?: Spacing;
  /** The dims; all by default. */
  dim?: number | readonly number[] | null;
  /** 1 or 2: how exact the slopes at the ends are; 1. */
  edgeOrder?: number;
}

/**
 * The slopes of `x` along each dim of `dim`: differences of second order of the neighbours inside, of order `edgeOrder` at the
 * ends.
 *
 * Throws ShapeError where a dim has fewer than edgeOrder + 1 elements, or the spacings are not as many as the dims.
 */
export const gradient: (x: Tensor, options?: GradientOptions) => Tensor[] = /* @__PURE__ */ composedFunction(
  "gradient",
  "input, *, spacing?, dim?, edgeOrder?",
  (x: Tensor, spacing?: unknown, dim?: unknown, edgeOrder?: unknown) => {
    asTensor(x, "gradient", "input");
    const order = edgeOrder ?? 1;
    if (order !== 1 && order !== 2) throw new ValueError(`gradient: edgeOrder is ${String(order)}, expected 1 or 2`);
    const list = dim == null ? [...x.shape.keys()] : Array.isArray(dim) ? (dim as number[]) : [dim as number];
    const dims = list.map((d) => axisOf(d, x.ndim, "gradient"));
    if (new Set(dims).size < dims.length) throw new ShapeError("gradient: dim names a dim twice");
    for (const d of dims) {
      if (!(x.shape[d]! > order)) {
        throw new ShapeError(`gradient: ${show(x)} has fewer than ${order + 1} elements along dim ${d}`);
      }
    }
    const spacings = Array.isArray(spacing)
      ? (spacing as (number | Tensor)[])
      : dims.map(() => (spacing ?? 1) as number);
    if (spacings.length !== dims.length) {
      throw new ShapeError(`gradient: ${spacings.length} spacings for ${dims.length} dims`);
    }
    return dims.map((d, i) => slopes(x, d, stepsOf(x, d, spacings[i]!), order));
  },
) as never;

/** The steps between neighbours along a dim, in the shape that broadcasts with x. */
function stepsOf(x: Tensor, dim: number, spacing: number | Tensor): Tensor {
  const n = x.shape[dim]!;
  const shape = x.shape.map((_, d) => (d === dim ? n - 1 : 1));
  if (spacing instanceof Tensor && spacing.ndim > 0) {
    if (spacing.ndim !== 1 || spacing.numel() !== n) {
      throw new ShapeError(`gradient: coordinates are ${show(spacing)}, expected ${n} for dim ${dim} of ${show(x)}`);
    }
    return reshape(diff(spacing), shape);
  }
  const code = isIntegral(x.code) ? defaultFloat() : isComplex(x.code) ? REAL[x.code]! : x.code;
  return full(shape, realNumber(spacing, "gradient", "spacing"), { dtype: DTYPES[code]!, device: x.device });
}

function slopes(x: Tensor, dim: number, steps: Tensor, order: number): Tensor {
  const n = x.shape[dim]!;
  const rises = div(diff(x, 1, dim), steps);
  const at = (t: Tensor, from: number, count = 1): Tensor => narrow(t, dim, from, count);
  // Inside, the slope is that of both sides, each weighed by the other's step.
  const [left, right] = [at(steps, 0, n - 2), at(steps, 1, n - 2)];
  const weighed = add(mul(at(rises, 0, n - 2), right), mul(at(rises, 1, n - 2), left));
  const inside = div(weighed, add(left, right));
  const end = (first: number, second: number): Tensor => {
    if (order === 1) return at(rises, first);
    // The parabola through three points, continued to the end.
    const bend = div(sub(at(rises, second), at(rises, first)), add(at(steps, first), at(steps, second)));
    return sub(at(rises, first), mul(bend, at(steps, first)));
  };
  return cat([end(0, 1), inside, end(n - 2, n - 3)], dim);
}
