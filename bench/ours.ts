// Flambeau's own side: eager, through the public functions, as a user writes it.

import type { Tensor } from "flambeau";
import * as fl from "flambeau";
import { Gpt, lenet, mlp, Reader } from "./nets.ts";
import { both, dispose, eager, fill, indices, input, numbers } from "./operands.ts";
import type { Library, Setting, Timed } from "./rows.ts";

const { nn, optim } = fl;
const F = nn.functional;
type Module = InstanceType<typeof nn.Module>;

// Small operators are timed by the hundred, so that the scope's own cost is the one of a real step.
const BATCH = 100;

/** Readies the library and says how it is to be named. */
export function begin({ threads }: Setting): string {
  // From the first launch on, as a program has it after a second of work.
  process.env.FLAMBEAU_WIDE ??= "1";
  fl.setNumThreads(threads);
  fl.scope(() => void fl.ones(1).add(1));
  return `flambeau (${fl.backends.cpu.describe()})`;
}

export default function open(setting: Setting): Library {
  const name = begin(setting);

  const positive = (n: number, seed: number): Tensor => input([n], seed, 0.5).add(1);
  const small = (f: () => Tensor, ...held: Tensor[]): Timed => ({
    run: () =>
      fl.scope(() => {
        for (let i = 0; i < BATCH; i++) f();
      }),
    times: BATCH,
    probe: () => numbers(f()),
    done: () => held.forEach(dispose),
  });
  const add4 = (requiresGrad: boolean): Timed => {
    const [a, b] = [input([4], 1).requiresGrad_(requiresGrad), input([4], 2)];
    return small(() => fl.add(a, b), a, b);
  };
  const add4Both = (): Timed => {
    const [a, b, gradient] = [input([4], 1).requiresGrad_(), input([4], 2), fl.ones(4)];
    const f = (): Tensor => {
      a.grad = null;
      fl.add(a, b).backward(gradient);
      return a.grad!;
    };
    return small(f, a, b, gradient);
  };
  const view4 = (): Timed => {
    const a = input([4], 1);
    return small(() => a.view(2, 2), a);
  };

  const training = (forward: () => Tensor, labels: Tensor, optimizer: { zeroGrad(): void; step(): unknown }): Timed => {
    const step = (): Tensor => {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(forward(), labels);
      loss.backward();
      optimizer.step();
      return loss;
    };
    return {
      run: () => fl.scope(() => void step()),
      probe: () => Array.from({ length: 3 }, () => fl.scope(() => step().item() as number)),
    };
  };
  const classes = fl.arange(64).remainder(10);
  const adam = (net: Module) => new optim.Adam(net.parameters(), { lr: 1e-3 });

  const conv = (x: number[], w: number[], options: { stride?: number; padding?: number; groups?: number } = {}) => {
    const f = (x?: Tensor, w?: Tensor): Tensor => F.conv2d(x!, w!, options);
    const operands = (): [Tensor, Tensor] => [input(x, 1), input(w, 2, 0.1)];
    return [() => eager(f, ...operands()), () => both(f, ...operands())] as const;
  };
  const rowwise = (f: (...x: Tensor[]) => Tensor, ...shapes: number[][]) => {
    const operands = (): Tensor[] => shapes.map((shape, i) => input(shape, i + 1));
    return [() => eager(f, ...operands()), () => both(f, ...operands())] as const;
  };

  const rows: Record<string, () => Timed> = {
    matmul_512_bt: () => eager((a, b) => fl.matmul(a!, b!.t()), input([512, 512], 1), input([512, 512], 2)),
    matmul_512_f64: () =>
      eager((a, b) => fl.matmul(a!, b!), input([512, 512], 1).double(), input([512, 512], 2).double()),
    matmul_512_int8: () =>
      eager((a, b) => fl._intMm(a!, b!), input([512, 512], 1, 100).char(), input([512, 512], 2, 100).char()),
    linear_32_768_3072: () =>
      eager((x, w, b) => F.linear(x!, w!, b!), input([32, 768], 1), input([3072, 768], 2), input([3072], 3)),
    gemv_4096: () => eager((a, x) => fl.matmul(a!, x!), input([4096, 4096], 1), input([4096], 2)),
    bmm_12_128_64: () => eager((a, b) => fl.matmul(a!, b!), input([12, 128, 64], 1), input([12, 64, 128], 2)),

    maxpool_2: () => eager((x) => F.maxPool2d(x!, 2), input([8, 64, 56, 56], 1)),
    avgpool_2: () => eager((x) => F.avgPool2d(x!, 2), input([8, 64, 56, 56], 1)),

    add_broadcast_row: () => eager((x, y) => fl.add(x!, y!), input([1024, 1024], 1), input([1024], 2)),
    add_broadcast_col: () => eager((x, y) => fl.add(x!, y!), input([1024, 1024], 1), input([1024, 1], 2)),
    chain6_1e6: () => eager((x) => x!.mul(2).add(1).sin().mul(x!).sigmoid().sub(x!), positive(1e6, 1)),

    sum_1e7: () => eager((x) => x!.sum(), input([1e7], 1)),
    sum_rows: () => eager((x) => x!.sum(1), input([4096, 1024], 1)),
    sum_cols: () => eager((x) => x!.sum(0), input([4096, 1024], 1)),
    var_rows: () => eager((x) => x!.var(1), input([4096, 1024], 1)),
    argmax_rows: () => eager((x) => x!.argmax(1), input([4096, 1024], 1)),

    cumsum_1e6: () => eager((x) => x!.cumsum(0), input([1e6], 1)),
    sort_1e6: () => eager((x) => x!.sort().values, input([1e6], 1)),
    topk100_1e6: () => eager((x) => x!.topk(100).values, input([1e6], 1)),
    transpose_2048: () => eager((x) => x!.t().contiguous(), input([2048, 2048], 1)),
    permute_nhwc: () => eager((x) => x!.permute(0, 2, 3, 1).contiguous(), input([8, 64, 56, 56], 1)),
    cat_1: () => eager((a, b) => fl.cat([a!, b!], 1), input([1000, 1000], 1), input([1000, 1000], 2)),
    gather_1e6: () => eager((x, i) => x!.gather(0, i!), input([1e6], 1), indices(1e6, 1e6, 2)),
    embedding: () => eager((w, i) => F.embedding(i!, w!), input([50000, 128], 1), indices(4096, 50000, 2)),
    embedding_fb: () => both((w, i) => F.embedding(i!, w!), input([50000, 128], 1), indices(4096, 50000, 2)),

    add4: () => add4(false),
    add4_tape: () => add4(true),
    add4_fb: add4Both,
    view4,

    train_mlp: () => {
      const [net, x] = [fill(mlp()), input([64, 784], 9)];
      return training(() => net(x), classes, adam(net));
    },
    train_mlp_sgd: () => {
      const [net, x] = [fill(mlp()), input([64, 784], 9)];
      return training(() => net(x), classes, new optim.SGD(net.parameters(), { lr: 0.01 }));
    },
    train_lenet: () => {
      const [net, x] = [fill(lenet()), input([64, 1, 28, 28], 9)];
      return training(() => net(x), classes, adam(net));
    },
    train_gpt: () => {
      const [net, x, y] = [fill(new Gpt()), indices(512, 65, 9).view(8, 64), indices(512, 65, 8)];
      return training(() => net(x).flatten(0, 1), y, adam(net));
    },
    train_lstm: () => {
      const [net, x] = [fill(new Reader()), input([64, 28, 32], 9)];
      return training(() => net(x), classes, adam(net));
    },
  };

  const pairs: Record<string, readonly [() => Timed, (() => Timed)?]> = {
    conv_64_64_3x3_56: conv([1, 64, 56, 56], [64, 64, 3, 3], { padding: 1 }),
    conv_3_64_7x7s2_224: conv([1, 3, 224, 224], [64, 3, 7, 7], { stride: 2, padding: 3 }),
    conv_dw_128_3x3_56: conv([1, 128, 56, 56], [128, 1, 3, 3], { padding: 1, groups: 128 }),
    conv_128_128_1x1_56: conv([1, 128, 56, 56], [128, 128, 1, 1]),
    conv_lenet_1: conv([64, 1, 28, 28], [6, 1, 5, 5], { padding: 2 }),
    conv_lenet_2: conv([64, 6, 14, 14], [16, 6, 5, 5]),
    softmax_4096_1024: rowwise((x) => fl.softmax(x!, 1), [4096, 1024]),
    log_softmax_4096_1024: rowwise((x) => fl.logSoftmax(x!, 1), [4096, 1024]),
    layer_norm_4096_1024: rowwise((x, w, b) => F.layerNorm(x!, [1024], w!, b!), [4096, 1024], [1024], [1024]),
  };
  for (const [name, t] of [["12x128x64", 128] as const, ["12x1024x64", 1024] as const]) {
    const causal = (q?: Tensor, k?: Tensor, v?: Tensor): Tensor =>
      F.scaledDotProductAttention(q!, k!, v!, { isCausal: true });
    const heads = [1, 12, t, 64];
    pairs[`sdpa_causal_${name}`] = rowwise(causal, heads, heads, heads);
  }
  for (const [name, [forward, back]] of Object.entries(pairs)) {
    rows[name] = forward;
    if (back !== undefined) rows[`${name}_fb`] = back;
  }

  for (const n of [64, 128, 256, 512, 1024, 2048])
    rows[`matmul_${n}`] = () => eager((a, b) => fl.matmul(a!, b!), input([n, n], 1), input([n, n], 2));
  const { exp, tanh, sigmoid, erf, log } = fl;
  for (const n of ["1e3", "1e5", "1e7"]) {
    const x = (seed: number): Tensor => positive(Number(n), seed);
    for (const [name, f] of Object.entries({ exp, tanh, sigmoid, gelu: F.gelu, erf, log }))
      rows[`${name}_${n}`] = () => eager((a) => (f as (a: Tensor) => Tensor)(a!), x(1));
    for (const [name, f] of Object.entries({ add: fl.add, mul: fl.mul, pow: fl.pow }))
      rows[`${name}_${n}`] = () => eager((a, b) => f(a!, b!), x(1), x(2));
  }
  const peak = (f: () => unknown): number => {
    fl.resetPeakMemoryStats();
    f();
    return fl.memoryStats().peak;
  };
  return { name, rows, peak, use: fl.setNumThreads };
}
