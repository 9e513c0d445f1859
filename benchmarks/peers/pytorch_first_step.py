"""From the start of the process to the first finished step, as in ../first_step.cpp."""
import sys

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(1)
size = 10000
t = torch.zeros(size, dtype=torch.int64)
t[::50] = 1
data = torch.randn(size, 2) + 1.5 * t[:, None]

model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
weight = size / (2 * torch.bincount(t))
rows = torch.randperm(size)[:100]
loss = F.cross_entropy(model(data[rows]), t[rows], weight=weight)
optimizer.zero_grad()
loss.backward()
optimizer.step()
print(f"{loss.item():.4f}", flush=True)
sys.stdin.read(1)
