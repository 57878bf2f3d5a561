"""A program under test: a supervisor over small shell commands, given as ``name=command``."""

import signal
import sys

from invoicer_core.embedded.process import spawn
from invoicer_core.embedded.supervisor import CannotStart, Program, Supervisor


def say(line: str) -> None:
    print(line, flush=True)


def program(name: str, command: str) -> Program:
    def start():
        child = spawn(["sh", "-c", f"exec {command}"])
        say(f"started {name} {child.pid}")
        return child

    return Program(name, start, (signal.SIGTERM, 2), is_server=name.startswith("server"))


def main(arguments: list[str]) -> int:
    supervisor = Supervisor(say)
    supervisor.listen()
    try:
        for argument in arguments:
            name, _, command = argument.partition("=")
            supervisor.add(program(name, command))
        supervisor.run([])
    except CannotStart as error:
        say(f"gave up: {error}")
        return 1
    finally:
        supervisor.stop_all()
        say("all stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
