// Scaled dot-product attention. The kernel (assembly/rows/attention.ts) never makes the matrix of scores; the formula does,
// for what the kernel does not take: dropout, masks with gradients, batches that broadcast, very wide heads.

import {
  BOOL,
  broadcast,
  DTypeError,
  dense,
  isFloating,
  ShapeError,
  SIZE,
  sameDims,
  show,
  showShape,
  ValueError,
} from "../core/index.ts";
import { asTensor, type Call, type FnQ, f32, type Named, op, type Spec, spec, toDense } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { realNumber } from "./arguments.ts";
import { repeatInterleave } from "./arrange.ts";
import { add, mul, sub } from "./binary.ts";
import { eq, ge } from "./compare.ts";
import { arange, scalarTensor } from "./create.ts";
import { dropout } from "./dropout.ts";
import { matmul, transposed } from "./matmul.ts";
import { grainOf } from "./product.ts";
import { all, sum } from "./reduce.ts";
import { softmax } from "./softmax.ts";
import { where } from "./ternary.ts";
import { expand, reshape } from "./view.ts";

// ── the kernel ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** Bytes of the strips and of the panels of a product inside a kernel: assembly/gemm/finish.ts, block.ts. */
const STRIP_BYTES = 245_760;
const PANEL_BYTES = 1 << 20;
/** Rows and columns beyond a block that its packing rounds up to. */
const SLACK = 8;

/** Rows of a block of scores, or 0 where heads are too wide for the arena. */
function blockRows(q: Spec, v: Spec, causal: boolean): number {
  const bytes = Math.max(SIZE[q.code]!, 4); // narrow floats are computed in float32
  const queries = q.shape.at(-2)!;
  // Of a block on the diagonal half is computed for nothing, so smaller ones.
  for (const rows of causal ? [64, 32, 16] : [128, 64, 32, 16]) {
    const widest = Math.max(q.shape.at(-1)!, v.shape.at(-1)!, rows) + SLACK;
    if ((rows + SLACK) * widest * bytes > Math.min(STRIP_BYTES, PANEL_BYTES)) continue;
    const even = Math.ceil(queries / Math.max(Math.ceil(queries / rows), 1) / 12) * 12; // 12: whole strips of 4 and 6
    return Math.max(Math.min(rows, even), 1);
  }
  return 0;
}

interface Plan {
  readonly causal: boolean;
  readonly scale: number;
}

/** Slots 6 to 29: sizes, and strides of q, k, v and the mask, which are [batch, heads, rows, columns]. */
function describe(call: Call, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | null, { causal, scale }: Plan): Call {
  call.int(q.shape[1]!).int(q.shape[2]!).int(k.shape[2]!).int(q.shape[3]!).int(v.shape[3]!);
  call
    .int(blockRows(q, v, causal))
    .bool(causal)
    .real(scale);
  for (const x of [q, k, v, mask]) call.ints(x === null ? [0, 0, 0, 0] : x.layout.strides);
  return call;
}

/** Multiplications of one pair of a query and a key. */
const work = (q: Tensor, v: Tensor): number => q.shape[3]! + v.shape[3]!;

/** The result and the logarithm of each row's sum, over [batch, heads, rows, width]. */
const fused: (
  q: Tensor,
  k: Tensor,
  v: Tensor,
  mask: Tensor | null,
  causal: boolean,
  scale: number,
) => Named<["out", "lse"]> = /* @__PURE__ */ op(
  "attention",
  "q, k, v, mask, causal, scale",
  (q: Tensor, k: Tensor, v: Tensor, mask: Tensor | null, causal: boolean, scale: number) => [
    { q, k, v, mask },
    { causal, scale },
  ],
  {
    outputs: ["out", "lse"],
    differentiable: ["out"],
    infer: ({ q, v }) => {
      const rows = q.shape.slice(0, 3);
      return [spec(q.code, [...rows, v.shape[3]!]), spec(q.code, rows)];
    },
    kernel: "attention",
    strided: true,
    launch(kernels, { q, k, v, mask }, { out, lse }, plan) {
      const rows = blockRows(q, v, plan.causal);
      const call = kernels.call("attention").tensor(out).tensor(lse).tensor(q).tensor(k).tensor(v).tensor(mask);
      const units = q.shape[0]! * q.shape[1]! * Math.ceil(q.shape[2]! / rows);
      describe(call, q, k, v, mask, plan).run(units, grainOf(rows * k.shape[2]! * work(q, v)));
    },
    saves: ["q", "k", "v", "mask", "out", "lse"],
    vjp({ out: g }, { q, k, v, mask, out, lse }, { causal, scale }) {
      let grads: Named<["q", "k", "v"]> | null = null;
      const gradients = (): Named<["q", "k", "v"]> => {
        grads ??= fusedGradient(g!, q, k, v, mask, out, lse, causal, scale);
        return grads;
      };
      return { q: () => gradients().q, k: () => gradients().k, v: () => gradients().v, mask: null };
    },
  },
);

/** The gradients by q, k and v. Its own derivative is that of the formula. */
const fusedGradient: (
  g: Tensor,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  mask: Tensor | null,
  out: Tensor,
  lse: Tensor,
  causal: boolean,
  scale: number,
) => Named<["q", "k", "v"]> = /* @__PURE__ */ op(
  "attentionGrad",
  "g, q, k, v, mask, out, lse, causal, scale",
  (
    g: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | null,
    out: Tensor,
    lse: Tensor,
    causal: boolean,
    scale: number,
  ) => [
    { g, q, k, v, mask, out, lse },
    { causal, scale },
  ],
  {
    outputs: ["q", "k", "v"],
    infer: ({ q, k, v }) => [q, k, v].map((x) => spec(x.code, x.shape)),
    kernel: "attentionGrad",
    kernelBy: "q",
    strided: true,
    launch(kernels, { g, q, k, v, mask, out, lse }, grads, plan) {
      const along = toDense(g);
      const call = kernels.call("attentionGrad").tensor(out).tensor(lse).tensor(q).tensor(k).tensor(v).tensor(mask);
      describe(call, q, k, v, mask, plan).tensor(along).tensor(grads.q).tensor(grads.k).tensor(grads.v);
      call.run(q.shape[0]! * q.shape[1]!, grainOf(3 * q.shape[2]! * k.shape[2]! * work(q, v)));
    },
    decompose({ g, q, k, v, mask }, { causal, scale }) {
      const p = shares(q, k, mask, causal, scale);
      const slope = matmul(g, transposed(v));
      const score = mul(mul(p, sub(slope, sum(mul(slope, p), -1, true))), scale);
      return [matmul(score, k), matmul(transposed(score), q), matmul(transposed(p), g)];
    },
  },
);

// ── the formula ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** softmax(scale · q·kᵀ + mask). A row that sees no key is all 0. */
function shares(q: Tensor, k: Tensor, mask: Tensor | null, causal: boolean, scale: number): Tensor {
  let score = mul(matmul(q, transposed(k)), scale);
  if (mask !== null) score = add(score, mask);
  if (causal) {
    const [queries, keys] = score.shape.slice(-2) as [number, number];
    const { device } = q;
    const seen = ge(reshape(arange(queries, { device }), [queries, 1]), arange(keys, { device }));
    score = where(seen, score, -Infinity);
  }
  if (mask === null) return softmax(score, -1);
  const blind = all(eq(score, -Infinity), -1, true);
  return where(blind, 0, softmax(where(blind, 0, score), -1));
}

// ── the public function ──────────────────────────────────────────────────────────────────────────────────────────────

type Attention = FnQ<
  [query: Tensor, key: Tensor, value: Tensor],
  [attnMask?: Tensor | null, dropoutP?: number, isCausal?: boolean],
  ["attnMask", "dropoutP", "isCausal"],
  { attnMask: Tensor | null; dropoutP: number; isCausal: boolean; scale: number | null; enableGqa: boolean }
>;

/**
 * `softmax(scale · query·keyᵀ + mask) · value`: query is [..., l, d], key [..., s, d], value [..., s, e], the result
 * [..., l, e]; the dims before broadcast. `scale` is 1/√d by default.
 *
 * A bool `attnMask` is true where a query sees a key, any other is added to the scores; `isCausal` lets query i see the
 * keys up to i. `dropoutP` zeroes shares at random (always: there is no training mode). With `enableGqa` a head of key and
 * value serves several of query. A query that sees no key gives zeros.
 */
export const scaledDotProductAttention: Attention = /* @__PURE__ */ op(
  "scaledDotProductAttention",
  "query, key, value, attnMask?, dropoutP?, isCausal?, *, scale?, enableGqa?",
  (
    query,
    key,
    value,
    attnMask,
    dropoutP,
    isCausal,
    scale: number | null | undefined,
    enableGqa: boolean | undefined,
  ) => {
    const name = "scaledDotProductAttention";
    const p = dropoutP === undefined ? 0 : realNumber(dropoutP, name, "dropoutP");
    if (!(p >= 0 && p <= 1)) throw new ValueError(`${name}: dropoutP is ${p}, expected a number in [0, 1]`);
    if (attnMask != null && isCausal === true)
      throw new ValueError(`${name}: attnMask and isCausal cannot both be set`);
    return [
      {
        q: asTensor(query, name, "query"),
        k: asTensor(key, name, "key"),
        v: asTensor(value, name, "value"),
        mask: attnMask == null ? null : asTensor(attnMask, name, "attnMask"),
      },
      {
        p,
        causal: isCausal ?? false,
        scale: scale == null ? null : realNumber(scale, name, "scale"),
        gqa: enableGqa ?? false,
      },
    ];
  },
  {
    infer({ q, k, v, mask }, { gqa }) {
      check(q, k, v, mask);
      const heads = (x: Spec): Spec => (gqa ? spec(x.code, [...q.shape.slice(0, -2), ...x.shape.slice(-2)]) : x);
      return spec(q.code, [...batchOf(q, heads(k), heads(v)), q.shape.at(-2)!, v.shape.at(-1)!]);
    },
    decompose({ q, k, v, mask }, { p, causal, scale, gqa }) {
      const by = scale ?? 1 / Math.sqrt(q.shape.at(-1)!);
      const served = (x: Tensor): Tensor => {
        const times = gqa ? q.shape.at(-3)! / x.shape.at(-3)! : 1;
        return times === 1 ? x : repeatInterleave(x, times, -3);
      };
      const [keys, values] = [served(k), served(v)];
      const added =
        mask?.code === BOOL ? where(mask, scalarTensor(0, { dtype: q.dtype, device: q.device }), -Infinity) : mask;
      if (p === 0 && fits(q, keys, values, added, causal)) return inKernel(q, keys, values, added, causal, by);
      const share = shares(q, keys, added, causal, by);
      return matmul(p === 0 ? share : dropout(share, p, true), values);
    },
    method: false,
    samples: [
      [f32(2, 3, 4), f32(2, 5, 4), f32(2, 5, 6)],
      [f32(2, 2, 4, 3), f32(2, 2, 4, 3), f32(2, 2, 4, 3), { isCausal: true }],
      [f32(2, 3, 4), f32(2, 5, 4), f32(2, 5, 4), f32(3, 5), { scale: 0.5 }],
      [f32(4, 3, 4), f32(2, 5, 4), f32(2, 5, 4), { enableGqa: true }],
    ],
  },
);

function check(q: Spec, k: Spec, v: Spec, mask: Spec | null): void {
  const name = "scaledDotProductAttention";
  if (!isFloating(q.code) || k.code !== q.code || v.code !== q.code) {
    throw new DTypeError(
      `${name}: expected three tensors of one floating dtype, got ${[q, k, v].map(show).join(", ")}`,
    );
  }
  if (Math.min(q.ndim, k.ndim, v.ndim) < 2) {
    throw new ShapeError(`${name}: expected at least 2 dims, got ${[q, k, v].map(show).join(", ")}`);
  }
  if (q.shape.at(-1) !== k.shape.at(-1) || k.shape.at(-2) !== v.shape.at(-2)) {
    throw new ShapeError(
      `${name}: query ${showShape(q.shape)}, key ${showShape(k.shape)} and value ${showShape(v.shape)} do not fit: expected [..., l, d], [..., s, d], [..., s, e]`,
    );
  }
  if (mask !== null && mask.code !== BOOL && mask.code !== q.code) {
    throw new DTypeError(`${name}: attnMask is ${show(mask)}, expected bool or ${q.dtype}`);
  }
}

const batchOf = (...operands: readonly Spec[]): readonly number[] =>
  broadcast(
    "scaledDotProductAttention",
    operands.map((x) => dense(x.shape.slice(0, -2))),
  );

/** True where the kernel can do it. */
function fits(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | null, causal: boolean): boolean {
  const lead = q.shape.slice(0, -2);
  const alike = [k, v].every((x) => sameDims(x.shape.slice(0, -2), lead));
  return alike && k.shape.at(-2)! > 0 && !(mask?.requiresGrad ?? false) && blockRows(q, v, causal) > 0;
}

/** All dims before the matrices as batch and heads. */
function inKernel(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | null, causal: boolean, scale: number): Tensor {
  const lead = q.shape.slice(0, -2);
  const heads = lead.at(-1) ?? 1;
  const batch = lead.slice(0, -1).reduce((p, n) => p * n, 1);
  const grouped = (x: Tensor): Tensor => (x.ndim === 4 ? x : reshape(x, [batch, heads, ...x.shape.slice(-2)]));
  const full = mask === null ? null : grouped(expand(mask, [...lead, q.shape.at(-2)!, k.shape.at(-2)!]));
  const { out } = fused(grouped(q), grouped(k), grouped(v), full, causal, scale);
  return lead.length === 2 ? out : reshape(out, [...lead, ...out.shape.slice(-2)]);
}
