"""PyTorch, where this Python has it. Speaks the protocol of bench/child.ts: `python3 pytorch.py THREADS avx2|avx512 [ROWS]`.

ROWS are other rows than those below: `models`, those of models.py, or a file of expressions over named operands, as
bench/operators.ts writes them.

The width of vectors is said, not left to the libraries: an older OpenBLAS takes a newer processor for one without AVX.
"""
import gc, json, math, os, sys, time
from typing import Callable, NamedTuple

SAMPLE_S, WARM_UP_S, FIRST_WARM_UP_S = 0.5e-3, 0.15, 1  # as in bench/child.ts


def answer(value):
    print(json.dumps(value), flush=True)


WIDTHS = {
    "avx2": {"OPENBLAS_CORETYPE": "Haswell", "ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"},
    "avx512": {"OPENBLAS_CORETYPE": "SkylakeX", "ATEN_CPU_CAPABILITY": "avx512"},
}
WIDTH = sys.argv[2]
CPUINFO = "/proc/cpuinfo"
if os.path.exists(CPUINFO) and {"avx2": "avx2", "avx512": "avx512f"}[WIDTH] not in open(CPUINFO).read().split():
    answer({"error": f"this processor has no {WIDTH}"})
    sys.exit()
os.environ.update(WIDTHS[WIDTH])

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
    return torch.from_numpy((scale * (2 * (s - np.floor(s)) - 1)).astype(np.float32)).view(shape)


def positive(n, seed):
    return noise(n, seed=seed, scale=0.5) + 1


def indices(n, below, seed):
    return ((noise(n, seed=seed).double() + 1) / 2 * below).floor().long().clamp(max=below - 1)


def numbers(x):
    return x.detach().flatten().double().numpy()


def eager(f, *tensors):
    """A function of constant tensors, without a tape."""

    def run():
        with torch.no_grad():
            f(*tensors)

    return Timed(run, lambda: numbers(f(*tensors)))


def both(f, *tensors):
    """The same forward, and backward to every operand."""
    leaves = [x.requires_grad_(True) if x.is_floating_point() else x for x in tensors]
    gradient = noise(*f(*leaves).shape, seed=7)

    def run():
        for x in leaves:
            x.grad = None
        f(*leaves).backward(gradient)

    def probe():
        run()
        return numbers(next(x.grad for x in leaves if x.grad is not None))

    return Timed(run, probe)


def small(f):
    """Small operators are timed by the hundred, without the cost of the context."""

    def run():
        for _ in range(100):
            f()

    return Timed(run, lambda: numbers(f()), 100)


def add4(tape):
    a, b = noise(4, seed=1).requires_grad_(tape), noise(4, seed=2)
    return small(lambda: a + b)


def add4_both():
    a, b, gradient = noise(4, seed=1).requires_grad_(True), noise(4, seed=2), torch.ones(4)

    def f():
        a.grad = None
        (a + b).backward(gradient)
        return a.grad

    return small(f)


def view4():
    a = noise(4, seed=1)
    return small(lambda: a.view(2, 2))


def stepper(optimizer):
    """A step of an optimizer over 25 matrices and as many vectors, as a function that gives the first of them."""
    params = [nn.Parameter(noise(*([256, 256] if i % 2 == 0 else [256]), seed=i)) for i in range(50)]
    for i, p in enumerate(params):
        p.grad = noise(*p.shape, seed=i + 50)
    made = optimizer(params)

    def step():
        made.step()
        return params[0]

    return step


def fill(net):
    """Weights of the same numbers in every library, biases of zero; a norm keeps its ones."""
    with torch.no_grad():
        for i, (name, p) in enumerate(net.named_parameters()):
            if p.ndim > 1:
                p.copy_(noise(*p.shape, seed=i / 2 + 1, scale=p[0].numel() ** -0.5))
            elif "bias" in name:
                p.zero_()
    return net


def mlp():
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def attention(q, k, v, is_causal):
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, is_causal=is_causal)
    time = q.shape[-2]  # older than 2.0
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if is_causal:
        scores = scores.masked_fill(torch.ones(time, time).triu(1).bool(), -math.inf)
    return F.softmax(scores, -1) @ v


def causal(q, k, v):
    return attention(q, k, v, True)


class Block(nn.Module):
    """One layer of a GPT, as in bench/nets.ts."""

    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(dim)
        self.qkv = nn.Linear(dim, 3 * dim)
        self.projection = nn.Linear(dim, dim)
        self.norm2 = nn.LayerNorm(dim)
        self.up = nn.Linear(dim, 4 * dim)
        self.down = nn.Linear(4 * dim, dim)

    def forward(self, x):
        return self.rest(x, causal(*self.parts(x)))

    def step(self, x, seen):
        q, k, v = self.parts(x)
        return self.rest(x, attention(q, torch.cat([seen[0], k], 2), torch.cat([seen[1], v], 2), False))

    def parts(self, x):
        batch, time, dim = x.shape
        parts = self.qkv(self.norm1(x)).split(dim, 2)
        return [t.view(batch, time, self.heads, dim // self.heads).transpose(1, 2) for t in parts]

    def rest(self, x, attended):
        x = x + self.projection(attended.transpose(1, 2).reshape(x.shape))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Gpt(nn.Module):
    def __init__(self):
        super().__init__()
        self.letters = nn.Embedding(65, 128)
        self.positions = nn.Embedding(64, 128)
        self.blocks = nn.Sequential(*[Block(128, 4) for _ in range(4)])
        self.norm = nn.LayerNorm(128)
        self.head = nn.Linear(128, 65)

    def forward(self, i):
        x = self.letters(i) + self.positions(torch.arange(i.shape[1]))
        return self.head(self.norm(self.blocks(x)))


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(32, 64, 2, batch_first=True)
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        return self.head(self.lstm(x)[0][:, -1])


def training(net, x, optimizer, labels=None):
    fill(net)
    labels = torch.arange(64) % 10 if labels is None else labels
    o = optimizer(net.parameters())

    def step():
        o.zero_grad()
        loss = F.cross_entropy(net(x).flatten(0, -2), labels)
        loss.backward()
        o.step()
        return loss

    return Timed(step, lambda: [step().item() for _ in range(3)])


def sgd(parameters):
    return torch.optim.SGD(parameters, 0.01)


def adam(parameters):
    return torch.optim.Adam(parameters, 1e-3)


def square(n, dtype=torch.float32):
    return [noise(n, n, seed=seed).to(dtype) for seed in (1, 2)]


rows = {
    "matmul_512_bt": lambda: eager(lambda a, b: a @ b.t(), *square(512)),
    "matmul_512_f64": lambda: eager(torch.matmul, *square(512, torch.float64)),
    "linear_32_768_3072": lambda: eager(
        F.linear, noise(32, 768, seed=1), noise(3072, 768, seed=2), noise(3072, seed=3)
    ),
    "gemv_4096": lambda: eager(torch.matmul, noise(4096, 4096, seed=1), noise(4096, seed=2)),
    "bmm_12_128_64": lambda: eager(torch.matmul, noise(12, 128, 64, seed=1), noise(12, 64, 128, seed=2)),
    "maxpool_2": lambda: eager(lambda x: F.max_pool2d(x, 2), noise(8, 64, 56, 56, seed=1)),
    "avgpool_2": lambda: eager(lambda x: F.avg_pool2d(x, 2), noise(8, 64, 56, 56, seed=1)),
    "add_broadcast_row": lambda: eager(torch.add, noise(1024, 1024, seed=1), noise(1024, seed=2)),
    "add_broadcast_col": lambda: eager(torch.add, noise(1024, 1024, seed=1), noise(1024, 1, seed=2)),
    "chain6_1e6": lambda: eager(lambda x: ((x * 2 + 1).sin() * x).sigmoid() - x, positive(10**6, 1)),
    "sum_1e7": lambda: eager(torch.sum, noise(10**7, seed=1)),
    "sum_rows": lambda: eager(lambda x: x.sum(1), noise(4096, 1024, seed=1)),
    "sum_cols": lambda: eager(lambda x: x.sum(0), noise(4096, 1024, seed=1)),
    "var_rows": lambda: eager(lambda x: x.var(1), noise(4096, 1024, seed=1)),
    "argmax_rows": lambda: eager(lambda x: x.argmax(1), noise(4096, 1024, seed=1)),
    "cumsum_1e6": lambda: eager(lambda x: x.cumsum(0), noise(10**6, seed=1)),
    "sort_1e6": lambda: eager(lambda x: x.sort()[0], noise(10**6, seed=1)),
    "topk100_1e6": lambda: eager(lambda x: x.topk(100)[0], noise(10**6, seed=1)),
    "transpose_2048": lambda: eager(lambda x: x.t().contiguous(), noise(2048, 2048, seed=1)),
    "permute_nhwc": lambda: eager(lambda x: x.permute(0, 2, 3, 1).contiguous(), noise(8, 64, 56, 56, seed=1)),
    "cat_1": lambda: eager(lambda a, b: torch.cat([a, b], 1), *square(1000)),
    "gather_1e6": lambda: eager(lambda x, i: x.gather(0, i), noise(10**6, seed=1), indices(10**6, 10**6, 2)),
    "embedding": lambda: eager(lambda w, i: F.embedding(i, w), noise(50000, 128, seed=1), indices(4096, 50000, 2)),
    "embedding_fb": lambda: both(lambda w, i: F.embedding(i, w), noise(50000, 128, seed=1), indices(4096, 50000, 2)),
    "add4": lambda: add4(False),
    "add4_tape": lambda: add4(True),
    "add4_fb": add4_both,
    "view4": view4,
    "train_mlp": lambda: training(mlp(), noise(64, 784, seed=9), adam),
    "train_mlp_sgd": lambda: training(mlp(), noise(64, 784, seed=9), sgd),
    "train_lenet": lambda: training(lenet(), noise(64, 1, 28, 28, seed=9), adam),
    "train_gpt": lambda: training(Gpt(), indices(512, 65, 9).view(8, 64), adam, indices(512, 65, 8)),
    "train_lstm": lambda: training(Reader(), noise(64, 28, 32, seed=9), adam),
}


def pair(name, f, *shapes, scale=1.0):
    """A row, and the row of it with its gradients."""

    def operands():
        return [noise(*shape, seed=i + 1, scale=scale if i == 1 else 1.0) for i, shape in enumerate(shapes)]

    rows[name] = lambda: eager(f, *operands())
    rows[f"{name}_fb"] = lambda: both(f, *operands())


def conv(name, x, w, **options):
    pair(name, lambda x, w: F.conv2d(x, w, **options), x, w, scale=0.1)


conv("conv_64_64_3x3_56", (1, 64, 56, 56), (64, 64, 3, 3), padding=1)
conv("conv_3_64_7x7s2_224", (1, 3, 224, 224), (64, 3, 7, 7), stride=2, padding=3)
conv("conv_dw_128_3x3_56", (1, 128, 56, 56), (128, 1, 3, 3), padding=1, groups=128)
conv("conv_128_128_1x1_56", (1, 128, 56, 56), (128, 128, 1, 1))
conv("conv_lenet_1", (64, 1, 28, 28), (6, 1, 5, 5), padding=2)
conv("conv_lenet_2", (64, 6, 14, 14), (16, 6, 5, 5))
pair("softmax_4096_1024", lambda x: F.softmax(x, 1), (4096, 1024))
pair("log_softmax_4096_1024", lambda x: F.log_softmax(x, 1), (4096, 1024))
pair("layer_norm_4096_1024", lambda x, w, b: F.layer_norm(x, (1024,), w, b), (4096, 1024), (1024,), (1024,))
for name, t in (("12x128x64", 128), ("12x1024x64", 1024)):
    pair(f"sdpa_causal_{name}", causal, *[(1, 12, t, 64)] * 3)
for n in (64, 128, 256, 512, 1024, 2048):
    rows[f"matmul_{n}"] = lambda n=n: eager(torch.matmul, *square(n))
for name, n in (("1e3", 10**3), ("1e5", 10**5), ("1e7", 10**7)):
    for f in (torch.exp, torch.tanh, torch.sigmoid, F.gelu, torch.erf, torch.log):
        rows[f"{f.__name__}_{name}"] = lambda f=f, n=n: eager(f, positive(n, 1))
    for f in (torch.add, torch.mul, torch.pow):
        rows[f"{f.__name__}_{name}"] = lambda f=f, n=n: eager(f, positive(n, 1), positive(n, 2))


def written(file):
    """The rows of a file."""
    with open(file) as f:
        given = json.load(f)

    def made(name):
        return eval(given["operands"][name], globals())

    def first(result):
        return result if torch.is_tensor(result) else first(result[0])

    def row(code, uses, gradients, changing):
        f = eval(f"lambda {', '.join(uses)}: {code}", globals())
        values = {name: made(name) for name in uses}
        tensors = [name for name in uses if torch.is_tensor(values[name])]

        def compute(*operands):
            return first(f(**{**values, **dict(zip(tensors, operands))}))

        timed = (both if gradients else eager)(compute, *[values[name] for name in tensors])
        return timed._replace(probe=lambda: [0]) if changing else timed

    return {name: lambda fields=fields: row(**fields) for name, fields in given["rows"].items()}


if sys.argv[3:] == ["models"]:
    import models

    rows = models.rows(Block=Block, Timed=Timed, fill=fill, indices=indices, noise=noise, numbers=numbers)
elif len(sys.argv) > 3:
    rows = written(sys.argv[3])


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


def peak(run):
    """The most bytes of tensors at a time: what lives before a run, and the allocator's own events during it."""
    for _ in range(3):
        run()
    tensors = [o for o in gc.get_objects() if torch.is_tensor(o)]
    tensors += [t.grad for t in tensors if t.is_leaf and t.grad is not None]
    live = {t.storage().data_ptr(): t.storage().nbytes() for t in tensors}
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        run()
    events = [e for e in profile.profiler.kineto_results.events() if e.name() == "[memory]"]
    start = (lambda e: e.start_ns()) if hasattr(events[0], "start_ns") else (lambda e: e.start_us())
    now = most = sum(live.values())
    for event in sorted(events, key=start):
        now += event.nbytes()
        most = max(most, now)
    return most


def main():
    answer({"name": f"PyTorch {torch.__version__} ({WIDTH})"})
    name, timed, probe, warm_up = None, None, None, FIRST_WARM_UP_S
    for line in sys.stdin:
        request = json.loads(line)
        if request["row"] not in rows:
            answer({"absent": True})
            continue
        try:
            if "peak" in request:
                answer({"bytes": peak(rows[request["row"]]().run)})
                continue
            if request["row"] != name:
                name, timed = request["row"], rows[request["row"]]()
                probe = summary(timed.probe())
                sample(timed, warm_up)
                warm_up = WARM_UP_S
            answer({"samples": sample(timed, request["ms"] / 1000), "probe": probe})
        except Exception as error:
            name = None
            answer({"error": repr(error)})


main()
