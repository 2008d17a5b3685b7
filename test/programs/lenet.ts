// LeNet on pictures that are drawn by tensors: two squares' worth of classes, SGD with momentum, a step schedule.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

export default function run(fl: Flambeau, log: Log): void {
  const { nn } = fl;
  const F = nn.functional;
  class LeNet extends nn.Module {
    conv1 = new nn.Conv2d(1, 6, 5, { padding: 2 });
    conv2 = new nn.Conv2d(6, 16, { kernelSize: 5 });
    fc1 = new nn.Linear(16 * 5 * 5, 120);
    fc2 = new nn.Linear(120, 84);
    fc3 = new nn.Linear(84, 10);
    forward(x: Tensor): Tensor {
      let h = F.maxPool2d(F.relu(this.conv1(x)), 2);
      h = F.maxPool2d(F.relu(this.conv2(h)), [2, 2]);
      h = h.view(h.size(0), -1);
      return F.logSoftmax(this.fc3(F.relu(this.fc2(F.relu(this.fc1(h))))), { dim: 1 });
    }
  }
  fl.manualSeed(3407);
  const model = new LeNet();
  log.params("init", model);
  log("model", String(model));
  log(
    "parameters",
    [...model.parameters()].filter((p) => p.requiresGrad).reduce((sum, p) => sum + p.numel(), 0),
  );
  const labels = fl.randint(10, [32]);
  const images = fl.randn(32, 1, 28, 28).mul(0.3);
  for (const [i, label] of (labels.tolist() as number[]).entries()) {
    images.at(i, 0, fl.slice(2 * label, 2 * label + 8), "4:20").add_(1);
  }
  const criterion = new nn.NLLLoss();
  const optimizer = new fl.optim.SGD(model.parameters(), {
    lr: 0.05,
    momentum: 0.9,
    weightDecay: 5e-4,
    nesterov: true,
  });
  const scheduler = new fl.optim.lrScheduler.StepLR(optimizer, { stepSize: 2, gamma: 0.5 });
  for (let epoch = 0; epoch < 4; epoch++) {
    model.train();
    let running = 0;
    for (const [x, y] of images.split(16).map((x, i) => [x, labels.split(16)[i]!] as const)) {
      optimizer.zeroGrad();
      const loss = criterion(model(x), y);
      loss.backward();
      optimizer.step();
      running += loss.item() * x.size(0);
    }
    scheduler.step();
    model.eval();
    fl.noGrad(() => {
      const predicted = model(images).argmax({ dim: 1, keepdim: true });
      log("correct", predicted.eq(labels.viewAs(predicted)).sum().item());
    });
    log("loss", running / images.size(0));
    log("lr", scheduler.getLastLr()[0]!);
  }
}
