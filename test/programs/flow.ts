// A normalising flow: affine couplings and 1x1 mixings, log-determinants by hand, bits of the two moons.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

export default function run(fl: Flambeau, log: Log): void {
  const { nn } = fl;
  class Coupling extends nn.Module {
    scale;
    shift;
    constructor(mask: Tensor) {
      super();
      const net = () => new nn.Sequential(new nn.Linear(2, 16), new nn.Tanh(), new nn.Linear(16, 2));
      this.scale = net();
      this.shift = net();
      this.registerBuffer("mask", mask);
    }
    declare mask: Tensor;
    forward(x: Tensor): [z: Tensor, logDet: Tensor] {
      const kept = x.mul(this.mask);
      const free = fl.sub(1, this.mask);
      const s = this.scale(kept).tanh().mul(free);
      const t = this.shift(kept).mul(free);
      return [kept.add(free.mul(x.mul(s.exp()).add(t))), s.sum(-1)];
    }
    inverse(z: Tensor): Tensor {
      const kept = z.mul(this.mask);
      const free = fl.sub(1, this.mask);
      const s = this.scale(kept).tanh().mul(free);
      return kept.add(free.mul(z.sub(this.shift(kept))).mul(s.neg().exp()));
    }
  }
  fl.manualSeed(8);
  const flow = new nn.ModuleList([0, 1, 0, 1].map((i) => new Coupling(fl.tensor([i, 1 - i], { dtype: "float32" }))));
  log.params("init", flow);
  log(
    "keys",
    Object.keys(flow.stateDict())
      .filter((key) => key.endsWith("mask"))
      .join(" "),
  );
  const optimizer = new fl.optim.Adam(flow.parameters(), { lr: 1e-2 });
  const data = (n: number): Tensor => {
    const angle = fl.rand(n).mul(Math.PI);
    const side = fl.randint(0, 2, [n]).float();
    const x = angle.cos().mul(side.mul(-2).add(1)).add(side);
    const y = angle.sin().mul(side.mul(-2).add(1)).add(side.mul(0.5));
    return fl.stack([x, y], -1).add(fl.normal(0, 0.05, [n, 2]));
  };
  for (let step = 0; step < 8; step++) {
    let z = data(32);
    let logDet = z.newZeros(32);
    for (const layer of flow) {
      const [next, d] = layer(z);
      z = next;
      logDet = logDet.add(d);
    }
    const prior = z
      .pow(2)
      .add(Math.log(2 * Math.PI))
      .mul(-0.5)
      .sum(1);
    const loss = prior.add(logDet).mean().neg();
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    log("loss", loss.item());
  }
  const z = fl.randn(4, 2);
  let x = z;
  for (let i = flow.length - 1; i >= 0; i--) x = flow.at(i).inverse(x);
  log("samples", x);
}
