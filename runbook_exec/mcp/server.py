"""Connects the tools, pages and prompts with the protocol, on standard input and output."""

from __future__ import annotations

import json
import logging
import re
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

from .. import __version__
from ..errors import Refused
from ..masking.masker import Masker
from ..runner.options import parse_hold
from ..system.gc_pause import resume_gc
from .page_tools import PageTools
from .prompts import INSTRUCTIONS, write_prompt
from .run_tools import RunTools
from .served_pages import ServedPage, ServedPages, make_page_masker, read_page
from .slices import clip_text
from .tool import AgentTool, CallArguments, ToolResult
from .tool_error import ToolError

_LISTED = 100  # pages in one part of a list

_LONGEST_PAGE = 200_000  # characters of a page that is read as a resource

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9 ._/-]+")


class AgentServer:
    """Serves the pages of some folders to one client."""

    def __init__(self, folders: Sequence[str], hold: str) -> None:
        parse_hold(hold, {})
        self._pages = ServedPages(folders)
        self.runs = RunTools(self._pages, hold)
        tools = (*PageTools(self._pages).list_tools(), *self.runs.list_tools())
        self._tools = {tool.name: tool for tool in tools}
        self.protocol: Server[Any] = Server(
            "runbook-exec",
            version=__version__,
            instructions=INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_read_resource=self._read_resource,
            on_list_prompts=self._list_prompts,
            on_get_prompt=self._get_prompt,
        )

    async def _list_tools(self, context: Any, params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_describe_tool(tool) for tool in self._tools.values()])

    async def _call_tool(self, context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        call = partial(self._call, params.name, params.arguments or {}, _name_agent(context))
        result, is_error = await anyio.to_thread.run_sync(call, abandon_on_cancel=True)
        text = json.dumps(result, ensure_ascii=False)
        content = [types.TextContent(type="text", text=text)]
        return types.CallToolResult(content=list(content), structured_content=result, is_error=is_error)

    def _call(self, name: str, given: dict[str, object], agent: str) -> tuple[ToolResult, bool]:
        """Return the result of a tool, and whether it is an error; every text in it is masked."""
        try:
            tool = self._tools.get(name)
            if tool is None:
                raise ToolError(f"no such tool; the tools are {', '.join(self._tools)}")
            tool.check_arguments(given)
            result, is_error = tool.call(CallArguments(given, agent)), False
        except (ToolError, Refused) as error:
            result, is_error = {"error": clip_text(str(error))}, True
        return _mask_texts(result, Masker()), is_error

    async def _list_resources(self, context: Any, params: Any) -> types.ListResourcesResult:
        pages, following = await _in_thread(partial(self._list_part, _find_cursor(params)))
        resources = [
            types.Resource(
                uri=page.uri,
                name=page.name,
                mime_type="text/markdown",
            )
            for page in pages
        ]
        return types.ListResourcesResult(resources=resources, next_cursor=following)

    async def _read_resource(
        self, context: Any, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        uri = str(params.uri)
        page = await _in_thread(partial(self._pages.find_resource, uri))
        text = await _in_thread(partial(_read_text, page))
        contents = types.TextResourceContents(uri=uri, mime_type="text/markdown", text=text)
        return types.ReadResourceResult(contents=[contents])

    async def _list_prompts(self, context: Any, params: Any) -> types.ListPromptsResult:
        pages, following = await _in_thread(partial(self._list_part, _find_cursor(params)))
        titles = await _in_thread(lambda: [_find_title(page) for page in pages])
        prompts = [
            types.Prompt(name=page.name, description=f"Run the runbook: {title}")
            for page, title in zip(pages, titles, strict=True)
        ]
        return types.ListPromptsResult(prompts=prompts, next_cursor=following)

    async def _get_prompt(self, context: Any, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        page = await _in_thread(partial(self._pages.find_page, params.name))
        title = await _in_thread(partial(_find_title, page))
        text = types.TextContent(type="text", text=write_prompt(page.name, title))
        return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=text)])

    def _list_part(self, first: int) -> tuple[list[ServedPage], str | None]:
        """Return some pages, and where the list continues."""
        pages = list(self._pages.list_pages())
        end = first + _LISTED
        return pages[first:end], str(end) if end < len(pages) else None


async def _in_thread(call: Callable[[], Any]) -> Any:
    """Return what a function returns, called in a thread; an error of ours becomes one of the protocol."""
    try:
        return await anyio.to_thread.run_sync(call, abandon_on_cancel=True)
    except (ToolError, Refused) as error:
        raise MCPError(types.INVALID_PARAMS, str(error)) from None


def _describe_tool(tool: AgentTool) -> types.Tool:
    hints = types.ToolAnnotations(
        read_only_hint=tool.only_reads,
        destructive_hint=not tool.only_reads,
        open_world_hint=not tool.only_reads,
    )
    return types.Tool(
        name=tool.name, description=tool.description, input_schema=tool.make_schema(), annotations=hints
    )


def _name_agent(context: Any) -> str:
    """Return the name that the client has given itself, as far as a journal takes it."""
    known = context.session.client_params
    name = _NOT_IN_NAMES.sub(" ", known.client_info.name if known else "").strip(" ._/-")
    return name[:60].rstrip() or "unnamed"


def _find_cursor(params: Any) -> int:
    cursor = params.cursor if params else None
    if cursor is None:
        return 0
    if not re.fullmatch(r"\d{1,9}", cursor):
        raise MCPError(types.INVALID_PARAMS, "expected a cursor of this server")
    return int(cursor)


def _read_text(page: ServedPage) -> str:
    """Return the text of a page without the secrets that are written in it."""
    runbook = read_page(page)
    return clip_text(make_page_masker(runbook).mask_page(runbook.text), _LONGEST_PAGE)


def _find_title(page: ServedPage) -> str:
    runbook = read_page(page)
    return make_page_masker(runbook).mask_page(runbook.title)


def _mask_texts(value: Any, masker: Masker) -> Any:
    """Return a result with every known kind of token masked, whatever it comes from."""
    if isinstance(value, str):
        return masker.mask_text(value).encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {name: _mask_texts(each, masker) for name, each in value.items()}
    return [_mask_texts(each, masker) for each in value] if isinstance(value, list) else value


def serve(folders: Sequence[str], hold: str) -> int:
    """Serve one client until it closes our standard input; returns 0. Raises Refused."""
    server = AgentServer(folders, hold)
    resume_gc()
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        # the system ends us: a thread that waits for the client's next message would keep Python alive
        signal.signal(number, signal.SIG_DFL)
    anyio.run(_serve_protocol, server)
    return 0


async def _serve_protocol(server: AgentServer) -> None:
    protocol = server.protocol
    async with stdio_server() as (incoming, outgoing):
        await protocol.run(incoming, outgoing, protocol.create_initialization_options())
        server.runs.is_ending.set()
