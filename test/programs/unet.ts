// A U-Net that finds discs: down by pooling, up by transposed convolution and by interpolation, skips joined by cat,
// a Dice loss beside the cross entropy.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

export default function run(fl: Flambeau, log: Log): void {
  const { nn } = fl;
  const F = nn.functional;
  const doubleConv = (inChannels: number, outChannels: number) =>
    new nn.Sequential(
      new nn.Conv2d(inChannels, outChannels, 3, { padding: "same" }),
      new nn.GroupNorm(2, outChannels),
      new nn.ReLU(true),
      new nn.Conv2d(outChannels, outChannels, 3, { padding: 1, paddingMode: "reflect" }),
      new nn.ELU(),
    );
  class UNet extends nn.Module {
    downs = new nn.ModuleList([doubleConv(1, 4), doubleConv(4, 8)]);
    pool = new nn.MaxPool2d(2);
    bottom = doubleConv(8, 16);
    up1 = new nn.ConvTranspose2d(16, 8, 2, { stride: 2 });
    conv1 = doubleConv(16, 8);
    up2 = new nn.Upsample({ scaleFactor: 2, mode: "bilinear", alignCorners: true });
    conv2 = doubleConv(8 + 4, 4);
    out = new nn.Conv2d(4, 1, { kernelSize: 1 });
    forward(x: Tensor): Tensor {
      const skips: Tensor[] = [];
      let h = x;
      for (const down of this.downs) {
        h = down(h);
        skips.push(h);
        h = this.pool(h);
      }
      h = this.bottom(h);
      h = this.conv1(fl.cat([this.up1(h), skips.pop()!], 1));
      h = this.conv2(fl.cat([this.up2(h), skips.pop()!], { dim: 1 }));
      return this.out(h);
    }
  }
  const dice = (logits: Tensor, target: Tensor, smooth = 1): Tensor => {
    const p = logits.sigmoid().flatten(1);
    const t = target.flatten({ startDim: 1 });
    const both = p.mul(t).sum(1);
    return fl
      .sub(
        1,
        both
          .mul(2)
          .add(smooth)
          .div(p.sum(1).add(t.sum(1)).add(smooth)),
      )
      .mean();
  };
  fl.manualSeed(2);
  const net = new UNet();
  log.params("init", net);
  const axis = fl.arange(16, { dtype: "float32" });
  const [yy, xx] = fl.meshgrid(axis, axis, { indexing: "ij" }) as [Tensor, Tensor];
  const centers = fl.rand(4, 2).mul(8).add(4);
  const masks = centers.unbind(0).map((c) =>
    yy
      .sub(c.at(0))
      .square()
      .add(xx.sub(c.at(1)).square())
      .lt(9)
      .float()
      .unsqueeze(0),
  );
  const target = fl.stack(masks);
  const x = target.add(fl.randn(4, 1, 16, 16).mul(0.2));
  const optimizer = new fl.optim.AdamW(
    [
      { params: net.downs.parameters(), lr: 1e-3 },
      {
        params: [
          ...net.bottom.parameters(),
          ...net.up1.parameters(),
          ...net.conv1.parameters(),
          ...net.conv2.parameters(),
          ...net.out.parameters(),
        ],
      },
    ],
    { lr: 5e-3, weightDecay: 0.05, amsgrad: true },
  );
  for (let step = 0; step < 5; step++) {
    const logits = net(x);
    const loss = F.binaryCrossEntropyWithLogits(logits, target, {
      posWeight: fl.tensor([3], { dtype: "float32" }),
    }).add(dice(logits, target));
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    const predicted = F.interpolate(logits, { size: [8, 8], mode: "nearest" }).gt(0);
    const truth = F.avgPool2d(target, 2).gt(0.5);
    const iou = predicted.logicalAnd(truth).sum().div(predicted.logicalOr(truth).sum().clampMin(1));
    log("loss", [loss.item(), iou.item()]);
  }
}
