"""Jobs -> results, on Dask: a local cluster of processes, or one that a department already has.

A task is one submission. Nothing is repeated behind our back: a task whose worker dies, or that is not done by its
deadline, comes back as `Lost`, and whoever asked decides. At no time are more jobs under way than there are workers: a
worker that dies takes no other's submission along, and memory doesn't grow with the class.
"""

from __future__ import annotations

import logging
import queue
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import dask
from distributed import Client, Future, KilledWorker, LocalCluster
from distributed.security import Security

from autograder.grading.prepare import Prepared
from autograder.grading.task import Execute, task
from autograder.jobs import Job, Limits, Result
from ds101.errors import Ds101Error

TICK = 1.0  # seconds between two looks at who is overdue
MARGIN = 120.0  # seconds for all that is neither the notebook nor the judge

SETTINGS = {
    "distributed.scheduler.allowed-failures": 0,  # a worker that dies takes its task along
    "distributed.worker.daemon": False,  # sandboxes are processes of their own
    "distributed.comm.timeouts.connect": "30s",
    "distributed.admin.large-graph-warning-threshold": "1GB",
}


class ClusterError(Ds101Error, RuntimeError):
    """There are no workers, or no more."""


@dataclass(frozen=True)
class Lost:
    """No result came of a job; `reason` says why."""

    reason: str


@dataclass
class Workers:
    """Workers that are there. `run` takes jobs as places come free, and gives what came of each when it is known."""

    client: Any
    places: int
    execute: Execute
    deadline: float
    _flying: dict[Future[Any], Prepared] = field(default_factory=dict)
    _since: dict[Any, float] = field(default_factory=dict)

    def run(self, jobs: Iterator[Prepared]) -> Iterator[tuple[Prepared, Result | Lost]]:
        done: queue.SimpleQueue[Future[Any]] = queue.SimpleQueue()
        looked = time.monotonic()
        try:
            while True:
                while len(self._flying) < self.places and (prepared := next(jobs, None)) is not None:
                    future = self.client.submit(task, self.execute, prepared.job, pure=False, retries=0)
                    self._flying[future] = prepared
                    future.add_done_callback(done.put)
                if not self._flying:
                    return
                try:
                    future = done.get(timeout=TICK)
                except queue.Empty:
                    pass
                else:
                    if (landed := self._flying.pop(future, None)) is not None:
                        yield landed, self._outcome(future, landed.job)
                if time.monotonic() - looked > TICK:
                    looked = time.monotonic()
                    yield from self._overdue()
        finally:
            self.client.cancel(list(self._flying), force=True)
            self._flying.clear()

    def _outcome(self, future: Future[Any], job: Job) -> Result | Lost:
        if self.client.status != "running":
            raise ClusterError(
                "The Dask cluster is gone. What was recorded is safe: the same command goes on from there."
            )
        try:
            result = future.result(timeout=60)
        except KilledWorker:
            return Lost("the process that graded it ended")
        except Exception as error:  # whatever the grader raised
            return Lost(f"the grader failed ({type(error).__name__}: {error})"[:300])
        finally:
            self._since.pop(future.key, None)
            future.release()
        if not isinstance(result, Result) or (result.student, result.lab) != (job.student, job.lab):
            return Lost("what came back belongs to another submission")
        return result

    def _overdue(self) -> Iterator[tuple[Prepared, Lost]]:
        """Give up tasks that run for too long, and end the processes that run them."""
        now = time.monotonic()
        running = {key: worker for worker, keys in self.client.processing().items() for key in keys}
        self._since = {key: self._since.get(key, now) for key in running}
        for future, prepared in list(self._flying.items()):
            if now - self._since.get(future.key, now) > self.deadline:
                del self._flying[future]
                future.cancel(force=True)
                self.client.restart_workers([running[future.key]], timeout=60, raise_for_error=False)
                yield prepared, Lost(f"it was not done after {self.deadline:.0f} s")


@contextmanager
def open_workers(
    execute: Execute, *, count: int, scheduler: str = "", deadline: float | None = None
) -> Iterator[Workers]:
    """`count` local processes; or, with the address of a scheduler, the workers that it has."""
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(SETTINGS))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        for name in ("distributed", "tornado", "asyncio"):
            stack.enter_context(_silent(logging.getLogger(name)))
        client = stack.enter_context(_there(scheduler) if scheduler else _local(count))
        places = sum(client.nthreads().values())
        yield Workers(client, places, execute, deadline or most_seconds(Limits()))


def most_seconds(limits: Limits) -> float:
    """How long a submission may take, all in all."""
    return limits.notebook + limits.judging + MARGIN


@contextmanager
def _local(count: int) -> Iterator[Any]:
    """Processes on this machine that talk only to whoever has this run's certificate."""
    with tempfile.TemporaryDirectory(prefix="ds101-dask-", ignore_cleanup_errors=True) as folder, LocalCluster(
        n_workers=count, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None,
        memory_limit=None, silence_logs=logging.CRITICAL + 1, local_directory=folder, security=Security.temporary(),
    ) as cluster, Client(cluster, set_as_default=False) as client:  # fmt: skip
        client.wait_for_workers(count, timeout=120)
        yield client


@contextmanager
def _there(scheduler: str) -> Iterator[Any]:
    try:
        client = Client(scheduler, set_as_default=False, timeout=30)
    except (OSError, ValueError) as error:
        raise ClusterError(f"There is no Dask scheduler at {scheduler}: {error}") from error
    with client:
        threads = client.nthreads()
        if not threads or max(threads.values()) > 1:
            raise ClusterError(
                f"The scheduler at {scheduler} has {len(threads)} workers, and needs some with one thread each: "
                "start them with  dask worker ADDRESS --nthreads 1."
            )
        yield client


@contextmanager
def _silent(logger: logging.Logger) -> Iterator[None]:
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)
