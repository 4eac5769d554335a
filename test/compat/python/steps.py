"""What both Python scripts share: a transcript in steps, and a group of members in processes of their own."""

import json
import subprocess
import sys
import threading
import time

FIRST_TIMESTAMP = 1_500_000_000_000
"""Record times are fixed and long ago, so the topics that hold them keep records for ever."""


def step(name, run, sort=False):
    """Notes what `run` returns or raises; a list is noted line by line."""
    print(f"## {name}", flush=True)
    try:
        result = run()
    except Exception as failure:  # the kind of failure is the answer
        result = failure_line(failure)
    lines = result if isinstance(result, list) else [] if result is None else [result]
    lines = [str(line) for line in lines]
    for line in sorted(lines) if sort else lines:
        print(line)
    print(flush=True)
    return result


def failure_line(failure):
    return f"{type(failure).__name__}: {failure}"


def settle():
    """The controller answers before the broker's own view follows, by some milliseconds."""
    time.sleep(0.3)


def until(holds, what, timeout_s=20):
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if holds():
            return
        time.sleep(0.02)
    raise TimeoutError(what)


class Members:
    """Group members, each this very script run as `script member BOOTSTRAP GROUP TOPIC NAME`, telling in JSON lines what they
    were assigned and what they read."""

    def __init__(self, bootstrap, group, topic):
        self.arguments = [bootstrap, group, topic]
        self.processes = {}
        self.assigned = {}
        self.read = set()
        self.failures = []

    def start(self, name):
        command = [sys.executable, sys.argv[0], "member", *self.arguments, name]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
        self.processes[name] = process
        self.assigned[name] = []
        threading.Thread(target=self._listen, args=[name, process], daemon=True).start()
        threading.Thread(target=self._complain, args=[name, process], daemon=True).start()

    def _listen(self, name, process):
        for line in process.stdout:
            told = json.loads(line)
            if "assigned" in told:
                self.assigned[name] = told["assigned"]
            elif "failed" in told:
                self.failures.append(told["failed"])
            else:
                self.read.add(tuple(told["record"]))

    def _complain(self, name, process):
        """Keeps the last words of a member that fails."""
        for line in process.stderr:
            self.failures = [*self.failures[-4:], f"{name}: {line.strip()}"]

    def shares(self):
        """The number of partitions of each living member, smallest first."""
        return sorted(len(partitions) for partitions in self.assigned.values())

    def until_shares(self, shares):
        def holds():
            return self.shares() == shares and len({p for ps in self.assigned.values() for p in ps}) == sum(shares)
        until(holds, f"shares {shares}, got {self.assigned}, {self.failures}")

    def kill(self, name):
        """As a crash: no LeaveGroup is sent."""
        self.processes[name].kill()
        self.processes[name].wait()
        del self.assigned[name]

    def leave(self, name):
        """Closing standard input asks a member to close its consumer and end."""
        self.processes[name].stdin.close()
        self.processes[name].wait(20)
        del self.assigned[name]

    def stop(self):
        for process in self.processes.values():
            process.kill()
            process.wait()


def tell(**what):
    print(json.dumps(what), flush=True)


def stdin_closed():
    """An event that is set when the parent closes our standard input or is gone."""
    closed = threading.Event()

    def wait():
        sys.stdin.read()
        closed.set()

    threading.Thread(target=wait, daemon=True).start()
    return closed
