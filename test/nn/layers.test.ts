import {
  IndexError,
  manualSeed,
  nn,
  noGrad,
  ones,
  randn,
  ShapeError,
  type Tensor,
  tensor,
  ValueError,
  zeros,
} from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const close = (x: Tensor, want: Tensor, tolerance = 1e-6): void => {
  assert.equal(x.shape, want.shape);
  const gap = x.numel() === 0 ? 0 : x.sub(want).abs().max().item();
  assert.ok(gap <= tolerance, `${x} is not ${want}`);
};

const reprs = suite("reprs");

// What PyTorch prints for the same modules.
reprs("of every layer", () => {
  const cases: readonly (readonly [nn.Module, string])[] = [
    [new nn.Identity(54, { unused: true }), "Identity()"],
    [new nn.Linear(3, 4), "Linear(in_features=3, out_features=4, bias=True)"],
    [new nn.Linear(3, 4, { bias: false }), "Linear(in_features=3, out_features=4, bias=False)"],
    [new nn.Bilinear(2, 3, 4), "Bilinear(in1_features=2, in2_features=3, out_features=4, bias=True)"],
    [new nn.CELU(), "CELU(alpha=1.0)"],
    [new nn.SELU({ inplace: true }), "SELU(inplace=True)"],
    [new nn.Mish(), "Mish()"],
    [new nn.Hardswish(true), "Hardswish()"],
    [new nn.PReLU(3), "PReLU(num_parameters=3)"],
    [new nn.RReLU(), "RReLU(lower=0.125, upper=0.3333333333333333)"],
    [new nn.Threshold(0.1, 20.5, true), "Threshold(threshold=0.1, value=20.5, inplace=True)"],
    [new nn.Hardshrink(), "Hardshrink(0.5)"],
    [new nn.GLU(), "GLU(dim=-1)"],
    [new nn.Softmin(1), "Softmin(dim=1)"],
    [new nn.TripletMarginLoss(), "TripletMarginLoss()"],
    [new nn.Flatten(), "Flatten(start_dim=1, end_dim=-1)"],
    [new nn.Conv2d(1, 2, 3), "Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1))"],
    [
      new nn.Conv2d(2, 4, [3, 5], 2, 1, { dilation: 2, groups: 2, bias: false, paddingMode: "circular" }),
      "Conv2d(2, 4, kernel_size=(3, 5), stride=(2, 2), padding=(1, 1), dilation=(2, 2), groups=2, bias=False, padding_mode=circular)",
    ],
    [new nn.Conv1d(1, 2, 3, { padding: "same" }), "Conv1d(1, 2, kernel_size=(3,), stride=(1,), padding=same)"],
    [new nn.BatchNorm2d(3), "BatchNorm2d(3, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)"],
    [
      new nn.BatchNorm1d(3, 1e-3, null),
      "BatchNorm1d(3, eps=0.001, momentum=None, affine=True, track_running_stats=True)",
    ],
    [new nn.LayerNorm(5), "LayerNorm((5,), eps=1e-05, elementwise_affine=True)"],
    [new nn.LayerNorm([2, 5], 1e-7), "LayerNorm((2, 5), eps=1e-07, elementwise_affine=True)"],
    [new nn.Dropout(0.2), "Dropout(p=0.2, inplace=False)"],
    [new nn.Dropout(1), "Dropout(p=1.0, inplace=False)"],
    [new nn.MaxPool2d(2), "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)"],
    [
      new nn.MaxPool2d([3, 2], 2, [1, 0]),
      "MaxPool2d(kernel_size=(3, 2), stride=2, padding=(1, 0), dilation=1, ceil_mode=False)",
    ],
    [new nn.AvgPool2d(2), "AvgPool2d(kernel_size=2, stride=2, padding=0)"],
    [new nn.AdaptiveAvgPool2d(1), "AdaptiveAvgPool2d(output_size=1)"],
    [new nn.AdaptiveAvgPool2d([3, null]), "AdaptiveAvgPool2d(output_size=(3, None))"],
    [new nn.Embedding(4, 3), "Embedding(4, 3)"],
    [
      new nn.Embedding(4, 3, 1, 2, 1, true),
      "Embedding(4, 3, padding_idx=1, max_norm=2.0, norm_type=1.0, scale_grad_by_freq=True)",
    ],
    [new nn.ReLU(), "ReLU()"],
    [new nn.ReLU(true), "ReLU(inplace=True)"],
    [new nn.SiLU(), "SiLU()"],
    [new nn.Sigmoid(), "Sigmoid()"],
    [new nn.Tanh(), "Tanh()"],
    [new nn.GELU(), "GELU(approximate='none')"],
    [new nn.LeakyReLU(), "LeakyReLU(negative_slope=0.01)"],
    [new nn.LeakyReLU(0.5, true), "LeakyReLU(negative_slope=0.5, inplace=True)"],
    [new nn.Softmax(1), "Softmax(dim=1)"],
    [new nn.Softmax(), "Softmax(dim=None)"],
    [new nn.LogSoftmax(-1), "LogSoftmax(dim=-1)"],
    [new nn.MaxPool1d(2), "MaxPool1d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)"],
    [new nn.AvgPool1d(3, 2, 1), "AvgPool1d(kernel_size=(3,), stride=(2,), padding=(1,))"],
    [new nn.AdaptiveAvgPool1d(5), "AdaptiveAvgPool1d(output_size=5)"],
    [new nn.GroupNorm(2, 4), "GroupNorm(2, 4, eps=1e-05, affine=True)"],
    [new nn.RMSNorm(5), "RMSNorm((5,), eps=None, elementwise_affine=True)"],
    [new nn.ELU(2, true), "ELU(alpha=2.0, inplace=True)"],
    [new nn.Hardtanh(), "Hardtanh(min_val=-1.0, max_val=1.0)"],
    [new nn.Softplus(), "Softplus(beta=1.0, threshold=20.0)"],
    [new nn.LogSigmoid(), "LogSigmoid()"],
    [new nn.ReLU6(true), "ReLU6(inplace=True)"],
    [new nn.Dropout2d(0.1), "Dropout2d(p=0.1, inplace=False)"],
    [new nn.AlphaDropout(), "AlphaDropout(p=0.5, inplace=False)"],
    [new nn.Unflatten(1, [2, 3]), "Unflatten(dim=1, unflattened_size=(2, 3))"],
    [new nn.CrossEntropyLoss(), "CrossEntropyLoss()"],
    [new nn.KLDivLoss(), "KLDivLoss()"],
    [
      new nn.Sequential(new nn.Conv2d(1, 8, 3), new nn.ReLU(), new nn.Flatten(), new nn.Linear(5408, 10)),
      "Sequential(\n  (0): Conv2d(1, 8, kernel_size=(3, 3), stride=(1, 1))\n  (1): ReLU()\n  (2): Flatten(start_dim=1, end_dim=-1)\n" +
        "  (3): Linear(in_features=5408, out_features=10, bias=True)\n)",
    ],
  ];
  for (const [module, text] of cases) assert.is(String(module), text);
});

const beginnings = suite("initial weights");

beginnings("of a seed are PyTorch's, in the order of the modules", () => {
  manualSeed(0);
  const net = new nn.Sequential(new nn.Linear(2, 2), new nn.Conv2d(1, 1, 2), new nn.Embedding(2, 2));
  // torch.manual_seed(0); nn.Sequential(nn.Linear(2, 2), nn.Conv2d(1, 1, 2), nn.Embedding(2, 2)).state_dict()
  const want = PYTORCH;
  for (const [name, x] of Object.entries(net.stateDict())) {
    assert.equal([...(x.dataSync() as Float32Array)], want[name]!.map(Math.fround), name);
  }
});

const PYTORCH: Readonly<Record<string, readonly number[]>> = {
  "0.weight": [-0.005293981172144413, 0.37932288646698, -0.5819807648658752, -0.5203874707221985],
  "0.bias": [-0.27234524488449097, 0.1896158903837204],
  "1.weight": [-0.009906589984893799, 0.39644473791122437, -0.04437202215194702, 0.1323062777519226],
  "1.bias": [-0.15110653638839722],
  "2.weight": [0.20998091995716095, 0.905626118183136, 0.6035430431365967, 0.8109818696975708],
};

beginnings("norms begin with 1 and 0, losses with what they are given", () => {
  const norm = new nn.BatchNorm2d(2);
  assert.equal(Object.keys(norm.stateDict()), ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]);
  assert.equal(
    [norm.weight!.tolist(), norm.bias!.tolist(), norm.runningMean!.tolist(), norm.runningVar!.tolist()],
    [
      [1, 1],
      [0, 0],
      [0, 0],
      [1, 1],
    ],
  );
  assert.equal(Object.keys(new nn.BatchNorm2d(2, { bias: false }).stateDict()), [
    "weight",
    "running_mean",
    "running_var",
    "num_batches_tracked",
  ]);
  assert.equal(Object.keys(new nn.BatchNorm2d(2, { affine: false, trackRunningStats: false }).stateDict()), []);
  assert.equal(Object.keys(new nn.LayerNorm(2, { bias: false }).stateDict()), ["weight"]);
  assert.equal(Object.keys(new nn.CrossEntropyLoss({ weight: ones(3) }).stateDict()), ["weight"]);
  assert.equal(Object.keys(new nn.BCEWithLogitsLoss({ posWeight: ones(3) }).stateDict()), ["pos_weight"]);
  assert.equal(new nn.Linear(3, 2, { dtype: "float64" }).weight.dtype, "float64");
});

const layers = suite("layers");

layers("arguments: by position, by name, all by name; nonsense is refused", () => {
  assert.equal(new nn.Conv2d({ inChannels: 1, outChannels: 2, kernelSize: 3 }).weight.shape, [2, 1, 3, 3]);
  const bad: readonly (readonly [() => unknown, RegExp])[] = [
    [() => new nn.Linear(3 as never), /Linear: the argument outFeatures is missing/],
    [() => new nn.Linear(3, 4, { biass: true } as never), /Linear: unknown argument "biass"/],
    [() => new nn.Linear(3, 4, true, { bias: false }), /Linear: got bias twice/],
    [() => new nn.Conv2d(3, 4, 3, { groups: 2 }), /in_channels must be divisible by groups/],
    [() => new nn.Conv2d(2, 4, [3, 3, 3]), /kernelSize must have 2 numbers/],
    [() => new nn.Conv2d(2, 4, 3, 2, "same"), /padding='same' is not supported for strided/],
    [() => new nn.Conv2d(2, 4, 3, { paddingMode: "mirror" as never }), /padding_mode must be one of/],
    [() => new nn.Dropout(2), /dropout probability has to be between 0 and 1, but got 2/],
    [() => new nn.Embedding(3, 2, 5), /Padding_idx must be within num_embeddings/],
  ];
  for (const [make, why] of bad) assert.throws(make, why);
  assert.throws(
    () => new nn.Dropout(-1),
    (e: unknown) => e instanceof ValueError,
  );
});

layers("dropout drops while training, and not in evaluation", () => {
  manualSeed(0);
  const drop = new nn.Dropout(0.5);
  const x = ones([1000]);
  const kept = drop(x).sum().item() / 2;
  assert.ok(kept > 400 && kept < 600);
  assert.equal(drop.eval()(x).tolist(), x.tolist());
});

layers("batch norm: statistics, evaluation, the plain average, dims", () => {
  const x = randn([4, 3]);
  const norm = new nn.BatchNorm1d(3);
  const y = norm(x);
  close(y.mean(0), zeros([3]), 1e-6);
  assert.is(norm.numBatchesTracked!.item(), 1);
  close(norm.runningMean!, x.mean(0).mul(0.1), 1e-6);
  norm.eval()(x);
  assert.is(norm.numBatchesTracked!.item(), 1);
  const average = new nn.BatchNorm1d(3, { momentum: null });
  const x2 = randn([4, 3]);
  average(x);
  average(x2);
  close(average.runningMean!, x.mean(0).add(x2.mean(0)).div(2), 1e-6);
  assert.throws(
    () => norm(randn([2, 3, 4, 5])),
    (e: unknown) => e instanceof ShapeError && /expected 2D or 3D input \(got 4D input\)/.test((e as Error).message),
  );
});

layers("a state of batch norm that did not count yet is taken", () => {
  const norm = new nn.BatchNorm1d(2);
  const { num_batches_tracked: _, ...old } = norm.stateDict();
  assert.equal(norm.loadStateDict(old).missingKeys, []);
  const { num_batches_tracked: __, ...fresh } = norm.stateDict();
  Object.defineProperty(fresh, "_metadata", { value: { "": { version: 2 } } });
  assert.throws(() => norm.loadStateDict(fresh), /Missing key\(s\) in state_dict: "num_batches_tracked"/);
});

layers("an embedding's padding row is 0 and gets no gradient; rows are held below a norm", () => {
  const embed = new nn.Embedding(4, 2, { paddingIdx: -1 });
  assert.equal(embed.weight.tolist()[3 as never], [0, 0]);
  embed(tensor([3, 1]))
    .sum()
    .backward();
  assert.equal(embed.weight.grad!.tolist(), [
    [0, 0],
    [1, 1],
    [0, 0],
    [0, 0],
  ]);
  const short = new nn.Embedding(3, 2, { maxNorm: 1 });
  noGrad(() =>
    short.weight.copy_(
      tensor([
        [3, 4],
        [0.3, 0.4],
        [6, 8],
      ]),
    ),
  );
  close(
    short(tensor([0, 1])).detach(),
    tensor([
      [0.6, 0.8],
      [0.3, 0.4],
    ]),
    1e-5,
  );
  close(
    short.weight.detach(),
    tensor([
      [0.6, 0.8],
      [0.3, 0.4],
      [6, 8],
    ]),
    1e-5,
  );
  assert.throws(
    () => embed(tensor([4])),
    (e: unknown) => e instanceof IndexError,
  );
  const fixed = nn.Embedding.fromPretrained(
    tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { dtype: "float32" },
    ),
  );
  assert.equal([fixed(tensor(1)).tolist(), fixed.weight.requiresGrad], [[3, 4], false]);
});

layers("padding with something else than zeros", () => {
  const conv = new nn.Conv1d(1, 1, 3, { padding: 1, paddingMode: "circular", bias: false });
  noGrad(() => conv.weight.fill_(1));
  assert.equal(conv(tensor([[1, 2, 3, 4]], { dtype: "float32" })).tolist(), [[7, 6, 9, 8]]);
});

layers("in-place activations write their input", () => {
  const x = tensor([-1, 2], { dtype: "float32" });
  assert.is(new nn.ReLU({ inplace: true })(x), x);
  assert.equal(x.tolist(), [0, 2]);
});

layers("softmax without a dim takes the one that PyTorch takes", () => {
  assert.equal(new nn.Softmax()(zeros([2])).tolist(), [0.5, 0.5]);
  assert.equal(new nn.Softmax()(zeros([1, 2])).tolist(), [[0.5, 0.5]]);
  assert.equal(new nn.Softmax()(zeros([2, 1, 1])).tolist(), [[[0.5]], [[0.5]]]);
});

layers("max pooling gives the places too, if asked", () => {
  const x = tensor(
    [
      [
        [1, 2],
        [4, 3],
      ],
    ],
    { dtype: "float32" },
  );
  assert.equal(new nn.MaxPool2d(2)(x).tolist(), [[[4]]]);
  const [y, places] = new nn.MaxPool2d(2, { returnIndices: true })(x) as unknown as [Tensor, Tensor];
  assert.equal([y.tolist(), places.tolist()], [[[[4]]], [[[2]]]]);
});

const losses = suite("losses");

losses("reductions, the old flags, and what is none", () => {
  const [x, y] = [tensor([1, 2], { dtype: "float32" }), tensor([3, 5], { dtype: "float32" })];
  assert.is(new nn.MSELoss()(x, y).item(), 6.5);
  assert.is(new nn.MSELoss({ reduction: "sum" })(x, y).item(), 13);
  assert.equal(new nn.L1Loss(null, null, "none")(x, y).tolist(), [2, 3]);
  assert.is(new nn.L1Loss({ sizeAverage: false })(x, y).item(), 5);
  assert.equal(new nn.L1Loss({ reduce: false })(x, y).tolist(), [2, 3]);
  assert.throws(() => new nn.MSELoss({ reduction: "all" as never })(x, y), /all.* is not a valid value for reduction/);
});

losses("cross entropy: classes out of range, ignored, weighted, smoothed, probabilities", () => {
  const logits = tensor(
    [
      [1, 2, 3],
      [3, 2, 1],
    ],
    { dtype: "float64" },
  );
  const [a, b] = [0.40760596444438, 2.40760596444438]; // -log softmax of the nearest and the farthest logit
  const loss = (options: object, target: Tensor): Tensor => new nn.CrossEntropyLoss(options)(logits, target);
  close(loss({}, tensor([2, 2])), tensor((a + b) / 2, { dtype: "float64" }), 1e-12);
  close(loss({ ignoreIndex: 2 }, tensor([2, 0])), tensor(a, { dtype: "float64" }), 1e-12);
  const weight = tensor([3, 1, 1], { dtype: "float64" });
  close(loss({ weight }, tensor([2, 0])), tensor(a, { dtype: "float64" }), 1e-12);
  close(loss({ weight, reduction: "none" }, tensor([2, 0])), tensor([a, 3 * a], { dtype: "float64" }), 1e-12);
  const even = (a + b + (a + b) / 2) / 3;
  close(
    loss({ labelSmoothing: 0.3 }, tensor([2, 2])),
    tensor(0.7 * ((a + b) / 2) + 0.3 * even, { dtype: "float64" }),
    1e-12,
  );
  close(
    loss(
      {},
      tensor(
        [
          [0, 0, 1],
          [0.5, 0, 0.5],
        ],
        { dtype: "float64" },
      ),
    ),
    tensor((a + (a + b) / 2) / 2, { dtype: "float64" }),
    1e-12,
  );
  assert.ok(Number.isNaN(loss({ ignoreIndex: 1 }, tensor([1, 1])).item()));
  assert.throws(
    () => loss({}, tensor([3, 0])),
    (e: unknown) => e instanceof IndexError,
  );
  assert.throws(() => loss({}, tensor([1])), /Expected target size \[2\], got \[1\]/);
});

for (const one of [reprs, beginnings, layers, losses]) one.run();
