// Narrow floats as a mixed training uses them: casts both ways, master weights, a loss scale, promotion, limits.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

export default function run(fl: Flambeau, log: Log): void {
  const { nn } = fl;
  fl.manualSeed(70);
  const master = new nn.Linear(6, 3);
  log.params("init", master);
  const x = fl.randn(20, 6);
  const y = fl.randint(0, 3, [20]);
  const optimizer = new fl.optim.SGD(master.parameters(), { lr: 0.1 });
  const scale = 128;
  for (let step = 0; step < 5; step++) {
    const w = master.weight.bfloat16();
    const logits = x.to("bfloat16").matmul(w.t()).float().add(master.bias!);
    const loss = nn.functional.crossEntropy(logits, y);
    optimizer.zeroGrad();
    loss.mul(scale).backward();
    const grads = [...master.parameters()].map((p) => p.grad!);
    for (const g of grads) g.div_(scale);
    const finite = grads.every((g) => fl.isfinite(g).all().item());
    if (finite) optimizer.step();
    log("loss", [logits.dtype, fl.allclose(loss, loss.half().float(), { rtol: 1e-3 }), finite]);
  }
  const types = (a: Tensor, b: Tensor): string => a.add(b).dtype;
  const [i, h, b, f, d] = [fl.arange(3), fl.ones(3).half(), fl.ones(3).bfloat16(), fl.ones(3), fl.ones(3).double()];
  log("promotion", [
    types(i, h),
    types(h, b),
    types(h, f),
    types(b, d),
    types(i, i.gt(1)),
    types(f, fl.tensor(1).double()),
  ]);
  log("scalars", [
    i.add(1).dtype,
    i.add(1.5).dtype,
    i.div(2).dtype,
    h.mul(2.5).dtype,
    i.gt(0).sum().dtype,
    i.pow(2).dtype,
  ]);
  log("rounding", fl.tensor([1.0009765625, 65519, 65520, 6e-8, 1e-8]).half().float());
  log("narrow", fl.tensor([1.00390625, 1.01171875, 3.3e38]).bfloat16().float());
  log("integers", [
    fl.tensor([300, -1, 128]).to("uint8"),
    fl.tensor([2.9, -2.9]).int(),
    fl.tensor([5, -5]).floorDivide(2),
  ]);
  log("remainders", [fl.tensor([5, -5]).remainder(3), fl.tensor([5, -5]).fmod(3), fl.tensor([7.5, -7.5]).remainder(2)]);
  log("limits", [fl.finfo("float16").max, fl.finfo("bfloat16").eps, fl.iinfo("int16").min]);
  log("printed", [String(h.div(3)), String(b.div(3)), String(fl.tensor([1, 2]).half())]);
  const module = new nn.Sequential(new nn.Linear(2, 2), new nn.LayerNorm(2)).double();
  log("module", [module(fl.ones(1, 2, { dtype: "float64" })).dtype, module.half().at(0).weight.dtype]);
}
