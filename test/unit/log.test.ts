import { describe, expect, test } from 'bun:test'
import { createLog, type Log, type LogOptions } from '../../src/shared/log.ts'

const record = (options: Partial<LogOptions> = {}) => {
  const written: string[] = []
  const log = createLog({ level: 'debug', format: 'json', write: (text) => written.push(text), ...options })
  return { log, written }
}
const one = (write: (log: Log) => void, options: Partial<LogOptions> = {}) => {
  const { log, written } = record(options)
  write(log)
  log.flush()
  return written.join('')
}

describe('JSON lines', () => {
  test('time, level, message and fields; what is undefined is left out', () => {
    const line = one((log) => log.info('request', { method: 'GET', status: 200, user: undefined, nothing: null }))
    expect(line).toEndWith('}\n')
    expect(JSON.parse(line)).toEqual({
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      level: 'info',
      message: 'request',
      method: 'GET',
      status: 200,
      nothing: null,
    })
  })

  test('errors with name, message, stack and causes', () => {
    const error = new TypeError('outer', { cause: new Error('inner', { cause: 'a text' }) })
    expect(JSON.parse(one((log) => log.error('failed', { error })))).toMatchObject({
      error: {
        name: 'TypeError',
        message: 'outer',
        stack: expect.stringContaining('log.test.ts'),
        cause: { name: 'Error', message: 'inner', cause: 'a text' },
      },
    })
  })

  test('a failed query without the values that were bound to it', () => {
    const error = Object.assign(new Error('Failed query: insert into users values (?)\nparams: ada@home.test'), {
      query: 'insert into users values (?)',
      params: ['ada@home.test'],
      cause: new Error('UNIQUE constraint failed'),
    })
    const line = one((log) => log.error('failed', { error, nested: { error } }))
    expect(line).toContain('insert into users')
    expect(line).toContain('UNIQUE constraint failed')
    expect(line).not.toContain('ada@home.test')
    expect(one((log) => log.error('failed', { error }), { format: 'text' })).not.toContain('ada@home.test')
  })

  test('nothing that is logged can throw, or write a line of its own', () => {
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    const causes = new Error('loop')
    causes.cause = causes
    for (const value of [
      cycle,
      causes,
      10n,
      Symbol('x'),
      () => 1,
      new Map(),
      Number.NaN,
      '\n{"level":"error"}',
      new Date(Number.NaN),
      '\ud800',
    ]) {
      for (const format of ['json', 'text'] as const) {
        const text = one((log) => log.info('odd', { value }), { format })
        expect(
          text
            .trimEnd()
            .split('\n')
            .filter((line) => !/^\s+at /.test(line)),
        ).toHaveLength(1)
        if (format === 'json') expect(JSON.parse(text)).toMatchObject({ message: 'odd' })
      }
    }
  })

  test('long texts are cut', () => {
    expect(one((log) => log.info('long', { text: 'x'.repeat(1_000_000) })).length).toBeLessThan(10_000)
  })
})

describe('text lines', () => {
  test('are for people', () => {
    const text = one((log) => log.warn('slow request', { ms: 12, route: '/health', note: 'two words', list: [1] }), {
      format: 'text',
    })
    expect(text).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} WARN {2}slow request ms=12 route=\/health note="two words" list=\[1\]\n$/,
    )
  })
})

describe('writing', () => {
  test('less severe lines than the level are dropped', () => {
    const text = one(
      (log) => {
        log.debug('a')
        log.info('b')
        log.warn('c')
        log.error('d')
      },
      { level: 'warn' },
    )
    expect(text.match(/"message":"(.)"/g)).toEqual(['"message":"c"', '"message":"d"'])
  })

  test('lines are gathered and written together; an error at once, with all before it', async () => {
    const { log, written } = record()
    log.info('a')
    log.info('b')
    expect(written).toEqual([])
    await Bun.sleep(80)
    expect(written).toHaveLength(1)
    log.info('c')
    log.error('d')
    expect(written).toHaveLength(2)
    expect(written[1]?.split('\n')).toHaveLength(3)
    log.flush()
    expect(written).toHaveLength(2)
  })

  test('a flood does not pile up in memory', () => {
    const { log, written } = record()
    for (let index = 0; index < 1000; index++) log.info('x'.repeat(1000))
    expect(written.length).toBeGreaterThan(10)
  })

  test('a full disk stops nobody', () => {
    const log = createLog({
      level: 'info',
      format: 'json',
      write: () => {
        throw new Error('ENOSPC')
      },
    })
    expect(() => log.error('lost')).not.toThrow()
    expect(() => log.flush()).not.toThrow()
  })
})
