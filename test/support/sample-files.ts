/** The bundle, which is worth compressing. */
export const script = `globalThis.sample = '${'x'.repeat(2000)}'`
/** A package with files that may be served and files that may not. */
export const files: Record<string, string | Uint8Array> = {
  'dist/remoteEntry.js': script,
  'dist/plain.js': 'plain',
  'dist/chunks/7.js': 'chunk',
  'dist/7.js.LICENSE.txt': 'licence',
  'dist/Über uns.css': 'a{}',
  'dist/100%.css': 'b{}',
  'dist/data.json': '{}',
  'dist/7.js.map': '{}',
  'dist/logo.SVG': '<svg/>',
  'dist/page.html': '<p>',
  'dist/lib.wasm': new Uint8Array([0, 97, 115, 109]),
  'dist/font.woff2': 'font',
  'dist/icon.png': 'png',
  'dist/photo.jpeg': 'jpeg',
  'dist/empty.js': '',
  'dist/setup.py': 'import os',
  'dist/no-suffix': 'x',
  'dist-secret/other.js': 'secret',
  'assets/logo.png': 'png',
  'modules/x.js': 'x',
  'update/x.js': 'x',
  'package.json': '{"name":"secret"}',
  'remoteEntry.js': 'not the bundle',
  'lifecycle_manager.py': 'import os',
}
