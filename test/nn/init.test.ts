import { manualSeed, nn, type Tensor, ValueError, zeros } from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const { init } = nn;
const numbers = (x: Tensor): number[] => [...(x.dataSync() as Float32Array)];

const fills = suite("fills");

// What PyTorch gives for the same calls.
fills("constants, the identity, the middle of a kernel", () => {
  assert.equal(init.constant_(zeros([2]), 3).tolist(), [3, 3]);
  assert.equal(init.ones_(zeros([2])).tolist(), [1, 1]);
  assert.equal(init.eye_(zeros([2, 3])).tolist(), [
    [1, 0, 0],
    [0, 1, 0],
  ]);
  const at = (x: Tensor): number[] => numbers(x).flatMap((v, i) => (v === 0 ? [] : [i]));
  assert.equal(at(init.dirac_(zeros([4, 2, 3]), 2)), [1, 10, 13, 22]);
  assert.equal(at(init.dirac_(zeros([2, 3, 2, 3]))), [4, 28]);
});

fills("a part of each column is 0", () => {
  manualSeed(0);
  const want = [
    0, 0, 0, 0.5684312582015991, 0, 0, 0.40334683656692505, 0.8380263447761536, -0.7192575931549072, 0,
    -0.5966353416442871, 0.18203648924827576,
  ];
  const got = numbers(init.sparse_(zeros([4, 3]), 0.3, { std: 1 }));
  for (const [i, v] of want.entries()) assert.ok(Math.abs(got[i]! - v) < 1e-6 && !Object.is(got[i], -0), `${got}`);
});

fills("an orthogonal matrix has orthogonal rows, or columns", () => {
  for (const shape of [
    [3, 5],
    [5, 3],
    [2, 3, 2],
  ]) {
    const q = init.orthogonal_(zeros(shape), { gain: 2 }).reshape(shape[0]!, -1);
    const [wide, n] = [q.shape[0]! < q.shape[1]!, Math.min(...q.shape)];
    const gram = (wide ? q.matmul(q.t()) : q.t().matmul(q)).tolist() as number[][];
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) assert.ok(Math.abs(gram[i]![j]! - (i === j ? 4 : 0)) < 1e-5);
    }
  }
});

fills("they are off the tape, and give back their tensor", () => {
  const p = new nn.Parameter(zeros([4, 4]));
  assert.is(init.xavierUniform_(p), p);
  assert.ok(p.isLeaf && p.requiresGrad);
});

const gains = suite("gains and refusals");

gains("the factor of each nonlinearity", () => {
  const want = {
    conv1d: 1,
    sigmoid: 1,
    tanh: 5 / 3,
    relu: Math.SQRT2,
    leaky_relu: 1.4141428569978354,
    selu: 0.75,
  } as const;
  for (const [name, gain] of Object.entries(want)) assert.is(init.calculateGain(name as "relu"), gain);
  assert.is(init.calculateGain("leaky_relu", 1), 1);
});

gains("what makes no sense, in PyTorch's words", () => {
  const bad: readonly (readonly [() => unknown, RegExp])[] = [
    [() => init.calculateGain("swish" as never), /Unsupported nonlinearity swish/],
    [
      () => init.kaimingUniform_(zeros([3])),
      /Fan in and fan out can not be computed for tensor with fewer than 2 dimensions/,
    ],
    [() => init.kaimingNormal_(zeros([3, 3]), { mode: "fan" as never }), /Mode fan not supported/],
    [() => init.eye_(zeros([3])), /Only tensors with 2 dimensions are supported/],
    [() => init.dirac_(zeros([3, 3])), /Only tensors with 3, 4, or 5 dimensions/],
    [() => init.truncNormal_(zeros([3]), 0, 1, 50, 60), /holds too little of N\(0, 1²\)/],
    [() => init.orthogonal_(zeros([3])), /2 or more dimensions/],
  ];
  for (const [call, why] of bad) assert.throws(call, (e: unknown) => e instanceof ValueError && why.test(e.message));
  assert.equal(init.kaimingUniform_(zeros([0, 3])).shape, [0, 3]);
  assert.throws(() => init.uniform_(zeros([3]), 0, 1, { generater: null } as never), /unknown argument "generater"/);
});

for (const one of [fills, gains]) one.run();
