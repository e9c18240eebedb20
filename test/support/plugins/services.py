class PaperMillLifecycleManager(BaseLifecycleManager):
    """Wants two services of its own, and has attributes of the class besides."""

    category = "documents"
    plugin_data = {"plugin_slug": "Overridden", "version": "0.1.0"}

    def __init__(self, plugins_base_dir=None, *, debug: bool = False, **options):
        self.settings_definition_id = "paper_mill_settings"
        self.required_services_runtime = [
            {
                "name": "mill_service",  # the press
                "source_url": "https://github.com/paper/mill",
                "type": "docker-compose",
                "install_command": "docker compose build",
                "start_command": "docker compose up -d",
                "healthcheck_url": "http://localhost:8000/health",
                "definition_id": self.settings_definition_id,
                "required_env_vars": [
                    "MILL_KEY",
                    # "MILL_SECRET",
                    "MILL_PORT",
                ],
            },
            {
                "name": "ink_service",
                "source_url": os.environ.get("INK_URL", "https://github.com/paper/ink"),
                "type": "python",
                "healthcheck_url": "http://localhost:" + str(INK_PORT) + "/health",
                "definition_id": self.settings_definition_id,
                "required_env_vars": [],
            },
        ]
        self.plugin_data = {
            "plugin_slug": "PaperMill",
            "name": "Paper Mill",
            "version": "3.1.0",
            "scope": "PaperMill",
            "bundle_location": "dist/remoteEntry.js",
            "category": self.category,
            "last_updated": datetime.datetime.now().isoformat(),
            "required_services_runtime": ["mill_service", "ink_service"],
        }
        self.plugin_data["author"] = "Ada"
        self.plugin_data.update({"official": True, "icon": "Description"})
        self.module_data = []
        self.module_data.append({"name": "PaperMill", "priority": 3})
        if debug:
            self.plugin_data["name"] = "Paper Mill (debug)"
