"""The files by which systemd, launchd or cron starts the runs. Made as text here, and written nowhere.

What works in units of a user was looked up: `RestrictAddressFamilies` (seccomp) always; `PrivateNetwork` only where
users may make namespaces, and elsewhere such a unit fails or runs with the network (systemd#14005, #30914); so it is
written only where it was tried. `IPAddressDeny` is ignored by the service manager of a user (systemd#12327); it costs
nothing and holds where it does not.
"""

from __future__ import annotations

import plistlib
import shlex
from collections.abc import Iterator, Sequence

from untag.errors import UsageError
from untag.schedule.installation import NAME, Installation
from untag.schedule.plan import Schedule
from untag.support.paths import os_path

LABEL = "org.untag.schedule"
CRON_BEGIN = "# untag schedule: begin"
CRON_END = "# untag schedule: end"

_RUN = " schedule run --if-due "
_CONTROL = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}


def label(name: str) -> str:
    """What launchd calls it."""
    return LABEL + name.removeprefix(NAME)


def cron_marks(name: str) -> tuple[str, str]:
    """The lines around those of untag in a crontab."""
    which = name.removeprefix(NAME)
    return (f"{CRON_BEGIN}{which}", f"{CRON_END}{which}")


def systemd_units(schedule: Schedule, here: Installation) -> dict[str, str]:
    """The units for systemd's service manager of a user, by file name. Raises UsageError for what none can hold."""
    name = here.name
    first = [] if schedule.before is None else [f"{name}-before.service"]
    # What came while nobody watched the folder is met every hour. One after the other: two scans cannot run at once.
    first += [] if schedule.downloads is None else [f"{name}-arrivals.service"]
    before = f"Wants={' '.join(first)}\nAfter={' '.join(first)}\n" if first else ""
    units = {
        f"{name}.timer": _TIMER,
        f"{name}.service": _service(
            "untag: the daily scan, when it is due",
            f"ConditionACPower=true\n{before}Wants={name}-notify.service\n",
            here.run("--only", "scan", "--if-due"),
            _without_network(schedule),
        ),
        f"{name}-notify.service": _service(
            "untag: tell what scheduled scans have found",
            f"After={name}.service {name}-arrivals.service\n",
            here.run("--only", "notify"),
            _environment(here),
        ),
    }
    if schedule.before is not None:
        units[f"{name}-before.service"] = _service(
            "untag: the command before the daily scan, with the network",
            "ConditionACPower=true\n",
            here.run("--only", "before", "--if-due"),
            _environment(here),
        )
    if schedule.downloads is not None:
        units[f"{name}-arrivals.path"] = _path_unit(schedule.downloads)
        units[f"{name}-arrivals.service"] = _service(
            "untag: scan the exports that have arrived",
            # Each file that comes starts it once more: a limit of starts would end the watching for good.
            f"StartLimitIntervalSec=0\nWants={name}-notify.service\n",
            here.run("--only", "arrivals"),
            _without_network(schedule),
        )
    return dict(sorted(units.items()))


_TIMER = """[Unit]
Description=untag: look every hour whether the daily scan is due

[Timer]
# The scan itself runs once a day, at the time that was chosen; an hour that was slept through, or spent on the battery,
# is made up for by the next one.
OnCalendar=hourly
RandomizedDelaySec=15min
Persistent=true

[Install]
WantedBy=timers.target
"""


def _service(what: str, unit: str, command: Sequence[str], more: str) -> str:
    # The program itself is no argument, and a dollar in its path no variable.
    words = " ".join((_systemd_word(command[0], dollar="$"), *map(_systemd_word, command[1:])))
    return f"""[Unit]
Description={what}
{unit}
[Service]
Type=oneshot
ExecStart={words}
# 1, 3, 4, 75 and 130 say how a scan went; untag schedule status has the words for it.
SuccessExitStatus=1 3 4 75 130
UMask=0077
Nice=19
CPUSchedulingPolicy=batch
IOSchedulingClass=idle
{more}"""


def _without_network(schedule: Schedule) -> str:
    namespace = "PrivateUsers=yes\nPrivateNetwork=yes\n" if schedule.namespace else ""
    return f"""# No network: no Internet socket can be made (seccomp, in every user's unit){
        ", and there is none but lo" if schedule.namespace else ""
    }.
RestrictAddressFamilies=AF_UNIX
SystemCallArchitectures=native
NoNewPrivileges=yes
{namespace}# Ignored by the service manager of a user, heeded by that of the system.
IPAddressDeny=any
"""


def _environment(here: Installation) -> str:
    return f"Environment={_systemd_word(f'PATH={here.search_path}', dollar='$')}\n"


def _path_unit(folder: str) -> str:
    return f"""[Unit]
Description=untag: notice when something comes into the downloads folder

[Path]
PathChanged={_systemd_value(os_path(folder))}

[Install]
WantedBy=paths.target
"""


def _systemd_word(text: str, *, dollar: str = "$$") -> str:
    """One argument in quotes: nothing in it is a specifier, a variable, an escape or the end of a line."""
    return '"' + "".join(dollar if char == "$" else _systemd_char(char) for char in text) + '"'


def _systemd_char(char: str) -> str:
    match char:
        case "%":
            return "%%"
        case "\\" | '"':
            return f"\\{char}"
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no text
        raise UsageError(_no_text("systemd"))
    if code < 0x20 or code == 0x7F:
        return _CONTROL.get(code, f"\\x{code:02x}")
    return char


def _systemd_value(text: str) -> str:
    """A value that is taken as it stands, but for specifiers."""
    if text != text.strip() or text.endswith("\\") or any(ord(char) < 0x20 or ord(char) == 0x7F for char in text):
        raise UsageError(
            f"systemd cannot watch a folder whose name begins or ends with a space or holds a line end: {text!r}; "
            "choose another with --downloads, or --downloads none"
        )
    if any(0xDC80 <= ord(char) <= 0xDCFF for char in text):
        raise UsageError(_no_text("systemd"))
    return text.replace("%", "%%")


def _no_text(service: str) -> str:
    return f"{service} takes no paths whose bytes are no text (UTF-8); rename the folder, or run untag scan yourself"


def launchd_plist(schedule: Schedule, here: Installation) -> bytes:
    """The agent for launchd, as a property list. Raises UsageError for what none can hold."""
    values = {
        "Label": label(here.name),
        "ProgramArguments": list(here.run("--if-due")),
        "EnvironmentVariables": {"PATH": here.search_path},
        # What was slept through is made up for: every quarter of an hour it is looked whether the scan is due.
        "StartInterval": 900,
        "ProcessType": "Background",
        "LowPriorityIO": True,
        "Nice": 19,
        "Umask": 0o077,
        "RunAtLoad": False,
    }
    if schedule.downloads is not None:
        values["WatchPaths"] = [os_path(schedule.downloads)]
    try:
        return plistlib.dumps(values)
    except (ValueError, UnicodeEncodeError) as error:
        raise UsageError(_no_text("launchd")) from error


def cron_lines(here: Installation, *, idle: bool) -> list[str]:
    """What goes into the user's crontab; `idle` says that `ionice` is there.

    Raises UsageError for what no line can hold.
    """
    path = ("env", f"PATH={here.search_path}")
    command = [*path, *(("ionice", "-c", "3") if idle else ()), "nice", "-n", "19", *here.run("--if-due")]
    if any(ord(char) < 0x20 or ord(char) == 0x7F or 0xDC80 <= ord(char) <= 0xDCFF for word in command for char in word):
        raise UsageError(
            "cron takes no paths that hold a line end or bytes that are no text; choose another home folder"
        )
    line = " ".join(map(shlex.quote, command)).replace("%", "\\%")
    begin, end = cron_marks(here.name)
    return [begin, f"*/15 * * * * {line} >/dev/null 2>&1", end]


def with_cron_lines(crontab: str, lines: Sequence[str], name: str = NAME) -> str:
    """A crontab with these lines in the place of those that untag has put there before; none for no lines."""
    kept = [line for line, own in _cron_owned(crontab, name) if not own]
    return "".join(f"{line}\n" for line in (*kept, *lines))


def own_cron_lines(crontab: str, name: str) -> str:
    """What untag has put into a crontab, with its marks."""
    return "".join(f"{line}\n" for line, own in _cron_owned(crontab, name) if own)


def _cron_owned(crontab: str, name: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether untag wrote it. Where somebody took the last mark out, what follows is the user's."""
    begin, end = cron_marks(name)
    lines = crontab.splitlines()
    inside = own = False
    for number, line in enumerate(lines):
        inside = inside or (line == begin and end in lines[number:])
        own = inside or line in (begin, end) or (own and _RUN in line)
        yield line, own
        inside = inside and line != end
