import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { configFields } from '../../src/config.ts'
import { testApp } from '../support/test-app.ts'
import { temporaryFolder } from '../support/server-process.ts'

const main = join(import.meta.dir, '..', '..', 'src', 'main.ts')

const run = async (args: string[], env: Record<string, string> = {}) => {
  using folder = temporaryFolder()
  const child = Bun.spawn([process.execPath, main, ...args], {
    cwd: folder.path,
    env: { PATH: '/usr/bin:/bin', ...env },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { out, err, exitCode }
}

describe('the command line', () => {
  test('unknown commands, flags and values are wrong usage: exit code 2, the reason on standard error', async () => {
    const wrong = [['nonsense'], ['serve', '--nonsense'], ['config', 'nonsense'], ['completion', 'tcsh'], ['--dir']]
    for (const args of wrong) {
      const { out, err, exitCode } = await run(args)
      expect([args, exitCode, out]).toEqual([args, 2, ''])
      expect(err).toContain('error:')
    }
  })

  test('--help and --version answer on standard output with 0, for each command', async () => {
    expect((await run(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/)
    for (const args of [[], ['serve'], ['config'], ['config', 'show'], ['healthcheck'], ['openapi'], ['completion']]) {
      const { out, exitCode } = await run([...args, '--help'])
      expect([args, exitCode]).toEqual([args, 0])
      expect(out).toContain(`Usage: ${['braindrive', ...args].join(' ')}`)
    }
  })
})

describe('config', () => {
  test('show tells each value and its origin, and no secret', async () => {
    const env = { PORT: '9000', OPENAI_API_KEY: 'sk-very-secret', OPENAI_API_BASE: 'http://llm.home/v1' }
    const { out, exitCode } = await run(['config', 'show', '--json', '--dir', 'here'], env)
    expect(exitCode).toBe(0)
    expect(out).not.toContain('very-secret')
    const { settings } = JSON.parse(out) as { settings: { name: string; value: unknown; origin: string }[] }
    expect(settings).toHaveLength(Object.keys(configFields).length)
    const find = (name: string) => settings.find((one) => one.name === name)
    expect(find('PORT')).toMatchObject({ value: 9000, origin: 'PORT' })
    expect(find('DATA_DIR')).toMatchObject({ value: 'here', origin: 'command line' })
    expect(find('OPENAI_BASE_URL')).toMatchObject({ value: 'http://llm.home/v1', origin: 'OPENAI_API_BASE' })
    expect(find('OPENAI_API_KEY')).toMatchObject({ value: '********', origin: 'OPENAI_API_KEY' })
    expect(find('GROQ_API_KEY')).toMatchObject({ value: null, origin: 'default' })
  })

  test('show without --json is a table for people, without colours where no terminal is', async () => {
    const { out } = await run(['config', 'show'], { PORT: '9000' })
    expect(out).toMatch(/^PORT +9000 +PORT$/m)
    expect(out).not.toContain('\u001B')
  })

  test('check names every problem at once: exit code 3', async () => {
    const { out, err, exitCode } = await run(['config', 'check'], { PORT: 'x', CORS_ORIGINS: 'nonsense' })
    expect([exitCode, out]).toEqual([3, ''])
    expect(err).toContain('PORT must be an integer')
    expect(err).toContain('CORS_ORIGINS contains "nonsense"')
    expect((await run(['config', 'check', '--json'], { PORT: 'x' })).out).toContain('"ok": false')
    expect(await run(['config', 'check'])).toMatchObject({ exitCode: 0, out: 'The configuration is in order\n' })
  })
})

test('healthcheck: 0 beside a server that is ready, 1 beside one that is not and beside none', async () => {
  let isWorkerAlive = true
  await using server = testApp({ isWorkerAlive: () => isWorkerAlive })
  const port = new URL(server.url).port
  expect(await run(['healthcheck', '--port', port, '--host', '0.0.0.0'])).toMatchObject({ exitCode: 0 })
  isWorkerAlive = false
  const unready = await run(['healthcheck', '--port', port])
  expect(unready.exitCode).toBe(1)
  expect(unready.err).toContain('"worker":"failed"')
  expect((await run(['healthcheck', '--port', '1'])).err).toContain('No answer from http://127.0.0.1:1/health/ready')
})

test('openapi prints what the server answers, and makes no data folder', async () => {
  await using server = testApp()
  using folder = temporaryFolder()
  const { out, exitCode } = await run(['openapi', '--dir', join(folder.path, 'data')])
  expect(exitCode).toBe(0)
  expect(JSON.parse(out)).toEqual((await server.call('GET', '/openapi.json')).body)
  expect([...new Bun.Glob('**').scanSync(folder.path)]).toEqual([])
})

test('version tells commit and schema', async () => {
  const { out } = await run(['version', '--json'])
  expect(JSON.parse(out)).toMatchObject({ schema: expect.stringMatching(/^\d{4}_/), bun: Bun.version })
})

test('the bash completion offers commands, subcommands and flags', async () => {
  const script = (await run(['completion', 'bash'])).out
  const complete = (words: string[]) => {
    const line = `COMP_WORDS=(braindrive ${words.join(' ')}); COMP_CWORD=${words.length}; _braindrive; echo "\${COMPREPLY[@]}"`
    return Bun.spawnSync(['bash', '-c', `${script}\n${line}`])
      .stdout.toString()
      .trim()
  }
  expect(complete(['conf'])).toBe('config')
  expect(complete(['config', 's'])).toBe('show')
  expect(complete(['config', 'show', '--j'])).toBe('--json')
  expect((await run(['completion', 'fish'])).out).toContain(
    "complete -c braindrive -n '__fish_seen_subcommand_from config'",
  )
})
