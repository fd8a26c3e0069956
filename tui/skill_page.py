"""One skill: what it acts on, before and after, where it comes from, how it went, where it works."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Label, Tree
from textual.widgets.tree import TreeNode

from groundup.memory.records import JsonObject, SkillRecord, UseRecord
from groundup.tui import facts
from groundup.tui.base import Chart, Panel, WatchScreen, begin, colours
from groundup.tui.chart import Axes, Series
from groundup.tui.picture import Marks, Picture, decode

if TYPE_CHECKING:
    from groundup.memory.lookups import SkillLine

STEPS = 4
"""Steps shown as pictures: composed skills have no more."""


def effects(effect: JsonObject) -> list[tuple[str, str]]:
    """What a skill changes on screen, the strongest first, as (name, mean change)."""
    strongest = sorted(effect.items(), key=lambda pair: -abs(float(pair[1])))
    return [(facts.channel(name), facts.signed(float(change))) for name, change in strongest]


class SkillPage(WatchScreen):
    """Everything that is known of one skill."""

    NAME = "skills"
    CSS = """
    SkillPage #steps { height: 10; }
    SkillPage .step { width: 1fr; height: 10; border: round $primary 60%; border-title-color: $accent; }
    SkillPage #seen { height: 12; }
    SkillPage.-high #seen { height: 18; }
    SkillPage.-tall #seen { height: 30; }
    SkillPage .seen { width: 1fr; height: 100%; border: round $primary 60%; border-title-color: $accent; }
    SkillPage #rest { height: 18; }
    SkillPage #evidence { width: 1fr; height: 18; }
    SkillPage #lineage { width: 1fr; height: 18; border: round $primary 60%; border-title-color: $accent; }
    SkillPage #skill { padding: 0 1; color: $accent; text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "Back"),
        Binding("r", "rename", "Rename"),
        Binding("i", "pin", "Pin"),
        Binding("x", "retire", "Retire"),
        Binding("e", "export", "Export"),
        Binding("u", "undo", "Undo"),
    ]

    def __init__(self, skill_id: str) -> None:
        super().__init__()
        self._skill_id = skill_id
        self._record: SkillRecord | None = None
        self._pinned = False
        self._version = -1

    def body(self) -> ComposeResult:
        with VerticalScroll(classes="body"):
            yield Label("", id="skill", markup=False)
            with Horizontal(id="steps"):
                for i in range(STEPS):
                    picture = Picture(id=f"step{i}", classes="step")
                    picture.display = i == 0
                    yield picture
            with Horizontal(id="seen"):
                for name in ("before", "after"):
                    seen = Picture("no picture of it was kept", id=name, classes="seen")
                    seen.border_title = name
                    yield seen
            yield Panel(id="facts")
            yield Panel(id="where")
            with Horizontal(id="rest"):
                yield Chart("evidence", id="evidence")
                tree: Tree[str] = Tree("lineage", id="lineage")
                tree.border_title = "lineage"
                yield tree

    def fresh(self) -> None:
        """Read the skill once; uses that come meanwhile show when the page is opened again."""
        if self._version < 0:
            self._version = 0
            self._read_again()

    def _read_again(self) -> None:
        begin(self, self._read, group="skill", exclusive=True)

    async def _read(self) -> None:
        app = self.watch_app
        source = app.feed.source
        record = await app.read(source.skill, self._skill_id)
        if record is None:
            self.query_one("#skill", Label).update("this skill is no longer in the library")
            return
        self._record = record
        self._pinned = (
            self._skill_id in (await app.read(lambda: source.skills("", retired=True)) or ([], set()))[1]
        )
        uses = await app.read(source.evidence, self._skill_id) or []
        parents, children = await app.read(source.lineage, record) or ([], [])
        self._show_facts(record, uses)
        await self._show_steps(record)
        self._show_evidence(uses)
        self._show_lineage(record, parents, children)
        before, after, look = await app.read(source.before_after, self._skill_id) or (None, None, {})
        size = look.get("size") or (0, 0)
        marks = Marks((int(size[0]), int(size[1])) if size[0] else None, points=look.get("points", ()))
        self.query_one("#before", Picture).show(decode(before), marks, "no picture of it was kept")
        self.query_one("#after", Picture).show(decode(after), words="no picture of it was kept")

    def _show_facts(self, record: SkillRecord, uses: list[UseRecord]) -> None:
        state = " ◆ pinned" if self._pinned else ""
        state += f" × {record.retired}" if record.retired else ""
        self.query_one("#skill", Label).update(f"{record.name}{state}")
        s = record.statistics
        count = int(s.get("uses", 0))
        rows = [
            ("does", record.description),
            (
                "uses",
                f"{count}, {facts.percent(int(s.get('responsive', 0)) / count if count else None)} answered",
            ),
            ("reward", f"{float(s.get('reward_sum', 0)) / max(1, count):+.3f} a use"),
            ("value", f"{float(s.get('value', 0)):.3f}"),
            ("came by", f"{record.provenance}, version {record.version}, id {record.id}"),
        ]
        self.query_one("#facts", Panel).show(facts.Section("facts", tuple(rows)))
        runs = Counter(use.run for use in uses)
        where = [("scene", record.scene)]
        where += [
            ("needs", f"{name} {value}") for name, value in record.precondition.items() if name != "scene"
        ]
        where += [("changes", f"{name} {change}") for name, change in effects(record.effect)[:6]]
        where += [("run", f"{run}: {n} of its last {len(uses)} uses") for run, n in runs.most_common(3)]
        self.query_one("#where", Panel).show(facts.Section("where it works", tuple(where)))

    async def _show_steps(self, record: SkillRecord) -> None:
        app = self.watch_app
        shown = 0
        for number, step in enumerate(record.steps):
            for target in (step.get("target"), step.get("destination")):
                if not target or shown >= STEPS:
                    continue
                picture = self.query_one(f"#step{shown}", Picture)
                picture.display = True
                words = step.get("action", "")
                picture.border_title = f"{number + 1}. {words} {target.get('kind', '')}".replace("[", r"\[")
                sha = target.get("template_sha")
                data = await app.read(app.feed.source.picture, sha)
                picture.show(decode(data), words="no picture" if not sha else "its picture was dropped")
                shown += 1

    def _show_evidence(self, uses: list[UseRecord]) -> None:
        palette = colours(self.watch_app)
        rewards = [(float(i + 1), use.reward) for i, use in enumerate(uses)]
        rates = []
        for i in range(len(uses)):
            window = uses[max(0, i - 9) : i + 1]
            rates.append((float(i + 1), sum(use.responsive for use in window) / len(window)))
        self.query_one("#evidence", Chart).show(
            Axes([Series("reward", rewards, palette[0]), Series("answered, of 10", rates, palette[2])]),
            f"evidence: the last {len(uses)} uses",
        )

    def _show_lineage(
        self, record: SkillRecord, parents: list[SkillRecord], children: list[SkillLine]
    ) -> None:
        tree = self.query_one("#lineage", Tree)
        tree.clear()
        tree.root.set_label(f"▶ {record.name}")
        self._branch(tree.root, "came from", [(p.id, p.name, p.retired) for p in parents])
        self._branch(tree.root, "led to", [(c.id, c.name, c.retired) for c in children])
        gone = len(record.parents) - len(parents)
        if gone:
            tree.root.add_leaf(f"{gone} more that are not in this library")
        if not record.parents and not children:
            tree.root.add_leaf("learnt by itself, and nothing was made of it")
        tree.root.expand()

    def _branch(self, root: TreeNode[str], words: str, found: list[tuple[str, str, str | None]]) -> None:
        if found:
            branch = root.add(words, expand=True)
            for skill_id, name, retired in found:
                branch.add_leaf(f"{name}{f' (retired: {retired})' if retired else ''}", data=skill_id)

    def on_tree_node_selected(self, event: Tree.NodeSelected[str]) -> None:
        """Open the page of a relative."""
        if event.node.data:
            self.app.push_screen(SkillPage(event.node.data))

    def action_back(self) -> None:
        """Back to where one came from."""
        self.app.pop_screen()

    def action_rename(self) -> None:
        """Ask for another name."""
        from groundup.tui.skills_screen import rename

        if self._record is not None:
            rename(self, self._skill_id, self._record.name, self._read_soon)

    async def action_pin(self) -> None:
        """Keep the skill whatever happens, or no longer."""
        if await self.watch_app.edit({"skill": self._skill_id, "pinned": not self._pinned}):
            self._read_soon()

    async def action_retire(self) -> None:
        """Use the skill no longer, or use it again."""
        if self._record is not None:
            reason = None if self._record.retired else "retired by hand"
            if await self.watch_app.edit({"skill": self._skill_id, "retired": reason}):
                self._read_soon()

    def action_export(self) -> None:
        """Ask where to write the skill."""
        from groundup.tui.skills_screen import export

        if self._record is not None:
            export(self, self._skill_id, self._record.name)

    async def action_undo(self) -> None:
        """Take back the last change."""
        from groundup.tui.skills_screen import undo

        await undo(self, self._read_soon)

    def _read_soon(self) -> None:
        self._read_again()
        if self.watch_app.state.live:
            self.set_timer(0.7, self._read_again)
