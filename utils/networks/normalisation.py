"""How photographs come to a network: less a mean colour, divided by how much colours vary."""

import torch

# Of ImageNet, on the scale 0..255, as torchvision's weights expect.
MEAN = torch.tensor([123.675, 116.28, 103.53])[:, None, None]
STD = torch.tensor([58.395, 57.12, 57.375])[:, None, None]
