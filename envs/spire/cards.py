"""The Ironclad's cards: which kind and rarity each is, and its text with the numbers of the moment.

Names, kinds and rarities are those of the Slay the Spire wiki (page "Ironclad Cards"); costs, numbers and
texts come from the engine. A card is named by the engine's identifier, such as "Strike" or "StrikePlus".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["attack", "skill", "power", "status"]
Rarity = Literal["common", "uncommon", "rare"]


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


STARTER = ("Strike",) * 5 + ("Defend",) * 4 + ("Bash",)
"""The Ironclad's ten starting cards."""

POOL: dict[Rarity, tuple[str, ...]] = {
    "common": _names(
        "Anger Armaments BodySlam Clash Cleave Clothesline Flex Havoc Headbutt HeavyBlade IronWave "
        "PerfectedStrike PommelStrike ShrugItOff SwordBoomerang Thunderclap TrueGrit TwinStrike Warcry "
        "WildStrike"
    ),
    "uncommon": _names(
        "BattleTrance BloodForBlood Bloodletting BurningPact Carnage Combust DarkEmbrace Disarm Dropkick "
        "DualWield Entrench Evolve FeelNoPain FireBreathing FlameBarrier GhostlyArmor Hemokinesis "
        "InfernalBlade Inflame Intimidate Metallicize PowerThrough Pummel Rage Rampage RecklessCharge "
        "Rupture SearingBlow SecondWind SeeingRed Sentinel SeverSoul Shockwave SpotWeakness Uppercut "
        "Whirlwind"
    ),
    "rare": _names(
        "Barricade Berserk Bludgeon Brutality Corruption DemonForm DoubleTap Exhume Feed FiendFire "
        "Immolate Impervious Juggernaut LimitBreak Offering Reaper"
    ),
}
"""What card rewards are drawn from."""

_ATTACKS = frozenset(
    _names(
        "Strike Bash Anger BodySlam Clash Cleave Clothesline Headbutt HeavyBlade IronWave PerfectedStrike "
        "PommelStrike SwordBoomerang Thunderclap TwinStrike WildStrike BloodForBlood Carnage Dropkick "
        "Hemokinesis Pummel Rampage RecklessCharge SearingBlow SeverSoul Uppercut Whirlwind Bludgeon Feed "
        "FiendFire Immolate Reaper"
    )
)
_POWERS = frozenset(
    _names(
        "Inflame DemonForm Combust FeelNoPain DarkEmbrace Evolve FireBreathing Rupture Juggernaut Brutality "
        "Berserk Metallicize Barricade Corruption"
    )
)
_STATUSES = frozenset(("Slimed", "Dazed", "Wound", "Burn"))


@dataclass(frozen=True, slots=True)
class Card:
    """What is printed on a card; `cost` is -1 for X, `upgraded` the identifier it becomes at the smith."""

    id: str
    name: str
    text: str
    cost: int
    kind: Kind
    targeted: bool
    upgraded: str | None
    damage: int
    block: int


def base_id(card_id: str) -> str:
    """The identifier without its upgrade: "StrikePlus" and "Rampage10" give "Strike" and "Rampage"."""
    return re.sub(r"(Plus)?\d*$", "", card_id)


def kind_of(card_id: str) -> Kind:
    """Attack, skill, power or status."""
    base = base_id(card_id)
    if base in _ATTACKS:
        return "attack"
    if base in _POWERS:
        return "power"
    return "status" if base in _STATUSES else "skill"


def dealt(damage: int, strength: int, weak: bool) -> int:
    """Damage of one hit before the target's own statuses: plus Strength, three quarters when Weak."""
    total = max(0, damage + strength)
    return total * 3 // 4 if weak else total


def gained(block: int, dexterity: int, frail: bool) -> int:
    """Block from a card: plus Dexterity, three quarters when Frail."""
    total = max(0, block + dexterity)
    return total * 3 // 4 if frail else total


def text_now(card: Card, statuses: dict[str, int], block: int) -> str:
    """The card's text with the damage and block it gives at this moment.

    As in the original the numbers count the player's Strength, Dexterity, Weak and Frail, not the
    target's Vulnerable, which is known only once a target is chosen.
    """
    strength, dexterity = statuses.get("Strength", 0), statuses.get("Dexterity", 0)
    weak, frail = "Weak" in statuses, "Frail" in statuses
    text = card.text
    if card.kind == "attack":
        factor = {"HeavyBlade": 3, "HeavyBladePlus": 5}.get(card.id, 1)

        def deal(found: re.Match[str]) -> str:
            return f"Deal {dealt(int(found[1]), strength * factor, weak)} damage"

        text = re.sub(r"Deal (\d+) damage", deal, text)
        if base_id(card.id) == "BodySlam":
            text = f"Deal damage equal to your Block ({dealt(block, strength, weak)})."

    def gain(found: re.Match[str]) -> str:
        return f"Gain {gained(int(found[1]), dexterity, frail)} Block"

    return re.sub(r"Gain (\d+) Block", gain, text)
