"""Recognises labels that name a system, a distribution, an architecture or a package manager."""

from __future__ import annotations

from ...text.lazy_pattern import CaselessPattern, LazyPattern

# By family: two labels of one family are for different readers.
_FAMILIES = {
    "system": (
        r"mac ?os(?: ?x)?|os ?x|mac|linux(?: mint)?|gnu/linux|windows|wsl ?2?|(?:free|open|net)bsd|unix"
        r"|debian|ubuntu|fedora|cent ?os(?: stream)?|rhel|red ?hat(?: enterprise linux)?|rocky(?: ?linux)?"
        r"|alma(?: ?linux)?|arch(?: ?linux)?|manjaro|alpine(?: ?linux)?|(?:open)?suse(?: leap)?|sles|gentoo"
        r"|nix ?os|void linux|amazon ?linux(?: ?20\d\d| ?2)?|oracle ?linux|raspbian|raspberry pi(?: os)?"
        r"|pop!?_?os|kali(?: linux)?|(?:home)?brew|mac ?ports|apt(?:-get)?|dnf|yum|pacman|apk|zypper|snap"
        r"|flatpak|chocolatey|scoop|winget|apple silicon|intel|amd64|x86_64|x86|arm64|aarch64|armv?[678]?l?"
    ),
    "javascript": r"npm|npx|yarn|pnpm|bun|deno",
    "python": r"pip[3x]?|pipenv|poetry|uv|conda|mamba",
    "container": r"docker|podman|nerdctl|containerd|cri-?o",
    "shell": r"bash|zsh|fish|power ?shell",
}

_WORDS = (
    r"based|like|systems?|users?|distributions?|distros?|family|machines?|hosts?|servers?|clusters?|platforms?"
    r"|architectures?|only|and|or|etc\.?|\d[\w.]*|later|newer|using|with|via|derivatives|variants|desktop"
    r"|workstation"
)

_LEAD = (
    r"(?:(?:for|on|in|if (?:you(?:['’]re| are)? )?(?:on|using|use)|using|with|via)\s+)?(?:a\s+|an\s+|the\s+)?"
)


def _label_pattern(names: str) -> CaselessPattern:
    return CaselessPattern(
        rf"{_LEAD}(?:{names})(?!\w)(?:[\s,/&|+-]+(?:{names}|{_WORDS})(?!\w))*(?:\s*\([^()\n]*\))?[\s:.)]*"
    )


_LABELS = {family: _label_pattern(names) for family, names in _FAMILIES.items()}

_BEGINNING = CaselessPattern(rf"{_LEAD}(?:{'|'.join(_FAMILIES.values())})(?!\w)")

# the first letters, at most three, of the names and of the words that lead to them
_BEGINNING_LETTERS = """
mac osx os lin gnu win wsl fre ope net bsd uni deb ubu fed cen rhe red roc alm arc man alp sus sle
gen nix voi ama ora ras pop kal hom bre apt dnf yum pac apk zyp sna fla cho sco app int amd x86 arm
aar npm npx yar pnp bun den pip poe uv con mam doc pod ner cri bas zsh fis pow for on in if usi wit
via a an the
"""

_BEGINNINGS = frozenset(_BEGINNING_LETTERS.split())

_OPTION_LETTERS = frozenset(("opt", "met", "var", "alt", "app", "pos"))

_FIRST_WORD = LazyPattern(r"\w*")

_MARKS = " \t#*_`\"'“”>+-"


_ONLY_OR = CaselessPattern(r"\W*(?:or|alternatively|otherwise|alternately|alternative|instead|then|next)?\W*")


def is_telling(label: str) -> bool:
    """Return whether a label says what its alternative is; `Or:` alone does not."""
    return _ONLY_OR.fullmatch(label) is None


def find_label_family(text: str) -> str:
    """Return the family of a label that only names systems or tools, as `On macOS:` does; "" if not."""
    if len(text) > 80:
        return ""
    bare = text.strip(_MARKS)
    if bare.isascii():
        letters = bare[:3].lower()
        if (letters if letters.isalnum() else _read_first_word(bare)[:3]) not in _BEGINNINGS:
            return ""
    if not _BEGINNING.match(bare):
        return ""
    return next((family for family, label in _LABELS.items() if label.fullmatch(bare)), "")


_OPTION = CaselessPattern(
    r"(option|method|variant|alternative|approach|possibility)\s+#?(?:\d{1,2}|[a-d]|one|two|three|i{1,3})(?:\W.*)?"
)


def find_heading_family(title: str) -> str:
    """Return what headings beside each other must share to be alternatives; "" for other headings.

    They only name systems or tools, or they count options: `Option 1: with Helm`.
    """
    may_count = not title.isascii() or title[:3].lower() in _OPTION_LETTERS
    option = _OPTION.fullmatch(title) if may_count else None
    return option[1].casefold() if option else find_label_family(title)


def _read_first_word(text: str) -> str:
    """Return the word that a text begins with, in small letters; "" if it begins with none."""
    found = _FIRST_WORD.match(text)
    return found[0].lower() if found else ""


def is_system(text: str) -> bool:
    """Return whether a label only names one or more systems or tools: `On macOS:`, `Debian/Ubuntu`, `npm`."""
    return find_label_family(text) != ""
