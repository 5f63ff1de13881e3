"""`sandbox serve`: its first two lines are all a client needs."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest


@pytest.fixture
def serve(home):
    started = []

    def serve(*arguments):
        command = [sys.executable, "-m", "importer", "sandbox", "serve", *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield serve
    for process in started:
        process.kill()
        process.communicate()


def test_its_first_lines_lead_a_client_to_it(serve, home, process):
    served = serve()
    lines = [served.stdout.readline().strip().partition("=") for _ in range(2)]
    said = {name: value for name, _, value in lines}

    request = urllib.request.Request(
        f"{said['HUBSPOT_BASE_URL']}/crm/v3/owners",
        headers={"Authorization": f"Bearer {said['HUBSPOT_ACCESS_TOKEN']}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        owners = json.load(answer)["results"]

    assert list(said) == ["HUBSPOT_BASE_URL", "HUBSPOT_ACCESS_TOKEN"]
    assert owners
    assert (home / "sandbox.sqlite3").is_file(), "its state is kept where runs are"


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_quietly(serve, number):
    served = serve()
    served.stdout.readline()

    served.send_signal(number)
    _, errors = served.communicate(timeout=30)

    assert served.returncode == 0
    assert "Traceback" not in errors


def test_a_port_that_is_taken(serve):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        served = serve("--port", str(port))
        _, errors = served.communicate(timeout=30)

    assert served.returncode == 2
    assert str(port) in errors
