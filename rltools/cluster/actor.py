"""What runs in an actor: holds environments, and answers requests."""

import os
from typing import Any

from rltools.cluster.messages import ColumnBytes, pack_message, unpack_message
from rltools.hosting.columns import Columns
from rltools.hosting.report import Report
from rltools.process.host import Host
from rltools.process.protocol import Command, Message
from rltools.process.worker import answer


class HostActor:
    """A worker whose requests come as calls of a Ray actor, one after another.

    It raises nothing: what an environment raises is in the reply.
    """

    def __init__(self) -> None:
        self._host = ActorHost()

    def locate(self) -> tuple[int, str]:
        """The process id, and the address of the node that it runs on."""
        import ray

        return os.getpid(), ray.util.get_node_ip_address()

    def ask(self, request: bytes) -> bytes:
        """Carry out a request; both it and the reply are messages."""
        kind, inputs, body = unpack_message(request)
        host = self._host
        if inputs:
            host.column_bytes.unpack_inputs(inputs)
        status, reply = answer(host, Message(0, kind, body))
        return pack_message(status, host.take_outputs(), reply)


class ActorHost(Host):
    """Holds environments whose columns are sent."""

    def __init__(self) -> None:
        super().__init__(_no_descriptor)
        self._column_bytes: ColumnBytes | None = None
        self._outputs = b""

    @property
    def column_bytes(self) -> ColumnBytes:
        """The columns of its environments; there are some."""
        if self._column_bytes is None:
            self._column_bytes = ColumnBytes(self._columns)
        return self._column_bytes

    def _build(self, *arguments: Any) -> dict[str, Any]:
        description = super()._build(*arguments)
        env = self._envs[0]
        self._use(Columns(env.observation_space, env.action_space, len(self._envs)))
        return description

    def execute(self, command: Command, arguments: tuple[Any, ...]) -> Any:
        """See `Host`; packs the columns that have changed."""
        result = super().execute(command, arguments)
        if isinstance(result, Report):
            chosen = arguments[0] if command is Command.RESET_ROWS else None
            rows = self._rows_of_success(result, chosen)
            self._outputs = self.column_bytes.pack_outputs(rows)
        return result

    def take_outputs(self) -> bytes:
        """The columns that the last request has changed, once."""
        outputs, self._outputs = self._outputs, b""
        return outputs

    def _rows_of_success(self, report: Report, rows: list[int] | None) -> Any:
        failed = report.failures.keys() | report.violations.keys()
        if rows is None and not failed:
            return None
        rows = list(range(len(self._envs))) if rows is None else rows
        return [row for row in rows if row not in failed]


def _no_descriptor() -> int:
    raise AssertionError("nobody on another machine can share memory")
