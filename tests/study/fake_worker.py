"""A worker without JAX: speaks the runtime's protocol and behaves as `script.json` in the study directory says.

    {"runs": {ID: {"loss": x, "state": "diverged", "do": [first attempt, second, ...]}}}

An attempt is "train" (the default), "hold" (after three steps waits for a stop), "die" (kill -9 after three
steps), "fall" (the same, once they are saved), "fail" (the same reason each time), "flake" (another reason each
time), "babble" (an event that cannot be read) or "vanish" (done without a result).
What it was given is noted, in order, in `given.txt`.
"""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

STEPS = 10
compiled = set()
stop = threading.Event()


def say(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


def note(path, text):
    with path.open("a") as file:
        file.write(text + "\n")


def train(folder):
    study, run = folder.parent.parent, folder.name
    script = json.loads((study / "script.json").read_text())
    todo = script["runs"].get(run, {})
    note(study / "given.txt", run)
    attempt = (study / "given.txt").read_text().split().count(run) - 1
    do = (todo.get("do", []) + ["train"] * (attempt + 1))[attempt]
    state = folder / "step.txt"
    first = int(state.read_text()) if state.exists() else 0
    say("started", run=run, step=first, steps=STEPS)
    if do == "fail":
        return say("failed", run=run, reason="record 7 cannot be read", detail=f"Traceback at {time.time()}")
    if do == "flake":
        return say("failed", run=run, reason=f"no memory in attempt {attempt}", detail="")
    program = todo.get("program", "P")
    if program not in compiled:
        compiled.add(program)
        say("compiled", run=run, program=program, kind="train", seconds=0.5, cached=False)
    for step in range(first, STEPS):
        if do == "hold" and step == first + 3:
            stop.wait()
        if stop.is_set():
            state.write_text(str(step))
            say("saved", run=run, step=step)
            say("stopped", run=run, step=step)
            sys.exit(0)
        say("progress", run=run, step=step + 1, steps=STEPS, loss=3 - step / 10, images_per_second=1000.0)
        if do in {"die", "fall"} and step == first + 2:
            state.write_text(str(step + 1))
            die(run, saved=step + 1 if do == "fall" else None)
        if do == "babble":
            return say("progress", run=run, step="many")
    if do != "vanish":
        result = finish(folder, todo)
    return say("done", run=run, result={} if do == "vanish" else result)


def die(run, saved):
    if saved is not None:
        say("saved", run=run, step=saved)
    os.kill(os.getpid(), signal.SIGKILL)


def finish(folder, todo):
    diverged = todo.get("state") == "diverged"
    result = {
        "state": todo.get("state", "done"),
        "step": STEPS,
        "steps": STEPS,
        "train_loss": None if diverged else 1.0,
        "holdout_loss": None if diverged else todo.get("loss", 1.0),
        "top1": None if diverged else todo.get("top1", 0.5),
        "top5": None if diverged else 0.9,
        "examples_evaluated": 100,
        "seconds": 1.0,
        "images_per_second": 1000.0,
    }
    (folder / "result.tmp").write_text(json.dumps(result))
    (folder / "result.tmp").replace(folder / "result.json")
    return result


def listen():
    """Trains what stdin asks for on the main thread; the end of stdin ends the process at once."""
    asked = []
    arrived = threading.Condition()

    def read():
        for line in sys.stdin:
            with arrived:
                asked.append(Path(json.loads(line)["run"]))
                arrived.notify()
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    say("ready", process=0, processes=1)
    while True:
        with arrived:
            while not asked:
                arrived.wait(0.05)
                if stop.is_set():
                    sys.exit(0)
            folder = asked.pop(0)
        train(folder)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    print("a library's greeting", flush=True)
    listen()
