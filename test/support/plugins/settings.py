class NightSkyLifecycleManager(BaseLifecycleManager):
    def __init__(self, plugins_base_dir=None):
        self.plugin_data = {
            "plugin_slug": "NightSky",
            "name": "Night Sky",
            "version": "v1.0.0",
            "scope": "NightSky",
            "bundle_location": "dist/remoteEntry.js",
        }
        self.module_data = [{"name": "NightSky", "description": "Stars", "tags": ["Settings", "Night Sky Settings"]}]
        self.PLUGIN_SETTINGS_DEFINITIONS = [
            {
                'id': 'night_sky_settings',
                'name': 'Night Sky Settings',
                'description': 'Where the telescope stands',
                'category': 'auto_generated',
                'type': 'object',
                'default_value': '{"place":"Greenwich","useRed":false,"note":"it\'s dark"}',
                'allowed_scopes': '["system", "user", "page", "user_page"]',
                'validation': None,
                'is_multiple': 0,
                'tags': '["auto_generated"]',
            },
            {
                'id': 'night_sky_site',
                'default_value': json.dumps({"latitude": 51.5, "open": True, "names": ["a", None]}),
                'allowed_scopes': ['system'],
            },
        ]
