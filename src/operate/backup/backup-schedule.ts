import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../../config.ts'
import { entryPoint, isExecutable } from '../../shared/entry-point.ts'
import type { Log } from '../../shared/log.ts'
import { parseBackupName } from './backup-names.ts'

const lookEveryMs = 60_000
const hourMs = 3_600_000
/** A full disk or the like is not cured within a minute. */
const retryAfterMs = hourMs

const program = isExecutable ? [process.execPath] : [process.execPath, fileURLToPath(entryPoint('main'))]

const newestScheduledAt = (folder: string): number => {
  try {
    const names = readdirSync(folder).map(parseBackupName)
    return Math.max(0, ...names.map((name) => (name?.kind === 'scheduled' ? name.madeAt : 0)))
  } catch {
    // The first one makes the folder.
    return 0
  }
}

interface ScheduleOptions {
  config: Pick<Config, 'backupDir' | 'backupEveryHours'>
  dataPath: string
  log: Log
}

/**
 * Makes a backup every `BACKUP_EVERY` hours, counted from the newest scheduled one in the folder, also one from before the
 * last start. In a process of its own: nothing of the server waits for it or keeps its memory, and a copy of the database
 * takes away no locks of this process. A failure is logged as an error and tried again after an hour. Returns what ends it.
 */
export const startBackupSchedule = ({ config, dataPath, log }: ScheduleOptions): (() => void) => {
  if (config.backupEveryHours === 0) return () => {}
  const folder = config.backupDir === undefined ? join(dataPath, 'backups') : resolve(config.backupDir)
  let child: Bun.Subprocess<'ignore', 'pipe', 'pipe'> | undefined
  let notBefore = 0
  let isStopped = false
  const run = async () => {
    child = Bun.spawn([...program, 'backup', 'create', '--scheduled', '--json', '--dir', dataPath], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [report, reason, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
    if (isStopped) return
    if (exitCode !== 0) throw new Error(reason.trim() || `it ended with ${child.signalCode ?? exitCode}`)
    log.info('scheduled backup made', JSON.parse(report) as Record<string, unknown>)
  }
  const look = async () => {
    if (child || Date.now() < notBefore) return
    if (Date.now() < newestScheduledAt(folder) + config.backupEveryHours * hourMs) return
    try {
      await run()
    } catch (error) {
      notBefore = Date.now() + retryAfterMs
      log.error('scheduled backup failed', { error })
    } finally {
      child = undefined
    }
  }
  const timer = setInterval(() => void look(), lookEveryMs)
  void look()
  return () => {
    isStopped = true
    clearInterval(timer)
    child?.kill()
  }
}
