"""Makes one part of a batch, for managers of render farms, which run command lines.

    python batch_part.py materials.csv 3 10 --out textures

makes every tenth row of the table, beginning with the third, in textures/part-03-of-10. The rows are written beside the
table, as materials.part-03-of-10.csv, so that the files that they name are found. The same command goes on where it was
interrupted. Other options are those of `impasto batch`. The Python must have impasto.
"""

import argparse
import csv
import os
import sys
from itertools import pairwise
from pathlib import Path

from impasto.__main__ import main as impasto


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, help=".csv, .tsv or .jsonl")
    parser.add_argument("part", type=int, help="from 1")
    parser.add_argument("parts", type=int)
    parser.add_argument("--out", type=Path, required=True)
    arguments, others = parser.parse_known_args()
    if not 1 <= arguments.part <= arguments.parts:
        parser.error(f"there is no part {arguments.part} of {arguments.parts}")
    name = f"part-{arguments.part:0{len(str(arguments.parts))}}-of-{arguments.parts}"
    header, rows = rows_of(arguments.table)
    own = rows[arguments.part - 1 :: arguments.parts]
    if not own:
        print(f"{name} has no rows")
        return
    table = arguments.table.with_suffix(f".{name}{arguments.table.suffix}")
    write(table, header + "".join(own))
    sys.argv[1:] = ["batch", str(table), "--out", str(arguments.out / name), *others]
    impasto()


def rows_of(table: Path) -> tuple[str, list[str]]:
    """The first line of a CSV file, "" for JSON lines, and the text of each row, which may have several lines."""
    lines = [f"{line}\n" for line in table.read_text("utf-8-sig").split("\n")]
    if table.suffix.lower() == ".jsonl":
        return "", [line for line in lines if line.strip()]
    reader = csv.reader(lines, delimiter=max(",;\t", key=lines[0].count))
    ends = [0, *(reader.line_num for _ in reader)]
    header, *rows = ("".join(lines[start:end]) for start, end in pairwise(ends))
    return header, [row for row in rows if row.strip()]


def write(path: Path, text: str) -> None:
    """Write a file at once: another machine may be trying the same part."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(text, "utf-8", newline="")
    draft.replace(path)


if __name__ == "__main__":
    main()
