"""What an editor shows: findings, fixes, lenses, hover, rename, definition, completion and symbols."""

from __future__ import annotations

import pytest
from lsprotocol import types

from tests.support.editor import Editor, codes, position_in, start_editor
from tests.support.program import Program

pytestmark = pytest.mark.asyncio

PAGE = """\
---
runbook:
  inputs:
    app-name:
      help: The *name* of the app.
      source: env:APP_NAME
    api-token:
      default: hunter2-hunter2
    message:
      default: "deploy {{ new_id }}"
---

# Deploy

See [[other#Second part|the other page]], [the end](#check), and set `<app-name>` first.

## Steps

### 1. Make an id

<!-- runbook: capture=new-id -->
```bash
make-id <app-name> | tee out.log
```

### 2. Deploy

```bash
deploy --id <new-id> --app <app-name> --token <api-token> -m <message>
```

Then do step 1 again.

## Check

Look at `<new-id>`.
"""


async def apply(editor: Editor, name: str, edit: types.WorkspaceEdit | None) -> str:
    """Return the text of a page after an edit, which must be for its present version."""
    assert edit is not None
    assert edit.document_changes is not None
    (change,) = edit.document_changes
    assert isinstance(change, types.TextDocumentEdit)
    assert change.text_document.version == editor.versions[name]
    text = editor.texts[name]
    lines = text.split("\n")
    starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
    for each in reversed(change.edits):
        assert isinstance(each, types.TextEdit)
        first, last = each.range.start, each.range.end
        start, end = starts[first.line] + first.character, starts[last.line] + last.character
        text = text[:start] + each.new_text + text[end:]
    return text


async def hover(editor: Editor, text: str, needle: str) -> str:
    """Return what is shown for a place of the page."""
    shown = await editor.client.text_document_hover_async(
        types.HoverParams(editor.document("page.md"), position_in(text, needle))
    )
    assert shown is not None
    assert isinstance(shown.contents, types.MarkupContent)
    return shown.contents.value


async def test_findings_follow_the_unsaved_text(program: Program) -> None:
    """What is typed is checked before it is saved, and what is mended is no longer shown."""
    (program.work / "mkdocs.yml").write_text("")
    async with start_editor(program) as editor:
        assert codes(await editor.open("page.md", PAGE)) == ["D501", "M303"]
        editor.replace("page.md", PAGE.replace("| tee out.log", "&& echo 'done"))
        found = await editor.wait_for_findings("page.md")
        assert "P101" in codes(found)
        assert all(each.source == "runbook-exec" for each in found)
        editor.replace(
            "page.md",
            PAGE.replace(" | tee out.log", "").replace("[[other#Second part|", "").replace("]],", ","),
        )
        assert codes(await editor.wait_for_findings("page.md")) == []


async def test_fixes_are_code_actions(program: Program) -> None:
    """A safe change is offered at its finding, and all of them at once."""
    text = "# Deploy\n\nSee [[ home ]] and [[ home]].\n"
    (program.work / "mkdocs.yml").write_text("")
    (program.work / "home.md").write_text("# Home\n")
    async with start_editor(program) as editor:
        assert codes(await editor.open("page.md", text)) == ["D508", "D508"]
        first = types.Range(position_in(text, "[[ home ]]", 3), position_in(text, "[[ home ]]", 3))
        actions = await editor.client.text_document_code_action_async(
            types.CodeActionParams(editor.document("page.md"), first, types.CodeActionContext([]))
        )
        quick, everything = [each for each in actions or () if isinstance(each, types.CodeAction)]
        assert await apply(editor, "page.md", quick.edit) == text.replace("[[ home ]]", "[[home]]")
        assert everything.kind == "source.fixAll.runbook-exec"
        fixed = text.replace("[[ home ]]", "[[home]]").replace("[[ home]]", "[[home]]")
        assert await apply(editor, "page.md", everything.edit) == fixed


async def test_lenses_are_commands_for_a_terminal(program: Program) -> None:
    """Above each step are two commands with the words after `runbook-exec`, and the words are right."""
    async with start_editor(program) as editor:
        await editor.open("page.md", PAGE)
        lenses = await editor.client.text_document_code_lens_async(
            types.CodeLensParams(editor.document("page.md"))
        )
        commands = [lens.command for lens in lenses or ()]
        assert [command.title for command in commands if command] == ["Run from here", "Dry run"] * 2
        assert {lens.range.start.line for lens in lenses or ()} == {18, 25}
        words = [command.arguments[0] for command in commands if command and command.arguments]
        assert words[3] == [str(program.work / "page.md"), "--from=2", "--dry-run"]
    done = program.run(*words[3])
    assert (done.status, "deploy --id <new-id>" in done.stdout) == (0, True)


async def test_a_server_runs_nothing_for_a_client(program: Program) -> None:
    """The commands of lenses are the client's: the server has none."""
    async with start_editor(program) as editor:
        provider = editor.offered.execute_command_provider
        assert provider is None or not provider.commands


async def test_hover_says_where_a_value_comes_from(program: Program) -> None:
    """A capture, a source, a default and a secret are described, and no secret's value is shown."""
    async with start_editor(program) as editor:
        await editor.open("page.md", PAGE)
        named = await hover(editor, PAGE, "<app-name> | tee")
        assert "not secret" in named
        assert r"The \*name\* of the app" in named
        assert "Read from the environment variable `APP_NAME`" in named
        captured = await hover(editor, PAGE, "<new-id> --app")
        assert "Captured from the output of step 1 (Make an id), line 19." in captured
        secret = await hover(editor, PAGE, "<api-token>")
        assert "secret: its value is never shown" in secret
        assert "hunter2" not in secret
        assert "Default: `deploy {{ new_id }}`" in await hover(editor, PAGE, "<message>")
        nothing = await editor.client.text_document_hover_async(
            types.HoverParams(editor.document("page.md"), position_in(PAGE, "# Deploy"))
        )
        assert nothing is None


async def test_rename_changes_every_place(program: Program) -> None:
    """Blocks, prose, keys, captures and templates follow; what has another name stays."""
    async with start_editor(program) as editor:
        await editor.open("page.md", PAGE)

        async def rename(needle: str, name: str) -> str:
            edit = await editor.client.text_document_rename_async(
                types.RenameParams(editor.document("page.md"), position_in(PAGE, needle), name)
            )
            return await apply(editor, "page.md", edit)

        assert await rename("<app-name> | tee", "service") == PAGE.replace("app-name", "service")
        renamed = PAGE.replace("new-id", "release-id").replace("new_id", "release_id")
        assert await rename("<new-id> --app", "release-id") == renamed
        spaced = (
            PAGE.replace("=new-id", '="the id"').replace("<new-id>", "<the id>").replace("new_id", "the_id")
        )
        assert await rename("<new-id> --app", "the id") == spaced


@pytest.mark.parametrize("name", ["", "a>b", "$(id)", "api-token", "1", "a\nb"])
async def test_an_impossible_name_is_refused(program: Program, name: str) -> None:
    """A name that no placeholder can have, or that another has, changes nothing."""
    async with start_editor(program) as editor:
        await editor.open("page.md", PAGE)
        with pytest.raises(Exception, match=r"expected the name|already"):
            await editor.client.text_document_rename_async(
                types.RenameParams(editor.document("page.md"), position_in(PAGE, "<app-name> |"), name)
            )


async def test_definitions(program: Program) -> None:
    """Wikilinks, links, captures and steps lead to their places."""
    (program.work / "mkdocs.yml").write_text("")
    (program.work / "notes").mkdir()
    other = program.work / "notes" / "other.md"
    other.write_text("# Other\n\n## Ünd 😀 first\n\n## Second part\n")
    async with start_editor(program) as editor:
        await editor.open("page.md", PAGE)

        async def go(needle: str, inside: int = 1) -> tuple[str, int]:
            place = await editor.client.text_document_definition_async(
                types.DefinitionParams(editor.document("page.md"), position_in(PAGE, needle, inside))
            )
            assert isinstance(place, types.Location)
            return place.uri, place.range.start.line

        def line(needle: str) -> int:
            return position_in(PAGE, needle, 0).line

        here = editor.uri("page.md")
        assert await go("[[other", 4) == (other.as_uri(), 4)
        assert await go("the end](#check)") == (here, line("## Check"))
        assert await go("(#check)", 3) == (here, line("## Check"))
        assert await go("<new-id> --app") == (here, line("<!-- runbook"))
        assert await go("<app-name> | tee") == (here, line("    app-name:"))
        assert await go("step 1 again", 2) == (here, line("### 1."))


async def test_completion(program: Program) -> None:
    """Annotations, front matter, languages, wikilinks, headings and placeholders are completed."""
    (program.work / "mkdocs.yml").write_text("")
    (program.work / "other page.md").write_text("# Other\n\n## Second part\n")
    async with start_editor(program) as editor:

        async def complete(text: str) -> dict[str, str]:
            """Return the proposals at the `|` of a page, with the text that each writes."""
            at = position_in(text, "|", 0)
            editor.replace("page.md", text.replace("|", "", 1))
            listed = await editor.client.text_document_completion_async(
                types.CompletionParams(editor.document("page.md"), at)
            )
            assert isinstance(listed, types.CompletionList)
            edits = {item.label: item.text_edit for item in listed.items}
            return {label: edit.new_text for label, edit in edits.items() if isinstance(edit, types.TextEdit)}

        await editor.open("page.md", PAGE)
        body = PAGE.replace("|", "/")
        assert (await complete(f"{body}\n```bash\nx <ap|\n```\n"))["app-name"] == "app-name>"
        assert (await complete(f"{body}\n<!-- runbook: exp| -->\n"))["expect"] == "expect="
        assert (await complete(f"{body}\n<!-- runbook: se| -->\n"))["secret"] == "secret"
        assert "new-id" in await complete(f"{body}\n<!-- runbook: capture=| -->\n")
        assert "fish" in await complete(f"{body}\n```bash {{shell=|}}\n```\n")
        assert "M303" in await complete(f"{body}\n<!-- runbook: ignore=| -->\n")
        assert "console" in await complete(f"{body}\n```co|\n```\n")
        assert (await complete(f"{body}\n[[oth|]]\n"))["other page"] == "other page]]"
        assert "Second part" in await complete(f"{body}\n[[other page#|]]\n")
        assert "check" in await complete(f"{body}\n[x](#|)\n")
        assert (await complete("---\nrunbook:\n  in|\n---\n"))["inputs"] == "inputs: "
        assert "source" in await complete("---\nrunbook:\n  inputs:\n    app:\n      so|\n---\n")
        assert (await complete("---\nrunbook:\n  inputs:\n    app:\n      source: |\n---\n"))[
            "env:NAME"
        ] == "env:"
        assert "zsh" in await complete("---\nrunbook:\n  shell: |\n---\n")


async def test_symbols_show_what_would_run(program: Program) -> None:
    """Procedures have their steps and blocks; a block that does not run says why."""
    text = PAGE.replace("Look at `<new-id>`.", "```python\nprint(1)\n```")
    async with start_editor(program) as editor:
        await editor.open("page.md", text)
        symbols = await editor.client.text_document_document_symbol_async(
            types.DocumentSymbolParams(editor.document("page.md"))
        )
        found = [each for each in symbols or () if isinstance(each, types.DocumentSymbol)]
        procedure, left = found
        assert (procedure.name, procedure.detail) == ("Steps", "bash, default")
        steps = procedure.children or []
        assert [step.name for step in steps] == ["1. Make an id", "2. Deploy"]
        assert [(block.name, block.detail) for block in steps[0].children or ()] == [
            ("make-id <app-name> | tee out.log", "bash")
        ]
        assert left.name == "print(1)"
        assert "not run" in (left.detail or "")
