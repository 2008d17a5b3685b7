// Whole models that are timed beside PyTorch's (`npm run bench -- --table models`): what one step of training, or one answer,
// costs in nets as people build them. peers/models.py has the same.

import type { Tensor } from "flambeau";
import * as fl from "flambeau";
import { Block } from "./nets.ts";
import { fill, indices, input, numbers } from "./operands.ts";
import { begin } from "./ours.ts";
import type { Library, Row, Setting, Timed } from "./rows.ts";

const { nn, optim } = fl;
const F = nn.functional;
type Module = InstanceType<typeof nn.Module>;

/** A convolution without a bias, as stands before a norm; its padding keeps the size. */
const conv = (from: number, to: number, size: number, stride = 1, groups = 1): Module =>
  new nn.Conv2d(from, to, size, { stride, padding: (size - 1) >> 1, groups, bias: false });

/** Two convolutions beside a short cut (He et al., 2015). */
class Residual extends nn.Module {
  conv1: Module;
  norm1: Module;
  conv2: Module;
  norm2: Module;
  down: Module;

  constructor(from: number, to: number, stride: number) {
    super();
    this.conv1 = conv(from, to, 3, stride);
    this.norm1 = new nn.BatchNorm2d(to);
    this.conv2 = conv(to, to, 3);
    this.norm2 = new nn.BatchNorm2d(to);
    const same = stride === 1 && from === to;
    this.down = same ? new nn.Identity() : new nn.Sequential(conv(from, to, 1, stride), new nn.BatchNorm2d(to));
  }

  override forward(x: Tensor): Tensor {
    const y = this.norm2(this.conv2(F.relu(this.norm1(this.conv1(x)))));
    return F.relu(y.add(this.down(x)));
  }
}

/** ResNet-18 over `width` channels; without the large stem for small images. */
function resnet(width: number, stem: boolean): Module {
  const first = stem ? conv(3, width, 7, 2) : conv(3, width, 3);
  const pool = stem ? [new nn.MaxPool2d(3, { stride: 2, padding: 1 })] : [];
  const widths = [1, 1, 1, 2, 2, 4, 4, 8, 8].map((times) => times * width);
  const blocks = widths.slice(1).map((to, i) => new Residual(widths[i]!, to, to === widths[i] ? 1 : 2));
  return new nn.Sequential(
    ...[first, new nn.BatchNorm2d(width), new nn.ReLU(), ...pool, ...blocks],
    ...[new nn.AdaptiveAvgPool2d(1), new nn.Flatten(), new nn.Linear(8 * width, 10)],
  );
}

/** Wide, channel by channel, and narrow again (Sandler et al., 2018). */
class Inverted extends nn.Module {
  readonly same: boolean;
  net: Module;

  constructor(from: number, to: number, stride: number, times: number) {
    super();
    this.same = stride === 1 && from === to;
    const wide = times * from;
    this.net = new nn.Sequential(
      ...(times === 1 ? [] : [conv(from, wide, 1), new nn.BatchNorm2d(wide), new nn.ReLU6()]),
      ...[conv(wide, wide, 3, stride, wide), new nn.BatchNorm2d(wide), new nn.ReLU6()],
      ...[conv(wide, to, 1), new nn.BatchNorm2d(to)],
    );
  }

  override forward(x: Tensor): Tensor {
    const y = this.net(x);
    return this.same ? x.add(y) : y;
  }
}

/** MobileNetV2. */
function mobilenet(): Module {
  const stages = [
    [1, 16, 1, 1],
    [6, 24, 2, 2],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
  ] as const;
  let from = 32;
  const blocks = stages.flatMap(([times, to, count, stride]) =>
    Array.from({ length: count }, (_, i) => {
      const block = new Inverted(from, to, i === 0 ? stride : 1, times);
      from = to;
      return block;
    }),
  );
  return new nn.Sequential(
    ...[conv(3, 32, 3, 2), new nn.BatchNorm2d(32), new nn.ReLU6(), ...blocks],
    ...[conv(320, 1280, 1), new nn.BatchNorm2d(1280), new nn.ReLU6()],
    ...[new nn.AdaptiveAvgPool2d(1), new nn.Flatten(), new nn.Linear(1280, 10)],
  );
}

/** A U-Net of three sizes, as diffusion models use them: group norms, one step up by a convolution and one by copies. */
class UNet extends nn.Module {
  large: Module = UNet.#twice(3, 32);
  middle: Module = UNet.#twice(32, 64);
  small: Module = UNet.#twice(64, 128);
  up: Module = new nn.ConvTranspose2d(128, 64, 2, { stride: 2 });
  middleAgain: Module = UNet.#twice(128, 64);
  again: Module = new nn.Upsample({ scaleFactor: 2 });
  largeAgain: Module = UNet.#twice(96, 32);
  last: Module = new nn.Conv2d(32, 3, 1);

  static #twice(from: number, to: number): Module {
    const once = (from: number): Module[] => [
      new nn.Conv2d(from, to, 3, { padding: 1 }),
      new nn.GroupNorm(8, to),
      new nn.SiLU(),
    ];
    return new nn.Sequential(...once(from), ...once(to));
  }

  override forward(x: Tensor): Tensor {
    const large = this.large(x);
    const middle = this.middle(F.maxPool2d(large, 2));
    const small = this.small(F.avgPool2d(middle, 2));
    const up = this.middleAgain(fl.cat([this.up(small), middle], 1));
    return this.last(this.largeAgain(fl.cat([this.again(up), large], 1)));
  }
}

/** Layers of a GPT that keep the keys and values of what they have read. */
class Decoder extends nn.Module {
  blocks: InstanceType<typeof nn.ModuleList>;

  constructor(layers: number, dim: number, heads: number) {
    super();
    this.blocks = new nn.ModuleList(Array.from({ length: layers }, () => new Block(dim, heads)));
  }

  /** The next step after those whose keys and values are `seen`. */
  override forward(x: Tensor, seen: readonly [Tensor, Tensor]): Tensor {
    for (const block of this.blocks) x = (block as Block).step(x, seen);
    return x;
  }
}

class WordModel extends nn.Module {
  words: Module = new nn.Embedding(5000, 128);
  gru: InstanceType<typeof nn.GRU> = new nn.GRU(128, 128, { batchFirst: true });
  head: Module = new nn.Linear(128, 5000);

  override forward(i: Tensor): Tensor {
    return this.head(this.gru(this.words(i))[0]).flatten(0, 1);
  }
}

/** Two layers in each of which a node sums what its neighbours say (Kipf, Welling, 2016). */
class GraphNet extends nn.Module {
  layer1: Module = new nn.Linear(128, 64);
  layer2: Module = new nn.Linear(64, 7);

  override forward(x: Tensor, from: Tensor, to: Tensor): Tensor {
    const spread = (h: Tensor): Tensor => fl.zerosLike(h).indexAdd(0, to, h.indexSelect(0, from));
    return spread(this.layer2(F.relu(spread(this.layer1(x)))));
  }
}

/** A variational autoencoder, which says its loss; `e` is what it draws. */
class Vae extends nn.Module {
  encoder: Module = new nn.Linear(784, 400);
  mean: Module = new nn.Linear(400, 20);
  logVariance: Module = new nn.Linear(400, 20);
  decoder: Module = new nn.Sequential(new nn.Linear(20, 400), new nn.ReLU(), new nn.Linear(400, 784), new nn.Sigmoid());

  override forward(x: Tensor, e: Tensor): Tensor {
    const h = F.relu(this.encoder(x));
    const [mean, logVariance] = [this.mean(h), this.logVariance(h)];
    const image = this.decoder(mean.add(e.mul(logVariance.mul(0.5).exp())));
    const divergence = logVariance.add(1).sub(mean.pow(2)).sub(logVariance.exp()).sum().mul(-0.5);
    return F.binaryCrossEntropy(image, x, { reduction: "sum" }).add(divergence);
  }
}

const GOAL = 1;

const pixels = (...shape: number[]): Tensor => input(shape, 9, 0.5).add(0.5);
const layers = (...of: Module[]): Module => new nn.Sequential(...of);

/** A step of training, whose probe are the losses of the first three. */
function training(loss: () => Tensor, optimizer: { zeroGrad(): void; step(): unknown }, clipped?: Module): Timed {
  const step = (): Tensor => {
    optimizer.zeroGrad();
    const value = loss();
    value.backward();
    if (clipped !== undefined) nn.utils.clipGradNorm_(clipped.parameters(), 1);
    optimizer.step();
    return value;
  };
  return {
    run: () => fl.scope(() => void step()),
    probe: () => Array.from({ length: 3 }, () => fl.scope(() => step().item() as number)),
  };
}

/** An answer of a net that has been trained. */
function inference(net: Module, answer: () => Tensor): Timed {
  net.eval();
  return {
    run: () => fl.scope(() => void fl.noGrad(answer)),
    probe: () => numbers(fl.noGrad(answer)),
  };
}

const MODELS: Readonly<Record<string, Readonly<Record<string, () => Timed>>>> = {
  inference: {
    "ResNet-18, an image of 224²": () => {
      const [net, x] = [fill(resnet(64, true)), input([1, 3, 224, 224], 9)];
      return inference(net, () => net(x));
    },
    "MobileNetV2, an image of 224²": () => {
      const [net, x] = [fill(mobilenet()), input([1, 3, 224, 224], 9)];
      return inference(net, () => net(x));
    },
    "4 layers of GPT-2, 128 tokens": () => {
      const [net, x] = [fill(layers(...Array.from({ length: 4 }, () => new Block(768, 12)))), input([1, 128, 768], 9)];
      return inference(net, () => net(x));
    },
    "4 layers of GPT-2, the next token after 256": () => {
      const [net, x] = [fill(new Decoder(4, 768, 12)), input([1, 1, 768], 9)];
      const seen = [input([1, 12, 256, 64], 7), input([1, 12, 256, 64], 8)] as const;
      return inference(net, () => net.forward(x, seen));
    },
    "a small policy, one state": () => {
      const net = fill(
        layers(...[new nn.Linear(8, 64), new nn.Tanh(), new nn.Linear(64, 64), new nn.Tanh(), new nn.Linear(64, 4)]),
      );
      const x = input([1, 8], 9);
      return inference(net, () => fl.softmax(net(x), -1));
    },
  },
  training: {
    "ResNet-18 for small images, 16 of 32², SGD": () => {
      const [net, x, y] = [fill(resnet(32, false)), input([16, 3, 32, 32], 9), indices(16, 10, 8)];
      const sgd = new optim.SGD(net.parameters(), { lr: 0.01, momentum: 0.9, weightDecay: 5e-4 });
      return training(() => F.crossEntropy(net(x), y), sgd);
    },
    "MobileNetV2, 8 images of 64², AdamW": () => {
      const [net, x, y] = [fill(mobilenet()), input([8, 3, 64, 64], 9), indices(8, 10, 8)];
      return training(() => F.crossEntropy(net(x), y), new optim.AdamW(net.parameters(), { lr: 1e-4 }));
    },
    "U-Net, 2 images of 64², Adam": () => {
      const [net, x] = [fill(new UNet()), input([2, 3, 64, 64], 9)];
      return training(() => F.mseLoss(net(x), x), new optim.Adam(net.parameters(), { lr: 1e-4 }));
    },
    "autoencoder 784-256-32, 256 images, AdamW": () => {
      const net = fill(
        layers(
          ...[new nn.Linear(784, 256), new nn.Tanh(), new nn.Linear(256, 32), new nn.Tanh()],
          ...[new nn.Linear(32, 256), new nn.Tanh(), new nn.Linear(256, 784), new nn.Sigmoid()],
        ),
      );
      const x = pixels(256, 784);
      return training(() => F.mseLoss(net(x), x), new optim.AdamW(net.parameters(), { lr: 1e-3 }));
    },
    "variational autoencoder, 128 images, Adam": () => {
      const [net, x, e] = [fill(new Vae()), pixels(128, 784), input([128, 20], 8)];
      return training(() => net.forward(x, e), new optim.Adam(net.parameters(), { lr: 1e-4 }));
    },
    "GRU over 16 × 32 of 5000 words, Adam": () => {
      const [net, x, y] = [fill(new WordModel()), indices(512, 5000, 9).view(16, 32), indices(512, 5000, 8)];
      return training(() => F.crossEntropy(net(x), y), new optim.Adam(net.parameters(), { lr: 1e-3 }));
    },
    "Transformer of 2 + 2 layers, 8 × 32 of 128, Adam": () => {
      const options = { numEncoderLayers: 2, numDecoderLayers: 2, dimFeedforward: 512, dropout: 0, batchFirst: true };
      const net = fill(new nn.Transformer({ dModel: 128, nhead: 4, ...options }));
      const [source, target] = [input([8, 32, 128], 9), input([8, 32, 128], 8)];
      const tgtMask = nn.Transformer.generateSquareSubsequentMask(32);
      const loss = (): Tensor => net(source, target, { tgtMask }).sub(source).square().mean();
      return training(loss, new optim.Adam(net.parameters(), { lr: 1e-4 }));
    },
    "temporal convolutions, 32 × 8 × 256, RMSprop": () => {
      const dilated = (from: number, dilation: number): Module =>
        new nn.Conv1d(from, 64, 5, { padding: 2 * dilation, dilation });
      const net = fill(
        layers(
          ...[dilated(8, 2), new nn.ReLU(), dilated(64, 4), new nn.ReLU(), dilated(64, 8), new nn.ReLU()],
          ...[new nn.AdaptiveAvgPool1d(1), new nn.Flatten(), new nn.Linear(64, 1)],
        ),
      );
      const [x, y] = [input([32, 8, 256], 9), input([32, 1], 8)];
      return training(() => F.mseLoss(net(x), y), new optim.RMSprop(net.parameters(), { lr: 1e-4 }));
    },
    "graph convolutions, 2708 nodes, Adam": () => {
      const [net, x, y] = [fill(new GraphNet()), input([2708, 128], 9), indices(2708, 7, 8)];
      const [from, to] = [indices(10556, 2708, 7), indices(10556, 2708, 6)];
      const adam = new optim.Adam(net.parameters(), { lr: 1e-2, weightDecay: 5e-4 });
      return training(() => F.crossEntropy(net.forward(x, from, to), y), adam);
    },
    "Q-learning, 64 states, clipped gradients, Adam": () => {
      const q = (): Module =>
        layers(
          ...[new nn.Linear(8, 128), new nn.ReLU(), new nn.Linear(128, 128), new nn.ReLU(), new nn.Linear(128, 4)],
        );
      const [net, target] = [fill(q()), fill(q())];
      const [now, next, reward] = [input([64, 8], 9), input([64, 8], 8), input([64], 7)];
      const action = indices(64, 4, 6).view(64, 1);
      const loss = (): Tensor => {
        const wanted = fl.noGrad(() => reward.add(target(next).max(1).values.mul(0.99)));
        return F.smoothL1Loss(net(now).gather(1, action).squeeze(1), wanted);
      };
      return training(loss, new optim.Adam(net.parameters(), { lr: 1e-3 }), net);
    },
  },
};

export const models: readonly Row[] = Object.entries(MODELS).flatMap(([group, rows]) =>
  Object.keys(rows).map((name) => ({ name, group, goal: GOAL })),
);

export default function open(setting: Setting): Library {
  const name = begin(setting);
  return { name, rows: Object.assign({}, ...Object.values(MODELS)), use: fl.setNumThreads };
}
