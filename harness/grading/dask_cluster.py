"""The way to a Dask cluster: one that is there, or one that is started here."""

from __future__ import annotations

import logging
import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing import resource_tracker

import dask
from distributed import Client, LocalCluster

from harness.errors import UserError
from harness.execution.interrupts import held_interrupts
from harness.grading import dask_preload
from harness.grading.dask_engine import CONNECT_SECONDS, DaskEngine, refused
from harness.grading.dask_worker import BatchOrder, order_of, prepare
from harness.grading.engine import Engine, GraderOf

LOCAL = "local:"
_SETTINGS = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.worker.daemon": False,
    "distributed.comm.timeouts.connect": f"{CONNECT_SECONDS}s",
    "distributed.nanny.pre-spawn-environ.DASK_LOGGING__DISTRIBUTED": "critical",
}
"""Of a cluster that is started here: a task that kills its worker is not tried on the next one, and
workers print nothing, not even before they have read their settings."""


@contextmanager
def dask_workers(
    address: str, grader_of: GraderOf, rules: Sequence[str], style: bool, urgent: bool
) -> Iterator[Engine]:
    """Grade on the cluster with this scheduler, or on one started here, ``local:N``. ``rules`` are
    the keys of the rules that are known so far, ``style`` is whether style is judged; what is
    urgent goes before other batches of the cluster. Raises `UserError`."""
    orders = [order_of(grader_of(key), key, style) for key in rules]
    logging.disable()  # what matters is told as an error, in one line
    with dask.config.set(_SETTINGS), _client(address) as client:
        _require_prepared(client, orders)
        yield DaskEngine(client, grader_of, style, urgent)


@contextmanager
def _client(address: str) -> Iterator[Client]:
    if address.startswith(LOCAL):
        count = _count(address)
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            with _uninterrupted():
                cluster = LocalCluster(
                    n_workers=count,
                    threads_per_worker=1,
                    dashboard_address=":0",
                    silence_logs=logging.CRITICAL,
                    local_directory=folder,
                    preload=[dask_preload.__name__],
                )
                stack.enter_context(cluster)
                client = stack.enter_context(Client(cluster))
            yield client
        return
    if "@" in address:  # nobody needs a password here, so whatever it is must not be shown
        raise UserError(
            "--dask: expected no user or password in the address of a scheduler, found an @",
            "use tcp://HOST:PORT, and certificates for a cluster that is not open to all",
        )
    try:
        client = Client(address, timeout=CONNECT_SECONDS)
    except Exception as error:  # each kind of connection has errors of its own
        reason = (str(error).splitlines() or ["what answers is something else"])[0]
        named = address or "--dask"
        raise UserError(
            f"{named}: expected the scheduler of a Dask cluster, found none: {reason}",
            "start one with dask-scheduler, or use --dask local:4",
        ) from error
    with client:
        yield client


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let interrupts wait: Dask can't end a cluster that it has started in part. Processes that
    begin here let Ctrl-C wait for ever; see `dask_preload`."""
    resource_tracker.ensure_running()  # or else the first process to begin would unblock Ctrl-C
    with held_interrupts():
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _count(address: str) -> int:
    count = address.removeprefix(LOCAL)
    if not count.isdigit() or int(count) == 0:
        raise UserError(f"--dask {address}: expected a number of workers, as in local:4")
    return int(count)


def _require_prepared(client: Client, orders: Sequence[BatchOrder]) -> None:
    """Raise `UserError` unless there are workers, and all can grade by these orders."""
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except TimeoutError as error:
        raise UserError(
            "the cluster: expected workers, found none", "start some with dask-worker ADDRESS"
        ) from error
    for worker, answer in client.run(prepare, orders, on_error="return").items():
        if answer:
            raise refused(worker, str(answer))
