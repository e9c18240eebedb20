import { describe, expect, test } from 'bun:test'
import { findPluginRoot } from '../../src/areas/plugins/manifest/plugin-layout.ts'
import { compareVersions } from '../../src/shared/version-compare.ts'

describe('findPluginRoot', () => {
  const found: [string, string[], string][] = [
    ['the tree itself', ['README.md', 'lifecycle_manager.py', 'dist/remoteEntry.js'], ''],
    ['one folder, as in archives of a release', ['lamp-1.0/package.json', 'lamp-1.0/lifecycle_manager.py'], 'lamp-1.0'],
    ['deeper', ['a/b/c/lifecycle_manager.py', 'a/b/d.txt'], 'a/b/c'],
    ['a package.json further up does not hide it', ['package.json', 'plugin/lifecycle_manager.py'], 'plugin'],
    ['the shallowest of several', ['a/b/lifecycle_manager.py', 'z/braindrive.plugin.json'], 'z'],
    ['the first by name at the same depth', ['b/lifecycle_manager.py', 'a/lifecycle_manager.py'], 'a'],
    ['not in other programs', ['node_modules/x/lifecycle_manager.py', 'src/a/lifecycle_manager.py'], 'src/a'],
    ['nor in what an archiver adds', ['__MACOSX/lifecycle_manager.py', 'a/b/lifecycle_manager.py'], 'a/b'],
  ]
  test.each(found)('%s', (_, paths, root) => {
    expect(findPluginRoot(paths)).toEqual({ ok: true, root })
    expect(findPluginRoot(paths.toReversed())).toEqual({ ok: true, root })
  })

  test.each([
    [[]],
    [['package.json', 'dist/remoteEntry.js']],
    [['my_lifecycle_manager.py', 'lifecycle_manager.py.bak', 'Lifecycle_Manager.py']],
    [['node_modules/a/lifecycle_manager.py']],
  ])('%j has none', (paths) => {
    expect(findPluginRoot(paths)).toEqual({ ok: false, reason: 'Missing required files: lifecycle_manager.py' })
  })
})

describe('compareVersions', () => {
  test.each([
    ['1.0.9', '1.0.29'],
    ['v1.0.29', '1.0.30'],
    ['1.0', 'v1.0.1'],
    ['1.9.9', '2'],
    ['', '1'],
    ['1.0.0-alpha', '1.0.0-beta'],
    ['1.99999999999999999999.0', '1.100000000000000000000.0'],
  ])('%p is older than %p', (older, newer) => {
    expect(compareVersions(older, newer)).toBe(-1)
    expect(compareVersions(newer, older)).toBe(1)
  })

  test.each([
    ['1.0.0', 'v1.0.0'],
    ['1', '1.0.0'],
    ['1.01', '1.1'],
    ['V2.0', '2'],
  ])('%p and %p are the same', (one, other) => expect(compareVersions(one, other)).toBe(0))
})
