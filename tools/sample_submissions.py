#!/usr/bin/python3
"""Write twenty submissions of all kinds: correct ones, mistakes, and some that are hardly one.

    tools/sample_submissions.py FOLDER

A folder that is there already stays as it is. Grading them on two systems shows whether grades
depend on the system.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from submissions import attacking, mistaken, plain

MISTAKES = (
    "coalesce-never",
    "fit-worst",
    "preallocate-whole",
    "realloc-leaks-mapping",
    "split-never",
)
ADDED = {
    "implicit-declaration": "int one(void) { return later(); }\nint later(void) { return 0; }\n",
    "pointers-mixed-up": "long *sloppy(int *p) { int n = p; return p + n; }\n",
    "returns-nothing": "int sloppy(int number) { if (number) return; return 1; }\n",
    "syntax-error": "int sloppy(void) { return 0 }\n",
    "missing-header": '#include "sloppy.h"\n',
    "undefined-function": "void elsewhere(void);\nvoid sloppy(void) { elsewhere(); }\n",
    "new-warnings": "#include <stdlib.h>\nvoid *sloppy(void) { return calloc(sizeof(int), 4); }\n",
    "ugly": """
int  sloppy(int a,int b){
\tif(a=b)   {;}
\tunsigned c=a; int d; int e = 5 ; e = 6;
    for (int i=0;i<c;i++)
      if (i == 3) c += i;;
      return c<b;
}\x20\x20
""",
}


def add(folder: Path, source: str, flags: str = "") -> None:
    """Write the plain implementation with more source in it, built with more flags."""
    plain(folder)
    with (folder / "osmem.c").open("a") as file:
        file.write(source)
    makefile = folder / "Makefile"
    makefile.write_text(makefile.read_text().replace("-fPIC", f"-fPIC {flags}"))


def write_samples(folder: Path) -> None:
    """Write the submissions, folders and archives, into a new folder."""
    folder.mkdir(parents=True)
    plain(folder / "plain" / "src")
    shutil.make_archive(str(folder / "zipped"), "zip", folder / "plain")
    shutil.make_archive(str(folder / "sources-only"), "gztar", folder / "plain" / "src")
    plain(folder / "without-makefile" / "src")
    (folder / "without-makefile" / "src" / "Makefile").unlink()
    for mistake in MISTAKES:
        mistaken(folder / f"mistake-{mistake}" / "src", mistake)
    for name, source in ADDED.items():
        flags = "-Werror" if name == "new-warnings" else ""
        add(folder / name / "src", source, flags)
    attacking(folder / "crashes" / "src", "segfault")
    (folder / "damaged.zip").write_bytes((folder / "zipped.zip").read_bytes()[:-100])
    (folder / "words.txt").write_text("I did not manage to do it.")


if __name__ == "__main__":
    if Path(sys.argv[1]).exists():
        print(f"{sys.argv[1]}: stays as it is")
    else:
        write_samples(Path(sys.argv[1]))
