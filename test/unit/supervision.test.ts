import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { createSupervision } from '../../src/operate/systemd/supervision.ts'
import { listenForDatagrams } from '../support/datagram-listener.ts'
import { temporaryFolder } from '../support/server-process.ts'

const supervise = (environment: Record<string, string>, isHealthy = () => true) => {
  const warnings: string[] = []
  const log = { warn: (message: string) => void warnings.push(message) }
  return { ...createSupervision({ environment, isHealthy, log }), warnings }
}

describe.skipIf(process.platform !== 'linux')('sd_notify', () => {
  test('tells ready and stopping, at a path and at an abstract name', () => {
    using folder = temporaryFolder()
    for (const name of [join(folder.path, 'notify'), `@braindrive/${crypto.randomUUID()}`]) {
      using supervisor = listenForDatagrams(name)
      const { ready, stopping, warnings } = supervise({ NOTIFY_SOCKET: name })
      expect(supervisor.read()).toEqual([])
      ready()
      stopping()
      expect(supervisor.read()).toEqual(['READY=1', 'STOPPING=1'])
      expect(warnings).toEqual([])
    }
  })

  test('feeds the watchdog only while all is well, and no more once it stops', async () => {
    using folder = temporaryFolder()
    const name = join(folder.path, 'notify')
    using supervisor = listenForDatagrams(name)
    let isHealthy = true
    const { ready, stopping } = supervise({ NOTIFY_SOCKET: name, WATCHDOG_USEC: '60000' }, () => isHealthy)
    ready()
    const fed = 'READY=1\nWATCHDOG=1'
    await supervisor.until((messages) => messages.filter((one) => one === fed).length > 2)
    isHealthy = false
    await Bun.sleep(30)
    const count = supervisor.read().length
    await Bun.sleep(100)
    expect(supervisor.read()).toHaveLength(count)
    isHealthy = true
    await supervisor.until((messages) => messages.length > count + 1)
    // A server that is blocked says nothing either.
    const free = supervisor.read().length
    Bun.sleepSync(150)
    expect(supervisor.read().length).toBe(free)
    stopping()
    const last = supervisor.read().length
    await Bun.sleep(100)
    expect(supervisor.read()).toHaveLength(last)
    expect(supervisor.read().at(-1)).toBe('STOPPING=1')
  })

  test('no watchdog where it is meant for another process', async () => {
    const name = `@braindrive/${crypto.randomUUID()}`
    using supervisor = listenForDatagrams(name)
    for (const [key, value] of [
      ['WATCHDOG_PID', '1'],
      ['WATCHDOG_USEC', 'x'],
      ['WATCHDOG_USEC', '0'],
    ] as const)
      supervise({ NOTIFY_SOCKET: name, WATCHDOG_USEC: '15000', [key]: value }).ready()
    await Bun.sleep(60)
    expect(supervisor.read()).toEqual(['READY=1', 'READY=1', 'READY=1'])
  })

  test('nobody listening is a warning, no socket is nothing', () => {
    for (const [name, expected] of [
      ['/nowhere/notify', 2],
      ['@nobody', 2],
      ['vsock:2:1', 1],
      [`/${'x'.repeat(120)}`, 1],
      ['', 0],
    ] as const) {
      const { ready, stopping, warnings } = supervise({ NOTIFY_SOCKET: name })
      ready()
      stopping()
      expect([name, warnings.length]).toEqual([name, expected])
    }
  })
})
