// Running sums and products in any course: the operators behind cumsum and cumprod and their derivatives. Internal.

import { FLOAT64, INT64, isComplex } from "../core/index.ts";
import { type Call, type Kernels, op, spec } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { around, GRAIN } from "./axes.ts";
import { mul } from "./binary.ts";
import { conj } from "./complex.ts";
import { cast } from "./copy.ts";
import { eye } from "./create.ts";
import { sum } from "./reduce.ts";
import { where } from "./ternary.ts";
import { transpose, unsqueeze } from "./view.ts";

// `reverse` runs from the end; `exclusive` leaves the element itself out.
const COURSE = "input, dim, reverse, exclusive";
type Running = (x: Tensor, dim: number, reverse: boolean, exclusive: boolean) => Tensor;

const TILE = 512; // columns whose running results stay in the first level of the cache

/** A launch of assembly/scan/scan.ts: `operands` writes the slots after the sizes. */
export function scan(k: Kernels, name: string, x: Tensor, dim: number, operands: (call: Call) => Call): void {
  const { outer, n, inner } = around(x.shape, Math.min(dim, x.ndim), Math.min(dim + 1, x.ndim));
  const tile = Math.max(1, Math.min(inner, TILE));
  const units = outer * Math.ceil(inner / tile);
  operands(k.call(name).int(n).int(inner).int(tile)).run(
    units,
    Math.max(1, Math.ceil(GRAIN / (Math.max(n, 1) * tile))),
  );
}

const BLOCK = 8192; // elements of a block of a long line
const FEW = 8; // lines below which long ones are cut, so that there is work for other threads

/** The launches of assembly/scan/blocks.ts, for dense lines. Where they are cut depends on the sizes alone. */
function sumLines(k: Kernels, x: Tensor, out: Tensor, n: number, reverse: boolean): void {
  if (x.layout.size === 0) return;
  const lines = x.layout.size / n;
  const cut = lines < FEW && n > 2 * BLOCK;
  const block = cut ? BLOCK : n;
  const units = lines * Math.ceil(n / block);
  const grain = Math.max(1, Math.ceil(GRAIN / block));
  const sums = cut && k.backend.threads !== 1 ? k.scratch(FLOAT64, [units]) : null;
  if (sums !== null) {
    k.call("sumBlocks").int(n).int(block).tensor(x).tensor(sums).bool(reverse).run(units, grain);
  }
  const call = k.call("cumsumBlocks").int(n).int(block).tensor(x).tensor(sums).bool(reverse).tensor(out);
  call.run(units, cut && sums === null ? units : grain);
}

/** Running sums along a dim. */
export const runningSum: Running = /* @__PURE__ */ op(
  "cumsum",
  COURSE,
  (x: Tensor, dim: number, reverse: boolean, exclusive: boolean) => [{ x }, { dim, reverse, exclusive }],
  {
    infer: ({ x }) => spec(x.code, x.shape),
    kernel: "cumsum",
    launch(k, { x }, { out }, { dim, reverse, exclusive }) {
      const { n, inner } = around(x.shape, Math.min(dim, x.ndim), Math.min(dim + 1, x.ndim));
      if (inner === 1 && !exclusive && !isComplex(k.code)) sumLines(k, x, out, n, reverse);
      else scan(k, "cumsum", x, dim, (call) => call.tensor(x).tensor(out).bool(reverse).bool(exclusive));
    },
    saves: [],
    vjp: (g, _saved, { dim, reverse, exclusive }) => ({ x: () => runningSum(g, dim, !reverse, exclusive) }),
  },
);

/** Running products along a dim. */
export const runningProduct: Running = /* @__PURE__ */ op(
  "cumprod",
  COURSE,
  (x: Tensor, dim: number, reverse: boolean, exclusive: boolean) => [{ x }, { dim, reverse, exclusive }],
  {
    infer: ({ x }) => spec(x.code, x.shape),
    kernel: "cumprod",
    launch: (k, { x }, { out }, { dim, reverse, exclusive }) =>
      scan(k, "cumprod", x, dim, (call) => call.tensor(x).tensor(out).bool(reverse).bool(exclusive)),
    saves: ["x"],
    vjp: (g, { x }, { dim, reverse, exclusive }) => ({
      x: () => runningProductBackward(conj(x), dim, reverse, exclusive, g),
    }),
  },
);

/**
 * dx of running products: right where elements are 0. The formula, which a second derivative goes through, takes n² room:
 * the products again, once for each element left out of them.
 */
const runningProductBackward: (...args: [...Parameters<Running>, g: Tensor]) => Tensor = /* @__PURE__ */ op(
  "cumprodBackward",
  `${COURSE}, g`,
  (x: Tensor, dim: number, reverse: boolean, exclusive: boolean, g: Tensor) => [
    { x, g },
    { dim, reverse, exclusive },
  ],
  {
    infer: ({ x }) => spec(x.code, x.shape),
    kernel: "cumprodBackward",
    launch: (k, { x, g }, { out }, { dim, reverse, exclusive }) =>
      scan(k, "cumprodBackward", x, dim, (call) => call.tensor(x).tensor(out).bool(reverse).bool(exclusive).tensor(g)),
    decompose({ x, g }, { dim, reverse, exclusive }) {
      if (x.ndim === 0) return exclusive ? mul(g, 0) : g;
      const n = x.shape[dim]!;
      // [..., k, n]: along the last dim the products without the element k, and nothing before it comes in.
      const line = unsqueeze(transpose(x, dim, -1), -2);
      const self = eye(n, { dtype: "bool", device: x.device });
      const others = runningProduct(where(self, 1, line), line.ndim - 1, reverse, exclusive);
      const reached = runningSum(cast(self, INT64), 1, reverse, exclusive);
      const shares = mul(mul(others, reached), unsqueeze(transpose(g, dim, -1), -2));
      return transpose(sum(shares, -1), dim, -1);
    },
  },
);
