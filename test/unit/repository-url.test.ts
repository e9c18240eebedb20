import { expect, test } from 'bun:test'
import { parseRepositoryUrl } from '../../src/shared/repository-url.ts'

test.each([
  ['https://github.com/Ada/Plug.In', 'github.com Ada Plug.In https://github.com/Ada/Plug.In true'],
  ['  https://github.com/ada/plugin.git/  ', 'github.com ada plugin https://github.com/ada/plugin true'],
  [
    'https://github.com/ada/plugin/tree/main/src?x=1#readme',
    'github.com ada plugin https://github.com/ada/plugin true',
  ],
  ['https://github.com/ada/plugin.git?x=1', 'github.com ada plugin https://github.com/ada/plugin true'],
  ['github.com/ada/plugin', 'github.com ada plugin https://github.com/ada/plugin true'],
  ['http://www.GitHub.com/ada/plugin', 'github.com ada plugin https://github.com/ada/plugin true'],
  ['git@github.com:ada/plugin.git', 'github.com ada plugin https://github.com/ada/plugin true'],
  ['https://gitlab.com/group/sub/plugin.git', 'gitlab.com group plugin https://gitlab.com/group/sub/plugin false'],
  ['https://gitlab.com/a/b/-/tree/main', 'gitlab.com a b https://gitlab.com/a/b false'],
  ['http://gitea.lan:3000/ada/plugin', 'gitea.lan:3000 ada plugin http://gitea.lan:3000/ada/plugin false'],
  ['https://git.sr.ht/~ada/plugin', 'git.sr.ht ~ada plugin https://git.sr.ht/~ada/plugin false'],
  ['https://example.org/plugin.git', 'example.org  plugin https://example.org/plugin false'],
  ['https://evil-github.com/ada/plugin', 'evil-github.com ada plugin https://evil-github.com/ada/plugin false'],
  ['https://github.com.evil.org/a/b', 'github.com.evil.org a b https://github.com.evil.org/a/b false'],
])('%j is understood', (text, expected) => {
  const { host, owner, repo, url, isGithub } = parseRepositoryUrl(text) ?? {}
  expect(`${host} ${owner} ${repo} ${url} ${isGithub}`).toBe(expected)
})

test.each([
  '',
  'plugin',
  'https://github.com',
  'https://github.com/ada',
  'https://github.com/ada/',
  'https://github.com//plugin',
  'https://user:pass@github.com/ada/plugin',
  'https://token@github.com/ada/plugin',
  'file:///etc/passwd',
  'ftp://example.org/a/b',
  'ssh://git@github.com/ada/plugin.git',
  'ssh://github.com/ada/plugin',
  'git+ssh://git@github.com/ada/plugin',
  'javascript:alert(1)',
  'https://example.org/a b',
  'https://example.org/a%2f..%2fb',
  'https://example.org/..%5cx/y',
  'https://example.org/a/%2e%2e%2fx',
  'https://github.com/ada/plugin\nhost: x',
  `https://example.org/${'x'.repeat(600)}`,
])('%j is not', (text) => {
  expect(parseRepositoryUrl(text)).toBeUndefined()
})
