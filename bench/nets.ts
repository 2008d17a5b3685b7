// The nets of the training rows, written as in PyTorch (peers/pytorch.py has the same).

import type { Tensor } from "flambeau";
import * as fl from "flambeau";

const nn: typeof fl.nn = fl.nn;
type Module = InstanceType<typeof nn.Module>;
type Linear = InstanceType<typeof nn.Linear>;
type Embedding = InstanceType<typeof nn.Embedding>;
type LayerNorm = InstanceType<typeof nn.LayerNorm>;

const F = nn.functional;

export const mlp = (): Module =>
  new nn.Sequential(
    new nn.Linear(784, 256),
    new nn.ReLU(),
    new nn.Linear(256, 128),
    new nn.ReLU(),
    new nn.Linear(128, 10),
  );

export const lenet = (): Module =>
  new nn.Sequential(
    ...[new nn.Conv2d(1, 6, 5, { padding: 2 }), new nn.ReLU(), new nn.MaxPool2d(2)],
    ...[new nn.Conv2d(6, 16, 5), new nn.ReLU(), new nn.MaxPool2d(2), new nn.Flatten()],
    ...[new nn.Linear(400, 120), new nn.ReLU(), new nn.Linear(120, 84), new nn.ReLU(), new nn.Linear(84, 10)],
  );

/** One layer of a GPT: attention and a feed-forward net, each on top of a norm and beside a short cut. */
export class Block extends nn.Module {
  readonly heads: number;
  norm1: LayerNorm;
  qkv: Linear;
  projection: Linear;
  norm2: LayerNorm;
  up: Linear;
  down: Linear;

  constructor(dim: number, heads: number) {
    super();
    this.heads = heads;
    this.norm1 = new nn.LayerNorm(dim);
    this.qkv = new nn.Linear(dim, 3 * dim);
    this.projection = new nn.Linear(dim, dim);
    this.norm2 = new nn.LayerNorm(dim);
    this.up = new nn.Linear(dim, 4 * dim);
    this.down = new nn.Linear(4 * dim, dim);
  }

  override forward(x: Tensor): Tensor {
    return this.#rest(x, F.scaledDotProductAttention(...this.#parts(x), { isCausal: true }));
  }

  /** One more step, after those whose keys and values are `seen`. */
  step(x: Tensor, seen: readonly [Tensor, Tensor]): Tensor {
    const [q, k, v] = this.#parts(x);
    return this.#rest(x, F.scaledDotProductAttention(q, fl.cat([seen[0], k], 2), fl.cat([seen[1], v], 2)));
  }

  #parts(x: Tensor): [Tensor, Tensor, Tensor] {
    const [batch, time, dim] = x.shape as [number, number, number];
    const heads = (t: Tensor): Tensor => t.view(batch, time, this.heads, dim / this.heads).transpose(1, 2);
    return this.qkv(this.norm1(x)).split(dim, 2).map(heads) as [Tensor, Tensor, Tensor];
  }

  #rest(x: Tensor, attended: Tensor): Tensor {
    const y = x.add(this.projection(attended.transpose(1, 2).reshape(x.shape)));
    return y.add(this.down(F.gelu(this.up(this.norm2(y)))));
  }
}

/** 4 layers of 128 with 4 heads over 64 letters of 65. */
export class Gpt extends nn.Module {
  letters: Embedding = new nn.Embedding(65, 128);
  positions: Embedding = new nn.Embedding(64, 128);
  blocks: Module = new nn.Sequential(...Array.from({ length: 4 }, () => new Block(128, 4)));
  norm: LayerNorm = new nn.LayerNorm(128);
  head: Linear = new nn.Linear(128, 65);

  override forward(i: Tensor): Tensor {
    const x = this.letters(i).add(this.positions(fl.arange(i.size(1))));
    return this.head(this.norm(this.blocks(x)));
  }
}

/** Two layers of LSTM over 28 steps of 32, the last of which is classified. */
export class Reader extends nn.Module {
  lstm: InstanceType<typeof nn.LSTM> = new nn.LSTM(32, 64, 2, { batchFirst: true });
  head: Linear = new nn.Linear(64, 10);

  override forward(x: Tensor): Tensor {
    return this.head(this.lstm(x)[0].at(":", -1));
  }
}
