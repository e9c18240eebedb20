"""Running any of this would leave a file."""
import os

MARKER = os.environ["BRAINDRIVE_MARKER"]
open(MARKER, "w").write("module")
NAME = (lambda: open(MARKER, "w").write("lambda"))() or "Marker"


class MarkerLifecycleManager(Base, metaclass=open(MARKER, "w")):
    open(MARKER, "w").write("class body")
    plugin_slug = f"{open(MARKER, 'w').write('f-string')}"

    def __init__(self, path=open(MARKER, "w")):
        os.system("touch " + MARKER)
        __import__("pathlib").Path(MARKER).touch()
        self.plugin_data = {
            "plugin_slug": "Marker",
            "name": "Marker",
            "version": "1.0.0",
            "scope": "Marker",
            "bundle_location": "dist/remoteEntry.js",
            "description": eval("open(MARKER, 'w')"),
            "author": exec("open(MARKER, 'w')"),
            "icon": [open(MARKER, "w") for _ in range(1)],
            "category": f"{open(MARKER, 'w')}",
            "long_description": json.dumps(open(MARKER, "w")),
            open(MARKER, "w"): 1,
        }
        self.module_data = [{"name": "Marker", "props": {"a": open(MARKER, "w").get("x", "default")}}]
