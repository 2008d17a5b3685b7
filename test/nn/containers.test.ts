import { IndexError, memoryStats, nn, noGrad, ones, type Tensor, tensor, zeros } from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";

class Add extends nn.Module {
  by: nn.Parameter;
  constructor(by: number) {
    super();
    this.by = new nn.Parameter(tensor(by, { dtype: "float32" }));
  }
  forward(x: Tensor): Tensor {
    return x.add(this.by);
  }
  override extraRepr(): string {
    return `by=${this.by.item()}`;
  }
}
const x = tensor([1], { dtype: "float32" });

const sequential = suite("Sequential");

sequential("runs its modules in a row; positions are the keys", () => {
  const seq = new nn.Sequential(new Add(1), new Add(10));
  assert.equal(seq(x).tolist(), [12]);
  assert.is(seq.length, 2);
  assert.equal(Object.keys(seq.stateDict()), ["0.by", "1.by"]);
  assert.is(seq.at(-1), [...seq][1]);
  assert.throws(
    () => seq.at(2),
    (e: unknown) => e instanceof IndexError,
  );
});

sequential("with names", () => {
  const seq = new nn.Sequential({ first: new Add(1), "10": new Add(2), "2": new Add(3) });
  assert.equal([...seq.namedChildren()].map(([name]) => name).sort(), ["10", "2", "first"]);
  assert.equal(seq(x).tolist(), [7]);
});

sequential("grows and shrinks", () => {
  const seq = new nn.Sequential(new Add(1));
  seq.append(new Add(2)).extend([new Add(3), new Add(4)]);
  seq.insert(0, new Add(5));
  seq.pop();
  seq.set(-1, new Add(7));
  assert.equal(
    [...seq].map((m) => (m as Add).by.item()),
    [5, 1, 2, 7],
  );
  assert.equal(Object.keys(seq.stateDict()), ["0.by", "1.by", "2.by", "3.by"]);
  assert.throws(() => new nn.Sequential(3 as never), /is not a Module subclass/);
});

sequential("what passes between layers goes back at once", () => {
  const seq = new nn.Sequential(
    new nn.Linear(4, 8),
    new nn.Tanh(),
    new nn.Dropout(0),
    new nn.Flatten(),
    new nn.Sigmoid(),
  );
  const given = ones(2, 4);
  for (const training of [true, false]) {
    seq.train(training);
    const before = memoryStats().storages;
    const y = noGrad(() => seq(given));
    assert.is(memoryStats().storages - before, 1);
    y.dispose();
  }
  assert.equal(given.tolist(), ones(2, 4).tolist());
  // For a backward the tanh stays, beside the result and its sum.
  const before = memoryStats().storages;
  const y = new nn.Sequential(new nn.Tanh(), new nn.Linear(4, 1)).append(new nn.Sigmoid())(given).sum();
  const inner = memoryStats().storages - before;
  y.backward();
  assert.is(inner, 2 + 3, "two parameters");
});

sequential("what somebody may have seen stays", () => {
  const seen: Tensor[] = [];
  const see = (y: Tensor): Tensor => {
    seen.push(y);
    return y;
  };
  class Seeing extends nn.Linear {
    override forward(input: Tensor): Tensor {
      return see(super.forward(see(input)));
    }
  }
  class Passing extends nn.Module {
    forward(input: Tensor): Tensor {
      return see(input);
    }
  }
  const hooked = new nn.Tanh();
  hooked.registerForwardHook((_, [input], output) => {
    see(input!);
    see(output);
  });
  const patched = new nn.Sigmoid();
  patched.forward = (input: Tensor): Tensor => see(see(input).sigmoid());
  for (const module of [new Seeing(3, 3), new Passing(), hooked, patched]) {
    seen.length = 0;
    new nn.Sequential(new nn.Linear(3, 3), module, new nn.Dropout(0.5).eval(), new nn.ReLU())(ones(1, 3));
    assert.ok(seen.length > 0 && seen.every((y) => !y.isDisposed), module.constructor.name);
  }
  // The input and the result are the caller's, whatever passes them on.
  const input = ones(1, 3);
  const same = new nn.Sequential(new nn.Identity(), new nn.Dropout(0.5).eval(), new nn.Flatten(), new nn.Tanh())(input);
  assert.ok(!input.isDisposed && !same.isDisposed);
});

sequential("a result that is a view of what went back may be written", () => {
  const layers = [new nn.Linear(2, 4), new nn.Flatten(0), new nn.Unflatten(0, [2, 2])] as const;
  const given = tensor([[1, -2]], { dtype: "float32", requiresGrad: true });
  const gradient = (net: (x: Tensor) => Tensor): unknown => {
    given.grad = null;
    const y = net(given);
    y.mul_(y.detach().add(2));
    y.sum().backward();
    return given.grad!.tolist();
  };
  const apart = gradient((x) => layers[2](layers[1](layers[0](x))));
  assert.equal(gradient(new nn.Sequential(...layers)), apart);
});

sequential("a subclass with fields and more", () => {
  class Net extends nn.Sequential {
    extra = new Add(3);
    constructor() {
      super(new Add(1), new Add(2));
    }
  }
  assert.equal(Object.keys(new Net().stateDict()), ["0.by", "1.by", "extra.by"]);
});

const lists = suite("ModuleList, ModuleDict, ParameterList, ParameterDict");

lists("a list holds modules in order and is not called", () => {
  const list = new nn.ModuleList(Array.from({ length: 12 }, (_, i) => new Add(i)));
  assert.is(list.length, 12);
  assert.equal([...list.namedChildren()].map(([name]) => name).slice(-3), ["9", "10", "11"]);
  assert.throws(() => list(), /a list is not called/);
});

lists("a dict holds modules by name, also those that methods have; free names are fields", () => {
  const dict = new nn.ModuleDict({ conv: new Add(1), keys: new Add(2) });
  const open = dict as nn.ModuleDict & Record<string, Add>;
  assert.is(open.conv, dict.get("conv"));
  assert.is(typeof dict.keys, "function");
  assert.equal([...dict.keys()], ["conv", "keys"]);
  assert.equal(Object.keys(dict.stateDict()), ["conv.by", "keys.by"]);
  open.conv = new Add(9);
  assert.is((dict.get("conv") as Add).by.item(), 9);
  dict.update([["z", new Add(4)]]);
  assert.is(dict.length, 3);
  assert.ok(dict.has("z"));
  dict.pop("z");
  assert.is(open.z, undefined);
  assert.throws(() => dict.get("q"), /there is no "q": there are conv, keys/);
  assert.throws(() => dict.set("a.b", new Add(1)), /neither empty nor has dots/);
  dict.clear();
  assert.equal([...dict], []);
});

lists("a list of parameters makes parameters of tensors", () => {
  const list = new nn.ParameterList([zeros([2, 3]), new nn.Parameter(zeros(1))]);
  list.append(zeros([4]));
  assert.is(list.length, 3);
  assert.equal(
    [...list.namedParameters()].map(([name, p]) => `${name} ${p.shape}`),
    ["0 2,3", "1 1", "2 4"],
  );
  list.set(0, zeros([5]));
  assert.equal(list.at(0).shape, [5]);
  assert.throws(() => list.at(3), /index 3 is out of range/);
});

lists("a dict of parameters makes parameters of tensors, and keeps their names", () => {
  const right = new nn.Parameter(zeros([1]));
  const dict = new nn.ParameterDict({ left: zeros([2, 3]), right });
  const left: nn.Parameter = dict.get("left");
  assert.ok(left instanceof nn.Parameter && left.requiresGrad);
  assert.is(dict.get("right"), right);
  assert.is((dict as nn.ParameterDict & { left: nn.Parameter }).left, left);
  dict.set("keys", zeros([4]));
  assert.equal(
    [...dict.namedParameters()].map(([name, p]) => `${name} ${p.shape}`),
    ["left 2,3", "right 1", "keys 4"],
  );
  dict.update([["left", zeros([5])]]);
  assert.equal(
    [...dict.values()].map((p) => p.shape[0]),
    [5, 1, 4],
  );
  assert.is(dict.pop("right"), right);
  assert.equal([...dict], ["left", "keys"]);
  const twin = new nn.ParameterDict({ left: ones([5]), keys: ones([4]) });
  twin.loadStateDict(dict.stateDict());
  assert.equal(twin.get("left").tolist(), [0, 0, 0, 0, 0]);
  assert.throws(() => dict.get("right"), /ParameterDict: there is no "right": there are left, keys/);
  assert.throws(() => dict.set("a.b", zeros(1)), /ParameterDict: a name is neither empty nor has dots, got "a\.b"/);
  assert.throws(() => dict.set("a", 3 as never), /Parameter: data is 3, expected a Tensor/);
  assert.throws(() => dict(), /ParameterDict: a dict is not called/);
  assert.is(new nn.ParameterDict([["a", zeros(1)]]).length, 1);
});

const repr = suite("repr");

repr("as PyTorch prints", () => {
  assert.is(String(new nn.Sequential()), "Sequential()");
  assert.is(
    String(new nn.Sequential(new Add(1), new nn.Sequential(new Add(2)))),
    "Sequential(\n  (0): Add(by=1)\n  (1): Sequential(\n    (0): Add(by=2)\n  )\n)",
  );
  assert.is(
    String(new nn.ModuleList([new Add(1), new Add(1), new Add(2)])),
    "ModuleList(\n  (0-1): 2 x Add(by=1)\n  (2): Add(by=2)\n)",
  );
  assert.is(String(new nn.ModuleList()), "ModuleList()");
  assert.is(String(new nn.ModuleDict({ a: new Add(1) })), "ModuleDict(\n  (a): Add(by=1)\n)");
  assert.is(
    String(new nn.ParameterList([zeros([2]), zeros([3, 2])])),
    "ParameterList(\n    (0): Parameter containing: [torch.float32 of size 2]\n    (1): Parameter containing: [torch.float32 of size 3x2]\n)",
  );
  assert.is(
    String(new nn.ParameterDict({ b: zeros([2, 3]), a: zeros([1]) })),
    "ParameterDict(\n    (b): Parameter containing: [torch.float32 of size 2x3]\n    (a): Parameter containing: [torch.float32 of size 1]\n)",
  );
});

for (const one of [sequential, lists, repr]) one.run();
