"""A Spark cluster of the tests' own: a master and two workers, each a process, on free ports, gone at the end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SECONDS = 60
SETTINGS = {
    "spark.executor.memory": "1g",
    "spark.executor.cores": "1",
    "spark.driver.memory": "1g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
}


@dataclass
class Cluster:
    master: str
    workers: list[subprocess.Popen[bytes]]

    def kill_worker(self) -> None:
        """End one worker, and the executors that it started, without a word."""
        os.killpg(self.workers.pop().pid, signal.SIGKILL)


@contextmanager
def running() -> Iterator[Cluster]:
    """A cluster for as long as the block lasts; the test is skipped where Java or PySpark is not there."""
    pyspark = pytest.importorskip("pyspark", reason="PySpark is not installed")
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")
    home = Path(pyspark.__file__).parent
    ports = [_free_port() for _ in range(4)]
    with tempfile.TemporaryDirectory(prefix="wardbench-spark-", ignore_cleanup_errors=True) as folder:
        environment = {
            **os.environ,
            "SPARK_HOME": str(home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_MEMORY": "512m",
            "SPARK_LOCAL_DIRS": folder,
        }

        def start(*arguments: object) -> subprocess.Popen[bytes]:
            command = [str(home / "bin" / "spark-class"), *map(str, arguments)]
            with (Path(folder) / "log").open("ab") as log:
                return subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)

        deploy = "org.apache.spark.deploy"
        where = ("--host", "127.0.0.1")
        master = f"spark://127.0.0.1:{ports[0]}"
        started = [start(f"{deploy}.master.Master", *where, "--port", ports[0], "--webui-port", ports[1])]
        try:
            for number, port in enumerate(ports[2:]):
                own = ("--cores", 1, "--memory", "2g", "--webui-port", port, "--work-dir", f"{folder}/w{number}")
                started.append(start(f"{deploy}.worker.Worker", *where, *own, master))
            _wait(ports[1])
            yield Cluster(master, started[1:])
        finally:
            _stop_session()
            for process in started:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait(port: int) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/", timeout=2) as answer:
                state: dict[str, Any] = json.load(answer)
            if state["aliveworkers"] == 2:
                return
        except OSError:
            pass
        time.sleep(0.3)
    raise TimeoutError("the cluster did not come up")


def _stop_session() -> None:
    from pyspark.sql import SparkSession

    session = SparkSession.getActiveSession()
    if session is not None:
        session.stop()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
