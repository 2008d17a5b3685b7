// A variational autoencoder: the reparametrization trick, a loss summed of two, Adam.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

export default function run(fl: Flambeau, log: Log): void {
  const { nn } = fl;
  const F = nn.functional;
  class VAE extends nn.Module {
    fc1 = new nn.Linear(36, 24);
    fc21 = new nn.Linear(24, 4);
    fc22 = new nn.Linear(24, 4);
    fc3 = new nn.Linear(4, 24);
    fc4 = new nn.Linear(24, 36);
    encode(x: Tensor): [mu: Tensor, logvar: Tensor] {
      const h = F.relu(this.fc1(x));
      return [this.fc21(h), this.fc22(h)];
    }
    reparameterize(mu: Tensor, logvar: Tensor): Tensor {
      const std = logvar.mul(0.5).exp();
      const eps = fl.randnLike(std);
      return mu.add(eps.mul(std));
    }
    decode(z: Tensor): Tensor {
      return fl.sigmoid(this.fc4(F.relu(this.fc3(z))));
    }
    forward(x: Tensor): [reconstruction: Tensor, mu: Tensor, logvar: Tensor] {
      const [mu, logvar] = this.encode(x.view(-1, 36));
      return [this.decode(this.reparameterize(mu, logvar)), mu, logvar];
    }
  }
  fl.manualSeed(42);
  const model = new VAE();
  log.params("init", model);
  const data = fl.bernoulli(fl.rand(40, 1, 6, 6).pow(2));
  const optimizer = new fl.optim.Adam(model.parameters(), { lr: 1e-2, betas: [0.5, 0.999] });
  for (let step = 0; step < 8; step++) {
    const batch = data.at(fl.randperm(40).at(":16"));
    const [reconstruction, mu, logvar] = model(batch);
    const bce = F.binaryCrossEntropy(reconstruction, batch.view(-1, 36), { reduction: "sum" });
    const kld = fl.sum(fl.sub(logvar.add(1).sub(mu.pow(2)), logvar.exp())).mul(-0.5);
    const loss = bce.add(kld).div(batch.shape[0]!);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    log("loss", [bce.item(), kld.item(), loss.item()]);
  }
  model.eval();
  const sample = fl.noGrad(() => model.decode(fl.randn(2, 4)));
  log("sample", sample);
  log("line", String(sample.at(0).view(6, 6).gt(0.5).int()));
}
