"""The peers in other languages: which there are, what they need, how they are built and called.

Their sources lie in peers/<language>/, a file for each problem that the peer takes part in. They are
built with the tools and libraries of Debian's packages only, so that no network is needed.
"""

import dataclasses
import glob
import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "peers"
BUILT = HERE.parent / "build/peers"
CRATES = "/usr/share/cargo/registry"  # where Debian's librust-*-dev put theirs
PYTHON = "/usr/bin/python3"


class BuildFailure(Exception):
    """The packages are there, and yet a peer cannot be built; the message is the compiler's."""


@dataclasses.dataclass(frozen=True)
class Peer:
    name: str
    compiler: str
    folder: str  # of its sources, in peers/
    suffix: str  # of a source
    needs: dict  # Debian package: a file of it, as a pattern

    def takes_part_in(self, problem):
        return (SOURCES / self.folder / f"{problem}{self.suffix}").exists()

    def missing(self):
        """The packages that are not installed."""
        return [package for package, file in self.needs.items() if not glob.glob(file)]

    def versions(self):
        """What it is made of, as the system calls it."""
        query = ["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *self.needs]
        if not shutil.which(query[0]):
            return "packages unknown"
        found = subprocess.run(query, capture_output=True, text=True, check=False)
        return ", ".join(found.stdout.splitlines())

    def build(self):
        """Brings it up to date in build/peers/."""

    def command(self, problem):
        raise NotImplementedError


class Rust(Peer):
    def build(self):
        copy = BUILT / "rust"  # cargo writes its lock file beside the sources
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(SOURCES / "rust", copy)
        debian = ('source.crates-io.replace-with="debian"', f'source.debian.directory="{CRATES}"')
        configured = [word for line in debian for word in ("--config", line)]
        command = ["/usr/bin/cargo", "build", "--release", "--offline", "--quiet", *configured]
        _compile([*command, "--target-dir", BUILT / "target"], copy / self.name)

    def command(self, problem):
        return [BUILT / "target/release" / self.name, problem]


class Go(Peer):
    def build(self):
        command = ["/usr/bin/go", "build", "-buildvcs=false", "-o", BUILT / "go", "."]
        _compile(command, SOURCES / self.folder)

    def command(self, problem):
        return [BUILT / "go", problem]


class Python(Peer):
    def command(self, problem):
        return [PYTHON, "-B", SOURCES / self.folder / f"{problem}.py", "--loop", self.name]


def _compile(command, folder):
    """Runs a compiler that sees nothing of the user's settings."""
    BUILT.mkdir(parents=True, exist_ok=True)
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(BUILT),
        "CARGO_HOME": str(BUILT / "cargo"),
        "GOCACHE": str(BUILT / "go-cache"),
        "GOPROXY": "off",
    }
    command = [os.fspath(word) for word in command]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise BuildFailure(f"{' '.join(command)} failed in {folder}:\n{done.stderr.strip()}")


_RUST = {"rustc": "/usr/bin/rustc", "cargo": "/usr/bin/cargo"}
_PYTHON = {"python3": PYTHON}
PEERS = [
    Rust("tokio", "rustc", "rust/tokio", ".rs", {**_RUST, "librust-tokio-dev": f"{CRATES}/tokio-1.*"}),
    Rust("rayon", "rustc", "rust/rayon", ".rs", {**_RUST, "librust-rayon-dev": f"{CRATES}/rayon-1.*"}),
    Go("go", "go", "go", ".go", {"golang-go": "/usr/bin/go"}),
    Python("asyncio", "python", "python", ".py", _PYTHON),
    Python(
        "uvloop",
        "python",
        "python",
        ".py",
        {**_PYTHON, "python3-uvloop": "/usr/lib/python3/dist-packages/uvloop"},
    ),
]


def of_problems(problems):
    """The peers that take part in any of the problems."""
    return [peer for peer in PEERS if any(peer.takes_part_in(problem) for problem in problems)]


def sizes_text(variant):
    """What a problem tells of a variant, for the command line of a peer."""
    numbers = {name: value for name, value in variant.items() if name != "variant"}
    return ",".join(f"{name}={value}" for name, value in numbers.items())


def arguments(variant, warm_up):
    """Those that say what to do; `warm_up` is another variant."""
    chosen = ["--variant", variant["variant"]]
    return [*chosen, "--warm-up", sizes_text(warm_up), "--sizes", sizes_text(variant)]
