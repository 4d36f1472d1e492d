"""Parameters that make the slow tools as quick as can be, for tests of what does not depend on how long they run."""

QUICK: dict[str, dict[str, int | str]] = {
    "patches-style": {"quality": "quick"},
    "gatys": {"iterations": 12},
    "neighbours": {"steps": 12},
    "cnn-texture": {"iterations": 4},
}
