"""Installs what Afterclose runs on, then hands over to bin/_<command>.py.

Runs on any Python from 3.6 on, with nothing installed. Finds or installs uv, finds a Python
3.12 or newer, installs the locked packages into .venv and the front-end parts into
node_modules. What is there and fits is left alone, so that a second run takes a moment.
Writes nothing outside the checkout but the caches of uv and npm.
"""

import fcntl
import glob
import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CACHE = os.path.join(ROOT, ".cache")
VENV = os.path.join(ROOT, ".venv")
VENV_PYTHON = os.path.join(VENV, "bin", "python")
WANTED = ((3, 12), (3, 13), (3, 14), (3, 15))
PROBE = "import ssl, sys, zlib; print('%d %d' % sys.version_info[:2])"
NPM_OLDEST = 8


class Problem(Exception):
    """Why it cannot go on, and what to do."""


def main():
    command, rest = sys.argv[1], sys.argv[2:]
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, "bootstrap.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if command == "lock":
            return relock(rest)
        install_packages("base" if command == "demo" else "dev")
        if command != "lint":
            install_front_end()
    program = os.path.join(ROOT, "bin", "_%s.py" % command)
    env = dict(os.environ)
    env["PYTHONPATH"] = os.pathsep.join(
        [os.path.join(ROOT, "src"), ROOT] + [p for p in [env.get("PYTHONPATH")] if p]
    )
    env["VIRTUAL_ENV"] = VENV
    env["PATH"] = os.pathsep.join([os.path.join(VENV, "bin"), env.get("PATH", os.defpath)])
    sys.stdout.flush()
    os.execve(VENV_PYTHON, [VENV_PYTHON, program] + rest, env)


# Python packages ----------------------------------------------------------------------


def install_packages(group):
    """Brings .venv to the state of requirements/<group>.txt."""
    names = ["base"] if group == "base" else ["base", "dev"]
    wanted = digest(*("requirements/%s.txt" % name for name in names))
    stamp = os.path.join(VENV, ".afterclose-" + group)
    works = version_of(VENV_PYTHON)
    if works and works >= WANTED[0] and read(stamp) == wanted:
        return
    uv = find_uv()
    if not works or works < WANTED[0]:
        python = find_python(uv)
        say("Making .venv with Python %d.%d" % version_of(python))
        run([uv, "venv", "--quiet", "--clear", "--python", python, VENV])
    say("Installing Python packages (requirements/%s.txt)" % group)
    uv_install(uv, VENV_PYTHON, group)
    for name in names:
        done = names[: names.index(name) + 1]
        write(
            os.path.join(VENV, ".afterclose-" + name),
            digest(*("requirements/%s.txt" % each for each in done)),
        )


def uv_install(uv, python, group):
    """Installs requirements/<group>.txt; nothing whose hash is not in that file."""
    requirements = os.path.join(ROOT, "requirements", group + ".txt")
    command = [uv, "pip", "install", "--quiet", "--python", python]
    command += ["--require-hashes", "-r", requirements]
    try:
        run(command, quiet=True)
    except Problem as problem:
        if "certificate" not in str(problem).lower():
            raise
        # A network with an authority of its own, which the machine knows and uv does not.
        own = dict(os.environ, UV_SYSTEM_CERTS="true", UV_NATIVE_TLS="true")
        run(command, env=own, quiet=True)


def find_uv():
    """A uv that runs. The one on PATH may be a shim that does not."""
    private = os.path.join(CACHE, "uv", "bin", "uv")
    home = os.path.expanduser("~")
    for uv in (
        os.environ.get("UV"),
        shutil.which("uv"),
        os.path.join(home, ".local", "bin", "uv"),
        os.path.join(home, ".cargo", "bin", "uv"),
        private,
    ):
        if uv and runs([uv, "--version"]):
            return uv
    say("Installing uv into .cache")
    hosts = [python for python in pythons() if version_of(python)]
    hosts.sort(key=lambda python: version_of(python) not in WANTED)
    tried = []
    for python in hosts:
        shutil.rmtree(os.path.join(CACHE, "uv"), ignore_errors=True)
        try:
            run([python, "-m", "venv", os.path.join(CACHE, "uv")], quiet=True)
            pip = [os.path.join(CACHE, "uv", "bin", "python"), "-m", "pip", "install", "-q"]
            if version_of(python) < (3, 9):
                # An old pip does not know the tags of today's wheels.
                run(pip + ["--upgrade", "pip"], quiet=True)
            # uv is one program; which Python carries it does not matter.
            run(
                pip
                + ["--ignore-requires-python", "--require-hashes"]
                + ["-r", os.path.join(ROOT, "requirements", "uv.txt")],
                quiet=True,
            )
        except Problem as problem:
            tried.append(str(problem))
            continue
        if runs([private, "--version"]):
            return private
    raise Problem(
        "uv could not be installed; install it yourself (or the packages python3-venv and "
        "python3-pip) and try again.\n" + "\n".join(tried[-2:])
    )


def find_python(uv):
    """A Python that the packages are locked for; lets uv fetch one when there is none."""
    found = {}
    for python in pythons():
        version = version_of(python)
        if version in WANTED:
            found.setdefault(version, python)
    for version in WANTED:
        if version in found:
            return found[version]
    say("No Python 3.12 or newer here; letting uv fetch one")
    own = dict(os.environ, UV_PYTHON_INSTALL_DIR=os.path.join(CACHE, "python"))
    try:
        run([uv, "python", "install", "--no-bin", "3.12"], env=own)
        return output([uv, "python", "find", "--no-project", "--managed-python", "3.12"], env=own)
    except Problem as problem:
        raise Problem(
            "Afterclose needs Python 3.12 or newer, and uv could not fetch it "
            "(%s). Install one and try again." % problem
        )


def pythons():
    """Paths of Pythons that this machine may have, likely ones first."""
    names = ["python%d.%d" % version for version in WANTED] + ["python3", "python"]
    paths = [shutil.which(name) for name in names]
    home = os.path.expanduser("~")
    pyenv = os.environ.get("PYENV_ROOT", os.path.join(home, ".pyenv"))
    for pattern in (
        os.path.join(pyenv, "versions", "3.*", "bin", "python3"),
        os.path.join(home, ".local", "share", "uv", "python", "*", "bin", "python3"),
        "/usr/local/bin/python3.*",
        "/opt/*/bin/python3.*",
        "/opt/homebrew/opt/python@3.*/bin/python3.*",
    ):
        paths += [path for path in sorted(glob.glob(pattern)) if not path.endswith("config")]
    paths += ["/usr/bin/python3", sys.executable]
    seen, unique = set(), []
    for path in paths:
        # A shim and what it stands for are two; two links to one Python are one.
        if path and os.path.realpath(path) not in seen and not path.startswith(VENV):
            seen.add(os.path.realpath(path))
            unique.append(path)
    return unique


_versions = {}


def version_of(python):
    """(3, 12) for a Python that runs and can load packages, else None."""
    if python not in _versions:
        try:
            said = output([python, "-c", PROBE])
            _versions[python] = tuple(int(part) for part in said.split()[:2])
        except (Problem, ValueError):
            _versions[python] = None
    version = _versions[python]
    if python == VENV_PYTHON:
        del _versions[python]
    return version


# Front-end parts ----------------------------------------------------------------------


def install_front_end():
    """Brings node_modules to the state of package-lock.json."""
    wanted = digest("package.json", "package-lock.json")
    stamp = os.path.join(ROOT, "node_modules", ".afterclose")
    if read(stamp) == wanted:
        return
    npm, path = find_npm()
    say("Installing front-end parts (package-lock.json)")
    env = dict(os.environ, PATH=path)
    run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        env=env,
        quiet=True,
    )
    write(stamp, wanted)


def find_npm():
    """An npm that reads our lock file, and the PATH to run it with."""
    path = os.environ.get("PATH", os.defpath)
    npm = shutil.which("npm")
    if npm and runs([npm, "--version"]) and runs(["node", "--version"]):
        if int(output([npm, "--version"]).split(".")[0]) >= NPM_OLDEST:
            return npm, path
    folder = os.path.join(CACHE, "node")
    npm = os.path.join(folder, "bin", "npm")
    path = os.pathsep.join([os.path.join(folder, "bin"), path])
    env = dict(os.environ, PATH=path)
    if not runs([npm, "--version"], env=env):
        say("Installing Node (requirements/node.txt) into .cache")
        uv = find_uv()
        run([uv, "venv", "--quiet", "--clear", "--python", VENV_PYTHON, folder])
        uv_install(uv, os.path.join(folder, "bin", "python"), "node")
    return npm, path


# Lock files ---------------------------------------------------------------------------


def relock(names):
    """Compiles requirements/*.in; with names, only those packages are renewed."""
    uv = find_uv()
    for group in ("base", "dev", "node", "uv"):
        command = [uv, "pip", "compile", "--quiet", "--universal", "--python-version", "3.12"]
        command += ["--generate-hashes", "--no-emit-index-url", "--no-header"]
        if group == "dev":
            # What runs in tests is what runs in use.
            command += ["--constraint", "requirements/base.txt"]
        for name in names:
            command += ["--upgrade-package", name]
        command += ["requirements/%s.in" % group, "-o", "requirements/%s.txt" % group]
        say("Locking requirements/%s.txt" % group)
        run(command)
    return 0


# Small things -------------------------------------------------------------------------


def say(text):
    print("-- " + text, file=sys.stderr)
    sys.stderr.flush()


def run(command, env=None, quiet=False):
    """Runs a command in the checkout; its output goes to standard error, or is kept."""
    pipe = subprocess.PIPE if quiet else None
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=pipe or sys.stderr,
            stderr=subprocess.STDOUT if quiet else None,
        )
    except OSError as problem:
        raise Problem("%s: %s" % (command[0], problem))
    if done.returncode:
        said = done.stdout.decode(errors="replace").strip() if quiet else "see above"
        raise Problem("This failed: %s\n%s" % (" ".join(command), said))


def output(command, env=None):
    try:
        # From the root folder: a .python-version on the way would mislead shims.
        done = subprocess.run(
            command,
            cwd="/",
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as problem:
        raise Problem("%s: %s" % (command[0], problem))
    if done.returncode:
        raise Problem(done.stderr.decode(errors="replace").strip())
    return done.stdout.decode().strip()


def runs(command, env=None):
    try:
        output(command, env)
    except Problem:
        return False
    return True


def digest(*files):
    found = hashlib.sha256()
    for file in files:
        with open(os.path.join(ROOT, file), "rb") as opened:
            found.update(opened.read())
    return found.hexdigest()


def read(file):
    try:
        with open(file) as opened:
            return opened.read().strip()
    except OSError:
        return None


def write(file, text):
    with open(file, "w") as opened:
        opened.write(text + "\n")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Problem as problem:
        print(problem, file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
