"""Saves the corpus with passwords, by a LibreOffice that this starts itself: lock.py SOURCES OUT."""
import subprocess, sys, tempfile, time
import uno
from com.sun.star.beans import PropertyValue

sources, out = sys.argv[1:]
pipe = 'corpus' + str(time.time_ns())
accept = f'pipe,name={pipe};urp'
office = subprocess.Popen(['soffice', '--headless', '--norestore', f'--accept={accept}'])
resolver = uno.getComponentContext().ServiceManager.createInstance('com.sun.star.bridge.UnoUrlResolver')
while True:
    try:
        context = resolver.resolve(f'uno:{accept};StarOffice.ComponentContext')
        break
    except Exception:
        time.sleep(0.2)
desktop = context.ServiceManager.createInstanceWithContext('com.sun.star.frame.Desktop', context)


def value(name, content):
    return PropertyValue(Name=name, Value=content)


for source, kinds in {
    'report.fodt': {'odt': 'writer8', 'doc': 'MS Word 97'},
    'budget.fods': {'ods': 'calc8', 'xls': 'MS Excel 97'},
}.items():
    document = desktop.loadComponentFromURL(f'file://{sources}/{source}', '_blank', 0, (value('Hidden', True),))
    for suffix, kind in kinds.items():
        target = f'file://{out}/locked.{suffix}'
        document.storeToURL(target, (value('FilterName', kind), value('Password', 'secret')))
    document.close(True)
try:
    desktop.terminate()
except Exception:
    pass
office.wait()
