// Model-agnostic meta-learning of sine waves: inner steps on fast weights, the outer gradient through them.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

export default function run(fl: Flambeau, log: Log): void {
  const { nn, autograd } = fl;
  const F = nn.functional;
  fl.manualSeed(1234);
  const params = [[20, 1], [20], [20, 20], [20], [1, 20], [1]].map(
    (shape) => new nn.Parameter(shape.length > 1 ? nn.init.xavierNormal_(fl.empty(...shape)) : fl.zeros(...shape)),
  );
  log("init", params[0]!);
  const net = (x: Tensor, [w1, b1, w2, b2, w3, b3]: readonly Tensor[]): Tensor => {
    const h = F.linear(F.linear(x, w1!, b1!).relu(), w2!, { bias: b2! }).relu();
    return F.linear(h, w3!, b3!);
  };
  const optimizer = new fl.optim.Adam(params, { lr: 1e-3 });
  for (let iteration = 0; iteration < 3; iteration++) {
    let meta = fl.tensor(0, { dtype: "float32" });
    for (let task = 0; task < 3; task++) {
      const [amplitude, phase] = [fl.rand(1).mul(4.9).add(0.1), fl.rand(1).mul(Math.PI)];
      const sample = (): [Tensor, Tensor] => {
        const x = fl.rand(10, 1).mul(10).sub(5);
        return [x, amplitude.mul(x.add(phase).sin())];
      };
      const [xs, ys] = sample();
      let fast: Tensor[] = [...params];
      for (let inner = 0; inner < 2; inner++) {
        const grads = autograd.grad(F.mseLoss(net(xs, fast), ys), fast, { createGraph: true });
        fast = fast.map((w, i) => w.sub(grads[i]!.mul(0.01)));
      }
      const [xq, yq] = sample();
      meta = meta.add(F.mseLoss(net(xq, fast), yq));
    }
    optimizer.zeroGrad();
    meta.div(3).backward();
    optimizer.step();
    log("meta", [meta.item(), params[0]!.grad!.norm().item(), params[5]!.grad!.item()]);
  }
}
