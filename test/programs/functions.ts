// Custom functions with what they save, hooks on tensors and modules, gradients of non-leaves kept.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

export default function run(fl: Flambeau, log: Log): void {
  const { nn, autograd } = fl;
  class Clip extends autograd.Function {
    static forward(ctx: InstanceType<typeof autograd.FunctionContext>, x: Tensor, bound: number): Tensor {
      ctx.saveForBackward(x);
      ctx.bound = bound;
      return x.clamp({ min: -bound, max: bound });
    }
    static backward(ctx: InstanceType<typeof autograd.FunctionContext>, g: Tensor): [Tensor, null] {
      const [x] = ctx.savedTensors as [Tensor];
      return [g.mul(x.abs().le(ctx.bound as number)).mul(0.9), null];
    }
  }
  class StraightThrough extends autograd.Function {
    static forward(_: unknown, x: Tensor): Tensor {
      return x.gt(0).to(x.dtype);
    }
    static backward(_: unknown, g: Tensor): Tensor {
      return nn.functional.hardtanh(g);
    }
  }
  class Net extends nn.Module {
    fc1 = new nn.Linear(3, 8);
    fc2 = new nn.Linear(8, 8);
    fc3 = new nn.Linear(8, 1);
    forward(x: Tensor): Tensor {
      const h = Clip.apply(this.fc1(x), 0.8);
      return this.fc3(StraightThrough.apply(this.fc2(h)).add(h));
    }
  }
  fl.manualSeed(0);
  const net = new Net();
  log.params("init", net);
  const norms: number[] = [];
  const seen: string[] = [];
  const handle = net.fc1.registerForwardHook((_module, _input, output) => {
    seen.push(`fc1 [${output.shape.join(", ")}]`);
  });
  net.fc2.registerForwardPreHook((_module, [x]) => [x.mul(2)]);
  net.fc3.registerFullBackwardHook((_module, gradInput, gradOutput) => {
    norms.push(gradInput[0]!.norm().item(), gradOutput[0]!.norm().item());
  });
  net.fc1.weight.registerHook((g) => g.mul(0.5));
  const x = fl.randn(10, 3, { requiresGrad: true });
  const y = x.detach().prod(1, true).sign();
  const optimizer = new fl.optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.5, dampening: 0.1 });
  for (let step = 0; step < 5; step++) {
    x.grad = null;
    const out = net(x);
    out.retainGrad();
    const loss = nn.functional.softMarginLoss(out, y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    if (step === 1) handle.remove();
    log("loss", [loss.item(), out.grad!.abs().sum().item(), x.grad!.norm().item()]);
  }
  log("norms", norms);
  log("seen", seen);
  log("function", String(Clip.apply(x, 1).gradFn !== null));
}
