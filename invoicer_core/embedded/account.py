"""Under which operating system user, and from which folders, the embedded servers run.

PostgreSQL refuses to run as root. Started as root, the servers run as the system user
``invoicer`` (made if absent); what that user cannot reach is kept under ``/var/lib/invoicer``
instead. Parent folders are never chmodded.
"""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

NAME = "invoicer"
HOME = Path("/var/lib/invoicer")


class ServerError(RuntimeError):
    """An embedded server cannot run; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """The user the servers run as; ``switch`` tells whether that is another user than ours."""

    name: str
    uid: int
    gid: int
    switch: bool


def server_account() -> Account:
    """This process's own user, or as root the system user ``invoicer``.

    Raises:
        ServerError: the uid has no passwd entry (initdb needs one), or the user cannot be made.
    """
    if os.geteuid() != 0:
        try:
            entry = pwd.getpwuid(os.geteuid())
        except KeyError as error:
            raise ServerError(
                f"User id {os.geteuid()} has no passwd entry, which PostgreSQL needs. Run the "
                "image with its own user, or add the id to /etc/passwd."
            ) from error
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switch=False)
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        _make_user()
        entry = pwd.getpwnam(NAME)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switch=True)


def _make_user() -> None:
    command = ["useradd", "--system", "--user-group", "--home-dir", str(HOME), "--no-create-home"]
    try:
        subprocess.run([*command, "--shell", "/usr/sbin/nologin", NAME], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise ServerError(
            f"Started as root, and the system user {NAME!r} could not be made. Make it, or start "
            "as an ordinary user."
        ) from error


def can_reach(account: Account, path: Path) -> bool:
    """Whether the account may pass through every existing folder on the way to ``path``."""
    for folder in (path, *path.parents):
        try:
            found = folder.stat()
        except FileNotFoundError:
            continue
        if not stat.S_ISDIR(found.st_mode) or found.st_uid == account.uid:
            continue
        bit = stat.S_IXGRP if found.st_gid == account.gid else stat.S_IXOTH
        if not found.st_mode & bit:
            return False
    return True


def mark(data: Path) -> str:
    """Eight letters that tell data folders apart in the names of folders elsewhere."""
    return hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:8]


def server_folder(account: Account, data: Path, name: str) -> Path:
    """The folder (mode 0700, the account's own) in which a server keeps its data."""
    base = data
    if account.switch and not can_reach(account, data):
        base = HOME / mark(data)
        base.mkdir(mode=0o755, parents=True, exist_ok=True)
    return own_folder(account, base / name)


def run_folder(account: Account, data: Path) -> Path:
    """A short folder for sockets (their paths may have 107 bytes at most), mode 0700.

    Raises:
        ServerError: somebody else owns the folder.
    """
    own = Path("/run") if account.switch else Path(f"/run/user/{account.uid}")
    base = own if os.access(own, os.W_OK) else Path("/tmp")  # noqa: S108 - own_folder checks
    return own_folder(account, base / f"invoicer-{account.uid}-{mark(data)}")


def own_folder(account: Account, path: Path) -> Path:
    """Make ``path`` if absent; it must then be a real folder that belongs to the account."""
    if not path.exists():
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if account.switch:
            os.chown(path, account.uid, account.gid)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid:
        raise ServerError(f"{path} belongs to somebody else: remove it, or set INVOICER_DATA.")
    path.chmod(0o700)
    return path


def reachable_binaries(
    account: Account, bin_dir: Path, beside: tuple[Path, ...], *, home: Path = HOME
) -> Path:
    """``bin_dir``, or a copy of its tree that the account can reach.

    Args:
        bin_dir: ``<tree>/bin``; the whole ``<tree>`` is copied.
        beside: further folders the binaries load from, found relative to the tree's parent.
        home: where copies are kept.
    """
    if not account.switch or can_reach(account, bin_dir):
        return bin_dir
    package = bin_dir.parent.parent
    stamp = hashlib.sha256(f"{package}{package.stat().st_mtime_ns}".encode()).hexdigest()[:8]
    target = home / "programs" / stamp
    if not (target / "complete").exists():
        shutil.rmtree(target, ignore_errors=True)
        for source in (package, *beside):
            if source.is_dir():
                shutil.copytree(source, target / source.name, symlinks=True)
        for folder in (home, home / "programs", target):
            folder.chmod(0o755)
        (target / "complete").touch()
    return target / package.name / bin_dir.relative_to(package)
