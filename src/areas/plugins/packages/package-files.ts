/** Names that no package needs at run time, wherever they stand in a path. */
const SKIPPED_NAMES = new Set([
  'node_modules',
  'package-lock.json',
  '.git',
  '.gitignore',
  '__pycache__',
  '.ds_store',
  'thumbs.db',
])

/** False for what an install leaves out of a package (a path with `/`, in any letter case). */
export const isPackageFile = (path: string): boolean =>
  path.split('/').every((name) => !SKIPPED_NAMES.has(name.toLowerCase()) && !name.toLowerCase().endsWith('.pyc'))
