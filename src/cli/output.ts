import { styleText } from 'node:util'

/** Documented in the README and in `--help`. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, config: 3, problems: 4 } as const

/** Ends a command with its message on stderr. */
export class CommandError extends Error {
  override name = 'CommandError'
  readonly exitCode: number

  constructor(message: string, exitCode: number = exitCodes.failed) {
    super(message)
    this.exitCode = exitCode
  }
}

export const print = (text: string) => void process.stdout.write(`${text}\n`)
/** For people; scripts read standard output. */
export const note = (text: string) => void process.stderr.write(`${text}\n`)
export const printJson = (value: unknown) => print(JSON.stringify(value, null, 2))

type Style = Parameters<typeof styleText>[0]

/** Colours only on a terminal, and never with `NO_COLOR` (no-color.org). */
export const paint = (style: Style, text: string): string =>
  process.stdout.isTTY && !process.env['NO_COLOR'] ? styleText(style, text, { validateStream: false }) : text

/** For what others have written: imported names may hold what would move the cursor. */
export const toVisible = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '�')

/** Columns as wide as their widest cell. */
export const printTable = (head: string[], rows: string[][]) => {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  print(paint('bold', line(head)))
  for (const row of rows) print(line(row))
}
