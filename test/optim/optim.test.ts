import { inspect } from "node:util";
import {
  complex,
  DisposedError,
  DTypeError,
  load,
  memoryStats,
  nn,
  noGrad,
  ones,
  optim,
  ShapeError,
  save,
  scope,
  type Tensor,
  tensor,
  ValueError,
  viewAsReal,
  zeros,
} from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const { Adam, AdamW, SGD } = optim;

/** A parameter with a gradient. */
function param(
  values: number[],
  grad: number[] | null = values.map(() => 1),
  dtype: "float32" | "float64" = "float64",
): nn.Parameter {
  const p = new nn.Parameter(tensor(values, { dtype }));
  if (grad !== null) p.grad = tensor(grad, { dtype });
  return p;
}
const near = (x: Tensor, want: readonly number[]): void => {
  for (const [i, v] of (x.tolist() as number[]).entries()) {
    assert.ok(Math.abs(v - want[i]!) <= 1e-12 * (1 + Math.abs(want[i]!)), `${x.tolist()} is not ${want}`);
  }
};

/** The textbook, in doubles. */
function textbook(
  kind: "adam" | "adamw",
  grads: readonly number[],
  o: { lr: number; wd: number; amsgrad: boolean; sign: number },
): number {
  let [p, m, v, top] = [1, 0, 0, 0];
  for (const [i, grad] of grads.entries()) {
    let g = o.sign * grad;
    if (kind === "adamw") p *= 1 - o.lr * o.wd;
    else g += o.wd * p;
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    top = Math.max(top, v);
    const square = (o.amsgrad ? top : v) / (1 - 0.999 ** (i + 1));
    p -= (o.lr * (m / (1 - 0.9 ** (i + 1)))) / (Math.sqrt(square) + 1e-8);
  }
  return p;
}

const steps = suite("steps");

steps("SGD: plain, momentum, dampening, Nesterov, decay, climbing", () => {
  for (const [options, want] of [
    [{ lr: 0.5 }, [0.5, 0]],
    [{ lr: 0.5, maximize: true }, [1.5, 2]],
    [{ lr: 0.5, weightDecay: 0.1 }, [0.45, -0.0725]],
    [{ lr: 0.5, momentum: 0.5 }, [0.5, -0.25]],
    [{ lr: 0.5, momentum: 0.5, dampening: 0.5 }, [0.5, 0]],
    [{ lr: 0.5, momentum: 0.5, nesterov: true }, [0.25, -0.625]],
    [{ lr: tensor(0.5) }, [0.5, 0]],
  ] as const) {
    const p = param([1]);
    const optimizer = new SGD([p], options);
    for (const value of want) {
      optimizer.step();
      near(p, [value]);
    }
  }
});

steps("Adam and AdamW are the textbook's", () => {
  const grads = [1, -2, 0.5, 0.1];
  for (const [kind, Class] of [
    ["adam", Adam],
    ["adamw", AdamW],
  ] as const)
    for (const amsgrad of [false, true])
      for (const sign of [1, -1]) {
        const p = param([1]);
        const optimizer = new Class([p], { lr: 0.1, weightDecay: 0.2, amsgrad, maximize: sign < 0 });
        for (const g of grads) {
          p.grad = tensor([g], { dtype: "float64" });
          optimizer.step();
        }
        near(p, [textbook(kind, grads, { lr: 0.1, wd: 0.2, amsgrad, sign })]);
      }
});

steps("parameters without a gradient stay, and keep no state", () => {
  const [p, q] = [param([1]), param([1], null)];
  const optimizer = new Adam([p, q]);
  optimizer.step();
  assert.equal(q.tolist(), [1]);
  assert.is(optimizer.state.size, 1);
});

steps("a closure computes the loss with gradients on, and its result comes back", () => {
  const p = param([3], null);
  const optimizer = new SGD([p], { lr: 0.1 });
  const loss = noGrad(() =>
    optimizer.step(() => {
      optimizer.zeroGrad();
      const loss = p.mul(p).sum();
      loss.backward();
      return loss;
    }),
  );
  assert.is(loss.item(), 9);
  near(p, [2.4]);
});

steps("groups: options of their own, read at every step, with names", () => {
  const [p, q, r] = [param([1]), param([1]), param([1])];
  const optimizer = new SGD([{ params: [p] }, { params: q, lr: 1 }], 0.5);
  optimizer.addParamGroup({ params: [["r", r]], lr: 2 });
  optimizer.step();
  assert.equal(
    [p, q, r].map((x) => x.tolist()),
    [[0.5], [0], [-1]],
  );
  optimizer.paramGroups[0]!.lr = 0;
  optimizer.step();
  assert.equal(p.tolist(), [0.5]);
  assert.equal(optimizer.paramGroups[2]!.paramNames, ["r"]);
});

steps("zeroGrad drops the gradients, or clears them", () => {
  const p = param([1]);
  const optimizer = new SGD([p]);
  optimizer.zeroGrad({ setToNone: false });
  assert.equal(p.grad!.tolist(), [0]);
  optimizer.zeroGrad();
  assert.is(p.grad, null);
});

steps("hooks before and after", () => {
  const p = param([1]);
  const optimizer = new SGD([p], { lr: 1 });
  const seen: unknown[] = [];
  optimizer.registerStepPreHook(() => void seen.push(p.tolist()));
  const handle = optimizer.registerStepPostHook((o) => void seen.push(o === (optimizer as unknown), p.tolist()));
  optimizer.step();
  handle.remove();
  optimizer.step();
  assert.equal(seen, [[1], true, [0], [0]]);
});

steps("state outlives the scope of a step, and steps leave nothing behind", () => {
  const p = param([1, 2, 3]);
  const optimizer = new Adam([p], { amsgrad: true });
  scope(() => optimizer.step());
  const before = memoryStats().storages;
  for (let i = 0; i < 10; i++) scope(() => optimizer.step());
  assert.is(memoryStats().storages, before);
});

const refusals = suite("what is refused");

refusals("options and parameters that make no sense, in PyTorch's words", () => {
  const p = param([1]);
  const bad: readonly (readonly [() => unknown, RegExp])[] = [
    [() => new SGD([p], -1), /Invalid learning rate: -1/],
    [() => new SGD([p], Number.NaN), /Invalid learning rate: NaN/],
    [() => new SGD([p], { momentum: -1 }), /Invalid momentum value: -1/],
    [() => new SGD([p], { nesterov: true }), /Nesterov momentum requires a momentum and zero dampening/],
    [() => new SGD([]), /optimizer got an empty parameter list/],
    [() => new SGD(p as never), /should be an iterable of Tensors or dicts/],
    [() => new SGD([3] as never), /optimizer can only optimize Tensors, but one of the params is 3/],
    [() => new SGD([p.mul(2)]), /can't optimize a non-leaf Tensor/],
    [() => new SGD([{ params: [p] }, { params: [p] }]), /some parameters appear in more than one parameter group/],
    [() => new SGD([p], { lrr: 1 } as never), /unknown argument "lrr"/],
    [() => new Adam([p], { betas: [1, 0.9] }), /Invalid beta parameter at index 0: 1/],
    [() => new Adam([p], { eps: -1 }), /Invalid epsilon value: -1/],
    [() => new AdamW([p], { weightDecay: -1 }), /Invalid weight_decay value: -1/],
  ];
  for (const [make, why] of bad) assert.throws(make, why);
  assert.throws(
    () => new SGD([], 1),
    (e: unknown) => e instanceof ValueError && e instanceof RangeError,
  );
});

refusals("a step that is refused half-way has changed nothing, and the next one works", () => {
  for (const make of [(params: Tensor[]) => new SGD(params, 0.5), (params: Tensor[]) => new Adam(params, 0.5)]) {
    const [p, q] = [param([1]), param([1])];
    const optimizer = make([p, q]);
    const good = q.grad;
    const bad = tensor([1], { dtype: "float64" });
    q.grad = bad;
    bad.dispose();
    const before = memoryStats().storages;
    assert.throws(
      () => optimizer.step(),
      (e: unknown) => e instanceof DisposedError,
    );
    assert.equal(p.tolist(), [1]);
    assert.is(optimizer.state.size, 0);
    assert.is(memoryStats().storages, before);
    q.grad = good;
    optimizer.step();
    assert.ok((p.tolist() as number[])[0]! < 1);
  }
});

refusals("a step says what does not fit its parameter", () => {
  const started = (): [optim.SGD, Tensor] => {
    const p = param([1], [1], "float32");
    const optimizer = new SGD([p], { lr: 0.5, momentum: 0.9 });
    optimizer.step();
    return [optimizer, p];
  };
  for (const [kept, kind, message] of [
    [zeros([2]), ShapeError, /^SGD\.step: float32\[1\] has a gradient or state float32\[2\]$/],
    [zeros([1], { dtype: "float64" }), DTypeError, /^SGD\.step: float32\[1\] has a gradient or state float64\[1\]$/],
  ] as const) {
    const [optimizer, p] = started();
    optimizer.state.get(p)!.momentumBuffer = kept;
    const value = p.tolist();
    assert.throws(
      () => optimizer.step(),
      (e: Error) => e instanceof kind && message.test(e.message),
    );
    assert.equal(p.tolist(), value);
  }
  const [optimizer, p] = started();
  p.dispose();
  assert.throws(() => optimizer.step(), /^SGD\.step: float32\[1\] was disposed/);
});

const zoo = suite("all optimizers");

type AnyOptimizer = {
  step(closure: () => Tensor): Tensor;
  zeroGrad(): void;
  stateDict(): optim.OptimizerState;
  loadStateDict(state: optim.OptimizerState): void;
};
const ZOO = [
  "ASGD",
  "Adadelta",
  "Adafactor",
  "Adagrad",
  "Adam",
  "AdamW",
  "Adamax",
  "LBFGS",
  "Muon",
  "NAdam",
  "RAdam",
  "RMSprop",
  "Rprop",
  "SGD",
] as const;
const make = (name: (typeof ZOO)[number], p: Tensor, options: object = {}): AnyOptimizer =>
  new (optim[name] as unknown as new (params: Tensor[], options: object) => AnyOptimizer)([p], options);
/** What files.py descends. */
function bowl(optimizer: AnyOptimizer, p: Tensor): () => Tensor {
  const weight = tensor([1, 0.5, 2], { dtype: "float64" });
  return () => {
    optimizer.zeroGrad();
    const loss = p.mul(p).mul(weight).sum();
    loss.backward();
    return loss;
  };
}

zoo("the state of a PyTorch optimizer goes on as it would there", async () => {
  const runs = await load<Record<string, { p: Tensor; state: optim.OptimizerState; after: Tensor }>>(
    new URL("../../../test/fixtures/files/optimizers.pt", import.meta.url),
  );
  for (const [name, { p: data, state, after }] of Object.entries(runs)) {
    const p = new nn.Parameter(data);
    const optimizer = make(name as "Adam", p);
    optimizer.loadStateDict(state);
    for (let i = 0; i < 3; i++) optimizer.step(bowl(optimizer, p));
    const away = p.detach().sub(after).abs().max().item();
    // 1.13 keeps the counts of NAdam and ASGD in float32, as is done here, or in doubles.
    assert.ok(away <= (name === "NAdam" || name === "ASGD" ? 1e-6 : 1e-13), `${name} is ${away} away`);
  }
});

zoo("its own state goes on too, and through a file", async () => {
  for (const name of ZOO) {
    const start = (): Tensor => new nn.Parameter(tensor([[1, 2, 3]], { dtype: "float64" }));
    const [p, q] = [start(), start()];
    const [one, two] = [make(name, p), make(name, q)];
    for (let i = 0; i < 3; i++) one.step(bowl(one, p));
    noGrad(() => q.copy_(p));
    const parts: Uint8Array[] = [];
    await save(one.stateDict(), new WritableStream({ write: (part) => void parts.push(part as Uint8Array) }));
    two.loadStateDict(await load<optim.OptimizerState>(new Blob(parts as BlobPart[])));
    for (let i = 0; i < 2; i++) {
      one.step(bowl(one, p));
      two.step(bowl(two, q));
    }
    assert.equal(q.tolist(), p.tolist(), name);
  }
});

zoo("steps leave nothing behind", () => {
  for (const name of ZOO) {
    const p = new nn.Parameter(ones(1024, 3, { dtype: "float64" }));
    const optimizer = make(
      name,
      p,
      name === "LBFGS" ? { historySize: 2, maxIter: 4, lineSearchFn: "strong_wolfe" } : {},
    );
    const closure = bowl(optimizer, p);
    const once = (): void => void scope(() => optimizer.step(closure));
    for (let i = 0; i < 4; i++) once();
    const before = memoryStats().allocated;
    for (let i = 0; i < 8; i++) once();
    // Numbers that were used lately stay as tensors; nothing of the parameter's size does.
    assert.ok(
      memoryStats().allocated - before < 8 * p.numel(),
      `${name}: ${memoryStats().allocated - before} bytes more`,
    );
  }
});

zoo("complex parameters step as pairs", () => {
  for (const name of [
    "Adadelta",
    "Adagrad",
    "Adamax",
    "ASGD",
    "NAdam",
    "RAdam",
    "RMSprop",
    "Rprop",
    "LBFGS",
  ] as const) {
    const z = new nn.Parameter(tensor([complex(1, -2), complex(0.5, 3)]).to("complex128"));
    const pair = new nn.Parameter(viewAsReal(z.detach()).clone());
    const [one, two] = [make(name, z), make(name, pair)];
    const squares = (x: Tensor) => x.mul(x).sum();
    for (let i = 0; i < 3; i++) {
      for (const [optimizer, p] of [
        [one, z],
        [two, pair],
      ] as const) {
        optimizer.step(() => {
          optimizer.zeroGrad();
          const loss = squares(p === z ? viewAsReal(p) : p);
          loss.backward();
          return loss;
        });
      }
    }
    assert.equal(viewAsReal(z.detach()).tolist(), pair.tolist(), name);
  }
});

zoo("nonsense is refused in PyTorch's words", () => {
  const p = param([1]);
  const two = [{ params: [p] }, { params: [param([2])] }];
  for (const [act, why] of [
    [() => new optim.RMSprop([p], { alpha: -1 }), /Invalid alpha value: -1/],
    [() => new optim.Adadelta([p], { rho: 2 }), /Invalid rho value: 2/],
    [() => new optim.Adagrad([p], { lrDecay: -1 }), /Invalid lr_decay value: -1/],
    [() => new optim.Adamax([p], { betas: [0.9, 1] }), /Invalid beta parameter at index 1: 1/],
    [() => new optim.NAdam([p], { momentumDecay: -1 }), /Invalid momentum_decay value: -1/],
    [() => new optim.RAdam([p], -1), /Invalid learning rate: -1/],
    [() => new optim.Rprop([p], { etas: [1.5, 2] }), /Invalid eta values: 1.5, 2/],
    [() => new optim.ASGD([p], { weightDecay: -1 }), /Invalid weight_decay value: -1/],
    [() => new optim.Adafactor([p], { d: 0.5 }), /Clipping threshold d should be >= 1 but is: 0.5/],
    [() => new optim.Muon([p]), /Muon only supports 2D parameters .* size: \[1\]/],
    [() => new optim.Muon([p], { nsSteps: 100 }), /Number of steps must be less than 100/],
    [
      () => new optim.Muon([p], { adjustLrFn: "other" as never }),
      /Adjust learning rate function other is not supported/,
    ],
    [() => new optim.LBFGS(two), /LBFGS doesn't support per-parameter options/],
    [() => new optim.LBFGS([p], { lineSearchFn: "armijo" as never }), /only 'strong_wolfe' is supported/],
    [() => new optim.LBFGS([p]).step(), /a closure is needed/],
    [() => new optim.LBFGS([p]).step(() => "low"), /the closure must return the loss/],
  ] as const) {
    assert.throws(act, why);
  }
});

zoo("Muon brings every singular value of its step near 1", () => {
  const p = new nn.Parameter(zeros(3, 5));
  const values = [30, 1, 4];
  p.grad = zeros(3, 5);
  for (const [i, value] of values.entries()) p.grad.setAt([i, i + 1], value);
  new optim.Muon([p], { lr: 1, weightDecay: 0 }).step();
  const moved = (p.tolist() as number[][]).map((row) => row.map((v) => -v));
  for (const [i, row] of moved.entries()) {
    for (const [j, v] of row.entries()) assert.ok(j === i + 1 ? v > 0.6 && v < 1.3 : v === 0, `${moved}`);
  }
});

zoo("LBFGS: a closure that throws half-way has moved no parameter", () => {
  const p = param([1, 2, 3], null);
  const optimizer = new optim.LBFGS([p]);
  const closure = bowl(optimizer, p);
  let calls = 0;
  assert.throws(
    () =>
      optimizer.step(() => {
        if (++calls === 3) throw new Error("enough");
        return closure();
      }),
    /enough/,
  );
  assert.equal(p.tolist(), [1, 2, 3]);
  assert.is(optimizer.state.size, 0);
  optimizer.step(closure);
  assert.ok(closure().item() < 1e-6);
});

const saved = suite("state dicts");

saved("PyTorch's layout, there and back", () => {
  const [p, q] = [param([1, 2]), param([3])];
  const optimizer = new Adam([{ params: [p] }, { params: [q], lr: 0.1 }], { betas: [0.8, 0.9] });
  optimizer.step();
  const dict = optimizer.stateDict();
  assert.equal(Object.keys(dict), ["state", "param_groups"]);
  assert.equal(Object.keys(dict.state[0]!), ["step", "exp_avg", "exp_avg_sq"]);
  assert.is((dict.state[1]!.step as Tensor).item(), 1);
  assert.is((dict.state[1]!.step as Tensor).dtype, "float32");
  assert.equal(dict.param_groups[1], {
    lr: 0.1,
    betas: [0.8, 0.9],
    eps: 1e-8,
    weight_decay: 0,
    amsgrad: false,
    maximize: false,
    foreach: null,
    capturable: false,
    differentiable: false,
    fused: null,
    decoupled_weight_decay: false,
    params: [1],
  });
  const [p2, q2] = [param([1, 2]), param([3])];
  const other = new Adam([{ params: [p2] }, { params: [q2] }]);
  noGrad(() => [p2.copy_(p), q2.copy_(q)]);
  other.loadStateDict(dict);
  for (const o of [optimizer, other]) o.step();
  assert.equal([p2.tolist(), q2.tolist()], [p.tolist(), q.tolist()]);
  assert.is(other.paramGroups[1]!.lr, 0.1);
});

saved("one that does not fit is refused and has changed nothing", () => {
  const [p, q] = [param([1]), param([1])];
  const optimizer = new SGD([p, q], { lr: 0.5, momentum: 0.9 });
  optimizer.step();
  const one = new SGD([p], { lr: 0.1 }).stateDict();
  assert.throws(() => optimizer.loadStateDict(one), /doesn't match the size of optimizer's group/);
  assert.throws(() => optimizer.loadStateDict({ state: {}, param_groups: [] }), /different number of parameter groups/);
  assert.throws(() => optimizer.loadStateDict({} as never), /expected \{ state, param_groups \}/);
  const wrong = new SGD([param([1, 2]), param([1])], { momentum: 0.9 });
  wrong.step();
  assert.throws(() => optimizer.loadStateDict(wrong.stateDict()), /shape|broadcast/);
  assert.is(optimizer.paramGroups[0]!.lr, 0.5);
  assert.is(optimizer.state.size, 2);
});

saved("printed as PyTorch prints", () => {
  const text =
    "SGD (\nParameter Group 0\n    dampening: 0\n    differentiable: False\n    foreach: None\n    fused: None\n    lr: 0.1\n" +
    "    maximize: False\n    momentum: 0.9\n    nesterov: True\n    weight_decay: 0\n)";
  assert.is(inspect(new SGD([param([1])], 0.1, 0.9, { nesterov: true })), text);
});

saved("an optimizer of one's own says how one parameter steps", () => {
  class SignSGD extends optim.Optimizer {
    protected override prepare(group: optim.ParamGroup, param: Tensor, grad: Tensor): optim.Step {
      const move = grad.mul(group.lr);
      return { state: {}, run: () => void param.sub_(move) };
    }
  }
  const p = param([1]);
  new SignSGD([p], { lr: 0.25 }).step();
  assert.equal(p.tolist(), [0.75]);
});

for (const one of [steps, refusals, zoo, saved]) one.run();
