"""Everything stands in annotated constants of the module."""
from __future__ import annotations

from typing import Any, Dict, List

MAJOR = 2
SLUG: str = "LanternRoom"
VERSION: str = f"{MAJOR}.0.7"
HOME = "https://git.example.org/lantern"
DEFAULTS = {"colour": "amber", "levels": [10, 20]}

PLUGIN_DATA: Dict[str, Any] = {
    "plugin_slug": SLUG,
    "name": "Lantern" " " 'Room',
    "version": VERSION,
    "scope": SLUG,
    "bundle_location": "dist/" + "remoteEntry.js",
    "description": (
        "Dims every lamp "
        'in the house, '
        """and lights it again."""
    ),
    "source_url": HOME + "/room",
    "type": "fullstack",
    "permissions": ["api.access"] + ["storage.read"],
}

MODULE_DATA: List[Dict[str, Any]] = [
    {
        "name": "LanternRoom",
        "display_name": PLUGIN_DATA["name"],
        "props": {**DEFAULTS, "colour": "white", "first": DEFAULTS["levels"][0]},
        "tags": ["light"],
    },
]


class LanternRoomLifecycleManager(BaseLifecycleManager):
    def __init__(self) -> None:
        self.plugin_data = PLUGIN_DATA
        self.module_data: List[Dict[str, Any]] = MODULE_DATA
