"""The declared graph: the Pulumi programs run in this process, and what they register is kept.

The SDK's mock monitor stands where Pulumi's engine would. Each id that the cloud would give is a mark that names the resource,
and so is each answer to an invoke; wherever a mark turns up in another resource's properties, it is a reference.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import multiprocessing
import os
import runpy
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import Any, Final
from unittest import mock

from pulumi.runtime import mocks, rpc
from pulumi.runtime import resource as registering
from pulumi.runtime.proto import resource_pb2, source_pb2
from pulumi.runtime.settings import SETTINGS, configure, get_root_resource
from pulumi.runtime.stack import Stack, run_in_stack
from pulumi.runtime.sync_await import _sync_await  # what the SDK's own monitor does with a coroutine on its threads

from luxops.domains.cloud.marks import MarkError, mark_of, unmarked
from luxops.domains.cloud.nouns import Declared, Graph, Lookup, Ref, Urn, references
from luxops.domains.cloud.programs import Program, given_federation, waves_of
from luxops.errors import LuxopsError
from luxops.federation import Federation
from luxops.model import digest_of

MAX_RESOURCES: Final = 500
"""In one stack: Pulumi previews more than that too slowly for anybody to wait."""

_STACK = "pulumi:pulumi:Stack"
_REFERENCE = "pulumi:pulumi:StackReference"
_PROVIDER = "pulumi:providers:"

Outputs = Mapping[str, Any]
_Captured = tuple[Outputs, dict[Urn, Declared]]


class CaptureError(LuxopsError):
    """A program cannot be run, or declares what no plan can be made of."""


def capture(federation: Federation, folder: Path, processes: int = 0) -> Graph:
    """Everything that the programs in `folder` declare for the federation. Raises CaptureError.

    Stacks that do not read each other run in `processes` at once: one a core, unless said otherwise; 1 stays in this process.
    """
    exported: dict[str, Outputs] = {}
    resources: dict[Urn, Declared] = {}
    with _several(folder, federation, processes or os.cpu_count() or 1) as run:
        for wave in waves_of(federation):
            for program, (outputs, declared) in zip(wave, run(wave, dict(exported)), strict=True):
                exported[program.id] = outputs
                resources |= declared
    stacks = tuple(program.id for wave in waves_of(federation) for program in wave)
    graph = Graph(resources=resources, stacks=stacks, digest=_digest(resources.values()))
    _refuse_dangling(graph)
    _refuse_large(graph)
    return graph


_Run = Callable[[Sequence[Program], Mapping[str, Outputs]], Iterable[_Captured]]


@contextlib.contextmanager
def _several(folder: Path, federation: Federation, processes: int) -> Iterator[_Run]:
    """Runs programs of one wave; a single one is not worth another process."""

    def here(wave: Sequence[Program], exported: Mapping[str, Outputs]) -> Iterable[_Captured]:
        return (_captured(folder, federation, exported, program) for program in wave)

    if processes == 1:
        yield here
        return
    # Started afresh and not forked: this process may have threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_made_ready, initargs=(federation,)) as pool:
        for _ in range(processes):
            pool.submit(os.getpid)  # they import what they need while the first wave, of one program, runs here

        def run(wave: Sequence[Program], exported: Mapping[str, Outputs]) -> Iterable[_Captured]:
            try:
                yield from here(wave, exported) if len(wave) == 1 else pool.map(partial(_at_work, folder, exported), wave)
            except BrokenProcessPool:
                raise CaptureError("A process in which programs ran was ended", why="often for want of memory") from None

        yield run


def _made_ready(federation: Federation) -> None:
    """In a process that runs programs."""
    import pulumi_openstack  # noqa: F401, PLC0415 - what takes long to import, before the first program needs it

    given_federation.set(federation)


def _at_work(folder: Path, exported: Mapping[str, Outputs], program: Program) -> _Captured:
    federation = given_federation.get()
    assert federation is not None  # noqa: S101 - this process was made ready
    return _captured(folder, federation, exported, program)


def _captured(folder: Path, federation: Federation, exported: Mapping[str, Outputs], program: Program) -> _Captured:
    """What one program exports and declares.

    Collecting garbage among its many small objects would cost a third of the time, and noting for Pulumi's engine where in the
    program each resource is declared, a fifth.
    """
    monitor = _Monitor(program, exported)
    collecting = gc.isenabled()
    gc.disable()
    try:
        with mock.patch.object(registering, "_get_stack_trace", source_pb2.StackTrace):
            outputs = contextvars.Context().run(_run, program, folder, federation, monitor)
    finally:
        if collecting:
            gc.enable()
    return outputs, monitor.declared()


def _digest(resources: Iterable[Declared]) -> Any:  # noqa: ANN401 - a Digest
    return digest_of({r.urn: [r.type, _plain(r.properties), sorted(r.depends_on), r.protect] for r in resources})


def _plain(value: Any) -> Any:  # noqa: ANN401 - any declared value
    if isinstance(value, Ref | Lookup):
        return mark_of(value)
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def _refuse_dangling(graph: Graph) -> None:
    for resource in graph.resources.values():
        for urn in resource.depends_on:
            if urn not in graph.resources:
                raise CaptureError(f"{resource.urn} depends on {urn}, which no program declares")


def _refuse_large(graph: Graph) -> None:
    for stack, resources in graph.by_stack.items():
        if len(resources) >= MAX_RESOURCES:
            raise CaptureError(
                f"Stack {stack} has {len(resources)} resources",
                why=f"a stack stays under {MAX_RESOURCES}, so that a preview takes seconds",
                remedy="Divide what it declares: fewer flows of single subnets, or a service of its own.",
            )


def _run(program: Program, folder: Path, federation: Federation, monitor: _Monitor) -> Outputs:
    """In a context of its own: the SDK keeps its state in context variables."""
    path = folder / program.project / "__main__.py"
    if not path.is_file():
        raise CaptureError(f"There is no program at `{path}`", remedy="Name the folder with LUXOPS_CLOUD__STACKS.")
    given_federation.set(federation)
    configure(
        mocks.MockSettings(  # type: ignore[no-untyped-call] # the SDK's own has no types
            monitor=monitor,
            monitor_features=set(monitor.GetDeploymentInfo(None).supportedFeatures),  # type: ignore[no-untyped-call]
            engine=mocks.MockEngine(None),
            project=program.project,
            stack=program.name,
            dry_run=False,
            organization="organization",
            callbacks=None,
        )
    )
    outputs: dict[str, Any] = {}

    async def body() -> None:
        _carried_out(path, program)
        await _settled()
        root = get_root_resource()
        assert isinstance(root, Stack)  # noqa: S101 - run_in_stack has just made it
        outputs.update(root.outputs)

    loop = asyncio.new_event_loop()
    # Of what failed, one failure is raised; the SDK leaves others behind in futures that nobody asks.
    loop.set_exception_handler(lambda _loop, _context: None)
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(run_in_stack(body))
        return {name: loop.run_until_complete(_known(value)) for name, value in outputs.items()}
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        asyncio.set_event_loop(None)
        loop.close()


def _carried_out(path: Path, program: Program) -> None:
    try:
        runpy.run_path(str(path), run_name="__main__")
    except LuxopsError:
        raise
    except (Exception, SystemExit) as error:  # a person's program may raise anything
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        where = f"{path}:{lines[-1]}" if lines else str(path)
        raise CaptureError(
            f"The program of stack {program.id} failed", why=f"{where}: {type(error).__name__}: {error}"
        ) from error


async def _settled() -> None:
    """Wait for what the program has begun. The SDK does so too, at a cost that grows with the square of the resources."""
    while pending := list(SETTINGS.outputs):
        SETTINGS.outputs.clear()
        await asyncio.gather(*pending)


async def _known(value: Any) -> Any:  # noqa: ANN401 - any output
    import pulumi  # noqa: PLC0415 - the SDK's package costs a second and is needed only here

    return await pulumi.Output.from_input(value).future()


class _Monitor(mocks.MockMonitor):
    """Keeps each registration whole, with its parent, dependencies and protection, which mocks are not shown."""

    def __init__(self, program: Program, exported: Mapping[str, Outputs]) -> None:
        super().__init__(_Answers())
        self._program = program
        self._exported = exported
        self._requests: dict[str, Any] = {}
        """By the monitor's URN."""
        self._twice: list[str] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: ANN401, N802 - of the SDK's interface
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == _STACK:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        if urn in self._requests:
            self._twice.append(f"{self._urn_of(request)} is declared twice")
        self._requests[urn] = request
        mark = "provider" if request.type.startswith(_PROVIDER) else mark_of(Ref(self._urn_of(request)))
        # What was declared is what comes out, so that a component can read back what it has set.
        return resource_pb2.RegisterResourceResponse(urn=urn, id=mark if request.custom else "", object=request.object)

    def ReadResource(self, request: Any) -> Any:  # noqa: ANN401, N802 - of the SDK's interface
        if request.type != _REFERENCE:
            raise CaptureError(f"{request.name}: a program may read other stacks, and look up by invokes; not {request.type}")
        urn = self.make_urn(request.parent, request.type, request.name)
        stack = request.id.rpartition("organization/")[2]
        if stack not in self._exported:
            raise CaptureError(f"Stack {self._program.id} reads stack {stack}, which comes later or is not there")
        state = {"name": request.id, "outputs": dict(self._exported[stack]), "secretOutputNames": []}
        return resource_pb2.ReadResourceResponse(urn=urn, properties=_sync_await(rpc.serialize_properties(state, {})))

    def _urn_of(self, request: Any) -> Urn:  # noqa: ANN401 - a request
        return Urn(f"{self._program.id}::{request.type}::{request.name}")

    def declared(self) -> dict[Urn, Declared]:
        """What the program has registered. Raises CaptureError."""
        if self._twice:
            raise CaptureError("\n".join(sorted(set(self._twice))))
        found: dict[Urn, Declared] = {}
        kept = {urn: self._urn_of(request) for urn, request in self._requests.items() if self._is_resource(request)}
        # The SDK registers in another order each time.
        for urn in sorted(kept, key=kept.__getitem__):
            resource = self._resource(self._requests[urn], kept)
            if resource.urn in found:
                raise CaptureError(f"{resource.urn} is declared twice")
            found[resource.urn] = resource
        return found

    @staticmethod
    def _is_resource(request: Any) -> bool:  # noqa: ANN401 - a request
        """Components only group others, but for those that carry properties of their own: luxops itself sees to them."""
        return not request.type.startswith(_PROVIDER) and bool(request.custom or request.object)

    def _resource(self, request: Any, kept: Mapping[str, Urn]) -> Declared:  # noqa: ANN401 - a request
        urn = self._urn_of(request)
        try:
            properties = unmarked(rpc.deserialize_properties(request.object))
        except MarkError as error:
            raise CaptureError(f"{urn}: {error}") from None
        named = [ref.urn for ref in references(properties) if isinstance(ref, Ref)]
        provider = self._provider_of(request)
        awaited = [*request.dependencies, *(provider.dependencies if provider else ())]
        asked = [kept[urn] for urn in awaited if urn in kept]
        parent = self._requests.get(request.parent)
        project = self._project_of(provider)
        return Declared(
            urn=urn,
            stack=self._program.id,
            type=request.type,
            name=request.name,
            properties=dict(sorted(properties.items())),
            parent="" if parent is None else parent.name,
            lineage=tuple(self._lineage(request)),
            depends_on=tuple(sorted({*([project.urn] if project else []), *named, *asked})),
            protect=request.protect,
            project=project,
        )

    def _lineage(self, request: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - a request
        found = []
        while (request := self._requests.get(request.parent)) is not None:
            found.append((request.type, request.name))
        return found[::-1]

    def _provider_of(self, request: Any) -> Any:  # noqa: ANN401 - a request, or None
        """The explicit provider that the resource names."""
        return self._requests.get(request.provider.rpartition("::")[0])

    @staticmethod
    def _project_of(provider: Any) -> Ref | None:  # noqa: ANN401 - a request, or None
        tenant = None if provider is None else unmarked(rpc.deserialize_properties(provider.object)).get("tenantId")
        return tenant if isinstance(tenant, Ref) else None


class _Answers(mocks.Mocks):
    """Each answer to an invoke names the question."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        raise AssertionError(f"{args.typ} is registered by the monitor itself")

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:  # type: ignore[override] # the SDK takes either
        arguments = tuple(sorted((key, str(value)) for key, value in args.args.items()))
        return {output: mark_of(Lookup(args.token, arguments, output)) for output in ("id", "userId", "projectId")}
