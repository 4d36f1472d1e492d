"""The `impasto` command, and `python -P -m impasto`. If a package is missing, it prints what `doctor` finds."""

import sys

from .system.safe_path import leave_current_folder


def main() -> None:
    """Run the command line, or print which package is missing and how to install it."""
    leave_current_folder()
    from .system.interruption import install
    from .system.streams import prepare
    from .system.transaction import end_all

    prepare()
    install(end_all)
    _run()


def _run() -> None:
    try:
        from .cli.main import main as command
    except ImportError:
        from .errors import PluginError
        from .plugins.installation import findings

        for problem in findings()["problems"]:
            print(f"impasto: {problem['what']}\n  {problem['remedy']}", file=sys.stderr)
        sys.exit(PluginError.exit_code)
    command()


if __name__ == "__main__":
    main()
