import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { findUnitFault, renderUnit, type UnitOptions } from '../../src/operate/systemd/unit.ts'
import { listenForDatagrams } from '../support/datagram-listener.ts'
import { startFromSource, temporaryFolder } from '../support/server-process.ts'

const main = join(import.meta.dir, '../../src/main.ts')

const run = (args: string[], env: Record<string, string> = {}) => {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, main, 'systemd', ...args], {
    env: { PATH: '/usr/bin:/bin', ...env },
  })
  return { exitCode, out: stdout.toString(), err: stderr.toString() }
}

const options: UnitOptions = {
  command: ['/usr/local/bin/braindrive'],
  dataDir: '/var/lib/braindrive',
  maxMemory: '75%',
  environment: {},
  port: 8005,
}
const linesOf = (unit: string) => unit.split('\n')

describe('the unit', () => {
  test('runs this executable with an account and a folder that systemd makes', () => {
    const lines = linesOf(renderUnit(options))
    for (const line of [
      'Type=notify',
      'ExecStart=/usr/local/bin/braindrive serve',
      'Environment=DATA_DIR=/var/lib/braindrive',
      'DynamicUser=yes',
      'StateDirectory=braindrive',
      'ProtectSystem=strict',
      'NoNewPrivileges=yes',
      'MemoryMax=75%',
      'Restart=on-failure',
      'WatchdogSec=60',
      'CapabilityBoundingSet=',
    ])
      expect(lines).toContain(line)
    expect(lines.some((line) => line.startsWith('MemoryDenyWriteExecute'))).toBe(false)
  })

  test('runs with an account and a folder of yours, on a low port', () => {
    const lines = linesOf(renderUnit({ ...options, user: 'brain', dataDir: '/srv/my "brain" 100%', port: 443 }))
    for (const line of [
      'User=brain',
      String.raw`ReadWritePaths="/srv/my \"brain\" 100%%"`,
      String.raw`Environment="DATA_DIR=/srv/my \"brain\" 100%%"`,
      'AmbientCapabilities=CAP_NET_BIND_SERVICE',
    ])
      expect(lines).toContain(line)
    expect(lines).not.toContain('DynamicUser=yes')
    expect(lines).not.toContain('PrivateUsers=yes')
    expect(renderUnit({ ...options, command: ['/opt/$HOME/x'] })).toContain('ExecStart="/opt/$$HOME/x" serve')
  })

  test('is refused where it could not work, or where a value would be another line', () => {
    expect(findUnitFault(options)).toBeUndefined()
    expect(findUnitFault({ ...options, dataDir: '/srv/brain' })).toContain('--user')
    expect(findUnitFault({ ...options, dataDir: '/srv/brain', user: 'brain' })).toBeUndefined()
    expect(findUnitFault({ ...options, dataDir: 'data' })).toContain('absolute')
    expect(findUnitFault({ ...options, user: 'root\nExecStart=/bin/sh' })).toContain('account')
    expect(findUnitFault({ ...options, user: 'root' })).toContain('another account')
    expect(findUnitFault({ ...options, command: ['/x\ny'] })).toContain('control characters')
    expect(findUnitFault({ ...options, environment: { WEB_DIR: '/x\ny' } })).toContain('control characters')
    expect(findUnitFault({ ...options, maxMemory: '1G\nUser=root' })).toContain('memory')
  })
})

describe('braindrive systemd', () => {
  test('prints the unit on standard output, with what was asked for, and not with what is around', () => {
    const { exitCode, out } = run(['--port', '9000', '--host', '0.0.0.0', '--memory', '2G'], {
      SECRET_KEY: 'x'.repeat(20),
    })
    expect(exitCode).toBe(0)
    for (const line of ['Environment=PORT=9000', 'Environment=HOST=0.0.0.0', 'MemoryMax=2G'])
      expect(linesOf(out)).toContain(line)
    expect(out).not.toContain('xxx')
    expect(out).toContain(`ExecStart=${process.execPath} ${main} serve`)
  })

  test('wrong usage is 2, wrong values are 3', () => {
    expect(run(['--dir', '/srv/brain'])).toMatchObject({ exitCode: 2, out: '', err: expect.stringContaining('--user') })
    expect(run(['--nonsense'])).toMatchObject({ exitCode: 2, out: '' })
    expect(run(['--port', 'x'])).toMatchObject({ exitCode: 3, out: '' })
    expect(run(['--web', '/nowhere'])).toMatchObject({ exitCode: 3, out: '' })
  })
})

const analyze = Bun.which('systemd-analyze')
if (!analyze) console.log('The unit is not checked by systemd: there is no systemd-analyze')

describe.skipIf(!analyze)('systemd itself', () => {
  const check = async (args: string[], read: (path: string) => string[]) => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'braindrive.service')
    await Bun.write(path, run(args).out)
    const { exitCode, stdout, stderr } = Bun.spawnSync([analyze ?? '', ...read(path)])
    return { exitCode, text: stdout.toString() + stderr.toString() }
  }
  const units = [[], ['--user', 'daemon', '--dir', '/srv/my brain', '--port', '443']]

  test('finds nothing wrong with it', async () => {
    for (const args of units) {
      const { exitCode, text } = await check(args, (path) => ['verify', path])
      expect([exitCode, text.split('\n').filter((line) => line.includes('braindrive.service'))]).toEqual([0, []])
    }
  })

  test('counts little that it exposes', async () => {
    for (const [index, args] of units.entries()) {
      const { exitCode, text } = await check(args, (path) => ['security', '--offline=true', '--threshold=25', path])
      const exposure = Number(/Overall exposure level for [^:]+: ([\d.]+)/.exec(text)?.[1])
      expect(exitCode).toBe(0)
      expect(exposure).toBeLessThanOrEqual(index === 0 ? 1.5 : 2.5)
    }
  })
})

describe.skipIf(process.platform !== 'linux')('a supervised server', () => {
  test('is ready when it answers, feeds the watchdog with a living worker, and says when it stops', async () => {
    using folder = temporaryFolder()
    const name = join(folder.path, 'notify')
    using supervisor = listenForDatagrams(name)
    const server = await startFromSource(folder.path, { NOTIFY_SOCKET: name, WATCHDOG_USEC: '300000' })
    const [first] = await supervisor.until((messages) => messages.length > 0)
    expect(first).toBe('READY=1')
    expect((await server.call('GET', '/health')).status).toBe(200)
    await supervisor.until((messages) => messages.filter((one) => one.includes('WATCHDOG=1')).length > 2)
    expect(await server.kill('SIGTERM')).toBe(0)
    expect(supervisor.read().at(-1)).toBe('STOPPING=1')
  })
})
