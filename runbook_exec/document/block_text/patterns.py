"""Patterns for the first line of what a shell reads as a statement and is none: output, data, code."""

from __future__ import annotations

import re

from ...text.lazy_pattern import LazyPattern

# Each is matched at the start of a statement. They are anchored and never repeat a group that can be empty.
_OUTPUT = (
    # `key: value`, `Error: …`, `"key": …`; a command's name does not end in a colon
    r"[^\s:;|&<>()$=`'\"#\\{\[*?]{1,60}+:(?=[ \t]|$)",
    r"[A-Z][\w-]*+(?: [\w()/.-]++){1,4}:(?=[ \t]|$)",
    r"\"[^\"\n$`]{1,80}+\"[ \t]*+:(?=[ \t]|$)",
    # lists, rules, arrows, marks, boxes and trees
    r"[-*+•·▪◦‣][ \t]++\S",
    r"[=*~+_-]{2,}+(?=[ \t]|$)|==+>|-+>|\+-{2,}",
    r"[✓✔✗✘✖✅❌⚠ℹ→⇒▸►├└│┌┐╔╠║╚╭╰┃┣┗━─]",
    # tables: a line of capitals, or three columns and more
    r"[A-Z][A-Z0-9_()/%#.-]++(?:[ \t]++[A-Z][A-Z0-9_()/%#.-]*+)+[ \t]*+$",
    r"[A-Z][A-Z0-9_()/%#-]++(?: {2,}|\t++)[A-Z][A-Z]",
    r"[^\s'\"|\\=-][^\s'\"|\\=]*+ {3,}[^\s'\"|\\=-][^\s'\"|\\]*+(?: {2,}[^\s'\"|\\&#-][^\s'\"|\\]*+){2}",
    # times, log levels, log lines
    r"\d{4}[-/]\d\d[-/]\d\d(?=[T \t,]|$)|\[?\d\d:\d\d:\d\d|\[\s*+\d+\.\d+\]|[IWEF]\d{4} (?=\d\d:|\S++\.go:)",
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*+,? ++[\d]",
    r"(?:time|level|ts|msg)=\S++[ \t]++\w++=",
    r"\[?(?:INFO|WARN|WARNING|ERROR|DEBUG|NOTICE|FATAL|TRACE|OK|FAIL(?:ED)?|PASS)\b[]: \t]",
    # numbers and addresses
    r"\d++(?:[.,:/%-]\d++)*[.)%]?(?=[ \t]|$)(?![ \t]*+[<>])",
    r"(?:https?|ftp|s3|gs|oci|docker)://\S",
    r"[0-9a-f]{32,}+(?=[ \t]|$)|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-",
    r"ssh-(?:rsa|ed25519|dss) AAAA|ecdsa-sha2-\S++ AAAA|-----BEGIN ",
    # what ls, git, curl and kubectl print
    r"[-dlcbps][r-][w-][xsS-][r-][w-][xsS-][r-][w-][xtT-][ \t.+@]|total \d++[KMG]?[ \t]*+$",
    r"commit [0-9a-f]{7,40}\b|diff --git |@@ -|On branch |index [0-9a-f]{7}|Cloning into ",
    r"HTTP/\d|[<>*] (?:HTTP/|GET |POST |PUT |DELETE |[A-Z][\w-]*+: |Connected |Trying )",
    r"[\w.-]++/[\w.:-]++ (?:created|configured|unchanged|deleted|patched|scaled|restarted|labeled|annotated"
    r"|exposed|condition met|serverside-applied|replaced|tainted|cordoned|drained|evicted|edited)\b",
    r"(?:pod|namespace|service|secret|configmap|node|[\w-]+\.[\w.-]+) \"[^\"\n]++\" \w++",
    # a sentence: no command begins with a capital letter and small ones, but a few
    r"(?!(?:Rscript|Xvfb|Xorg|Xephyr|Xnest|Xvnc|Julia|Magick|Install|Get|Set|New)\b)"
    r"[A-Z][a-z]{2,}+(?:ed|ing|s|n't)?,?(?: [\w'\"`(<\[/.:*$#-]|[.!…])",
    r"(?:SQL|[A-Z]{3,}+)[ \t]++[a-z][a-z]++[ \t]++[A-Za-z]",
    # sections of configuration, `key = value`, times of cron
    r"\[[^\s\[\]$-][^\[\]\n]*+\][ \t]*+$",
    r"[\w.-]++[ \t]++=[ \t]",
    r"(?:[\d*][\d*/,-]*+[ \t]++){4,}|@(?:daily|hourly|weekly|monthly|reboot)[ \t]",
    # JSON, XML, templates
    r"\{[ \t]*+(?:\n\s*+)?(?:\"[^\"\n]*+\"[ \t]*+:|'[\w-]++'[ \t]*+:|\})",
    r"\[(?:[ \t]*+\n\s*+)?(?:\{|\"|\d|\]$)",
    r"<[?!]|<[A-Za-z][\w:-]*+(?:[ \t]++[\w:-]++=\"[^\"\n]*+\")+[ \t]*+/?>|<(html|body|head|div|project)>",
    r"\{[{%#]|\{[a-z_]++(?:=~|!=|!~|=)\"",
    # other languages
    r"(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|EXPLAIN|GRANT|REVOKE|SHOW|DESCRIBE|TRUNCATE|COMMIT"
    r"|ROLLBACK|BEGIN|VALUES|MERGE|CALL|DECLARE|COPY)(?:[ \t;]|$)(?![ \t]*+[|&>])",
    r"(?:CREATE|ALTER|DROP|USE|SET)[ \t]++[A-Za-z`\"]",
    r"(?:create|alter|drop)[ \t]++(?:table|database|user|role|index|schema|view|extension)[ \t]",
    r"(?:insert[ \t]++into|delete[ \t]++from)[ \t]|show[ \t]++(?:databases|tables)\b|use[ \t]++\w++;",
    r"(?:FROM|RUN|ENTRYPOINT|WORKDIR|EXPOSE|CMD|ENV|ADD|ARG)[ \t]++\S",
    r"(?:resource|variable|provider|module|output|data|locals|terraform|server|location|upstream|http)"
    r"(?:[ \t]++[\"\w./~^$-]++)*[ \t]*+\{[ \t]*+$",
    r"(?:const|var)[ \t]++[\w{]++|import[ \t]++[\w{*][^;\n]*+[ \t]from[ \t]",
    r"from[ \t]++[\w.]++[ \t]++import[ \t]",
    r"(?:def|class)[ \t]++\w++[(:]|(?:package|namespace|using)[ \t]++[\w.]++;?$|(?:public|private)[ \t]++\w",
)

OUTPUT = LazyPattern("|".join(f"(?:{pattern})" for pattern in _OUTPUT), re.MULTILINE)

# Only a part of the text is shown.
ELISION = LazyPattern(
    r"(?:\.{3,}|…|\[(?:\.\.\.|…)\]|\((?:\.\.\.|…)\)|\.\."
    r"|(?i:\[?(?:snip|truncated|output omitted)\]?))[ \t]*+$"
    r"|<(?:snip|truncated|output|\.\.\.)>|\*snip\*",
    re.MULTILINE,
)

# A word that stands for something to be left out, repeated or chosen.
SYNOPSIS = LazyPattern(
    r"(?<=[ \t])(?:\.\.\.|…)(?=[ \t]|$)"
    r"|(?<=[ \t])\[(?:-[^\]\n]{0,80}|(?i:options?|flags?|arg(?:ument)?s?|(?:sub)?command|parameters?)"
    r"(?:[ \t.…][^\]\n]{0,80})?)\](?:\.\.\.|…)?"
    r"|(?<=[ \t])[A-Z][A-Z_]++(?:\.\.\.|…)|Q>?(?:\.\.\.|…)(?=[ \t]|$)"
    r"|[{<]\w[\w-]*+(?:[ \t]?\|[ \t]?\w[\w-]*+)+[}>]",
    re.MULTILINE,
)

# Commands that print their arguments: `...` is text there.
PRINTS = LazyPattern(r"(?:\w++=\S*+[ \t]++)*(?:echo|printf|say|log|print|git[ \t]++commit|#)\b", re.MULTILINE)

# A statement that begins like most commands, and like no output: these need no closer look.
PLAIN = LazyPattern(
    r"(?!(?:total|commit|diff|index|time|level|ts|msg|create|alter|drop|insert|delete|show|use|resource|variable|provider"
    r"|module|output|data|locals|terraform|server|location|upstream|http|const|var|import|from|def|class|package"
    r"|namespace|using|public|private|pod|service|secret|configmap|node)\b"
    r"|ssh-(?:rsa|dss|ed25519) |ecdsa-|[dlcbps][r-][w-][xsS-])"
    r"[a-z][a-z0-9_-]*+(?:$|[ \t](?![ \t=])(?![^\n]*   ))",
    re.MULTILINE,
)
