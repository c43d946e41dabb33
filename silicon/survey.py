#!/usr/bin/env python3
"""What later suites will ask of the card, measured with the libraries that the machine has: rates of matrix
products by precision with the power they draw, and NCCL with several ranks on one GPU. One JSON value a line."""
import json
import os
import subprocess
import sys
import threading
import time

RANK_CODE = r'''
import json, os, sys, time, torch, torch.distributed as dist
rank, world = int(sys.argv[1]), int(sys.argv[2])
os.environ["NCCL_HOSTID"] = f"assay-{rank}"
torch.cuda.set_device(0)
start = time.time()
dist.init_process_group("nccl", init_method="tcp://127.0.0.1:29511", rank=rank, world_size=world)
x = torch.full((1 << 20,), float(rank + 1), device="cuda")
dist.all_reduce(x); torch.cuda.synchronize()
first = time.time() - start
right = bool((x == world * (world + 1) / 2).all())
sizes = {}
for n in (1 << 10, 1 << 20, 1 << 24):
    y = torch.ones(n, device="cuda")
    dist.all_reduce(y); torch.cuda.synchronize()
    t = time.time()
    for _ in range(5): dist.all_reduce(y)
    torch.cuda.synchronize()
    sizes[n * 4] = (time.time() - t) / 5
g = [torch.empty(1024, device="cuda") for _ in range(world)]
dist.all_gather(g, torch.full((1024,), float(rank), device="cuda")); torch.cuda.synchronize()
right = right and all(bool((g[i] == i).all()) for i in range(world))
if rank == 0: print(json.dumps({"nccl_ranks": world, "version": torch.cuda.nccl.version(), "right": right, "first_s": first, "all_reduce_s": sizes}))
'''


def say(value):
    print(json.dumps(value), flush=True)


def products():
    import torch

    say({"torch": torch.__version__, "nccl": list(torch.cuda.nccl.version())})
    try:
        import pynvml

        pynvml.nvmlInit()
        handle = pynvml.nvmlDeviceGetHandleByIndex(0)
    except Exception as error:  # the survey goes on without power
        say({"no_power": str(error)})
        handle = None
    n = 8192

    def run(name, make, multiply, seconds=3.0):
        try:
            a, b = make(), make()
            for _ in range(3):
                c = multiply(a, b)
            torch.cuda.synchronize()
            rates, powers, clocks = [], [], []
            over = threading.Event()

            def watch():
                while handle is not None and not over.wait(0.1):
                    powers.append(pynvml.nvmlDeviceGetPowerUsage(handle) / 1e3)
                    clocks.append(pynvml.nvmlDeviceGetClockInfo(handle, 1))

            watcher = threading.Thread(target=watch)
            watcher.start()
            end = time.time() + seconds
            while time.time() < end:
                start, stop = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
                start.record()
                for _ in range(4):
                    c = multiply(a, b)
                stop.record()
                stop.synchronize()
                rates.append(4 * 2 * n**3 / (start.elapsed_time(stop) * 1e-3) / 1e12)
            over.set()
            watcher.join()
            rates.sort()
            powers.sort()
            say({"product": name, "n": n, "tflops_median": rates[len(rates) // 2], "least": rates[0],
                 "most": rates[-1], "count": len(rates), "watts_most": powers[-1:], "watts_median":
                 powers[len(powers) // 2: len(powers) // 2 + 1], "sm_mhz": [min(clocks), max(clocks)] if clocks else None})
            del a, b, c
        except Exception as error:
            say({"product": name, "failed": str(error)[:300]})

    torch.manual_seed(1)
    normal = lambda dtype: (lambda: torch.randn(n, n, device="cuda", dtype=dtype))
    torch.backends.cuda.matmul.allow_tf32 = False
    run("bf16", normal(torch.bfloat16), torch.matmul, 5.0)
    run("fp16", normal(torch.float16), torch.matmul)
    run("fp32", normal(torch.float32), torch.matmul)
    run("fp64", normal(torch.float64), torch.matmul)
    torch.backends.cuda.matmul.allow_tf32 = True
    run("tf32", normal(torch.float32), torch.matmul)
    one = torch.tensor(1.0, device="cuda")
    run("fp8 e4m3", lambda: torch.randn(n, n, device="cuda").to(torch.float8_e4m3fn),
        lambda a, b: torch._scaled_mm(a, b.t(), scale_a=one, scale_b=one, out_dtype=torch.bfloat16))
    run("int8", lambda: torch.randint(-128, 127, (n, n), device="cuda", dtype=torch.int8),
        lambda a, b: torch._int_mm(a, b.t()))


def ranks(world):
    environment = dict(os.environ, NCCL_SOCKET_IFNAME="lo", NCCL_IB_DISABLE="1")
    children = [subprocess.Popen([sys.executable, "-c", RANK_CODE, str(rank), str(world)], env=environment,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                for rank in range(world)]
    deadline = time.time() + 25
    texts = []
    for child in children:
        try:
            texts.append(child.communicate(timeout=max(1, deadline - time.time()))[0])
        except subprocess.TimeoutExpired:
            child.kill()
            texts.append("hung: " + child.communicate()[0])
    for text in texts:
        for line in text.splitlines():
            if line.startswith("{"):
                print(line, flush=True)
                return
    say({"nccl_ranks": world, "failed": [text[-1500:] for text in texts]})


if __name__ == "__main__":
    products()
    ranks(2)
    ranks(4)
