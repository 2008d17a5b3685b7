// A net of noise: every dropout, drop-path and Gaussian noise from the same stream, Monte Carlo at the end.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

export default function run(fl: Flambeau, log: Log): void {
  const { nn } = fl;
  const F = nn.functional;
  const dropPath = (x: Tensor, p: number, training: boolean): Tensor => {
    if (p === 0 || !training) return x;
    const keep = 1 - p;
    const mask = x.newEmpty([x.shape[0]!, ...Array<number>(x.ndim - 1).fill(1)]).bernoulli_(keep);
    return x.mul(mask.div_(keep));
  };
  class Net extends nn.Module {
    fc1 = new nn.Linear(10, 32);
    fc2 = new nn.Linear(32, 32);
    conv = new nn.Conv1d(4, 4, 3, { padding: 1, bias: false });
    fc3 = new nn.Linear(32, 3);
    dropout = new nn.Dropout(0.5);
    alpha = new nn.AlphaDropout({ p: 0.2 });
    channels = new nn.Dropout1d(0.25);
    forward(x: Tensor): Tensor {
      let h = this.dropout(F.selu(this.fc1(x)));
      h = this.alpha(h.add(dropPath(F.selu(this.fc2(h)), 0.3, this.training)));
      h = h.add(this.channels(this.conv(h.view(-1, 4, 8))).flatten(1));
      if (this.training) h = h.add(fl.randnLike(h).mul(0.1));
      return this.fc3(F.dropout(h, { p: 0.1, training: this.training }));
    }
  }
  fl.manualSeed(2024);
  const net = new Net();
  log.params("init", net);
  const x = fl.randn(16, 10);
  const y = fl.empty(16, { dtype: "int64" }).random_(3);
  const optimizer = new fl.optim.SGD(net.parameters(), { lr: 0.05 });
  for (let step = 0; step < 6; step++) {
    const loss = F.nllLoss(F.logSoftmax(net(x), -1), y, { weight: fl.tensor([1, 2, 0.5]) });
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    log("loss", loss.item());
  }
  const draws = fl.stack(Array.from({ length: 5 }, () => net(x.at(":2")).softmax(-1)));
  log("mean", draws.mean(0));
  log("std", draws.std({ dim: 0, unbiased: false }));
  net.eval();
  log("eval", net(x.at(":2")));
  log("next", fl.rand(2));
}
