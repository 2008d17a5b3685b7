// Layers over one to three spatial dims: what the recorded cases do not see.
import {
  autograd,
  manualSeed,
  nn,
  ones,
  rand,
  randn,
  ShapeError,
  type Tensor,
  tensor,
  ValueError,
  zeros,
} from "flambeau";
import { test } from "uvu";
import * as assert from "uvu/assert";

const F = nn.functional;
const gap = (x: Tensor, want: Tensor): number => {
  assert.equal(x.shape, want.shape);
  return x.sub(want).abs().max().item();
};

test("reprs are PyTorch's", () => {
  const cases: readonly (readonly [nn.Module, string])[] = [
    [new nn.Conv3d(1, 2, [1, 2, 3]), "Conv3d(1, 2, kernel_size=(1, 2, 3), stride=(1, 1, 1))"],
    [
      new nn.ConvTranspose2d(16, 33, 3, 2, 1, 1, { groups: 1, bias: false }),
      "ConvTranspose2d(16, 33, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), output_padding=(1, 1), bias=False)",
    ],
    [new nn.MaxPool3d(2), "MaxPool3d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)"],
    [new nn.AvgPool3d(2, { padding: 1 }), "AvgPool3d(kernel_size=2, stride=2, padding=1)"],
    [new nn.AdaptiveMaxPool2d([3, null]), "AdaptiveMaxPool2d(output_size=(3, None))"],
    [new nn.MaxUnpool1d(2), "MaxUnpool1d(kernel_size=(2,), stride=(2,), padding=(0,))"],
    [new nn.LPPool2d(2, 3, { stride: 2 }), "LPPool2d(norm_type=2, kernel_size=3, stride=2, ceil_mode=False)"],
    [new nn.ConstantPad1d(2, 3.5), "ConstantPad1d(padding=(2, 2), value=3.5)"],
    [new nn.ZeroPad2d([1, 1, 2, 0]), "ZeroPad2d((1, 1, 2, 0))"],
    [new nn.ReflectionPad2d(1), "ReflectionPad2d((1, 1, 1, 1))"],
    [new nn.Upsample({ scaleFactor: 2 }), "Upsample(scale_factor=2.0, mode='nearest')"],
    [new nn.Upsample([4, 5], { mode: "bilinear" }), "Upsample(size=(4, 5), mode='bilinear')"],
    [new nn.UpsamplingNearest2d({ scaleFactor: 2 }), "UpsamplingNearest2d(scale_factor=2.0, mode='nearest')"],
    [new nn.PixelShuffle(3), "PixelShuffle(upscale_factor=3)"],
    [new nn.Unfold([2, 3]), "Unfold(kernel_size=(2, 3), dilation=1, padding=0, stride=1)"],
    [new nn.Fold([4, 5], 2), "Fold(output_size=(4, 5), kernel_size=2, dilation=1, padding=0, stride=1)"],
  ];
  for (const [module, text] of cases) assert.is(String(module), text);
});

test("a transposed convolution is the gradient of the convolution by its input, over every number of dims", () => {
  manualSeed(0);
  const shapes = [[7], [6, 7], [5, 6, 4]];
  const pairs = [
    [F.conv1d, F.convTranspose1d],
    [F.conv2d, F.convTranspose2d],
    [F.conv3d, F.convTranspose3d],
  ] as const;
  for (const [i, [conv, transposed]] of pairs.entries()) {
    const x = randn([2, 4, ...shapes[i]!], { requiresGrad: true });
    const w = randn([6, 2, ...shapes[i]!.map(() => 3)]);
    const options = { stride: 2, padding: 1, dilation: 1, groups: 2 };
    const y = conv(x, w, options);
    const g = randn(y.shape);
    const [want] = autograd.grad([y], [x], { gradOutputs: [g] });
    const outputPadding = shapes[i]!.map((n) => (n + 1) % 2);
    assert.ok(gap(transposed(g, w, { ...options, outputPadding }), want!) < 1e-5);
  }
});

test("an output size chooses the output padding, and must be one of the stride's", () => {
  const layer = new nn.ConvTranspose2d(1, 1, 3, { stride: 2, padding: 1 });
  const x = randn([1, 1, 3, 3]);
  assert.equal(layer(x).shape, [1, 1, 5, 5]);
  assert.equal(layer(x, [6, 5]).shape, [1, 1, 6, 5]);
  assert.equal(layer(x, { outputSize: [6, 5] } as never).shape, [1, 1, 6, 5]);
  assert.equal(layer(x, [1, 1, 5, 6]).shape, [1, 1, 5, 6]);
  assert.throws(
    () => layer(x, [7, 5]),
    (e: unknown) => e instanceof ShapeError && /from 5 to 6/.test((e as Error).message),
  );
  assert.throws(
    () => F.convTranspose1d(randn([1, 1, 3]), randn([1, 1, 3]), { outputPadding: 1 }),
    (e: unknown) => e instanceof ValueError && /smaller than either stride/.test((e as Error).message),
  );
});

test("borders of other things than zeros are those of pad", () => {
  const x = randn([1, 2, 5, 6, 4]);
  for (const paddingMode of ["reflect", "replicate", "circular"] as const) {
    const layer = new nn.Conv3d(2, 3, 3, { padding: [1, 2, 1], paddingMode });
    const want = F.conv3d(F.pad(x, [1, 1, 2, 2, 1, 1], paddingMode), layer.weight, layer.bias);
    assert.is(gap(layer(x), want), 0);
  }
});

test("a lazy convolution becomes one at its first call, in the parameters that it had", () => {
  manualSeed(2);
  const lazy = new nn.LazyConv2d(3, 2, { stride: 2 });
  const { weight } = lazy;
  assert.is(String(lazy), "LazyConv2d(0, 3, kernel_size=(2, 2), stride=(2, 2))");
  const x = ones([1, 5, 4, 4]);
  const y = lazy(x);
  manualSeed(2);
  assert.is(gap(y, new nn.Conv2d(5, 3, 2, { stride: 2 })(x)), 0);
  assert.is(lazy.weight, weight);
  assert.is(String(lazy), "Conv2d(5, 3, kernel_size=(2, 2), stride=(2, 2))");
  assert.ok(lazy(x).requiresGrad);
  assert.throws(() => new nn.LazyConv1d(4, 3, { groups: 2 })(ones([1, 3, 5])), /divisible by groups/);
});

test("fold adds what unfold takes: each pixel as often as patches see it", () => {
  const x = randn([2, 3, 5, 6]);
  for (const [kernel, options] of [
    [2, { stride: 2 }],
    [[2, 3], { padding: [1, 2], dilation: [1, 2] }],
    [3, { stride: [1, 2], padding: 1 }],
  ] as const) {
    const seen = F.fold(F.unfold(ones([2, 3, 5, 6]), kernel, options), [5, 6], kernel, options);
    assert.ok(gap(F.fold(F.unfold(x, kernel, options), [5, 6], kernel, options), x.mul(seen)) < 1e-5);
  }
  assert.throws(
    () => F.fold(randn([1, 12, 11]), [4, 5], 2),
    (e: unknown) => e instanceof ShapeError,
  );
});

test("unpooling puts every maximum back where it was", () => {
  manualSeed(1);
  const x = rand([2, 3, 4, 6, 4]).add(0.1);
  const { values, indices } = F.maxPool3d(x, 2, { returnIndices: true });
  const back = F.maxUnpool3d(values, indices, 2);
  assert.equal(back.shape, x.shape);
  assert.is(gap(back.where(back.eq(0).logicalNot(), x), x), 0);
  assert.is(back.gt(0).sum().item(), values.numel());
  assert.throws(
    () => F.maxUnpool3d(values, indices, 2, { outputSize: [4, 6, 9] }),
    /give or take less than the stride/,
  );
});

test("a NaN is the maximum of its window, over three dims and adaptively", () => {
  const x = zeros([1, 2, 4, 4]);
  x.setAt([0, 1, 2, 3], Number.NaN);
  const nan = { values: Number.NaN, index: 16 + 2 * 4 + 3 };
  for (const { values, indices } of [
    F.maxPool3d(x, [2, 4, 4], { returnIndices: true }),
    F.adaptiveMaxPool3d(x, 1, { returnIndices: true }),
  ]) {
    assert.equal({ values: values.item(), index: indices.item() }, nan);
  }
});

test("upsampling says what does not go together", () => {
  const x = randn([1, 2, 4, 4]);
  for (const [call, why] of [
    [() => F.interpolate(x), /neither of size and scaleFactor/],
    [() => F.interpolate(x, 3, 2), /both of size and scaleFactor/],
    [() => F.interpolate(x, 3, { mode: "linear" }), /takes 3 dims/],
    [() => F.interpolate(x, 3, { alignCorners: true }), /alignCorners goes with/],
    [() => F.interpolate(x, { scaleFactor: [2, 2, 2] }), /a number or 2 of them/],
    [() => F.interpolate(x, 3, { antialias: true }), /antialias goes with/],
  ] as const) {
    assert.throws(call, why);
  }
});

test("antialiasing an image to half its size averages with a triangle over four pixels", () => {
  const x = randn([1, 1, 8, 1]);
  const y = F.interpolate(x, [4, 1], { mode: "bilinear", antialias: true }).reshape(4).tolist() as number[];
  const v = x.reshape(8).tolist() as number[];
  const want = (v[1]! + 3 * v[2]! + 3 * v[3]! + v[4]!) / 8;
  assert.ok(Math.abs(y[1]! - want) < 1e-6);
});

test("relu lets the gradient through where the result is NaN", () => {
  const x = tensor([-1, Number.NaN, 0, 2], { requiresGrad: true });
  const [g] = autograd.grad([x.relu().sum()], [x]);
  assert.equal(g!.tolist(), [0, 1, 0, 1]);
});

test.run();
