// Recurrent networks over whole sequences, one operator a layer and direction: assembly/recurrent/recurrent.ts. No public
// names; src/nn makes modules of them.
//
//   t steps, b rows of a batch, h the width of a state, G that of the gates
//   x [t, b, G] the input's part of the gates, u [G, h] the state's weight, first states [b, h]
//
// `gates` is what the derivative needs of each step, an output like the others: a second derivative goes through it.

import { SIZE } from "../core/index.ts";
import { type Call, f32, type Kernels, type Named, noComplex, op, type Spec, spec } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { relu } from "./activation.ts";
import { add, mul, sub } from "./binary.ts";
import { le } from "./compare.ts";
import { zerosLike } from "./create.ts";
import { cat, stack } from "./join.ts";
import { addmm, linear, matmul } from "./matmul.ts";
import { once } from "./once.ts";
import { part, select, split } from "./pick.ts";
import { grainOf } from "./product.ts";
import { where } from "./ternary.ts";
import { sigmoid, tanh } from "./unary.ts";
import { reshape, t as turned } from "./view.ts";

type Four = [Tensor, Tensor, Tensor, Tensor];

// ── one step by operators ────────────────────────────────────────────────────────────────────────────────────────────

/** `h' = act(x + U·h)`. @internal */
export function rnnStep(x: Tensor, u: Tensor, h: Tensor, rectified: boolean): Tensor {
  const sum = addmm(x, h, turned(u));
  return rectified ? relu(sum) : tanh(sum);
}

/** `c' = σ(f)·c + σ(i)·tanh(g)`, `h' = σ(o)·tanh(c')` of i, f, g, o = x + U·h. @internal */
export function lstmStep(x: Tensor, u: Tensor, h: Tensor, c: Tensor): { h: Tensor; c: Tensor; gates: Four } {
  const [i, f, g, o] = split(addmm(x, h, turned(u)), c.shape[1]!, 1) as Four;
  const gates: Four = [sigmoid(i), sigmoid(f), tanh(g), sigmoid(o)];
  const cell = add(mul(gates[1], c), mul(gates[0], gates[2]));
  return { h: mul(gates[3], tanh(cell)), c: cell, gates };
}

/** `h' = (1 - z)·n + z·h` of r, z = σ(x + p) and n = tanh(x + r·q), where p and q are U·h + bias. @internal */
export function gruStep(x: Tensor, u: Tensor, h: Tensor, bias: Tensor | null): { h: Tensor; gates: Four } {
  const width = h.shape[1]!;
  const [fromInput, newInput] = split(x, [2 * width, width], 1) as [Tensor, Tensor];
  const [fromState, q] = split(linear(h, u, bias), [2 * width, width], 1) as [Tensor, Tensor];
  const [r, z] = split(sigmoid(add(fromInput, fromState)), width, 1) as [Tensor, Tensor];
  const n = tanh(add(newInput, mul(r, q)));
  return { h: add(n, mul(z, sub(h, n))), gates: [r, z, n, q] };
}

// ── what the scans share ─────────────────────────────────────────────────────────────────────────────────────────────

/** Rows of a unit: whole tiles of 4 and 6 rows, few enough that threads find a share, many enough to use U well. */
const unitRows = (batch: number): number => Math.ceil(batch / UNITS / 12) * 12;
const UNITS = 16;

/** Begins a launch over the steps of `h` [t, b, h], with U packed as it is (`back`) or transposed. */
function begin(k: Kernels, name: string, u: Tensor, h: Tensor, first: Tensor, reverse: boolean, back: boolean): Call {
  const [columns, depth] = back ? [u.shape[1]!, u.shape[0]!] : (u.shape as [number, number]);
  const lanes = 32 / SIZE[k.code]!;
  const count = Math.ceil(columns / lanes);
  const panels = k.scratch(k.code, [count * lanes * depth]);
  const strides = back ? [1, u.shape[1]!] : [u.shape[1]!, 1];
  k.call("panels")
    .tensor(panels)
    .tensor(u)
    .int(columns)
    .int(depth)
    .ints(strides)
    .run(count, grainOf(depth * lanes));
  const [steps, batch, width] = h.shape as [number, number, number];
  const call = k.call(name).int(steps).int(batch).int(width).int(unitRows(batch)).bool(reverse);
  return call.tensor(panels).tensor(first);
}

function run(call: Call, u: Tensor, h: Tensor): void {
  const [steps, batch] = h.shape as [number, number];
  const rows = unitRows(batch);
  call.run(Math.ceil(batch / rows), grainOf(steps * rows * u.numel()));
}

/** The steps in their order. */
function orderOf(steps: number, reverse: boolean): number[] {
  const order = Array.from({ length: steps }, (_, s) => s);
  return reverse ? order.reverse() : order;
}

/** The formula of a scan: `step` gives each output's part from its step's x and the parts before it. */
function scanned(
  x: Tensor,
  reverse: boolean,
  step: (x: Tensor, before: readonly Tensor[] | null) => readonly Tensor[],
): Tensor[] {
  const parts = new Array<readonly Tensor[]>(x.shape[0]!);
  let before: readonly Tensor[] | null = null;
  for (const s of orderOf(parts.length, reverse)) {
    before = step(select(x, 0, s), before);
    parts[s] = before;
  }
  return parts[0]!.map((_, i) => stack(parts.map((part) => part[i]!)));
}

/** The formula of a derivative, from the last step to the first; `before` is the number of the step before or null. */
function scannedBack(steps: number, reverse: boolean, step: (s: number, before: number | null) => Tensor): Tensor {
  const order = orderOf(steps, reverse);
  const parts = new Array<Tensor>(steps);
  for (let i = steps - 1; i >= 0; i--) parts[order[i]!] = step(order[i]!, order[i - 1] ?? null);
  return stack(parts);
}

/** Step s of a cotangent, added to what came from later steps. */
const joined = (later: Tensor, g: Tensor | null, s: number): Tensor =>
  g === null ? later : add(later, select(g, 0, s));

/** The gradient by U, given that by U·h at every step. */
function byWeight(g: Tensor, h: Tensor, first: Tensor, reverse: boolean): Tensor {
  const steps = h.shape[0]!;
  const start = matmul(turned(select(g, 0, reverse ? -1 : 0)), first);
  if (steps === 1) return start;
  const rows = (x: Tensor, from: number): Tensor =>
    reshape(part(x, 0, from, steps - 1, 1), [(steps - 1) * x.shape[1]!, x.shape[2]!]);
  return addmm(start, turned(rows(g, reverse ? 0 : 1)), rows(h, reverse ? 1 : 0));
}

const bySigmoid = (g: Tensor, y: Tensor): Tensor => mul(g, mul(y, sub(1, y)));
const byTanh = (g: Tensor, y: Tensor): Tensor => mul(g, sub(1, mul(y, y)));

/** [t, b, times · h], given a list of steps and a state. The rules are those of real numbers. */
function widened(name: string, x: Spec, h: Spec, times: number): Spec {
  noComplex(name, x);
  return spec(x.code, [x.shape[0]!, x.shape[1]!, times * h.shape.at(-1)!]);
}

// ── rnn ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** All steps of a simple network: the states [t, b, h]. @internal */
export const rnnScan: (x: Tensor, u: Tensor, h: Tensor, rectified: boolean, reverse: boolean) => Tensor =
  /* @__PURE__ */ op(
    "rnnScan",
    "x, u, first, rectified, reverse",
    (x: Tensor, u: Tensor, first: Tensor, rectified: boolean, reverse: boolean) => [
      { x, u, first },
      { rectified, reverse },
    ],
    {
      infer: ({ x }) => widened("rnnScan", x, x, 1),
      kernel: "rnn",
      launch(k, { x, u, first }, { out }, { rectified, reverse }) {
        const call = begin(k, "rnn", u, out, first, reverse, false);
        run(call.tensor(x).tensor(out).tensor(out).bool(rectified).tensor(null), u, out);
      },
      decompose: ({ x, u, first }, { rectified, reverse }) =>
        scanned(x, reverse, (gates, before) => [rnnStep(gates, u, before?.[0] ?? first, rectified)])[0]!,
      saves: ["u", "first", "out"],
      vjp(g, { u, first, out }, { rectified, reverse }) {
        const grads = once(() => rnnScanGrad(g, u, first, out, rectified, reverse));
        return {
          x: () => grads().x,
          u: () => byWeight(grads().x, out, first, reverse),
          first: () => grads().first,
        };
      },
      method: false,
      samples: () => [
        [f32(3, 2, 4), f32(4, 4), f32(2, 4), false, false],
        [f32(2, 2, 3), f32(3, 3), f32(2, 3), false, true],
      ],
    },
  );

const rnnScanGrad: (
  g: Tensor,
  u: Tensor,
  first: Tensor,
  h: Tensor,
  rectified: boolean,
  reverse: boolean,
) => Named<["x", "first"]> = /* @__PURE__ */ op(
  "rnnScanGrad",
  "g, u, first, h, rectified, reverse",
  (g: Tensor, u: Tensor, first: Tensor, h: Tensor, rectified: boolean, reverse: boolean) => [
    { g, u, first, h },
    { rectified, reverse },
  ],
  {
    outputs: ["x", "first"],
    infer: ({ first, h }) => [spec(h.code, h.shape), spec(h.code, first.shape)],
    kernel: "rnnGrad",
    launch(k, { g, u, first, h }, grads, { rectified, reverse }) {
      const call = begin(k, "rnnGrad", u, h, first, reverse, true);
      call.tensor(grads.x).tensor(h).tensor(h).bool(rectified).tensor(null).tensor(g).tensor(null);
      run(call.tensor(grads.first), u, h);
    },
    decompose({ g, u, first, h }, { rectified, reverse }) {
      let later = zerosLike(first);
      const x = scannedBack(h.shape[0]!, reverse, (s) => {
        const along = joined(later, g, s);
        const y = select(h, 0, s);
        const d = rectified ? where(le(y, 0), 0, along) : byTanh(along, y);
        later = matmul(d, u);
        return d;
      });
      return [x, later];
    },
  },
);

// ── lstm ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * All steps of a long short-term memory: the states h and c, [t, b, h] each, and σ(i), σ(f), tanh(g), σ(o) side by side.
 * @internal
 */
export const lstmScan: (x: Tensor, u: Tensor, h: Tensor, c: Tensor, reverse: boolean) => Named<["h", "c", "gates"]> =
  /* @__PURE__ */ op(
    "lstmScan",
    "x, u, first, firstCell, reverse",
    (x: Tensor, u: Tensor, first: Tensor, firstCell: Tensor, reverse: boolean) => [
      { x, u, first, firstCell },
      { reverse },
    ],
    {
      outputs: ["h", "c", "gates"],
      infer: ({ x, first }) => [1, 1, 4].map((times) => widened("lstmScan", x, first, times)),
      kernel: "lstm",
      launch(k, { x, u, first, firstCell }, { h, c, gates }, { reverse }) {
        const call = begin(k, "lstm", u, h, first, reverse, false);
        run(call.tensor(x).tensor(h).tensor(gates).tensor(firstCell).tensor(c), u, h);
      },
      decompose: ({ x, u, first, firstCell }, { reverse }) =>
        scanned(x, reverse, (part, before) => {
          const { h, c, gates } = lstmStep(part, u, before?.[0] ?? first, before?.[1] ?? firstCell);
          return [h, c, cat(gates, 1)];
        }),
      saves: ["u", "first", "firstCell", "h", "c", "gates"],
      vjp(g, { u, first, firstCell, h, c, gates }, { reverse }) {
        const grads = once(() => {
          if (g.gates !== null) return lstmGradient(g.h, g.c, g.gates, u, first, firstCell, c, gates, reverse);
          return lstmScanGrad(g.h, g.c, u, first, firstCell, h, c, gates, reverse);
        });
        return {
          x: () => grads()[0]!,
          u: () => byWeight(grads()[0]!, h, first, reverse),
          first: () => grads()[1]!,
          firstCell: () => grads()[2]!,
        };
      },
      method: false,
      samples: () => [
        [f32(3, 2, 8), f32(8, 2), f32(2, 2), f32(2, 2), false],
        [f32(2, 3, 12), f32(12, 3), f32(3, 3), f32(3, 3), true],
      ],
    },
  );

const lstmScanGrad: (
  gh: Tensor | null,
  gc: Tensor | null,
  u: Tensor,
  first: Tensor,
  firstCell: Tensor,
  h: Tensor,
  c: Tensor,
  gates: Tensor,
  reverse: boolean,
) => Named<["x", "first", "firstCell"]> = /* @__PURE__ */ op(
  "lstmScanGrad",
  "gh, gc, u, first, firstCell, h, c, gates, reverse",
  (
    gh: Tensor | null,
    gc: Tensor | null,
    u: Tensor,
    first: Tensor,
    firstCell: Tensor,
    h: Tensor,
    c: Tensor,
    gates: Tensor,
    reverse: boolean,
  ) => [{ gh, gc, u, first, firstCell, h, c, gates }, { reverse }],
  {
    outputs: ["x", "first", "firstCell"],
    infer: ({ first, gates }) => [gates, first, first].map((x) => spec(x.code, x.shape)),
    kernel: "lstmGrad",
    kernelBy: "u",
    launch(k, { gh, gc, u, first, firstCell, h, c, gates }, grads, { reverse }) {
      const call = begin(k, "lstmGrad", u, h, first, reverse, true);
      call.tensor(grads.x).tensor(h).tensor(gates).tensor(firstCell).tensor(c).tensor(gh).tensor(gc);
      run(call.tensor(grads.first).tensor(grads.firstCell), u, h);
    },
    decompose: ({ gh, gc, u, first, firstCell, c, gates }, { reverse }) =>
      lstmGradient(gh, gc, null, u, first, firstCell, c, gates, reverse),
  },
);

/** The formula of the gradients by x and the first states. */
function lstmGradient(
  gh: Tensor | null,
  gc: Tensor | null,
  gGates: Tensor | null,
  u: Tensor,
  first: Tensor,
  firstCell: Tensor,
  c: Tensor,
  gates: Tensor,
  reverse: boolean,
): Tensor[] {
  let later = zerosLike(first);
  let laterCell = zerosLike(firstCell);
  const x = scannedBack(c.shape[0]!, reverse, (s, before) => {
    const [i, f, g, o] = split(select(gates, 0, s), first.shape[1]!, 1) as Four;
    const shown = tanh(select(c, 0, s));
    const dh = joined(later, gh, s);
    const dc = add(joined(laterCell, gc, s), byTanh(mul(dh, o), shown));
    const last = before === null ? firstCell : select(c, 0, before);
    const byGates = joined(cat([mul(dc, g), mul(dc, last), mul(dc, i), mul(dh, shown)], 1), gGates, s);
    const [di, df, dg, dO] = split(byGates, first.shape[1]!, 1) as Four;
    const d = cat([bySigmoid(di, i), bySigmoid(df, f), byTanh(dg, g), bySigmoid(dO, o)], 1);
    laterCell = mul(dc, f);
    later = matmul(d, u);
    return d;
  });
  return [x, later, laterCell];
}

// ── gru ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** All steps of a gated recurrent unit: the states [t, b, h], and r, z, n, q side by side (see `gruStep`). @internal */
export const gruScan: (
  x: Tensor,
  u: Tensor,
  h: Tensor,
  bias: Tensor | null,
  reverse: boolean,
) => Named<["h", "gates"]> = /* @__PURE__ */ op(
  "gruScan",
  "x, u, first, bias, reverse",
  (x: Tensor, u: Tensor, first: Tensor, bias: Tensor | null, reverse: boolean) => [{ x, u, first, bias }, { reverse }],
  {
    outputs: ["h", "gates"],
    infer: ({ x, first }) => [1, 4].map((times) => widened("gruScan", x, first, times)),
    kernel: "gru",
    launch(k, { x, u, first, bias }, { h, gates }, { reverse }) {
      const call = begin(k, "gru", u, h, first, reverse, false);
      run(call.tensor(x).tensor(h).tensor(gates).tensor(bias).tensor(null), u, h);
    },
    decompose: ({ x, u, first, bias }, { reverse }) =>
      scanned(x, reverse, (part, before) => {
        const { h, gates } = gruStep(part, u, before?.[0] ?? first, bias);
        return [h, cat(gates, 1)];
      }),
    saves: ["u", "first", "h", "gates"],
    vjp(g, { u, first, h, gates }, { reverse }) {
      const grads = once(() => {
        if (g.gates !== null) return gruGradient(g.h, g.gates, u, first, h, gates, reverse);
        return gruScanGrad(g.h, u, first, h, gates, reverse);
      });
      return {
        x: () => grads()[0]!,
        u: () => byWeight(grads()[1]!, h, first, reverse),
        first: () => grads()[2]!,
        bias: () => grads()[1]!,
      };
    },
    method: false,
    samples: () => [
      [f32(3, 2, 6), f32(6, 2), f32(2, 2), f32(6), false],
      [f32(2, 2, 9), f32(9, 3), f32(2, 3), null, true],
    ],
  },
);

const gruScanGrad: (
  g: Tensor | null,
  u: Tensor,
  first: Tensor,
  h: Tensor,
  gates: Tensor,
  reverse: boolean,
) => Named<["x", "p", "first"]> = /* @__PURE__ */ op(
  "gruScanGrad",
  "g, u, first, h, gates, reverse",
  (g: Tensor | null, u: Tensor, first: Tensor, h: Tensor, gates: Tensor, reverse: boolean) => [
    { g, u, first, h, gates },
    { reverse },
  ],
  {
    outputs: ["x", "p", "first"],
    infer: ({ first, h }) => [
      ...[3, 3].map((times) => widened("gruScanGrad", h, first, times)),
      spec(first.code, first.shape),
    ],
    kernel: "gruGrad",
    kernelBy: "u",
    launch(k, { g, u, first, h, gates }, grads, { reverse }) {
      const call = begin(k, "gruGrad", u, h, first, reverse, true);
      call.tensor(grads.x).tensor(h).tensor(gates).tensor(null).tensor(null).tensor(g).tensor(null);
      run(call.tensor(grads.first).tensor(grads.p), u, h);
    },
    decompose: ({ g, u, first, h, gates }, { reverse }) => gruGradient(g, null, u, first, h, gates, reverse),
  },
);

/** The formula of the gradients by x, by U·h + bias and by the first state. */
function gruGradient(
  gh: Tensor | null,
  gGates: Tensor | null,
  u: Tensor,
  first: Tensor,
  h: Tensor,
  gates: Tensor,
  reverse: boolean,
): Tensor[] {
  const width = first.shape[1]!;
  let later = zerosLike(first);
  const both = scannedBack(h.shape[0]!, reverse, (s, before) => {
    const [r, z, n, q] = split(select(gates, 0, s), width, 1) as Four;
    const g = joined(later, gh, s);
    const last = before === null ? first : select(h, 0, before);
    const own = gGates === null ? null : (split(select(gGates, 0, s), width, 1) as Four);
    const plus = (x: Tensor, i: number): Tensor => (own === null ? x : add(x, own[i]!));
    const dn = byTanh(plus(mul(g, sub(1, z)), 2), n);
    const dr = bySigmoid(plus(mul(dn, q), 0), r);
    const dz = bySigmoid(plus(mul(g, sub(last, n)), 1), z);
    const dp = cat([dr, dz, plus(mul(dn, r), 3)], 1);
    later = addmm(mul(g, z), dp, u);
    return cat([dr, dz, dn, dp], 1);
  });
  const [x, p] = split(both, 3 * width, 2) as [Tensor, Tensor];
  return [x, p, later];
}
