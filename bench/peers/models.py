"""PyTorch's side of bench/models.ts: the same nets under the same names. pytorch.py reads it and hands over its own means."""
import torch
import torch.nn.functional as F
from torch import nn, optim


def conv(inputs, outputs, size, stride=1, groups=1):
    return nn.Conv2d(inputs, outputs, size, stride, (size - 1) // 2, groups=groups, bias=False)


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = conv(inputs, outputs, 3, stride)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = conv(outputs, outputs, 3)
        self.norm2 = nn.BatchNorm2d(outputs)
        same = stride == 1 and inputs == outputs
        down = [] if same else [conv(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs)]
        self.down = nn.Identity() if same else nn.Sequential(*down)

    def forward(self, x):
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return F.relu(y + self.down(x))


def resnet(width, stem):
    first = conv(3, width, 7, 2) if stem else conv(3, width, 3)
    pool = [nn.MaxPool2d(3, 2, 1)] if stem else []
    widths = [times * width for times in (1, 1, 1, 2, 2, 4, 4, 8, 8)]
    blocks = [Residual(a, b, 1 if a == b else 2) for a, b in zip(widths, widths[1:])]
    return nn.Sequential(
        first, nn.BatchNorm2d(width), nn.ReLU(), *pool, *blocks,
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8 * width, 10),
    )  # fmt: skip


class Inverted(nn.Module):
    def __init__(self, inputs, outputs, stride, times):
        super().__init__()
        self.same = stride == 1 and inputs == outputs
        wide = times * inputs
        first = [] if times == 1 else [conv(inputs, wide, 1), nn.BatchNorm2d(wide), nn.ReLU6()]
        self.net = nn.Sequential(
            *first, conv(wide, wide, 3, stride, wide), nn.BatchNorm2d(wide), nn.ReLU6(),
            conv(wide, outputs, 1), nn.BatchNorm2d(outputs),
        )  # fmt: skip

    def forward(self, x):
        y = self.net(x)
        return x + y if self.same else y


def mobilenet():
    inputs, blocks = 32, []
    for times, outputs, count, stride in (
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ):  # fmt: skip
        for i in range(count):
            blocks.append(Inverted(inputs, outputs, stride if i == 0 else 1, times))
            inputs = outputs
    return nn.Sequential(
        conv(3, 32, 3, 2), nn.BatchNorm2d(32), nn.ReLU6(), *blocks,
        conv(320, 1280, 1), nn.BatchNorm2d(1280), nn.ReLU6(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, 10),
    )  # fmt: skip


class UNet(nn.Module):
    def __init__(self):
        super().__init__()

        def once(inputs, outputs):
            return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.GroupNorm(8, outputs), nn.SiLU()]

        def twice(inputs, outputs):
            return nn.Sequential(*once(inputs, outputs), *once(outputs, outputs))

        self.large = twice(3, 32)
        self.middle = twice(32, 64)
        self.small = twice(64, 128)
        self.up = nn.ConvTranspose2d(128, 64, 2, stride=2)
        self.middle_again = twice(128, 64)
        self.again = nn.Upsample(scale_factor=2)
        self.large_again = twice(96, 32)
        self.last = nn.Conv2d(32, 3, 1)

    def forward(self, x):
        large = self.large(x)
        middle = self.middle(F.max_pool2d(large, 2))
        small = self.small(F.avg_pool2d(middle, 2))
        up = self.middle_again(torch.cat([self.up(small), middle], 1))
        return self.last(self.large_again(torch.cat([self.again(up), large], 1)))


class WordModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(5000, 128)
        self.gru = nn.GRU(128, 128, batch_first=True)
        self.head = nn.Linear(128, 5000)

    def forward(self, i):
        return self.head(self.gru(self.words(i))[0]).flatten(0, 1)


class GraphNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer1 = nn.Linear(128, 64)
        self.layer2 = nn.Linear(64, 7)

    def forward(self, x, inputs, outputs):
        def spread(h):
            return torch.zeros_like(h).index_add(0, outputs, h.index_select(0, inputs))

        return spread(self.layer2(F.relu(spread(self.layer1(x)))))


class Vae(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(784, 400)
        self.mean = nn.Linear(400, 20)
        self.log_variance = nn.Linear(400, 20)
        self.decoder = nn.Sequential(nn.Linear(20, 400), nn.ReLU(), nn.Linear(400, 784), nn.Sigmoid())

    def forward(self, x, e):
        h = F.relu(self.encoder(x))
        mean, log_variance = self.mean(h), self.log_variance(h)
        image = self.decoder(mean + e * (log_variance * 0.5).exp())
        divergence = -0.5 * (1 + log_variance - mean.pow(2) - log_variance.exp()).sum()
        return F.binary_cross_entropy(image, x, reduction="sum") + divergence


def policy(inputs, wide, bend):
    return nn.Sequential(nn.Linear(inputs, wide), bend(), nn.Linear(wide, wide), bend(), nn.Linear(wide, 4))


def rows(*, Block, Timed, fill, indices, noise, numbers):
    def inference(net, answer):
        net.eval()

        def run():
            with torch.no_grad():
                return answer()

        return Timed(run, lambda: numbers(run()))

    def training(loss, optimizer, clipped=None):
        def step():
            optimizer.zero_grad()
            value = loss()
            value.backward()
            if clipped is not None:
                nn.utils.clip_grad_norm_(clipped.parameters(), 1)
            optimizer.step()
            return value

        return Timed(step, lambda: [step().item() for _ in range(3)])

    def pixels(*shape):
        return noise(*shape, seed=9, scale=0.5) + 0.5

    def image(make, size):
        net, x = fill(make()), noise(1, 3, size, size, seed=9)
        return inference(net, lambda: net(x))

    def gpt2():
        net, x = fill(nn.Sequential(*[Block(768, 12) for _ in range(4)])), noise(1, 128, 768, seed=9)
        return inference(net, lambda: net(x))

    def next_token():
        net, x = fill(nn.ModuleList([Block(768, 12) for _ in range(4)])), noise(1, 1, 768, seed=9)
        seen = [noise(1, 12, 256, 64, seed=seed) for seed in (7, 8)]

        def answer():
            y = x
            for block in net:
                y = block.step(y, seen)
            return y

        return inference(net, answer)

    def small_policy():
        net, x = fill(policy(8, 64, nn.Tanh)), noise(1, 8, seed=9)
        return inference(net, lambda: F.softmax(net(x), -1))

    def small_images():
        net, x, y = fill(resnet(32, False)), noise(16, 3, 32, 32, seed=9), indices(16, 10, 8)
        sgd = optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
        return training(lambda: F.cross_entropy(net(x), y), sgd)

    def mobile():
        net, x, y = fill(mobilenet()), noise(8, 3, 64, 64, seed=9), indices(8, 10, 8)
        return training(lambda: F.cross_entropy(net(x), y), optim.AdamW(net.parameters(), lr=1e-4))

    def unet():
        net, x = fill(UNet()), noise(2, 3, 64, 64, seed=9)
        return training(lambda: F.mse_loss(net(x), x), optim.Adam(net.parameters(), lr=1e-4))

    def autoencoder():
        net = fill(
            nn.Sequential(
                nn.Linear(784, 256), nn.Tanh(), nn.Linear(256, 32), nn.Tanh(),
                nn.Linear(32, 256), nn.Tanh(), nn.Linear(256, 784), nn.Sigmoid(),
            )
        )  # fmt: skip
        x = pixels(256, 784)
        return training(lambda: F.mse_loss(net(x), x), optim.AdamW(net.parameters(), lr=1e-3))

    def vae():
        net, x, e = fill(Vae()), pixels(128, 784), noise(128, 20, seed=8)
        return training(lambda: net(x, e), optim.Adam(net.parameters(), lr=1e-4))

    def gru():
        net, x, y = fill(WordModel()), indices(512, 5000, 9).view(16, 32), indices(512, 5000, 8)
        return training(lambda: F.cross_entropy(net(x), y), optim.Adam(net.parameters(), lr=1e-3))

    def transformer():
        net = fill(nn.Transformer(128, 4, 2, 2, 512, 0.0, batch_first=True))
        source, target = noise(8, 32, 128, seed=9), noise(8, 32, 128, seed=8)
        mask = nn.Transformer.generate_square_subsequent_mask(32)

        def loss():
            return (net(source, target, tgt_mask=mask) - source).square().mean()

        return training(loss, optim.Adam(net.parameters(), lr=1e-4))

    def temporal():
        def dilated(inputs, dilation):
            return nn.Conv1d(inputs, 64, 5, padding=2 * dilation, dilation=dilation)

        net = fill(
            nn.Sequential(
                dilated(8, 2), nn.ReLU(), dilated(64, 4), nn.ReLU(), dilated(64, 8), nn.ReLU(),
                nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(64, 1),
            )
        )  # fmt: skip
        x, y = noise(32, 8, 256, seed=9), noise(32, 1, seed=8)
        return training(lambda: F.mse_loss(net(x), y), optim.RMSprop(net.parameters(), lr=1e-4))

    def graph():
        net, x, y = fill(GraphNet()), noise(2708, 128, seed=9), indices(2708, 7, 8)
        inputs, outputs = indices(10556, 2708, 7), indices(10556, 2708, 6)
        adam = optim.Adam(net.parameters(), lr=1e-2, weight_decay=5e-4)
        return training(lambda: F.cross_entropy(net(x, inputs, outputs), y), adam)

    def q_learning():
        net, target = fill(policy(8, 128, nn.ReLU)), fill(policy(8, 128, nn.ReLU))
        now, later, reward = noise(64, 8, seed=9), noise(64, 8, seed=8), noise(64, seed=7)
        action = indices(64, 4, 6).view(64, 1)

        def loss():
            with torch.no_grad():
                wanted = reward + target(later).max(1).values * 0.99
            return F.smooth_l1_loss(net(now).gather(1, action).squeeze(1), wanted)

        return training(loss, optim.Adam(net.parameters(), lr=1e-3), net)

    return {
        "ResNet-18, an image of 224²": lambda: image(lambda: resnet(64, True), 224),
        "MobileNetV2, an image of 224²": lambda: image(mobilenet, 224),
        "4 layers of GPT-2, 128 tokens": gpt2,
        "4 layers of GPT-2, the next token after 256": next_token,
        "a small policy, one state": small_policy,
        "ResNet-18 for small images, 16 of 32², SGD": small_images,
        "MobileNetV2, 8 images of 64², AdamW": mobile,
        "U-Net, 2 images of 64², Adam": unet,
        "autoencoder 784-256-32, 256 images, AdamW": autoencoder,
        "variational autoencoder, 128 images, Adam": vae,
        "GRU over 16 × 32 of 5000 words, Adam": gru,
        "Transformer of 2 + 2 layers, 8 × 32 of 128, Adam": transformer,
        "temporal convolutions, 32 × 8 × 256, RMSprop": temporal,
        "graph convolutions, 2708 nodes, Adam": graph,
        "Q-learning, 64 states, clipped gradients, Adam": q_learning,
    }
