// Pictures augmented by tensor operations: crops, flips, jitter, cutout, rotation by a grid, mixup, normalisation.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

export default function run(fl: Flambeau, log: Log): void {
  const F = fl.nn.functional;
  fl.manualSeed(17);
  const images = fl.randint(0, 256, [4, 3, 10, 10], { dtype: "uint8" });
  const x = images.float().div(255);
  const mean = fl.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1);
  const std = fl.tensor([0.229, 0.224, 0.225]).view(1, -1, 1, 1);
  const normalised = x.sub(mean).div(std);
  log("normalised", normalised.mean([0, 2, 3]));
  const flip = fl.rand(4).lt(0.5);
  const flipped = fl.where(flip.at(":", null, null, null), x.flip(-1), x);
  log("flipped", flipped.sum([1, 2, 3]));
  const padded = F.pad(flipped, [2, 2, 2, 2], { mode: "reflect" });
  const [top, left] = [fl.randint(0, 5, [4]), fl.randint(0, 5, [4])];
  const crops = fl.stack(
    padded.unbind(0).map((image, i) => {
      const [t, l] = [top.at(i).item(), left.at(i).item()];
      return image.at(":", fl.slice(t, t + 10), fl.slice(l, l + 10));
    }),
  );
  log("crops", crops.std());
  const factor = fl.empty(4, 1, 1, 1).uniform_(0.6, 1.4);
  const gray = crops.mul(fl.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, true);
  const jittered = gray.add(factor.mul(crops.sub(gray))).clamp(0, 1);
  log("jittered", jittered.at(0, 0, 0));
  const cut = jittered.clone();
  cut.setAt([":", ":", "3:6", "4:8"], 0);
  cut.at(1).fill_(0.5);
  cut.at("...", -1).mul_(2);
  log("cut", cut.amax([0, 2, 3]));
  const angle = fl.rand(4).sub(0.5);
  const [c, s, z] = [angle.cos(), angle.sin(), fl.zeros(4)];
  const theta = fl.stack([fl.stack([c, s.neg(), z], 1), fl.stack([s, c, z], 1)], 1);
  const grid = F.affineGrid(theta, cut.shape, { alignCorners: false });
  const rotated = F.gridSample(cut, grid, { paddingMode: "zeros", alignCorners: false });
  log("rotated", rotated.mean([2, 3]));
  const lambda = 0.3;
  const order = fl.randperm(4);
  const mixed = rotated.mul(lambda).add(rotated.at(order).mul(1 - lambda));
  const labels = F.oneHot(fl.tensor([0, 2, 1, 2]), 3).float();
  const soft = labels.mul(lambda).add(labels.at(order).mul(1 - lambda));
  log("mixed", [mixed.at(0, 0), soft]);
  const small = F.interpolate(mixed, { scaleFactor: 0.5, mode: "bilinear", alignCorners: false, antialias: true });
  const large = F.interpolate(small, { size: 14, mode: "bicubic" });
  log("large", large.at(0, 0, "::4", "1::5"));
  const patches = mixed.unfold(2, 5, 5).unfold(3, 5, 5).permute(0, 2, 3, 1, 4, 5).reshape(4, 4, -1);
  const columns = F.unfold(mixed, 5, { stride: 5 }).transpose(1, 2);
  log("patches", [patches.allclose(columns), ...patches.shape]);
  const bytes = mixed.mul(255).round().clamp(0, 255).to("uint8");
  log("bytes", bytes.at(0, ":", 5, 5).tolist() as number[]);
  const histogram = fl.histc(mixed, { bins: 8, min: 0, max: 1 });
  log("histogram", histogram);
  const edges = F.conv2d(
    gray,
    fl
      .tensor(
        [
          [-1, 0, 1],
          [-2, 0, 2],
          [-1, 0, 1],
        ],
        { dtype: "float32" },
      )
      .view(1, 1, 3, 3),
  );
  log("edges", (edges as Tensor).abs().quantile(0.9));
}
