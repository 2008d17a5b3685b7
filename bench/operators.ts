// The operators that are timed beside PyTorch's (`npm run bench -- --table operators`): what a program may call, far beyond the
// rows of the suite, so that no operator is left behind unseen.

import type { Tensor } from "flambeau";
import * as fl from "flambeau";
import { both, eager, fill, indices, input } from "./operands.ts";
import { begin } from "./ours.ts";
import type { Library, Row, Setting, Timed } from "./rows.ts";

const { nn, optim } = fl;
const F = nn.functional;

const square = (seed: number): Tensor => input([1024, 1024], seed, 2);
const a256 = (): Tensor => input([256, 256], 1);
const a128 = (): Tensor => input([128, 128], 1);
/** A step of an optimizer over 25 matrices and as many vectors, as a function that gives the first of them. */
function stepper(optimizer: (params: Tensor[]) => { step(): unknown }): () => Tensor {
  const shapes = Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? [256, 256] : [256]));
  const params = shapes.map((shape, i) =>
    Object.assign(new nn.Parameter(input(shape, i)), { grad: input(shape, i + 50) }),
  );
  const made = optimizer(params);
  return () => {
    made.step();
    return params[0]!;
  };
}

const definite = (a: Tensor): Tensor => a.matmul(a.mT).add(fl.eye(a.size(-1)).mul(10));
const definites = (count: number, n: number): Tensor => definite(input([count, n, n], 1));

/** What the expressions below speak of: how to make it here, and there. */
const OPERANDS = {
  x: [() => square(1), "noise(1024, 1024, seed=1, scale=2)"],
  y: [() => square(2), "noise(1024, 1024, seed=2, scale=2)"],
  positive: [() => square(3).abs().add(0.1), "noise(1024, 1024, seed=3, scale=2).abs() + 0.1"],
  unit: [() => input([1024, 1024], 4, 0.95), "noise(1024, 1024, seed=4, scale=0.95)"],
  share: [() => input([1024, 1024], 5, 0.45).add(0.5), "noise(1024, 1024, seed=5, scale=0.45) + 0.5"],
  zero: [() => fl.zeros(1024, 1024), "torch.zeros(1024, 1024)"],
  row: [() => input([1024], 6), "noise(1024, seed=6)"],
  col: [() => input([1024, 1], 7), "noise(1024, 1, seed=7)"],
  mask: [() => square(1).gt(0), "noise(1024, 1024, seed=1, scale=2) > 0"],
  mask2: [() => square(2).gt(0), "noise(1024, 1024, seed=2, scale=2) > 0"],
  half: [() => square(1).half(), "noise(1024, 1024, seed=1, scale=2).half()"],
  bfloat: [() => square(1).bfloat16(), "noise(1024, 1024, seed=1, scale=2).bfloat16()"],
  bfloat2: [() => square(2).bfloat16(), "noise(1024, 1024, seed=2, scale=2).bfloat16()"],
  bfloatRow: [() => input([1024], 6).bfloat16(), "noise(1024, seed=6).bfloat16()"],
  double: [() => square(1).double(), "noise(1024, 1024, seed=1, scale=2).double()"],
  short: [() => input([16384, 64], 1), "noise(16384, 64, seed=1)"],
  long: [() => input([1_000_000], 1), "noise(10**6, seed=1)"],
  shares: [() => input([1_000_000], 1, 0.5).add(0.5), "noise(10**6, seed=1, scale=0.5) + 0.5"],
  weights: [() => input([10_000], 1, 0.5).add(0.5), "noise(10000, seed=1, scale=0.5) + 0.5"],
  ints: [() => indices(1_000_000, 1000, 1), "indices(10**6, 1000, 1)"],
  int32: [() => indices(1_000_000, 1000, 1).int(), "indices(10**6, 1000, 1).int()"],
  intSquare: [() => indices(65_536, 10, 1).view(256, 256), "indices(65536, 10, 1).view(256, 256)"],
  rows: [() => indices(1024, 1024, 1), "indices(1024, 1024, 1)"],
  places: [() => indices(1_048_576, 1024, 1).view(1024, 1024), "indices(1024 * 1024, 1024, 1).view(1024, 1024)"],
  bags: [() => indices(8192, 1024, 1).view(512, 16), "indices(8192, 1024, 1).view(512, 16)"],
  sorted: [() => input([10_000], 1).sort().values, "noise(10000, seed=1).sort()[0]"],
  points: [() => input([1024, 128], 1), "noise(1024, 128, seed=1)"],

  images: [() => input([16, 64, 28, 28], 1), "noise(16, 64, 28, 28, seed=1)"],
  positives: [() => input([16, 64, 28, 28], 1).abs(), "noise(16, 64, 28, 28, seed=1).abs()"],
  w: [() => input([64], 2), "noise(64, seed=2)"],
  b: [() => input([64], 3), "noise(64, seed=3)"],
  mean: [() => fl.zeros(64), "torch.zeros(64)"],
  variance: [() => fl.ones(64), "torch.ones(64)"],
  grid: [() => input([16, 28, 28, 2], 1), "noise(16, 28, 28, 2, seed=1)"],
  patches: [() => input([16, 576, 676], 1), "noise(16, 576, 676, seed=1)"],
  signals: [() => input([16, 64, 512], 1), "noise(16, 64, 512, seed=1)"],
  volumes: [() => input([2, 16, 16, 28, 28], 1), "noise(2, 16, 16, 28, 28, seed=1)"],
  kernel1d: [() => input([64, 64, 5], 2, 0.1), "noise(64, 64, 5, seed=2, scale=0.1)"],
  kernel3d: [() => input([32, 16, 3, 3, 3], 2, 0.1), "noise(32, 16, 3, 3, 3, seed=2, scale=0.1)"],
  kernelT: [() => input([64, 32, 4, 4], 2, 0.1), "noise(64, 32, 4, 4, seed=2, scale=0.1)"],
  kernel: [() => input([64, 64, 3, 3], 2, 0.1), "noise(64, 64, 3, 3, seed=2, scale=0.1)"],
  kernelGroups: [() => input([64, 16, 3, 3], 2, 0.1), "noise(64, 16, 3, 3, seed=2, scale=0.1)"],
  kernel5: [() => input([64, 64, 5, 5], 2, 0.1), "noise(64, 64, 5, 5, seed=2, scale=0.1)"],

  b32: [() => input([64, 32, 32], 1), "noise(64, 32, 32, seed=1)"],
  c32: [() => input([64, 32, 32], 2), "noise(64, 32, 32, seed=2)"],
  tiny: [() => input([10_000, 4, 4], 1), "noise(10000, 4, 4, seed=1)"],
  batch: [() => input([8, 128, 1024], 1), "noise(8, 128, 1024, seed=1)"],
  heads: [() => input([8, 8, 128, 64], 1), "noise(8, 8, 128, 64, seed=1)"],
  tall: [() => input([4096, 64], 1), "noise(4096, 64, seed=1)"],
  thin: [() => input([1024, 8], 1), "noise(1024, 8, seed=1)"],
  odd: [() => input([333, 333], 1), "noise(333, 333, seed=1)"],
  a256: [a256, "noise(256, 256, seed=1)"],
  a128: [a128, "noise(128, 128, seed=1)"],
  small: [() => a128().mul(0.05), "noise(128, 128, seed=1) * 0.05"],
  definite: [() => definite(a256()), "noise(256, 256, seed=1) @ noise(256, 256, seed=1).t() + torch.eye(256) * 10"],
  symmetric: [() => a128().add(a128().t()), "noise(128, 128, seed=1) + noise(128, 128, seed=1).t()"],
  definites: [() => definites(1000, 4), "noise(1000, 4, 4, seed=1) @ noise(1000, 4, 4, seed=1).mT + torch.eye(4) * 10"],
  definites16: [
    () => definites(100, 16),
    "noise(100, 16, 16, seed=1) @ noise(100, 16, 16, seed=1).mT + torch.eye(16) * 10",
  ],
  definite512: [
    () => definite(input([512, 512], 1)),
    "noise(512, 512, seed=1) @ noise(512, 512, seed=1).t() + torch.eye(512) * 10",
  ],
  lower: [() => fl.tril(a256()).add(fl.eye(256).mul(20)), "torch.tril(noise(256, 256, seed=1)) + torch.eye(256) * 20"],
  tall50: [() => input([1000, 50], 1), "noise(1000, 50, seed=1)"],
  right: [() => input([1000, 5], 2), "noise(1000, 5, seed=2)"],
  vectors: [() => input([512, 64], 1), "noise(512, 64, seed=1)"],
  thetas: [() => input([16, 2, 3], 1), "noise(16, 2, 3, seed=1)"],
  halves: [() => input([1024, 2048], 1), "noise(1024, 2048, seed=1)"],
  likelihoods: [() => input([100, 32, 64], 1, 3).logSoftmax(2), "noise(100, 32, 64, seed=1, scale=3).log_softmax(2)"],
  labels: [() => indices(640, 63, 1).add(1).view(32, 20), "indices(640, 63, 1).view(32, 20) + 1"],

  words: [() => input([64, 32, 64], 1), "noise(64, 32, 64, seed=1)"],
  tokens: [() => input([64, 16, 256], 1), "noise(64, 16, 256, seed=1)"],
  lstm: [() => fill(new nn.LSTM(64, 128)), "fill(nn.LSTM(64, 128))"],
  gru: [() => fill(new nn.GRU(64, 128)), "fill(nn.GRU(64, 128))"],
  rnn: [() => fill(new nn.RNN(64, 128)), "fill(nn.RNN(64, 128))"],
  attention: [() => fill(new nn.MultiheadAttention(256, 8)), "fill(nn.MultiheadAttention(256, 8))"],
  encoder: [
    () => fill(new nn.TransformerEncoderLayer(256, 8, { dimFeedforward: 1024, dropout: 0 })),
    "fill(nn.TransformerEncoderLayer(256, 8, 1024, dropout=0))",
  ],

  sgd: [() => stepper((p) => new optim.SGD(p, { lr: 1e-3 })), "stepper(lambda p: torch.optim.SGD(p, 1e-3))"],
  adam: [() => stepper((p) => new optim.Adam(p)), "stepper(torch.optim.Adam)"],
  rmsprop: [() => stepper((p) => new optim.RMSprop(p)), "stepper(torch.optim.RMSprop)"],
  adagrad: [() => stepper((p) => new optim.Adagrad(p)), "stepper(torch.optim.Adagrad)"],
} satisfies Record<string, [() => unknown, string]>;

type Operands = { readonly [K in keyof typeof OPERANDS]: ReturnType<(typeof OPERANDS)[K][0]> };

/** By group: PyTorch's expression, which is the row's name, and ours. */
const EXPRESSIONS: Record<string, Record<string, (operands: Operands) => unknown>> = {
  normalization: {
    "F.batch_norm(images, None, None, w, b, True)": ({ images, w, b }) => F.batchNorm(images, null, null, w, b, true),
    "F.batch_norm(images, mean, variance, w, b, False)": ({ images, mean, variance, w, b }) =>
      F.batchNorm(images, mean, variance, w, b, false),
    "F.group_norm(images, 8, w, b)": ({ images, w, b }) => F.groupNorm(images, 8, w, b),
    "F.instance_norm(images)": ({ images }) => F.instanceNorm(images),
  },
  random: {
    "F.dropout(x, 0.5, True)": ({ x }) => F.dropout(x, 0.5, true),
    "torch.rand(1000000)": () => fl.rand([1000000]),
    "torch.randn(1000000)": () => fl.randn([1000000]),
    "torch.randperm(100000)": () => fl.randperm(100000),
    "torch.bernoulli(shares)": ({ shares }) => fl.bernoulli(shares),
    "torch.multinomial(weights, 1000, True)": ({ weights }) => fl.multinomial(weights, 1000, true),
  },
  masks: {
    "torch.where(mask, x, y)": ({ mask, x, y }) => fl.where(mask, x, y),
    "x.masked_fill(mask, 0)": ({ x, mask }) => x.maskedFill(mask, 0),
    "torch.masked_select(x, mask)": ({ x, mask }) => fl.maskedSelect(x, mask),
    "torch.nonzero(mask)": ({ mask }) => fl.nonzero(mask),
    "torch.gt(x, y)": ({ x, y }) => fl.gt(x, y),
    "torch.gt(x, 0)": ({ x }) => fl.gt(x, 0),
    "torch.logical_and(mask, mask2)": ({ mask, mask2 }) => fl.logicalAnd(mask, mask2),
    "torch.any(mask)": ({ mask }) => fl.any(mask),
    "torch.sum(mask)": ({ mask }) => fl.sum(mask),
  },
  reductions: {
    "torch.mean(x)": ({ x }) => fl.mean(x),
    "torch.std(x)": ({ x }) => fl.std(x),
    "torch.max(x)": ({ x }) => fl.max(x),
    "torch.max(x, 1)": ({ x }) => fl.max(x, 1),
    "torch.max(x, 0)": ({ x }) => fl.max(x, 0),
    "torch.argmax(x, 0)": ({ x }) => fl.argmax(x, 0),
    "torch.amin(x, 1)": ({ x }) => fl.amin(x, 1),
    "torch.prod(x, 1)": ({ x }) => fl.prod(x, 1),
    "torch.linalg.norm(x)": ({ x }) => fl.linalg.norm(x),
    "torch.linalg.vector_norm(x, 2, 1)": ({ x }) => fl.linalg.vectorNorm(x, 2, 1),
    "torch.logsumexp(x, 1)": ({ x }) => fl.logsumexp(x, 1),
    "torch.nansum(x, 1)": ({ x }) => fl.nansum(x, 1),
    "torch.trapezoid(x, dim=1)": ({ x }) => fl.trapezoid(x, { dim: 1 }),
    "torch.softmax(x, 0)": ({ x }) => fl.softmax(x, 0),
    "torch.softmax(short, 1)": ({ short }) => fl.softmax(short, 1),
  },
  "scans, sorts and searches": {
    "torch.cumsum(x, 0)": ({ x }) => fl.cumsum(x, 0),
    "torch.cumsum(x, 1)": ({ x }) => fl.cumsum(x, 1),
    "torch.cumprod(x, 1)": ({ x }) => fl.cumprod(x, 1),
    "torch.cummax(x, 1)": ({ x }) => fl.cummax(x, 1),
    "torch.sort(x, 1)": ({ x }) => fl.sort(x, 1),
    "torch.sort(x, 0)": ({ x }) => fl.sort(x, 0),
    "torch.sort(ints)": ({ ints }) => fl.sort(ints),
    "torch.topk(x, 10, 1)": ({ x }) => fl.topk(x, 10, 1),
    "torch.kthvalue(x, 10, 1)": ({ x }) => fl.kthvalue(x, 10, 1),
    "torch.median(x, 1)": ({ x }) => fl.median(x, 1),
    "torch.quantile(x, 0.5, 1)": ({ x }) => fl.quantile(x, 0.5, 1),
    "torch.unique(ints)": ({ ints }) => fl.unique(ints),
    "torch.bincount(ints)": ({ ints }) => fl.bincount(ints),
    "torch.histc(x, 100, -3, 3)": ({ x }) => fl.histc(x, 100, -3, 3),
    "torch.searchsorted(sorted, long)": ({ sorted, long }) => fl.searchsorted(sorted, long),
    "torch.isin(ints, rows)": ({ ints, rows }) => fl.isin(ints, rows),
    "torch.combinations(w, 3)": ({ w }) => fl.combinations(w, 3),
  },
  "rows by index": {
    "torch.index_select(x, 0, rows)": ({ x, rows }) => fl.indexSelect(x, 0, rows),
    "torch.index_select(x, 1, rows)": ({ x, rows }) => fl.indexSelect(x, 1, rows),
    "torch.index_add(x, 0, rows, x)": ({ x, rows }) => fl.indexAdd(x, 0, rows, x),
    "torch.scatter_add(zero, 1, places, x)": ({ zero, places, x }) => fl.scatterAdd(zero, 1, places, x),
    "torch.scatter_reduce(zero, 1, places, x, 'amax')": ({ zero, places, x }) =>
      fl.scatterReduce(zero, 1, places, x, "amax"),
    "torch.gather(x, 1, places)": ({ x, places }) => fl.gather(x, 1, places),
    "torch.take_along_dim(x, places, 1)": ({ x, places }) => fl.takeAlongDim(x, places, 1),
  },
  moving: {
    "torch.flip(x, [1])": ({ x }) => fl.flip(x, [1]),
    "torch.flip(x, [0])": ({ x }) => fl.flip(x, [0]),
    "torch.roll(x, 5, 1)": ({ x }) => fl.roll(x, 5, 1),
    "F.pad(images, [1, 1, 1, 1])": ({ images }) => F.pad(images, [1, 1, 1, 1]),
    "F.pad(images, [1, 1, 1, 1], 'reflect')": ({ images }) => F.pad(images, [1, 1, 1, 1], "reflect"),
    "x.repeat(2, 2)": ({ x }) => x.repeat([2, 2]),
    "torch.repeat_interleave(x, 2, 1)": ({ x }) => fl.repeatInterleave(x, 2, 1),
    "torch.stack([x, y], 0)": ({ x, y }) => fl.stack([x, y], 0),
    "torch.stack([x, y], 2)": ({ x, y }) => fl.stack([x, y], 2),
    "torch.cat([x, y], 0)": ({ x, y }) => fl.cat([x, y], 0),
    "x.narrow(1, 100, 500).contiguous()": ({ x }) => x.narrow(1, 100, 500).contiguous(),
    "torch.tril(x)": ({ x }) => fl.tril(x),
  },
  making: {
    "torch.eye(1024)": () => fl.eye(1024),
    "torch.arange(1000000)": () => fl.arange(1000000),
    "torch.linspace(0, 1, 1000000)": () => fl.linspace(0, 1, 1000000),
    "torch.full([1000, 1000], 0.5)": () => fl.full([1000, 1000], 0.5),
    "torch.zeros([1000, 1000])": () => fl.zeros([1000, 1000]),
    "x.clone()": ({ x }) => x.clone(),
  },
  dtypes: {
    "x.double()": ({ x }) => x.double(),
    "x.long()": ({ x }) => x.long(),
    "x.half()": ({ x }) => x.half(),
    "x.bfloat16()": ({ x }) => x.bfloat16(),
    "ints.float()": ({ ints }) => ints.float(),
    "mask.float()": ({ mask }) => mask.float(),
    "torch.add(ints, ints)": ({ ints }) => fl.add(ints, ints),
    "torch.mul(int32, int32)": ({ int32 }) => fl.mul(int32, int32),
    "torch.div(ints, 3, rounding_mode='floor')": ({ ints }) => fl.floorDivide(ints, 3),
    "torch.add(double, double)": ({ double }) => fl.add(double, double),
    "torch.exp(double)": ({ double }) => fl.exp(double),
    "torch.tanh(double)": ({ double }) => fl.tanh(double),
    "torch.sum(double)": ({ double }) => fl.sum(double),
  },
  arithmetic: {
    "torch.sub(x, y.t())": ({ x, y }) => fl.sub(x, y.t()),
    "torch.mul(x, col)": ({ x, col }) => fl.mul(x, col),
    "torch.div(x, y)": ({ x, y }) => fl.div(x, y),
    "torch.sqrt(positive)": ({ positive }) => fl.sqrt(positive),
    "torch.rsqrt(positive)": ({ positive }) => fl.rsqrt(positive),
    "torch.sin(x)": ({ x }) => fl.sin(x),
    "torch.cos(x)": ({ x }) => fl.cos(x),
    "torch.tan(x)": ({ x }) => fl.tan(x),
    "torch.atan2(x, y)": ({ x, y }) => fl.atan2(x, y),
    "torch.asin(unit)": ({ unit }) => fl.asin(unit),
    "torch.sinh(x)": ({ x }) => fl.sinh(x),
    "torch.log1p(positive)": ({ positive }) => fl.log1p(positive),
    "torch.expm1(x)": ({ x }) => fl.expm1(x),
    "torch.erfinv(unit)": ({ unit }) => fl.erfinv(unit),
    "torch.lgamma(positive)": ({ positive }) => fl.lgamma(positive),
    "torch.digamma(positive)": ({ positive }) => fl.digamma(positive),
    "torch.floor(x)": ({ x }) => fl.floor(x),
    "torch.round(x)": ({ x }) => fl.round(x),
    "torch.abs(x)": ({ x }) => fl.abs(x),
    "torch.neg(x)": ({ x }) => fl.neg(x),
    "torch.sign(x)": ({ x }) => fl.sign(x),
    "torch.clamp(x, -1, 1)": ({ x }) => fl.clamp(x, -1, 1),
    "torch.remainder(x, 0.7)": ({ x }) => fl.remainder(x, 0.7),
    "torch.pow(x, 2)": ({ x }) => fl.pow(x, 2),
    "torch.pow(x, 3)": ({ x }) => fl.pow(x, 3),
    "torch.pow(positive, 0.5)": ({ positive }) => fl.pow(positive, 0.5),
    "torch.maximum(x, y)": ({ x, y }) => fl.maximum(x, y),
    "torch.lerp(x, y, 0.3)": ({ x, y }) => fl.lerp(x, y, 0.3),
    "torch.addcmul(x, y, y)": ({ x, y }) => fl.addcmul(x, y, y),
    "torch.isnan(x)": ({ x }) => fl.isnan(x),
  },
  activations: {
    "F.silu(x)": ({ x }) => F.silu(x),
    "F.softplus(x)": ({ x }) => F.softplus(x),
    "F.elu(x)": ({ x }) => F.elu(x),
    "F.leaky_relu(x, 0.01)": ({ x }) => F.leakyRelu(x, 0.01),
    "F.hardswish(x)": ({ x }) => F.hardswish(x),
    "F.mish(x)": ({ x }) => F.mish(x),
    "F.gelu(x, approximate='tanh')": ({ x }) => F.gelu(x, { approximate: "tanh" }),
    "F.logsigmoid(x)": ({ x }) => F.logsigmoid(x),
    "F.glu(halves, 1)": ({ halves }) => F.glu(halves, 1),
    "F.prelu(images, w)": ({ images, w }) => F.prelu(images, w),
  },
  losses: {
    "F.mse_loss(x, y)": ({ x, y }) => F.mseLoss(x, y),
    "F.l1_loss(x, y)": ({ x, y }) => F.l1Loss(x, y),
    "F.smooth_l1_loss(x, y)": ({ x, y }) => F.smoothL1Loss(x, y),
    "F.binary_cross_entropy_with_logits(x, share)": ({ x, share }) => F.binaryCrossEntropyWithLogits(x, share),
    "F.binary_cross_entropy(share, share)": ({ share }) => F.binaryCrossEntropy(share, share),
    "F.kl_div(x, share)": ({ x, share }) => F.klDiv(x, share),
    "F.nll_loss(x, rows)": ({ x, rows }) => F.nllLoss(x, rows),
    "F.cross_entropy(x, rows)": ({ x, rows }) => F.crossEntropy(x, rows),
    "F.cosine_similarity(x, y)": ({ x, y }) => F.cosineSimilarity(x, y),
    "torch.cdist(points, points)": ({ points }) => fl.cdist(points, points),
    "F.normalize(x)": ({ x }) => F.normalize(x),
    "torch.cdist(vectors, vectors, 1)": ({ vectors }) => fl.cdist(vectors, vectors, 1),
    "F.pdist(vectors)": ({ vectors }) => F.pdist(vectors),
    "F.ctc_loss(likelihoods, labels, [100] * 32, [20] * 32)": ({ likelihoods, labels }) =>
      F.ctcLoss(likelihoods, labels, new Array(32).fill(100), new Array(32).fill(20)),
  },
  images: {
    "F.interpolate(images, scale_factor=2)": ({ images }) => F.interpolate(images, { scaleFactor: 2 }),
    "F.interpolate(images, scale_factor=2, mode='bilinear')": ({ images }) =>
      F.interpolate(images, { scaleFactor: 2, mode: "bilinear" }),
    "F.interpolate(images, scale_factor=2, mode='bicubic')": ({ images }) =>
      F.interpolate(images, { scaleFactor: 2, mode: "bicubic" }),
    "F.grid_sample(images, grid)": ({ images, grid }) => F.gridSample(images, grid),
    "F.affine_grid(thetas, [16, 3, 64, 64])": ({ thetas }) => F.affineGrid(thetas, [16, 3, 64, 64]),
    "F.adaptive_avg_pool2d(images, 1)": ({ images }) => F.adaptiveAvgPool2d(images, 1),
    "F.adaptive_avg_pool2d(images, [7, 7])": ({ images }) => F.adaptiveAvgPool2d(images, [7, 7]),
    "F.adaptive_max_pool2d(images, [7, 7])": ({ images }) => F.adaptiveMaxPool2d(images, [7, 7]),
    "F.unfold(images, 3)": ({ images }) => F.unfold(images, 3),
    "F.fold(patches, [28, 28], 3)": ({ patches }) => F.fold(patches, [28, 28], 3),
    "F.pixel_shuffle(images, 2)": ({ images }) => F.pixelShuffle(images, 2),
  },
  "half types": {
    "bfloat + bfloat2": ({ bfloat, bfloat2 }) => fl.add(bfloat, bfloat2),
    "bfloat + bfloatRow": ({ bfloat, bfloatRow }) => fl.add(bfloat, bfloatRow),
    "bfloat * 2": ({ bfloat }) => fl.mul(bfloat, 2),
    "torch.div(bfloat, bfloat2)": ({ bfloat, bfloat2 }) => fl.div(bfloat, bfloat2),
    "torch.gt(bfloat, bfloat2)": ({ bfloat, bfloat2 }) => fl.gt(bfloat, bfloat2),
    "torch.exp(bfloat)": ({ bfloat }) => bfloat.exp(),
    "torch.relu(bfloat)": ({ bfloat }) => bfloat.relu(),
    "torch.clamp(bfloat, -1, 1)": ({ bfloat }) => bfloat.clamp(-1, 1),
    "F.silu(bfloat)": ({ bfloat }) => F.silu(bfloat),
    "torch.addcmul(bfloat, bfloat, bfloat2)": ({ bfloat, bfloat2 }) => fl.addcmul(bfloat, bfloat, bfloat2),
    "torch.sum(bfloat)": ({ bfloat }) => fl.sum(bfloat),
    "torch.sum(bfloat, 0)": ({ bfloat }) => fl.sum(bfloat, 0),
    "torch.mean(bfloat, 1)": ({ bfloat }) => fl.mean(bfloat, 1),
    "torch.norm(bfloat)": ({ bfloat }) => fl.norm(bfloat),
    "F.softmax(bfloat, 1)": ({ bfloat }) => F.softmax(bfloat, 1),
    "F.layer_norm(bfloat, [1024])": ({ bfloat }) => F.layerNorm(bfloat, [1024]),
    "bfloat.int()": ({ bfloat }) => bfloat.int(),
    "half + half": ({ half }) => fl.add(half, half),
    "torch.abs(half)": ({ half }) => half.abs(),
    "torch.sum(half)": ({ half }) => fl.sum(half),
    "half.int()": ({ half }) => half.int(),
  },
  "convolutions and pools": {
    "F.conv1d(signals, kernel1d)": ({ signals, kernel1d }) => F.conv1d(signals, kernel1d),
    "F.conv1d(signals, kernel1d, None, 1, 'same')": ({ signals, kernel1d }) =>
      F.conv1d(signals, kernel1d, null, 1, "same"),
    "F.conv3d(volumes, kernel3d, None, 1, 1)": ({ volumes, kernel3d }) => F.conv3d(volumes, kernel3d, null, 1, 1),
    "F.conv_transpose2d(images, kernelT, None, 2, 1)": ({ images, kernelT }) =>
      F.convTranspose2d(images, kernelT, null, 2, 1),
    "F.conv2d(images, kernel, None, 1, 2, 2)": ({ images, kernel }) => F.conv2d(images, kernel, null, 1, 2, 2),
    "F.conv2d(images, kernel, None, 2, 1)": ({ images, kernel }) => F.conv2d(images, kernel, null, 2, 1),
    "F.conv2d(images, kernelGroups, None, 1, 1, 1, 4)": ({ images, kernelGroups }) =>
      F.conv2d(images, kernelGroups, null, 1, 1, 1, 4),
    "F.conv2d(images, kernel5, None, 1, 2)": ({ images, kernel5 }) => F.conv2d(images, kernel5, null, 1, 2),
    "F.max_pool2d(images, 3, 2, 1)": ({ images }) => F.maxPool2d(images, 3, 2, 1),
    "F.avg_pool2d(images, 3, 1, 1)": ({ images }) => F.avgPool2d(images, 3, 1, 1),
    "F.lp_pool2d(positives, 2, 2)": ({ positives }) => F.lpPool2d(positives, 2, 2),
  },
  products: {
    "torch.bmm(b32, c32)": ({ b32, c32 }) => fl.bmm(b32, c32),
    "torch.bmm(tiny, tiny)": ({ tiny }) => fl.bmm(tiny, tiny),
    "torch.matmul(batch, x)": ({ batch, x }) => fl.matmul(batch, x),
    "torch.einsum('bij, bjk->bik', b32, c32)": ({ b32, c32 }) => fl.einsum("bij,bjk->bik", b32, c32),
    "torch.einsum('bhqd, bhkd->bhqk', heads, heads)": ({ heads }) => fl.einsum("bhqd,bhkd->bhqk", heads, heads),
    "torch.outer(row, row)": ({ row }) => fl.outer(row, row),
    "torch.kron(a128, thin[:8])": ({ a128, thin }) => fl.kron(a128, thin.narrow(0, 0, 8)),
    "torch.dot(long, long)": ({ long }) => fl.dot(long, long),
    "torch.mv(x, row)": ({ x, row }) => fl.mv(x, row),
    "torch.matmul(row, x)": ({ row, x }) => fl.matmul(row, x),
    "torch.matmul(intSquare, intSquare)": ({ intSquare }) => fl.matmul(intSquare, intSquare),
    "torch.matmul(tall, tall.t())": ({ tall }) => fl.matmul(tall, tall.t()),
    "torch.matmul(tall.t(), tall)": ({ tall }) => fl.matmul(tall.t(), tall),
    "torch.matmul(x, thin)": ({ x, thin }) => fl.matmul(x, thin),
    "torch.matmul(odd, odd)": ({ odd }) => fl.matmul(odd, odd),
    "torch.baddbmm(b32, b32, c32)": ({ b32, c32 }) => fl.baddbmm(b32, b32, c32),
  },
  "linear algebra": {
    "torch.linalg.cholesky(definite)": ({ definite }) => fl.linalg.cholesky(definite),
    "torch.linalg.inv(definite)": ({ definite }) => fl.linalg.inv(definite),
    "torch.linalg.solve(definite, definite)": ({ definite }) => fl.linalg.solve(definite, definite),
    "torch.linalg.slogdet(definite)[1]": ({ definite }) => fl.linalg.slogdet(definite)[1],
    "torch.linalg.qr(a256)": ({ a256 }) => fl.linalg.qr(a256),
    "torch.linalg.svd(a128)[1]": ({ a128 }) => fl.linalg.svd(a128)[1],
    "torch.linalg.eigh(symmetric)": ({ symmetric }) => fl.linalg.eigh(symmetric),
    "torch.linalg.solve_triangular(lower, a256, upper=False)": ({ lower, a256 }) =>
      fl.linalg.solveTriangular(lower, a256, { upper: false }),
    "torch.linalg.lstsq(tall50, right)": ({ tall50, right }) => fl.linalg.lstsq(tall50, right),
    "torch.linalg.pinv(a128)": ({ a128 }) => fl.linalg.pinv(a128),
    "torch.linalg.eigvalsh(symmetric)": ({ symmetric }) => fl.linalg.eigvalsh(symmetric),
    "torch.linalg.svdvals(a128)": ({ a128 }) => fl.linalg.svdvals(a128),
    "torch.linalg.solve(definite512, definite512)": ({ definite512 }) => fl.linalg.solve(definite512, definite512),
    "torch.linalg.eigh(definite512)[0]": ({ definite512 }) => fl.linalg.eigh(definite512)[0],
    "torch.linalg.inv(definites)": ({ definites }) => fl.linalg.inv(definites),
    "torch.linalg.det(definites)": ({ definites }) => fl.linalg.det(definites),
    "torch.linalg.cholesky(definites)": ({ definites }) => fl.linalg.cholesky(definites),
    "torch.linalg.cholesky(definites16)": ({ definites16 }) => fl.linalg.cholesky(definites16),
    "torch.linalg.qr(definites)[1]": ({ definites }) => fl.linalg.qr(definites)[1],
    "torch.linalg.eigh(definites16)[0]": ({ definites16 }) => fl.linalg.eigh(definites16)[0],
    "torch.linalg.svd(definites16)[1]": ({ definites16 }) => fl.linalg.svd(definites16)[1],
    "torch.matrix_exp(small)": ({ small }) => fl.matrixExp(small),
  },
  networks: {
    "lstm(words)": ({ lstm, words }) => lstm.forward(words),
    "gru(words)": ({ gru, words }) => gru.forward(words),
    "rnn(words)": ({ rnn, words }) => rnn.forward(words),
    "attention(tokens, tokens, tokens)": ({ attention, tokens }) => attention.forward(tokens, tokens, tokens),
    "encoder(tokens)": ({ encoder, tokens }) => encoder.forward(tokens),
    "F.embedding_bag(bags, x)": ({ bags, x }) => F.embeddingBag(bags, x),
  },
  optimizers: {
    "sgd()": ({ sgd }) => sgd(),
    "adam()": ({ adam }) => adam(),
    "rmsprop()": ({ rmsprop }) => rmsprop(),
    "adagrad()": ({ adagrad }) => adagrad(),
  },
};

/** Groups whose numbers depend on what ran before. */
const CHANGING = new Set(["random", "optimizers"]);

/** Rows that are timed with their gradients by every operand of floating point, too. */
const TRAINED = new Set([
  "F.batch_norm(images, None, None, w, b, True)",
  "F.batch_norm(images, mean, variance, w, b, False)",
  "F.group_norm(images, 8, w, b)",
  "torch.where(mask, x, y)",
  "torch.std(x)",
  "torch.max(x, 1)",
  "torch.logsumexp(x, 1)",
  "torch.cumsum(x, 1)",
  "torch.index_select(x, 0, rows)",
  "torch.gather(x, 1, places)",
  "F.pad(images, [1, 1, 1, 1])",
  "x.repeat([2, 2])",
  "torch.cat([x, y], 0)",
  "torch.mul(x, col)",
  "torch.div(x, y)",
  "torch.sqrt(positive)",
  "torch.clamp(x, -1, 1)",
  "torch.pow(x, 2)",
  "F.silu(x)",
  "F.softplus(x)",
  "F.elu(x)",
  "F.leaky_relu(x, 0.01)",
  "F.hardswish(x)",
  "F.prelu(images, w)",
  "F.glu(halves, 1)",
  "F.mse_loss(x, y)",
  "F.smooth_l1_loss(x, y)",
  "F.binary_cross_entropy_with_logits(x, share)",
  "F.cross_entropy(x, rows)",
  "F.interpolate(images, scale_factor=2, mode='bilinear')",
  "F.pdist(vectors)",
  "F.ctc_loss(likelihoods, labels, [100] * 32, [20] * 32)",
  "F.grid_sample(images, grid)",
  "F.fold(patches, [28, 28], 3)",
  "F.adaptive_avg_pool2d(images, 1)",
  "F.adaptive_avg_pool2d(images, [7, 7])",
  "F.max_pool2d(images, 3, 2, 1)",
  "F.avg_pool2d(images, 3, 1, 1)",
  "F.conv1d(signals, kernel1d)",
  "F.conv3d(volumes, kernel3d, None, 1, 1)",
  "F.conv_transpose2d(images, kernelT, None, 2, 1)",
  "F.conv2d(images, kernel, None, 1, 2, 2)",
  "F.conv2d(images, kernel, None, 2, 1)",
  "F.conv2d(images, kernelGroups, None, 1, 1, 1, 4)",
  "F.conv2d(images, kernel5, None, 1, 2)",
  "torch.bmm(b32, c32)",
  "torch.matmul(batch, x)",
  "F.embedding_bag(bags, x)",
]);

interface OperatorRow extends Row {
  /** PyTorch's expression, and the operands that it speaks of. */
  readonly code: string;
  readonly uses: readonly (keyof Operands)[];
  readonly compute: (operands: Operands) => unknown;
  readonly gradients: boolean;
  /** Its numbers depend on what ran before. */
  readonly changing: boolean;
}

const GOAL = 1;

const table: readonly OperatorRow[] = Object.entries(EXPRESSIONS).flatMap(([group, expressions]) =>
  Object.entries(expressions).flatMap(([code, compute]) => {
    const words = new Set(code.match(/\b\w+\b/g));
    const uses = (Object.keys(OPERANDS) as (keyof Operands)[]).filter((name) => words.has(name));
    const row = { name: code, group, goal: GOAL, code, uses, compute, gradients: false, changing: CHANGING.has(group) };
    const trained = { ...row, name: `${code} and its gradients`, gradients: true };
    return TRAINED.has(code) ? [row, trained] : [row];
  }),
);

export const operators: readonly Row[] = table;

export default function open(setting: Setting): Library {
  const name = begin(setting);
  const rows = table.map((row) => [row.name, () => setUp(row)] as const);
  return { name, rows: Object.fromEntries(rows) };
}

function setUp({ uses, compute, gradients, changing }: OperatorRow): Timed {
  const made = Object.fromEntries(uses.map((name) => [name, OPERANDS[name][0]()])) as unknown as Operands;
  const tensors = Object.values(made).filter((value) => value instanceof fl.Tensor);
  const timed = (gradients ? both : eager)(() => first(compute(made)), ...tensors);
  return changing ? { ...timed, probe: () => [0] } : timed;
}

/** The first tensor of what an operator or a module returns. */
function first(result: unknown): Tensor {
  return result instanceof fl.Tensor ? result : first((result as readonly unknown[])[0]);
}

/** What peers/pytorch.py reads: its side of every operand and row. */
export function forPyTorch(): object {
  return {
    operands: Object.fromEntries(Object.entries(OPERANDS).map(([name, [, code]]) => [name, code])),
    rows: Object.fromEntries(
      table.map(({ name, code, uses, gradients, changing }) => [name, { code, uses, gradients, changing }]),
    ),
  };
}
