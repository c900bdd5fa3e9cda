"""Times a step of momentum with and without SAM in PyTorch: what `benchmark throughput` times here.

    python3 throughput.py [--networks NAME,...] [--batch-size 128] [--steps 50] [--warm-up 10]
        [--precision tf32|float32|float16] [--compile] [--json FILE] [--device cuda]

The same networks, batch, optimizer and neighbourhood, the same order: base and SAM take turns, step by
step, and each step copies its batch from the host, as a pipeline does. SAM is the common way in PyTorch:
climb to w + eps in place, differentiate again, go back, step (Foret et al. 2021, equation 2 with p = 2).
Needs PyTorch, and nothing else.

tf32 is TensorFlow's own default: products of float32 with the mantissa cut to 10 bits. float16 is
autocast, with the memory format that is fastest for it; weights stay float32, and no loss is scaled.
"""

import argparse
import json
import statistics
import sys
import time

try:
    import torch
    from torch import nn
except ImportError:
    sys.exit("PyTorch is not installed; there is nothing to compare with")

LEARNING_RATE = 0.01
MOMENTUM = 0.9
RHO = 0.05
CLASSES = 10
# TensorFlow keeps 0.9 of a moving average a step, PyTorch replaces 0.1 of it.
NORM = {"eps": 1e-3, "momentum": 0.1}


def perceptron():
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 1024), nn.ReLU(),
        nn.Linear(1024, 1024), nn.ReLU(),
        nn.Linear(1024, CLASSES))


def convolutional():
    layers, depth = [], 1
    for channels in (16, 32):
        layers += [
            nn.Conv2d(depth, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels, **NORM), nn.ReLU(), nn.MaxPool2d(2)]
        depth = channels
    return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.25), nn.Linear(7 * 7 * 32, CLASSES))


class Block(nn.Module):
    """A residual block with normalisation and rectifier before each convolution."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs, **NORM)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs, **NORM)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        fits = inputs == outputs and stride == 1
        self.projection = None if fits else nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)

    def forward(self, x):
        active = torch.relu(self.norm1(x))
        past = x if self.projection is None else self.projection(active)
        return past + self.conv2(torch.relu(self.norm2(self.conv1(active))))


def wide_res_net(depth, width):
    layers, channels = [nn.Conv2d(3, 16, 3, padding=1, bias=False)], 16
    for group in range(3):
        outputs = (16 * width) << group
        for block in range((depth - 4) // 6):
            layers.append(Block(channels, outputs, 2 if block == 0 and group > 0 else 1))
            channels = outputs
    return nn.Sequential(
        *layers, nn.BatchNorm2d(channels, **NORM), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, CLASSES))


NETWORKS = {
    "perceptron": ("perceptron 784-1024-1024-10", perceptron, (1, 28, 28)),
    "convolutional": ("convolutional 16-32 on 28x28", convolutional, (1, 28, 28)),
    "wide-16-4": ("WideResNet-16-4 on 32x32x3", lambda: wide_res_net(16, 4), (3, 32, 32)),
    "wide-28-10": ("WideResNet-28-10 on 32x32x3", lambda: wide_res_net(28, 10), (3, 32, 32)),
}


class Subject:
    """A network with its batch and its optimizer."""

    def __init__(self, make, shape, options):
        torch.manual_seed(1)
        self.device = torch.device(options.device)
        self.half = options.precision == "float16"
        self.format = torch.channels_last if self.half else torch.contiguous_format
        self.network = make().to(self.device, memory_format=self.format)
        self.forward = torch.compile(self.network) if options.compile else self.network
        self.images = torch.rand(options.batch_size, *shape)
        self.labels = torch.randint(CLASSES, (options.batch_size,))
        self.optimizer = torch.optim.SGD(
            self.network.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM)
        self.loss = nn.CrossEntropyLoss()

    def load(self):
        self.batch = self.images.to(self.device, memory_format=self.format)
        self.targets = self.labels.to(self.device)

    def differentiate(self):
        self.optimizer.zero_grad()
        with torch.autocast(self.device.type, torch.float16, enabled=self.half):
            loss = self.loss(self.forward(self.batch), self.targets)
        loss.backward()

    def base_step(self):
        self.load()
        self.differentiate()
        self.optimizer.step()

    def sam_step(self):
        self.load()
        self.differentiate()
        with torch.no_grad():
            weights = [w for w in self.network.parameters() if w.grad is not None]
            norm = torch.linalg.vector_norm(
                torch.stack([torch.linalg.vector_norm(w.grad) for w in weights]))
            scale = RHO / (norm + 1e-12)
            before = [w.detach().clone() for w in weights]
            for w in weights:
                w.add_(w.grad * scale)
        self.differentiate()
        with torch.no_grad():
            for w, old in zip(weights, before):
                w.copy_(old)
        self.optimizer.step()


def timed(step, device):
    if device.type == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    step()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - start) * 1e3


def quartiles(times):
    low, _, high = statistics.quantiles(times, n=4, method="inclusive")
    return [low, high]


def measure(name, options):
    title, make, shape = NETWORKS[name]
    device = torch.device(options.device)
    base = Subject(make, shape, options)
    sam = Subject(make, shape, options)
    for _ in range(options.warm_up):
        base.base_step()
        sam.sam_step()
    base_times, sam_times = [], []
    for _ in range(options.steps):
        base_times.append(timed(base.base_step, device))
        sam_times.append(timed(sam.sam_step, device))
    b, s = statistics.median(base_times), statistics.median(sam_times)
    print(f"{title:28}  {b:7.2f} ms  {options.batch_size * 1000 / b:10.0f}"
          f"  {s:7.2f} ms  {options.batch_size * 1000 / s:10.0f}  {s / b:.2f}x", flush=True)
    return {"network": name, "baseMillis": b, "samMillis": s,
            "baseQuartiles": quartiles(base_times), "samQuartiles": quartiles(sam_times)}


def main():
    parser = argparse.ArgumentParser(description="Time steps with and without SAM in PyTorch.")
    parser.add_argument("--networks", default="perceptron,convolutional,wide-16-4")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--warm-up", type=int, default=10)
    parser.add_argument("--precision", choices=["tf32", "float32", "float16"], default="tf32")
    parser.add_argument("--compile", action="store_true", help="compile the networks")
    parser.add_argument("--json", help="write the times there too, in milliseconds")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    names = options.networks.split(",")
    for name in names:
        if name not in NETWORKS:
            parser.error(f"no network '{name}'; choose some of {', '.join(NETWORKS)}")
    # TensorFlow tries the algorithms of a convolution and keeps the fastest: so shall PyTorch.
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = options.precision != "float32"
    torch.backends.cuda.matmul.allow_tf32 = options.precision != "float32"
    is_cuda = torch.device(options.device).type == "cuda"
    device = torch.cuda.get_device_name() if is_cuda else "CPU"
    print(f"PyTorch {torch.__version__}, {device}, {options.precision}"
          f"{', compiled' if options.compile else ''}")
    print(f"batch {options.batch_size}, momentum; {options.steps} steps of each in turn "
          f"after {options.warm_up} untimed ones\n")
    print(f"{'median':28}  {'base':>10}  {'examples/s':>10}  {'SAM':>10}  {'examples/s':>10}  ratio")
    measured = [measure(name, options) for name in names]
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"settings": vars(options), "device": device, "torch": torch.__version__,
                       "measured": measured}, file, indent=2)


if __name__ == "__main__":
    main()
