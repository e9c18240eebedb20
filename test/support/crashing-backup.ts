// A program of its own: makes or restores a backup, and kills itself before the n-th step, which is whatever changes files.
// Run it with `create <data folder> <folder of backups> n` or `restore <data folder> <backup> n`. It ends with 0 when n was
// not reached, and prints how many steps there were.
import { mock } from 'bun:test'
import * as fs from 'node:fs'
import * as fsPromises from 'node:fs/promises'
import { countCalls } from './count-calls.ts'

const [action = '', dataPath = '', place = '', killAt = '0'] = process.argv.slice(2)

let steps = 0
const count = () => {
  if (++steps === Number(killAt)) process.kill(process.pid, 'SIGKILL')
}

const watched = /^(?:mkdir|open|rename|rm|writeFile|fsync|cp)(?:Sync)?$/

const promises = countCalls({ ...fsPromises }, watched, count)
void mock.module('node:fs/promises', () => promises)
const sync = countCalls({ ...fs }, watched, count)
void mock.module('node:fs', () => sync)

const { runBackupStep } = await import('./backup-step.ts')
steps = 0
await runBackupStep(action, dataPath, place)
console.log(steps)
process.exit(0)
