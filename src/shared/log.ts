export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFields = Record<string, unknown>

/** Fields are for machines, `message` for people. Never a body, a token, a key or an e-mail address. */
export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** Writes what is still in memory. */
  flush(): void
}

const severity: Record<LogLevel, number> = { debug: 10, info: 20, warn: 30, error: 40 }
const maxBufferedBytes = 64 * 1024
const flushAfterMs = 50

const describe = (value: unknown): unknown =>
  value instanceof Error
    ? { name: value.name, message: value.message, stack: value.stack, ...(value.cause === undefined ? {} : { cause: describe(value.cause) }) }
    : value

const toJsonLine = (at: number, level: LogLevel, message: string, fields: LogFields): string => {
  const plain = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, describe(value)]))
  return `${JSON.stringify({ time: new Date(at).toISOString(), level, message, ...plain })}\n`
}

const toTextLine = (at: number, level: LogLevel, message: string, fields: LogFields): string => {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value instanceof Error ? (value.stack ?? value.message) : typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
  return `${new Date(at).toISOString().slice(11, 23)} ${level.toUpperCase().padEnd(5)} ${message} ${pairs.join(' ')}\n`
}

export interface LogOptions {
  level: LogLevel
  format: 'json' | 'text'
  write: (text: string) => void
}

/** Lines are gathered for 50 ms and written together: one system call for each line would cost more than a small request. */
export const createLog = ({ level, format, write }: LogOptions): Log => {
  const toLine = format === 'json' ? toJsonLine : toTextLine
  let lines: string[] = []
  let bufferedBytes = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    if (lines.length === 0) return
    const text = lines.join('')
    lines = []
    bufferedBytes = 0
    write(text)
  }
  const log = (lineLevel: LogLevel) => (message: string, fields: LogFields = {}) => {
    if (severity[lineLevel] < severity[level]) return
    const line = toLine(Date.now(), lineLevel, message, fields)
    lines.push(line)
    bufferedBytes += line.length
    if (bufferedBytes >= maxBufferedBytes || lineLevel === 'error') flush()
    else timer ??= setTimeout(flush, flushAfterMs).unref()
  }
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error'), flush }
}
