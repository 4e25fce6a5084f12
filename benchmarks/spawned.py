"""How many seconds multiprocess's spawn takes until so many processes run: `python -m benchmarks.spawned 5`."""

import sys
from time import perf_counter
from typing import Any

import multiprocess


def say_ready(connection: Any) -> None:
    connection.send(None)


def main(count: int) -> None:
    context = multiprocess.get_context("spawn")
    begin = perf_counter()
    pipes = [context.Pipe() for _ in range(count)]
    processes = [context.Process(target=say_ready, args=(theirs,)) for _, theirs in pipes]
    for process in processes:
        process.start()
    for ours, _ in pipes:
        ours.recv()
    print(perf_counter() - begin)
    for process in processes:
        process.join()


if __name__ == "__main__":
    main(int(sys.argv[1]))
