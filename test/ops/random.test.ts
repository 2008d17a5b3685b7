import {
  arange,
  dropout,
  Generator,
  getRngState,
  initialSeed,
  manualSeed,
  nn,
  ones,
  rand,
  randint,
  randn,
  randperm,
  setRngState,
  tensor,
  zeros,
} from "flambeau";
import { test } from "uvu";
import * as assert from "uvu/assert";

test("a seed gives PyTorch's numbers, in the order of the calls", () => {
  manualSeed(42);
  // torch.manual_seed(42); torch.rand(7); torch.rand(3)
  const want = [0.882269263, 0.915003955, 0.38286376, 0.959305644, 0.390448213, 0.600895345, 0.256572485];
  assert.equal(rand(7).tolist(), want.map(Math.fround));
  assert.equal(rand(3).tolist(), [0.793641329, 0.940771461, 0.133185923].map(Math.fround));
  manualSeed(42);
  assert.equal(randperm(10).tolist(), [2, 6, 1, 8, 4, 5, 0, 9, 3, 7]);
  manualSeed(42);
  assert.equal(randint(10, [12]).tolist(), [2, 7, 6, 4, 6, 5, 0, 4, 0, 3, 8, 4]);
});

test("a generator of one's own is a stream of its own", () => {
  const generator = new Generator().manualSeed(42);
  manualSeed(1);
  const before = rand(2).tolist();
  manualSeed(1);
  const own = rand([3], { generator }).tolist();
  assert.equal(rand(2).tolist(), before);
  assert.equal(own, [0.882269263, 0.915003955, 0.38286376].map(Math.fround));
  assert.is(generator.initialSeed(), 42);
});

test("a state goes back to its place, also between the two numbers of a pair", () => {
  manualSeed(7);
  rand(700); // beyond the first renewal of the words
  randn(3); // the fourth of two pairs is left over
  const state = getRngState();
  const after = [randn(2).tolist(), rand(5).tolist()];
  rand(1000);
  setRngState(state);
  assert.equal([randn(2).tolist(), rand(5).tolist()], after);
  assert.is(initialSeed(), 7);
});

test("a saved state is PyTorch's: 5056 bytes, a word in eight of them", () => {
  const bytes = new Generator().manualSeed(5).getState().dataSync();
  const view = new DataView(bytes.buffer);
  assert.is(bytes.length, 5056);
  assert.is(view.getBigUint64(0, true), 5n); // the seed
  assert.equal([view.getInt32(8, true), view.getInt32(12, true), view.getBigUint64(16, true)], [1, 1, 0n]); // left, seeded, next
  assert.is(view.getBigUint64(24, true), 5n); // the first word is the seed
  assert.is(view.getBigUint64(32, true), BigInt((Math.imul(1812433253, 5) + 1) >>> 0));
  assert.throws(() => setRngState(zeros(5056)), /setState: float32\[5056\] is no state/);
});

test("negative seeds count from 2^64, and what does not fit is refused", () => {
  assert.is(new Generator().manualSeed(-1).initialSeed(), 2n ** 64n - 1n);
  assert.throws(() => manualSeed(2n ** 64n), /manualSeed/);
  assert.throws(() => manualSeed(0.5), /manualSeed: seed is 0.5, expected an integer/);
});

test("fills keep to strided tensors, and say what they refuse", () => {
  manualSeed(3);
  const x = zeros(4, 6);
  x.at(":", "::2").uniform_(1, 2);
  assert.ok(x.at(":", "::2").ge(1).all().item());
  assert.is(x.at(":", "1::2").ne(0).sum().item(), 0);
  assert.throws(() => arange(3).normal_(), /normal_|normal/);
  assert.throws(() => zeros(3).uniform_(1, 0), /uniform_: from 1 is beyond to 0/);
  assert.throws(() => tensor([0.5, 1.5]).bernoulli(), /bernoulli/);
  assert.throws(() => zeros(3).bernoulli_(2), /bernoulli_: p is 2/);
});

test("dropout keeps 1 - p of the elements, scaled, and lets the gradient through where it kept them", () => {
  manualSeed(0);
  const x = ones([1000], { requiresGrad: true });
  const y = dropout(x, 0.25);
  y.sum().backward();
  const kept = y.ne(0);
  assert.equal([...new Set(y.tolist() as number[])].sort(), [0, Math.fround(1 / 0.75)]);
  assert.ok(Math.abs(kept.sum().item() - 750) < 60);
  assert.equal(x.grad!.tolist(), y.tolist());
  assert.is(dropout(x, 0.25, false), x);
});

test("gumbelSoftmax draws what PyTorch draws, and is one-hot where it is asked to be", () => {
  manualSeed(3);
  const x = tensor([
    [0.5, 1, -2],
    [0, 0.25, 0.125],
  ]);
  const { gumbelSoftmax } = nn.functional;
  const soft = "tensor([[9.7212e-01, 2.7872e-02, 3.5896e-06],\n        [9.2182e-01, 2.8345e-02, 4.9831e-02]])";
  assert.is(String(gumbelSoftmax(x, { tau: 0.5 })), soft);
  assert.equal(gumbelSoftmax(x, { hard: true, dim: 0 }).round().tolist(), [
    [1, 0, 0],
    [0, 1, 1],
  ]);
});

test.run();
