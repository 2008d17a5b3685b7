// Differences of neighbours along a dim, and integrals by the trapezoid rule.

import { BOOL, ValueError } from "../core/index.ts";
import { asTensor, type FnQ, type OpK } from "../op/index.ts";
import { Tensor } from "../tensor/index.ts";
import { axisOf } from "./axes.ts";
import { add, div, mul, sub } from "./binary.ts";
import { ne } from "./compare.ts";
import { composed, composedFunction } from "./composed.ts";
import { clone } from "./copy.ts";
import { cat } from "./join.ts";
import { narrow, select } from "./pick.ts";
import { sum } from "./reduce.ts";
import { cumsum } from "./scan.ts";
import { reshape } from "./view.ts";

/** Neighbours along `dim`: all but the last, and all but the first. */
function neighbours(x: Tensor, dim: number): readonly [Tensor, Tensor] {
  const n = Math.max(x.shape[dim]! - 1, 0);
  return [narrow(x, dim, 0, n), narrow(x, dim, x.shape[dim]! - n, n)];
}

/** The `n`th differences `x[i + 1] - x[i]` along `dim`, after `prepend` and before `append`. Of booleans whether they differ. */
export const diff: OpK<
  [n?: number, dim?: number, prepend?: Tensor | null, append?: Tensor | null],
  ["n", "dim", "prepend", "append"],
  { n: number; dim: number; prepend: Tensor | null; append: Tensor | null }
> = /* @__PURE__ */ composed("diff", "input, n?, dim?, prepend?, append?", (x, n, dim, prepend, append) => {
  asTensor(x, "diff", "input");
  const times = n ?? 1;
  if (!Number.isInteger(times) || times < 0)
    throw new ValueError(`diff: n is ${String(n)}, expected an integer that is not negative`);
  if (x.ndim === 0) throw new ValueError("diff: expected at least 1 dim, got a 0-dim tensor");
  const axis = axisOf(dim ?? -1, x.ndim, "diff");
  if (times === 0) return clone(x);
  const parts = [prepend, x, append].filter((part) => part instanceof Tensor);
  let y = parts.length > 1 ? cat(parts, axis) : x;
  for (let i = 0; i < Math.min(times, x.numel() + 1); i++) {
    const [before, after] = neighbours(y, axis);
    y = y.code === BOOL ? ne(after, before) : sub(after, before);
  }
  return y;
});

type Trapezoid = FnQ<[y: Tensor], [x?: Tensor | null], ["x"], { x: Tensor | null; dx: number; dim: number }>;

/** (y[i] + y[i + 1]) / 2 · (x[i + 1] - x[i]) along the dim */
function areas(y: Tensor, x: Tensor | null, dx: number, dim: number): Tensor {
  const [before, after] = neighbours(y, dim);
  const heights = add(before, after);
  if (x === null) return mul(div(heights, 2), dx);
  // Halved last: products of integers stay in their dtype.
  return div(mul(heights, widths(y, x, dim)), 2);
}

/** The steps of `x`, which has y's shape or is the coordinates along `dim`. */
function widths(y: Tensor, x: Tensor, dim: number): Tensor {
  const [left, right] = neighbours(x, x.ndim === 1 ? 0 : axisOf(dim - y.ndim, x.ndim, "trapezoid"));
  const steps = sub(right, left);
  return x.ndim === 1
    ? reshape(
        steps,
        y.shape.map((_, d) => (d === dim ? -1 : 1)),
      )
    : steps;
}

function trapezoidal(
  name: string,
  integral: (y: Tensor, x: Tensor | null, dx: number, dim: number) => Tensor,
): Trapezoid {
  return composedFunction(
    name,
    "y, x?, *, dx?, dim?",
    (y, x, dx: number | null | undefined, dim: number | undefined) => {
      asTensor(y, name, "y");
      return integral(y, x ?? null, Number(dx ?? 1), axisOf(dim ?? -1, y.ndim, name));
    },
  );
}

/** All areas together: in even steps the sum of all heights, of which both ends count by half. */
function whole(y: Tensor, x: Tensor | null, dx: number, dim: number): Tensor {
  if (x !== null || y.shape[dim] === 0) return sum(areas(y, x, dx, dim), dim);
  const ends = add(select(y, dim, 0), select(y, dim, -1));
  return mul(sub(sum(y, dim), div(ends, 2)), dx);
}

/** The integral of `y` over `x`, or over steps of `dx`, along `dim` by the trapezoid rule. */
export const trapezoid: Trapezoid = /* @__PURE__ */ trapezoidal("trapezoid", whole);
/** The same as `trapezoid`. */
export const trapz: Trapezoid = /* @__PURE__ */ trapezoidal("trapz", whole);
/** The integrals up to each element but the first. */
export const cumulativeTrapezoid: Trapezoid = /* @__PURE__ */ trapezoidal("cumulativeTrapezoid", (...args) =>
  cumsum(areas(...args), args[3]),
);
