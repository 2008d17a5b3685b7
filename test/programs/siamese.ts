// Metric learning: a shared net under the triplet loss, the contrastive loss and in-batch negatives.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

export default function run(fl: Flambeau, log: Log): void {
  const { nn } = fl;
  const F = nn.functional;
  fl.manualSeed(31);
  const net = new nn.Sequential(new nn.Linear(6, 16), new nn.PReLU(), new nn.Linear(16, 4));
  log.params("init", net);
  const centers = fl.randn(3, 6).mul(2);
  const labels = fl.arange(18).remainder(3);
  const x = centers.at(labels).add(fl.randn(18, 6).mul(0.7));
  const triplet = new nn.TripletMarginLoss({ margin: 1, p: 2, swap: true });
  const cosine = new nn.CosineEmbeddingLoss({ margin: 0.2 });
  const contrastive = (a: Tensor, b: Tensor, same: Tensor, margin = 1): Tensor => {
    const d = F.pairwiseDistance(a, b);
    return same
      .mul(d.pow(2))
      .add(fl.sub(1, same).mul(F.relu(fl.sub(margin, d)).pow(2)))
      .mean();
  };
  const ntxent = (z: Tensor, temperature: number): Tensor => {
    const n = F.normalize(z, { dim: 1 });
    const sim = n.matmul(n.mT).div(temperature);
    sim.fillDiagonal_(-Infinity);
    return F.crossEntropy(sim, fl.arange(z.size(0)).roll(z.size(0) / 2));
  };
  const optimizer = new fl.optim.SGD(net.parameters(), { lr: 0.02, momentum: 0.9 });
  for (let step = 0; step < 8; step++) {
    const z = net(x);
    const [a, p, n] = [z, z.roll(3, 0), z.roll({ shifts: 1, dims: 0 })] as const;
    const same = labels.eq(labels.roll(1)).float();
    const parts = [
      triplet(a, p, n),
      cosine(a, n, same.mul(2).sub(1)),
      contrastive(a, n, same),
      ntxent(z, 0.5),
      F.marginRankingLoss(a.at(":", 0), n.at(":", 0), fl.ones(18), { margin: 0.1 }),
    ];
    const loss = parts.reduce((sum, part) => sum.add(part));
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    log("loss", [...parts.map((part) => part.item()), loss.item()]);
  }
  const distances = fl.cdist(net(x), net(x));
  log("nearest", distances.topk(2, 1, false).indices.at(":", 1));
}
