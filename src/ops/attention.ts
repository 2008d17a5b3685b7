// Scaled dot-product attention. The kernel (assembly/rows/attention.ts) never makes the matrix of scores; the formula does,
// for what the kernel does not take: dropout, masks with gradients, batches that broadcast, very wide heads.

import {
  BOOL,
  broadcast,
  cut,
  DTypeError,
  dense,
  isFloating,
  type Layout,
  replaced,
  ShapeError,
  SIZE,
  show,
  showShape,
  strided,
  ValueError,
} from "../core/index.ts";
import type { Backend } from "../device/index.ts";
import { asTensor, type Call, copyInto, type FnQ, f32, op, type Spec, spec } from "../op/index.ts";
import { allocate, Storage, Tensor } from "../tensor/index.ts";
import { realNumber } from "./arguments.ts";
import { repeatInterleave } from "./arrange.ts";
import { product } from "./axes.ts";
import { add, mul, sub } from "./binary.ts";
import { eq, ge } from "./compare.ts";
import { arange, scalarTensor } from "./create.ts";
import { dropout } from "./dropout.ts";
import { launchSum } from "./folds.ts";
import { matmul, transposed } from "./matmul.ts";
import { grainOf } from "./product.ts";
import { all, sum } from "./reduce.ts";
import { softmax } from "./softmax.ts";
import { where } from "./ternary.ts";
import { expand, reshape } from "./view.ts";

// ── the kernel ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** Bytes of a thread's arena that a block of the gradient may take: assembly/abi.ts. */
const ARENA_BYTES = (2 << 20) - 384;
/** Bytes of k and v that go over and over through the nearest cache while a block of queries meets them. */
const NEAR_BYTES = 36 << 10;
/** Queries of a block, each of which packs the keys anew. */
const MOST_QUERIES = 192;
const LEAST_QUERIES = 32;
/** Keys of a block: products over fewer are slow. */
const LEAST_KEYS = 48;
const MOST_KEYS = 192;
/** Units of a launch, if there is so much to do: enough for eight threads. */
const UNITS = 16;
/** Parts of the keys of one head, in the gradient of few heads. */
const PARTS = 8;

interface Blocks {
  readonly queries: number;
  readonly keys: number;
}

/** The sizes of blocks, or null where heads are too wide for the arena. They depend on the operands alone, never on the threads. */
function blocksOf(q: Spec, k: Spec, v: Spec): Blocks | null {
  const bytes = Math.max(SIZE[q.code]!, 4); // narrow floats are computed in float32
  const last = q.ndim - 1;
  const [rows, d] = [q.shape[last - 1]!, q.shape[last]!];
  const n = k.shape[k.ndim - 2]!;
  const e = v.shape[v.ndim - 1]!;
  const stacks = product(cut(q.shape, 0, last - 1));
  const shared = Math.min(Math.max((rows * stacks) / UNITS, LEAST_QUERIES), MOST_QUERIES);
  const near = Math.min(Math.max(NEAR_BYTES / ((d + e) * bytes), LEAST_KEYS), MOST_KEYS);
  let [queries, keys] = [evenly(rows, shared, 8), evenly(n, near, 12)];
  while (arenaOf(queries, keys, d, e, bytes) > ARENA_BYTES) {
    if (queries === 8) return null;
    queries = evenly(rows, queries / 2, 8);
    keys = Math.min(keys, evenly(n, 24, 12));
  }
  return { queries, keys };
}

/** The size of blocks of at most about `most` of n, in whole strips and panels, that are nearly the same. */
function evenly(n: number, most: number, of: number): number {
  const least = Math.max(of, Math.floor(most / of) * of);
  return Math.max(of, Math.ceil(n / Math.max(Math.ceil(n / least), 1) / of) * of);
}

/** What a block of the gradient takes (assembly/rows/attentiongrad.ts); that of the result takes less. */
function arenaOf(queries: number, keys: number, d: number, e: number, bytes: number): number {
  const [m, n, a, b] = [queries, keys, d, e].map((size) => size + 8) as [number, number, number, number];
  return bytes * (m * (3 * a + 2 * b + 16) + n * (2 * a + b + 32) + 2 * m * n);
}

interface Plan {
  readonly causal: boolean;
  readonly scale: number;
}

/** Slots 6 to 35: sizes, and strides of q, k, v, the mask and out, which are [batch, heads, rows, columns]. */
function describe(
  call: Call,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  mask: Tensor | null,
  out: Tensor,
  { queries, keys }: Blocks,
  { causal, scale }: Plan,
): Call {
  call.int(q.shape[0]!).int(q.shape[1]!).int(q.shape[2]!).int(k.shape[2]!).int(q.shape[3]!).int(v.shape[3]!);
  call.bool(causal).real(scale).int(queries).int(keys);
  call.ints(q.layout.strides).ints(k.layout.strides).ints(v.layout.strides);
  return call.ints(mask === null ? NOWHERE : mask.layout.strides).ints(out.layout.strides);
}

const NOWHERE = [0, 0, 0, 0] as const;

/** Multiplications of one pair of a query and a key. */
const work = (q: Tensor, v: Tensor): number => q.shape[3]! + v.shape[3]!;

/** [batch, heads, rows, width] in memory of [batch, rows, heads, width]: what a projection of all heads reads and writes. */
function byRows(shape: readonly number[]): Layout {
  const [, heads, rows, width] = shape as [number, number, number, number];
  return strided(shape, [rows * heads * width, width, heads * width, 1]);
}

/** The result and the logarithm of each row's sum, over [batch, heads, rows, width]. */
const fused: (
  q: Tensor,
  k: Tensor,
  v: Tensor,
  mask: Tensor | null,
  causal: boolean,
  scale: number,
) => readonly [out: Tensor, lse: Tensor] = /* @__PURE__ */ op(
  "attention",
  "q, k, v, mask, causal, scale",
  (q: Tensor, k: Tensor, v: Tensor, mask: Tensor | null, causal: boolean, scale: number) => [
    { q, k, v, mask },
    { causal, scale },
  ],
  {
    outputs: ["out", "lse"],
    named: false,
    differentiable: ["out"],
    infer: ({ q, v }) => {
      const rows = cut(q.shape, 0, 3);
      return [spec(q.code, [...rows, v.shape[3]!]), spec(q.code, rows)];
    },
    kernel: "attention",
    strided: true,
    places: ([out, lse], backend) => [
      allocate(backend, out!.code, byRows(out!.shape)),
      allocate(backend, lse!.code, lse!.layout),
    ],
    launch(kernels, { q, k, v, mask }, { out, lse }, plan) {
      const blocks = blocksOf(q, k, v)!;
      const call = kernels.call("attention").tensor(out).tensor(lse).tensor(q).tensor(k).tensor(v).tensor(mask);
      const units = q.shape[0]! * q.shape[1]! * Math.ceil(q.shape[2]! / blocks.queries);
      const each = blocks.queries * k.shape[2]! * work(q, v);
      describe(call, q, k, v, mask, out, blocks, plan).run(units, grainOf(plan.causal ? each / 2 : each));
    },
    saves: ["q", "k", "v", "mask", "out", "lse"],
    vjp({ out: g }, { q, k, v, mask, out, lse }, { causal, scale }) {
      let grads: Gradients | null = null;
      const gradients = (): Gradients => {
        grads ??= fusedGradient(g!, q, k, v, mask, out, lse, causal, scale);
        return grads;
      };
      return { q: () => gradients()[0], k: () => gradients()[1], v: () => gradients()[2], mask: null };
    },
  },
);

type Gradients = readonly [q: Tensor, k: Tensor, v: Tensor];

/** The gradients by q, k and v, which lie as these do. Its own derivative is that of the formula. */
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
) => Gradients = /* @__PURE__ */ op(
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
    named: false,
    infer: ({ q, k, v }) => [q, k, v].map((x) => spec(x.code, x.shape)),
    kernel: "attentionGrad",
    kernelBy: "q",
    strided: true,
    places: (_, backend, { q, k, v }) => besides(backend, q, k, v) ?? [q, k, v].map((x) => lyingAs(backend, x)),
    launch(kernels, { g, q, k, v, mask, out, lse }, grads, plan) {
      const blocks = blocksOf(q, k, v)!;
      const cuts = cutsOf(q, k, blocks, plan.causal);
      const parts = cuts.length - 1;
      const [batch, heads, rows, width] = q.shape as [number, number, number, number];
      const partial = parts === 1 ? grads.q : kernels.scratch(kernels.code, [parts, batch, heads, rows, width]);
      const call = kernels.call("attentionGrad").tensor(out).tensor(lse).tensor(q).tensor(k).tensor(v).tensor(mask);
      describe(call, q, k, v, mask, out, blocks, plan);
      call.tensor(g).tensor(partial).tensor(grads.k).tensor(grads.v);
      call.ints(g.layout.strides).ints(cut(partial.layout.strides, partial.ndim - 4));
      call.ints(grads.k.layout.strides).ints(grads.v.layout.strides);
      call
        .int(parts)
        .int(batch * heads * rows * width)
        .ints(cuts);
      call.run(batch * heads * parts, grainOf((3 * rows * k.shape[2]! * work(q, v)) / parts));
      if (parts === 1) return;
      const dq = grads.q.isContiguous() ? grads.q : kernels.scratch(kernels.code, grads.q.shape);
      launchSum(kernels, partial, dq, [0]);
      if (dq !== grads.q) copyInto(grads.q, dq);
    },
    decompose({ g, q, k, v, mask }, { causal, scale }) {
      const p = shares(q, k, mask, causal, scale);
      const slope = matmul(g, transposed(v));
      const score = mul(mul(p, sub(slope, sum(mul(slope, p), -1, true))), scale);
      return [matmul(score, k), matmul(transposed(score), q), matmul(transposed(p), g)];
    },
  },
);

/** Where the keys of a head are cut into parts: of few heads into several, where causal so that all have as many pairs. */
function cutsOf(q: Tensor, k: Tensor, blocks: Blocks, causal: boolean): number[] {
  const n = k.shape[2]!;
  const rows = q.shape[2]!;
  const wanted = Math.ceil(PARTS / (q.shape[0]! * q.shape[1]!));
  const parts = Math.max(1, Math.min(wanted, Math.floor(n / blocks.keys)));
  const reach = causal ? Math.min(n, rows) : n;
  const pairs = causal ? reach * (rows - reach / 2) : reach;
  const cuts = [0];
  for (let p = 1; p < parts; p++) {
    const before = (pairs * p) / parts;
    const at = causal ? rows - Math.sqrt(rows * rows - 2 * before) : before;
    cuts.push(Math.max(cuts[p - 1]!, Math.min(Math.round(at / 12) * 12, n)));
  }
  return [...cuts, n];
}

/** Room for the gradients of q, k and v that are three pieces of one projection: so are they, and no copy joins them. */
function besides(backend: Backend, q: Tensor, k: Tensor, v: Tensor): Tensor[] | null {
  const [batch, heads, rows, width] = q.shape as [number, number, number, number];
  const piece = heads * width;
  const layout = strided(q.shape, [3 * rows * piece, width, 3 * piece, 1]);
  if (q.layout !== layout || k.layout !== layout || v.layout !== layout) return null;
  if (k.storage !== q.storage || v.storage !== q.storage) return null;
  if (k.offset !== q.offset + piece || v.offset !== k.offset + piece) return null;
  const storage = new Storage(backend, batch * rows * 3 * piece * SIZE[q.code]!);
  return [0, piece, 2 * piece].map((offset) => new Tensor(storage, q.code, layout, offset));
}

/** Room for a gradient of x: by rows where x is so. */
function lyingAs(backend: Backend, x: Tensor): Tensor {
  const [, head, row] = x.layout.strides as [number, number, number, number];
  return allocate(backend, x.code, head > 0 && head < row ? byRows(x.shape) : dense(x.shape));
}

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
      if (batchesAlike(q, k, v)) return spec(q.code, replaced(q.shape, q.ndim - 1, v.shape[v.ndim - 1]!));
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
      if (p === 0 && fits(q, keys, values, added)) return inKernel(q, keys, values, added, causal, by);
      const share = shares(q, keys, added, causal, by);
      return matmul(p === 0 ? share : dropout(share, p, true), values);
    },
    method: false,
    samples: () => [
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

/** True where nothing broadcasts. */
function batchesAlike(q: Spec, k: Spec, v: Spec): boolean {
  if (k.ndim !== q.ndim || v.ndim !== q.ndim) return false;
  for (let d = 0; d < q.ndim - 2; d++) if (k.shape[d] !== q.shape[d] || v.shape[d] !== q.shape[d]) return false;
  return true;
}

/** True where the kernel can do it. */
function fits(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | null): boolean {
  return batchesAlike(q, k, v) && k.shape.at(-2)! > 0 && !(mask?.requiresGrad ?? false) && blocksOf(q, k, v) !== null;
}

/** All dims before the matrices as batch and heads; where there are not just two, as the batch. */
function inKernel(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | null, causal: boolean, scale: number): Tensor {
  if (q.ndim === 4 && mask === null) return fused(q, k, v, null, causal, scale)[0];
  const lead = q.shape.slice(0, -2);
  const batch = lead.reduce((p, n) => p * n, 1);
  const grouped = (x: Tensor): Tensor => (x.ndim === 4 ? x : reshape(x, [batch, 1, ...x.shape.slice(-2)]));
  const full = mask === null ? null : grouped(expand(mask, [...lead, q.shape.at(-2)!, k.shape.at(-2)!]));
  const [out] = fused(grouped(q), grouped(k), grouped(v), full, causal, scale);
  return lead.length === 2 ? out : reshape(out, [...lead, ...out.shape.slice(-2)]);
}
