// The CTC loss against the sum over all ways, by counting them.
import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const ctc = suite("ctc");

/** -log of the probability of all emissions that read as the labels. */
function byCounting(probabilities: number[][], labels: readonly number[], blank: number): number {
  const classes = probabilities[0]!.length;
  let total = 0;
  for (let code = 0; code < classes ** probabilities.length; code++) {
    const way = probabilities.map((_, t) => Math.floor(code / classes ** t) % classes);
    const read = way.filter((c, t) => c !== blank && c !== way[t - 1]);
    if (String(read) === String(labels)) total += way.reduce((p, c, t) => p * probabilities[t]![c]!, 1);
  }
  return -Math.log(total);
}

ctc("is the sum over all ways: repetitions, no labels, any blank", () => {
  fl.manualSeed(1);
  for (const blank of [0, 2]) {
    for (const labels of [[], [1], [1, 1], [blank === 0 ? 2 : 0, 1]]) {
      const logits = fl.randn(4, 3, { dtype: "float64" }).logSoftmax(1);
      const targets = fl.tensor(labels, { dtype: "int64" });
      const loss = fl.nn.functional.ctcLoss(logits, targets, [4], [labels.length], { blank, reduction: "sum" });
      const want = byCounting(logits.exp().tolist() as number[][], labels, blank);
      assert.ok(Math.abs(loss.item() - want) < 1e-9, `${labels} with blank ${blank}: ${loss.item()}, not ${want}`);
    }
  }
});

ctc("the gradient is that of the logits", () => {
  fl.manualSeed(2);
  const logits = fl.randn(5, 2, 4, { dtype: "float64" }).requiresGrad_();
  const targets = fl.tensor([
    [1, 1, 3],
    [2, 0, 0],
  ]);
  const loss = (x: fl.Tensor): fl.Tensor =>
    fl.nn.functional.ctcLoss(x.logSoftmax(2), targets, fl.tensor([5, 3]), fl.tensor([3, 1]), { reduction: "sum" });
  assert.ok(fl.autograd.gradcheck(loss, [logits]));
});

ctc("what is impossible is infinite, or 0 without a gradient", () => {
  const x = fl.zeros(2, 1, 3).logSoftmax(2).requiresGrad_();
  const targets = fl.tensor([[1, 1]]); // needs a blank between: three steps
  assert.is(fl.nn.functional.ctcLoss(x, targets, [2], [2]).item(), Number.POSITIVE_INFINITY);
  const loss = fl.nn.functional.ctcLoss(x, targets, [2], [2], { zeroInfinity: true });
  loss.backward();
  assert.is(loss.item(), 0);
  assert.is(x.grad!.abs().max().item(), 0);
});

ctc("float32 is float64 rounded, over long sequences that end at different times", () => {
  fl.manualSeed(3);
  const logits = fl.randn(60, 5, 23, { dtype: "float64" });
  const targets = fl.randint(1, 23, [5, 17]);
  const [times, counts] = [
    [60, 41, 35, 17, 60],
    [17, 8, 0, 17, 1],
  ];
  const [exact, single] = [logits, logits.float()].map((x) => {
    const input = x.logSoftmax(2).detach().requiresGrad_();
    const losses = fl.nn.functional.ctcLoss(input, targets, times, counts, { reduction: "none", zeroInfinity: true });
    losses.sum().backward();
    return { losses: losses.detach().double(), slope: input.grad!.double() };
  });
  assert.ok(fl.allclose(single!.losses, exact!.losses, 1e-5, 1e-4));
  assert.ok(fl.allclose(single!.slope, exact!.slope, 1e-4, 2e-5));
});

ctc("a label that is no class is refused", () => {
  const x = fl.zeros(4, 1, 3).logSoftmax(2);
  assert.throws(() => fl.nn.functional.ctcLoss(x, fl.tensor([[1, 7]]), [4], [2]), /7 is out of range/);
});

ctc.run();
