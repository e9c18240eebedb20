import { accessSync, constants, existsSync, readdirSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isRestoreUnfinished } from '../../restore-journal.ts'
import { toMegabytes } from '../../shared/megabytes.ts'
import { type Finding, ok, problem, warning } from './finding.ts'

const octal = (mode: number) => (mode & 0o777).toString(8).padStart(4, '0')

/** Key files, and those of earlier keys. */
const keyFilesIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => /\.key(\.|$)/.test(name))
        .map((name) => join(folder, name))
    : []

/** The database itself may be readable: nobody else gets into its folder. */
export const checkPermissions = (path: string): Finding[] => {
  if (process.platform === 'win32') return []
  const keys = join(path, 'keys')
  const wanted = [path, keys, ...keyFilesIn(keys)].filter((one) => existsSync(one))
  const open = wanted.filter((one) => (statSync(one).mode & 0o077) !== 0)
  if (open.length === 0) return [ok('permissions', 'Only the owner gets at the data and the keys')]
  return open.map((one) => {
    const { mode } = statSync(one)
    const command = `chmod ${statSync(one).isDirectory() ? '700' : '600'} '${one}'`
    return problem('permissions', `Other accounts get at ${one} (mode ${octal(mode)})`, `Run: ${command}`)
  })
}

const isWritable = (path: string): boolean => {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

export const checkWritable = (path: string): Finding[] => {
  const names = ['.', 'braindrive.db', 'braindrive.db-wal', 'braindrive.db-shm', 'server.lock', 'keys', 'plugins']
  const closed = names.map((name) => join(path, name)).filter((one) => existsSync(one) && !isWritable(one))
  if (closed.length === 0) return [ok('writable', 'The data folder can be written')]
  const advice = `Give them to the account that runs the server (chown -R), and see that the disk is not mounted read-only.`
  return [problem('writable', `These cannot be written: ${closed.join(', ')}`, advice)]
}

/** What a file system says of its room. */
export interface Room {
  freeBytes: number
  /** Files that may still be made; undefined where there is no such limit. */
  freeFiles: number | undefined
}

const readRoom = (path: string): Room => {
  const { bavail, bsize, ffree, files } = statfsSync(path)
  return { freeBytes: bavail * bsize, freeFiles: files === 0 ? undefined : ffree }
}

const fullBytes = 100_000_000
const scarceBytes = 1_000_000_000
const fewFiles = 1000

export const checkRoom = (path: string, read: (path: string) => Room = readRoom): Finding[] => {
  const { freeBytes, freeFiles } = read(path)
  const advice = 'Make room, or move the data folder to a larger disk: without room nothing can be stored.'
  const free = `${toMegabytes(freeBytes)} are free on the disk of the data folder`
  if (freeFiles !== undefined && freeFiles < fewFiles)
    return [problem('disk', `The disk of the data folder takes only ${freeFiles} more files`, advice)]
  if (freeBytes < fullBytes) return [problem('disk', `The disk is full: ${free}`, advice)]
  if (freeBytes < scarceBytes) return [warning('disk', `Only ${free}`, advice)]
  return [ok('disk', free)]
}

export const checkRestore = (path: string): Finding[] =>
  isRestoreUnfinished(path)
    ? [problem('restore', 'A restore was interrupted', 'Start the server, which completes it.')]
    : []

const earliest = Date.UTC(2026, 10, 1)

export const checkClock = (now: number, newestEvent: number | undefined): Finding[] => {
  const shown = new Date(now).toISOString()
  const advice = 'Set the clock (timedatectl set-ntp true): sessions and schedules depend on it.'
  if (now < earliest)
    return [problem('clock', `The clock says ${shown}, which is before this program was made`, advice)]
  if (newestEvent !== undefined && newestEvent > now + 300_000)
    return [
      warning(
        'clock',
        `The clock says ${shown}, but something was logged at ${new Date(newestEvent).toISOString()}`,
        advice,
      ),
    ]
  return [ok('clock', shown)]
}
