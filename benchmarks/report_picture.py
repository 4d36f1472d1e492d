"""Picture of a report of a training for the documentation, by a browser without a window.

impasto models report bricks pbr/brick_bricks059 --out report.html --no-open
python benchmarks/report_picture.py report.html docs/pictures/training_report.jpg
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from browser import photograph
from PIL import Image

SIZE_PX, SHOWN_PX = (1680, 2440), 900
"""(width, height) of the browser's window, and width of the picture."""
WAIT_S = 3.0


def main() -> None:
    """Write the picture of a page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path)
    parser.add_argument("picture", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "page.png"
        photograph(given.report.resolve().as_uri(), whole, SIZE_PX, WAIT_S)
        image = Image.open(whole).convert("RGB")
        height = round(image.height * SHOWN_PX / image.width)
        image.resize((SHOWN_PX, height), Image.Resampling.LANCZOS).save(given.picture, quality=85, optimize=True)


if __name__ == "__main__":
    main()
