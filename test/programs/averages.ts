// Stochastic weight averaging, a moving average of weights, the best state kept for an early stop, a teacher distilled.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

export default function run(fl: Flambeau, log: Log): void {
  const { nn, optim } = fl;
  const F = nn.functional;
  const make = () =>
    new nn.Sequential(new nn.Linear(4, 12), new nn.BatchNorm1d(12), new nn.ReLU(), new nn.Linear(12, 3));
  fl.manualSeed(90);
  const [student, teacher] = [make(), make()];
  log.params("student", student);
  for (const p of teacher.parameters()) p.requiresGrad = false;
  teacher.eval();
  const x = fl.randn(24, 4);
  const y = x.at(":", ":3").argmax(1);
  const average = new optim.swaUtils.AveragedModel(student);
  const optimizer = new optim.SGD(student.parameters(), { lr: 0.1, momentum: 0.9 });
  const scheduler = new optim.lrScheduler.CosineAnnealingLR(optimizer, 4);
  const swa = new optim.swaUtils.SWALR(optimizer, { swaLr: 0.05, annealEpochs: 2, annealStrategy: "linear" });
  const moving: Tensor[] = [...student.parameters()].map((p) => p.detach().clone());
  let [best, patience] = [Infinity, 0];
  let kept = student.stateDict();
  const temperature = 2;
  for (let epoch = 0; epoch < 8; epoch++) {
    student.train();
    const logits = student(x);
    const soft = F.klDiv(
      F.logSoftmax(logits.div(temperature), { dim: 1 }),
      F.softmax(fl.noGrad(() => teacher(x)).div(temperature), { dim: 1 }),
      { reduction: "batchmean" },
    );
    const loss = F.crossEntropy(logits, y).add(soft.mul(temperature ** 2 * 0.1));
    optimizer.zeroGrad({ setToNone: false });
    loss.backward();
    optimizer.step();
    fl.noGrad(() => {
      for (const [i, p] of [...student.parameters()].entries()) moving[i]!.lerp_(p, 0.1);
    });
    if (epoch >= 4) {
      average.updateParameters(student);
      swa.step();
    } else scheduler.step();
    student.eval();
    const validation = fl.noGrad(() => F.crossEntropy(student(x.mul(1.1)), y)).item();
    if (validation < best) {
      [best, patience] = [validation, 0];
      kept = Object.fromEntries(Object.entries(student.stateDict()).map(([key, v]) => [key, v.clone()]));
    } else patience++;
    log("epoch", [loss.item(), soft.item(), validation, optimizer.paramGroups[0]!.lr, patience]);
    if (patience > 3) break;
  }
  optim.swaUtils.updateBn(x.split(8), average);
  average.eval();
  log("averaged", average(x.at(":3")));
  log("moving", moving[0]!.sum().item());
  const { missingKeys, unexpectedKeys } = student.loadStateDict(kept, { strict: false });
  log("keys", [missingKeys.length, unexpectedKeys.length]);
  log("restored", student(x.at(":3")));
}
