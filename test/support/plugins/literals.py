"""
A plugin whose manager writes everything down as plain literals.
A text may look like code: self.plugin_data = {"plugin_slug": "FromADocstring"}
"""
import json
import os
from pathlib import Path

try:
    from app.plugins.base_lifecycle_manager import BaseLifecycleManager
except ImportError:
    try:
        from base_lifecycle_manager import BaseLifecycleManager
    except ImportError:

        class BaseLifecycleManager:
            """Stands in when the host is not there."""

            def __init__(self, plugin_slug, version, shared_storage_path):
                self.plugin_data = {"plugin_slug": "FromTheFallback", "version": "0.0.0"}
                self.module_data = [{"name": "FromTheFallback"}]


# self.plugin_data = {"plugin_slug": "FromAComment"}
class TidePoolLifecycleManager(BaseLifecycleManager):
    '''Keeps a "tide table" { for [ the # harbour.'''

    def __init__(self, plugins_base_dir: str = None):
        self.plugin_data = {
            "name": "Tide Pool",  # shown in the list }
            "description": 'Shows {high} and [low] water, # no comment',
            # "version": "9.9.9",
            "version": "1.4.2",
            "type": "frontend",
            "icon": "Waves",
            "category": "weather",
            "official": False,
            "author": "Harbour O'Neil",
            "compatibility": "1.0.0",
            "scope": "TidePool",
            "bundle_method": "webpack",
            "bundle_location": "dist/remoteEntry.js",
            "is_local": False,
            "long_description": """Two lines,
the second with a \"quote\" and C:\\new.""",
            "plugin_slug": "TidePool",
            "source_type": "github",
            "source_url": "https://github.com/harbour/tide-pool",
            "update_check_url": "https://github.com/harbour/tide-pool/releases",
            "last_update_check": None,
            "update_available": False,
            "latest_version": None,
            "installation_type": "remote",
            "permissions": ["storage.read", "storage.write", "api.access"],

        }
        self.module_data = [
            {
                "name": "TideTable",
                "display_name": "Tide table",
                "description": "I'm the table\\nof {tides:[…]}",
                "icon": "Table",
                "category": "weather",
                "priority": 1,
                "props": {"station": "Cuxhaven", "offset": -2.5, "levels": (1, 2,)},
                "config_fields": {
                    "unit": {
                        "type": "select",
                        "description": "metres or feet",
                        "default": "m",
                        "options": [
                            {"label": "Metres", "value": "m"},
                            {"label": "Feet", "value": "ft"},  # not in use
                        ],
                    },
                },
                "messages": {},
                "required_services": {"api": {"methods": ["get"], "version": "1.0.0"}},
                "dependencies": [],
                "layout": {"minWidth": 4, "minHeight": 4, "defaultWidth": 6, "defaultHeight": 8},
                "tags": ["weather", 'tides'],
            },
            {
                "name": "TideSettings",
                "display_name": "Tide settings",
                "priority": 2,
                "messages": {"sends": ["tide.changed"], "receives": []},
                "tags": ["settings", "tide_settings"],

            },
        ]
        super().__init__(
            plugin_slug=self.plugin_data["plugin_slug"],
            version=self.plugin_data["version"],
            shared_storage_path=Path(__file__).parent,
        )

    async def install(self, user_id, db):
        self.plugin_data = {"plugin_slug": "FromAnotherMethod"}
        return {"success": True, "slug": f"{user_id}_{self.plugin_data['plugin_slug']}"}


async def install_plugin(user_id, db):
    return await TidePoolLifecycleManager().install(user_id, db)
