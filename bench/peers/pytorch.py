"""PyTorch, where this Python has it. Speaks the protocol of bench/child.ts: `python3 pytorch.py THREADS`."""
import json, sys, time
from typing import Callable, NamedTuple

SAMPLE_S, WARM_UP_S = 0.5e-3, 0.15  # as in bench/child.ts


def answer(value):
    print(json.dumps(value), flush=True)


try:
    import numpy as np
    import torch
    import torch.nn.functional as F
    from torch import nn
except ImportError as error:
    answer({"error": str(error)})
    sys.exit()

torch.set_num_threads(int(sys.argv[1]))


class Timed(NamedTuple):
    run: Callable
    probe: Callable
    times: int = 1


def noise(*shape, seed, scale=1.0):
    """The same numbers as `noise` in bench/rows.ts."""
    s = np.sin(np.arange(np.prod(shape)) + 1000 * seed) * 43758.5453
    return torch.from_numpy((scale * (2 * (s - np.floor(s)) - 1)).astype(np.float32)).view(*shape)


def eager(f, *tensors):
    def run():
        with torch.no_grad():
            f(*tensors)

    return Timed(run, lambda: f(*tensors).detach().flatten().tolist())


def small(f):
    """Small operators are timed by the hundred, without the cost of the context."""

    def run():
        for _ in range(100):
            f()

    return Timed(run, lambda: f().detach().flatten().tolist(), 100)


def add4(tape):
    a, b = noise(4, seed=1).requires_grad_(tape), noise(4, seed=2)
    return small(lambda: a + b)


def view4():
    a = noise(4, seed=1)
    return small(lambda: a.view(2, 2))


def fill(net):
    """Weights of the same numbers in every library, biases of zero."""
    with torch.no_grad():
        for i, p in enumerate(net.parameters()):
            p.copy_(noise(*p.shape, seed=i / 2 + 1, scale=p[0].numel() ** -0.5) if p.ndim > 1 else torch.zeros_like(p))
    return net


def mlp():
    net = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))
    return fill(net), noise(64, 784, seed=9)


def lenet():
    net = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip
    return fill(net), noise(64, 1, 28, 28, seed=9)


def training(model, optimizer):
    net, x = model
    labels = torch.arange(64) % 10
    o = optimizer(net.parameters())

    def step():
        o.zero_grad()
        loss = F.cross_entropy(net(x), labels)
        loss.backward()
        o.step()
        return loss

    return Timed(step, lambda: [step().item() for _ in range(3)])


def sgd(parameters):
    return torch.optim.SGD(parameters, 0.01)


def adam(parameters):
    return torch.optim.Adam(parameters, 1e-3)


def conv(x, w, padding):
    return eager(lambda x, w: F.conv2d(x, w, padding=padding), x, w)


rows = {
    "conv_64_64_3x3_56": lambda: conv(noise(1, 64, 56, 56, seed=1), noise(64, 64, 3, 3, seed=2, scale=0.1), 1),
    "conv_lenet_1": lambda: conv(noise(64, 1, 28, 28, seed=1), noise(6, 1, 5, 5, seed=2), 2),
    "conv_lenet_2": lambda: conv(noise(64, 6, 14, 14, seed=1), noise(16, 6, 5, 5, seed=2), 0),
    "softmax_4096_1024": lambda: eager(lambda x: F.softmax(x, 1), noise(4096, 1024, seed=1)),
    "layer_norm_4096_1024": lambda: eager(
        lambda x, w, b: F.layer_norm(x, (1024,), w, b),
        noise(4096, 1024, seed=1), noise(1024, seed=2), noise(1024, seed=3),
    ),  # fmt: skip
    "add4": lambda: add4(False),
    "add4_tape": lambda: add4(True),
    "view4": view4,
    "train_mlp_sgd": lambda: training(mlp(), sgd),
    "train_mlp_adam": lambda: training(mlp(), adam),
    "train_lenet_adam": lambda: training(lenet(), adam),
}
for n in (64, 128, 256, 512, 1024):
    rows[f"matmul_{n}"] = lambda n=n: eager(torch.matmul, noise(n, n, seed=1), noise(n, n, seed=2))
for name, n in (("1e3", 1000), ("1e6", 1000000)):
    rows[f"add_{name}"] = lambda n=n: eager(torch.add, noise(n, seed=1), noise(n, seed=2))
    rows[f"exp_{name}"] = lambda n=n: eager(torch.exp, noise(n, seed=1))
    rows[f"gelu_{name}"] = lambda n=n: eager(F.gelu, noise(n, seed=1))


def sample(timed, seconds):
    inner, samples = 1, []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(samples) < 3:
        started = time.perf_counter()
        for _ in range(inner):
            timed.run()
        took = time.perf_counter() - started
        if took < SAMPLE_S:
            inner = int(inner * SAMPLE_S * 1.2 / max(took, SAMPLE_S / 100)) + 1
        else:
            samples.append(took * 1e6 / (inner * timed.times))
    return samples


def summary(values):
    values = np.asarray(values, np.float64)
    return [float(np.sqrt(np.mean(values**2))), float(values[0]), float(values[-1])]


def main():
    answer({"name": f"PyTorch {torch.__version__}"})
    name, timed, probe = None, None, None
    for line in sys.stdin:
        request = json.loads(line)
        if request["row"] not in rows:
            answer({"absent": True})
            continue
        try:
            if request["row"] != name:
                name, timed = request["row"], rows[request["row"]]()
                probe = summary(timed.probe())
                sample(timed, WARM_UP_S)
            answer({"samples": sample(timed, request["ms"] / 1000), "probe": probe})
        except Exception as error:
            name = None
            answer({"error": repr(error)})


main()
