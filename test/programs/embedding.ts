// word2vec with negative sampling: two embeddings, negatives drawn by multinomial with replacement, SparseAdam's data.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

const TEXT =
  "we are what we repeatedly do excellence then is not an act but a habit we are not what we have but what we do";

export default function run(fl: Flambeau, log: Log): void {
  const { nn } = fl;
  const F = nn.functional;
  const words = TEXT.split(" ");
  const vocabulary = [...new Set(words)].sort();
  const ids = words.map((word) => vocabulary.indexOf(word));
  const counts = fl.bincount(fl.tensor(ids), { minlength: vocabulary.length });
  const noise = counts.pow(0.75);
  noise.div_(noise.sum());
  class SkipGram extends nn.Module {
    center = new nn.Embedding(vocabulary.length, 12);
    context = new nn.Embedding(vocabulary.length, 12);
    constructor() {
      super();
      this.center.weight.detach().uniform_(-0.5 / 12, 0.5 / 12);
      this.context.weight.detach().fill_(0);
    }
    forward(center: Tensor, positive: Tensor, negative: Tensor): Tensor {
      const c = this.center(center);
      const score = this.context(positive).mul(c).sum(1);
      const noise = fl.bmm(this.context(negative), c.unsqueeze(2)).squeeze(2);
      return F.logsigmoid(score).add(F.logsigmoid(noise.neg()).sum(1)).neg().mean();
    }
  }
  fl.manualSeed(123);
  const model = new SkipGram();
  const pairs: [number, number][] = [];
  for (const [i, word] of ids.entries()) {
    for (let j = Math.max(0, i - 2); j < Math.min(ids.length, i + 3); j++) if (j !== i) pairs.push([word, ids[j]!]);
  }
  const all = fl.tensor(pairs);
  log("pairs", [...all.shape]);
  const optimizer = new fl.optim.Adagrad(model.parameters(), { lr: 0.3, initialAccumulatorValue: 0.1 });
  for (let epoch = 0; epoch < 3; epoch++) {
    for (const batch of all.at(fl.randperm(all.size(0))).chunk(3)) {
      const [center, positive] = batch.unbind(1) as [Tensor, Tensor];
      const negative = fl.multinomial(noise, center.size(0) * 5, true).view(-1, 5);
      const loss = model(center, positive, negative);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      log("loss", loss.item());
    }
  }
  const vectors = F.normalize(model.center.weight.detach(), { dim: 1 });
  const similar = vectors.matmul(vectors.t()).fillDiagonal_(-1);
  const [values, nearest] = similar.topk(2, { dim: 1 });
  log("nearest", nearest.at(vocabulary.indexOf("we")));
  log("values", values.at(vocabulary.indexOf("we")));
}
