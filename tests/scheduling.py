"""What stays together when several workers share the tests (pytest-xdist).

The groups of pytest-xdist 3.8 have no effect beside pytest 9: it hangs them on a part of the name
that pytest no longer reads. So the files are looked at here, and whole files stay together.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

HERE = Path(__file__).parent
_GROUP = re.compile(r"""mark\.xdist_group\(["']([\w-]+)["']\)""")


@cache
def group(file: str) -> str:
    """Return the name of what a test file belongs to.

    It is the group that the file names (``pytest.mark.xdist_group``), or the folder where that has
    fixtures of its own, or the file: what they make, servers and certificates, is made once.

    Args:
        file: relative to the checkout, as in the name of a test.
    """
    path = HERE.parent / file
    named = _GROUP.search(path.read_text(encoding="utf-8")) if path.is_file() else None
    if named:
        return named[1]
    own = path.parent != HERE and (path.parent / "conftest.py").is_file()
    return (path.parent if own else path).as_posix()


class Together(LoadScopeScheduling):
    """Gives a worker one group after the other, in the order of the tests."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid.split("::")[0])
