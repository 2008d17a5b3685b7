// Flambeau's own side: eager, through the public functions, as a user writes it.

import type { Tensor } from "flambeau";
import * as fl from "flambeau";
import type { Library, Setting, Timed } from "./rows.ts";

const { nn, optim } = fl;

// Small operators are timed by the hundred, so that the scope's own cost is the one of a real step.
const BATCH = 100;

export default function open({ threads, noise }: Setting): Library {
  fl.setNumThreads(threads);

  const input = (shape: number[], seed: number, scale?: number): Tensor =>
    fl
      .tensor(
        noise(
          shape.reduce((a, b) => a * b, 1),
          seed,
          scale,
        ),
      )
      .view(shape);

  /** A function of constant tensors; a scope takes back what it makes. */
  const eager = (f: (...x: Tensor[]) => Tensor, ...tensors: Tensor[]): Timed => ({
    run: () =>
      fl.scope(() => {
        f(...tensors);
      }),
    probe: () =>
      fl
        .noGrad(() => f(...tensors))
        .flatten()
        .dataSync() as Float32Array,
    done: () => tensors.forEach(dispose),
  });

  const small = (f: () => Tensor, ...held: Tensor[]): Timed => ({
    run: () =>
      fl.scope(() => {
        for (let i = 0; i < BATCH; i++) f();
      }),
    times: BATCH,
    probe: () => f().detach().flatten().dataSync() as Float32Array,
    done: () => held.forEach(dispose),
  });

  const add4 = (requiresGrad: boolean): Timed => {
    const [a, b] = [input([4], 1).requiresGrad_(requiresGrad), input([4], 2)];
    return small(() => fl.add(a, b), a, b);
  };

  const view4 = (): Timed => {
    const a = input([4], 1);
    return small(() => a.view(2, 2), a);
  };

  /** Weights of the same numbers in every library, biases of zero. */
  const fill = <M extends InstanceType<typeof nn.Module>>(net: M): M => {
    fl.noGrad(() => {
      [...net.parameters()].forEach((p, i) => {
        if (p.ndim === 1) p.zero_();
        else p.copy_(input([...p.shape], i / 2 + 1, 1 / Math.sqrt(p.numel() / p.size(0))));
      });
    });
    return net;
  };

  const training = (
    net: InstanceType<typeof nn.Sequential>,
    x: Tensor,
    optimizer: { zeroGrad(): void; step(): unknown },
  ): Timed => {
    const labels = fl.arange(64).remainder(10);
    const step = (): Tensor => {
      optimizer.zeroGrad();
      const loss = nn.functional.crossEntropy(net(x), labels);
      loss.backward();
      optimizer.step();
      return loss;
    };
    return {
      run: () =>
        fl.scope(() => {
          step();
        }),
      probe: () => Array.from({ length: 3 }, () => fl.scope(() => step().item() as number)),
    };
  };
  const mlp = () =>
    fill(
      new nn.Sequential(
        new nn.Linear(784, 256),
        new nn.ReLU(),
        new nn.Linear(256, 128),
        new nn.ReLU(),
        new nn.Linear(128, 10),
      ),
    );
  const lenet = () =>
    fill(
      new nn.Sequential(
        ...[new nn.Conv2d(1, 6, 5, { padding: 2 }), new nn.ReLU(), new nn.MaxPool2d(2)],
        ...[new nn.Conv2d(6, 16, 5), new nn.ReLU(), new nn.MaxPool2d(2), new nn.Flatten()],
        ...[new nn.Linear(400, 120), new nn.ReLU(), new nn.Linear(120, 84), new nn.ReLU(), new nn.Linear(84, 10)],
      ),
    );

  const conv = (x: Tensor, w: Tensor, padding: number): Timed =>
    eager((x, w) => nn.functional.conv2d(x!, w!, { padding }), x, w);

  const rows: Record<string, () => Timed> = {
    conv_64_64_3x3_56: () => conv(input([1, 64, 56, 56], 1), input([64, 64, 3, 3], 2, 0.1), 1),
    conv_lenet_1: () => conv(input([64, 1, 28, 28], 1), input([6, 1, 5, 5], 2), 2),
    conv_lenet_2: () => conv(input([64, 6, 14, 14], 1), input([16, 6, 5, 5], 2), 0),
    softmax_4096_1024: () => eager((x) => fl.softmax(x!, 1), input([4096, 1024], 1)),
    layer_norm_4096_1024: () =>
      eager(
        (x, w, b) => nn.functional.layerNorm(x!, [1024], w!, b!),
        ...[input([4096, 1024], 1), input([1024], 2), input([1024], 3)],
      ),
    add4: () => add4(false),
    add4_tape: () => add4(true),
    view4,
    train_mlp_sgd: () => {
      const net = mlp();
      return training(net, input([64, 784], 9), new optim.SGD(net.parameters(), { lr: 0.01 }));
    },
    train_mlp_adam: () => {
      const net = mlp();
      return training(net, input([64, 784], 9), new optim.Adam(net.parameters(), { lr: 1e-3 }));
    },
    train_lenet_adam: () => {
      const net = lenet();
      return training(net, input([64, 1, 28, 28], 9), new optim.Adam(net.parameters(), { lr: 1e-3 }));
    },
  };
  for (const n of [64, 128, 256, 512, 1024])
    rows[`matmul_${n}`] = () => eager((a, b) => fl.matmul(a!, b!), input([n, n], 1), input([n, n], 2));
  for (const n of ["1e3", "1e6"]) {
    const x = (seed: number): Tensor => input([Number(n)], seed);
    rows[`add_${n}`] = () => eager((a, b) => fl.add(a!, b!), x(1), x(2));
    rows[`exp_${n}`] = () => eager((a) => fl.exp(a!), x(1));
    rows[`gelu_${n}`] = () => eager((a) => nn.functional.gelu(a!), x(1));
  }
  return { name: `flambeau (${fl.backends.cpu.describe()})`, rows };
}

const dispose = (x: Tensor): void => x.dispose();
