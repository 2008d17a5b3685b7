import { IndexError, nn, type Tensor, tensor, zeros } from "flambeau";
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

sequential("a subclass with fields and more", () => {
  class Net extends nn.Sequential {
    extra = new Add(3);
    constructor() {
      super(new Add(1), new Add(2));
    }
  }
  assert.equal(Object.keys(new Net().stateDict()), ["0.by", "1.by", "extra.by"]);
});

const lists = suite("ModuleList, ModuleDict, ParameterList");

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
});

for (const one of [sequential, lists, repr]) one.run();
