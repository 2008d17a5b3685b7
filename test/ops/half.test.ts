// The half types: pointwise operators and folds compute in float32 and round once, however their operands lie.
import * as fl from "flambeau";
import { test } from "uvu";
import * as assert from "uvu/assert";

const TYPES = ["float16", "bfloat16"] as const;
type Layouts = readonly (readonly [string, (x: fl.Tensor) => fl.Tensor])[];

/** A tensor of the same values that lies in another way; all are of the shape [n, m]. */
const LAYOUTS: Layouts = [
  ["dense", (x) => x.contiguous()],
  ["turned", (x) => x.t().contiguous().t()],
  ["every second", (x) => fl.stack([x, x], 2).select(2, 1)],
  ["a row", (x) => x.narrow(0, 0, 1)],
  ["a column", (x) => x.narrow(1, 0, 1)],
  ["one", (x) => x.narrow(0, 0, 1).narrow(1, 0, 1)],
];

/** Values of every size, and those that are none. */
function values(n: number, m: number): fl.Tensor {
  const x = fl.randn([n, m]).mul(fl.exp(fl.randn([n, m]).mul(4)));
  const odd = fl.tensor([0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 6e-8, 3e-5, 65504]);
  x.view(-1).narrow(0, 0, odd.numel()).copy_(odd);
  return x;
}

const same = (a: fl.Tensor, b: fl.Tensor, what: string): void => {
  assert.is(a.dtype, b.dtype, what);
  const [p, q] = [a, b].map((x) => x.double().dataSync() as Float64Array);
  for (let i = 0; i < q!.length; i++) assert.ok(Object.is(p![i], q![i]), `${what} [${i}]: ${p![i]}, expected ${q![i]}`);
};

for (const dtype of TYPES) {
  test(`${dtype}: a binary operator of operands that lie in any way`, () => {
    fl.manualSeed(1);
    for (const [n, m] of [
      [70, 45],
      [3, 1000],
      [1, 17],
      [200, 3],
    ] as const) {
      const [x, y] = [values(n, m).to(dtype), values(n, m).to(dtype)];
      for (const [first, f] of LAYOUTS) {
        for (const [second, g] of LAYOUTS) {
          const [a, b] = [f(x), g(y)];
          const what = `[${n}, ${m}] ${first} and ${second}`;
          same(fl.add(a, b), fl.add(a.float(), b.float()).to(dtype), `add of ${what}`);
          same(fl.gt(a, b), fl.gt(a.float(), b.float()), `gt of ${what}`);
        }
      }
    }
  });

  test(`${dtype}: operators of one operand, in place too, and casts`, () => {
    fl.manualSeed(2);
    const x = values(70, 45).to(dtype);
    for (const [name, f] of LAYOUTS) {
      const a = f(x);
      same(a.exp(), a.float().exp().to(dtype), `exp, ${name}`);
      same(a.clamp(-1, 2), a.float().clamp(-1, 2).to(dtype), `clamp, ${name}`);
      same(fl.isnan(a), fl.isnan(a.float()), `isnan, ${name}`);
      for (const to of ["int32", "int64", "bool", "float64", "complex64", "float16", "bfloat16"] as const) {
        same(fl.real(a.to(to)), fl.real(a.float().to(to)), `to ${to}, ${name}`);
        same(a.to(to).to(dtype), a.to(to).to("float32").to(dtype), `from ${to}, ${name}`);
      }
    }
    const y = x.clone();
    y.t().mul_(3);
    same(y, x.float().mul(3).to(dtype), "mul_ of a turned view");
    same(fl.add(x, fl.ones([70, 45])), x.float().add(1), "with float32");
  });

  test(`${dtype}: folds`, () => {
    fl.manualSeed(3);
    for (const shape of [[5], [7, 33], [3, 100, 50], [9, 20000], [20000, 9], [3, 300, 1500], [2, 0], [0, 3]]) {
      const x = fl.randn(shape).to(dtype);
      const dims = [null, ...shape.map((_, d) => d)];
      for (const dim of dims) {
        const near = (a: fl.Tensor, b: fl.Tensor, what: string) => {
          assert.is(a.dtype, dtype);
          const close = fl.allclose(a.float(), b.to(dtype).float(), {
            rtol: dtype === "float16" ? 1e-3 : 8e-3,
            atol: 1e-4,
          });
          assert.ok(close, `${what} of [${shape}] over ${dim}`);
        };
        near(fl.sum(x, dim), fl.sum(x.float(), dim), "sum");
        near(fl.linalg.vectorNorm(x, 2, dim), fl.linalg.vectorNorm(x.float(), 2, dim), "norm");
        if (x.numel() === 0) continue;
        near(fl.mean(x, dim), fl.mean(x.float(), dim), "mean");
        near(fl.amax(x, dim), fl.amax(x.float(), dim), "amax");
      }
    }
    const many = fl.ones([4096, 4096]).to(dtype);
    assert.is(fl.mean(many).item(), 1);
    assert.is(fl.sum(many, null, { dtype: "float32" }).item(), 4096 * 4096);
  });

  test(`${dtype}: steps of optimizers`, () => {
    fl.manualSeed(5);
    const { SGD, Adam, AdamW, RMSprop, Adagrad } = fl.optim;
    const steps: readonly (readonly [string, (p: fl.nn.Parameter) => fl.optim.Optimizer])[] = [
      ["SGD", (p) => new SGD([p], { lr: 0.1, weightDecay: 0.1 })],
      ["SGD with momentum", (p) => new SGD([p], { lr: 0.1, momentum: 0.9, nesterov: true })],
      ["Adam", (p) => new Adam([p], { lr: 0.01, amsgrad: true, eps: 1e-4 })],
      ["AdamW", (p) => new AdamW([p], { lr: 0.01, eps: 1e-4 })],
      ["RMSprop", (p) => new RMSprop([p], { lr: 0.01, momentum: 0.5, eps: 1e-4 })],
      ["Adagrad", (p) => new Adagrad([p], { lr: 0.01, eps: 1e-4 })],
    ];
    const [x, g] = [fl.randn([2501]).to(dtype), fl.randn([2501]).to(dtype)];
    for (const [name, optimizer] of steps) {
      const [short, wide] = [x, x.float()].map((start) => {
        const p = new fl.nn.Parameter(start.clone());
        p.grad = g.to(p.dtype);
        optimizer(p).step();
        return p.detach();
      });
      same(short!, wide!.to(dtype), name);
    }
  });

  test(`${dtype}: an operator takes no float32 copies of its operands`, () => {
    const x = fl.ones([1 << 20]).to(dtype);
    const before = fl.memoryStats().allocated;
    fl.resetPeakMemoryStats();
    const y = fl.add(x, x);
    fl.sum(y);
    const taken = fl.memoryStats().peak - before;
    assert.ok(taken < 3 * (1 << 20), `${taken} bytes beside the operand`);
  });
}

test("operands that are contiguous along different dims", () => {
  fl.manualSeed(4);
  const x = fl.randn([130, 90]);
  const y = fl.randn([90, 130]);
  const z = fl.randn([6, 50, 70]).permute(2, 0, 1);
  same(fl.sub(x, y.t()), fl.sub(x, y.t().contiguous()), "dense and turned");
  same(fl.mul(x.t(), x.t()), fl.mul(x.t().contiguous(), x.t().contiguous()), "both turned");
  same(fl.where(x.t().gt(0), y, y.neg()), fl.where(x.t().gt(0).contiguous(), y, y.neg()), "a turned mask");
  same(fl.exp(z), fl.exp(z.contiguous()), "permuted");
  same(fl.add(z, z.contiguous().double()), fl.add(z.contiguous(), z.contiguous().double()), "permuted, with float64");
  same(fl.add(z.to("int16"), 1), fl.add(z.contiguous().to("int16"), 1), "permuted int16");
  const w = x.clone();
  w.t().add_(y);
  same(w, fl.add(x, y.t().contiguous()), "in place");
});

test.run();
