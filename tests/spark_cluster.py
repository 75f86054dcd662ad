"""A Spark cluster of the tests' own: a master and two workers, each a process, on free ports, gone at the end."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

SECONDS = 90
# For work of seconds the quick compiler of Java is enough, and leaves the cores to the work.
JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


@dataclass(frozen=True)
class Cluster:
    """`settings` is for a session on it; `home` and `environment` are what starts a further program of Spark."""

    master: str
    settings: dict[str, str]
    home: Path
    environment: dict[str, str]
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
    with tempfile.TemporaryDirectory(prefix="wardbench-spark-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        environment = {
            **os.environ,
            "SPARK_HOME": str(home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_MEMORY": "512m",
            "SPARK_DAEMON_JAVA_OPTS": f"{JAVA} -Dspark.master.rest.enabled=false",
            "SPARK_LOCAL_DIRS": name,
        }
        settings = {
            "spark.driver.memory": "1g",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.extraJavaOptions": f"{JAVA} -Djava.io.tmpdir={name}",
            "spark.executor.memory": "1g",
            "spark.executor.cores": "1",
            "spark.executor.extraJavaOptions": JAVA,
            "spark.local.dir": name,
            "spark.sql.shuffle.partitions": "2",
            "spark.default.parallelism": "2",
        }
        started: list[subprocess.Popen[bytes]] = []

        def start(log: str, *arguments: str) -> Path:
            with (folder / log).open("wb") as out:
                command = [str(home / "bin" / "spark-class"), *arguments]
                process = subprocess.Popen(command, env=environment, stdout=out, stderr=out, start_new_session=True)
            started.append(process)
            return folder / log

        # Each takes a port that is free and says which.
        where = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        try:
            said = start("master.log", "org.apache.spark.deploy.master.Master", *where)
            master = _read(said, r"Starting Spark master at (\S+)")
            own = ("--cores", "1", "--memory", "2g", "--work-dir", name)
            logs = [
                start(f"worker{number}.log", "org.apache.spark.deploy.worker.Worker", *where, *own, master)
                for number in (1, 2)
            ]
            for log in logs:
                _read(log, "(Successfully registered with master)")
            yield Cluster(master, settings, home, environment, started[1:])
        finally:
            for process in started:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@contextmanager
def connect_server(cluster: Cluster) -> Iterator[str]:
    """A server of Spark Connect on the cluster; gives its address."""
    told = {
        **cluster.settings,
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": "0",
    }
    conf = [part for name, value in told.items() for part in ("--conf", f"{name}={value}")]
    server = ("--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal")
    command = [str(cluster.home / "bin" / "spark-class"), "org.apache.spark.deploy.SparkSubmit"]
    log = Path(cluster.settings["spark.local.dir"]) / "connect.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--master", cluster.master, *conf, *server],
            env=cluster.environment,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        yield f"sc://127.0.0.1:{_read(log, r'Spark Connect server started at: .*:([0-9]+)')}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _read(log: Path, pattern: str) -> str:
    """What the pattern finds in a log, as soon as it is there."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        found = re.search(pattern, log.read_text(errors="replace"))
        if found:
            return found[1]
        time.sleep(0.2)
    raise TimeoutError(f"Spark did not say {pattern}: {log.read_text(errors='replace')[-2000:]}")
