"""Classifies sections by the words of their titles."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from ...text.lazy_pattern import CaselessPattern, LazyPattern
from ..markdown.headings import split_number

_MARKS = LazyPattern(r"^[^\w`]++|(?<![^\w)`])[^\w)`]++$")  # around the words of a title: pictures, a colon

_PROCEDURES = frozenset(("procedure", "steps", "instructions", "runbook"))

# what is never a step on the way to something else
_NEVER_STEP = CaselessPattern(
    r"\b(?:debug|troubleshoot|roll(?:ing|ed)?[ -]?back|revert|undo(?:ing)?\b|emergenc|shut[ -]?off|recover"
    r"|disaster|break[ -]glass|un-?install|tear(?:ing)?[ -]?down|destroy|decommission|wip(?:e|ing)\b)"
)

# what cannot be taken back
_IRREVERSIBLE = (
    r"(?:delet(?:e|es|ing)|remov(?:e|es|ing)|terminat(?:e|es|ing)|eras(?:e|ing)|drop(?:ping)?|prun(?:e|ing)"
    r"|kill(?:ing)?|reset(?:ting)?|revok(?:e|ing)|truncat(?:e|ing)|format(?:ting)? (?:the|a|your|all)"
    r"|expung(?:e|ing)|unpublish(?:ing)?|dismantl(?:e|ing)|(?:un|de)-?register(?:ing)?)\b"
)

# what may be a step on the way to something else: stop it, change it, start it
_STOPPING = (
    r"(?:disabl(?:e|es|ing)|stop(?:s|ping)?|detach(?:ing)?|drain(?:ing)?|shut(?:ting)?[ -]?down"
    r"|turn(?:ing)?[ -]off|power(?:ing)?[ -]off|unmount(?:ing)?|cancel(?:l?ing)?|downgrad(?:e|ing)"
    r"|evict(?:ing)?"
    r"|(?:tak|bring|scal)(?:e|ing)?[ -]down|deactivat(?:e|ing)|unsubscrib(?:e|ing))\b"
)

# where the verb of a title is: its first word, or after "to", "and" or a dash
_VERB = r"(?:^|\b(?:to|and|or|then)\s+|[-–—:,(/&]\s*)(?:optional(?:ly)?\W+)?"

_IS_IRREVERSIBLE = CaselessPattern(
    rf"{_VERB}{_IRREVERSIBLE}|\b(?:deletion|removal|termination|clean(?:ing)?[ -]?up|purg(?:e|ing)"
    r"|nuk(?:e|ing)|un-?deploy(?:ing)?|de-?provision(?:ing)?)\b"
)

_IS_STOPPING = CaselessPattern(rf"{_VERB}{_STOPPING}|\b(?:shutdown|deactivation|eviction|cancellation)\b")

_HELPING = CaselessPattern(r"\b(?:debug|troubleshoot)")

_REFERENCE = CaselessPattern(
    r"(?:table of )?contents|toc|references?|see also|related\b.*|(?:further|additional) reading"
    r"|(?:\w+ )?(?:resources|links|references)|what'?s next\b.*|next steps?|changelog|change log"
    r"|licen[sc]e|credits"
    r"|authors?|contributors?|contributing|acknowledge?ments|history|glossary|faqs?"
    r"|frequently asked questions"
)

_ALTERNATIVE = CaselessPattern(
    r"^(?:option|method|alternative|approach|variant|scenario|case|possibility|way|path|solution)\s*#?"
    r"(?:\d+|[a-z]|one|two|three|first|second)\b|\balternative(?:ly|s)?\b|^(?:or|either)\b|^if\b"
    r"|\((?:recommended|preferred)\)"
)

# two of them beside one another are for two systems, not for one
_SYSTEM = CaselessPattern(
    r"\b(?:linux|ubuntu|debian|fedora|centos|rhel|red hat|rocky|alma|suse|opensuse|arch|alpine|nixos|gentoo"
    r"|freebsd|openbsd|mac ?os(?: x)?|os x|darwin|windows|wsl2?|powershell|homebrew|brew|apt(?:-get)?|yum"
    r"|dnf|pacman"
    r"|snap|chocolatey|choco|scoop|winget|pip|pipx|conda|npm|yarn|pnpm|cargo|docker(?:[ -]compose)?"
    r"|podman|vagrant"
    r"|helm|kustomize|terraform|pulumi|ansible|minikube|kind|k3[sd]|microk8s|k0s|rke2?|openshift|okd|aws"
    r"|eks|gcp"
    r"|gke|google cloud|azure|aks|digital ?ocean|doks|linode|hetzner|oracle cloud|oci|bare[ -]metal"
    r"|on-?prem\w*"
    r"|kubernetes|systemd|launchd|from source|source code|(?:pre-?built )?binar(?:y|ies)|deb|rpm|bash|zsh"
    r"|fish"
    r"|nginx|apache|caddy|traefik|mysql|mariadb|postgres(?:ql)?|sqlite|oracle|github|gitlab|bitbucket"
    r"|jenkins"
    r"|x86(?:_64)?|amd64|arm(?:64|v7)?|intel|apple silicon|desktop|laptop|raspberry pi|android|ios|portal"
    r"|cli|gui"
    r"|console|dashboard)\b"
)

_WAY = CaselessPattern(r"(?:using|with|via|from|through|without)\b")


# sections around a procedure that are no part of it
_FRAME = CaselessPattern(
    r"(?:overview|introduction|intro|about\b.*|background|summary|description|purpose|goals?|objectives?"
    r"|scope"
    r"|context|meaning|impact|symptoms?|severity|pre-?requisites?|pre-?reqs?|requirements?"
    r"|before you (?:begin|start)"
    r"|preconditions?|assumptions?|notes?|warnings?|caution|important|tl;?dr|known (?:issues|limitations)"
    r"|limitations?|contacts?|owners?|maintainers?|repository|support|conclusion|glossary)"
)

# sections that have to be done before the first step, if they have blocks
_BEFORE = CaselessPattern(
    r"(?:pre-?requisites?|pre-?reqs?|requirements?|before you (?:begin|start)|preconditions?"
    r"|assumptions?)\b"
)

# what is done about one of several causes
_MENDING = CaselessPattern(r"\b(?:mitigat(?:ions?|e|ing)|remediat(?:ions?|e|ing)|work-?arounds?)\b")

# what a title that tells somebody to do something begins with
_TASK = CaselessPattern(
    r"(?:how to |\d+[.)] )?(?:re-?)?(?:activat|add|allow|appl|archiv|assign|attach|authenticat|authoriz"
    r"|backup|back(?:ing)? up"
    r"|bootstrap+|boot|build|bump|chang|check|clon|compil|configur|confirm|connect|convert|copy|creat|cut"
    r"|declar|defin"
    r"|deploy|download|enabl|ensur|expand|export|expos|extend|extract|fail(?:ing)? over|fetch|fix|generat"
    r"|get|grant"
    r"|import|increas|initiali[sz]|init|insert|inspect|install|invok|issu|join|launch|load"
    r"|log(?:g?ing)? in|login|mak"
    r"|merg|migrat|mint|mount|mov|open|order|patch|perform|pin|plac|prepar|provision|publish|pull|push"
    r"|put|read|reboot"
    r"|record|refresh|regist(?:er|r)|renew|reload|rename?|replac|request|restart|restor|resum|retriev"
    r"|rotat|run+|save"
    r"|sav|scal|schedul|seed|select|send|set+(?:ing)? up|set+|ship+|sign|start|store?|submit+|switch|sync"
    r"|synchroni[sz]|tag+"
    r"|take|tak|test the|trigger|unblock|uncordon|unpack|unseal|unzip|updat|upgrad|upload|validat|verif"
    r"|view|wait|writ)"
    r"(?:e|y|es|ies|s|ing|ying)?\b"
)

# nouns for something that is done
_DOING = CaselessPattern(
    r"\b(?:install(?:ation|ing)?|set-?up|deployment|diagnos(?:is|tics?|e|ing)|verification|upgrades?"
    r"|upgrading|update"
    r"|migrations?|quick ?-?start|getting started|get started|back-?ups?|restor(?:e|ation)|builds?"
    r"|releas(?:e|ing)"
    r"|rotation|bootstrap(?:ping)?|provisioning|steps|procedure|instructions|checklist|walk-?through"
    r"|tutorial|rollout"
    r"|failover|switchover|how to|process|preparation|maintenance|investigation|runbook|rehearsal|drill)\b"
)

# sections that show how something may be used, and say nothing of when
_SHOWN = CaselessPattern(
    r"\b(?:examples?|usage|usages|references?|notes?|settings?|parameters?|options?|variables?|limitations?"
    r"|features?|faqs?|definitions?|modes?|concepts?|commands?|api|apis|clis?|cheat ?sheet|tips|tricks"
    r"|appendix"
    r"|how it works|design|architecture|proposal|internals|metrics|tests?|testing|development|developing"
    r"|contribut\w+|benchmarks?|illustration|configuration|functionality|schemas?|statements?|flags?"
    r"|arguments?"
    r"|queries|snippets?|recipes?|scenarios?|workflows?|scripts|tools|tooling|using|support(?:ed)?"
    r"|available)\b"
    r"|^(?:what|why|when|who)\b"
)


def _split(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Each pattern's words, shortened to at most three letters. A title without one of them cannot match, and most
# titles have none: the pattern is not even compiled.
_NEVER_STEPS = _split("deb tro rol rev und eme shu rec dis bre un uni tea des dec wip")

_IRREVERSIBLE_BEGINNINGS = _split(
    "del rem ter era dro pru kil res rev tru for exp unp dis un unr und de der dep cle pur nuk"
)

_STOPPING_BEGINNINGS = _split("dis sto det dra shu tur pow unm can dow evi tak bri sca dea uns")

_HELPING_BEGINNINGS = _split("deb tro")

_REFERENCE_BEGINNINGS = _split(
    "tab con toc ref see rel fur add res lin wha nex cha lic cre aut ack his glo faq fre"
)

_FRAME_BEGINNINGS = _split(
    "ove int abo bac sum des pur goa obj sco con mea imp sym sev pre req bef ass not war cau tl tld "
    "kno lim own mai rep sup glo"
)

_MENDING_BEGINNINGS = _split("mit rem wor")

_SHOWN_BEGINNINGS = _split(
    "exa usa ref not set par opt var lim fea faq def mod con com api cli che tip tri app how des arc "
    "pro int met tes dev ben ill fun sch sta fla arg que sni rec sce wor scr too usi sup ava wha why "
    "whe who"
)

_ALTERNATIVE_BEGINNINGS = _split("opt met alt app var sce cas pos way pat sol or eit if rec pre")

_SYSTEM_BEGINNINGS = _split(
    "lin ubu deb fed cen rhe red roc alm sus ope arc alp nix gen fre mac os dar win wsl pow hom bre apt "
    "yum dnf pac sna cho sco pip con npm yar pnp car doc pod vag hel kus ter pul ans min kin k3s k3d mic "
    "k0s rke okd aws eks gcp gke goo azu aks dig dok lin het ora oci bar on onp kub sys lau fro sou pre "
    "bin rpm bas zsh fis ngi apa cad tra mys mar pos sql git bit jen x86 amd arm int app des lap ras and "
    "ios por cli gui das"
)

_WORD = LazyPattern(r"\w+")


def _strip_marks(title: str) -> str:
    """Return a title without what is around its words."""
    return title if title[:1].isalnum() and title[-1:].isalnum() else _MARKS.sub("", title)


def names_procedure(title: str) -> bool:
    """Return whether a title such as "Steps" says that its section is the procedure."""
    return _strip_marks(title).casefold() in _PROCEDURES


@lru_cache(maxsize=64)
def _read_beginnings(title: str) -> frozenset[str]:
    """Return the first letters, at most three, of each word of a title in small letters."""
    return frozenset(word[:3] for word in _WORD.findall(title.lower()))


def _may_begin(title: str, beginnings: frozenset[str]) -> bool:
    """Return whether a word of a title begins so; assumed of one with letters beyond ASCII."""
    return not title.isascii() or not beginnings.isdisjoint(_read_beginnings(title))


def is_never_step(title: str) -> bool:
    """Return whether a title names what is never a step on the way to something else, as a rollback."""
    return _may_begin(title, _NEVER_STEPS) and _NEVER_STEP.search(title) is not None


def is_irreversible(title: str) -> bool:
    """Return whether a title names what cannot be taken back, as a deletion or a rollback."""
    plain = _strip_marks(split_number(title)[1])
    return is_never_step(plain) or (
        _may_begin(plain, _IRREVERSIBLE_BEGINNINGS) and _IS_IRREVERSIBLE.search(plain) is not None
    )


def is_dangerous(title: str) -> bool:
    """Return whether a title names what runs only if it is named, as a rollback or a deletion."""
    plain = _strip_marks(split_number(title)[1])
    return is_irreversible(plain) or (
        _may_begin(plain, _STOPPING_BEGINNINGS) and _IS_STOPPING.search(plain) is not None
    )


def only_helps(title: str) -> bool:
    """Return whether a title names what helps when another procedure fails."""
    return _may_begin(title, _HELPING_BEGINNINGS) and _HELPING.search(title) is not None


def lists_references(title: str) -> bool:
    """Return whether a title names a section that only lists other texts."""
    return _may_begin(title, _REFERENCE_BEGINNINGS) and _REFERENCE.fullmatch(_strip_marks(title)) is not None


def frames_procedure(title: str) -> bool:
    """Return whether a title names a section around a procedure that is no part of it."""
    may_frame = _may_begin(title, _FRAME_BEGINNINGS)
    return (may_frame and _FRAME.fullmatch(_strip_marks(title)) is not None) or lists_references(title)


def comes_before(title: str) -> bool:
    """Return whether a title names what has to be done before a procedure."""
    return _BEFORE.match(_strip_marks(title)) is not None


def mends_one_cause(title: str) -> bool:
    """Return whether a title names what is done about one of several causes of an alert."""
    return _may_begin(title, _MENDING_BEGINNINGS) and _MENDING.search(title) is not None


def names_task(title: str) -> bool:
    """Return whether a title tells somebody to do something, as "Build" does."""
    return _TASK.match(_strip_marks(title)) is not None


def names_procedure_loosely(title: str) -> bool:
    """Return whether a title may be that of a procedure: something to do, or a noun such as "Setup"."""
    return names_task(title) or _DOING.search(title) is not None


def only_shows(title: str) -> bool:
    """Return whether a title names examples or a reference rather than something to do."""
    may_show = _may_begin(title, _SHOWN_BEGINNINGS)
    return may_show and _SHOWN.search(title) is not None and not names_task(title)


def are_alternatives(titles: Sequence[str]) -> bool:
    """Return whether sections with these titles are several ways to one end, not steps in order."""
    if len(titles) < 2:
        return False
    if any(_may_begin(title, _ALTERNATIVE_BEGINNINGS) and _ALTERNATIVE.search(title) for title in titles):
        return True
    systems = sum(
        _may_begin(title, _SYSTEM_BEGINNINGS) and _SYSTEM.search(title) is not None for title in titles
    )
    ways = sum(_WAY.match(title) is not None for title in titles)
    return max(systems, ways) > 1 and max(systems, ways) * 2 >= len(titles)
