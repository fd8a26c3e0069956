"""`groundup skills`: list, show, search, export, import, merge, prune."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groundup.agent.cli_output import Debug, Json, LibraryOption, guarded, print_json

if TYPE_CHECKING:
    from groundup.skills.library import Library
    from groundup.skills.types import Skill

skills = typer.Typer(help="Look at the skills of a library, share them, tidy them up.", no_args_is_help=True)

Game = Annotated[str, typer.Option(help="The game whose library is meant when none is named.")]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for alike of all commands here."""

    library: str | None
    game: str
    json: bool
    debug: bool

    @property
    def location(self) -> str:
        from groundup.agent.settings import library_of

        return self.library or library_of(self.game)

    def open(self, *, readonly: bool = True, create: bool = False) -> Library:
        from groundup.skills.library import Library

        return Library.open(self.location, create=create, readonly=readonly)


def _shared(
    library: LibraryOption = None, game: Game = "spire", json: Json = False, debug: Debug = False
) -> _Asked:
    """The options that all commands here take."""
    return _Asked(library, game, json, debug)


def _command(name: str, example: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a command of a function whose first parameter is `_Asked`; the options of `_shared` come last."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        own = list(signature(function, eval_str=True).parameters.values())[1:]
        shared = list(signature(_shared, eval_str=True).parameters.values())

        def run(**given: Any) -> None:
            asked = _shared(**{option.name: given.pop(option.name) for option in shared})
            with guarded(debug=asked.debug, json=asked.json):
                function(asked, **given)

        options = [*own, *shared]
        run.__doc__ = function.__doc__
        run.__annotations__ = {option.name: option.annotation for option in options}
        run.__signature__ = Signature(options)  # type: ignore[attr-defined]
        skills.command(name, epilog=f"Example: groundup skills {example}")(run)
        return function

    return register


@_command("list", "list --library out/spire.db")
def _list(asked: _Asked) -> None:
    """List the skills, the most used first."""
    with asked.open() as opened:
        found = sorted(opened.skills(), key=lambda skill: -skill.statistics.uses)
        _print_skills([(skill, None) for skill in found], asked.json)


@_command("show", "show 3f9a12c0d4e5")
def _show(
    asked: _Asked, skill: Annotated[str, typer.Argument(help="The id of a skill, or its beginning.")]
) -> None:
    """Show one skill with all that is known of it."""
    with asked.open() as opened:
        document = _one(opened, skill).to_json()
        if asked.json:
            print_json(document)
            return
        for key, value in document.items():
            print(f"{key:14} {value}")


@_command("search", "search 'end turn'")
def _search(
    asked: _Asked,
    words: Annotated[str, typer.Argument(help="What the skill is about.")],
    count: Annotated[int, typer.Option(help="How many to show at most.", min=1)] = 10,
) -> None:
    """Find skills by meaning."""
    from groundup.perception.embedding import TextEmbedder
    from groundup.skills.library import Library

    embedder = TextEmbedder()
    with Library.open(
        asked.location, create=False, readonly=True, embed=lambda text: embedder([text])[0]
    ) as opened:
        _print_skills(opened.search(words, count), asked.json)


@_command("export", "export skills.zip")
def _export(
    asked: _Asked,
    bundle: Annotated[Path, typer.Argument(help="The .zip or folder to write.")],
    folders: Annotated[
        bool, typer.Option("--folders", help="Write a SKILL folder for each skill, and no knowledge.")
    ] = False,
) -> None:
    """Write the skills, scenes, knowledge and pictures to a bundle, or each skill as a SKILL folder."""
    with asked.open() as opened:
        if folders:
            from groundup.skills.folders import export_folders

            _done({"exported": export_folders(opened, bundle), "folder": str(bundle)}, asked.json)
            return
        _done({"exported": opened.export_bundle(bundle), "bundle": str(bundle)}, asked.json)


@_command("import", "import skills.zip --library mine.db")
def _import(
    asked: _Asked, bundle: Annotated[Path, typer.Argument(help="The .zip or folder to read.")]
) -> None:
    """Take over a bundle or SKILL folders; they are checked, and nothing in them is executed."""
    from groundup.memory.bundles import read_bundle
    from groundup.skills.folders import import_folders, is_skill_folders

    folders = is_skill_folders(bundle)
    if not folders:
        with read_bundle(bundle):
            pass  # what cannot be read makes no library
    with asked.open(readonly=False, create=True) as opened:
        if folders:
            _done({"added": import_folders(opened, bundle), "merged": 0, "documents": 0}, asked.json)
            return
        report = opened.import_bundle(bundle)
        _done({"added": report.added, "merged": report.merged, "documents": report.documents}, asked.json)


@_command("merge", "merge a.db b.db c.db --library all.db")
def _merge(
    asked: _Asked,
    sources: Annotated[list[str], typer.Argument(help="Libraries to take over, paths or URLs.")],
) -> None:
    """Merge what other agents have learnt into one library."""
    from groundup.agent.cli_merge import merge_libraries

    _done(merge_libraries(sources, asked.location), asked.json)


@_command("prune", "prune")
def _prune(
    asked: _Asked,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say which, and change nothing.")] = False,
) -> None:
    """Merge near-duplicates and retire skills that the evidence speaks against."""
    from groundup.skills.keeper import Keeper

    with asked.open(readonly=dry_run) as opened:
        keeper = Keeper(opened, "")
        if dry_run:
            alike = [[skill.id for skill in group] for group in opened.duplicates()]
            found = [(skill, reason) for skill in opened.skills() if (reason := keeper.unfit(skill))]
            unfit = [{"id": s.id, "name": s.name, "reason": r} for s, r in found]
            _done({"unfit": unfit, "alike": alike}, asked.json)
            return
        keeper.tend()
        done = {name: keeper.counts[name] for name in ("merged", "pruned")}
        _done(done | {"total": len(opened)}, asked.json)


def _one(library: Library, beginning: str) -> Skill:
    from groundup.envs.errors import UsageError

    exact = library.get(beginning)
    if exact is not None:
        return exact
    found = [skill for skill in library.skills(retired=True) if skill.id.startswith(beginning)]
    if len(found) != 1:
        what = "No skill's id begins" if not found else f"{len(found)} skills' ids begin"
        raise UsageError(f"{what} with {beginning!r}: see `groundup skills list`.")
    return found[0]


def _print_skills(found: Sequence[tuple[Skill, float | None]], json: bool) -> None:
    from groundup.skills.library import skill_summary

    rows: list[dict[str, Any]] = []
    for skill, score in found:
        rows.append(skill_summary(skill) | ({} if score is None else {"score": round(score, 4)}))
    if json:
        print_json({"skills": rows})
        return
    for row in rows:
        print(
            f"{row['id']}  {row['uses']:5} uses  {100 * row['responsive_rate']:3.0f}% answered  "
            f"{row['value']:+.2f}  {row['provenance'][:8]:8}  {row['name'][:40]:40}  {row['scene']}"
        )
    if not rows:
        print("no skills")


def _done(report: dict[str, Any], json: bool) -> None:
    if json:
        print_json(report)
    else:
        print(", ".join(f"{key} {value}" for key, value in report.items()))
