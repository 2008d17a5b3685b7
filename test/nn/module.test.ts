import { inspect } from "node:util";
import { nn, noGrad, scope, type Tensor, tensor, ValueError, zeros } from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";

class Scale extends nn.Module {
  factor = new nn.Parameter(tensor([2, 3], { dtype: "float32" }));
  forward(x: Tensor): Tensor {
    return x.mul(this.factor);
  }
}
class Shift extends nn.Module {
  offset: nn.Parameter;
  total!: Tensor;
  constructor(by: number) {
    super();
    this.offset = new nn.Parameter(tensor([by, by], { dtype: "float32" }));
    this.registerBuffer("total", zeros([1]));
    this.registerBuffer("scratch", zeros([2]), false);
  }
  forward(x: Tensor): Tensor {
    return x.add(this.offset);
  }
}
class Net extends nn.Module {
  a = new Scale();
  b = new Shift(1);
  forward(x: Tensor): Tensor {
    return this.b(this.a(x));
  }
}
const x = tensor([1, 1], { dtype: "float32" });

const calls = suite("calls");

calls("a module is a function, an instance of its class, and typed by its forward", () => {
  const net = new Net();
  const y: Tensor = net(x);
  assert.equal(y.tolist(), [3, 4]);
  assert.equal(net.forward(x).tolist(), [3, 4]);
  assert.is(typeof net, "function");
  assert.instance(net, Net);
  assert.instance(net, nn.Module);
  assert.not(Object.getPrototypeOf(nn.Module.prototype) === Function.prototype);
  // @ts-expect-error: forward takes a tensor
  assert.throws(() => net(3));
});

calls("types follow tuples, optional arguments, promises and lists of modules", async () => {
  class Pair extends nn.Module {
    forward(x: Tensor, times?: number): [Tensor, number] {
      return [x, times ?? 1];
    }
  }
  class Later extends nn.Module {
    async forward(x: Tensor): Promise<Tensor> {
      return x;
    }
  }
  const [t, n] = new Pair()(x);
  assert.is((t satisfies Tensor) && (n satisfies number), 1);
  assert.is(await new Later()(x), x);
  const list: nn.Module[] = [new Pair(), new Later()];
  assert.is(list.length, 2);
});

calls("#private fields, name and length, and methods of subclasses work", () => {
  class Odd extends Net {
    #secret = 42;
    override name: string = "odd";
    override length: number = 3;
    constructor() {
      super();
      this.name = "very odd";
    }
    override forward(x: Tensor): Tensor {
      return super.forward(x).add(this.#secret);
    }
  }
  const odd = new Odd();
  assert.equal(odd(x).tolist(), [45, 46]);
  assert.is(odd.name, "very odd");
  assert.is(odd.length, 3);
  assert.is((odd as { call?: unknown }).call, undefined);
});

calls("an error of ours says which modules it came through; another passes unchanged", () => {
  const net = new Net();
  assert.throws(() => net(zeros([3])), /^Net: Scale: mul: /);
  class Broken extends nn.Module {
    forward(): never {
      throw new Error("mine");
    }
  }
  assert.throws(
    () => new Broken()(),
    (e: unknown) => (e as Error).message === "mine",
  );
});

calls("a module without forward says so; parameters may be made by name", () => {
  // @ts-expect-error: forward is missing
  class Empty extends nn.Module {}
  assert.throws(() => new Empty()(), /Module \[Empty\] is missing the required "forward" function/);
  assert.not.ok(new nn.Parameter({ data: zeros(1), requiresGrad: false }).requiresGrad);
  assert.throws(() => new nn.Parameter(3 as never), /Parameter: data is 3, expected a Tensor/);
});

calls("built-in layers take their input by name", () => {
  const layer = new nn.Linear(2, 1);
  assert.equal(layer(...([{ input: x }] as unknown as [Tensor])).tolist(), layer(x).tolist());
});

calls("JSON is refused with advice", () => {
  assert.throws(() => JSON.stringify({ net: new Net() }), /a module is not JSON: save its stateDict\(\)/);
});

const registered = suite("registration");

registered("parameters and children by assignment, in the order of the fields; buffers apart", () => {
  const net = new Net();
  assert.equal(
    [...net.namedParameters()].map(([name]) => name),
    ["a.factor", "b.offset"],
  );
  assert.equal([...net.parameters({ recurse: false })].length, 0);
  assert.equal(
    [...net.b.namedParameters("p")].map(([name]) => name),
    ["p.offset"],
  );
  assert.equal(
    [...net.namedBuffers()].map(([name]) => name),
    ["b.total", "b.scratch"],
  );
  assert.equal(
    [...net.namedModules()].map(([name]) => name),
    ["", "a", "b"],
  );
  assert.equal([...net.children()], [net.a, net.b]);
  assert.equal([...net.modules()], [net, net.a, net.b]);
});

registered("what is assigned later, replaced or shared", () => {
  const net = new Net();
  const extra = Object.assign(net, {
    c: net.a,
    weight: new nn.Parameter(zeros(1)),
    plain: zeros(1),
    list: [new Scale()],
  });
  assert.equal(
    [...extra.namedChildren()].map(([name]) => name),
    ["a", "b"],
  );
  assert.equal(Object.keys(extra.stateDict()), ["weight", "a.factor", "b.offset", "b.total", "c.factor"]);
  assert.equal(
    [...extra.namedParameters({ removeDuplicate: false })].map(([name]) => name),
    ["weight", "a.factor", "b.offset", "c.factor"],
  );
  net.b.total = zeros([4]);
  assert.equal(net.getBuffer("b.total").shape, [4]);
});

registered("by method: names, null places, and what is refused", () => {
  const net = new Net();
  net.registerModule("0", new Scale());
  net.registerModule("gap", null);
  net.registerParameter("none", null);
  net.addModule("d", new Scale());
  assert.equal(
    [...net.namedChildren()].map(([name]) => name),
    ["0", "a", "b", "d"],
  );
  assert.match(String(net), /\(gap\): None/);
  assert.throws(() => net.registerParameter("x.y", new nn.Parameter(zeros(1))), /parameter name can't contain "\."/);
  assert.throws(() => net.registerModule("", new Scale()), /module name can't be empty string/);
  assert.throws(() => net.registerModule("forward", new Scale()), /attribute 'forward' already exists/);
  assert.throws(() => net.registerParameter("p", zeros(1) as never), /cannot assign 'Tensor' object to parameter 'p'/);
  assert.throws(() => net.registerModule("m", {} as never), /Object is not a Module subclass/);
  assert.throws(() => net.registerBuffer("q", 3 as never), /cannot assign 'number' object to buffer 'q'/);
  assert.throws(() => net.namedParameters({ depth: 1 } as never), /unknown argument "depth"/);
});

registered("what takes the place of a parameter, a buffer or a module is the same", () => {
  const message = (field: string, value: unknown, path: "a" | "b" | null = null): string => {
    const net = new Net();
    net.stateDict(); // what is not looked at once cannot be known
    Object.assign(path === null ? net : net[path], { [field]: value });
    try {
      for (const _ of net.parameters());
      return "";
    } catch (error) {
      assert.instance(error, TypeError);
      return (error as Error).message;
    }
  };
  assert.is(
    message("factor", zeros(1), "a"),
    `Scale: cannot assign 'Tensor' as parameter 'factor' (nn.Parameter or null expected): to make it a field like others, call registerParameter("factor", null) first`,
  );
  assert.match(message("offset", 3, "b"), /cannot assign 'number' as parameter 'offset' \(nn\.Parameter or null/);
  assert.match(message("offset", new nn.ReLU(), "b"), /cannot assign 'ReLU' as parameter 'offset' \(nn\.Parameter/);
  assert.match(message("total", [0], "b"), /cannot assign 'Array' as buffer 'total' \(Tensor or null expected\)/);
  assert.match(message("a", zeros(1)), /cannot assign 'Tensor' as module 'a' \(nn\.Module or null expected\)/);
  assert.match(
    message("a", (x: unknown) => x),
    /cannot assign 'Function' as module 'a'/,
  );
  for (const value of [null, undefined, new nn.Parameter(zeros(1))]) assert.is(message("factor", value, "a"), "");
  for (const value of [null, zeros(1), new nn.Parameter(zeros(1)), new nn.ReLU()])
    assert.is(message("total", value, "b"), "");
  for (const value of [null, new nn.ReLU(), new nn.Parameter(zeros(1))]) assert.is(message("a", value), "");

  const net = new Net();
  const size = [...net.parameters()].length;
  net.a.registerParameter("factor", null);
  Object.assign(net.a, { factor: zeros(1) });
  assert.is([...net.parameters()].length, size - 1);
  Reflect.deleteProperty(net, "b");
  net.stateDict();
  Object.assign(net, { b: 1 });
  net.stateDict();
});

registered("paths", () => {
  const net = new Net();
  assert.is(net.getSubmodule("a"), net.a);
  assert.is(net.getSubmodule(""), net);
  assert.is(net.getParameter("b.offset"), net.b.offset);
  assert.throws(() => net.getSubmodule("z.q"), /Net has no attribute `z`/);
  assert.throws(() => net.getParameter("a"), /`a` is not an nn\.Parameter/);
  assert.throws(() => net.getSubmodule("b.offset"), /`offset` is not an nn\.Module/);
});

registered("a parameter and a buffer outlive the scope that they were made in", () => {
  const net = scope(() => [new Net()])[0]!;
  assert.equal(net(x).tolist(), [3, 4]);
  assert.equal(net.b.total.tolist(), [0]);
});

registered("a parameter is a leaf that says what it is", () => {
  const p = new nn.Parameter(tensor([1, 2], { dtype: "float32" }));
  assert.ok(p.requiresGrad && p.isLeaf);
  assert.is(String(p), "Parameter containing:\ntensor([1., 2.], requires_grad=True)");
  assert.is(inspect(p), String(p));
  assert.not.ok(new nn.Parameter(zeros(1), false).requiresGrad);
  assert.throws(() => p.add_(1), /leaf/);
});

const hooks = suite("hooks");

hooks("before: may replace the arguments; after: the output; removed, they are gone", () => {
  const net = new Net();
  const seen: string[] = [];
  const first = net.registerForwardPreHook((module, args) => {
    seen.push(`pre ${module === net} ${args.length}`);
    return (args[0] as Tensor).mul(10);
  });
  const second = net.registerForwardHook((_, args, output) => {
    seen.push(`post ${(args[0] as Tensor).tolist()} ${(output as Tensor).tolist()}`);
    return (output as Tensor).mul(-1);
  });
  net.registerForwardPreHook(() => void seen.push("early"), { prepend: true });
  assert.equal(net(x).tolist(), [-21, -31]);
  assert.equal(seen, ["early", "pre true 1", "post 10,10 21,31"]);
  first.remove();
  second.remove();
  second.remove();
  assert.equal(net(x).tolist(), [3, 4]);
});

hooks("an array replaces all arguments; alwaysCall sees failures", () => {
  class Two extends nn.Module {
    forward(a: number, b: number): number {
      if (a < 0) throw new RangeError("no");
      return a + b;
    }
  }
  const two = new Two();
  let called = 0;
  two.registerForwardHook(() => void called++, { alwaysCall: true });
  two.registerForwardPreHook((_, [a, b]) => [a, (b as number) + 1]);
  assert.is(two(1, 2), 4);
  assert.throws(() => two(-1, 2), /no/);
  assert.is(called, 2);
});

hooks("an option that does not exist is refused", () => {
  assert.throws(
    () => new Net().registerForwardHook(() => {}, { withKwargs: true } as never),
    /unknown option "withKwargs"/,
  );
});

hooks("on the way back: both sides' gradients, which may be replaced", () => {
  const net = new Net();
  const seen: string[] = [];
  net.a.registerFullBackwardPreHook((_, [g]) => void seen.push(`pre ${g!.tolist()}`));
  const handle = net.a.registerFullBackwardHook((module, [gradInput], [gradOutput]) => {
    seen.push(`${module === net.a} ${gradInput!.tolist()} ${gradOutput!.tolist()}`);
    return gradInput!.mul(100);
  });
  const input = tensor([1, 1], { requiresGrad: true });
  net(input).sum().backward();
  assert.equal(seen, ["pre 1,1", "true 2,3 1,1"]);
  assert.equal(input.grad!.tolist(), [200, 300]);
  assert.equal(net.a.factor.grad!.tolist(), [1, 1]);
  handle.remove();
  input.grad = null;
  net(input).sum().backward();
  assert.equal(input.grad!.tolist(), [2, 3]);
});

hooks("on the way back without a gradient of the argument, and a changed gradient of the result", () => {
  const scale = new Scale();
  const seen: unknown[] = [];
  scale.registerFullBackwardPreHook((_, [g]) => g!.mul(10));
  scale.registerFullBackwardHook((_, gradInput, [gradOutput]) => void seen.push(gradInput, gradOutput!.tolist()));
  scale(x).sum().backward();
  assert.equal(seen, [[null], [10, 10]]);
  assert.equal(scale.factor.grad!.tolist(), [10, 10]);
});

const modes = suite("modes");

modes("train, eval, apply, requiresGrad_, zeroGrad", () => {
  const net = new Net();
  assert.is(net.eval(), net);
  assert.not.ok(net.training || net.a.training);
  net.train();
  assert.ok(net.b.training);
  assert.throws(() => net.train(1 as never), /expected to be boolean/);
  const order: string[] = [];
  net.apply((module) => void order.push(module.constructor.name));
  assert.equal(order, ["Scale", "Shift", "Net"]);
  net(x).sum().backward();
  assert.equal(net.a.factor.grad!.tolist(), [1, 1]);
  net.zeroGrad({ setToNone: false });
  assert.equal(net.a.factor.grad!.tolist(), [0, 0]);
  net.zeroGrad();
  assert.is(net.a.factor.grad, null);
  net.requiresGrad_(false);
  assert.not.ok(net(x).requiresGrad);
});

modes("to casts floating tensors in place and leaves integers", () => {
  const net = new Net();
  const { factor } = net.a;
  net(x).sum().backward();
  net.registerBuffer("count", tensor(3));
  assert.is(net.double(), net);
  assert.is(net.a.factor, factor);
  assert.is(factor.dtype, "float64");
  assert.is(factor.grad!.dtype, "float64");
  assert.is(net.b.total.dtype, "float64");
  assert.is(net.getBuffer("count").dtype, "int64");
  assert.ok(factor.requiresGrad && factor.isLeaf);
  assert.is(net.to({ dtype: "float32" }).b.offset.dtype, "float32");
  assert.is(net.to("cpu", "float64").b.offset.dtype, "float64");
  assert.throws(() => net.to("int64"), /takes floating point or complex dtypes, got int64/);
});

modes("a module that was trained in one dtype trains in another", () => {
  const net = new Net();
  net(x).sum().backward();
  net.zeroGrad();
  net.double();
  net(x.mul(1).double()).sum().backward();
  assert.equal([net.a.factor.grad!.dtype, net.a.factor.grad!.tolist()], ["float64", [1, 1]]);
});

const state = suite("state dicts");

state("keys, order, sharing, prefix, metadata", () => {
  const net = new Net();
  const dict = net.stateDict();
  assert.equal(Object.keys(dict), ["a.factor", "b.offset", "b.total"]);
  assert.not.ok(dict["a.factor"]!.requiresGrad);
  noGrad(() => net.a.factor.mul_(10));
  assert.equal(dict["a.factor"]!.tolist(), [20, 30]);
  assert.is(net.stateDict({ keepVars: true })["a.factor"], net.a.factor);
  assert.equal(Object.keys(net.a.stateDict({ prefix: "x." })), ["x.factor"]);
  assert.equal((dict as unknown as { _metadata: object })._metadata, {
    "": { version: 1 },
    a: { version: 1 },
    b: { version: 1 },
  });
});

state("there and back", () => {
  const [one, two] = [new Net(), new Net()];
  noGrad(() => one.a.factor.fill_(7));
  assert.equal(two.loadStateDict(one.stateDict()), { missingKeys: [], unexpectedKeys: [] });
  assert.equal(two.a.factor.tolist(), [7, 7]);
  assert.ok(two.a.factor.requiresGrad);
});

state("what does not fit is refused with PyTorch's words, and nothing is changed", () => {
  const net = new Net();
  const good = tensor([9, 9], { dtype: "float32" });
  const bad = { "a.factor": good, "b.offset": zeros([3, 4]), q: zeros(1), "a.z": zeros(1) };
  assert.throws(
    () => net.loadStateDict(bad),
    (error: unknown) =>
      error instanceof ValueError &&
      error.message ===
        'Error(s) in loading state_dict for Net:\n\tMissing key(s) in state_dict: "b.total". \n\t' +
          'Unexpected key(s) in state_dict: "q", "a.z". \n\tsize mismatch for b.offset: copying a param with shape ' +
          "torch.Size([3, 4]) from checkpoint, the shape in current model is torch.Size([2]).",
  );
  assert.equal(net.a.factor.tolist(), [2, 3]);
  assert.throws(
    () => net.loadStateDict({ "a.factor": 3 } as never),
    /expected torch\.Tensor or Tensor-like object from checkpoint but received number/,
  );
  assert.throws(() => net.loadStateDict(3 as never), /Expected state_dict to be dict-like/);
});

state("a size that differs is an error also without strict; keys are not", () => {
  const net = new Net();
  assert.throws(() => net.loadStateDict({ "b.offset": zeros([3]) }, false), /size mismatch for b\.offset/);
  const result = net.loadStateDict({ "a.factor": tensor([5, 6]), other: zeros(1) }, { strict: false });
  assert.equal(result, { missingKeys: ["b.offset", "b.total"], unexpectedKeys: ["other"] });
  assert.equal(net.a.factor.tolist(), [5, 6]);
  assert.is(net.a.factor.dtype, "float32");
});

state("a disposed source is refused before anything is changed", () => {
  const net = new Net();
  const dict = { ...new Net().stateDict() };
  dict["b.total"] = zeros([1]);
  dict["b.total"].dispose();
  dict["a.factor"] = tensor([9, 9], { dtype: "float32" });
  assert.throws(() => net.loadStateDict(dict), /disposed/);
  assert.equal(net.a.factor.tolist(), [2, 3]);
});

state("assign takes the tensors themselves", () => {
  const net = new Net();
  const given = { "a.factor": tensor([5, 6], { dtype: "float64" }), "b.offset": zeros([2]), "b.total": zeros([1]) };
  net.loadStateDict(given, { assign: true });
  assert.is(net.a.factor.dtype, "float64");
  assert.instance(net.a.factor, nn.Parameter);
  noGrad(() => net.a.factor.add_(1));
  assert.equal(given["a.factor"].tolist(), [6, 7]);
});

state("null is no mapping of a prototype: keys such as __proto__ mean nothing", () => {
  const net = new Net();
  assert.throws(
    () => net.loadStateDict(JSON.parse('{"__proto__": 1}')),
    /Unexpected key\(s\) in state_dict: "__proto__"/,
  );
});

const repr = suite("repr");

repr("as PyTorch prints", () => {
  class Told extends Net {
    override extraRepr(): string {
      return "x=1\ny=2";
    }
  }
  assert.is(String(new Net()), "Net(\n  (a): Scale()\n  (b): Shift()\n)");
  assert.is(inspect(new Told()), "Told(\n  x=1\n  y=2\n  (a): Scale()\n  (b): Shift()\n)");
});

for (const one of [calls, registered, hooks, modes, state, repr]) one.run();
