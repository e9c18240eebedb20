import { expect, test } from 'bun:test'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { startServerProcess, temporaryFolder } from '../support/server-process.ts'
import { copySource, linkPackages, pathWith } from '../support/source-copy.ts'

test('bun run dev: a changed file starts the new code on the same data folder, again and again', async () => {
  using folder = temporaryFolder()
  copySource(folder.path)
  linkPackages(folder.path)
  const env = { PATH: pathWith(join(folder.path, 'bin'), { bun: process.execPath }) }
  await using server = await startServerProcess([process.execPath, 'run', 'dev'], folder.path, env)
  for (const edition of ['first', 'second']) {
    appendFileSync(join(folder.path, 'src/app.ts'), `\nprocess.stdout.write('the ${edition} change\\n')\n`)
    const [, url] = await server.untilOutput(new RegExp(`the ${edition} change\n[^]*?"address":"(http[^"]+)"`))
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'healthy' })
  }
  expect(await server.kill('SIGTERM')).toBe(0)
  expect(server.output()).toEndWith('"message":"stopped"}\n')
}, 30_000)
