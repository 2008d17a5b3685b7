// A small residual net as torchvision writes it: blocks in loops, a shortcut, BatchNorm in both modes, OneCycleLR.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

export default function run(fl: Flambeau, log: Log): void {
  const { nn } = fl;
  const conv3x3 = (inPlanes: number, outPlanes: number, stride = 1) =>
    new nn.Conv2d(inPlanes, outPlanes, { kernelSize: 3, stride, padding: 1, bias: false });

  class BasicBlock extends nn.Module {
    conv1;
    bn1;
    relu;
    conv2;
    bn2;
    shortcut;
    constructor(inPlanes: number, planes: number, stride: number) {
      super();
      this.conv1 = conv3x3(inPlanes, planes, stride);
      this.bn1 = new nn.BatchNorm2d(planes);
      this.relu = new nn.ReLU({ inplace: true });
      this.conv2 = conv3x3(planes, planes);
      this.bn2 = new nn.BatchNorm2d(planes);
      const same = stride === 1 && inPlanes === planes;
      this.shortcut = same
        ? new nn.Sequential()
        : new nn.Sequential(new nn.Conv2d(inPlanes, planes, 1, stride, { bias: false }), new nn.BatchNorm2d(planes));
    }
    forward(x: Tensor): Tensor {
      const out = this.bn2(this.conv2(this.relu(this.bn1(this.conv1(x)))));
      out.add_(this.shortcut(x));
      return this.relu(out);
    }
  }
  class ResNet extends nn.Module {
    stem = new nn.Sequential(conv3x3(3, 8), new nn.BatchNorm2d(8), new nn.ReLU());
    layer1 = this.makeLayer(8, 8, 2, 1);
    layer2 = this.makeLayer(8, 16, 2, 2);
    avgpool = new nn.AdaptiveAvgPool2d(1);
    fc = new nn.Linear(16, 5);
    constructor() {
      super();
      for (const m of this.modules()) {
        if (m instanceof nn.Conv2d) nn.init.kaimingNormal_(m.weight, { mode: "fan_out", nonlinearity: "relu" });
        else if (m instanceof nn.BatchNorm2d) nn.init.constant_(m.weight!, 1);
      }
      for (const m of this.modules()) if (m instanceof BasicBlock) nn.init.zeros_(m.bn2.weight!);
    }
    makeLayer(inPlanes: number, planes: number, blocks: number, stride: number) {
      const layers = [new BasicBlock(inPlanes, planes, stride)];
      for (let i = 1; i < blocks; i++) layers.push(new BasicBlock(planes, planes, 1));
      return new nn.Sequential(...layers);
    }
    forward(x: Tensor): Tensor {
      const h = this.layer2(this.layer1(this.stem(x)));
      return this.fc(fl.flatten(this.avgpool(h), 1));
    }
  }
  fl.manualSeed(11);
  const net = new ResNet();
  log("net", String(net));
  log.params("init", net);
  const x = fl.randn(12, 3, 12, 12);
  const y = fl.arange(12).remainder(5);
  const optimizer = new fl.optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9, weightDecay: 1e-4 });
  const scheduler = new fl.optim.lrScheduler.OneCycleLR(optimizer, { maxLr: 0.2, totalSteps: 6 });
  const criterion = new nn.CrossEntropyLoss({ labelSmoothing: 0.1 });
  for (let step = 0; step < 6; step++) {
    net.train();
    const loss = criterion(net(x), y);
    optimizer.zeroGrad();
    loss.backward();
    const norm = nn.utils.clipGradNorm_(net.parameters(), 5);
    optimizer.step();
    scheduler.step();
    net.eval();
    const validation = fl.noGrad(() => criterion(net(x), y));
    log("loss", [loss.item(), norm.item(), validation.item(), optimizer.paramGroups[0]!.lr]);
  }
  for (const [name, buffer] of net.namedBuffers()) if (name.endsWith("running_mean")) log(name, buffer);
  log("tracked", net.stateDict()["stem.1.num_batches_tracked"]!.item());
}
