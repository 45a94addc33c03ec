"""What may import what, read from the source: the promises of the design are kept by its modules' borders."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path, PurePosixPath

import pytest

import untag

PACKAGE = Path(untag.__file__).parent
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
LONGEST = 400

NETWORK = {
    "socket", "socketserver", "ssl", "http.client", "http.server", "http.cookiejar", "urllib.request", "urllib.error",
    "urllib3", "requests", "httpx", "aiohttp", "websockets", "ftplib", "smtplib", "imaplib", "poplib", "telnetlib",
    "xmlrpc", "asyncio", "paramiko", "huggingface_hub", "distributed", "dask", "tornado",
}  # fmt: skip

WRITERS = {
    *(f"click.{name}" for name in ("echo", "secho", "confirm", "prompt", "pause", "progressbar", "echo_via_pager")),
    *("rich.print", "rich.print_json", "rich.console", "rich.progress", "rich.live", "rich.logging", "rich.prompt"),
    *("sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__", "logging.basicConfig", "logging.StreamHandler"),
    *("traceback", "pprint", "getpass", "curses", "warnings.showwarning"),
}
"""What would send text to a terminal past the one function that makes it harmless."""

ONLY_IN: dict[str, tuple[set[str], tuple[str, ...]]] = {
    "SQL": ({"sqlite3", "sqlite_utils"}, ("store/*",)),
    "inference": ({"onnxruntime"}, ("engine/runtime/ort.py",)),
    "graphs": ({"onnx"}, ("engine/*/*",)),
    "other programs": (
        {"subprocess", "pty", "os.system", "os.popen"},
        (
            "doctor/watching/*",
            # LibRaw: a crash must not take the scan along.
            "imaging/confined.py",
            # Videos are decoded by a process that can open nothing.
            "imaging/video.py",
            "review/working.py",
            "schedule/programs.py",
            "support/home.py",
            "support/user_command.py",
        ),
    ),
    # The cluster is the one exception that the user asks for, with each scan.
    "the network": (NETWORK, ("engine/downloads/fetch.py", "scan/cluster/connection.py")),
    "threads": (
        {"threading", "multiprocessing", "concurrent", "queue", "_thread"},
        # What ends a scan early is an event, and starts no thread.
        ("scan/cluster/*", "scan/pipeline.py", "support/cancel.py", "support/memory_budget.py"),
    ),
    "the command line": ({"click"}, ("cli/*",)),
    "the terminal": ({"rich"}, ("cli/terminal.py", "reports/table.py")),
    # The standard output of the process that works for the pages is a pipe to their server; LibRaw's, to the scan.
    "writing to the terminal": (WRITERS, ("cli/terminal.py", "review/worker.py", "imaging/confined_child.py")),
    "the reading of opcodes": ({"pickletools"}, ("engine/weights/torch_weights.py",)),
    "what runs code from files": ({"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle"}, ()),
    "the web": ({"flask", "werkzeug", "waitress"}, ("review/*", "doctor/visited.py")),
    "frameworks": ({"torch", "torchvision", "tensorflow", "dlib", "face_recognition", "face_recognition_models"}, ()),
}
# The review page is served on this machine alone: its server may listen, and has threads.
SERVERS = {"socket", "threading", "queue"}


@cache
def tree(module: str) -> ast.Module:
    return ast.parse((PACKAGE / module).read_text("utf-8"))


def imports(module: str) -> Iterator[str]:
    """Every dotted name that a module imports, anywhere in it; `from a import b` is a.b."""
    return imported_by(tree(module))


def imported_by(source: ast.Module) -> Iterator[str]:
    """The same of a module that was parsed."""
    for node in ast.walk(source):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{ast.unparse(node)}: no import may be relative"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {
            "__import__",
            "import_module",
            "importlib.import_module",
        }:
            argument = node.args[0]
            yield argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else ""


def within(name: str, forbidden: set[str]) -> bool:
    return any(name == item or name.startswith(item + ".") for item in forbidden)


def test_there_is_something_to_read() -> None:
    assert {"types.py", "scan/pipeline.py", "store/db.py", "engine/runtime/session.py", "cli/app.py"} <= set(MODULES)
    assert "sqlite3" in set(imports("store/db.py"))
    assert "onnxruntime" in set(imports("engine/runtime/ort.py"))


@pytest.mark.parametrize("what", ONLY_IN)
def test_it_is_only_where_it_belongs(what: str) -> None:
    forbidden, allowed = ONLY_IN[what]
    for module in MODULES:
        path = PurePosixPath(module)
        if any(path.match(pattern) for pattern in allowed):
            continue
        names = forbidden - SERVERS if path.match("review/*") else forbidden
        found = {name for name in imports(module) if within(name, names)}
        assert not found, f"{module} uses {what}: {', '.join(sorted(found))}"


def test_onnx_runtime_is_imported_in_one_place() -> None:
    """Its telemetry is turned off there, before the import: no other import may come first, in a test neither."""
    repository = Path(__file__).parents[1]
    importing = re.compile(r"^\s*(import onnxruntime|from onnxruntime)\b|import_module\(.onnxruntime", re.MULTILINE)
    found = [
        (path.relative_to(repository).as_posix(), len(importing.findall(path.read_text("utf-8"))))
        for folder in ("src", "tests", "benchmarks", "training")
        for path in sorted((repository / folder).rglob("*.py"))
        if path != Path(__file__) and importing.search(path.read_text("utf-8"))
    ]
    assert found == [("src/untag/engine/runtime/ort.py", 1)]


def test_no_module_runs_text_or_programs_of_its_own_making() -> None:
    for module in MODULES:
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"eval", "exec"}, f"{module}:{node.lineno}"
            if isinstance(node, ast.keyword) and node.arg in {"allow_pickle", "shell"}:
                assert ast.unparse(node.value) == "False", f"{module}:{node.value.lineno}"


@pytest.mark.parametrize("layer", ["engine", "imaging"])
def test_the_lower_layers_know_nothing_of_the_upper(layer: str) -> None:
    upper = {
        f"untag.{name}"
        for name in (
            "cli",
            "store",
            "people",
            "findings",
            "reports",
            "scan",
            "config",
            "upkeep",
            "doctor",
            "evaluation",
        )
    }
    for module in MODULES:
        if module.startswith(layer + "/"):
            found = {name for name in imports(module) if within(name, upper)}
            assert not found, f"{module} imports {', '.join(sorted(found))}"


MAY_IMPORT: dict[str, set[str]] = {
    "types": set(),
    "errors": {"types"},
    "support": {"errors"},
    "engine": {"errors", "support"},
    "imaging": {"errors", "support", "types"},
    # A filter of findings is applied in SQL.
    "store": {"errors", "findings", "support", "types"},
    "findings": {"errors", "support", "types"},
    "sources": {"errors", "imaging", "support", "types"},
    "faces": {"engine", "errors", "support", "types"},
    "actions": {"errors", "findings", "store", "support", "types"},
    "reports": {"actions", "errors", "findings", "imaging", "scan", "sources", "support", "types"},
    "upkeep": {"engine", "errors", "scenes", "store", "support", "types"},
}
"""The rooms below the scan, and what each may know of beside itself. `findings` are pure: values in, values out."""


def rooms_imported(module: str) -> set[str]:
    """The rooms and root modules of untag that a module imports; its version is everybody's."""
    return {name.split(".")[1] for name in imports(module) if name.startswith("untag.")} - {"__version__"}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_knows_only_what_it_is_built_on(room: str) -> None:
    inside = [module for module in MODULES if module == f"{room}.py" or module.startswith(f"{room}/")]
    assert inside
    for module in inside:
        found = rooms_imported(module) - MAY_IMPORT[room] - {room}
        assert not found, f"{module} imports {', '.join(sorted(found))}"


def test_the_order_of_the_rooms_has_no_way_round() -> None:
    """A room that may be imported may not import back, through however many others; `scan` may know all of them."""
    for room in MAY_IMPORT:
        reached, ahead = set[str](), set(MAY_IMPORT[room]) - {"scan"}
        while ahead:
            reached |= ahead
            ahead = {further for one in ahead for further in MAY_IMPORT.get(one, set())} - reached - {"scan"}
        assert room not in reached, room


def test_what_is_shared_is_written_once() -> None:
    """Functions that stood in two rooms before."""
    for name in ("folder_of", "link_key", "absolute"):
        places = [
            module
            for module in MODULES
            for node in tree(module).body
            if isinstance(node, ast.FunctionDef) and node.name == name
        ]
        assert len(places) == 1, f"{name} is in {places}"


PRESENTATION = {"untag.cli", "untag.errors", "untag.reports", "untag.support.words"}
"""What a command may use besides the public names."""

PAGES = (PRESENTATION - {"untag.cli"}) | {"untag.review"}
"""What the review page may."""


def past_the_api(source: ast.Module, imported: Iterable[str], allowed: set[str] = PRESENTATION) -> set[str]:
    """What a module uses of untag that is neither public nor presentation, by import or as an attribute."""
    public = {f"untag.{name}" for name in untag.__all__}
    used = {name for name in imported if within(name, {"untag"}) and name != "untag"}
    used |= {
        f"untag.{node.attr}"
        for node in ast.walk(source)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "untag"
    }
    return {name for name in used - public if not within(name, allowed)}


def test_commands_have_no_other_way_in_than_the_public_names() -> None:
    commands = [module for module in MODULES if module.startswith("cli/")]
    assert len(commands) > 20
    for module in commands:
        # In app.py the click command itself is called untag.
        found = past_the_api(tree(module), imports(module)) - ({"untag.main"} if module == "cli/app.py" else set())
        assert not found, f"{module} uses {', '.join(sorted(found))}"
        # A command is loaded by its name; anything else by name would be a way past this test.
        names = [name for name in imports(module) if name == ""]
        assert len(names) == (module == "cli/app.py"), module


def test_pages_have_no_other_way_in_than_the_public_names() -> None:
    modules = [module for module in MODULES if module.startswith("review/")]
    assert len(modules) > 8
    for module in modules:
        found = past_the_api(tree(module), imports(module), PAGES)
        assert not found, f"{module} uses {', '.join(sorted(found))}"


@pytest.mark.parametrize(
    "code",
    [
        "import untag.store",
        "from untag.store import Store",
        "from untag import store",
        "import untag\nuntag.store.Store",
        "from untag.config import load_settings",
        "from untag.support.home import tend_home",
        "def f():\n    from untag.scan.judge import load_judge",
    ],
)
def test_a_way_past_the_public_names_is_seen(code: str) -> None:
    source = ast.parse(code)
    assert past_the_api(source, imported_by(source))


def writers(source: ast.Module) -> set[str]:
    """What a module uses that writes to the terminal, by import, as an attribute or as a function."""
    found = set()
    for node in ast.walk(source):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"print", "input", "breakpoint"}:
            found.add(ast.unparse(node.func))
        elif isinstance(node, ast.Attribute):
            name = ast.unparse(node)
            found |= {name} & WRITERS
            # An exception of click shows itself; a file descriptor is a terminal as well.
            found |= {name} if node.attr in {"show", "showwarning"} else set()
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {"os.write", "os.fdopen", "open"}:
            first = node.args[0] if node.args else None
            found |= {ast.unparse(node)} if isinstance(first, ast.Constant) and first.value in (1, 2) else set()
    return found


def moves(source: ast.Module) -> set[str]:
    """Where a file gets another name: `os.replace(a, b)`, `path.rename(b)`, `path.replace(b)`."""
    found = set()
    for node in ast.walk(source):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of_text = node.func.attr == "replace" and (len(node.args) != 1 or node.keywords)
            if ast.unparse(node.func) == "os.replace" or (node.func.attr in MOVES and not of_text):
                found.add(ast.unparse(node))
    return found


MOVES = {"rename", "renames", "replace", "link", "hardlink_to", "move"}


def test_files_get_their_names_in_one_place() -> None:
    """What is written aside and renamed is swept after a kill, and erased, by those who know where it lies."""
    writing = {module for module in MODULES if moves(tree(module))}
    assert writing == {"support/aside.py", "support/erase.py"}
    for code in ("os.replace(a, b)", "a.replace(b)", "a.rename(b)", "shutil.move(a, b)"):
        assert moves(ast.parse(code)), code
    assert not moves(ast.parse("text.replace('a', 'b')"))


def test_one_module_writes_to_the_terminal() -> None:
    assert writers(tree("cli/terminal.py")) >= {"click.echo", "sys.stdout", "sys.stderr"}
    for module in MODULES:
        if module not in {"cli/terminal.py", "review/worker.py", "imaging/confined_child.py"}:
            assert not writers(tree(module)), module


@pytest.mark.parametrize(
    "code", ["print(1)", "click.echo(a)", "sys.stderr.write(a)", "error.show()", "os.write(2, a)", "f(sys.stdout)"]
)
def test_what_writes_is_seen(code: str) -> None:
    assert writers(ast.parse(code))


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_what_it_is_and_stays_short(module: str) -> None:
    text = (PACKAGE / module).read_text("utf-8")
    if text.strip():
        assert ast.get_docstring(tree(module)), f"{module} has no docstring"
    assert len(text.splitlines()) <= LONGEST, f"{module} has {len(text.splitlines())} lines"


HEAVY = {"numpy", "cv2", "onnxruntime", "onnx", "rich", "sqlite3", "sqlite_utils", "PIL", "jinja2", "flask", "waitress"}


def test_help_comes_without_the_heavy_libraries() -> None:
    program = (
        "import sys\n"
        "from untag.cli.app import untag\n"
        "from click.testing import CliRunner\n"
        "result = CliRunner().invoke(untag, ['--help'])\n"
        "assert result.exit_code == 0 and 'scan' in result.output, result.output\n"
        f"found = set({sorted(HEAVY)!r}) & sys.modules.keys()\n"
        "assert not found, sorted(found)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


NOUNS = "photos|files|faces|findings|copies|references|decisions|looks|examples|places|downloads|people"
COUNTABLE = re.compile(rf" (?:(?:more|new|other|identical|photo|clear) )?(?:{NOUNS})\b")


def home_made_plurals(source: ast.Module) -> list[str]:
    """Where a number meets a noun that was put into the plural by hand: it would say "1 photos" one day."""
    found = []
    for node in ast.walk(source):
        if isinstance(node, ast.JoinedStr):
            for value, text in pairwise(node.values):
                if isinstance(value, ast.FormattedValue) and isinstance(text, ast.Constant) and not value.format_spec:
                    shown = ast.unparse(value.value)
                    # A limit is no count, and a fixed number is known to be several.
                    if COUNTABLE.match(str(text.value)) and not re.fullmatch(r"[A-Z_.\[\]0-9]+|counted\(.*\)", shown):
                        found.append(f"{shown}{text.value!s}")
        elif isinstance(node, ast.IfExp):
            ends = {getattr(node.body, "value", None), getattr(node.orelse, "value", None)}
            found += [ast.unparse(node)] if ends == {"", "s"} else []
    return found


@pytest.mark.parametrize("module", MODULES)
def test_numbers_get_their_noun_from_one_function(module: str) -> None:
    assert not home_made_plurals(tree(module))


def test_a_plural_by_hand_is_seen() -> None:
    for code in ('f"{n} photos"', 'f"{n} more photos here"', "f\"{n} photo{'' if n == 1 else 's'}\""):
        assert home_made_plurals(ast.parse(code)), code
