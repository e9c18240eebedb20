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
  /** The newest 80 lines, oldest first. */
  recent(): string[]
}

const severity: Record<LogLevel, number> = { debug: 10, info: 20, warn: 30, error: 40 }
const maxBufferedBytes = 64 * 1024
const flushAfterMs = 50

const recentLines = 80

const maxCauses = 5
const maxStringLength = 8_192

/** A failed query's message holds the values that were bound to it, hashes and e-mail addresses among them. */
const isQueryError = (error: Error): error is Error & { query: string } => 'query' in error && 'params' in error

const describeError = (error: Error, depth: number): LogFields => {
  const message = isQueryError(error) ? `Failed query: ${error.query}` : error.message
  const frames = error.stack
    ?.split('\n')
    .filter((line) => /^\s*at /.test(line))
    .join('\n')
  const cause = error.cause === undefined || depth === 0 ? undefined : describe(error.cause, depth - 1)
  return { name: error.name, message, ...(frames ? { stack: frames } : {}), ...(cause === undefined ? {} : { cause }) }
}

const describe = (value: unknown, depth = maxCauses): unknown =>
  value instanceof Error ? describeError(value, depth) : value

/** Never throws: a field that is no JSON (a cycle, a bigint) must not cost the request that logs it. */
const toJson = (value: unknown): string => {
  if (typeof value === 'string' && value.length <= maxStringLength) return JSON.stringify(value)
  const simplify = (_: string, one: unknown) => {
    if (typeof one === 'bigint') return String(one)
    if (typeof one === 'string' && one.length > maxStringLength) return `${one.slice(0, maxStringLength)}…`
    return describe(one)
  }
  try {
    return JSON.stringify(value, simplify) ?? 'null'
  } catch {
    return '"(not loggable)"'
  }
}

/** Fields as plain data, with errors described: for handing them to another thread. */
export const toPlainFields = (fields: LogFields): LogFields => JSON.parse(toJson(fields)) as LogFields

const toJsonLine = (at: number, level: LogLevel, message: string, fields: LogFields): string => {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `,${toJson(name)}:${toJson(value)}`)
  return `{"time":"${new Date(at).toISOString()}","level":"${level}","message":${toJson(message)}${pairs.join('')}}\n`
}

/** Quoted when it holds spaces or control characters: nobody gets to write a line of their own. */
const toTextValue = (value: unknown): string => {
  if (value instanceof Error) {
    const { name, message, stack } = describeError(value, 0)
    return `${toJson(`${String(name)}: ${String(message)}`)}${stack === undefined ? '' : `\n${String(stack)}`}`
  }
  const isPlain = typeof value !== 'object' && /^[!-~]*$/.test(String(value))
  return isPlain ? String(value) : toJson(value)
}

const toTextLine = (at: number, level: LogLevel, message: string, fields: LogFields): string => {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${toTextValue(value)}`)
  const time = new Date(at).toISOString().slice(11, 23)
  return `${time} ${level.toUpperCase().padEnd(5)} ${message.replaceAll(/[\0-\x1f]/g, ' ')}${pairs.join('')}\n`
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
  const recent: string[] = []
  let written = 0
  let bufferedBytes = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    if (lines.length === 0) return
    const text = lines.join('')
    lines = []
    bufferedBytes = 0
    try {
      write(text)
    } catch {
      // A full disk or a closed pipe must not stop the server; there is nowhere left to say so.
    }
  }
  const log =
    (lineLevel: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (severity[lineLevel] < severity[level]) return
      const line = toLine(Date.now(), lineLevel, message, fields)
      lines.push(line)
      recent[written++ % recentLines] = line
      bufferedBytes += line.length
      if (bufferedBytes >= maxBufferedBytes || lineLevel === 'error') flush()
      else timer ??= setTimeout(flush, flushAfterMs).unref()
    }
  return {
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
    flush,
    recent: () => [...recent.slice(written % recentLines), ...recent.slice(0, written % recentLines)],
  }
}
