"""Jobs -> results, on Dask: a local cluster of processes, or one that a department already has.

A task is one submission. Nothing is repeated behind our back: a task whose worker dies, or that is not done by its
deadline, comes back as `Lost`, and whoever asked decides. At no time are more jobs under way than there are workers, so
memory doesn't grow with the class.
"""

from __future__ import annotations

import logging
import os
import queue
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import dask
from distributed import Client, Future, KilledWorker, LocalCluster
from distributed.security import Security

from autograder.grading.prepare import Prepared
from autograder.grading.task import Deaf, Execute, task
from autograder.jobs import Job, Limits, Result
from autograder.sandbox.errors import NoSandbox
from autograder.sandbox.folders import temporary
from ds101.errors import Ds101Error

TICK = 1.0  # seconds between two looks at who is overdue
PATIENCE = 30  # seconds until a scheduler has to answer
MARGIN = 120.0  # seconds for all that is neither the notebook nor the judge

GONE = "the process that graded it ended"
KEPT = "What was recorded is safe, and the same command goes on from there."

SETTINGS = {
    "distributed.scheduler.allowed-failures": 0,  # a worker that dies takes its task along
    "distributed.worker.daemon": False,  # sandboxes are processes of their own
    "distributed.comm.timeouts.connect": "30s",
    "distributed.admin.large-graph-warning-threshold": "1GB",
}


class ClusterError(Ds101Error, RuntimeError):
    """There are no workers, or no more."""


@dataclass(frozen=True)
class Flight:
    """A job that is under way: which worker has it, and since when."""

    prepared: Prepared
    worker: str
    since: float


@dataclass(frozen=True)
class Lost:
    """No result came of a job; `reason` says why."""

    reason: str


@dataclass
class Workers:
    """Workers that are there. `run` takes jobs as places come free, and gives what came of each when it is known.

    Each job has a worker to itself from the moment when it is handed over: so one that dies takes no other's along.
    """

    client: Any
    execute: Execute
    deadline: float
    _flying: dict[Future[Any], Flight] = field(default_factory=dict)
    _landed: queue.SimpleQueue[Future[Any]] = field(default_factory=queue.SimpleQueue)
    _looked: float = 0.0

    def run(self, jobs: Iterator[Prepared]) -> Iterator[tuple[Prepared, Result | Lost]]:
        alone_since = time.monotonic()
        try:
            following = next(jobs, None)
            while following or self._flying:
                while following and (worker := self._free()):
                    self._start(following, worker)
                    following = next(jobs, None)
                if self._flying:
                    alone_since = time.monotonic()
                elif time.monotonic() - alone_since > 4 * PATIENCE:
                    raise ClusterError(f"There are no workers left. {KEPT}")
                with suppress(queue.Empty):
                    future = self._landed.get(timeout=TICK)
                    if flight := self._flying.pop(future, None):
                        yield flight.prepared, self._outcome(future, flight.prepared.job)
                yield from self._overdue()
        finally:
            self.client.cancel(list(self._flying), force=True)
            self._flying.clear()

    def _free(self) -> str:
        """A worker that has nothing to do; none: an empty name."""
        if self.client.status != "running":
            raise ClusterError(f"The Dask cluster is gone. {KEPT}")
        there = set(self.client.nthreads()) - {flight.worker for flight in self._flying.values()}
        return min(there, default="")

    def _start(self, prepared: Prepared, worker: str) -> None:
        future = self.client.submit(
            task, self.execute, prepared.job, pure=False, retries=0, workers=[worker], allow_other_workers=False
        )
        self._flying[future] = Flight(prepared, worker, time.monotonic())
        future.add_done_callback(self._landed.put)

    def _outcome(self, future: Future[Any], job: Job) -> Result | Lost:
        if self.client.status != "running":
            raise ClusterError(
                "The Dask cluster is gone. What was recorded is safe: the same command goes on from there."
            )
        try:
            result = future.result(timeout=60)
        except KilledWorker:
            return Lost(GONE)
        except NoSandbox as error:  # of the machine, and of no submission
            raise ClusterError(f"{error} {KEPT}") from error
        except Exception as error:  # whatever the grader raised
            return Lost(f"the grader failed ({type(error).__name__}: {error})"[:300])
        finally:
            future.release()
        if not isinstance(result, Result) or (result.student, result.lab) != (job.student, job.lab):
            return Lost("what came back belongs to another submission")
        return result

    def _overdue(self) -> Iterator[tuple[Prepared, Lost]]:
        """Give up what runs for too long, with the process that runs it, and what waits for a worker that is gone."""
        now = time.monotonic()
        if now - self._looked < TICK:
            return
        self._looked = now
        there = set(self.client.nthreads())
        for future, flight in list(self._flying.items()):
            late = now - flight.since > self.deadline
            if future.done() or not (late or flight.worker not in there):
                continue
            del self._flying[future]
            future.cancel(force=True)
            if late:
                with suppress(Exception):  # it ends before it can answer; its nanny starts another
                    self.client.run(os._exit, 1, workers=[flight.worker], on_error="ignore")
            yield flight.prepared, Lost(f"it was not done after {self.deadline:.0f} s" if late else GONE)


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
        yield Workers(client, execute, deadline or most_seconds(Limits()))


def most_seconds(limits: Limits) -> float:
    """How long a submission may take, all in all."""
    return limits.notebook + limits.judging + MARGIN


@contextmanager
def _local(count: int) -> Iterator[Any]:
    """Processes on this machine that talk only to whoever has this run's certificate."""
    with temporary() as folder, LocalCluster(
        n_workers=count, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None,
        memory_limit=None, silence_logs=logging.CRITICAL + 1, local_directory=str(folder),
        security=Security.temporary(),
    ) as cluster, Client(cluster, set_as_default=False) as client:  # fmt: skip
        client.wait_for_workers(count, timeout=120)
        client.register_plugin(Deaf())
        yield client


@contextmanager
def _there(scheduler: str) -> Iterator[Any]:
    try:
        client = Client(scheduler, set_as_default=False, timeout=PATIENCE)
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
