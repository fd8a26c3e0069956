"""`groundup skills`: list, show, search, export, import, merge, prune."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groundup.agent.cli_output import Debug, Json, LibraryOption, guarded, print_json

if TYPE_CHECKING:
    from groundup.skills.library import Library
    from groundup.skills.types import Skill

skills = typer.Typer(help="Look at the skills of a library, share them, tidy them up.", no_args_is_help=True)

Game = Annotated[str, typer.Option(help="The game whose library is meant when none is named.")]


def _location(library: str | None, game: str) -> str:
    from groundup.agent.cli_play import library_of

    return library or library_of(game)


def _open(library: str | None, game: str, *, readonly: bool, create: bool = False) -> Library:
    from groundup.skills.library import Library

    return Library.open(_location(library, game), create=create, readonly=readonly)


@skills.command("list", epilog="Example: groundup skills list --library out/spire.db")
def list_skills(
    library: LibraryOption = None, game: Game = "spire", json: Json = False, debug: Debug = False
) -> None:
    """List the skills, the most used first."""
    with guarded(debug=debug, json=json), _open(library, game, readonly=True) as opened:
        found = sorted(opened.skills(), key=lambda skill: -skill.statistics.uses)
        _print_skills([(skill, None) for skill in found], json)


@skills.command(epilog="Example: groundup skills show 3f9a12c0d4e5")
def show(
    skill: Annotated[str, typer.Argument(help="The id of a skill, or its beginning.")],
    library: LibraryOption = None,
    game: Game = "spire",
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Show one skill with all that is known of it."""
    with guarded(debug=debug, json=json), _open(library, game, readonly=True) as opened:
        document = _one(opened, skill).to_json()
        if json:
            print_json(document)
            return
        for key, value in document.items():
            print(f"{key:14} {value}")


@skills.command(epilog="Example: groundup skills search 'end turn'")
def search(
    words: Annotated[str, typer.Argument(help="What the skill is about.")],
    count: Annotated[int, typer.Option(help="How many to show at most.", min=1)] = 10,
    library: LibraryOption = None,
    game: Game = "spire",
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Find skills by meaning."""
    with guarded(debug=debug, json=json):
        from groundup.perception.embedding import TextEmbedder
        from groundup.skills.library import Library

        embedder = TextEmbedder()
        with Library.open(
            _location(library, game), create=False, readonly=True, embed=lambda text: embedder([text])[0]
        ) as opened:
            _print_skills(opened.search(words, count), json)


@skills.command(epilog="Example: groundup skills export skills.zip")
def export(
    bundle: Annotated[Path, typer.Argument(help="The .zip or folder to write.")],
    library: LibraryOption = None,
    game: Game = "spire",
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Write the skills, scenes, knowledge and pictures to a bundle."""
    with guarded(debug=debug, json=json), _open(library, game, readonly=True) as opened:
        _done({"exported": opened.export_bundle(bundle), "bundle": str(bundle)}, json)


@skills.command("import", epilog="Example: groundup skills import skills.zip --library mine.db")
def import_skills(
    bundle: Annotated[Path, typer.Argument(help="The .zip or folder to read.")],
    library: LibraryOption = None,
    game: Game = "spire",
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Take over a bundle; it is checked, and nothing in it is executed."""
    with guarded(debug=debug, json=json), _open(library, game, readonly=False, create=True) as opened:
        report = opened.import_bundle(bundle)
        _done({"added": report.added, "merged": report.merged, "documents": report.documents}, json)


@skills.command(epilog="Example: groundup skills merge a.db b.db c.db --library all.db")
def merge(
    sources: Annotated[list[str], typer.Argument(help="Libraries to take over, paths or URLs.")],
    library: LibraryOption = None,
    game: Game = "spire",
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Merge what other agents have learnt into one library."""
    with guarded(debug=debug, json=json):
        from groundup.agent.cli_merge import merge_libraries

        _done(merge_libraries(sources, _location(library, game)), json)


@skills.command(epilog="Example: groundup skills prune")
def prune(
    library: LibraryOption = None,
    game: Game = "spire",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say which, and change nothing.")] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Merge near-duplicates and retire skills that the evidence speaks against."""
    with guarded(debug=debug, json=json):
        from groundup.skills.keeper import Keeper

        with _open(library, game, readonly=dry_run) as opened:
            keeper = Keeper(opened, "")
            if dry_run:
                found = [(skill, reason) for skill in opened.skills() if (reason := keeper.unfit(skill))]
                _done({"unfit": [{"id": s.id, "name": s.name, "reason": r} for s, r in found]}, json)
                return
            keeper.tend()
            done = {name: keeper.counts[name] for name in ("merged", "pruned")}
            _done(done | {"total": len(opened)}, json)


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
            f"{row['mean_reward']:+.2f}  {row['name'][:40]:40}  {row['scene']}"
        )
    if not rows:
        print("no skills")


def _done(report: dict[str, Any], json: bool) -> None:
    if json:
        print_json(report)
    else:
        print(", ".join(f"{key} {value}" for key, value in report.items()))
